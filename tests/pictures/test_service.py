"""The /pictures routes with the shipped weights, through the event that API Gateway sends."""

import base64
import io
import json
import pathlib

import numpy as np
import pytest
from PIL import Image

from models import registry
from models.pictures import frames
from models.pictures.model import octaves

ROOT = pathlib.Path(__file__).parents[2]
RECORD = registry.record("pictures")
STYLES = [style["name"] for style in RECORD["styles"]]
PNG = {"Accept": "image/png", "Content-Type": "image/png"}


def opened(data):
    """Bytes or a data URI -> RGB picture."""
    data = base64.b64decode(data.partition(",")[2]) if isinstance(data, str) else data
    return Image.open(io.BytesIO(data)).convert("RGB")


def png(picture):
    return frames.encoded(picture, "PNG")


def decibels(one, other):
    """PSNR of two pictures of the same size."""
    a, b = (np.asarray(side, dtype=float) for side in (one, other))
    return 10 * np.log10(255**2 / max(1e-9, np.mean((a - b) ** 2)))


@pytest.fixture
def scene():
    """A picture of 96 x 64 pixels: sky, grass and a red sun."""
    y, x = np.mgrid[:64, :96]
    sky = np.where((y < 40)[..., None], (90, 150, 220), (60, 140, 50))
    sun = (((x - 30) ** 2 + (y - 20) ** 2) < 100)[..., None]
    return Image.fromarray(np.where(sun, (220, 40, 30), sky).astype(np.uint8))


@pytest.fixture
def paint(call, scene):
    """paint(query) -> the painting of the scene at 96 pixels, as a picture."""

    def ask(query, picture=scene, size=96):
        answer = call("POST", "/pictures/style", "size=%d&%s" % (size, query), body=png(picture), headers=PNG)
        assert answer.status == 200, answer.body
        return opened(answer.body)

    return ask


@pytest.fixture
def dream(call, scene):
    """dream(query) -> the dream of the scene at 96 pixels, as a picture."""

    def ask(query=""):
        answer = call("POST", "/pictures/dream", "size=96&" + query, body=png(scene), headers=PNG)
        assert answer.status == 200, answer.body
        return opened(answer.body)

    return ask


def test_a_photo_may_come_as_a_form_as_a_raw_body_and_in_json(call, scene):
    """The three forms give the same painting, also of two styles."""
    body, mixed = png(scene), {"wave": 0.75, "udnie": 0.25}
    fields = {"size": 64, "style": mixed}
    form = call(
        "POST",
        "/pictures/style",
        parts=[("image", "a.png", body), ("size", "64"), ("style", json.dumps(mixed))],
    )
    plain = call("POST", "/pictures/style", json={"image": base64.b64encode(body).decode(), **fields})
    query = "size=64&style=%7B%22wave%22%3A0.75%2C%22udnie%22%3A0.25%7D"
    raw = call("POST", "/pictures/style", query, body=body, headers={"Content-Type": "image/png"})
    assert form.status == 200 and form.json == plain.json == raw.json
    assert form.json["style"] == mixed


def test_every_style_paints_otherwise(paint, scene):
    """Each is far from the photo, and from each other one."""
    album = [paint("style=" + name) for name in STYLES]
    assert len(album) == 8 and all(decibels(picture, scene) < 25 for picture in album)
    apart = [decibels(a, b) for place, a in enumerate(album) for b in album[:place]]
    assert max(apart) < 30


def test_the_same_photo_gives_the_same_bytes(call, scene):
    for target in ("/pictures/style", "/pictures/dream"):
        query = "size=64" + ("&style=scream" if "style" in target else "&steps=2")
        one, two = (call("POST", target, query, body=png(scene), headers=PNG).body for _ in range(2))
        assert one == two


def test_without_a_style_it_is_the_first_one(paint):
    assert decibels(paint("strength=1"), paint("style=starry-night")) > 60


def test_strength_0_is_the_photo_and_a_half_lies_between(paint, scene):
    assert decibels(paint("style=wave&strength=0"), scene) > 60
    whole, half = paint("style=wave"), paint("style=wave&strength=0.5")
    assert decibels(half, Image.blend(scene, whole, 0.5)) > 50


def test_strength_0_as_json_is_the_photo_too(call, photo):
    """A JPEG at over 35 dB from the photo at the answer's size."""
    image = base64.b64encode(photo).decode()
    answer = call("POST", "/pictures/style", json={"image": image, "style": "wave", "strength": 0}).json
    wanted = frames.fitted(frames.open_picture(photo, 512), 512)
    assert decibels(opened(answer["image"]), wanted) > 35


