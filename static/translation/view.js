// The translation view: a text, the model and its search, the
// translation with alternatives, and where the model looked.
// What is asked stands in the address: text, model, beam
// and alternatives, where they are not the first view's.

import { ask, giveUp, tell } from "../ask.js";
import { number } from "../answers.js";
import { copyOnClick } from "../curl.js";
import { looking } from "./heat.js";
import { surely } from "./sure.js";
import { growing } from "./tree.js";
import { go, queryOf } from "../page.js";

const FIRST = { beam: "5", alternatives: "3" };
const LONGEST = 2000; // characters of a text, as openapi.yaml says
// characters that are translated while they are typed: longer texts cost seconds, and wait for the button
const LONGEST_LIVE = 300;
// characters whose attention is asked for: it grows with their
// square, and the answer holds a million numbers at most
const LONGEST_LOOKED_AT = 800;
const ENOUGH = 200; // sentences of a test whose BLEU is told
const TYPING_PAUSE = 600; // milliseconds without a key before what is typed is asked
const LONGEST_WHOLE = 50,
  // words, signs and blanks: an alternative that is shown whole, and what is shown around a word that differs
  AROUND = 9;
const ARCHITECTURES = { transformer: "Transformer", gru: "GRU with attention" };
const EXAMPLES = {
  de: {
    "A caption": "Zwei Kinder bauen am Strand eine Burg aus Sand, und ein Hund schaut ihnen zu.",
    "A short letter":
      "Liebe Anna,\n\nvielen Dank für deinen Brief. Uns geht es gut, und der Garten ist schon grün. Am Sonntag kommen wir mit dem Zug. " +
      "Kannst du uns um drei Uhr am Bahnhof abholen?\n\nViele Grüße\nPeter",
    "A notice":
      "Herr Wendelmoor aus Zimmer 417 hat seinen Schlüssel verloren. Bitte rufen Sie ihn unter der Nummer 5082 an.",
  },
  es: {
    "A caption": "Dos niños construyen un castillo de arena en la playa, y un perro los mira.",
    "A short letter":
      "Querida Ana:\n\nMuchas gracias por tu carta. Estamos bien y el jardín ya está verde. El domingo llegamos en tren. " +
      "¿Puedes esperarnos a las tres en la estación?\n\nUn abrazo,\nPedro",
    "A notice":
      "El señor Valdemora, de la habitación 417, ha perdido su llave. Por favor, llámelo al número 5082.",
  },
};

export function start($view) {
  const $at = (selector) => $view.find(selector),
    translate = translating($at);
  let models = [],
    standard,
    query = new URLSearchParams(),
    typing = null,
    typed = null,
    ready = false;
  const asked = () => fieldsIn(query, models, standard);

  /** Ask for something else. What is typed on in the same field is one step of the history. */
  function visit(changes, field = null) {
    const fields = { ...asked(), ...changes },
      replace = Boolean(field) && field === typed;
    if (size(fields.text) > LONGEST) return translate(fields); // too long for an address, too
    typing = field;
    ready = true; // also where warming has failed
    go("translation", queryIn(fields, models, standard), { replace });
    typing = null;
    typed = field;
  }

  $view.on("address", (event, fields) => {
    query = fields;
    if (!typing) $at("[name]").removeData("unsent");
    fill($view, asked(), models);
    $at("[name]").removeData("unsent");
    typed = null;
    if (ready) translate(asked(), { quiet: Boolean(typing) });
  });
  $view.on("focusout", "input, textarea", () => {
    typed = null;
  });
  typingIn($view, visit, translate);
  choosing($view, visit, asked, () => models);
  copyOnClick($at(".copy"), () => $at(".translated").text());
  return (record) => {
    [models, standard, ready] = [record.models, record.default, true];
    fill($view, asked(), models);
    translate(asked());
  };
}

/**
 * Fields that are typed in. After a pause, what is short is translated; what is long waits for the button.
 */
function typingIn($view, visit, translate) {
  let pause;
  $view.on("input", "input, textarea", ({ target }) => {
    $(target).data("unsent", true);
    count($view);
    clearTimeout(pause);
    pause = setTimeout(() => {
      if (!$(target).data("unsent")) return; // something else was asked meanwhile
      if (target.name === "text" && size(target.value) > LONGEST_LIVE) translate(read($view), { wait: true });
      else visit(read($view), target.name);
    }, TYPING_PAUSE);
  });
  $view.on("submit", "form", (event) => {
    event.preventDefault();
    $view.find(".result").removeData("asked"); // the button asks again
    visit(read($view));
  });
}

