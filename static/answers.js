// How the words view draws its answers. All text is set as text.

/** The least similarity for which each phrase is fair. */
const PHRASES = [
  [0.995, "the same"],
  [0.75, "very close"],
  [0.55, "close"],
  [0.4, "related"],
  [0.25, "loosely related"],
  [-1, "unrelated"],
];
const MOST_SUBWORDS = 12; // shown of a word that was built from more

export function number(value, digits = 2) {
  return typeof value === "number"
    ? value
        .toFixed(digits)
        .replace(/^-(0\.0+)$/, "$1")
        .replace("-", "−")
    : "–";
}

function button(text, data) {
  return $("<button>", { type: "button", ...data }).text(text);
}

/** Words with their similarity as bars from 0 to 1, each a button that goes on to its word. */
export function bars(answers) {
  return answers.map(({ word, similarity, odd }) =>
    $("<li>").append(
      button("", { "data-word": word, class: odd ? "bar odd" : "bar" }).append(
        $("<span>", { class: "word" }).text(word),
        $("<span>", { class: "track", "aria-hidden": true }).append(
          $("<span>", { class: "fill" }).css("--share", Math.min(1, Math.max(0, similarity ?? 0))),
        ),
        $("<span>", { class: "number" }).text(number(similarity)),
      ),
    ),
  );
}

/** The path of words gone along, the one shown last. */
export function trail(words) {
  return words.map((word, k) =>
    $("<li>").append(
      k < words.length - 1
        ? button(word, { "data-word": word, class: "plain" })
        : $("<b>", { "aria-current": "true", tabindex: -1 }).text(word),
    ),
  );
}

export function chips(words) {
  return words.map(({ word, known, odd }, k) =>
    $("<li>").append(
      button(word, {
        "data-without": k,
        class: `chip${odd ? " odd" : ""}${known ? "" : " unknown"}`,
        "aria-label": `Take out ${word}`,
      }).append($("<span>", { "aria-hidden": true }).text("×")),
    ),
  );
}

/**
 * What is to be said of words that are not known: from which
 * subwords they were built, and near spellings to take instead.
 */
export function mentions(records) {
  return records
    .filter(({ known, word, asked }) => !known || word !== asked.toLowerCase())
    .map((record) => $("<div>", { class: "mention" }).append(mention(record)));
}

function mention({ word, asked, known, subwords, suggestions }) {
  const $asked = $("<q>").text(asked);
  if (known) return $("<p>").append($asked, " is read as ", $("<q>").text(word), ".");
  const more = subwords.length - MOST_SUBWORDS,
    near = suggestions.map((take) => button(take, { "data-instead": asked, "data-take": take }));
  return [
    $("<p>").append(
      $asked,
      subwords.length
        ? " is not in the vocabulary. Its vector is built from subwords:"
        : " is not in the vocabulary, and neither is any part of it.",
    ),
    subwords.length &&
      $("<p>", { class: "subwords" }).append(
        subwords.slice(0, MOST_SUBWORDS).map((subword) => $("<code>").text(subword)),
        more > 0 ? `and ${more} more` : "",
      ),
    near.length && $("<p>", { class: "tries" }).append("Did you mean", near, "?"),
  ].filter(Boolean);
}

/** The similarity of two words on its scale from -1 to 1, or that there is none. */
export function meter($card, similarity) {
  const known = typeof similarity === "number";
  $card.find(".figure").text(number(similarity));
  $card
    .find(".phrase")
    .text(known ? PHRASES.find(([least]) => similarity >= least)[1] : "cannot be computed");
  $card.find(".scale, .ticks").prop("hidden", !known);
  $card
    .find(".scale")
    .attr({ "aria-valuenow": known ? similarity : 0, "aria-valuetext": number(similarity) })
    .css("--at", ((similarity ?? 0) + 1) / 2);
}

/** Rows of a table, the first cell of each its heading. */
export function rows(table) {
  return table.map(([head, ...cells]) =>
    $("<tr>").append(
      $("<th>", { scope: "row" }).text(head),
      cells.map((cell) => $("<td>").text(cell)),
    ),
  );
}
