// The card that changes a picture along directions of its latent,
// while their sliders move. Latents are saved and loaded here.

import { ask, giveUp, tell } from "../ask.js";
import { put } from "./latent.js";
import { save } from "../page.js";

const PAUSE = 120; // milliseconds between two questions while a slider moves
const MAIN = 8; // sliders for the main directions, as many as the API takes
const LARGEST = 100_000; // bytes of a latent's file

/**
 * Gives {describe, show, arrive, refuse}. told.moved(amounts, slider) is called
 * when a slider rests, told.loaded(picture) when a latent was loaded.
 */
export function editing($at, told) {
  const $state = $at(".edit .state"),
    $sliders = $at(".sliders"),
    $edited = $at(".edited");
  let current = null,
    dirty = false,
    drawing = false;
  $at(".directions.main").append(
    Array.from({ length: MAIN }, (_, k) => slider({ name: `main${k + 1}`, label: String(k + 1) })),
  );
  const amounts = () =>
    Object.fromEntries(
      $sliders
        .serializeArray()
        .map(({ name, value }) => [name, Number(value)])
        .filter(([, amount]) => amount),
    );

  /** Show a picture, moved by amounts {direction: amount}. */
  function show(picture, wished) {
    const other = picture !== current;
    current = picture;
    const before = JSON.stringify(amounts());
    $sliders.find("input").each((_, input) => {
      input.value = wished[input.name] ?? 0;
      tellAmount(input);
    });
    const asked = JSON.stringify(amounts()),
      still = asked === "{}";
    $at(".edit .hint").prop("hidden", true);
    $at(".editing").prop("hidden", false);
    $at(".save-latent").prop("disabled", false);
    if (other || still) {
      dirty = false;
      giveUp($state);
      display(picture, picture.name);
    }
    if (!still && (other || asked !== before)) draw();
  }

  function display(picture, name) {
    put($edited, { ...picture, name });
    $edited.find(".name").text(name);
  }

  /** One question at a time; an answer for a picture that is no longer the current one is dropped. */
  async function draw() {
    dirty = true;
    if (drawing) return;
    for (drawing = true; dirty;) {
      await new Promise((done) => setTimeout(done, PAUSE));
      if (!dirty) break;
      dirty = false;
      const asked = current,
        answer = await ask($state, "cars/edit", { body: wish(asked, amounts()), quiet: true, again: draw });
      if (answer && asked === current && Object.keys(amounts()).length)
        display({ ...asked, ...answer, place: undefined, example: undefined }, `${asked.name}, edited`);
    }
    drawing = false;
  }

  $sliders.on("input", (event) => {
    tellAmount(event.target);
    draw();
  });
  $sliders.on("change", (event) => told.moved(amounts(), event.target.name));
  $sliders.on("reset", (event) => {
    event.preventDefault();
    told.moved({}, null);
  });
  $at(".save-latent").on("click", () => {
    const { latent, detail, aspect } = $edited.data("picture");
    save(
      new Blob([JSON.stringify({ model: "cars", aspect, latent, detail })], { type: "application/json" }),
      "car-latent.json",
    );
  });
  $at(".load-latent").on("change", async (event) => {
    const picture = await loaded(event.target.files[0], $state);
    event.target.value = "";
    if (picture) told.loaded(picture);
  });
  return {
    describe: ({ directions }) => $at(".directions.named").empty().append(directions.map(slider)),
    show,
    arrive: () => {
      $at(".edit h2")[0].scrollIntoView({ block: "nearest" });
      $at(".edit h2")[0].focus({ preventScroll: true });
    },
    refuse: (sentence) => tell($state, "failed", sentence),
  };
}

function slider({ name, label = name, description }) {
  const id = `cars-direction-${name}`;
  return $("<div>", { class: "field" }).append(
    $("<label>", { for: id }).append(
      $("<span>").text(label),
      " ",
      $("<output>", { for: id }).text(signed(0)),
    ),
    $("<input>", {
      id,
      name,
      type: "range",
      min: -3,
      max: 3,
      step: 0.1,
      value: 0,
      "aria-describedby": description && `${id}-says`,
    }),
    description && $("<p>", { id: `${id}-says`, class: "small" }).text(description),
  );
}

function tellAmount(input) {
  $(input)
    .siblings("label")
    .find("output")
    .text(signed(Number(input.value)));
}

function signed(amount) {
  return `${amount > 0 ? "+" : amount < 0 ? "−" : ""}${Math.abs(amount).toFixed(1)}`;
}

/** The body of a call: named directions by their names, the main ones in a list. */
function wish({ latent, detail, aspect }, amounts) {
  const main = Array.from({ length: MAIN }, (_, k) => amounts[`main${k + 1}`] ?? 0);
  const attributes = Object.fromEntries(Object.entries(amounts).filter(([name]) => !/^main\d$/.test(name)));
  return { latent, ...(detail && { detail }), aspect, attributes, ...(main.some(Boolean) && { main }) };
}

/** The picture of a saved latent, or null. */
async function loaded(file, $state) {
  if (!file) return null;
  let saved;
  try {
    saved = file.size < LARGEST && JSON.parse(await file.text());
  } catch {
    /* as with what is too large */
  }
  if (!Array.isArray(saved?.latent ?? saved))
    return tell($state, "failed", "This file is not a latent. Load a file that “Save latent” wrote.");
  const { latent = saved, detail, aspect = 1 } = saved,
    body = { latents: [latent], ...(detail && { details: [detail] }), aspect };
  const answer = await ask($state, "cars/generate", { body });
  return (
    answer && {
      image: answer.images[0],
      latent: answer.latents[0],
      detail,
      aspect,
      name: `Picture of ${file.name}`,
    }
  );
}
