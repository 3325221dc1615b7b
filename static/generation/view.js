// The generation view: names as cards, prose letter by letter. What is
// done with one text's letters is in letters.js.

import { ask, oneByOne, prepare } from "../ask.js";
import { rows } from "../answers.js";
import { go, queryOf } from "../page.js";
import { letters, plain } from "./letters.js";

const BEGINNINGS = ["KING HENRY:\n", "To be, or not", "The moon", "My good lord, "];
const USUAL = { start: "", origin: "any", gender: "either" };
const COUNT = 24; // names on the page
const LIKE = 3; // letters that "more like this" keeps
const WAYS = [
  ["Greedy: the likeliest", { temperature: 0 }],
  ["Threshold: the likeliest 80 %", { temperature: 1, top_p: 0.8 }],
  ["Temperature 1: any", { temperature: 1 }],
];
const COMPACT = new Intl.NumberFormat("en", {
  notation: "compact",
  compactDisplay: "long",
  maximumFractionDigits: 0,
});
const LEAST = Math.log(1e-15); // of a name's probability; of a smaller one nobody can read the number
const SHORT = 200; // characters of each text that is compared

export function start($view) {
  const $names = $view.find(".names"),
    $prose = $view.find(".prose");
  const named = names($names, $view),
    wrote = prose($prose, $view);
  $view.find("output").each((_, output) => {
    const $range = $view.find(`#${output.htmlFor}`);
    const show = () =>
      $(output).text($range.is("[name=top_p]") ? `${Math.round(100 * $range.val())} %` : $range.val());
    $range.on("input", show);
    show();
  });
  let known = false;
  const addressed = (query) => {
    const asked = new URLSearchParams(query);
    named.show(asked);
    wrote.show(asked);
  };
  $view.on("address", (event, query) => {
    $view.data("query", query);
    if (known) addressed(query);
  });
  return (record) => {
    const origins = record.models.find(({ kind }) => kind === "names")?.origins ?? [];
    $names
      .find("[name=origin]")
      .append(origins.map((origin) => $("<option>", { value: origin }).text(origin)));
    compared(
      $view,
      record,
      () => wrote.prompt(),
      () => named.start(),
    );
    known = true;
    addressed($view.data("query"));
  };
}

/** A seed that is not 0. */
function seed() {
  return 1 + Math.floor(Math.random() * 999_999);
}

/** The names' card: show(query) draws what the address asks for, once for each question. */
function names($card, $view) {
  const $at = (selector) => $card.find(selector),
    $state = $at(".state");
  const fields = () => ({
    start: $at("[name=start]").val().trim(),
    origin: $at("[name=origin]").val(),
    gender: $at("[name=gender]").val(),
  });
  let asked = "",
    drawn = seed();
  const move = (sent) => {
    drawn = seed();
    asked = "";
    go("generation", queryOf({ ...Object.fromEntries(new URLSearchParams($view.data("query"))), ...sent }));
    if (!asked) draw();
  };
  const draw = async (quiet = false) => {
    const body = {
      ...fields(),
      count: COUNT,
      temperature: Number($at("[name=temperature]").val()),
      seed: drawn,
    };
    const answer = await ask($state, "generation/names", { body, quiet, again: () => draw(quiet) });
    // no other answer stands beside an error
    if (!answer && $state.attr("data-state") !== "failed") return;
    $at(".invented")
      .empty()
      .append((answer?.names ?? []).map((name) => card(name, fields(), move)));
  };
  $at("form").on("submit", (event) => {
    event.preventDefault();
    move(fields());
  });
  $at("select").on("change", () => move(fields()));
  $at("[name=temperature]").on("input", oneByOne(() => draw(true)));
  const show = (query) => {
    const wanted = Object.entries(USUAL).map(([name, usual]) => [name, query.get(name) ?? usual]);
    if (JSON.stringify(wanted) === asked) return; // what is typed and not asked yet stays
    asked = JSON.stringify(wanted);
    for (const [name, value] of wanted) {
      const $field = $at(`[name=${name}]`).val(value);
      if ($field.val() === null) $field.val(USUAL[name]); // the address asks for what there is not
    }
    draw();
  };
  return { show, start: () => fields() };
}

/** A name: how likely it is, whether it is new, and more that begin like it. */
function card({ name, log_probability: log, new: isNew }, fields, move) {
  const likely = log < LEAST ? `less than 1 in ${COMPACT.format(Math.exp(-LEAST))}` : `1 in ${COMPACT.format(Math.exp(-log))}`,
    start = [...name].slice(0, LIKE).join("");
  return $("<li>", { class: isNew ? "" : "real" }).append(
    $("<b>").text(name),
    $("<span>", { class: "small" }).text(isNew ? likely : `${likely} · in the lists`),
    $("<button>", { type: "button", class: "plain" })
      .append("More like this", $("<span>", { class: "unseen" }).text(`, which begin with ${start}`))
      .on("click", () => move({ ...fields, start })),
  );
}

