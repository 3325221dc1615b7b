// The words view: neighbours and the path through them, their map, similarity, analogies, the odd one out.
// What is asked stands in the address, a field of FIRST each;
// a card asks the API when its fields there have changed.

import { ask, giveUp, tell } from "../ask.js";
import { bars, chips, mentions, meter, number, rows, trail } from "../answers.js";
import { go, queryOf } from "../page.js";
import { plotting } from "../plot.js";

const FIRST = {
  word: "car",
  path: "",
  count: "10",
  map: "",
  a: "coffee",
  b: "tea",
  positive: "king,woman",
  negative: "man",
  odd: "breakfast,lunch,dinner,car",
};
const TYPING_PAUSE = 400; // milliseconds without a key before what is typed is asked
const LONGEST_PATH = 6; // words before the one shown
const MOST_MAPPED = 32,
  MOST_NARROW = 20; // points on a map, about as many as have room for a label; the second where it is narrow
const NARROW = 600; // pixels
const ANSWERS = 5; // of an analogy
// words on each side of an analogy, and words among which one is odd, as the API takes them
const MOST_ADDED = 10,
  FEWEST_COMPARED = 3,
  MOST_COMPARED = 50;

/**
 * A card: its class; the fields whose words a suggestion may replace; the question in an address, or a false
 * value where something is missing, and what is said then; how it is answered; how an answer is shown.
 */
const CARDS = [
  {
    name: "neighbours",
    fields: ["word"],
    hint: "Type a word.",
    question: ({ word, path, count }) => word && { word, path, count },
    answer: ({ word, count }, get) => get("neighbours", { word, count }),
    show: showNeighbours,
  },
  {
    name: "map",
    fields: ["map"],
    hint: "Type some words.",
    question: ({ map, path, word, count }) =>
      (map || word) && { words: listed(map || `${path},${word}`), walk: !map, count },
    answer: mapped,
    show: showMap,
  },
  {
    name: "similarity",
    fields: ["a", "b"],
    hint: "Type two words.",
    question: ({ a, b }) => a && b && { a, b },
    answer: (words, get) => get("similarity", words),
    show: ($card, { similarity }) => meter($card, similarity),
  },
  {
    name: "analogy",
    fields: ["positive", "negative"],
    hint: `Type a formula such as king − man + woman, with at most ${MOST_ADDED} words on each side.`,
    question: ({ positive, negative }) =>
      positive &&
      [positive, negative].every((side) => listed(side).length <= MOST_ADDED) && { positive, negative },
    answer: ({ positive, negative }, get) =>
      get("analogy", { positive, ...(negative && { negative }), count: ANSWERS }),
    show: ($card, { answers }) => {
      $card.find(".best").text(answers[0]?.word ?? "?");
      $card.find(".bars").empty().append(bars(answers));
    },
  },
  {
    name: "odd",
    fields: ["odd"],
    hint: `Type ${FEWEST_COMPARED} to ${MOST_COMPARED} words, with commas between them.`,
    question: ({ odd }) =>
      listed(odd).length >= FEWEST_COMPARED && listed(odd).length <= MOST_COMPARED && { words: odd },
    answer: (words, get) => get("odd-one-out", words),
    show: showOdd,
  },
];

export function start($view) {
  const $at = (selector) => $view.find(selector),
    cards = CARDS.map((card) => answering($at(`.card.${card.name}`), card, answerAll));
  let asked = FIRST,
    ready = false,
    typing = null,
    typed = null; // the last two: the field that a visit comes from, during it and after it
  $at(".map").data("draw", plotting($at(".plot"), $at("[data-zoom]")));

  /**
   * Each card takes the newest address when its turn comes;
   * those whose question is answered already do nothing.
   */
  async function answerAll(quiet) {
    for (const card of cards) await card(() => asked, quiet);
  }

  /** Ask for something else. What is typed on in the same field is one step of the history. */
  function visit(changes, field = null) {
    const left = changes.word !== undefined && changes.word !== asked.word;
    const query = queryIn({ ...asked, ...(left && { path: "" }), ...changes }),
      replace = Boolean(field) && field === typed;
    typing = field;
    ready = true; // also where warming has failed
    go("words", query, { replace });
    typing = null;
    typed = field;
  }

  $view.on("address", (event, query) => {
    asked = fieldsIn(query);
    fill($view, asked, typing);
    typed = null;
    if (ready) answerAll(Boolean(typing));
  });
  $view.on("focusout", "input", () => {
    typed = null;
  });
  listening($view, visit, () => asked);
  return () => {
    ready = true;
    answerAll();
  };
}

