// The card that goes from one picture to another: two slots, a player, a GIF.

import { ask, giveUp } from "../ask.js";
import { put } from "./latent.js";
import { save } from "../page.js";

const STEPS = 24; // pictures of an interpolation
const FRAME = 80; // milliseconds each is shown

/**
 * Gives {put}, which fills a slot. chosen(end, picture) is
 * called where the visitor wants another picture there.
 */
export function interpolating($view, $at, chosen) {
  const $state = $at(".interpolate .state"),
    player = playing($at);
  const ends = () => [".from", ".to"].map((slot) => $at(`.slots ${slot}`).data("picture"));
  const run = async (accept) => {
    const [from, to] = ends(),
      again = () => $at(accept ? ".save-gif" : ".run").trigger("click");
    const details = from.detail || to.detail ? { details: [from.detail ?? null, to.detail ?? null] } : {};
    return ask($state, "cars/interpolate", {
      body: { latents: [from.latent, to.latent], ...details, steps: STEPS, aspect: from.aspect },
      accept,
      again,
    });
  };
  $view.on("click", "[data-end]", (event) =>
    chosen(event.currentTarget.dataset.end, $(event.currentTarget).closest(".picture").data("picture")),
  );
  $at(".run").on("click", async () => {
    const answer = await run();
    if (answer) player.show(answer.images);
  });
  $at(".save-gif").on("click", async () => {
    const gif = await run("image/gif");
    if (gif) save(gif, "cars.gif");
  });
  return {
    put: (end, picture) => {
      const $slot = $at(`.slots .${end}`);
      if ($slot.data("picture") === picture) return;
      put($slot, picture);
      $slot.find("figcaption").text(`${end === "from" ? "From" : "To"}: ${picture.name}`);
      $at(".run").prop("disabled", !ends().every(Boolean));
      giveUp($state);
      player.hide();
    },
  };
}

/** Gives {show, hide}: show() plays pictures once, unless the visitor prefers less motion. */
function playing($at) {
  const $step = $at("#cars-frame"),
    $play = $at(".play"),
    still = matchMedia("(prefers-reduced-motion: reduce)");
  let images = [],
    timer;
  const step = () => Number($step.val()),
    last = () => step() >= images.length - 1;
  const turn = (k) => {
    $step.val(k).attr("aria-valuetext", `${k + 1} of ${images.length}`);
    $at(".frame").attr("src", images[k]);
  };
  const stop = () => {
    timer = clearInterval(timer);
    $play.text("Play");
  };
  const play = () => {
    if (last()) turn(0);
    $play.text("Pause");
    timer = setInterval(() => {
      turn(step() + 1);
      if (last()) stop();
    }, FRAME);
  };
  const hide = () => {
    stop();
    $at(".player").prop("hidden", true);
  };
  $play.on("click", () => (timer ? stop() : play()));
  $step.on("input", () => {
    stop();
    turn(step());
  });
  return {
    hide,
    show: (pictures) => {
      hide();
      images = pictures;
      $step.attr("max", images.length - 1);
      $at(".player").prop("hidden", false);
      turn(0);
      if (!still.matches) play();
    },
  };
}
