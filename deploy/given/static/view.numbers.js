// The view of NAME: numbers as JSON, and what the model makes of them.

import { ask, tell } from "../ask.js";

export function start($view) {
  const $field = $view.find("[name=inputs]"),
    $state = $view.find(".ask .state");

  async function answer() {
    const inputs = parsed($field.val());
    if (inputs === undefined)
      return tell($state, "failed", "This is not JSON: write lists such as [[1, 2, 3]].");
    const found = await ask($state, "NAME", { body: { inputs }, again: answer });
    if (!found) return;
    $view.find(".outputs").val(found.outputs.map((output) => JSON.stringify(output)).join("\n"));
    $view.find(".answer").prop("hidden", false);
  }

  $view.find("form").on("submit", (event) => {
    event.preventDefault();
    answer();
  });
  return (record) => {
    $field.val(JSON.stringify(record.example));
    answer();
  }; // once the model is warm
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
