// A car in the address: the numbers of its latent and the aspect of its picture, and behind "~" the
// detail of a photo, if any; each number as three bytes in base64 for addresses. And the elements
// that show a latent's picture.

const STEPS = 1e4; // a latent has four decimals
const MIDDLE = 2 ** 23; // of what three bytes hold

export function coded({ latent, aspect, detail }) {
  return [[...latent, aspect], ...(detail ? [detail] : [])].map(written).join("~");
}

function written(numbers) {
  const bytes = numbers.flatMap((number) => {
    const whole = Math.round(number * STEPS) + MIDDLE;
    return [whole >> 16, (whole >> 8) & 255, whole & 255];
  });
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** The other way round; null where the text is no such thing. */
export function decoded(text) {
  try {
    const [numbers, detail] = text.split("~").map(read);
    return numbers.length > 1
      ? { latent: numbers.slice(0, -1), aspect: numbers.at(-1), ...(detail && { detail }) }
      : null;
  } catch {
    return null;
  }
}

function read(text) {
  const bytes = [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((sign) => sign.charCodeAt(0)),
    numbers = [];
  for (let k = 0; k + 2 < bytes.length; k += 3)
    numbers.push((bytes[k] * 65536 + bytes[k + 1] * 256 + bytes[k + 2] - MIDDLE) / STEPS);
  return numbers;
}

/** Show a picture in a .picture element, which keeps it. */
export function put($figure, picture) {
  $figure
    .data("picture", picture)
    .find("img:not(.original)")
    .attr({ src: picture.image, alt: picture.name })
    .prop("hidden", false);
}

/** A list item that shows a picture: a press on it edits it, and two buttons put it into Interpolate. */
export function tile(picture) {
  const end = (name) =>
    $("<button>", {
      type: "button",
      "data-end": name.toLowerCase(),
      "aria-label": `${name}: ${picture.name}`,
    }).text(name);
  const $tile = $("<li>", { class: "picture" }).append(
    $("<button>", {
      type: "button",
      class: "tile",
      title: "Edit",
      "aria-label": `Edit: ${picture.name}`,
    }).append($("<img>")),
    $("<span>", { class: "ends" }).append(end("From"), end("To")),
  );
  put($tile, picture);
  return $tile;
}
