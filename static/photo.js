// A photo on its way to the API: chosen, dropped or pasted; made upright and small; cropped to a frame;
// and wiped from what it was to what came of it.

const LONGEST_SIDE = 1024; // pixels sent; the models look at fewer

/**
 * Call choose(file) for a file from the inputs, dropped
 * anywhere on the view, or pasted while the view is shown.
 */
export function onFile($view, $input, $drop, choose) {
  const first = (files) => {
    if (files?.length) choose(files[0]);
  };
  const mark = (over) => $drop.toggleClass("over", over);
  $input.on("change", (event) => {
    first(event.target.files);
    event.target.value = "";
  });
  const shown = (event) => {
    event.preventDefault();
    return $view.is(":visible");
  }; // a drop beside the view must not leave the page
  $(document).on("dragover", (event) => {
    if (shown(event)) mark(true);
  });
  $(document).on("dragleave", () => mark(false));
  $(document).on("drop", (event) => {
    mark(false);
    if (shown(event)) first(event.originalEvent.dataTransfer.files);
  });
  $(document).on("paste", (event) => {
    if ($view.is(":visible")) first(event.originalEvent.clipboardData?.files);
  });
}

/** A file as an image, or null where the browser cannot show it. */
export async function opened(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** An image on a canvas, upright, on white, and small enough to send. */
export function shrunk(image) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const width = Math.max(1, Math.round(scale * image.naturalWidth)),
    height = Math.max(1, Math.round(scale * image.naturalHeight));
  const canvas = $("<canvas>").prop({ width, height })[0];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, width, height);
  return canvas;
}

export function jpeg(canvas) {
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

/**
 * Show a frame over a canvas in $stage, to be moved by mouse, finger or keys.
 * Gives {cut, set}: cut() gives what is in it, set(box) moves it to a box.
 */
export function cropping($stage, canvas) {
  let box;
  const set = (wanted) => {
    box = wanted;
    if (cropper.ready)
      cropper.setData({ x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top });
  };
  $stage.empty().append(canvas).off("keydown").trigger("focus");
  const cropper = new Cropper(canvas, {
    initialAspectRatio: 1,
    viewMode: 1,
    autoCropArea: 0.95,
    checkOrientation: false,
    background: false,
    zoomable: false,
    responsive: false, // it scales width and height by one ratio, and those of the stage change by two
    ready: () => box && set(box),
  });
  const resized = new ResizeObserver(() => {
    if (!canvas.isConnected) resized.disconnect(); // another photo is on the stage
    else if (cropper.ready && $stage.is(":visible")) fit(cropper);
  });
  resized.observe($stage[0]);
  $stage.on("keydown", (event) => {
    if (moveFrame(cropper, event.key)) event.preventDefault();
  });
  return { cut: () => cropper.getCroppedCanvas({ fillColor: "white" }), set };
}

/** Show the photo as large as the stage is now, with the frame around the same part of it. */
function fit(cropper) {
  const frame = cropper.getData();
  cropper.setCropBoxData({ width: 0, height: 0 }); // render() makes no photo smaller than its frame
  cropper.render(); // measures the stage
  cropper.setData(frame);
}

/** The canvas with a box drawn on it, as a data URI. */
export function boxed(canvas, { left, top, right, bottom }) {
  const copy = $("<canvas>").prop({ width: canvas.width, height: canvas.height })[0],
    pen = copy.getContext("2d");
  pen.drawImage(canvas, 0, 0);
  pen.lineWidth = Math.max(2, canvas.width / 100);
  pen.strokeStyle = "#ff3b30";
  pen.strokeRect(left, top, right - left, bottom - top);
  return copy.toDataURL("image/jpeg", 0.9);
}

/**
 * Arrow keys move the frame, + and - size it, by a fiftieth of the photo. True where the key meant something.
 */
function moveFrame(cropper, key) {
  const moves = {
    ArrowLeft: [-1, 0, 0],
    ArrowRight: [1, 0, 0],
    ArrowUp: [0, -1, 0],
    ArrowDown: [0, 1, 0],
    "+": [0, 0, 1],
    "=": [0, 0, 1],
    "-": [0, 0, -1],
  };
  if (!moves[key]) return false;
  const frame = cropper.getData(),
    step = cropper.getImageData().naturalWidth / 50;
  const [right, down, larger] = moves[key].map((move) => move * step);
  cropper.setData({
    ...frame,
    x: frame.x + right,
    y: frame.y + down,
    width: frame.width + larger,
    height: frame.height + larger,
  });
  return true;
}

/**
 * Let the range over two pictures in $wipe wipe from one to the other, in a box of the first one's shape.
 * Gives a function that sets its share.
 */
export function wiping($wipe) {
  const wipe = (share) =>
    $wipe
      .find("input")
      .val(share)
      .attr("aria-valuetext", `${share} % of the original`)
      .end()[0]
      .style.setProperty("--at", `${share}%`);
  $wipe.find("input").on("input", (event) => wipe(Number(event.target.value)));
  $wipe
    .find("img")
    .first()
    .on("load", ({ target }) =>
      $wipe[0].style.setProperty("--shape", target.naturalWidth / target.naturalHeight),
    );
  return wipe;
}