/**
 * Gives a function that asks what the address says in this
 * card, unless that was asked last, and shows the answer.
 */
function answering($card, card, again) {
  const $state = $card.find(".state");
  return async (address, quiet) => {
    const question = card.question(address()),
      key = JSON.stringify(question),
      turn = {};
    if (key === $card.data("asked")) return;
    $card.data({ asked: key, turn });
    const get = (route, fields) => ask($state, `words/${route}?${queryOf(fields)}`, { quiet, again });
    if (!question) giveUp($state);
    const answer = question ? await card.answer(question, get) : null;
    if (turn !== $card.data("turn")) return; // something was asked meanwhile, or the same again
    $card.find(".answer").prop("hidden", !answer);
    if (!answer) $card.find(".best").text("…");
    $card
      .find(".mentions")
      .empty()
      .append(answer && mentions(recordsIn(answer)));
    if (answer) card.show($card, answer, question);
    else if (question)
      $card.removeData("asked"); // so that it can be asked again
    else tell($state, "idle", card.hint);
  };
}

/** The records {word, known, …} of an answer, wherever they stand. */
function recordsIn(answer) {
  return Object.values(answer)
    .flat()
    .filter((part) => part && typeof part === "object" && "known" in part);
}

function listening($view, visit, address) {
  let pause;
  const on = (selector, act) =>
    $view.on("click", selector, (event) => {
      event.preventDefault();
      act(event.currentTarget.dataset, $(event.currentTarget));
    });
  $view.on("input", "form", (event) => {
    clearTimeout(pause);
    if ($(event.target).closest(".says").length) sentenceToFormula($view);
    pause = setTimeout(() => visit(read($(event.currentTarget)), event.target.name), TYPING_PAUSE);
  });
  $view.on("submit", "form", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    $(event.currentTarget).closest(".card").removeData("asked");
    visit(read($(event.currentTarget)));
  });
  on("[data-go]", (data) => visit(Object.fromEntries(new URLSearchParams(data.go))));
  on("[data-word]", ({ word }, $from) => {
    visit(walk(address(), word));
    if ($from.closest(".neighbours, .map").length) return;
    $view.find("#words-neighbours")[0].scrollIntoView({ block: "nearest" });
    $view.find("#words-neighbours")[0].focus({ preventScroll: true });
  });
  on("[data-take]", ({ instead, take }, $from) => {
    const { fields } = CARDS.find(({ name }) => $from.closest(".card").hasClass(name));
    const taken = (text) =>
      listed(text)
        .map((word) => (word === instead ? take : word))
        .join(",");
    visit(Object.fromEntries(fields.map((field) => [field, taken(address()[field])])));
  });
  on("[data-without]", ({ without }) =>
    visit({
      odd: listed(address().odd)
        .filter((_, k) => k !== Number(without))
        .join(","),
    }),
  );
}

/** From the word shown on to another; back along the path where it lies there. */
function walk({ path, word }, next) {
  const steps = [...listed(path), word],
    at = steps.indexOf(next);
  return {
    word: next,
    path: steps
      .slice(0, at < 0 ? undefined : at)
      .slice(-LONGEST_PATH)
      .join(","),
    map: "",
  };
}

// Forms and the address

/** What a query says; the first view's fields where it says nothing. */
function fieldsIn(query) {
  return Object.fromEntries(
    Object.entries(FIRST).map(([name, value]) => [name, query.get(name)?.trim() ?? value]),
  );
}

/** The other way round. */
function queryIn(fields) {
  return queryOf(Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== FIRST[name])));
}

function listed(text) {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
}

/** Show what the address says in the forms, but for the field that is being typed in. */
function fill($view, { word, count, map, a, b, positive, negative, odd }, typing) {
  const [to, as, ...more] = listed(positive),
    [from, ...less] = listed(negative);
  const sentence =
    as && from && !more.length && !less.length ? { from, to, as } : { from: "", to: "", as: "" };
  const fields = {
    word,
    count,
    a,
    b,
    map: listed(map).join(", "),
    odd: listed(odd).join(", "),
    formula: formula(positive, negative),
    ...sentence,
  };
  for (const [name, value] of Object.entries(fields))
    if (name !== typing) $view.find(`input[name=${name}]`).val(value);
  $view.find(".follow").attr("aria-pressed", String(!map));
}

