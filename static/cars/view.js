// The cars view: what its cards share. A picture is {image: data URI,
// latent, aspect, name}; the element .picture that shows one keeps it.
// What is asked stands in the address: seed, count and temperature of
// the grid; the car that is edited, and by how much; the ends of an
// interpolation. A car is named there by its place in the
// grid, by its name among the examples, or else by its latent.

import { ask } from "../ask.js";
import { editing } from "./edit.js";
import { generating } from "./generate.js";
import { coded, decoded } from "./latent.js";
import { mapping } from "./map.js";
import { go, queryOf } from "../page.js";
import { reconstructing } from "./reconstruct.js";
import { interpolating } from "./interpolate.js";

const FIRST = { seed: "7", count: "8", temperature: "", car: "", from: "", to: "" };

export function start($view) {
  const $at = (selector) => $view.find(selector),
    known = new Map(); // pictures by what the address calls them, but for those of the grid
  let asked = fieldsIn(new URLSearchParams()),
    turn = 0,
    ready = false,
    moved = null; // the last: the slider that the newest address comes from

  /** Ask for something else. A slider that is moved again is one step of the history. */
  function visit(changes, { slider = null } = {}) {
    const replace = Boolean(slider) && slider === moved;
    ready = true; // also where warming has failed
    go("cars", queryIn({ ...asked, ...changes }), { replace });
    moved = slider;
  }

  /** A name for a picture that holds when the grid is another one. */
  function named(picture) {
    const name = picture.example ?? coded(picture);
    known.set(name, picture);
    return name;
  }

  const lasting = (name) =>
    /^\d+$/.test(name) && grid.pictures()[name - 1] ? named(grid.pictures()[name - 1]) : name;
  const edited = (picture) => visit({ car: named(picture), amounts: {} });
  const grid = generating($at, {
    ask: (fields) =>
      visit({
        ...fields,
        ...Object.fromEntries(["car", "from", "to"].map((field) => [field, lasting(asked[field])])),
      }),
    choose: (place) => {
      visit({ car: String(place), amounts: {} });
      edit.arrive();
    },
  });
  const photo = reconstructing($view, $at, {
    made: edited,
    choose: (example) => visit({ car: example, amounts: {} }),
  });
  const edit = editing($at, {
    moved: (amounts, slider) => visit({ car: asked.car || "1", amounts }, { slider }),
    loaded: edited,
  });
  const map = mapping($at, (picture) => {
    edited(picture);
    edit.arrive();
  });
  const ends = interpolating($view, $at, (end, picture) =>
    visit({ [end]: grid.pictures().includes(picture) ? String(picture.place) : named(picture) }),
  );

  /** The picture that the address names so, or undefined. */
  async function found(name, grown) {
    if (/^\d+$/.test(name)) return (await grown, grid.pictures()[name - 1]);
    if (known.has(name)) {
      if (name === asked.car) photo.showAgain(known.get(name));
      return known.get(name);
    }
    const picture = photo.isExample(name) ? await photo.take(name) : await drawn(name);
    if (picture) known.set(name, picture);
    return picture;
  }

  async function drawn(name) {
    const car = decoded(name),
      { latent, detail, aspect } = car ?? {},
      body = { latents: [latent], ...(detail && { details: [detail] }), aspect };
    const answer = car
      ? await ask($at(".edit .state"), "cars/generate", { body, again: follow })
      : edit.refuse("This page's address names a car that cannot be read. Choose another car.");
    return answer && { ...car, image: answer.images[0], name: "Car from the address" };
  }

  /** Show what the address asks for; what an older address asked for is dropped. */
  async function follow() {
    const mine = ++turn,
      fields = asked,
      grown = grid.show(fields);
    const car = fields.car || "1",
      from = fields.from || car,
      to = fields.to || (from === "2" ? "1" : "2");
    const show = async (name, put) => {
      const picture = await found(name, grown);
      if (mine === turn && picture) put(picture);
    };
    await show(car, (picture) => edit.show(picture, fields.amounts));
    await show(from, (picture) => ends.put("from", picture));
    await show(to, (picture) => ends.put("to", picture));
  }

  $view.on("address", (event, query) => {
    asked = fieldsIn(query);
    moved = null;
    grid.fill(asked);
    if (ready) follow();
  });
  return (record) => {
    ready = true;
    grid.describe(record);
    edit.describe(record);
    map.describe(record);
    grid.fill(asked);
    follow();
  };
}

/** What a query says; the first view's fields where it says nothing, and as amounts of an edit all others. */
function fieldsIn(query) {
  const fields = Object.fromEntries(
    Object.entries(FIRST).map(([name, value]) => [name, query.get(name) ?? value]),
  );
  const amounts = [...query]
    .filter(([name, value]) => !(name in FIRST) && Number(value))
    .map(([name, value]) => [name, Number(value)]);
  return { ...fields, amounts: Object.fromEntries(amounts) };
}

/** The other way round. */
function queryIn({ amounts, ...fields }) {
  const told = Object.entries(fields).filter(([name, value]) => value !== FIRST[name]);
  return queryOf([...told, ...Object.entries(amounts).filter(([, amount]) => amount)]);
}
