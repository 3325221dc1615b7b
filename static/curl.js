// A call as a curl command that asks exactly what the page asked, and text copied with one click.

const LINE = 76; // characters of base64 in a line

/**
 * The command for a call {url, body, accept, key}. A picture that the page
 * made is no file that the visitor has: it stands in the command. A key does not: it is a variable there.
 */
export async function written({ url, body, accept, key }) {
  const opened = key ? ' -H "x-api-key: $API_KEY"' : "";
  const wish =
    accept === "application/json"
      ? opened
      : `${opened} -H ${quoted(`Accept: ${accept}`)} -o answer.${accept.split("/")[1]}`;
  if (body === undefined) return `curl ${quoted(url)}${wish}`;
  if (!(body instanceof FormData))
    return `curl ${quoted(url)}${wish} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
  const parts = [...body], // of which one is a picture
    file = parts.map(([, value]) => value).find((value) => value instanceof File);
  const form = parts.map(([name, value]) => `-F ${quoted(part(name, value))}`).join(" ");
  return `base64 --decode <<'END' | curl ${quoted(url)}${wish} ${form}\n${await base64(file)}\nEND\n`;
}

/** A part of a form as curl is told it; a picture comes from the pipe. */
function part(name, value) {
  if (!(value instanceof File)) return `${name}=${value}`;
  return `${name}=@-;filename=${value.name};type=${value.type || "application/octet-stream"}`;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function base64(blob) {
  let text = "";
  for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text)
    .match(new RegExp(`.{1,${LINE}}`, "g"))
    .join("\n");
}

/**
 * Let a button, whose first child is its text, copy what text() gives, and say so
 * for a while. Where that is not allowed, as without TLS, the old way is tried.
 */
export function copyOnClick($button, text) {
  const $says = $button.children().first(),
    label = $says.text();
  $button.on("click", async () => {
    $says.text((await copy(await text())) ? "Copied" : "Cannot copy here");
    setTimeout(() => $says.text(label), 2000);
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const $area = $("<textarea>", { class: "unseen" }).val(text).appendTo("body").trigger("select"),
      copied = document.execCommand("copy");
    $area.remove();
    return copied;
  }
}
