"""The /pictures routes: a photo in a painter's style, and what a network dreams. ROUTES is what handler.py
serves. HTTP is in api/, the arithmetic in model.py.
"""

import threading
from typing import Any, Callable, Dict, List, Optional, Union

from PIL import Image

from api.problems import Unprocessable
from api.request import Request, quoted
from api.response import Answer
from api.uploads import opened, pictures_sent
from models import registry
from models.pictures import frames
from models.pictures.model import Dream, dreamer, painter

Reply = Union[Answer, Dict[str, Any]]

SMALLEST = 32  # pixels: longer side of an answer
USUAL, LARGEST = 512, 768  # the same
USUAL_DREAM, LARGEST_DREAM = 384, 512
USUAL_LAYER, USUAL_STEPS = "fire5", 8  # steps an octave
MOST_STEPS = 10  # so that 512 pixels take 10 s at most, on one core of a processor of 2017
USUAL_OCTAVES, MOST_OCTAVES = 4, 5
USUAL_STRENGTH = 0.5  # of a dream
WORKING = threading.Lock()  # one picture at a time: the largest takes 600 MB, and one core is all there is


def describe(request: Request) -> Reply:
    """GET /pictures: the record with its styles. Loads what paints, so that a page can warm it."""
    request.only()
    return loaded(request, painter).record


def style(request: Request) -> Reply:
    """POST /pictures/style: a photo -> the same as a painting."""
    request.only("image", "style", "strength", "keep_colours", "size")
    size = request.whole("size", USUAL, SMALLEST, LARGEST)
    strength = request.number("strength", 1.0, 0, 1)
    keep_colours = request.flag("keep_colours")
    network = loaded(request, painter)
    styles = styles_sent(request, network.styles)
    photo = sized(request, size)
    with WORKING, request.timed("forward"):
        painted = photo
        if strength:
            painted = frames.to_picture(network.paint(frames.to_array(photo), styles))
            painted = frames.with_colours_of(painted, photo) if keep_colours else painted
            painted = Image.blend(photo, painted, strength)
    return reply(request, painted, style=styles)


def dream(request: Request) -> Reply:
    """POST /pictures/dream: a photo -> the same with more of what a layer likes."""
    request.only("image", "layer", "channel", "steps", "octaves", "strength", "size")
    size = request.whole("size", USUAL_DREAM, SMALLEST, LARGEST_DREAM)
    wanted = dream_sent(request)
    photo = sized(request, size)
    network = loaded(request, dreamer)
    with WORKING, request.timed("forward"):
        dreamt = frames.to_picture(network.dream(frames.to_array(photo), wanted))
    return reply(request, dreamt)


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /pictures": describe,
    "POST /pictures/style": style,
    "POST /pictures/dream": dream,
}


def loaded(request: Request, network: Callable[[], Any]) -> Any:
    """The network, and the time that loading it took."""
    with request.timed("load"):
        return network()


def sized(request: Request, size: int) -> Image.Image:
    """The photo with a longer side of `size` pixels."""
    photo, _ = opened(request, *pictures_sent(request, 1), size)
    with request.timed("parse"):
        return frames.fitted(photo, size)


def styles_sent(request: Request, known: List[str]) -> Dict[str, float]:
    """The field style, a name or an object of names and weights, as weights whose sum is 1."""
    value = request.fields.get("style", known[0])
    weights = {value: 1} if isinstance(value, str) else value
    if not isinstance(weights, dict) or not weights:
        raise Unprocessable(
            'style must be the name of a style, or an object such as {"%s": 0.7, "%s": 0.3}. The styles are: '
            "%s." % (known[0], known[1], ", ".join(known))
        )
    for name, weight in weights.items():
        if name not in known:
            raise Unprocessable(
                "There is no style %s. The styles are: %s." % (quoted(name), ", ".join(known))
            )
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= 1:
            raise Unprocessable("The weight of %s must be a number over 0, and 1 at most." % name)
    total = float(sum(weights.values()))
    shares = {name: round(weight / total, 4) for name, weight in weights.items()}
    return {name: share for name, share in shares.items() if share}


def dream_sent(request: Request) -> Dream:
    """The fields of a dream."""
    layers = {layer["name"]: layer["channels"] for layer in registry.record("pictures")["layers"]}
    layer = request.text("layer") if "layer" in request.fields else USUAL_LAYER
    if layer not in layers:
        raise Unprocessable("There is no layer %s. The layers are: %s." % (quoted(layer), ", ".join(layers)))
    channel: Optional[int] = request.whole("channel", None, 0, layers[layer] - 1)
    return Dream(
        list(layers).index(layer),
        channel,
        request.whole("steps", USUAL_STEPS, 1, MOST_STEPS),
        request.whole("octaves", USUAL_OCTAVES, 1, MOST_OCTAVES),
        request.number("strength", USUAL_STRENGTH, 0, 1),
    )


def reply(request: Request, picture: Image.Image, **fields: Any) -> Reply:
    """The picture itself where the caller prefers one, or JSON with a data URI of it."""
    kind = request.accepted_picture
    with request.timed("encode"):
        if kind:
            options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
            return Answer(frames.encoded(picture, kind, **options), "image/" + kind.lower())
        return {"image": frames.data_uri(picture, "JPEG"), **fields}
