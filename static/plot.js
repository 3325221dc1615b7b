// A scatter plot of words as SVG: points with labels that keep
// clear of each other, lines between words that belong together.
// Each point is a link; one of them takes the focus, and arrow keys
// move it. A word that stays from one plot to the next glides.

import { zooming } from "./zoom.js";

const ROOM = { across: 40, down: 26 }; // pixels kept free at the edges, for labels
const EDGE = 4; // pixels kept free of labels
const DOT = 5; // pixels from a point's centre that labels keep free
// pixels between two points; nearer ones are pushed apart, or their labels would have no room
const APART = 26;
const PUSHES = 40; // rounds of that
const PLACES = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, -1],
  [-1, -1],
  [1, 1],
  [-1, 1],
]; // of a label around its point, best first
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Make an <svg> ready, with its buttons for zoom. Gives a function that draws
 * points [{word, x, y, asked, href}], links [[word, word]] and a walk [word, …].
 */
export function plotting($svg, $buttons) {
  let drawn = { points: [], links: [], walk: [] },
    width = 0;
  const view = zooming($svg, $buttons, () => draw($svg, drawn, view));
  $svg.append(
    element("g", { class: "lines" }),
    element("g", { class: "points" }),
    $(element("g", { class: "spot", "aria-hidden": "true" })).append(
      element("rect", { rx: 6 }),
      element("text"),
    ),
  );
  const $around = $svg.parent(); // Chromium takes an <svg> that listens for the focus for one that wants it
  $around.on("focusin mouseover", ".point", (event) => spotlight($svg, event.currentTarget));
  $around.on("focusout mouseout", ".point", () => spotlight($svg, $svg.find(".point:focus-visible")[0]));
  $around.on("keydown", ".point", (event) => {
    const next = ARROWS[event.key] && towards($svg, event.currentTarget, ARROWS[event.key]);
    if (!next) return;
    event.preventDefault();
    rove($svg, next);
    next.focus();
    view.to(place(next).e, place(next).f);
  });
  new ResizeObserver(() => {
    if ($svg[0].clientWidth === width || !$svg[0].clientWidth) return;
    view.resized(width ? $svg[0].clientWidth / width : 1);
    width = $svg[0].clientWidth;
    draw($svg, drawn, view);
  }).observe($svg[0]);
  return ({ points, links, walk }) => {
    drawn = { points: sameWayRound(points, drawn.points), links, walk };
    width = $svg[0].clientWidth;
    view.whole();
    draw($svg, drawn, view);
  };
}

function element(name, attributes = {}) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

/**
 * The signs of principal axes are arbitrary: take those that
 * leave the words that stay on the side where they were.
 */
function sameWayRound(points, before) {
  const old = new Map(before.map((point) => [point.word, point])),
    staying = points.filter(({ word }) => old.has(word));
  const mean = (list, axis) => list.reduce((sum, point) => sum + point[axis], 0) / list.length;
  const sign = (axis) => {
    const [now, then] = [
      mean(staying, axis),
      mean(
        staying.map(({ word }) => old.get(word)),
        axis,
      ),
    ];
    return staying.reduce((sum, point) => sum + (point[axis] - now) * (old.get(point.word)[axis] - then), 0) <
      0
      ? -1
      : 1;
  };
  const [across, down] = staying.length > 1 ? [sign("x"), sign("y")] : [1, 1];
  return points.map((point) => ({ ...point, x: across * point.x, y: down * point.y }));
}

function draw($svg, { points, links, walk }, view) {
  const { clientWidth: width, clientHeight: height } = $svg[0];
  if (!width || !points.length) return;
  $svg.attr("viewBox", `0 0 ${width} ${height}`);
  const across = scale(
    points.map(({ x }) => x),
    ROOM.across,
    width - ROOM.across,
  );
  const down = scale(
    points.map(({ y }) => y),
    height - ROOM.down,
    ROOM.down,
  );
  const placed = points
    .map((point) => ({ ...point, left: across(point.x), top: down(point.y) }))
    .sort((one, other) => Boolean(one.asked) - Boolean(other.asked));
  for (let round = 0; round < PUSHES; round++) pushApart(placed, width, height, APART / view.scale);
  for (const point of placed)
    Object.assign(point, {
      left: view.scale * point.left + view.left,
      top: view.scale * point.top + view.top,
    });
  const at = new Map(placed.map((point) => [point.word, point]));
  $svg
    .find(".lines")
    .empty()
    .append(
      links
        .filter((ends) => ends.every((word) => at.has(word)))
        .map(([from, to]) => element("line", ends(at.get(from), at.get(to)))),
      walk
        .slice(1)
        .map((word, k) => [at.get(walk[k]), at.get(word)])
        .filter((pair) => pair.every(Boolean))
        .map((pair) => element("line", { ...ends(...pair), class: "walk" })),
    );
  show($svg, placed);
  label(placed, width, height);
  rove($svg, $svg.find(".point:focus")[0] ?? placed[placed.length - 1].link);
  spotlight($svg, $svg.find(".point:focus-visible")[0]);
}

