// The pictures view: one photo, painted and dreamt of. A painting follows every change, a dream is asked for.
// The address keeps the example, the painting, the second one and its share, and the layer.

import { ask, giveUp, tell } from "../ask.js";
import { jpeg, onFile, opened, shrunk, wiping } from "../photo.js";
import { go, queryOf, save } from "../page.js";
import { choosable, describe } from "./choices.js";

const FULL = 768; // pixels: the longest side of a painting, at which it is saved
const SETTLED = 300; // milliseconds that a slider rests before it is painted by
const FIRST = { photo: "temple", style: "starry-night", second: "", share: "50", layer: "fire5" };

export function start($view) {
  const $style = $view.find(".style"),
    $dream = $view.find(".dream");
  let photo = null, // {blob, url, name}
    record = null,
    asked = { ...FIRST },
    choices = 0,
    moved = null, // the field that changed last
    later = null, // the timer of a slider that still moves
    pressed = false; // a visitor asked, so what comes of it is to be in sight
  const inSight = () => {
    if (pressed) $style.find(".result:visible, .state").first()[0].scrollIntoView({ block: "nearest" });
    pressed = false;
  };

  /** A form of the photo and the fields of a card. */
  const form = (fields) => {
    const body = new FormData();
    body.append("image", photo.blob, "photo.jpg");
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    return body;
  };
  const styled = card($style, "style", () => styleFields($style), form);
  const dreamt = card($dream, "dream", () => dreamFields($dream), form);

  async function use(image, name, mine = ++choices) {
    const canvas = shrunk(image),
      blob = await jpeg(canvas);
    if (mine !== choices) return;
    photo = { blob, url: canvas.toDataURL("image/jpeg", 0.92), name };
    $style.find(".drop").addClass("chosen");
    $dream.find(".needed").prop("hidden", true);
    $dream.find(".primary").prop("disabled", false);
    $dream.find(".result").prop("hidden", true);
    giveUp($dream.find(".state"));
    paint();
  }

  async function choose(file) {
    pressed = true;
    giveUp($style.find(".state"));
    const mine = ++choices,
      image = await opened(file);
    if (mine !== choices) return; // another was chosen meanwhile
    if (image) return use(image, file.name.replace(/\.\w+$/, ""), mine);
    const sentence = `This browser cannot read ${file.name} as a picture. Choose a JPEG, PNG, WebP, GIF or BMP.`;
    tell($style.find(".state"), "failed", sentence);
    $style.find(".state")[0].scrollIntoView({ block: "nearest" });
    pressed = false;
  }

  async function take(name) {
    const image = $style
      .find(".examples [data-example]")
      .filter((_, one) => one.dataset.example === name)
      .find("img")[0];
    if (!image) return;
    await image.decode();
    await use(image, name);
  }

  async function paint() {
    if (!photo || !record) return;
    await styled(record, photo);
    if ($style.find(".state").attr("data-state") !== "working") inSight(); // else another is asked for
  }
  /** Ask for something else. A slider that is moved again is one step of the history. */
  const visit = (changes) => {
    const told = Object.entries({ ...asked, ...changes }).filter(([name, value]) => value !== FIRST[name]),
      [field, ...others] = Object.keys(changes);
    go("pictures", queryOf(told), { replace: field === "share" && moved === "share" && !others.length });
    moved = others.length ? null : field;
  };

  onFile($view, $style.find(".photo, .capture"), $style.find(".drop"), choose);
  $style.find(".examples").on("click", "[data-example]", ({ currentTarget }) => {
    const name = currentTarget.dataset.example;
    pressed = true;
    if (asked.photo === name) take(name);
    else visit({ photo: name });
  });
  $style.find("form").on("submit", (event) => event.preventDefault());
  $style.find("form").on("change", ({ target }) => {
    pressed = true;
    clearTimeout(later);
    const changes = { share: $style.find("[name=share]").val(), [target.name]: target.value };
    if (target.name === "share") later = setTimeout(() => visit({ share: target.value }), SETTLED);
    else if (["style", "second"].includes(target.name)) visit(changes);
    else paint();
  });
  $dream.find("form").on("change", "[name=layer]", ({ target }) => visit({ layer: target.value }));
  $dream.find("form").on("submit", (event) => {
    event.preventDefault();
    const wanted = JSON.stringify([photo?.url, dreamFields($dream)]);
    if (!photo || (wanted === $dream.data("wanted") && $dream.find(".state").attr("data-state") === "working"))
      return; // it is on its way
    $dream.data("wanted", wanted);
    dreamt(record, photo);
  });
  $view.find("output").each((_, output) => {
    const $range = $view.find(`#${output.htmlFor}`),
      share = $range.attr("max") === "100";
    const show = () => $(output).text(share ? `${$range.val()} %` : $range.val());
    $range.on("input shown", show);
    show();
  });
  $style.find(".save").on("click", async () => {
    const fields = { ...styleFields($style), size: FULL };
    const found = await ask($style.find(".state"), "pictures/style", {
      body: form(fields),
      accept: "image/png",
    });
    if (found) save(found, `${photo.name}-${$style.find("[name=style]:checked").val()}.png`);
  });
  $dream.find(".save").on("click", async () => {
    const blob = await (await fetch($dream.find(".made").attr("src"))).blob();
    save(blob, `${photo.name}-dream.jpg`);
  });

  /** Show what the address asks for; what there is not becomes the usual. */
  const follow = (first) => {
    const before = asked,
      there = choosable($view);
    const wanted = (name, usual) => {
      const value = $view.data("query").get(name) ?? usual;
      return (there[name]?.includes(value) ?? true) ? value : usual;
    };
    asked = Object.fromEntries(Object.entries(FIRST).map(([name, usual]) => [name, wanted(name, usual)]));
    for (const name of ["style", "layer"])
      $view
        .find(`[name=${name}]`)
        .filter((_, one) => one.value === asked[name])
        .prop("checked", true);
    $style.find("[name=second]").val(asked.second);
    $style.find("[name=share]").val(asked.share).prop("disabled", !asked.second).trigger("shown");
    if (first || asked.photo !== before.photo) take(asked.photo);
    else if (["style", "second", "share"].some((name) => asked[name] !== before[name])) paint();
  };
  $view.on("address", (event, query) => {
    moved = null;
    clearTimeout(later);
    $view.data("query", query);
    if (record) follow(false);
  });
  return (found) => {
    record = found;
    describe($view, record);
    follow(true);
  };
}

