// The API view, made from openapi.yaml: every call with its fields,
// its answers and a form to try it. Loaded only when it is opened.
// #api?call=similarity opens a call.

import { ask, prepare, tell } from "../ask.js";
import { queryOf } from "../page.js";
import { load } from "../vendor/js-yaml.js";

const LARGEST = 4_500_000; // characters of an answer that are shown: more would stall the page

export async function start($view) {
  const response = await fetch("openapi.yaml");
  if (!response.ok) throw new TypeError(response.statusText);
  const contract = load(await response.text()),
    seen = resolved(contract);
  $view.find(".about").append(marked(contract.info.description));
  $view.find(".routes").append(contract.tags.map((tag) => group(tag, calls(contract, tag.name), seen)));
  $view.find(".call").each((_, call) => trying($(call)));
  $view.on("address", (event, query) => {
    const call = $view
      .find(".call")
      .get()
      .find(({ dataset }) => dataset.call === query.get("call"));
    if (!call) return;
    call.open = true;
    call.scrollIntoView();
  });
}

/** Gives a function that follows a $ref, and joins what allOf lists. */
function resolved(contract) {
  const follow = (schema) => {
    if (schema?.$ref)
      return {
        ...follow(
          schema.$ref
            .slice(2)
            .split("/")
            .reduce((part, name) => part[name], contract),
        ),
        ...schema,
        $ref: undefined,
        of: schema.$ref.split("/").at(-1),
      };
    if (!schema?.allOf) return schema ?? {};
    const parts = schema.allOf.map(follow);
    return {
      ...Object.assign({}, ...parts),
      properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
      required: parts.flatMap(({ required = [] }) => required),
    };
  };
  return follow;
}

function calls({ paths }, tag) {
  const all = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, call]) => ({ path, method: method.toUpperCase(), ...call })),
  );
  return all.filter(({ tags }) => tags.includes(tag));
}

function group({ name, description }, found, seen) {
  const id = `api-${name}`;
  return $("<section>", { class: "card", "aria-labelledby": id }).append(
    $("<h2>", { id }).text(name),
    $("<p>", { class: "hint" }).text(description),
    found.map((call) => folded(call, seen)),
  );
}

function folded(call, seen) {
  const { method, path, summary, description, operationId, parameters = [], requestBody } = call;
  const bodies = Object.entries(requestBody?.content ?? {});
  return $("<details>", { class: "call", "data-call": operationId })
    .data("call", call)
    .append(
      $("<summary>").append($("<code>").text(`${method} ${path}`), " ", $("<span>").append(marked(summary))),
      description && $("<p>").append(marked(description)),
      parameters.length
        ? fields(
            "Query",
            parameters.map(({ name, required, schema, description }) => ({
              description,
              ...seen(schema),
              name,
              required,
            })),
            seen,
          )
        : "",
      bodies.flatMap(([type, { schema }]) => body(type, schema, seen)),
      Object.entries(seen(call.responses["200"]).content ?? {})
        .slice(0, 1)
        .map(([type, { schema }]) => answers(type, schema, seen)),
      form(call, seen),
    );
}

/** A table of fields for each way to write a body. */
function body(type, schema, seen) {
  const ways = seen(schema).oneOf?.map(seen) ?? [seen(schema)];
  return ways.map(({ properties = {}, required = [] }, k) =>
    fields(
      `Body: ${type}${ways.length > 1 ? `, way ${k + 1} of ${ways.length}` : ""}`,
      Object.entries(properties).map(([name, part]) => ({
        ...seen(part),
        name,
        required: required.includes(name),
      })),
      seen,
    ),
  );
}

function answers(type, schema, seen) {
  const ways = seen(schema).anyOf?.map(seen) ?? [seen(schema)],
    properties = Object.assign({}, ...ways.map((way) => way.properties));
  return fields(
    `Answer: ${type}`,
    Object.entries(properties).map(([name, part]) => ({ ...seen(part), name, required: false })),
    seen,
  );
}

/** A table of fields: name, what it may be, what it means. */
function fields(title, parts, seen) {
  if (!parts.length) return $("<p>", { class: "small" }).text(title);
  return $("<table>").append(
    $("<caption>").text(title),
    $("<tbody>").append(
      parts.map(({ name, required, ...schema }) =>
        $("<tr>").append(
          $("<th>", { scope: "row" }).append($("<code>").text(name), required ? " *" : ""),
          $("<td>").text(kind(schema, seen)),
          $("<td>", { class: "meaning" }).append(marked(schema.description ?? "")),
        ),
      ),
    ),
  );
}