/** What is chosen: models, examples, and the other buttons. */
function choosing($view, visit, asked, models) {
  $view.on("change", "[name=model]", () => visit(read($view)));
  $view.on("change", "[name=languages]", (event) => {
    const fields = read($view),
      before = examplesOf(asked(), models()),
      like = Object.values(before).indexOf(fields.text);
    const model = models().find((one) => pair(one) === event.target.value).name,
      texts = Object.values(examplesOf({ model }, models()));
    // an example becomes the same in the other language
    visit({ ...fields, model, text: texts[like] ?? fields.text });
  });
  $view.on("click", "[data-example]", (event) =>
    visit({ text: examplesOf(asked(), models())[event.currentTarget.dataset.example] }),
  );
  $view.on("click", ".clear", () => {
    visit({ text: "" });
    $view.find("textarea")[0].focus();
  });
}

/** Gives a function that asks for a translation, unless that was asked last, and shows it. */
function translating($at) {
  const $card = $at(".result"),
    $state = $card.find(".state"),
    $attention = $at(".card.attention"),
    look = looking($attention);
  let last = {};
  const grow = growing($at(".card.beam"));
  const doubt = surely($at(".card.sure"), (prefix) => translate(last, { prefix, quiet: true }));
  return translate;

  async function translate(fields, { quiet = false, wait = false, prefix = null } = {}) {
    const { text, model, beam, alternatives } = fields;
    const attention = size(text) <= LONGEST_LOOKED_AT;
    const body = {
      text,
      ...(model && { model }),
      beam: Number(beam),
      alternatives: Number(alternatives),
      attention,
      tokens: attention,
      ...(prefix && { prefix }),
    };
    const key = JSON.stringify(body),
      turn = {};
    last = fields;
    if (key === $card.data("asked")) return;
    $card.data({ asked: key, turn });
    giveUp($state);
    const reason = refusal(text, wait);
    const answer = reason
      ? null
      : await ask($state, "translation", { body, quiet, again: () => translate(fields, { prefix }) });
    if (turn !== $card.data("turn")) return; // something was asked meanwhile, or the same again
    if (!answer) $card.removeData("asked"); // so that it can be asked again
    if (reason) tell($state, ...reason);
    $card.find(".answer").prop("hidden", !answer);
    $attention.prop("hidden", !answer?.source_tokens.length);
    doubt(answer ?? {});
    grow(answer?.source_tokens.length && attention ? body : null);
    if (!answer) return;
    show($card, answer);
    $attention.find(".too-long").prop("hidden", attention).find(".most").text(LONGEST_LOOKED_AT);
    $attention.find(".answer").prop("hidden", !attention);
    $attention.find(".from").attr("lang", answer.source);
    $attention.find(".to").attr("lang", answer.target);
    if (attention) look(answer);
  }
}

/** Why a text is not sent, as a state and its sentence; null where it is. */
function refusal(text, wait) {
  const over = size(text) - LONGEST;
  if (!text.trim()) return ["idle", "Type or paste a text."];
  if (over > 0)
    return [
      "failed",
      `The text is ${grouped(over)} ${over === 1 ? "character" : "characters"} too long. At most ${grouped(LONGEST)} can be translated at once. Translate it in parts.`,
    ];
  return wait ? ["idle", "This text is long. Press Translate or Ctrl + Enter."] : null;
}

// Form and address

/** What an address says, with what the first view has where it says nothing. */
function fieldsIn(query, models, standard) {
  const model = query.get("model") ?? standard ?? "",
    beam = query.get("beam") ?? FIRST.beam;
  const alternatives = query.get("alternatives") ?? fewer(FIRST.alternatives, beam);
  return {
    model,
    beam,
    alternatives,
    text: query.get("text") ?? Object.values(examplesOf({ model }, models))[0] ?? "",
  };
}

/** The other way round. */
function queryIn(fields, models, standard) {
  const first = fieldsIn(
    new URLSearchParams(fields.model && fields.model !== standard ? { model: fields.model } : {}),
    models,
    standard,
  );
  const { text, beam, alternatives } = fields,
    model = fields.model === standard ? "" : fields.model;
  return queryOf({
    ...(text !== first.text && { text }),
    ...(model && { model }),
    ...(beam !== first.beam && { beam }),
    ...(alternatives !== first.alternatives && { alternatives }),
  });
}

/** What the form says. */
function read($view) {
  const [text, model, beam, alternatives] = ["text", "model", "beam", "alternatives"].map(
    (name) => $view.find(`[name=${name}]`).val() ?? "",
  );
  return { text, model, beam, alternatives: fewer(alternatives, beam) };
}

/** As many alternatives as the beam can find. */
function fewer(alternatives, beam) {
  return /^[1-9]\d*$/.test(beam) && Number(alternatives) > Number(beam) ? beam : alternatives;
}

