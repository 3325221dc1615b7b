// The classification view: one text, each task's answer beside the
// other's, words tinted by what they do, which can be struck out.

import { ask, giveUp, prepare, tell } from "../ask.js";
import { number, rows } from "../answers.js";
import { go, queryOf } from "../page.js";

const EXAMPLES = [
  "A warm and funny film: I laughed from the first scene to the last.",
  "The story falls asleep halfway, and so did I.",
  "How many moons does Saturn have?",
  "Name the painter of the ceiling in Sant'Elena.",
];
const CLASSICAL = ["naive-bayes", "logistic", "svm"]; // their features are named too
// as the server counts them, or a few more; a longer text is answered without the influence of its words
const WORDS_AND_SIGNS = /[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu,
  MOST_EXPLAINED = 500;
const FAINT = 0.005; // influence under which a word has no tint

export function start($view) {
  const $at = (selector) => $view.find(selector),
    $text = $at("[name=text]");
  let tasks = [];
  const show = (text) => {
    $text.val(text);
    tasks.forEach((task) => task.classify(text));
  };
  $at(".tries").append(
    "Try",
    EXAMPLES.map((text) =>
      $("<button>", { type: "button" })
        .text(text)
        .on("click", () => go("classification", queryOf({ text }))),
    ),
  );
  $at("form").on("submit", (event) => {
    event.preventDefault();
    const text = $text.val();
    if (new URLSearchParams($view.data("query")).get("text") === text) show(text);
    else go("classification", queryOf({ text }));
  });
  const addressed = (query) => show(new URLSearchParams(query).get("text") ?? EXAMPLES[0]);
  $view.on("address", (event, query) => {
    $view.data("query", query);
    if (tasks.length) addressed(query);
  });
  return (record) => {
    const names = [...new Set(record.models.map(({ task }) => task))];
    tasks = names.map((name) => taskCard($at("template.task").prop("content"), $at(".tasks"), name, record));
    addressed($view.data("query"));
  };
}

/** The card of a task: its answer to a text, and to what is left of it where words are struck out. */
function taskCard(template, $place, name, record) {
  const $card = $(template.cloneNode(true))
    .find("section")
    .addClass(name)
    .attr("aria-labelledby", `classification-${name}`)
    .appendTo($place);
  const $state = $card.children(".state"),
    $rungs = $card.find(".rungs"),
    served = record.models.filter(({ task }) => task === name);
  $card
    .find("h2")
    .attr("id", `classification-${name}`)
    .text(`${name[0].toUpperCase()}${name.slice(1)}`);
  prepare($state);
  prepare($rungs.find(".state"));
  $rungs.find(".scroll").attr("aria-label", `Other methods for ${name}`);
  $rungs.find("tbody").append(rungs(record, name));
  // what is inside tells of its own toggling too
  $rungs.on("toggle", (event) => event.target === event.currentTarget && others());
  let asked = "", // the text whose words these are
    words = [],
    struck = new Set();
  const left = () => without(asked, words, struck);

  async function answered(text, again) {
    $rungs.find("[data-model]").empty();
    const explain = (text.match(WORDS_AND_SIGNS) ?? []).length <= MOST_EXPLAINED;
    return ask($state, "classification", { body: { text, task: name, explain }, again });
  }

  /** What each method that is served says of the same text, where its table is open. */
  async function others() {
    if (!$rungs.prop("open") || !asked) return;
    for (const { name: model } of served) {
      const body = { text: left(), task: name, model },
        answer = await ask($rungs.find(".state"), "classification", { body, quiet: true, again: others });
      if (!answer) return;
      $rungs
        .find(`[data-model="${model}"]`)
        .text(`${answer.label}, ${(100 * answer.probability).toFixed(0)} %`);
    }
  }

  async function classify(text) {
    if (!text.trim()) {
      forget();
      giveUp($state);
      return tell($state, "idle", "Type or paste a text.");
    }
    const answer = await answered(text, () => classify(text));
    if ($state.attr("data-state") === "failed") forget();
    if (!answer) return;
    [asked, words, struck] = [text, answer.words ?? [], new Set()];
    draw(answer, words);
    others();
  }

  /** Another text's answer must not stand beside an error. */
  function forget() {
    [asked, words] = ["", []];
    $card.find(".answer").prop("hidden", true);
  }

  function strike(place) {
    struck[struck.has(place) ? "delete" : "add"](place);
    if (struck.size < words.length) {
      $card.find(".words button").eq(place).attr("aria-pressed", struck.has(place));
      askOfTheRest(place);
    } else {
      struck.delete(place);
      tell($state, "idle", "One word has to stay.");
    }
  }

  async function askOfTheRest(place) {
    const answer = await answered(left(), () => askOfTheRest(place));
    if (!answer) return;
    const told = [...answer.words];
    draw(
      answer,
      words.map((word, at) =>
        struck.has(at) ? { ...word, influence: 0 } : { ...word, influence: told.shift()?.influence ?? 0 },
      ),
      place,
    );
    others();
  }

  function draw({ label, probability, probabilities, fine, note }, shown, focus) {
    const finer = fine?.label.replace(/^.*?:\s*/, "");
    const said = note ?? (shown.length ? "" : "The text is too long to show what each of its words does.");
    $card.find(".answer").prop("hidden", false);
    $card
      .find(".said")
      .text(
        `${label}, ${(100 * probability).toFixed(0)} %${finer && finer !== label ? ` (${finer})` : ""}`,
      );
    $card
      .find(".note")
      .text(said)
      .prop("hidden", !said);
    $card
      .find(".chances")
      .empty()
      .append(
        Object.entries(probabilities)
          .sort(([, a], [, b]) => b - a)
          .map(([each, share]) =>
            $("<div>", { class: "chance" }).append(
              $("<span>").text(each),
              $("<span>", { class: "track", "aria-hidden": true }).append($("<span>").css("--share", share)),
              $("<span>").text(`${(100 * share).toFixed(1)} %`),
            ),
          ),
      );
    const most = Math.max(...shown.map(({ influence }) => Math.abs(influence)), 0.05);
    $card
      .find(".words")
      .empty()
      .append(
        shown.map(({ text, influence }, place) =>
          $("<button>", {
            type: "button",
            "aria-pressed": struck.has(place),
            class: Math.abs(influence) < FAINT ? "" : influence > 0 ? "for" : "against",
          })
            .css("--share", Math.abs(influence) / most)
            .text(text)
            .on("click", () => strike(place)),
        ),
      );
    if (focus !== undefined) $card.find(".words button").eq(focus).trigger("focus");
    $card
      .find(".influences tbody")
      .empty()
      .append(rows(shown.map(({ text, influence }) => [text, number(influence, 3)])));
  }

  return { classify };
}

/** A text in which a blank stands for each word that is struck out, at its place. */
function without(text, words, struck) {
  let left = "",
    end = 0;
  words.forEach((word, place) => {
    const start = text.indexOf(word.text, end);
    left += text.slice(end, start) + (struck.has(place) ? " " : word.text);
    end = start + word.text.length;
  });
  return left + text.slice(end);
}

/** Method, test and accuracy of everything that the record tells of a task, and room for its answer. */
function rungs(record, task) {
  const entries = [...record.models, ...(record.ladder ?? [])].filter((entry) => entry.task === task);
  return entries.map(({ architecture, features, name, metrics }, place) => {
    const method = CLASSICAL.includes(architecture) ? `${architecture}, ${features}` : architecture,
      figures = Object.entries(metrics).map(
        ([test, { accuracy, interval }]) => `${test}: ${accuracy.toFixed(1)} % (${interval.map((end) => end.toFixed(1)).join(" to ")})`,
      );
    return $("<tr>").append(
      $("<th>", { scope: "row" }).text(place ? method : `${method} (this one)`),
      $("<td>").append(figures.map((figure) => $("<div>").text(figure))),
      $("<td>", name ? { "data-model": name } : {}).text(name ? "" : "not served"),
    );
  });
}
