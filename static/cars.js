// The cars view: a photo reconstructed, edited by named directions, generated, and interpolated.
// A picture here is {image: data URI, latent, aspect, name}; the element .picture that shows one keeps it.

import { ask, giveUp, save, tell } from "./page.js";
import { cropping, decoded, jpeg, onFile, shrunk } from "./photo.js";

const STEPS = 24; // pictures of an interpolation
const FRAME = 80; // milliseconds each is shown
const SLIDER_PAUSE = 120; // milliseconds between two questions while a slider moves
const SEEDS = 2 ** 32;

export async function start($view) {
  const $at = (selector) => $view.find(selector);
  const edit = editing($at);
  reconstructing($view, $at, edit);
  generating($at, edit);
  interpolating($view, $at);
  const warm = async () => {
    $at(".warm-again").prop("hidden", true);
    const record = await ask($at(".warmth"), "cars", { state: "warming" });
    if (record) describe($at, record);
    else $at(".warm-again").prop("hidden", false);
  };
  $at(".warm-again").on("click", warm);
  await warm();
}

/** What only the model's record knows: its words, its temperature, its directions. */
function describe($at, record) {
  if (record.description) $at(".lead").text(record.description);
  $at(".generating").data("aspect", record.aspect);
  $at("[name=temperature]").attr("value", record.temperature).trigger("input");
  $at(".directions").empty().append(record.directions.map(slider));
}

function slider({ name, description }, index) {
  const id = `cars-direction-${index}`;
  return $("<div>", { class: "field" }).append(
    $("<label>", { for: id }).append($("<span>").text(name), " ", $("<output>", { for: id }).text(signed(0))),
    $("<input>", { id, name, type: "range", min: -3, max: 3, step: 0.1, value: 0, "aria-describedby": `${id}-says` }),
    $("<p>", { id: `${id}-says`, class: "small" }).text(description),
  );
}

function signed(amount) {
  return `${amount > 0 ? "+" : amount < 0 ? "−" : ""}${Math.abs(amount).toFixed(1)}`;
}

/** Show a picture in a .picture element, which keeps it. */
function put($figure, picture) {
  $figure.data("picture", picture).find("img").attr({ src: picture.image, alt: picture.name }).prop("hidden", false);
}

// Reconstruct

function reconstructing($view, $at, edit) {
  const $state = $at(".reconstruct .state");
  let photo, square, choices = 0;

  function showCropping(shown) {
    $at(".cropping").prop("hidden", !shown);
    $at(".drop").toggleClass("chosen", shown).find("span").text(shown ? "Choose another photo" : "Choose a photo");
  }

  async function choose(file) {
    giveUp($state);
    showCropping(false);
    $at(".pair").prop("hidden", true);
    $at(".file-name").text(file.name);
    const mine = ++choices, image = await decoded(file);
    if (mine !== choices) return; // another file was chosen meanwhile
    if (!image) return send(file); // the server says what is wrong with it
    photo = shrunk(image);
    showCropping(true);
    square = cropping($at(".stage"), photo);
  }

  async function send(blob) {
    const form = new FormData();
    form.append("image", blob, "picture.jpg");
    const answer = await ask($state, "cars/reconstruct", { body: form });
    if (!answer) return;
    const picture = { ...answer, name: `Reconstruction of ${$at(".file-name").text()}` };
    $at(".original img").attr("src", answer.original);
    put($at(".reconstruction"), picture);
    $at(".pair").prop("hidden", false);
    edit(picture);
  }

  $at(".send-square").on("click", async () => send(await jpeg(square())));
  $at(".send-whole").on("click", async () => send(await jpeg(photo)));
  $at(".examples button").on("click", async (event) => {
    const image = event.currentTarget.firstElementChild;
    showCropping(false);
    $at(".file-name").text(image.alt);
    send(await jpeg(shrunk(image)));
  });
  onFile($view, $at(".photo"), $at(".drop"), choose);
}

// Edit

/** Gives a function that makes a picture the one to edit. */
function editing($at) {
  const $state = $at(".edit .state"), $sliders = $at(".sliders");
  let current, moved = false, drawing = false;

  function edit(picture) {
    current = { ...picture };
    moved = false;
    $sliders.find("input").val(0).siblings("label").find("output").text(signed(0));
    put($at(".edited"), current);
    giveUp($state);
    $at(".edit .hint").prop("hidden", true);
    $at(".editing").prop("hidden", false);
    $at(".save-latent").prop("disabled", false);
  }

  /** One question at a time; an answer for a picture that is no longer current is dropped. */
  async function draw() {
    if (drawing) return;
    for (drawing = true; moved;) {
      await new Promise((done) => setTimeout(done, SLIDER_PAUSE));
      if (!moved) break;
      moved = false;
      const asked = current;
      const attributes = Object.fromEntries($sliders.serializeArray().map(({ name, value }) => [name, Number(value)]));
      const answer = await ask($state, "cars/edit", { body: { latent: asked.latent, attributes, aspect: asked.aspect }, quiet: true });
      if (answer && asked === current) put($at(".edited"), { ...asked, ...answer, name: `${asked.name}, edited` });
    }
    drawing = false;
  }

  $sliders.on("input", (event) => {
    $(event.target).siblings("label").find("output").text(signed(Number(event.target.value)));
    moved = true;
    draw();
  });
  $sliders.on("reset", (event) => { event.preventDefault(); edit(current); });
  $at(".save-latent").on("click", () => {
    const { latent, aspect } = $at(".edited").data("picture");
    save(new Blob([JSON.stringify({ model: "cars", aspect, latent })], { type: "application/json" }), "car-latent.json");
  });
  $at(".load-latent").on("change", (event) => { loadLatent(event.target.files[0], $state, edit); event.target.value = ""; });
  return edit;
}

