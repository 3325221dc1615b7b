// A call as a curl command that asks exactly what the page asked, and text copied with one click.

const LINE = 76; // characters of base64 in a line

/** The command for a call {url, body, accept}. A picture that the page made is no file that the visitor has: it stands in the command. */
export async function written({ url, body, accept }) {
  const wish = accept === "application/json" ? "" : ` -H ${quoted(`Accept: ${accept}`)} -o answer.${accept.split("/")[1]}`;
  if (body === undefined) return `curl ${quoted(url)}${wish}`;
  if (!(body instanceof FormData)) return `curl ${quoted(url)}${wish} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
  const [[name, file]] = body; // the only forms are of one picture
  return `base64 --decode <<'END' | curl ${quoted(url)}${wish} -F ${quoted(`${name}=@-;filename=${file.name};type=${file.type || "application/octet-stream"}`)}\n${await base64(file)}\nEND\n`;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

async function base64(blob) {
  let text = "";
  for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text).match(new RegExp(`.{1,${LINE}}`, "g")).join("\n");
}

/** Let a button, whose first child is its text, copy what text() gives, and say so for a while. Where that is not allowed, as without TLS, the old way is tried. */
export function copyOnClick($button, text) {
  const $says = $button.children().first(), label = $says.text();
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
    const $area = $("<textarea>", { class: "unseen" }).val(text).appendTo("body").trigger("select"), copied = document.execCommand("copy");
    $area.remove();
    return copied;
  }
}
