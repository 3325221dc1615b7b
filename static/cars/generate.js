// The card that generates cars from a seed. A press on one edits it.

import { ask } from "../ask.js";
import { tile } from "./latent.js";

const SEEDS = 2 ** 32;

/**
 * Gives {describe, fill, show, pictures}. chosen.ask(fields) is called
 * where other cars are wished for, chosen.choose(place) for one of them.
 */
export function generating($at, chosen) {
  const $form = $at(".generating"),
    $state = $at(".generate .state"),
    $seed = $form.find("[name=seed]"),
    $temperature = $form.find("[name=temperature]");
  let pictures = [],
    shown = "",
    filled = "", // what the address said last: what is typed and not asked yet stays meanwhile
    growing = null,
    standard = 1,
    aspect = 1;
  const tellTemperature = () => $form.find("output").text($temperature.val());
  const submit = () => {
    if (!$seed.val()) $seed.val(Math.floor(Math.random() * SEEDS));
    const { seed, count, temperature } = Object.fromEntries(
      $form.serializeArray().map(({ name, value }) => [name, value]),
    );
    shown = "";
    chosen.ask({ seed, count, temperature: Number(temperature) === standard ? "" : temperature });
  };

  $form.on("input", "[name=temperature]", tellTemperature);
  $form.on("submit", (event) => {
    event.preventDefault();
    submit();
  });
  $at(".dice").on("click", () => {
    $seed.val("");
    submit();
  });
  $at(".grid").on("click", ".tile", (event) =>
    chosen.choose($(event.currentTarget).closest(".picture").data("picture").place),
  );

  /** Ask for the cars that the address names, unless these are shown or on their way. */
  function show({ seed, count, temperature }) {
    const fields = { seed, count, ...(temperature && { temperature }) },
      key = JSON.stringify(fields);
    if (key !== shown) [shown, growing] = [key, grow(fields, key)];
    return growing;
  }

  async function grow(fields, key) {
    const body = {
      ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Number(value)])),
      aspect,
    };
    const answer = await ask($state, "cars/generate", { body, again: submit });
    if (shown && key !== shown) return; // other cars were asked for meanwhile
    if (!answer) shown = "";
    pictures = (answer?.images ?? []).map((image, k) => ({
      image,
      latent: answer.latents[k],
      aspect,
      place: k + 1,
      name: `Car ${k + 1} of seed ${answer.seed}`,
    }));
    $at(".grid").empty().append(pictures.map(tile));
  }

  return {
    describe: (record) => {
      [standard, aspect, filled] = [record.temperature, record.aspect, ""];
    },
    fill: ({ seed, count, temperature }) => {
      const before = filled;
      filled = JSON.stringify([seed, count, temperature]);
      if (filled === before) return;
      $seed.val(seed);
      $form.find("[name=count]").val(count);
      $temperature.val(temperature || standard);
      tellTemperature();
    },
    show,
    pictures: () => pictures,
  };
}
