// A photo on its way to the API: chosen, dropped or pasted; made upright and small; cropped to a square.

const LONGEST_SIDE = 1024; // pixels sent; the models look at fewer

/** Call choose(file) for a file from the inputs, dropped anywhere on the view, or pasted while the view is shown. */
export function onFile($view, $input, $drop, choose) {
  const first = (files) => { if (files?.length) choose(files[0]); };
  const mark = (over) => $drop.toggleClass("over", over);
  $input.on("change", (event) => { first(event.target.files); event.target.value = ""; });
  const shown = (event) => { event.preventDefault(); return $view.is(":visible"); }; // a drop beside the view must not leave the page
  $(document).on("dragover", (event) => { if (shown(event)) mark(true); });
  $(document).on("dragleave", () => mark(false));
  $(document).on("drop", (event) => { mark(false); if (shown(event)) first(event.originalEvent.dataTransfer.files); });
  $(document).on("paste", (event) => { if ($view.is(":visible")) first(event.originalEvent.clipboardData?.files); });
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
  const width = Math.max(1, Math.round(scale * image.naturalWidth)), height = Math.max(1, Math.round(scale * image.naturalHeight));
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

/** Show a square over a canvas in $stage, to be moved by mouse, finger or keys. Gives a function that cuts it out. */
export function cropping($stage, canvas) {
  $stage.empty().append(canvas).off("keydown").trigger("focus");
  const cropper = new Cropper(canvas, { aspectRatio: 1, viewMode: 1, autoCropArea: 0.95, checkOrientation: false, background: false, zoomable: false });
  $stage.on("keydown", (event) => { if (moveSquare(cropper, event.key)) event.preventDefault(); });
  return () => cropper.getCroppedCanvas({ fillColor: "white" });
}

/** Arrow keys move the square, + and - size it, by a fiftieth of the photo. True where the key meant something. */
function moveSquare(cropper, key) {
  const moves = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0], "+": [0, 0, 1], "=": [0, 0, 1], "-": [0, 0, -1] };
  if (!moves[key]) return false;
  const square = cropper.getData(), step = cropper.getImageData().naturalWidth / 50;
  const [right, down, larger] = moves[key].map((move) => move * step);
  cropper.setData({ ...square, x: square.x + right, y: square.y + down, width: square.width + larger, height: square.height + larger });
  return true;
}
