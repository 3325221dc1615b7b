"""The /cars routes with the shipped weights, through the event that API Gateway sends."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from models import registry
from models.cars import pictures
from models.cars.model import model
from tests.cars import mapped

Z = registry.record("cars")["latent"]  # coordinates of a latent


def opened(data):
    """Bytes or a data URI -> picture."""
    return Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]) if isinstance(data, str) else data))


def pixels(data):
    return np.asarray(opened(data).convert("RGB"), dtype=float)


def test_a_photo_may_come_as_a_form_as_a_raw_body_and_in_json(call, photo):
    """The three forms of a picture give the same latent."""
    form = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)])
    raw = call("POST", "/cars/reconstruct", body=photo, headers={"Content-Type": "image/jpeg"})
    plain = call("POST", "/cars/reconstruct", json={"image": base64.b64encode(photo).decode()})
    uri = call(
        "POST",
        "/cars/reconstruct",
        json={"image": "data:image/jpeg;base64," + base64.b64encode(photo).decode()},
    )
    assert form.status == raw.status == plain.status == uri.status == 200
    assert form.json["latent"] == raw.json["latent"] == plain.json["latent"] == uri.json["latent"]


def test_the_reconstruction_looks_like_the_photo(call, photo):
    """It is nearer to the photo than the most typical car of the model."""
    answer = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)]).json
    typical = call("POST", "/cars/generate", json={"latents": [[0] * Z], "aspect": answer["aspect"]}).json[
        "images"
    ][0]
    original = pixels(answer["original"])
    assert np.mean((pixels(answer["image"]) - original) ** 2) < 0.5 * np.mean(
        (pixels(typical) - original) ** 2
    )


def test_what_the_model_saw_comes_back_as_a_jpeg_that_is_true_to_it(call, photo):
    """The reconstruction is a PNG. The photo at 128 x 128 agrees with the network's
    input to more than 40 dB.
    """
    answer = call(
        "POST",
        "/cars/reconstruct",
        json={"image": base64.b64encode(photo).decode(), "aspect": 1, "find": False},
    ).json
    assert answer["image"].startswith("data:image/png;base64,") and answer["original"].startswith(
        "data:image/jpeg;base64,"
    )
    seen = pictures.to_square(pictures.open_picture(photo)).transpose(1, 2, 0)
    assert np.mean((pixels(answer["original"]) / 255 - seen) ** 2) < 1e-4


def test_the_answer_has_the_photos_aspect(call, photo):
    """A photo twice as wide as high gives 256 x 128 pixels, for the reconstruction and for what the model
    saw.
    """
    wide = pictures.encoded(opened(photo).convert("RGB").resize((640, 320)), "PNG")
    png = {"Content-Type": "image/png"}
    answer = call("POST", "/cars/reconstruct", "find=false", body=wide, headers=png).json
    assert answer["aspect"] == 2
    assert opened(answer["image"]).size == opened(answer["original"]).size == (256, 128)


def test_refinement_brings_the_car_nearer_to_the_photo_and_leaves_the_background_white(call, photo):
    """Twelve steps are the default. The latent is the same, the detail is not, and the corner stays white."""
    plain, refined, usual = (
        call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo), *fields]).json
        for fields in ([("refine", "0")], [("refine", "12")], [])
    )
    assert refined["image"] == usual["image"] and refined["latent"] == plain["latent"]
    assert refined["detail"] != plain["detail"]
    original, before, after = (pixels(data) for data in (plain["original"], plain["image"], refined["image"]))
    car = before.min(axis=2) < 200
    assert np.mean((after - original)[car] ** 2) < 0.9 * np.mean((before - original)[car] ** 2)
    assert after[:4, :4].min() > 235


def test_what_is_refined_travels_along_when_the_photo_is_edited_or_interpolated(call, photo):
    """An edit of nothing and the first picture of an interpolation are the refined reconstruction."""
    refined = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)]).json
    edited = call("POST", "/cars/edit", parts=[("image", "car.jpg", photo)]).json
    sent = base64.b64encode(photo).decode()
    line = call("POST", "/cars/interpolate", json={"images": [sent, sent], "steps": 2}).json
    assert edited["image"] == refined["image"] == line["images"][0]
    quick = call("POST", "/cars/interpolate", json={"images": [sent, sent], "steps": 2, "refine": 0}).json
    assert quick["images"][0] != line["images"][0]


def test_a_sample_is_refined_only_where_the_caller_asks(call, photo):
    """Refinement would take back what sampling changed."""
    fields = [("image", "car.jpg", photo), ("sample", "true"), ("seed", "1")]
    usual, plain, refined = (
        call("POST", "/cars/reconstruct", parts=fields + more).json["image"]
        for more in ([], [("refine", "0")], [("refine", "3")])
    )
    assert usual == plain != refined


def test_steps_of_refinement_that_there_cannot_be_are_refused(call, photo):
    """25 steps would take too long, and -1 is none."""
    for steps in ("25", "-1", "many"):
        answer = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo), ("refine", steps)])
        assert answer.status == 422 and "refine" in answer.json["detail"]


def test_a_sample_differs_from_the_mean_and_its_seed_repeats_it(call, photo):
    """sample=true draws the latent. The same seed draws the same latent."""
    mean = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)]).json["latent"]
    one, two, other = (
        call(
            "POST",
            "/cars/reconstruct",
            parts=[("image", "car.jpg", photo), ("sample", "true"), ("seed", seed)],
        ).json["latent"]
        for seed in (1, 1, 2)
    )
    assert one == two != other
    assert one != mean


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_a_caller_who_prefers_a_picture_gets_the_picture_itself(call, photo, kind):
    """Accept: image/png, image/jpeg, image/gif and image/webp are answered in that format."""
    answer = call(
        "POST",
        "/cars/reconstruct",
        body=photo,
        headers={"Content-Type": "image/jpeg", "Accept": "image/" + kind},
    )
    assert answer.headers["content-type"] == "image/" + kind
    assert opened(answer.body).format == kind.upper()


def test_picture_k_of_a_seed_is_the_same_whatever_the_count(call):
    """The first three of five are the three of three."""
    three, five = (
        call("POST", "/cars/generate", json={"count": n, "seed": 7}).json["images"] for n in (3, 5)
    )
    assert five[:3] == three
    assert len(set(five)) == 5


def test_the_cars_of_a_seed_are_the_same_on_every_machine():
    """The latents and pictures of seed 7 are those in the record, on any numpy and torch."""
    served = model()
    golden = served.record["golden"]
    drawn = [served.draw(golden["seed"], place, 1.0) for place in range(3)]
    assert np.allclose([z[:4] for z in drawn], golden["latents"], atol=1.1e-4)
    assert np.allclose([served.decode(z).mean() for z in drawn], golden["means"], atol=1e-5)


def test_a_latent_sent_back_gives_the_same_picture(call):
    """The latent in JSON has all that the picture needs."""
    drawn = call("POST", "/cars/generate", json={"seed": 3}).json
    assert (
        call("POST", "/cars/generate", json={"latents": drawn["latents"]}).json["images"] == drawn["images"]
    )


def test_without_a_seed_one_is_drawn_and_told(call):
    """The seed in the answer gives the same cars again."""
    first = call("POST", "/cars/generate", json={}).json
    assert call("POST", "/cars/generate", json={"seed": first["seed"]}).json["images"] == first["images"]


def test_a_grid_of_cars_is_one_picture(call):
    """Four cars of 128 x 128 stand two by two, four pixels apart."""
    answer = call(
        "POST", "/cars/generate", json={"count": 4, "seed": 1, "aspect": 1}, headers={"Accept": "image/png"}
    )
    assert opened(answer.body).size == (260, 260)


def test_interpolation_begins_and_ends_with_its_ends_and_goes_evenly(call):
    """Its ends are the cars that were sent. No step is larger than three times the median step."""
    ends = call("POST", "/cars/generate", json={"count": 2, "seed": 5})
    answer = call("POST", "/cars/interpolate", json={"latents": ends.json["latents"], "steps": 9}).json
    assert [answer["images"][0], answer["images"][-1]] == ends.json["images"]
    steps = [
        np.sqrt(np.mean((pixels(a) - pixels(b)) ** 2)) for a, b in zip(answer["images"], answer["images"][1:])
    ]
    assert max(steps) <= 3 * np.median(steps)


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_interpolation_between_two_photos_is_an_animation_for_who_wants_one(call, photo, kind):
    """Five steps there and three back are eight frames."""
    parts = [
        ("a", "a.jpg", photo),
        ("b", "b.jpg", pictures.encoded(opened(photo).transpose(Image.FLIP_LEFT_RIGHT), "PNG")),
        ("steps", 5),
    ]
    answer = call("POST", "/cars/interpolate", parts=parts, headers={"Accept": "image/" + kind})
    assert (opened(answer.body).format, opened(answer.body).n_frames) == (kind.upper(), 8)


def test_every_named_direction_changes_the_picture_and_zero_does_not(call):
    """An edit by zero gives the same latent."""
    latent = call("POST", "/cars/generate", json={"seed": 5}).json["latents"][0]
    assert call("POST", "/cars/edit", json={"latent": latent, "attributes": {}}).json["latent"] == latent
    for direction in call("GET", "/cars").json["directions"]:
        edited = call("POST", "/cars/edit", json={"latent": latent, "attributes": {direction["name"]: 2}})
        assert edited.status == 200 and edited.json["latent"] != latent


def test_the_main_directions_change_the_picture_the_first_most(call):
    """Each moves by one standard deviation. Latents move less from one direction to the next, and the
    directions are at right angles. Without amounts nothing moves.
    """
    latent = call("POST", "/cars/generate", json={"seed": 5}).json["latents"][0]
    assert call("POST", "/cars/edit", json={"latent": latent, "main": []}).json["latent"] == latent
    asked = [
        call("POST", "/cars/edit", json={"latent": latent, "main": [0] * place + [1]}).json
        for place in range(8)
    ]
    moves = np.array([answer["latent"] for answer in asked]) - latent  # (P, Z)
    lengths = np.linalg.norm(moves, axis=1)
    assert list(lengths) == sorted(lengths, reverse=True) and len({answer["image"] for answer in asked}) == 8
    assert np.abs(moves @ moves.T - np.diag(lengths**2)).max() < 0.01


def test_brightness_brightens(call):
    """With more brightness, the car is lighter: the darkest fifth of the pixels gets
    lighter with each step.
    """
    latent = call("POST", "/cars/generate", json={"seed": 5}).json["latents"][0]
    asked = [
        call("POST", "/cars/edit", json={"latent": latent, "attributes": {"brightness": amount}})
        for amount in (-2, 0, 2)
    ]
    dark = [np.percentile(pixels(answer.json["image"]).mean(axis=2), 20) for answer in asked]
    assert dark == sorted(dark)


def test_a_photo_can_be_edited_with_its_attributes_in_the_form(call, photo):
    """In a form or a query, attributes is JSON."""
    form = call(
        "POST", "/cars/edit", parts=[("image", "car.jpg", photo), ("attributes", '{"brightness": 1}')]
    )
    query = call(
        "POST",
        "/cars/edit",
        "attributes=%7B%22brightness%22%3A1%7D",
        body=photo,
        headers={"Content-Type": "image/jpeg"},
    )
    assert form.status == query.status == 200
    assert form.json["latent"] == query.json["latent"]


def test_the_map_has_a_place_a_latent_and_a_tile_for_each_car(call, tmp_path, monkeypatch):
    """Five cars are three in a row. A tile has 96 pixels across, and shows what its latent is decoded to."""
    mapped.put(tmp_path / "weights")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path / "weights"))
    answer = call("GET", "/cars/map").json
    assert answer["places"] == mapped.PLACES and np.shape(answer["latents"]) == (5, Z)
    tile, sheet = answer["tile"], opened(answer["image"])
    assert (answer["columns"], tile["width"]) == (3, 96)
    assert sheet.size == (3 * tile["width"], 2 * tile["height"])
    fourth = sheet.crop((0, tile["height"], tile["width"], 2 * tile["height"]))
    image = call("POST", "/cars/generate", json={"latents": [answer["latents"][3]]}).json["images"][0]
    apart = np.asarray(opened(image).convert("RGB").resize(fourth.size), float) - np.asarray(fourth, float)
    assert np.sqrt(np.mean(apart**2)) < 12  # of 255; other cars are over 30 away
    assert call("GET", "/cars").json["map"] == 5


def test_weights_without_a_map_say_so(call, tmp_path, monkeypatch):
    """The record has no map, the route answers 404, and cars are generated as ever."""
    mapped.write(tmp_path / "weights")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path / "weights"))
    assert "map" not in call("GET", "/cars").json
    answer = call("GET", "/cars/map")
    assert answer.status == 404 and "no map" in answer.json["detail"]
    assert call("POST", "/cars/generate", json={"seed": 7}).status == 200


LATENT = [0.0] * Z
NOT_BASE64 = (
    "%s is not base64. Encode the whole picture file, for example with `base64 -w0 car.jpg`, "
    "or send the file itself: with curl, -F image=@car.jpg."
)


@pytest.mark.parametrize(
    "route, fields, sentence",
    [
        ("generate", {"count": 0}, "count must be a whole number from 1 to 64."),
        ("generate", {"count": 65}, "count must be a whole number from 1 to 64."),
        ("generate", {"count": "3"}, "count must be a whole number from 1 to 64."),
        ("generate", {"count": True}, "count must be a whole number from 1 to 64."),
        ("generate", {"count": None}, "count must be a whole number from 1 to 64."),
        ("generate", {"seed": -1}, "seed must be a whole number from 0 to 4294967295."),
        ("generate", {"seed": 1.5}, "seed must be a whole number from 0 to 4294967295."),
        ("generate", {"temperature": 3}, "temperature must be a number from 0 to 2."),
        ("generate", {"aspect": 9}, "aspect must be a number from 0.25 to 4."),
        ("generate", {"latents": []}, "latents must be a list of 1 to 64 latents."),
        (
            "generate",
            {"latents": [[1, 2]]},
            "Entry 1 of latents must be a list of %d numbers from -20 to 20." % Z,
        ),
        (
            "generate",
            {"latents": [[1e9] * Z]},
            "Entry 1 of latents must be a list of %d numbers from -20 to 20." % Z,
        ),
        (
            "generate",
            {"colour": 1},
            'There is no field "colour" here. The fields are: count, seed, temperature, latents, details, '
            "aspect.",
        ),
        ("reconstruct", {}, "Send one picture: here are 0."),
        ("reconstruct", {"image": 3}, "image must be a picture as base64 or as a data URI."),
        ("reconstruct", {"image": "*"}, NOT_BASE64 % "image"),
        ("reconstruct", {"image": ""}, NOT_BASE64 % "image"),
        ("interpolate", {"images": ["*", "*"]}, NOT_BASE64 % "Entry 1 of images"),
        ("generate", {"seed": None}, "seed must be a whole number from 0 to 4294967295."),
        ("generate", {"seed": 10**400}, "seed must be a whole number from 0 to 4294967295."),
        (
            "generate",
            {"latents": [[10**400] * Z]},
            "Entry 1 of latents must be a list of %d numbers from -20 to 20." % Z,
        ),
        ("edit", {"latent": LATENT, "attributes": {"size": 10**400}}, "size must be a number from -3 to 3."),
        ("interpolate", {"latents": [LATENT]}, "Send two pictures, two latents, or one of each: here are 1."),
        (
            "edit",
            {"attributes": {"brightness": 1}},
            "Send either a picture or a latent, and attributes to change.",
        ),
        (
            "edit",
            {"latent": LATENT, "attributes": {"wings": 1}},
            'There is no attribute "wings". The names are: colour, brightness, size, view.',
        ),
        ("edit", {"latent": LATENT, "attributes": {"size": 4}}, "size must be a number from -3 to 3."),
        (
            "edit",
            {"latent": LATENT, "main": [0] * 9},
            "main must be a list of 0 to 8 numbers from -3 to 3.",
        ),
        ("edit", {"latent": LATENT, "main": [4]}, "main must be a list of 0 to 8 numbers from -3 to 3."),
        (
            "edit",
            {"latent": LATENT, "main": {"1": 1}},
            "main must be a list of 0 to 8 numbers from -3 to 3.",
        ),
        (
            "edit",
            {"latent": LATENT, "attributes": [1]},
            'attributes must be an object such as {"brightness": 1}. The names are: colour, brightness, '
            "size, view.",
        ),
    ],
)
def test_a_value_that_cannot_be_gets_a_sentence(call, route, fields, sentence):
    """422 with a sentence that names the field and its range."""
    answer = call("POST", "/cars/" + route, json=fields)
    assert (answer.status, answer.json["detail"]) == (422, sentence)