/** What a form says, as fields of the address. */
function read($form) {
  const {
    formula: typed,
    from,
    to,
    as,
    ...fields
  } = Object.fromEntries($form.serializeArray().map(({ name, value }) => [name, value.trim()]));
  for (const list of ["map", "odd"]) if (list in fields) fields[list] = listed(fields[list]).join(",");
  return typed === undefined ? fields : terms(typed);
}

function sentenceToFormula($view) {
  const [from, to, as] = ["from", "to", "as"].map((name) => $view.find(`input[name=${name}]`).val().trim());
  if (from && to && as) $view.find("[name=formula]").val(formula(`${to},${as}`, from));
}

/** "king,woman" and "man" -> "king − man + woman" */
function formula(positive, negative) {
  const [first, ...added] = listed(positive),
    signed = [...listed(negative).map((word) => `− ${word}`), ...added.map((word) => `+ ${word}`)];
  return [first, ...signed].filter(Boolean).join(" ");
}

/**
 * "king - man + woman" -> {positive: "king,woman", negative: "man"}.
 * Where the formula has spaces, a hyphen inside a word is a hyphen.
 */
function terms(text) {
  const [first, ...rest] = text.split(/\s/.test(text) ? /(?:^|\s+)([+−–-])\s*/ : /([+−–-])/);
  const signed = { positive: [first], negative: [] };
  for (let k = 0; k < rest.length; k += 2)
    signed[rest[k] === "+" ? "positive" : "negative"].push(rest[k + 1]);
  return {
    positive: signed.positive.filter(Boolean).join(","),
    negative: signed.negative.filter(Boolean).join(","),
  };
}

// Answers

function showNeighbours($card, { word, neighbours }, { path }) {
  // the focus goes with what is replaced
  const lost = $(document.activeElement).closest($card.find(".answer")).length;
  $card
    .find(".path")
    .empty()
    .append(trail([...listed(path), word.word]));
  $card.find(".bars").empty().append(bars(neighbours));
  if (!lost) return;
  const here = $card.find(".path [aria-current]")[0];
  here.focus({ preventScroll: true });
  here.scrollIntoView({ block: "nearest" });
}

/** The words asked with their neighbours, fewer of each the more words there are, and where they all lie. */
async function mapped({ words, walk, count }, get) {
  const asked = [],
    links = [],
    most = Math.max(3, Math.floor((innerWidth < NARROW ? MOST_NARROW : MOST_MAPPED) / words.length) - 1);
  for (const word of words) {
    const answer = await get("neighbours", { word, count });
    if (!answer) return null;
    asked.push(answer.word);
    const near = answer.neighbours.filter((neighbour) => !neighbour.word.includes(",")).slice(0, most);
    links.push(...near.map((neighbour) => ({ of: answer.word.word, ...neighbour })));
  }
  const centres = asked.map(({ word }) => word),
    all = new Set([...centres, ...links.map(({ word }) => word)]);
  const answer = await get("map", { words: [...all].join(",") });
  const points = answer?.points.filter(({ x }) => x !== null).map(({ word, x, y }) => ({ word, x, y }));
  return answer && { points, links, centres, walk: walk ? centres : [], records: walk ? [] : asked };
}

function showMap($card, { points, links, walk, centres }) {
  const shown = points.map((point) => ({
    ...point,
    asked: centres.includes(point.word),
    href: `#words?${queryOf({ word: point.word })}`,
  }));
  $card.data("draw")({ points: shown, links: links.map(({ of, word }) => [of, word]), walk });
  const link = new Map(links.map((one) => [one.word, one]));
  $card
    .find("tbody")
    .empty()
    .append(
      rows(
        points.map(({ word, x, y }) => {
          const { of = "", similarity } = centres.includes(word) ? {} : (link.get(word) ?? {});
          return [word, of, similarity === undefined ? "" : number(similarity), number(x), number(y)];
        }),
      ),
    );
}

function showOdd($card, { word, similarities, words }) {
  const named = words.map((record, k) => ({
    ...record,
    similarity: similarities[k],
    odd: record.word === word,
  }));
  $card.find(".chips").empty().append(chips(named));
  $card.find(".figure").text(word ?? "–");
  $card.find(".phrase").text(word ? "is the odd one out" : "too few of these words have a vector");
  $card
    .find(".bars")
    .empty()
    .append(bars([...named].sort((one, other) => other.similarity - one.similarity)));
}
