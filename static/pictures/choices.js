// What can be chosen, from the record: the paintings, and the layers with what each likes.

/** Fill the view's choices. */
export function describe($view, { styles, layers, seconds }) {
  $view
    .find(".paintings")
    .empty()
    .append(
      styles.map(({ name, title, artist, year }) =>
        choice("style", name, `pictures/paintings/${name}.jpg`, title, `${artist}, ${year}`),
      ),
    );
  $view
    .find("[name=second]")
    .append(styles.map(({ name, title }) => $("<option>", { value: name }).text(title)));
  $view
    .find(".layers")
    .empty()
    .append(
      layers.map(({ name, channels }) =>
        choice("layer", name, `pictures/layers/${name}.jpg`, name, `${channels} channels`),
      ),
    );
  for (const [route, css] of [
    ["style", ".style"],
    ["dream", ".dream"],
  ])
    for (const [size, expected] of Object.entries(seconds?.[route] ?? {}))
      $view
        .find(`${css} [name=size] option`)
        .filter((_, option) => option.value === size)
        .text(`${size} pixels, about ${expected.toFixed(1)} s`);
}

/** What there is to choose from, by the names in the address. */
export function choosable($view) {
  const values = (css) =>
    $view
      .find(css)
      .get()
      .map(({ value }) => value);
  return {
    photo: $view
      .find(".examples [data-example]")
      .get()
      .map(({ dataset }) => dataset.example),
    style: values("[name=style]"),
    second: values("[name=second] option"),
    layer: values("[name=layer]"),
  };
}

/** A radio button with a picture. */
function choice(name, value, picture, title, more) {
  return $("<label>", { class: "choice" }).append(
    $("<input>", { type: "radio", name, value }),
    $("<img>", { src: picture, alt: "", loading: "lazy" }),
    $("<b>").text(title),
    $("<span>").text(more),
  );
}
