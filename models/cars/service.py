"""The /cars routes: reconstruct, generate, interpolate and edit pictures of cars. ROUTES is what handler.py serves.

It leaves HTTP to api/, decoding of pictures to pictures.py, and arithmetic to model.py.
"""

import math
import secrets
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np
from PIL import Image

from api.body import embedded_picture
from api.problems import Malformed, TooLarge, Unprocessable, UnsupportedType
from api.request import Request, quoted
from api.response import Answer
from models.cars import pictures
from models.cars.model import FURTHEST_LATENT, MAIN, Model, model, rounded

# Z latent, S side of the square

Reply = Union[Answer, Dict[str, Any]]

ASPECTS = (0.25, 4.0)  # width over height
FURTHEST_EDIT = 3.0  # standard deviations of the property among the training pictures
MOST_PICTURES = 64
LARGEST_SEED = 2 ** 32 - 1
DECODING = threading.Lock()  # 40 megapixels take up to 400 MB while they are decoded; two hundred callers at once would end the process
LOADING = threading.Lock()  # lru_cache has none: threads that ask at once would each load the model
UNREADABLE = {"type": UnsupportedType, "pixels": TooLarge, "damaged": Malformed}


def describe(request: Request) -> Reply:
    """GET /cars: the record. Loads the model, so that a page can warm it."""
    request.only()
    return loaded(request).record


def reconstruct(request: Request) -> Reply:
    """POST /cars/reconstruct: a photo -> the car on white, through the mean of its latent or through a sample of it."""
    request.only("image", "sample", "seed", "aspect")
    square, aspect = photo(request, *pictures_sent(request, 1))
    sample, seed = request.flag("sample"), seed_of(request)
    cars = loaded(request)
    with request.timed("forward"):
        latent, log_variance = cars.encode(square)
        if sample:
            noise = np.random.default_rng(seed).standard_normal(len(latent))
            latent = rounded(latent + np.exp(log_variance / 2) * noise)
        picture = pictures.at_aspect(cars.decode(latent), aspect)
    drawn = {"seed": seed} if sample else {}

    def original() -> str:
        return pictures.data_uri(pictures.at_aspect(square, aspect), "JPEG")

    return reply(request, lambda: picture, image=picture, original=original, latent=latent, aspect=aspect, **drawn)


def generate(request: Request) -> Reply:
    """POST /cars/generate: new cars from a seed, or the pictures of given latents."""
    request.only("count", "seed", "temperature", "latents", "aspect")
    count, seed = request.whole("count", 1, 1, MOST_PICTURES), seed_of(request)
    pictures_sent(request, 0)
    cars = loaded(request)
    temperature = request.number("temperature", cars.record["temperature"], 0, 2)
    aspect = request.number("aspect", cars.record["aspect"], *ASPECTS)
    if "latents" in request.fields:
        latents = latents_sent(request, cars, 1, MOST_PICTURES)
    else:
        latents = [cars.draw(seed, place, temperature) for place in range(count)]
    with request.timed("forward"):
        album = [pictures.at_aspect(cars.decode(latent), aspect) for latent in latents]
    columns = math.ceil(math.sqrt(len(album)))
    return reply(request, lambda: pictures.grid(album, columns), images=album, latents=latents, seed=seed)


def interpolate(request: Request) -> Reply:
    """POST /cars/interpolate: the pictures on the straight line between two latents, the ends included."""
    request.only("images", "latents", "steps", "aspect")
    steps = request.whole("steps", 16, 2, MOST_PICTURES)
    sent = pictures_sent(request, 0, 2)
    cars = loaded(request)
    seen = [photo(request, data) for data in sent]
    latents = latents_sent(request, cars, 0, 2) if "latents" in request.fields else []
    if len(seen) + len(latents) != 2:
        raise Unprocessable("Send two pictures, two latents, or one of each: here are %d." % (len(seen) + len(latents)))
    aspect = request.number("aspect", seen[0][1] if seen else cars.record["aspect"], *ASPECTS)
    with request.timed("forward"):
        first, last = [cars.encode(square)[0] for square, _ in seen] + latents
        line = cars.line(first, last, steps)
        album = [pictures.at_aspect(cars.decode(latent), aspect) for latent in line]
    if request.accepted_picture == "GIF":
        return Answer(pictures.animation(album), "image/gif")
    return reply(request, lambda: pictures.grid(album, len(album)), images=album, latents=line, aspect=aspect)


def edit(request: Request) -> Reply:
    """POST /cars/edit: move a picture or a latent along named directions, and along the main ones of the latents."""
    request.only("image", "latent", "attributes", "main", "aspect")
    sent = pictures_sent(request, 0, 1)
    if bool(sent) == ("latent" in request.fields):
        raise Unprocessable("Send either a picture or a latent, and attributes to change.")
    cars = loaded(request)
    amounts, main = amounts_sent(request, cars), main_sent(request)
    square, aspect = photo(request, *sent) if sent else (None, cars.record["aspect"])
    aspect = request.number("aspect", aspect, *ASPECTS)
    with request.timed("forward"):
        latent = latent_from(request.fields["latent"], "latent", cars) if square is None else cars.encode(square)[0]
        moved = latent + sum(amount * cars.directions[name] for name, amount in amounts.items())
        latent = rounded(moved + np.array(main) @ cars.main[: len(main)])
        picture = pictures.at_aspect(cars.decode(latent), aspect)
    return reply(request, lambda: picture, image=picture, latent=latent, aspect=aspect)


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /cars": describe,
    "POST /cars/reconstruct": reconstruct,
    "POST /cars/generate": generate,
    "POST /cars/interpolate": interpolate,
    "POST /cars/edit": edit,
}


