// How sure the model was of each part of its translation: a tint,
// and for the part in hand what it might have said instead.
// Choosing one of these goes on from there: the search is asked for the rest.

const END = "</s>"; // the token that ends a sentence
const LEAST = 0.005; // probability from which another is worth showing

/**
 * Make the card ready. Gives a function that shows the tokens of an
 * answer; `choose` is called with a beginning for each sentence.
 */
export function surely($card, choose) {
  let tokens = [],
    clicked = false;
  const $parts = $card.find(".parts"),
    $instead = $card.find(".instead");
  const hold = ({ type, currentTarget }) => {
    if (type === "mouseover" && clicked) return; // the way to the choices leads over other parts
    clicked = type === "click";
    const at = Number(currentTarget.dataset.at);
    $parts.find("[aria-pressed=true]").attr("aria-pressed", "false");
    $(currentTarget).attr("aria-pressed", "true");
    $instead.empty().append(offered(tokens, at));
  };
  $card.on("mouseover focusin click", "[data-at]", hold);
  $card.on("click", "[data-other]", ({ currentTarget }) => {
    const at = Number(currentTarget.dataset.of);
    choose(beginnings(tokens, at, tokens[at].others[Number(currentTarget.dataset.other)].text));
  });
  return (answer) => {
    tokens = answer.tokens ?? [];
    clicked = false;
    $card.prop("hidden", !tokens.length);
    $instead
      .empty()
      .append(
        $("<p>", { class: "small" }).text(
          "Point at a part of the translation to see what else the model might have said.",
        ),
      );
    $parts
      .attr("lang", answer.target)
      .empty()
      .append(tokens.flatMap((token, at) => part(token, at, tokens[at - 1])));
  };
}

/** A part as a button whose tint is the doubt; the blank before it stands outside. */
function part({ text, probability, sentence }, at, before) {
  if (text === END) return [];
  const blank = text.startsWith(" ") || (before && before.sentence !== sentence) ? " " : "";
  return [
    blank,
    $("<button>", {
      type: "button",
      class: "part",
      "data-at": at,
      "aria-pressed": false,
      "aria-label": `${text.trim()}, ${share(probability)}`,
    })
      .css("--doubt", (1 - probability).toFixed(3))
      .text(text.trim()),
  ];
}

/** The part in hand, and the others at its place. */
function offered(tokens, at) {
  const { text, probability, others } = tokens[at],
    likely = others.map((other, k) => ({ ...other, k })).filter((other) => other.probability >= LEAST);
  const line = $("<p>").append(
    $("<b>").text(text.trim()),
    ` ${share(probability)}`,
    likely.length ? "; other choices:" : "; nothing else was likely.",
  );
  return [
    line,
    $("<ul>", { class: "chips" }).append(
      likely.map((other) =>
        $("<li>").append(
          $("<button>", { type: "button", class: "chip", "data-of": at, "data-other": other.k })
            .text(other.text === END ? "end here" : other.text.trim() || "␣")
            .append($("<span>", { class: "number" }).text(` ${share(other.probability)}`)),
        ),
      ),
    ),
  ];
}

/**
 * For each sentence up to the part's how its translation begins:
 * those before it whole, its own up to the part, and the other there.
 */
function beginnings(tokens, at, other) {
  const own = tokens[at].sentence;
  const said = (sentence) =>
    tokens
      .filter((token, k) => token.sentence === sentence && token.text !== END && (sentence < own || k < at))
      .map(({ text }) => text)
      .join("");
  return [...Array(own + 1).keys()].map((sentence) =>
    (said(sentence) + (sentence === own && other !== END ? other : "")).trim(),
  );
}

function share(probability) {
  return `${(100 * probability).toFixed(probability < 0.0995 ? 1 : 0)} %`;
}
