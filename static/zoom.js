// Zoom of a plot: by buttons, the keys + - and 0, a double click, Ctrl
// and the wheel, two fingers; where it is zoomed in, it is dragged.

const LARGEST = 8; // times
const STEP = 1.6; // times, for a press
const STILL = 4; // pixels that a finger may tremble and still click

/**
 * Gives the view {scale, left, top, to, whole}, where a place of the plot is
 * at scale * place + left or top. redraw() is called when it has changed.
 */
export function zooming($svg, $buttons, redraw) {
  const view = { scale: 1, left: 0, top: 0 },
    fingers = new Map(),
    wish = { in: STEP, out: 1 / STEP };
  let dragged = false;
  const within = (offset, size) => Math.min(0, Math.max(size * (1 - view.scale), offset));
  const middle = () => [$svg[0].clientWidth / 2, $svg[0].clientHeight / 2];
  const put = (left, top) =>
    Object.assign(view, { left: within(left, $svg[0].clientWidth), top: within(top, $svg[0].clientHeight) });
  const tell = () => {
    $svg.attr("data-zoomed", view.scale > 1 || null);
    $buttons.filter("[data-zoom=in]").prop("disabled", view.scale >= LARGEST);
    $buttons.not("[data-zoom=in]").prop("disabled", view.scale <= 1);
  };

  /**
   * Zoom by a factor, so that a place of the screen comes to another,
   * or stays. A gesture is followed at once, a press glides.
   */
  function by(factor, [x, y], [toX, toY] = [x, y], gesture = false) {
    const before = view.scale;
    view.scale = Math.min(LARGEST, Math.max(1, before * factor));
    put(toX - ((x - view.left) * view.scale) / before, toY - ((y - view.top) * view.scale) / before);
    show(gesture);
  }

  function show(gesture) {
    $svg.toggleClass("gesture", gesture);
    tell();
    redraw();
  }

  const at = ({ clientX, clientY }) => {
    const { left, top } = $svg[0].getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const apart = ([[a, b], [c, d]]) => Math.hypot(a - c, b - d),
    between = ([[a, b], [c, d]]) => [(a + c) / 2, (b + d) / 2];
  const place = (point) => (({ e, f }) => [e, f])(new DOMMatrix(point.style.transform));
  const nearest = (kind) =>
    $svg
      .find(kind)
      .get()
      .map(place)
      .sort((one, other) => apart([one, middle()]) - apart([other, middle()]))[0];
  /**
   * A press brings the point with the focus to the middle, or else
   * the nearest word asked for: what is empty need not be seen large.
   */
  const act = (name) =>
    by(wish[name] ?? 0, nearest(".point:focus") ?? nearest(".point.asked") ?? middle(), middle());
  $buttons.on("click", (event) => act(event.currentTarget.dataset.zoom));
  $svg.parent().on("keydown", ".point", ({ key, ctrlKey, metaKey }) => {
    const name = { "+": "in", "=": "in", "-": "out", 0: "whole" }[key];
    if (name && !ctrlKey && !metaKey) act(name);
  });
  $svg[0].addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return; // the wheel alone moves the page
      event.preventDefault();
      by(Math.exp(-Math.max(-50, Math.min(50, event.deltaY)) / 100), at(event), at(event), true);
    },
    { passive: false },
  );
  $svg.on("dblclick", (event) => {
    if (!$(event.target).closest(".point").length) by(STEP, at(event));
  });
  $svg.on("dragstart", (event) => event.preventDefault());
  $svg.on("pointerdown", ({ originalEvent: event }) => {
    dragged = false;
    fingers.set(event.pointerId, at(event));
  });
  $svg.on("pointermove", ({ originalEvent: event }) => {
    const before = [...fingers.values()],
      last = fingers.get(event.pointerId),
      now = at(event);
    if (!last || (apart([last, now]) < STILL && !dragged)) return;
    fingers.set(event.pointerId, now);
    dragged = true;
    $svg[0].setPointerCapture(event.pointerId);
    const after = [...fingers.values()];
    put(view.left + now[0] - last[0], view.top + now[1] - last[1]);
    if (before.length > 1)
      by(apart(after) / Math.max(1, apart(before)), between(after), between(after), true);
    else show(true);
  });
  $svg.on("pointerup pointercancel", ({ originalEvent: event }) => fingers.delete(event.pointerId));
  $svg[0].addEventListener(
    "click",
    (event) => {
      // the end of a drag is no press
      if (dragged) event.stopPropagation();
      if (dragged) event.preventDefault();
      dragged = false;
    },
    { capture: true },
  );

  tell();
  return Object.assign(view, {
    /** Bring a place of the screen into the middle, if it is not in sight. */
    to: (x, y) => {
      const [right, down] = middle();
      if (x >= 0 && y >= 0 && x <= 2 * right && y <= 2 * down) return;
      put(view.left + right - x, view.top + down - y);
      show(false);
    },
    resized: (factor) => put(view.left * factor, view.top),
    whole: () => {
      Object.assign(view, { scale: 1, left: 0, top: 0 });
      $svg.removeClass("gesture");
      tell();
    },
  });
}
