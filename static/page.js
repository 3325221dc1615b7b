// The shell: shows one view at a time and keeps what is
// asked in the address. How the API is asked is in ask.js.
// A view NAME is a folder: NAME/view.html, a fragment, and NAME/view.js,
// which exports start($view). Every model that has a record has a link to
// #NAME; that of the API stands in index.html. What is asked in a view may stand in the address,
// #NAME?query: the view gets the event "address" with the query, and calls go() to put another one there.
// Where start() gives a function, the view is a model's:
// the model is warmed, and the function gets its record.

import { ask, prepare } from "./ask.js";

/**
 * Put a view and its query into the address, from where it is shown: a
 * link carries it, and Back undoes it unless it replaces the one before.
 */
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

/** Make a view: its fragment into the page, its script started, its model warmed. */
async function load(name, link, query) {
  const $view = $("<div>", { id: name, class: "view" })
    .data("query", query)
    .appendTo("#views")
    .append($("#opening").prop("content").cloneNode(true));
  const $state = $view.find(".warmth"),
    $body = $("<div>").appendTo($view);
  $view.find("h1").text($(link).text());
  $view.find(".lead").text(link.dataset.lead);
  prepare($state);
  try {
    const [script, response] = await Promise.all([import(`./${name}/view.js`), fetch(`${name}/view.html`)]);
    if (!response.ok) throw new TypeError(response.statusText);
    $body
      .html(await response.text())
      .find(".state")
      .each((_, state) => prepare($(state)));
    const ready = await script.start($view);
    $view.trigger("address", [$view.data("query")]);
    if (ready) warm($view, name, ready);
  } catch {
    $body.append(
      $("<p>", { class: "notice" }).text(
        "This part of the page cannot be loaded. Check your connection and load the page again.",
      ),
    );
  }
}

/**
 * Load the model on the server, which takes seconds where no one
 * has asked for a while; again where the visitor wants it so.
 */
async function warm($view, name, ready) {
  const record = await ask($view.find(".warmth"), name, {
    warming: true,
    again: () => warm($view, name, ready),
  });
  if (!record) return;
  if (record.description) $view.find(".lead").text(record.description);
  ready(record);
}

/** "#words?word=car" -> ["words", "word=car"] */
function parts(hash) {
  const [, name, query] = hash.match(/^#?([^?]*)\??(.*)$/s);
  return [name, query];
}

/**
 * Show the view that the address names, or the first; what was
 * done in the others stays, and their links lead back to it.
 */
function show() {
  const links = $("nav a").get(),
    [asked, query] = parts(location.hash);
  const link = links.find((known) => parts(known.hash)[0] === asked) ?? links[0],
    name = parts(link.hash)[0];
  if (name === asked) $(link).attr("href", location.hash);
  $(links).attr("aria-current", null);
  $(link).attr("aria-current", "page");
  document.title = `${$(link).text()} · Torch on Lambda`;
  const fields = new URLSearchParams(query),
    $view = $(`#${name}`);
  if ($view.is(":hidden")) scrollTo(0, 0);
  $(".view").prop("hidden", true);
  $view.prop("hidden", false);
  if ($view.length) $view.data("query", fields).trigger("address", [fields]);
  else load(name, link, fields);
}

/**
 * Give each model a link, in the order of the records,
 * before that of the API; then show what the address names.
 */
async function navigate($state) {
  const found = await ask($state, "models", { quiet: true, again: () => navigate($state) });
  if (!found) return;
  const known = [...found.models, ...(found.unavailable ?? [])].sort((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  $("nav").prepend(
    known.map(({ name, description = "" }) =>
      $("<a>", { href: `#${name}`, "data-lead": description }).text(titled(name)),
    ),
  );
  $state.remove();
  show();
}

/** "street_signs" -> "Street signs" */
function titled(name) {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

$("#views").on("keydown", "textarea", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
const $finding = $("<div>", { class: "state" }).appendTo("#views");
prepare($finding);
$(window).on("hashchange", show);
navigate($finding);
