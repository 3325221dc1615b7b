// The shell: shows one model's view at a time and asks the API. What to ask, and what an answer looks like, is in each model's script.
// A model NAME is a link to #NAME in index.html, a fragment NAME.html, and a script NAME.js that exports start($view). What is asked there
// may stand in the address, #NAME?query: the view gets the event "address" with the query, and calls go() to put another one there.

const API = new URL(".", location.href);
const LONGEST_WAIT = 30; // seconds between two tries at a server that is not ready
const UNREACHABLE = "The server cannot be reached. Check your connection and try again.";

/** Ask the API; what happens is shown in the element $state. Gives the answer (JSON, or a Blob where accept names a picture), or null.
 *
 *  A body makes it a POST: a FormData as it is, anything else as JSON. A new call in the same place gives up the one before.
 *  Where quiet, only a failure is told: for answers that follow a moving slider.
 */
export async function ask($state, path, { body, accept = "application/json", state = "working", quiet = false } = {}) {
  $state.data("abort")?.abort();
  const abort = new AbortController();
  const request = { ...sending(body, accept), signal: abort.signal };
  const url = new URL(path, API);
  $state.data("abort", abort);
  tell($state, state, quiet ? "" : state === "warming" ? "Warming the model" : "Working");
  $state.find(".curl").prop("hidden", false).find("pre").text(asCurl(url, body, accept));
  const began = performance.now();
  try {
    const response = await whenReady(url, request, $state);
    if (!response.ok) throw new Error(await sentence(response));
    const answer = accept.startsWith("image/") ? await response.blob() : await response.json();
    const took = `${state === "warming" ? "Ready after" : "Answered in"} ${seconds(performance.now() - began)}`;
    tell($state, "answered", quiet ? "" : took, timing(response));
    return answer;
  } catch (error) {
    if (abort.signal.aborted) {
      if ($state.data("abort") === abort) tell($state, "idle", "Cancelled.");
    } else tell($state, "failed", error instanceof TypeError ? UNREACHABLE : error.message);
    return null;
  }
}

/** Show a state (idle, warming, working, answered, failed) and its sentence in an element made by prepare(). */
export function tell($state, state, text, times = "") {
  const busy = state === "warming" || state === "working";
  $state.attr("data-state", state).closest("section").attr("aria-busy", busy ? "true" : null);
  if ($state.find(".sentence").text() !== text) $state.find(".sentence").text(text);
  $state.find(".timing").text(times);
  $state.find(".cancel").prop("hidden", !busy || !text);
  clearInterval($state.data("ticking"));
  const began = Date.now(), $clock = $state.find(".clock").text("");
  if (busy && text) $state.data("ticking", setInterval(() => $clock.text(seconds(Date.now() - began)), 100));
}

/** Drop the call under way in this place, if any. */
export function giveUp($state) {
  $state.data("abort")?.abort();
  $state.data("abort", null);
  tell($state, "idle", "");
}

/** Put a view and its query into the address, from where it is shown: a link carries it, and Back undoes it unless it replaces the one before. */
export function go(name, query, { replace = false } = {}) {
  const hash = query ? `#${name}?${query}` : `#${name}`;
  if (hash !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", hash);
  show();
}

/** A query as text; commas stay commas. */
export function queryOf(fields) {
  return new URLSearchParams(fields).toString().replaceAll("%2C", ",");
}

/** Hand a file to the visitor. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  $("<a>", { href: url, download: name })[0].click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Fetch; where the answer is 503 with Retry-After, wait longer each time and fetch again until the visitor cancels. */
async function whenReady(url, request, $state) {
  for (let wait = 1; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const response = await fetch(url, request);
    if (response.status !== 503 || !response.headers.has("Retry-After")) return response;
    const pause = Math.max(wait, Number(response.headers.get("Retry-After")) || 0);
    tell($state, "warming", `${await sentence(response)} Asking again in ${pause} s.`);
    await new Promise((done, stop) => {
      setTimeout(done, 1000 * pause);
      request.signal.addEventListener("abort", stop, { once: true });
    });
  }
}

function sending(body, accept) {
  if (body === undefined) return { headers: { Accept: accept } };
  if (body instanceof FormData) return { method: "POST", headers: { Accept: accept }, body };
  return { method: "POST", headers: { Accept: accept, "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

/** The server's own words on what is wrong. */
async function sentence(response) {
  const problem = await response.json().catch(() => ({}));
  return String(problem.detail ?? problem.message ?? `The server answered ${response.status} ${response.statusText}.`);
}

/** "parse;dur=3.1, cold" -> "parse 3.1 ms · cold" */
function timing(response) {
  const parts = (response.headers.get("Server-Timing") ?? "").split(",").filter(Boolean);
  return parts.map((part) => part.trim().replace(/;dur=([\d.]+)/, (_, ms) => `\u00a0${Number(ms).toFixed(1)}\u00a0ms`)).join(" · ");
}

function asCurl(url, body, accept) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const wish = accept === "application/json" ? "" : ` -H ${quoted(`Accept: ${accept}`)} -o answer.${accept.split("/")[1]}`;
  if (body === undefined) return `curl ${url.search ? quoted(url.href) : url}${wish}`; // a shell would take & and ? for its own
  if (body instanceof FormData) return `curl ${url}${wish} -F image=@picture.jpg`;
  return `curl ${url}${wish} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`;
}

function seconds(milliseconds) {
  return milliseconds < 950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function prepare($state) {
  $state.append($("#state").prop("content").cloneNode(true)).attr("data-state", "idle");
  $state.find(".cancel").on("click", () => $state.data("abort")?.abort());
}

/** Make a model's view: its fragment into the page, its script started. */
async function load(name, query) {
  const $view = $("<div>", { id: name, class: "view" }).data("query", query).appendTo("#views");
  try {
    const [script, response] = await Promise.all([import(`./${name}.js`), fetch(`${name}.html`)]);
    if (!response.ok) throw new TypeError(response.statusText);
    $view.html(await response.text()).find(".state").each((_, state) => prepare($(state)));
    script.start($view);
    $view.trigger("address", [$view.data("query")]);
  } catch {
    $view.text(UNREACHABLE);
  }
}

/** "#words?word=car" -> ["words", "word=car"] */
function parts(hash) {
  const [, name, query] = hash.match(/^#?([^?]*)\??(.*)$/s);
  return [name, query];
}

/** Show the view that the address names, or the first; what was done in the others stays, and their links lead back to it. */
function show() {
  const links = $("nav a").get(), [asked, query] = parts(location.hash);
  const link = links.find((known) => parts(known.hash)[0] === asked) ?? links[0], name = parts(link.hash)[0];
  if (name === asked) $(link).attr("href", location.hash);
  $(links).attr("aria-current", null);
  $(link).attr("aria-current", "page");
  document.title = `${$(link).text()} · Torch on Lambda`;
  $(".view").prop("hidden", true);
  const fields = new URLSearchParams(query), $view = $(`#${name}`).prop("hidden", false);
  if ($view.length) $view.data("query", fields).trigger("address", [fields]);
  else load(name, fields);
}

$(window).on("hashchange", show);
show();
