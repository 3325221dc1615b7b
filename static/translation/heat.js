// The attention of a translation, a sentence at a time: a heat map of
// target words by source words, the sentences, in which the words that
// belong together light up, and a table. A part of the map is a word,
// or a subword as the model has it; the map is walked with arrow keys.

import { rows as tableRows } from "../answers.js";

const END = "</s>"; // the token that ends a sentence
const LETTER = "(?:[\\p{L}\\p{M}\\p{N}]|<0x[0-9A-F]{2}>)"; // or a byte of a letter that the vocabulary lacks
const WORD = new RegExp(` ?(?:${END}|${LETTER}+(?:[.,:'’-]${LETTER}+)*|\\S)`, "gu");
const MOST_TOLD = 4; // words in the line that tells where a word looks
const LEAST_TOLD = 0.03; // share of the attention that is told there
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * Make the card ready. Gives a function that shows an answer
 * {source_tokens, target_tokens, attention} in its two languages.
 */
export function looking($card) {
  let sentences = [],
    at = 0,
    whole = true,
    map = null;
  const draw = () => {
    $card.find(".turning").prop("hidden", sentences.length < 2);
    $card.find(".turn").text(`Sentence ${at + 1} of ${sentences.length}`);
    $card.find(".before").prop("disabled", at === 0);
    $card.find(".after").prop("disabled", at === sentences.length - 1);
    $card
      .find("[data-whole]")
      .each((_, button) => $(button).attr("aria-pressed", String(button.dataset.whole === String(whole))));
    map = drawn($card, sentences[at], whole);
  };
  $card.on("click", ".before, .after", (event) => {
    at += $(event.currentTarget).hasClass("after") ? 1 : -1;
    draw();
  });
  $card.on("click", "[data-whole]", (event) => {
    whole = event.currentTarget.dataset.whole === "true";
    draw();
  });
  $card.on("mouseover focusin", "[data-row], [data-column]", (event) =>
    light($card, map, place(event.currentTarget)),
  );
  $card.on("mouseout focusout", "[data-row], [data-column]", () =>
    light($card, map, place($card.find(".heat :focus-visible")[0])),
  );
  $card.on("keydown", ".heat [tabindex]", (event) => walk(event, map));
  $card.on("focusin", ".heat [tabindex]", (event) => {
    $card.find(".heat [tabindex='0']").attr("tabindex", -1);
    event.currentTarget.setAttribute("tabindex", 0);
  });
  return (answer) => {
    sentences = sentencesOf(answer);
    at = 0;
    if (sentences.length) draw();
  };
}

/** The sentences of an answer, each with its block of the attention: they do not look at each other. */
function sentencesOf({ source_tokens: source, target_tokens: target, attention }) {
  const columns = blocks(source);
  return blocks(target).map(([from, to], k) => ({
    source: source.slice(...columns[k]),
    target: target.slice(from, to),
    weights: attention.slice(from, to).map((row) => row.slice(...columns[k])),
  }));
}

/** Where each sentence begins and ends among the tokens. */
function blocks(tokens) {
  const ends = tokens.flatMap((token, k) => (token === END ? [k + 1] : []));
  return ends.map((end, k) => [ends[k - 1] ?? 0, end]);
}

/** The parts of a sentence: its tokens, or whole words, each {text, spaced, places of its tokens, end}. */
function parts(tokens, whole) {
  const inside = new Set(),
    found = []; // inside: where a token cannot begin a word
  for (const { 0: word, index } of whole ? tokens.join("").matchAll(WORD) : [])
    for (let k = 1; k < word.length; k++) inside.add(index + k);
  let read = 0;
  for (const [k, token] of tokens.entries()) {
    if (inside.has(read)) {
      found.at(-1).text += token;
      found.at(-1).places.push(k);
    } else found.push({ text: token, places: [k] });
    read += token.length;
  }
  return found.map(({ text, places }) => ({
    text: legible(text),
    spaced: text.startsWith(" "),
    places,
    end: text === END,
  }));
}

/** Text of a part; bytes that make a letter become it. */
function legible(text) {
  if (text === END) return "end";
  const decoded = (bytes) =>
    new TextDecoder().decode(Uint8Array.from(bytes.match(/[0-9A-F]{2}(?=>)/g), (hex) => parseInt(hex, 16)));
  const read = text.trim().replace(/(?:<0x[0-9A-F]{2}>)+/g, decoded);
  return (read.includes("\ufffd") ? text.trim() : read) || "␣";
}

/** What a word looks at: the sum over another's tokens, and the mean over its own. */
function merged(weights, rows, columns) {
  const sum = (row, places) => places.reduce((total, k) => total + weights[row][k], 0);
  return rows.map((row) =>
    columns.map(
      (column) => row.places.reduce((total, k) => total + sum(k, column.places), 0) / row.places.length,
    ),
  );
}

/**
 * Draw a sentence; gives {rows, columns, weights, cells},
 * where a cell's row and column count from the headings.
 */