def test_a_mixture_lies_between_its_styles(paint):
    """Its weights are divided by their sum."""
    wave, scream = paint("style=wave"), paint("style=scream")
    mixed = paint('style={"wave":0.5,"scream":0.5}')
    assert min(decibels(mixed, wave), decibels(mixed, scream)) > decibels(wave, scream)
    assert decibels(mixed, paint('style={"wave":0.2,"scream":0.2}')) > 60
    assert decibels(wave, paint('style={"wave":0.3}')) > 60


def test_a_weight_of_next_to_nothing_is_no_part_of_the_mixture(call, photo):
    """The answer names the shares that painted; none of them is 0."""
    asked = {"image": base64.b64encode(photo).decode(), "size": 32, "style": {"wave": 1, "scream": 1e-9}}
    assert call("POST", "/pictures/style", json=asked).json["style"] == {"wave": 1}


def test_colours_can_be_kept(paint, scene):
    """Cb and Cr are the photo's, brightness is the painting's."""
    kept, painted = (paint("style=scream" + more).convert("YCbCr") for more in ("&keep_colours=true", ""))
    for channel, source in ((0, painted), (1, scene.convert("YCbCr")), (2, scene.convert("YCbCr"))):
        difference = np.asarray(kept.getchannel(channel), int) - np.asarray(source.getchannel(channel), int)
        assert np.median(abs(difference)) <= 2


@pytest.mark.parametrize(
    "size, wanted", [((300, 200), (96, 64)), ((40, 400), (10, 96)), ((3000, 6), (96, 1))]
)
def test_the_aspect_is_kept(paint, size, wanted):
    assert paint("style=udnie", Image.new("RGB", size, "teal")).size == wanted


@pytest.mark.parametrize("size", [(1, 1), (20, 20), (2, 500)])
def test_tiny_pictures_are_painted_too(paint, size):
    picture = paint("style=woodcut", Image.new("RGB", size, "orange"), 128)
    assert max(picture.size) == 128 and np.isfinite(np.asarray(picture, float)).all()