/** A linear scale from the values' range to low..high; its middle where there is only one value. */
function scale(values, low, high) {
  const least = Math.min(...values),
    range = Math.max(...values) - least;
  return (value) => (range ? low + ((value - least) / range) * (high - low) : (low + high) / 2);
}

function pushApart(placed, width, height, apart) {
  const within = (value, room, size) => Math.min(Math.max(value, room), size - room);
  for (const [k, one] of placed.entries()) {
    for (const other of placed.slice(k + 1)) {
      const across = other.left - one.left || 0.1,
        down = other.top - one.top || 0.1,
        distance = Math.hypot(across, down);
      // half of what is missing, shared by the two
      const push = Math.max(0, apart - distance) / (4 * distance);
      one.left = within(one.left - push * across, ROOM.across / 2, width);
      one.top = within(one.top - push * down, ROOM.down / 2, height);
      other.left = within(other.left + push * across, ROOM.across / 2, width);
      other.top = within(other.top + push * down, ROOM.down / 2, height);
    }
  }
}

function ends(from, to) {
  return { x1: from.left, y1: from.top, x2: to.left, y2: to.top };
}

/** Put the points there; the link of a word that was there already is kept, with its focus. */
function show($svg, placed) {
  const kept = new Map(
    $svg
      .find(".point")
      .get()
      .map((link) => [link.dataset.word, link]),
  );
  for (const point of placed) {
    point.link = kept.get(point.word) ?? made(point.word);
    kept.delete(point.word);
    point.link.setAttribute("href", point.href);
    point.link.classList.toggle("asked", Boolean(point.asked));
    point.link.style.transform = `translate(${point.left}px, ${point.top}px)`;
    if (!point.link.isConnected) $svg.find(".points").append(point.link);
  }
  for (const link of kept.values()) link.remove();
}

function made(word) {
  const link = element("a", { class: "point", "data-word": word, "aria-label": word });
  $(link).append(
    element("circle", { r: 14, class: "reach" }),
    element("circle", { class: "dot" }),
    element("text"),
  );
  link.lastChild.textContent = word;
  return link;
}

/**
 * Place each label beside its point where it covers nothing; one with no
 * such place is left to the spotlight. A word asked may cover points.
 */
function label(placed, width, height) {
  const dots = placed.map(({ left, top }) => ({
      left: left - DOT,
      right: left + DOT,
      top: top - DOT,
      bottom: top + DOT,
    })),
    labels = [];
  const inside = (box) =>
    box.left >= EDGE && box.right <= width - EDGE && box.top >= EDGE && box.bottom <= height - EDGE;
  const clear = (box, taken) =>
    !taken.some(
      (other) =>
        box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom,
    );
  for (const point of [...placed].reverse()) {
    const text = point.link.lastChild,
      boxes = boxesAround(point, text.getBBox());
    const box =
      boxes.find((one) => inside(one) && clear(one, [...dots, ...labels])) ??
      (point.asked && boxes.find((one) => inside(one) && clear(one, labels)));
    point.link.classList.toggle("crowded", !box);
    const { left, top, bottom } = box || boxes[2];
    text.setAttribute("x", left - point.left);
    // from the box to the line that letters stand on
    text.setAttribute("y", bottom - point.top - (bottom - top) * 0.24);
    if (box) labels.push(box);
  }
}

function boxesAround(point, { width, height }) {
  return PLACES.map(([right, down]) => {
    const left = point.left + right * (DOT + 3 + width / 2) * (down ? 0.75 : 1) - width / 2,
      top = point.top + down * (DOT + height / 2) - height / 2;
    return { left, right: left + width, top, bottom: top + height };
  });
}

/** The one point that Tab comes to. */
function rove($svg, link) {
  $svg.find(".point").attr("tabindex", -1);
  link.setAttribute("tabindex", 0);
}

/** The nearest point in this direction; what lies aside counts double. */
function towards($svg, link, [right, down]) {
  const from = place(link);
  const ahead = $svg
    .find(".point")
    .get()
    .map((other) => {
      const across = place(other).e - from.e,
        along = place(other).f - from.f;
      const forward = right * across + down * along,
        aside = Math.abs(down * across) + Math.abs(right * along);
      return { other, forward, cost: forward + 2 * aside };
    });
  return ahead.filter(({ forward }) => forward > 0.5).sort((one, other) => one.cost - other.cost)[0]?.other;
}

/** Where a point is, or is gliding to. */
function place(link) {
  return new DOMMatrix(link.style.transform);
}

/** Show one point's label above all others, or none. */
function spotlight($svg, link) {
  const [rect, text] = $svg.find(".spot").toggle(Boolean(link)).children().get();
  if (!link) return;
  const { e: left, f: top } = place(link),
    label = link.lastChild;
  text.textContent = label.textContent;
  const { width, height } = text.getBBox();
  const x = Math.min(Math.max(left + Number(label.getAttribute("x")), 6), $svg[0].clientWidth - width - 6),
    y = top + Number(label.getAttribute("y"));
  text.setAttribute("x", x);
  text.setAttribute("y", y);
  for (const [name, value] of Object.entries({
    x: x - 6,
    y: y - 0.76 * height - 3,
    width: width + 12,
    height: height + 6,
  }))
    rect.setAttribute(name, value);
}