function drawn($card, sentence, whole) {
  const rows = parts(sentence.target, whole),
    columns = parts(sentence.source, whole),
    weights = merged(sentence.weights, rows, columns);
  const lines = [
    [
      cell("gridcell", "corner"),
      ...columns.map((part, k) => cell("columnheader", "head", { column: k }, part)),
    ],
    ...rows.map((part, k) => [
      cell("rowheader", "head", { row: k }, part),
      ...weights[k].map((share, column) => square(share, k, column)),
    ]),
  ];
  $card
    .find(".heat")
    .empty()
    .append(lines.map((cells) => $("<div>", { role: "row" }).append(cells)))[0]
    .style.setProperty("--columns", columns.length);
  $card.find(".from").empty().append(line(columns, "column"));
  $card.find(".to").empty().append(line(rows, "row"));
  $card
    .find("tbody")
    .empty()
    .append(table(rows, columns, weights));
  const map = { rows, columns, weights, cells: lines };
  lines[1][1].setAttribute("tabindex", 0);
  light($card, map);
  return map;
}

function cell(role, kind, at = {}, part = { text: "" }) {
  const made = document.createElement("div");
  made.setAttribute("role", role);
  made.className = part.end ? `${kind} end` : kind;
  Object.assign(made.dataset, at);
  if (kind !== "corner") made.setAttribute("tabindex", -1);
  const text = document.createElement("span");
  text.textContent = part.text;
  made.append(text);
  return made;
}

function square(share, row, column) {
  const made = cell("gridcell", "square", { row, column });
  made.setAttribute("aria-label", percent(share));
  made.style.setProperty("--share", share.toFixed(3));
  return made;
}

/** A sentence as its parts, the end apart. */
function line(parts, axis) {
  return parts
    .filter(({ end }) => !end)
    .flatMap(({ text, spaced }, k) => [
      k && spaced ? " " : "",
      $("<span>", { [`data-${axis}`]: k }).text(text),
    ]);
}

function table(rows, columns, weights) {
  const made = tableRows(
    rows.map(({ text }, k) => [
      text,
      ...ranked(weights[k], columns)
        .slice(0, 2)
        .map((part) => `${part.text} ${percent(part.share)}`),
    ]),
  );
  return made.map(($row, k) => $row.attr("data-row", k));
}

/** Parts with their share, the largest first. */
function ranked(shares, parts) {
  return shares.map((share, k) => ({ share, ...parts[k] })).sort((one, other) => other.share - one.share);
}

function percent(share) {
  return `${Math.round(100 * share)}\u00a0%`;
}

/** The row and column that an element stands for; undefined where it stands for neither. */
function place(element) {
  const number = (value) => (value === undefined ? undefined : Number(value));
  return { row: number(element?.dataset.row), column: number(element?.dataset.column) };
}

/** Light up a target word, a source word, or both: they themselves, and what they look at by how much. */
function light($card, { rows, columns, weights, cells }, { row, column } = {}) {
  const glow = (selector, share) => $card.find(selector).css("--share", share);
  $card.find(".lit").removeClass("lit");
  $card.find(".line span").css("--share", 0);
  $card.find(".readout").text(told(rows, columns, weights, row, column));
  if (row !== undefined)
    $(cells[row + 1][0])
      .add($card.find(`.to [data-row=${row}], tbody [data-row=${row}]`))
      .addClass("lit");
  if (column !== undefined)
    $(cells[0][column + 1])
      .add($card.find(`.from [data-column=${column}]`))
      .addClass("lit");
  if (row !== undefined && column !== undefined) return $(cells[row + 1][column + 1]).addClass("lit");
  if (row !== undefined) columns.forEach((_, k) => glow(`.from [data-column=${k}]`, weights[row][k]));
  if (column !== undefined) rows.forEach((_, k) => glow(`.to [data-row=${k}]`, weights[k][column]));
}

function told(rows, columns, weights, row, column) {
  const name = ({ text, end }) => (end ? "the end" : `“${text}”`);
  const list = (shares, parts) => {
    const most = ranked(shares, parts)
      .filter(({ share }, k) => !k || share >= LEAST_TOLD)
      .slice(0, MOST_TOLD);
    return most.map((part) => `${name(part)} ${percent(part.share)}`).join(", ");
  };
  if (row !== undefined && column !== undefined)
    return `${name(rows[row])} looks at ${name(columns[column])}: ${percent(weights[row][column])}`;
  if (row !== undefined) return `${name(rows[row])} looks at ${list(weights[row], columns)}`;
  if (column !== undefined)
    return `${name(columns[column])} is looked at by ${list(
      weights.map((shares) => shares[column]),
      rows,
    )}`;
  return "Point at a word or a square to see what belongs together.";
}

/** Arrow keys, to the squares and their headings. */
function walk(event, { cells }) {
  const step = ARROWS[event.key];
  if (!step) return;
  event.preventDefault();
  const { row = -1, column = -1 } = place(event.currentTarget),
    next = cells[row + 1 + step[0]]?.[column + 1 + step[1]];
  if (next?.hasAttribute("tabindex")) next.focus();
}