/** Show what is asked in the form, but for what is typed and not sent yet. */
function fill($view, fields, models) {
  const entry = models.find(({ name }) => name === fields.model),
    alike = models.filter((one) => entry && pair(one) === pair(entry));
  const pairs = new Map(
    models.map((one) => [pair(one), `${language(one.source)} → ${language(one.target)}`]),
  );
  options($view.find("[name=languages]"), [...pairs], entry && pair(entry));
  options(
    $view.find("[name=model]"),
    alike.map((one) => [one.name, ARCHITECTURES[one.architecture] ?? one.architecture]),
    fields.model,
  );
  $view.find(".facts").text(entry ? facts(entry) : "");
  $view.find("textarea, input").each((_, field) => {
    if (!$(field).data("unsent")) field.value = fields[field.name];
  });
  $view.find("textarea").attr("lang", entry?.source ?? null);
  const names = Object.keys(examplesOf(fields, models));
  if ($view.find(".tries [data-example]").length !== names.length) {
    $view
      .find(".text .tries")
      .empty()
      .append(names.map((name) => $("<button>", { type: "button", "data-example": name }).text(name)));
  }
  count($view);
}

function options($select, values, chosen) {
  const known = $select
    .find("option")
    .get()
    .map((option) => option.value)
    .join();
  if (known !== values.map(([value]) => value).join())
    $select.empty().append(values.map(([value, text]) => $("<option>", { value }).text(text)));
  $select.prop("disabled", !values.length).val(chosen ?? "");
}

function examplesOf({ model }, models) {
  return EXAMPLES[models.find(({ name }) => name === model)?.source] ?? {};
}

function pair({ source, target }) {
  return `${source}-${target}`;
}

function language(code) {
  return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
}

/** What the record says of a model: its size, and how well it does on texts that it never saw. */
function facts({ parameters, metrics }) {
  const bleu = Object.entries(metrics ?? {})
    .filter(([, { bleu, sentences }]) => bleu && sentences >= ENOUGH)
    .map(([test, { bleu }]) => `${bleu.toFixed(1)} (${test.replaceAll("_", " ")})`);
  return [
    parameters && `${(parameters / 1e6).toFixed(1)} million parameters`,
    bleu.length && `BLEU ${bleu.join(", ")}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Characters as the API counts them: a picture is one. */
function size(text) {
  return [...text].length;
}

function grouped(count) {
  return count.toLocaleString("en");
}

function count($view) {
  const length = size($view.find("textarea").val());
  $view
    .find(".counter")
    .text(`${grouped(length)} / ${grouped(LONGEST)} characters`)
    .toggleClass("over", length > LONGEST);
  $view.find("textarea").attr("aria-invalid", length > LONGEST ? "true" : null);
  $view.find(".clear").prop("hidden", !length);
}

// The answer

function show($card, { translation, score, alternatives, target, note }) {
  $card.find(".translated").attr("lang", target).text(translation);
  $card
    .find(".note")
    .prop("hidden", !note)
    .text(note ?? "");
  $card.find(".score").text(score === null ? "Nothing to translate." : `Score ${number(score)}`);
  $card.find(".others").prop("hidden", !alternatives.length);
  $card
    .find(".alternatives")
    .empty()
    .append(
      alternatives.map((other) =>
        $("<li>").append(
          $("<p>", { lang: target, dir: "auto" }).append(marked(other.text, translation)),
          $("<span>", { class: "number" }).text(number(other.score)),
        ),
      ),
    );
}

/**
 * A text with the words marked that are not in the other, by their
 * longest common subsequence; a long one is cut to what is around them.
 */
function marked(text, other) {
  const split = (whole) => whole.match(/\s+|[\p{L}\p{M}\p{N}'’-]+|./gsu) ?? [],
    words = split(text),
    others = split(other);
  // length of what is common after each pair of places
  const common = [...words, ""].map(() => new Array(others.length + 1).fill(0));
  for (let i = words.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      common[i][j] =
        words[i] === others[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  let j = 0;
  const alike = words.map((word, i) => {
    while (word !== others[j] && j < others.length && common[i][j + 1] === common[i][j]) j++;
    return word === others[j] && Boolean(++j);
  });
  const near = (k) =>
    alike.slice(Math.max(0, k - AROUND), k + AROUND + 1).includes(false) || words.length <= LONGEST_WHOLE;
  return words.map((word, k) => {
    if (!near(k)) return k && !near(k - 1) ? "" : `${k ? " " : ""}… `;
    return alike[k] || !word.trim() ? word : $("<mark>").text(word);
  });
}
