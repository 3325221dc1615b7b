// Ask the API, and show in one place what happens: a .state
// element, which is idle, warming, working, answered or failed.
// It tells how long an answer took and where, the model's version, and the call as a curl command.

import { copyOnClick, written } from "./curl.js";
import { anotherKey, currentKey } from "./key.js";

const API = new URL(".", location.href);
const PATIENCE = 35; // seconds for an answer: the gateway gives up after 30
const LONGEST_WAIT = 30; // seconds between two tries
const PASSING = [429, 502, 503, 504]; // answers that another may follow,
const SOON = 120; // where it is not longer than that, in seconds: a key's day of calls is
const UNREACHABLE = "The server cannot be reached. Check your connection and try again.";
const UNREADABLE =
  "The answer cannot be read: something between you and the server changed it. Try again in a while.";
/** What the gateway answers by itself has a body for machines, or none. */
const GATEWAY = {
  403: "The server does not allow this call.",
  413: "This is too large to be sent. Shorten the text, or choose a smaller picture.",
  429: "The server has too many calls at the moment.",
  500: "Something went wrong on the server. Try again in a while.",
  502: "The server stopped before it answered.",
  503: "The server is not ready yet.",
  504: "The server did not answer in time.",
};

class Refused extends Error {}

/**
 * Ask the API; what happens is shown in $state. Gives the answer (JSON, or a Blob where accept names a
 * picture), or null.
 *
 * A body makes it a POST: a FormData as it is, anything else as JSON. A new call in the same place gives up the
 * one before. Where quiet, no screen reader is told of each answer: for those that follow a moving slider.
 * again() is what "Try again" does.
 */
export async function ask(
  $state,
  path,
  { body, accept = "application/json", warming = false, quiet = false, again } = {},
) {
  $state.data("abort")?.abort();
  const abort = new AbortController(),
    call = { url: new URL(path, API).href, body, accept, signal: abort.signal };
  const began = performance.now(),
    told = { since: Date.now(), again };
  $state.data({ abort, call }).find(".curl").prop("hidden", false).find("details").trigger("toggle");
  const working = () =>
    warming
      ? tell($state, "warming", "Warming the model", told)
      : tell($state, "working", quiet ? "" : "Working", told);
  working();
  try {
    const response = await untilReady(call, $state, working, told);
    if (!response.ok) throw new Refused(await sentence(response));
    const answer = await (accept.startsWith("image/") ? response.blob() : response.json());
    if ($state.data("abort") !== abort) return null;
    const took = performance.now() - began,
      says = `${warming ? "Ready after" : "Answered in"} ${time(took)}`,
      parts = times(response, took);
    // what is quiet is not read out
    tell($state, "answered", quiet ? "" : says, { times: quiet ? [says, ...parts] : parts });
    return answer;
  } catch (error) {
    if ($state.data("abort") !== abort) return null; // something else was asked, or this was given up
    if (abort.signal.aborted) tell($state, "idle", "Cancelled.", told);
    else tell($state, "failed", error instanceof Refused ? error.message : UNREADABLE, told);
    return null;
  }
}

/** Gives a function that calls another, one call at a time: of the calls meanwhile, the last one follows. */
export function oneByOne(call) {
  let running = false,
    wanted = false;
  return async () => {
    wanted = true;
    if (running) return;
    running = true;
    try {
      while (wanted) {
        wanted = false;
        await call();
      }
    } finally {
      running = false;
    }
  };
}

/** Show a state and its sentence; since when it lasts, what "Try again" does, how long parts took. */
export function tell($state, state, text, { since, again, times = [] } = {}) {
  const busy = state === "warming" || state === "working";
  $state
    .attr("data-state", state)
    .closest("section")
    .attr("aria-busy", busy ? "true" : null);
  if ($state.find(".sentence").text() !== text) $state.find(".sentence").text(text);
  $state
    .find(".timing")
    .empty()
    .append(times.map((part) => $("<span>").text(part)));
  $state.find(".cancel").prop("hidden", !busy || !text);
  $state
    .data("again", again)
    .find(".again")
    .prop("hidden", busy || state === "answered" || !again);
  $state.find(".sent").prop("hidden", true);
  clearInterval($state.data("ticking"));
  const tick = () => $state.find(".clock").text(busy && text && since ? time(Date.now() - since) : "");
  tick();
  if (busy && text && since) $state.data("ticking", setInterval(tick, 100));
}