/** The card of prose: show(query) writes what the address asks for, once for each prompt. */
function prose($card, $view) {
  const $at = (selector) => $card.find(selector),
    $state = $at(".state"),
    $prompt = $at("[name=prompt]");
  let asked = null,
    drawn = seed();
  const move = (prompt) => {
    drawn = seed();
    asked = null;
    const before = Object.fromEntries(new URLSearchParams($view.data("query")));
    go("generation", queryOf({ ...before, prompt: prompt.slice(-500) }));
    if (asked === null) write();
  };
  const write = async (quiet = false) => {
    const prompt = $prompt.val();
    asked = prompt;
    const number = (name) => Number($at(`[name=${name}]`).val());
    const body = {
      prompt,
      length: number("length"),
      temperature: number("temperature"),
      top_p: number("top_p"),
      seed: drawn,
      choices: true,
    };
    const answer = await ask($state, "generation/prose", { body, quiet, again: () => write(quiet) });
    if (answer || $state.attr("data-state") === "failed") $at(".answer").prop("hidden", !answer);
    if (!answer) return;
    letters($at(".written"), $at(".instead"), prompt, answer.choices, { quick: quiet, goOn: move });
    $at(".note")
      .text(answer.note ?? "")
      .prop("hidden", !answer.note);
    $at(".copied").text(
      answer.new
        ? `The longest passage that the training text has too: ${answer.longest_copied} characters.`
        : "The training text has this whole text.",
    );
  };
  $at("form").on("submit", (event) => {
    event.preventDefault();
    move($prompt.val());
  });
  $at("[type=range]").on("input", oneByOne(() => write(true)));
  $at(".tries").append(
    "Try",
    BEGINNINGS.map((text) =>
      $("<button>", { type: "button" })
        .text(text.trim())
        .on("click", () => move(text)),
    ),
  );
  const show = (query) => {
    const prompt = query.get("prompt") ?? BEGINNINGS[0];
    if (prompt === asked) return; // what is typed and not asked yet stays
    $prompt.val(prompt);
    write();
  };
  return { show, prompt: () => $prompt.val() };
}

/** The cards that compare: three ways to choose, and the networks of the ladder. */
function compared($view, record, prompt, fields) {
  const kind = (wanted) => record.models.filter((entry) => entry.kind === wanted);
  const told = ({ architecture, metrics }) =>
    `${architecture}, ${(metrics.makemore_nats ?? metrics.nats).toFixed(2)} nats`;
  const text = (title, more) => ({
    title,
    path: "generation/prose",
    body: { prompt: prompt(), length: SHORT, seed: 1, ...more },
    shown: ({ text, note }) => [plain(prompt(), text), note && $("<p>", { class: "hint" }).text(note)],
  });
  const list = (entry) => ({
    title: told(entry),
    path: "generation/names",
    body: { start: fields().start, count: 8, seed: 1, model: entry.name },
    shown: ({ names }) => $("<p>").text(names.map(({ name }) => name).join(", ")),
  });
  const fill = ($card, questions) => $card.find(".columns").empty().append(questions.map(column));
  $view.find(".compare").on("click", () =>
    fill(
      $view.find(".ways"),
      WAYS.map(([title, more]) => text(title, more)),
    ),
  );
  $view
    .find(".climb")
    .on("click", () =>
      fill($view.find(".rungs"), [
        ...kind("prose").map((entry) => text(told(entry), { model: entry.name })),
        ...kind("names").map(list),
      ]),
    );
  const table = [...record.models, ...(record.ladder ?? [])].map(
    ({ architecture, kind: of, parameters, minutes, metrics }) => [
      architecture,
      of,
      parameters.toLocaleString("en"),
      String(minutes),
      (metrics.makemore_nats ?? metrics.nats).toFixed(3),
    ],
  );
  $view.find(".measured tbody").append(rows(table));
}

/** One answer under its title. */
function column({ title, path, body, shown }) {
  const $state = $("<div>", { class: "state" }),
    $said = $("<div>"),
    $column = $("<section>").append($("<h3>").text(title), $said, $state);
  prepare($state);
  const write = async () => {
    const answer = await ask($state, path, { body, quiet: true, again: write });
    if (answer) $said.empty().append(shown(answer));
  };
  write();
  return $column;
}