def test_a_photo_is_turned_as_exif_says(call, scene):
    """Orientation 6 lies on its side: the answer is the upright photo."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    scene.transpose(Image.ROTATE_90).save(file, "JPEG", exif=exif, quality=95)
    query = "style=wave&strength=0&size=96"
    answer = call("POST", "/pictures/style", query, body=file.getvalue(), headers=PNG)
    assert decibels(opened(answer.body), scene) > 25


def test_what_is_transparent_is_white(paint):
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert np.asarray(paint("style=wave&strength=0", clear)).min() == 255


def test_edges_are_painted_as_the_middle_is(paint):
    """A plain photo: no frame of eight pixels is brighter or darker than what is within it."""
    painted = np.asarray(paint("style=starry-night", Image.new("RGB", (192, 192), "grey"), 192), float)
    inner, frame = painted[8:-8, 8:-8], np.ones((192, 192), bool)
    frame[8:-8, 8:-8] = False
    assert abs(painted[frame].mean() - inner.mean()) < 0.35 * inner.std() + 4


@pytest.mark.parametrize("style", STYLES)
def test_there_is_no_checkerboard(paint, scene, style):
    """The means of the 16 places in each 4 x 4 pixels, in which upsampling would show, are alike."""
    painted = np.asarray(paint("style=" + style, scene.resize((384, 256)), 384), float).mean(axis=2)
    places = painted.reshape(64, 4, 96, 4).mean(axis=(0, 2))
    assert places.std() < 2.5


def test_a_dream_has_more_of_what_its_layer_likes(dream, scene):
    """It is another one for another layer and for one channel; at strength 0 it is the photo."""
    early, late, one = dream("layer=conv1"), dream("layer=fire7"), dream("layer=fire7&channel=3")
    assert max(decibels(early, scene), decibels(late, scene), decibels(late, one), decibels(early, late)) < 35
    assert decibels(dream("strength=0"), scene) > 45


def test_a_dream_climbs():
    """The layer says more of the dream than of the photo."""
    from models.pictures.model import Dream, dreamer

    network, photo = dreamer(), np.random.RandomState(0).rand(3, 96, 96).astype(np.float32)
    dreamt = network.dream(photo, Dream(4, None, 6, 2, 0.5))

    def said(picture):
        torch = network.torch
        with torch.no_grad():
            return float((network.network(torch.from_numpy(picture)[None], 5)[4] ** 2).mean())

    assert said(dreamt) > 1.5 * said(photo)


def test_octaves_grow_by_two_fifths_and_none_is_too_small():
    """512 x 256 in four octaves; 60 x 60 has no room for a second one."""
    assert octaves((256, 512), 4) == [(93, 187), (131, 261), (183, 366), (256, 512)]
    assert octaves((60, 60), 4) == [(60, 60)]


@pytest.mark.parametrize(
    "route, sent, said",
    [
        ("style", {"style": 7}, "style must be the name of a style"),
        ("style", {"style": "monet"}, 'There is no style "monet". The styles are: starry-night'),
        ("style", {"style": ["wave"]}, "style must be the name of a style"),
        ("style", {"style": {}}, "style must be the name of a style"),
        ("style", {"style": {"wave": -1}}, "The weight of wave must be a number over 0, and 1 at most."),
        ("style", {"style": {"wave": True}}, "The weight of wave must be a number over 0"),
        ("style", {"style": {"wave": 0, "udnie": 1}}, "The weight of wave must be a number over 0"),
        ("style", {"style": "wave", "strength": 2}, "strength must be a number from 0 to 1."),
        ("style", {"style": "wave", "size": 769}, "size must be a whole number from 32 to 768."),
        ("style", {"style": "wave", "keep_colours": 1}, "keep_colours must be true or false."),
        ("style", {"style": "wave", "layer": "fire5"}, 'There is no field "layer" here.'),
        ("dream", {"layer": "fire10"}, 'There is no layer "fire10". The layers are: conv1'),
        ("dream", {"layer": "conv1", "channel": 64}, "channel must be a whole number from 0 to 63."),
        ("dream", {"steps": 11}, "steps must be a whole number from 1 to 10."),
        ("dream", {"octaves": 0}, "octaves must be a whole number from 1 to 5."),
        ("dream", {"size": 513}, "size must be a whole number from 32 to 512."),
    ],
)
def test_what_cannot_be_is_said(call, scene, route, sent, said):
    answer = call("POST", "/pictures/" + route, json={"image": base64.b64encode(png(scene)).decode(), **sent})
    assert answer.status == 422 and said in answer.json["detail"]


def test_no_picture_and_two_are_sentences(call, scene):
    assert (
        call("POST", "/pictures/style", json={"style": "wave"}).json["detail"].startswith("Send one picture")
    )
    two = [("image", "a.png", png(scene)), ("image", "b.png", png(scene)), ("style", "wave")]
    assert call("POST", "/pictures/style", parts=two).json["detail"] == "Send one picture: here are 2."
    broken = call(
        "POST", "/pictures/dream", body=b"\x89PNG\r\n\x1a\nno", headers={"Content-Type": "image/png"}
    )
    assert broken.status in (400, 415)


def test_the_record_names_styles_layers_licences_and_seconds(call):
    record = call("GET", "/pictures").json
    assert [style["name"] for style in record["styles"]] == STYLES
    assert [layer["channels"] for layer in record["layers"]] == [64, 128, 128, 256, 256, 384, 384, 512, 512]
    assert "BSD-2" in record["data"]["features"] and "public domain" in record["data"]["paintings"]
    assert 0 < record["seconds"]["style"]["256"] < record["seconds"]["style"]["768"]
    assert sum(file["bytes"] for file in record["files"].values()) < 5_000_000


def test_each_style_has_its_picture_on_the_page():
    folder = ROOT / "static" / "pictures"
    assert all((folder / "paintings" / (name + ".jpg")).exists() for name in STYLES)
    assert all((folder / "layers" / (layer["name"] + ".jpg")).exists() for layer in RECORD["layers"])


@pytest.mark.parametrize("name", [*STYLES, "dream"])
def test_the_shipped_weights_paint_as_they_did(name):
    """The mean colours that the record keeps, on this torch and processor."""
    from models.pictures.model import Dream, dreamer, painter

    y, x = np.mgrid[:96, :128] / 10
    waves = np.stack([np.sin(x + y), np.cos(x * y / 10), np.sin(x) * np.cos(y)]) / 2 + 0.5
    waves = waves.astype(np.float32)
    if name == "dream":
        found = dreamer().dream(waves, Dream(4, None, 2, 1, 0.5))
    else:
        found = painter().paint(waves, {name: 1.0})
    assert np.allclose(255 * found.mean(axis=(1, 2)), RECORD["golden"][name], atol=1)
