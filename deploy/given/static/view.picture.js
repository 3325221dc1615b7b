// The view of NAME: a picture, and what the model makes of it.

import { ask } from "../ask.js";

export function start($view) {
  const $state = $view.find(".ask .state"),
    $chosen = $view.find(".chosen");

  async function answer(file) {
    const body = new FormData();
    body.append("image", file);
    const found = await ask($state, "NAME", { body, again: () => answer(file) });
    if (!found) return;
    $view.find(".sent").attr("src", URL.createObjectURL(file));
    $view
      .find(".made")
      .prop("hidden", !found.image)
      .attr("src", found.image ?? "");
    $view
      .find(".outputs")
      .prop("hidden", !found.outputs)
      .val((found.outputs ?? []).map((output) => JSON.stringify(output)).join("\n"));
    $view.find(".answer").prop("hidden", false);
  }

  $chosen.on("change", () => {
    if ($chosen[0].files.length) answer($chosen[0].files[0]);
    $chosen.val("");
  });
  return () => {}; // the model is warmed; nothing is asked before a picture is chosen
}
