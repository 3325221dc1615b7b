// The card that shows a photo beside what the model makes of it: chosen, dropped, pasted or taken; cropped; wiped from one to the other.

import { ask, giveUp, tell } from "./ask.js";
import { photographing } from "./camera.js";
import { put } from "./latent.js";
import { cropping, jpeg, onFile, opened, shrunk } from "./photo.js";

/** Gives {take, isExample}: take(name) reconstructs an example. chosen.made(picture) is called with each photo's picture, chosen.choose(name) for an example. */
export function reconstructing($view, $at, chosen) {
  const $state = $at(".reconstruct .state");
  let photo, square, choices = 0, pressed = false; // the last: an example was pressed, so what comes of it is to be in sight
  const refuse = (sentence) => {
    tell($state, "failed", sentence);
    $state[0].scrollIntoView({ block: "nearest" });
  };

  function showCropping(shown) {
    $at(".cropping").prop("hidden", !shown);
    $at(".drop").toggleClass("chosen", shown || !$at(".reconstruction").prop("hidden"));
  }

  async function choose(file) {
    giveUp($state);
    showCropping(false);
    const mine = ++choices, image = await opened(file);
    if (mine !== choices) return; // another file was chosen meanwhile
    if (!image) return refuse(`This browser cannot read ${file.name} as a picture. Choose a JPEG, PNG, WebP, GIF or BMP.`);
    photo = shrunk(image);
    $at(".file-name").text(file.name);
    $at(".reconstruction").prop("hidden", true);
    showCropping(true);
    square = cropping($at(".stage"), photo);
  }

  /** Ask what the model makes of a picture, and show both. */
  async function send(canvas, name, again) {
    const form = new FormData();
    form.append("image", await jpeg(canvas), "picture.jpg");
    const answer = await ask($state, "cars/reconstruct", { body: form, again });
    if (!answer) return null;
    const { image, original, latent, aspect } = answer, picture = { image, latent, aspect, name: `Reconstruction of ${name}` };
    $at(".original").attr("src", original);
    put($at(".reconstruction"), picture);
    $at(".reconstruction").prop("hidden", false);
    wipe(50);
    return picture;
  }

  async function sendPhoto(canvas) {
    const picture = await send(canvas, $at(".file-name").text(), () => sendPhoto(canvas));
    if (picture) chosen.made(picture);
  }

  function wipe(share) {
    $at(".wipe").find("input").val(share).attr("aria-valuetext", `${share} % of the original`).end()[0].style.setProperty("--at", `${share}%`);
  }

  $at(".send-square").on("click", () => sendPhoto(square()));
  $at(".send-whole").on("click", () => sendPhoto(photo));
  $at(".wipe input").on("input", (event) => wipe(Number(event.target.value)));
  $at(".examples").on("click", "[data-example]", (event) => {
    pressed = true;
    chosen.choose(event.currentTarget.dataset.example);
  });
  onFile($view, $at(".photo, .capture"), $at(".drop"), choose);
  photographing($at, choose, refuse);

  const example = (name) => $at(".examples [data-example]").filter((_, button) => button.dataset.example === name).find("img")[0];
  return {
    isExample: (name) => Boolean(example(name)),
    take: async (name) => {
      const image = example(name);
      await image.decode();
      choices++;
      const picture = await send(shrunk(image), image.alt, () => chosen.choose(name));
      if (picture) showCropping(false);
      if (pressed) $at(".reconstruction")[0].scrollIntoView({ block: "nearest" });
      pressed = false;
      return picture && Object.assign(picture, { example: name });
    },
  };
}