/** What is asked of a painting. */
function styleFields($card) {
  const value = (name) => $card.find(`[name=${name}]`).val(),
    first = $card.find("[name=style]:checked").val(),
    second = value("second"),
    share = Number(value("share")) / 100;
  const weights = Object.entries({ [first]: Number((1 - share).toFixed(2)), [second]: share }).filter(
    ([, weight]) => weight,
  ); // at the ends of the slider it is one style alone
  return {
    style: second && second !== first ? JSON.stringify(Object.fromEntries(weights)) : first,
    strength: Number(value("strength")) / 100,
    keep_colours: $card.find("[name=keep_colours]").prop("checked"),
    size: value("size"),
  };
}

/** What is asked of a dream. */
function dreamFields($card) {
  const value = (name) => $card.find(`[name=${name}]`).val();
  const channel = value("channel") === "" ? {} : { channel: value("channel") };
  return {
    layer: $card.find("[name=layer]:checked").val(),
    ...channel,
    steps: value("steps"),
    octaves: value("octaves"),
    strength: Number(value("strength")) / 100,
    size: value("size"),
  };
}

/** A card that asks for a picture of a photo, shows how long that should take, and wipes between the two. */
function card($card, route, fields, form) {
  const $state = $card.find(".state"),
    wipe = wiping($card.find(".wipe"));
  return async function again(record, photo) {
    const sent = fields(),
      expected = record.seconds?.[route]?.[sent.size],
      done = waiting($card.find(".waiting"), expected);
    const answer = await ask($state, `pictures/${route}`, {
      body: form(sent),
      again: () => again(record, photo),
    });
    done();
    if (!answer) return;
    $card.find(".made").attr("src", answer.image);
    $card.find(".original").attr("src", photo.url);
    if ($card.find(".result").prop("hidden")) wipe(30);
    $card.find(".result").prop("hidden", false);
  };
}

/** Show how much of the expected seconds is over, until the function that it gives is called. */
function waiting($place, expected) {
  if (!expected) return () => {};
  const began = performance.now();
  const tick = () => {
    const gone = (performance.now() - began) / 1000;
    $place.find("progress").val(Math.min(1, gone / expected));
    $place.find("span").text(`${gone.toFixed(1)} s of about ${expected.toFixed(1)} s`);
  };
  clearInterval($place.data("ticking"));
  const ticking = setInterval(tick, 100);
  $place.data("ticking", ticking).prop("hidden", false);
  tick();
  return () => {
    if ($place.data("ticking") !== ticking) return; // another one has begun
    clearInterval(ticking);
    $place.prop("hidden", true);
  };
}