/** Drop the call under way in this place, if any. */
export function giveUp($state) {
  const abort = $state.data("abort");
  $state.removeData("abort");
  abort?.abort();
  tell($state, "idle", "");
}

/** Make a .state element ready. */
export function prepare($state) {
  $state.append($("#state").prop("content").cloneNode(true)).attr("data-state", "idle");
  $state.find(".cancel").on("click", () => $state.data("abort")?.abort());
  $state.find(".again").on("click", () => $state.data("again")());
  const $pre = $state.find("pre");
  $state.find("details").on("toggle", async (event) => {
    if (event.target.open && $state.data("call")) $pre.text(await written($state.data("call")));
  });
  copyOnClick($state.find(".copy-curl"), () => written($state.data("call")));
}

/**
 * Fetch; where the answer is that the server is not ready, or none
 * comes in time, wait longer each time until the visitor cancels.
 */
async function untilReady(call, $state, working, told) {
  for (let wait = 1; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const response = await send(call, (share) =>
      $state.find(".sent").prop({ hidden: share === 1, value: share }),
    );
    if (response.status === 401) {
      if (await anotherKey(call.key, await sentence(response.clone()))) continue;
      return response;
    }
    const pause = Math.max(wait, Number(response.headers.get("Retry-After")) || 0);
    if (!PASSING.includes(response.status) || pause > SOON) return response;
    tell($state, "warming", `${await sentence(response)} Trying again in ${pause} s.`, told);
    await new Promise((done, stop) => {
      setTimeout(done, 1000 * pause);
      call.signal.addEventListener("abort", stop, { once: true });
    });
    working();
  }
}

/** One call, as a Response. By XMLHttpRequest, since fetch does not tell how much of a body has been sent. */
function send(call, progress) {
  const { url, body, accept, signal } = call;
  call.key = currentKey();
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest(),
      json = body !== undefined && !(body instanceof FormData);
    const headers = () =>
      request
        .getAllResponseHeaders()
        .trim()
        .split(/\r?\n/)
        .map((line) => line.split(/:\s*(.*)/s, 2));
    request.open(body === undefined ? "GET" : "POST", url);
    request.responseType = "blob";
    request.timeout = 1000 * PATIENCE;
    request.setRequestHeader("Accept", accept);
    if (call.key) request.setRequestHeader("x-api-key", call.key);
    if (json) request.setRequestHeader("Content-Type", "application/json");
    else if (body) request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () =>
      done(new Response(request.response, { status: request.status, headers: headers() }));
    request.ontimeout = () => done(new Response(null, { status: 504 }));
    request.onerror = () =>
      fail(new Refused(navigator.onLine ? UNREACHABLE : `You are offline. ${UNREACHABLE}`));
    request.onabort = fail;
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(json ? JSON.stringify(body) : body);
  });
}

/** The server's own words on what is wrong, or ours where it has none. */
async function sentence(response) {
  const problem = await response.json().catch(() => null);
  if (typeof problem?.detail === "string" && problem.detail) return problem.detail;
  return (
    GATEWAY[response.status] ??
    `The server gave an answer that this page does not understand (${response.status}). Try again in a while.`
  );
}

/**
 * 'forward;dur=3.1, total;dur=4, cold, model;desc="words 4a8d"' ->
 * ["forward 3.1 ms", "on the way 20 ms", "cold start", "version 4a8d"]
 */
function times(response, took) {
  const entries = [
    ...(response.headers.get("Server-Timing") ?? "").matchAll(
      /([\w-]+)(?:;dur=([\d.]+))?(?:;desc="([^"]*)")?/g,
    ),
  ];
  // Server-Timing is of the first time
  const kept = entries.some(([, name, milliseconds]) => name === "total" && milliseconds > took);
  const told = entries.map(([, name, milliseconds, text]) => {
    if (name === "model") return `version ${text.split(" ").at(-1)}`;
    if (name === "fallback") return "the last good version";
    if (name === "total") return kept ? "kept by this browser" : `on the way ${time(took - milliseconds)}`;
    if (kept) return "";
    return name === "cold" ? "cold start" : milliseconds >= 0.05 && `${name} ${time(Number(milliseconds))}`;
  });
  return told.filter(Boolean);
}

function time(milliseconds) {
  if (milliseconds >= 950) return `${(milliseconds / 1000).toFixed(1)}\u00a0s`;
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)}\u00a0ms`;
}
