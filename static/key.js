// The key that a deployment may ask for: asked for once, and kept in this browser alone.

const NAME = "x-api-key";
let key = kept(),
  asking = null; // the one dialog, for all calls that wait for it

/** The key, or "". */
export function currentKey() {
  return key;
}

/** The visitor's key, where the one that was tried is not known; false where none is given. */
export function anotherKey(tried, sentence) {
  if (key !== tried) return true; // given in the meantime, for another call
  asking ??= opened(sentence).finally(() => (asking = null));
  return asking;
}

/** Show the dialog; resolves when it is closed, to whether a key was given. */
function opened(sentence) {
  const $dialog = $($("#key").prop("content").cloneNode(true)).find("dialog").appendTo("body");
  $dialog.find(".says").text(sentence);
  $dialog.find(".cancel").on("click", () => $dialog[0].close());
  return new Promise((done) => {
    $dialog.on("close", () => {
      const given = $dialog[0].returnValue === "given" && $dialog.find("input").val().trim();
      $dialog.remove();
      if (given) keep(given);
      done(Boolean(given));
    });
    $dialog[0].showModal();
  });
}

/** Where a browser keeps nothing, the key lasts as long as the page. */
function keep(given) {
  key = given;
  try {
    localStorage.setItem(NAME, given);
  } catch {
    // it is in `key`
  }
}

function kept() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}
