// A text as letters: each tinted by how little it was expected, each
// showing what else could have stood there. All text is set as text.

const LEAST = 0.6; // probability from which a letter has no tint
const PACE = 9; // milliseconds between two letters that appear
const NAMED = { " ": "space", "\n": "new line" };

/** How a letter is written where it stands alone. */
function told(character) {
  return NAMED[character] ?? character;
}

function percent(share) {
  return share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/**
 * Put the prompt and the letters of choices [{character, probability, others}] into $text. The one that is
 * pointed at or has the focus shows its others in $aside; a click keeps it, and goOn(text) is told what text
 * to go on from once another letter is clicked. Where quick, they do not appear one after the other.
 */
export function letters($text, $aside, prompt, choices, { quick, goOn }) {
  let kept = null;
  const $letters = choices.map(({ character, probability }, place) =>
    $("<span>", {
      role: "button",
      tabindex: place ? -1 : 0,
      "aria-pressed": false,
      class: character === "\n" ? "break" : "",
      "aria-label": `${told(character)}, ${percent(probability)}`,
    })
      .css({ "--surprise": surprise(probability), "--delay": quick ? "0ms" : `${place * PACE}ms` })
      .text(character === "\n" ? "↵\n" : character),
  );
  const show = (place) => alternatives($aside, before(place), choices[place], goOn);
  const before = (place) =>
    prompt +
    choices
      .slice(0, place)
      .map(({ character }) => character)
      .join("");
  const release = () => {
    $letters[kept]?.removeClass("kept").attr("aria-pressed", false);
    kept = null;
  };
  const keep = (place) => {
    release();
    kept = place;
    $letters[place].addClass("kept").attr("aria-pressed", true);
    show(place);
  };
  const at = (event) => $letters.findIndex(($letter) => $letter[0] === event.target);
  $text
    .off()
    .empty()
    .append($("<span>", { class: "prompt" }).text(prompt), $letters)
    .on("mouseover", (event) => at(event) >= 0 && kept === null && show(at(event)))
    .on("focusin", (event) => at(event) >= 0 && kept === null && show(at(event)))
    .on("click", (event) => at(event) >= 0 && keep(at(event)))
    .on("keydown", (event) => {
      const place = at(event),
        step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 20, ArrowUp: -20 }[event.key];
      if (event.key === "Enter" || event.key === " ") keep(place);
      else if (event.key === "Escape") release();
      else if (step && $letters[place + step]) {
        release();
        $letters[place].attr("tabindex", -1);
        $letters[place + step].attr("tabindex", 0).trigger("focus");
      } else return;
      event.preventDefault();
    });
  $aside.empty().append($("<p>", { class: "small" }).text("No letter is chosen."));
}

/** From 0, expected, to 1: a letter of one in a thousand or less. */
function surprise(probability) {
  return Math.min(1, Math.max(0, Math.log(LEAST / Math.max(probability, 1e-4)) / Math.log(1000)));
}

/** The letter and the others as bars; each of these is a button that goes on from there. */
function alternatives($aside, before, { character, probability, others }, goOn) {
  const bar = (text, share) => [
    $("<kbd>").text(told(text)),
    $("<span>", { class: "track", "aria-hidden": true }).append($("<span>").css("--share", share)),
    $("<span>", { class: "small" }).text(percent(share)),
  ];
  $aside.empty().append(
    $("<p>", { class: "chance taken" }).append(bar(character, probability)),
    others.map(([other, share]) =>
      $("<button>", { type: "button", class: "chance" })
        .append($("<span>", { class: "unseen" }).text("Go on with"), bar(other, share))
        .on("click", () => goOn(before + other)),
    ),
  );
}

/** A prompt and what follows it, without more. */
export function plain(prompt, text) {
  return $("<p>", { class: "written" }).append(
    $("<span>", { class: "prompt" }).text(prompt),
    document.createTextNode(text),
  );
}