/** Text in which `this` is code. */
function marked(text) {
  return text.split("`").map((part, k) => (k % 2 ? $("<code>").text(part) : document.createTextNode(part)));
}

/** "integer from 1 to 100, 10 where it is not given" */
function kind(schema, seen) {
  const { minimum, exclusiveMinimum, maximum, maxLength, minItems, maxItems, items } = seen(schema),
    { default: standard, oneOf, anyOf } = seen(schema),
    ways = oneOf ?? anyOf;
  if (ways) return ways.map((way) => kind(seen(way), seen)).join(", or ");
  const count = maxItems && (minItems === maxItems ? ` of ${maxItems}` : ` of at most ${maxItems}`);
  const parts = [
    basis(seen(schema)),
    items && `${count ?? " of"} ${kind(seen(items), seen)}`,
    minimum !== undefined && ` from ${minimum}`,
    exclusiveMinimum !== undefined && ` above ${exclusiveMinimum}`,
    maximum !== undefined && ` to ${maximum}`,
    maxLength && `, at most ${maxLength} characters`,
    standard !== undefined && `; ${standard === "" ? '""' : standard} if not given`,
  ];
  return parts.filter(Boolean).join("");
}

/** "one of either, female, male" for an enum; "string or null" for a type. */
function basis({ const: only, enum: values, type = "any" }) {
  if (only !== undefined) return String(only);
  return values ? `one of ${values.join(", ")}` : [type].flat().join(" or ");
}

/** What can be filled in: the query's fields, a JSON body with an example, or a picture. */
function form({ operationId, parameters = [], requestBody }, seen) {
  const content = requestBody?.content ?? {},
    id = (name) => `api-${operationId}-${name}`;
  const field = (name, $input) =>
    $("<div>", { class: "field grow" }).append(
      $("<label>", { for: id(name) }).text(name),
      $input.attr({ id: id(name), "data-field": name }),
    );
  const example = Object.values(content["application/json"]?.examples ?? {})[0]?.value;
  const file = seen(content["multipart/form-data"]?.schema).properties?.image;
  return $("<form>", { class: "asking", novalidate: true }).append(
    parameters.map(({ name, schema, example: value }) =>
      field(name, $("<input>", { type: "text", value: value ?? seen(schema).default ?? "" })),
    ),
    example
      ? field("body", $("<textarea>", { rows: 4, spellcheck: false }).val(JSON.stringify(example))).addClass(
          "whole",
        )
      : "",
    !example && file ? field("image", $("<input>", { type: "file", accept: "image/*" })) : "",
    requestBody && !example && !file
      ? $("<p>", { class: "small" }).text(
          "The Cars view makes this call with its own pictures. “As curl” there shows how.",
        )
      : $("<button>", { class: "primary" }).text("Ask"),
    $("<div>", { class: "state whole" }),
    $("<pre>", { class: "got", tabindex: 0, role: "region", "aria-label": "Answer", hidden: true }),
  );
}

/** Let a call be tried where it is shown. */
function trying($call) {
  const { method, path, responses } = $call.data("call"),
    $form = $call.find("form"),
    $state = $form.find(".state"),
    $got = $form.find(".got");
  if (!("application/json" in (responses["200"].content ?? {}))) return $form.remove();
  prepare($state);
  $form.on("submit", async (event) => {
    event.preventDefault();
    $got.prop("hidden", true);
    const fields = Object.fromEntries(
      $form
        .find("[data-field]")
        .get()
        .map((input) => [input.dataset.field, input]),
    );
    const question = asked(method, path, fields);
    if (!question)
      return tell(
        $state,
        "failed",
        fields.body ? "The body is not JSON. Check quotes, commas and brackets." : "Choose a picture first.",
      );
    const answer = await ask($state, question.path, {
      body: question.body,
      again: () => $form.trigger("submit"),
    });
    if (answer) $got.prop("hidden", false).text(JSON.stringify(answer, null, 1).slice(0, LARGEST));
  });
}

/** What the form asks: {path, body}; null where it is not filled in so that it can be asked. */
function asked(method, path, { body, image, ...query }) {
  const filled = Object.entries(query)
    .map(([name, { value }]) => [name, value])
    .filter(([, value]) => value);
  if (method === "GET") return { path: path.slice(1) + (filled.length ? `?${queryOf(filled)}` : "") };
  if (image && !image.files.length) return null;
  const form = new FormData();
  if (image) form.append("image", image.files[0], "picture");
  try {
    return { path: path.slice(1), body: image ? form : JSON.parse(body.value) };
  } catch {
    return null;
  }
}