def loaded(request: Request) -> Model:
    with request.timed("load"), LOADING:
        return model()


def seed_of(request: Request) -> int:
    """The caller's seed, or one drawn for them and told in the answer."""
    seed = request.whole("seed", None, 0, LARGEST_SEED)
    return secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed


def pictures_sent(request: Request, fewest: int, most: Optional[int] = None) -> List[bytes]:
    """The bytes of the pictures, from the body's parts or from the JSON fields image and images."""
    embedded = request.fields.get("images", [request.fields["image"]] if "image" in request.fields else [])
    if not isinstance(embedded, list):
        raise Unprocessable("images must be a list of pictures, each as base64 or as a data URI.")
    most = fewest if most is None else most
    count = len(request.pictures) + len(embedded)
    if not fewest <= count <= most:
        wanted = {(0, 0): "no picture", (1, 1): "one picture", (0, 1): "one picture at most", (0, 2): "two pictures at most"}[fewest, most]
        raise Unprocessable("Send %s: here are %d." % (wanted, count))
    return request.pictures + [embedded_picture(value, "image") for value in embedded]


def photo(request: Request, data: bytes) -> Tuple[np.ndarray, float]:
    """Picture bytes -> the square that the network sees, (3, S, S), and the aspect to show it at."""
    with request.timed("parse"):
        try:
            with DECODING:
                picture = pictures.open_picture(data)
                square = pictures.to_square(picture)
        except pictures.UnreadablePicture as error:
            raise UNREADABLE[error.reason](str(error)) from error
        own = min(max(picture.width / picture.height, ASPECTS[0]), ASPECTS[1])
        return square, request.number("aspect", own, *ASPECTS)


def latent_from(value: Any, name: str, cars: Model) -> np.ndarray:
    """A caller's list -> (Z,), checked."""
    size = cars.record["latent"]
    numbers = isinstance(value, list) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
    if not numbers or len(value) != size or any(abs(v) > FURTHEST_LATENT for v in value):
        raise Unprocessable("%s must be a list of %d numbers from -%g to %g." % (name, size, FURTHEST_LATENT, FURTHEST_LATENT))
    return rounded(np.array(value, dtype=np.float64))


def latents_sent(request: Request, cars: Model, fewest: int, most: int) -> List[np.ndarray]:
    """The field latents: a list of lists."""
    value = request.fields["latents"]
    if not isinstance(value, list) or not fewest <= len(value) <= most:
        raise Unprocessable("latents must be a list of %d to %d latents." % (fewest, most))
    return [latent_from(entry, "each of latents", cars) for entry in value]


def amounts_sent(request: Request, cars: Model) -> Dict[str, float]:
    """The field attributes: how far to go along which direction, in standard deviations of the property."""
    value = request.fields.get("attributes", {})
    names = ", ".join(cars.directions)
    if not isinstance(value, dict):
        raise Unprocessable('attributes must be an object such as {"brightness": 1}. The names are: %s.' % names)
    for name, amount in value.items():
        if name not in cars.directions:
            raise Unprocessable("There is no attribute %s. The names are: %s." % (quoted(name), names))
        if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not abs(amount) <= FURTHEST_EDIT:
            raise Unprocessable("%s must be a number from -%g to %g." % (name, FURTHEST_EDIT, FURTHEST_EDIT))
    return value


def main_sent(request: Request) -> List[float]:
    """The field main: how far to go along the first of the main directions, in standard deviations of the latents."""
    value = request.fields.get("main", [])
    numbers = isinstance(value, list) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
    if not numbers or len(value) > MAIN or not all(abs(v) <= FURTHEST_EDIT for v in value):
        raise Unprocessable("main must be a list of at most %d numbers from -%g to %g." % (MAIN, FURTHEST_EDIT, FURTHEST_EDIT))
    return value


def reply(request: Request, sheet: Callable[[], Image.Image], **fields: Any) -> Reply:
    """One picture where the caller prefers that, made by `sheet`; otherwise the fields as JSON, pictures as data URIs; functions are called for their value."""
    kind = request.accepted_picture
    with request.timed("encode"):
        if kind:
            return Answer(pictures.encoded(sheet(), kind), "image/" + kind.lower())
        return {name: jsonable(value) for name, value in fields.items()}


def jsonable(value: Any) -> Any:
    """Pictures to data URIs, arrays to lists, all the way down."""
    if callable(value):
        return value()
    if isinstance(value, Image.Image):
        return pictures.data_uri(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [jsonable(entry) for entry in value] if isinstance(value, list) else value