async function loadLatent(file, $state, edit) {
  if (!file) return;
  let saved;
  try {
    saved = JSON.parse(await file.text());
  } catch {
    return tell($state, "failed", "The file is not JSON. Load one that “Save latent” wrote.");
  }
  const { latent = saved, aspect = 1 } = saved ?? {};
  const answer = await ask($state, "cars/generate", { body: { latents: [latent], aspect } });
  if (answer) edit({ image: answer.images[0], latent, aspect, name: `Picture of ${file.name}` });
}

// Generate

function generating($at, edit) {
  const $form = $at(".generating"), $seed = $form.find("[name=seed]");
  const roll = () => $seed.val(Math.floor(Math.random() * SEEDS));
  roll();
  $at(".dice").on("click", roll);
  $form.on("input", "[name=temperature]", (event) => $form.find("output").text(event.target.value));
  $form.on("submit", async (event) => {
    event.preventDefault();
    const filled = $form.serializeArray().filter(({ value }) => value !== "");
    const aspect = $form.data("aspect") ?? 1;
    const body = { ...Object.fromEntries(filled.map(({ name, value }) => [name, Number(value)])), aspect };
    const answer = await ask($at(".generate .state"), "cars/generate", { body });
    if (!answer) return;
    const pictures = answer.images.map((image, k) => ({ image, latent: answer.latents[k], aspect, name: `Generated picture ${k + 1}` }));
    $at(".grid").empty().append(pictures.map(tile));
  });
  $at(".grid").on("click", ".tile", (event) => {
    edit($(event.currentTarget).closest(".picture").data("picture"));
    $at(".edit h2")[0].scrollIntoView({ block: "nearest" });
    $at(".edit h2")[0].focus({ preventScroll: true });
  });
}

function tile(picture) {
  const end = (name) => $("<button>", { type: "button", "data-end": name.toLowerCase(), "aria-label": `${name}: ${picture.name}` }).text(name);
  const $tile = $("<li>", { class: "picture" }).append(
    $("<button>", { type: "button", class: "tile", title: "Edit", "aria-label": `Edit: ${picture.name}` }).append($("<img>")),
    $("<span>", { class: "ends" }).append(end("From"), end("To")),
  );
  put($tile, picture);
  return $tile;
}

// Interpolate

function interpolating($view, $at) {
  const $state = $at(".interpolate .state"), player = playing($at);
  const ends = () => [".from", ".to"].map((slot) => $at(slot).data("picture"));
  const run = (accept) => {
    const [from, to] = ends();
    return ask($state, "cars/interpolate", { body: { latents: [from.latent, to.latent], steps: STEPS, aspect: from.aspect }, accept });
  };
  $view.on("click", "[data-end]", (event) => {
    const slot = event.currentTarget.dataset.end, picture = $(event.currentTarget).closest(".picture").data("picture");
    put($at(`.slots .${slot}`), picture);
    tell($state, "idle", `${slot === "from" ? "From" : "To"}: ${picture.name}`);
    $at(".run").prop("disabled", !ends().every(Boolean));
  });
  $at(".run").on("click", async () => {
    const answer = await run();
    if (answer) player(answer.images);
  });
  $at(".save-gif").on("click", async () => {
    const gif = await run("image/gif");
    if (gif) save(gif, "cars.gif");
  });
}

/** Gives a function that shows pictures and, unless the visitor prefers less motion, plays them once. */
function playing($at) {
  const $step = $at("#cars-frame"), $play = $at(".play"), still = matchMedia("(prefers-reduced-motion: reduce)");
  let images = [], timer;
  const step = () => Number($step.val()), last = () => step() >= images.length - 1;
  const show = (k) => { $step.val(k); $at(".frame").attr("src", images[k]); };
  const stop = () => { timer = clearInterval(timer); $play.text("Play"); };
  const play = () => {
    if (last()) show(0);
    $play.text("Pause");
    timer = setInterval(() => { show(step() + 1); if (last()) stop(); }, FRAME);
  };
  $play.on("click", () => (timer ? stop() : play()));
  $step.on("input", () => { stop(); show(step()); });
  return (pictures) => {
    stop();
    images = pictures;
    $step.attr("max", images.length - 1);
    $at(".player").prop("hidden", false);
    show(0);
    if (!still.matches) play();
  };
}
