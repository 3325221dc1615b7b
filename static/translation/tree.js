// The beam as a picture: every step of the search from left to right, what it kept, what it left,
// and where a translation ended. The one that was chosen is drawn strong; others that ended are listed.

import { ask, giveUp } from "../ask.js";

const STEP = 112; // pixels between two steps
const WIDE = 78; // pixels of a node
const ROW = 26; // pixels between two nodes of a step
const LETTERS = 11; // of a node that are written; the readout has all
// from one node to another by the arrow keys: back, on by the best way, and to others of the same step
const TOWARDS = {
  ArrowLeft: ({ before }) => before,
  ArrowRight: (at, placed) => {
    const after = placed.filter(({ before }) => before === at);
    return after.find(({ best }) => best) ?? after[0];
  },
  ArrowUp: (at, placed) => placed.find(({ step, row }) => step === at.step && row === at.row - 1),
  ArrowDown: (at, placed) => placed.find(({ step, row }) => step === at.step && row === at.row + 1),
};
const NAMESPACE = "http://www.w3.org/2000/svg";

/** Make the card ready. Gives a function that takes what was asked; the search is drawn while the card is open. */
export function growing($card) {
  let asked = null,
    drawn = null;
  const $state = $card.find(".state"),
    $trees = $card.find(".trees");

  async function draw() {
    const key = JSON.stringify(asked);
    if (!$card.prop("open") || !asked || key === drawn) return;
    drawn = key;
    const answer = await ask($state, "translation", {
      body: { ...asked, attention: false, tokens: false, alternatives: 0, tree: true },
      again: () => {
        drawn = null;
        draw();
      },
    });
    if (key !== drawn) return; // something was asked meanwhile
    if (!answer) drawn = null;
    const trees = answer?.tree ?? [],
      chosen = (answer?.target_tokens ?? []).join("").split("</s>");
    $trees
      .empty()
      .append(trees.map((nodes, k) => one(laidOut(nodes, chosen[k]), trees.length > 1 && k, answer.target)));
    if (answer && !trees.length)
      $trees.append(
        $("<p>").text(
          "There is no search to show. Either there was nothing to translate, or this model does not report it.",
        ),
      );
  }

  $card.on("toggle", draw);
  $card.on("mouseover focusin", ".node", ({ currentTarget }) => {
    $(currentTarget).closest(".tree").find(".readout").text($(currentTarget).attr("aria-label"));
  });
  return (body) => {
    asked = body;
    if (!body) {
      giveUp($state);
      $trees.empty();
      drawn = null;
    }
    $card.prop("hidden", !body);
    draw();
  };
}

/**
 * Nodes with their step and row, the text up to them, their mean score, and whether they are on the way to the
 * chosen text: to the likeliest, where that has changed afterwards, as a name that was put back.
 */
function laidOut(nodes, chosen = "") {
  const rows = [];
  const placed = [];
  for (const { parent, ...node } of nodes) {
    const before = parent === null ? null : placed[parent],
      step = before ? before.step + 1 : 0;
    rows[step] = (rows[step] ?? -1) + 1;
    const said = (before?.said ?? "") + (node.text === "</s>" ? "" : node.text);
    placed.push({ ...node, before, step, row: rows[step], said, mean: node.score / (step + 1), best: false });
  }
  const rank = ({ said, mean }) => (said.trim() === chosen.trim() ? 1 : mean), // a mean is at most 0
    ended = placed.filter(({ fate }) => fate === "ended").sort((a, b) => rank(b) - rank(a));
  for (let node = ended[0]; node; node = node.before) node.best = true;
  return { placed, ended, steps: rows.length, most: Math.max(0, ...rows) + 1 };
}

/** The tree of a sentence: its picture, what is pointed at, and the translations that ended, the best first. */
function one({ placed, ended, steps, most }, place, language) {
  const $picture = $(element("svg", { width: steps * STEP + 20, height: most * ROW + 10, role: "group" }));
  $picture.attr(
    "aria-label",
    `Search of ${steps} steps; ${ended.length} translations ended, the best: ${ended[0]?.said.trim()}`,
  );
  for (const node of placed.filter(({ before }) => before)) $picture.append(line(node));
  const dots = placed.map(dot);
  $picture.append(dots);
  dots[0]?.attr("tabindex", 0); // arrow keys lead from there to the others
  $picture.on("keydown", ".node", (event) => {
    const at = placed[dots.findIndex(([dot]) => dot === event.currentTarget)],
      next = placed.indexOf(TOWARDS[event.key]?.(at, placed));
    if (next < 0) return;
    event.preventDefault();
    $(event.currentTarget).attr("tabindex", -1);
    dots[next].attr("tabindex", 0).trigger("focus");
  });
  return $("<div>", { class: "tree" }).append(
    place !== false && $("<h3>").text(`Sentence ${place + 1}`),
    $("<div>", {
      class: "scroll",
      tabindex: 0,
      role: "region",
      "aria-label": "Picture of the search",
    }).append($picture),
    $("<p>", { class: "readout", "aria-hidden": true }).text(
      "Point at a part to see its text and its score.",
    ),
    $("<ol>", { class: "ended", lang: language }).append(
      ended.map(({ said, mean, step }) =>
        $("<li>").append(
          said.trim() + " ",
          $("<span>", { class: "number" }).text(`${mean.toFixed(2)}, at step ${step + 1}`),
        ),
      ),
    ),
  );
}

function x({ step }) {
  return 8 + step * STEP;
}

function y({ row }) {
  return 14 + row * ROW;
}

function line(node) {
  const { before, best, fate } = node,
    from = x(before) + WIDE - 3;
  return element("path", {
    class: best ? "way best" : `way ${fate}`,
    d: `M${from},${y(before)} C${from + 18},${y(before)} ${x(node) - 21},${y(node)} ${x(node) - 3},${y(node)}`,
  });
}

function dot(node) {
  const { text, score, said, best, fate } = node,
    shown = text === "</s>" ? "■ end" : text.trim() || "␣";
  const told = {
    kept: "kept",
    left: "dropped, because others were likelier",
    ended: `ended here, ${node.mean.toFixed(2)} per token`,
  };
  const says = `${said.trim() || "␣"} · log-probability ${score.toFixed(2)} · ${told[fate]}`;
  const $node = $(
    element("g", {
      class: `node ${fate}${best ? " best" : ""}`,
      role: "img",
      tabindex: -1,
      "aria-label": says,
    }),
  );
  const label = element("text", { x: x(node), y: y(node) + 4 });
  label.textContent = [...shown].length > LETTERS ? `${[...shown].slice(0, LETTERS - 1).join("")}…` : shown;
  return $node.append(
    element("rect", { x: x(node) - 3, y: y(node) - 11, width: WIDE, height: 22, rx: 4 }),
    label,
  );
}

function element(name, attributes) {
  const node = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
