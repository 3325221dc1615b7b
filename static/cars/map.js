// The card with the map: cars drawn where their latents lie in the plane. Pointing decodes a
// place, dragging walks, a click edits. The lattice decodes evenly spaced places at once.

import { ask } from "../ask.js";
import { put, tile } from "./latent.js";

const NEAR = 5; // cars of the map that the latent of a place is a mean of
const LEAST = 52; // pixels across a car of the map; where that many have no room, fewer are drawn
const OVERLAP = 1.3; // a car's width over the distance to the next; most of its edge is white
const STEP = 0.02; // of the map, for a press of an arrow key,
const LEAP = 5; // and how many of these with Shift
const STILL = 4; // pixels that a finger may tremble and still click
const WIDE = 600; // pixels across the map from which on the lattice has SIDES[1] rows
const SIDES = [4, 6];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Gives {describe}. choose(picture) is called where the visitor wants to edit it. */
export function mapping($at, choose) {
  const $plane = $at(".plane"),
    $state = $at(".map .of-place"),
    $pointed = $at(".pointed");
  let map = null, // as GET /cars/map answers it, with its sheet as an image
    margin = 0, // of the places from the edge, as a share of the plane
    aspect = 1,
    here = { x: 0.5, y: 0.5 }, // the place of the cross-hair
    shown = null, // the picture of the last place that was decoded
    decoding = null,
    taking = false;

  /** The map is asked for when it comes into sight. */
  function describe(record) {
    aspect = record.aspect;
    $at(".map").prop("hidden", !record.map);
    const sight = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      sight.disconnect();
      load();
    });
    if (record.map && !map) sight.observe($at(".map")[0]);
  }

  async function load() {
    const answer = await ask($state, "cars/map", { quiet: true, again: load });
    if (!answer) return;
    const sheet = $("<img>", { src: answer.image })[0];
    await sheet.decode();
    map = { ...answer, sheet, gaps: gaps(answer.places) };
    $plane.css("aspect-ratio", `${map.tile.width} / ${map.tile.height}`);
    $at(".draw-lattice").prop("disabled", false);
    new ResizeObserver(() => {
      margin = drawn($plane.find("canvas")[0], map) ?? margin;
      mark();
    }).observe($plane[0]);
    point(here);
  }

  const share = (value) => margin + (1 - 2 * margin) * value;
  const mark = () => $plane.css({ "--x": share(here.x), "--y": share(here.y) });

  /** Move the cross-hair. One question at a time: the newest place is decoded next. */
  function point(place) {
    here = place;
    mark();
    decoding ??= decode().finally(() => {
      decoding = null;
    });
    return decoding;
  }

  async function decode() {
    while (shown?.at !== here) {
      const at = here,
        body = { latents: [latentAt(map, at)], aspect };
      const answer = await ask($state, "cars/generate", { body, quiet: true, again: () => point(here) });
      if (!answer) return;
      shown = { at, image: answer.images[0], latent: answer.latents[0], aspect, name: named(at) };
      put($pointed, shown);
      $pointed.prop("hidden", false).find(".name").text(shown.name);
    }
  }

  /** Edit what is at a place, as soon as it is decoded; until then the cross-hair stays there. */
  async function take(place) {
    taking = true;
    await point(place);
    taking = false;
    if (shown?.at === place) choose(shown);
  }

  walking($plane, {
    placeOf: (...shares) => {
      const [x, y] = shares.map((value) => within((value - margin) / (1 - 2 * margin)));
      return { x, y };
    },
    point: (place) => map && !taking && point(place),
    take: (place) => map && !taking && take(place),
  });
  $plane.on("keydown", (event) => {
    const [right, down] = ARROWS[event.key] ?? [0, 0],
      step = event.shiftKey ? LEAP * STEP : STEP;
    if (!map || taking || !(event.key in ARROWS || event.key === "Enter")) return;
    event.preventDefault();
    if (event.key === "Enter") take(here);
    else point({ x: within(here.x + step * right), y: within(here.y + step * down) });
  });
  lattice($at, choose, () => ({ map, aspect, side: SIDES[Number($plane.width() >= WIDE)] }));
  return { describe };
}

