// The view of NAME: a series of numbers, typed or drawn at random, and the same without its noise.

import { ask } from "../ask.js";

const WIDTH = 640,
  HEIGHT = 240,
  MARGIN = 10; // of the chart
const LENGTH = 96; // of a series that is drawn

export function start($view) {
  const $field = $view.find("[name=series]"),
    $state = $view.find(".clean .state");

  async function clean() {
    const series = $field
      .val()
      .split(",")
      .map((text) => (text.trim() === "" ? text : Number(text)));
    const answer = await ask($state, "NAME", { body: { series }, again: clean });
    if (!answer) return;
    $view
      .find(".chart")
      .empty()
      .append(line([series, answer.series], 0, "0.35"), line([answer.series, series], 0, "1"));
    $view.find(".numbers").text(answer.series.map((value) => value.toFixed(2)).join(", "));
    $view.find(".answer").prop("hidden", false);
  }

  function another() {
    $field.val(
      noisy()
        .map((value) => value.toFixed(2))
        .join(", "),
    );
    clean();
  }

  $view.find("form").on("submit", (event) => {
    event.preventDefault();
    clean();
  });
  $view.find(".another").on("click", another);
  return another; // once the model is warm
}

/** The first of some series as a line, at the scale of all. */
function line(all, which, opacity) {
  const values = all.flat(),
    low = Math.min(...values),
    high = Math.max(...values),
    one = all[which];
  const x = (at) => MARGIN + (at / (one.length - 1)) * (WIDTH - 2 * MARGIN);
  const y = (value) => HEIGHT - MARGIN - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * MARGIN);
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  const facts = {
    points: one.map((value, at) => `${x(at)},${y(value)}`).join(" "),
    fill: "none",
    stroke: "currentColor",
    "stroke-opacity": opacity,
    "stroke-width": 2,
  };
  Object.entries(facts).forEach(([name, value]) => shape.setAttribute(name, value));
  return shape;
}

/** Two sines and noise. */
function noisy() {
  const [slow, fast] = [0.05 + 0.1 * Math.random(), 0.2 + 0.2 * Math.random()];
  return Array.from(
    { length: LENGTH },
    (_, at) => Math.sin(slow * at) + 0.5 * Math.sin(fast * at) + Math.random() - 0.5,
  );
}
