// The card that shows a photo beside what the model makes of it: chosen,
// dropped, pasted or taken; cropped; wiped from one to the other.

import { ask, giveUp, tell } from "../ask.js";
import { photographing } from "./camera.js";
import { put } from "./latent.js";
import { boxed, cropping, jpeg, onFile, opened, shrunk, wiping } from "../photo.js";

const SURE = 0.5; // of a car, from where on the server cuts the photo to its box
const FOUND = "The car was found here. If this is wrong, move the frame and reconstruct again.";
const NONE =
  "No car was found, so the whole photo was used. Put the frame around the car and reconstruct again.";
const ASK = "Move and resize the frame until the car fills it.";

/**
 * Gives {take, showAgain, isExample}: take(name) reconstructs an example, and showAgain(picture) shows one
 * that was reconstructed before, where it is not shown. chosen.made(picture) is called with each photo's picture,
 * chosen.choose(name) for an example.
 */
export function reconstructing($view, $at, chosen) {
  const $state = $at(".reconstruct .state"),
    $strip = $("<div>"); // the second: the state of a question that nobody needs to read of
  let photo,
    frame,
    choices = 0,
    shown = null, // the picture
    pressed = false; // an example was pressed, so what comes of it is to be in sight
  const wipe = wiping($at(".wipe"));
  const refuse = (sentence) => {
    tell($state, "failed", sentence);
    $state[0].scrollIntoView({ block: "nearest" });
  };

  function showCropping(open) {
    $at(".cropping").prop("hidden", !open);
    $at(".drop").toggleClass("chosen", open || !$at(".reconstruction").prop("hidden"));
  }

  /** Show a picture beside its photo, and its strip where there is one. */
  function show(picture) {
    shown = picture;
    $at(".original").attr("src", picture.original);
    put($at(".reconstruction"), picture);
    $at(".reconstruction").prop("hidden", false);
    wipe(50);
    showStrip(picture);
  }

  function showStrip({ steps = [] }) {
    for (const [css, source] of steps) $at(`.strip ${css}`).attr("src", source);
    $at(".strip").prop("hidden", !steps.length);
  }

  function inSight() {
    if (pressed) $at(".reconstruction")[0].scrollIntoView({ block: "nearest" });
    pressed = false;
  }

  async function choose(file) {
    giveUp($state);
    showCropping(false);
    const mine = ++choices,
      image = await opened(file);
    if (mine !== choices) return; // another file was chosen meanwhile
    if (!image)
      return refuse(
        `This browser cannot read ${file.name} as a picture. Choose a JPEG, PNG, WebP, GIF or BMP.`,
      );
    photo = shrunk(image);
    $at(".file-name").text(file.name);
    $at(".reconstruction").prop("hidden", true);
    showCropping(true);
    $at(".where").text(ASK);
    frame = cropping($at(".stage"), photo);
    sendPhoto(photo, true);
  }

  /**
   * Ask what the model makes of a picture, and show both. Where `find`, it
   * looks for the car itself, and found(box, sure) is called where it does.
   */
  async function send(canvas, name, again, find, found = () => {}) {
    giveUp($state); // an older question is not answered while this picture is written
    const form = new FormData();
    form.append("image", await jpeg(canvas), "picture.jpg");
    form.append("find", find);
    const answer = await ask($state, "cars/reconstruct", { body: form, again });
    if (!answer) return null;
    const { image, original, latent, detail, aspect, box } = answer;
    const picture = { image, latent, detail, aspect, original, name: `Reconstruction of ${name}` };
    show(picture);
    if (box) found(box, answer.found >= SURE);
    if (detail)
      addStrip(
        picture,
        box && answer.found >= SURE ? boxed(canvas, box) : canvas.toDataURL("image/jpeg", 0.9),
      );
    return picture;
  }

  /** The four steps from the photo to the car; the third is asked for here. */
  async function addStrip(picture, photo) {
    const { image, original, latent, aspect } = picture;
    const alone = await ask($strip, "cars/generate", { body: { latents: [latent], aspect }, quiet: true });
    if (!alone) return;
    picture.steps = [
      [".boxed", photo],
      [".cut", original],
      [".alone", alone.images[0]],
      [".detailed", image],
    ];
    if (picture === shown) showStrip(picture);
  }

  async function sendPhoto(canvas, find = false) {
    showStrip({});
    const picture = await send(
      canvas,
      $at(".file-name").text(),
      () => sendPhoto(canvas, find),
      find,
      (box, sure) => {
        if (sure) frame.set(box);
        $at(".where").text(sure ? FOUND : NONE);
      },
    );
    if (picture) chosen.made(picture);
  }

  $at(".send-square").on("click", () => sendPhoto(frame.cut()));
  $at(".send-whole").on("click", () => sendPhoto(photo));
  $at(".examples").on("click", "[data-example]", (event) => {
    pressed = true;
    chosen.choose(event.currentTarget.dataset.example);
  });
  const putAway = photographing($at, choose, refuse);
  onFile($view, $at(".photo, .capture"), $at(".drop"), (file) => {
    putAway();
    choose(file);
  });

  const example = (name) =>
    $at(".examples [data-example]")
      .filter((_, button) => button.dataset.example === name)
      .find("img")[0];
  return {
    isExample: (name) => Boolean(example(name)),
    showAgain: (picture) => {
      if (picture.original && (pressed || picture !== shown)) {
        choices++;
        giveUp($state);
        show(picture);
        showCropping(false);
      }
      inSight();
    },
    take: async (name) => {
      const image = example(name);
      await image.decode();
      choices++;
      const picture = await send(shrunk(image), image.alt, () => chosen.choose(name), true);
      if (picture) showCropping(false);
      inSight();
      return picture && Object.assign(picture, { example: name });
    },
  };
}