/** Follow the pointer over the plane; a press without a move is a click, one with a move is a walk. */
function walking($plane, { placeOf, point, take }) {
  const $walk = $plane.find(".walk");
  let pressed = null,
    way = null; // of the walk under way: [[x, y], …] in shares of the plane
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = $plane[0].getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  };
  $plane.on("pointerdown", ({ originalEvent: event }) => {
    if (event.button) return;
    pressed = event;
    point(placeOf(...at(event)));
  });
  $plane.on("pointermove", ({ originalEvent: event }) => {
    const moved = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY);
    if (pressed && !way && moved < STILL) return;
    if (pressed && !way) {
      way = [at(pressed)];
      $plane[0].setPointerCapture(event.pointerId);
    }
    if (way) $walk.attr("points", [...way, at(event)].join(" "));
    way?.push(at(event));
    point(placeOf(...at(event)));
  });
  $plane.on("pointerup pointercancel", ({ type, originalEvent: event }) => {
    if (pressed && !way && type === "pointerup") {
      $walk.attr("points", "");
      take(placeOf(...at(event)));
    }
    pressed = way = null;
  });
}

/** The button that decodes evenly spaced places of the map, and what it shows. */
function lattice($at, choose, now) {
  const $lattice = $at(".lattice"),
    $state = $at(".map .of-lattice");
  async function show() {
    const { map, aspect, side } = now(),
      places = Array.from({ length: side * side }, (_, k) => ({
      x: ((k % side) + 0.5) / side,
      y: (Math.floor(k / side) + 0.5) / side,
    }));
    const body = { latents: places.map((place) => latentAt(map, place)), aspect };
    const answer = await ask($state, "cars/generate", { body, again: show });
    const pictures = (answer?.images ?? []).map((image, k) => ({
      image,
      latent: answer.latents[k],
      aspect,
      name: named(places[k]),
    }));
    $lattice.css("--side", side).empty().append(pictures.map(tile));
  }
  $at(".draw-lattice").on("click", show);
  $lattice.on("click", ".tile", (event) =>
    choose($(event.currentTarget).closest(".picture").data("picture")),
  );
}

/** How far each place is from all before it, by the larger one of across and down. */
function gaps(places) {
  return places.map(([x, y], k) =>
    Math.min(...places.slice(0, k).map(([a, b]) => Math.max(Math.abs(a - x), Math.abs(b - y)))),
  );
}

/**
 * Draw as many cars of the map as have room. White is see-through, since colours are
 * multiplied. Gives half a car's width as a share of the canvas, or null where it has no size.
 */
function drawn(canvas, { places, sheet, columns, tile: { width, height }, gaps }) {
  const { clientWidth, clientHeight } = canvas;
  if (!clientWidth) return null;
  const across = (gap) => (OVERLAP * gap) / (1 + OVERLAP * gap); // of a car, with half of it as a margin
  const crowded = gaps.findIndex((gap) => across(gap) * clientWidth < LEAST),
    count = crowded < 0 ? places.length : crowded;
  const share = across(Math.min(...gaps.slice(0, count), 0.5)),
    painter = canvas.getContext("2d");
  Object.assign(canvas, { width: clientWidth * devicePixelRatio, height: clientHeight * devicePixelRatio });
  Object.assign(painter, { fillStyle: "#fff", imageSmoothingQuality: "high" });
  painter.fillRect(0, 0, canvas.width, canvas.height);
  painter.globalCompositeOperation = "multiply";
  for (const [k, [x, y]] of places.slice(0, count).entries())
    painter.drawImage(
      sheet,
      (k % columns) * width,
      Math.floor(k / columns) * height,
      width,
      height,
      (1 - share) * x * canvas.width,
      (1 - share) * y * canvas.height,
      share * canvas.width,
      share * canvas.height,
    );
  return share / 2;
}

/**
 * The latent of a place: the mean of the nearest cars' latents, where a nearer one counts more
 * (Franke & Little's weights for Shepard's method). At a car it is the latent of that car.
 */
function latentAt({ places, latents }, { x, y }) {
  const near = places
    .map(([a, b], k) => ({ k, far: Math.max(Math.hypot(a - x, b - y), 1e-6) }))
    .sort((one, other) => one.far - other.far)
    .slice(0, NEAR + 1);
  const reach = near.at(-1).far,
    weights = near.map(({ far }) => ((reach - far) / (reach * far)) ** 2),
    whole = weights.reduce((sum, weight) => sum + weight);
  return latents[0].map((_, z) => {
    const mean = near.reduce((sum, { k }, n) => sum + weights[n] * latents[k][z], 0) / whole;
    return Number(mean.toFixed(4));
  });
}

function named({ x, y }) {
  return `Place ${Math.round(100 * x)}, ${Math.round(100 * y)} of the map`;
}

function within(share) {
  return Math.min(1, Math.max(0, share));
}
