"""The /cars routes: reconstruct, generate, interpolate and edit
pictures of cars, and the map of their latents. ROUTES is what handler.py serves.

HTTP is in api/, the decoding of pictures in pictures.py, and the arithmetic in model.py.
"""

import math
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

import numpy as np
from PIL import Image

from api.problems import NotFound, Unprocessable
from api.request import Request, quoted
from api.response import Answer
from api.uploads import opened, pictures_sent
from models.cars import pictures
from models.cars.model import FURTHEST_LATENT, MAIN, Model, model, rounded
from models.cars.refinement import MOST_STEPS, STEPS

# Z latent, D numbers of a detail, S side of the square

Reply = Union[Answer, Dict[str, Any]]

ASPECTS = (0.25, 4.0)  # width over height
FURTHEST_EDIT = 3.0  # standard deviations of the property among the training pictures
MOST_PICTURES = 64
SURE = 0.5  # confidence from which on the photo is cut to the car's box


def describe(request: Request) -> Reply:
    """GET /cars: the record. Loads the model, so that a page can warm it."""
    request.only()
    return loaded(request).record


def map_of_cars(request: Request) -> Reply:
    """GET /cars/map: training cars laid out in the plane, as the decoder draws them."""
    request.only()
    cars = loaded(request)
    if not cars.map:
        raise NotFound("These weights have no map. Weights that are trained and exported anew have one.")
    return cars.map


class Seen(NamedTuple):
    """A photo as the network sees it: the square (3, S, S), the aspect to
    show it with, and what the answer says about the car that was found.
    """

    square: np.ndarray
    aspect: float
    told: Dict[str, Any]


def reconstruct(request: Request) -> Reply:
    """POST /cars/reconstruct: a photo -> the car on white, decoded
    from the mean of its latent or from a sample.
    """
    request.only("image", "sample", "seed", "aspect", "find", "refine")
    photo = opened(request, *pictures_sent(request, 1), pictures.LEAST)
    sample, seed = request.flag("sample"), request.seed()
    steps = steps_asked(request, 0 if sample else STEPS)
    cars = loaded(request)
    with request.timed("forward"):
        square, aspect, told = seen(request, cars, photo)
        latent, log_variance, detail = cars.encode(square)
        if sample:
            noise = np.random.default_rng(seed).standard_normal(len(latent))
            latent = rounded(latent + np.exp(log_variance / 2) * noise)
            told["seed"] = seed
        detail = cars.refine(square, latent, detail, steps)
        picture = pictures.at_aspect(cars.decode(latent, detail), aspect)
    if cars.detail:
        told["detail"] = detail

    def original() -> str:
        return pictures.data_uri(pictures.at_aspect(square, aspect), "JPEG")

    return reply(
        request, lambda: picture, image=picture, original=original, latent=latent, aspect=aspect, **told
    )


def generate(request: Request) -> Reply:
    """POST /cars/generate: new cars from a seed, or the pictures of given latents."""
    request.only("count", "seed", "temperature", "latents", "details", "aspect")
    count, seed = request.whole("count", 1, 1, MOST_PICTURES), request.seed()
    pictures_sent(request, 0)
    cars = loaded(request)
    temperature = request.number("temperature", cars.record["temperature"], 0, 2)
    aspect = request.number("aspect", cars.record["aspect"], *ASPECTS)
    if "latents" in request.fields:
        latents = latents_sent(request, cars, 1, MOST_PICTURES)
    else:
        latents = [cars.draw(seed, place, temperature) for place in range(count)]
    details = details_sent(request, cars, len(latents))
    with request.timed("forward"):
        album = [pictures.at_aspect(cars.decode(*point), aspect) for point in zip(latents, details)]
    columns = math.ceil(math.sqrt(len(album)))
    return reply(request, lambda: pictures.grid(album, columns), images=album, latents=latents, seed=seed)


def interpolate(request: Request) -> Reply:
    """POST /cars/interpolate: pictures on the straight line between two latents, with both ends."""
    request.only("images", "latents", "details", "steps", "aspect", "find", "refine")
    steps, refining = request.whole("steps", 16, 2, MOST_PICTURES), steps_asked(request)
    sent = pictures_sent(request, 0, 2)
    cars = loaded(request)
    photos = [opened(request, data, pictures.LEAST) for data in sent]
    latents = latents_sent(request, cars, 0, 2) if "latents" in request.fields else []
    if len(photos) + len(latents) != 2:
        raise Unprocessable(
            "Send two pictures, two latents, or one of each: here are %d." % (len(photos) + len(latents))
        )
    details = details_sent(request, cars, len(latents))
    with request.timed("forward"):
        looks = [seen(request, cars, photo) for photo in photos]
        aspect = looks[0].aspect if looks else request.number("aspect", cars.record["aspect"], *ASPECTS)
        codes = [coded(cars, look.square, refining) for look in looks]
        (first, one), (last, other) = codes + list(zip(latents, details))
        line = cars.line(first, last, steps, (one, other))
        album = [pictures.at_aspect(cars.decode(*point), aspect) for point in line]
    kind = request.accepted_picture
    if kind in ("GIF", "WEBP"):  # a film strip may be wider than WebP allows
        return Answer(pictures.animation(album, kind), "image/" + kind.lower())
    return reply(
        request,
        lambda: pictures.grid(album, len(album)),
        images=album,
        latents=[latent for latent, _ in line],
        aspect=aspect,
    )


def edit(request: Request) -> Reply:
    """POST /cars/edit: move a picture or a latent along named directions, and
    along the main ones; what a photo's detail adds travels along.
    """
    request.only("image", "latent", "detail", "attributes", "main", "aspect", "find", "refine")
    refining = steps_asked(request)
    sent = pictures_sent(request, 0, 1)
    if bool(sent) == ("latent" in request.fields):
        raise Unprocessable("Send either a picture or a latent, and attributes to change.")
    cars = loaded(request)
    amounts = amounts_sent(request, cars)
    # how far to go along the first of the main directions, in standard deviations of the latents
    main = request.numbers("main", 0, MAIN, -FURTHEST_EDIT, FURTHEST_EDIT) if "main" in request.fields else []
    photos = [opened(request, data, pictures.LEAST) for data in sent]
    with request.timed("forward"):
        if photos:
            square, aspect, _ = seen(request, cars, photos[0])
            latent, detail = coded(cars, square, refining)
        else:
            aspect = request.number("aspect", cars.record["aspect"], *ASPECTS)
            latent, detail = (
                latent_from(request.fields["latent"], "latent", cars),
                detail_from(request.fields.get("detail"), cars),
            )
        moved = latent + sum(amount * cars.directions[name] for name, amount in amounts.items())
        latent = rounded(moved + np.array(main) @ cars.main[: len(main)])
        picture = pictures.at_aspect(cars.decode(latent, detail), aspect)
    told = {} if detail is None or not cars.detail else {"detail": detail}
    return reply(request, lambda: picture, image=picture, latent=latent, aspect=aspect, **told)


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /cars": describe,
    "GET /cars/map": map_of_cars,
    "POST /cars/reconstruct": reconstruct,
    "POST /cars/generate": generate,
    "POST /cars/interpolate": interpolate,
    "POST /cars/edit": edit,
}


def loaded(request: Request) -> Model:
    """The model of the version to serve. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model()


def seen(request: Request, cars: Model, photo: Tuple[Image.Image, float]) -> Seen:
    """The photo as the network will see it: cut to the car that
    was found in it, unless the caller sends find=false.
    """
    picture, scale = photo
    told: Dict[str, Any] = {}
    if request.flag("find", True):
        box, found = located(cars, picture)
        if box is not None:
            sides = zip(("left", "top", "right", "bottom"), box * scale * np.tile(picture.size, 2))
            told = {"box": {side: int(round(place)) for side, place in sides}, "found": found}
            picture = pictures.cut(picture, box) if found >= SURE else picture
    own = min(max(picture.width / picture.height, ASPECTS[0]), ASPECTS[1])
    return Seen(pictures.to_square(picture), request.number("aspect", own, *ASPECTS), told)


def located(cars: Model, picture: Image.Image) -> Tuple[Optional[np.ndarray], float]:
    """The box of the car as shares of the photo, and the confidence, as Model.find. A car that is small in
    the photo is looked for again in what is around its box, where it is larger.
    """
    box, found = cars.find(pictures.to_square(picture))
    if box is None or found < SURE or pictures.fills(box):
        return box, found
    near = pictures.around(box, pictures.NEAR)
    again, _ = cars.find(pictures.to_square(pictures.within(picture, near)))
    return np.tile(near[:2], 2) + again * np.tile(near[2:] - near[:2], 2), found


def coded(cars: Model, square: np.ndarray, refining: int) -> Tuple[np.ndarray, np.ndarray]:
    """A photo (3, S, S) -> its latent (Z,) and its detail (D,), refined by so many steps."""
    latent, _, detail = cars.encode(square)
    return latent, cars.refine(square, latent, detail, refining)


def steps_asked(request: Request, usual: int = STEPS) -> int:
    """The steps of refinement that the caller asks for."""
    return request.whole("refine", usual, 0, MOST_STEPS)


def latent_from(value: Any, name: str, cars: Model) -> np.ndarray:
    """A caller's list -> a latent (Z,), checked."""
    return numbers_from(value, name, cars.record["latent"])


def detail_from(value: Any, cars: Model, name: str = "detail") -> Optional[np.ndarray]:
    """A caller's list -> a detail (D,), checked; None if there is none."""
    return None if value is None else numbers_from(value, name, cars.detail)


def numbers_from(value: Any, name: str, size: int) -> np.ndarray:
    """The `size` numbers in the field `name`, rounded as latents are sent: (size,)."""
    numbers = isinstance(value, list) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) for v in value
    )
    if not numbers or len(value) != size or any(abs(v) > FURTHEST_LATENT for v in value):
        raise Unprocessable(
            "%s must be a list of %d numbers from -%g to %g." % (name, size, FURTHEST_LATENT, FURTHEST_LATENT)
        )
    return rounded(np.array(value, dtype=np.float64))


def details_sent(request: Request, cars: Model, count: int) -> List[Optional[np.ndarray]]:
    """The field details: one entry per latent, each a list or null. All are None if the field is missing."""
    value = request.fields.get("details", [None] * count)
    if not isinstance(value, list) or len(value) != count:
        raise Unprocessable(
            "details must be a list with one entry a latent, each a list of numbers or null: %d here." % count
        )
    return [detail_from(entry, cars, "Entry %d of details" % place) for place, entry in enumerate(value, 1)]


def latents_sent(request: Request, cars: Model, fewest: int, most: int) -> List[np.ndarray]:
    """The field latents: a list of lists."""
    value = request.fields["latents"]
    if not isinstance(value, list) or not fewest <= len(value) <= most:
        raise Unprocessable("latents must be a list of %d to %d latents." % (fewest, most))
    return [latent_from(entry, "Entry %d of latents" % place, cars) for place, entry in enumerate(value, 1)]


def amounts_sent(request: Request, cars: Model) -> Dict[str, float]:
    """The field attributes: {direction: how far to go along it, in standard deviations of the property}."""
    value = request.fields.get("attributes", {})
    names = ", ".join(cars.directions)
    if not isinstance(value, dict):
        raise Unprocessable(
            'attributes must be an object such as {"brightness": 1}. The names are: %s.' % names
        )
    for name, amount in value.items():
        if name not in cars.directions:
            raise Unprocessable("There is no attribute %s. The names are: %s." % (quoted(name), names))
        if (
            isinstance(amount, bool)
            or not isinstance(amount, (int, float))
            or not abs(amount) <= FURTHEST_EDIT
        ):
            raise Unprocessable("%s must be a number from -%g to %g." % (name, FURTHEST_EDIT, FURTHEST_EDIT))
    return value


def reply(request: Request, sheet: Callable[[], Image.Image], **fields: Any) -> Reply:
    """One picture, made by `sheet`, if the caller prefers a picture. Otherwise the fields as
    JSON, with pictures as data URIs. A field that is a function is called for its value.
    """
    kind = request.accepted_picture
    with request.timed("encode"):
        if kind:
            return Answer(pictures.encoded(sheet(), kind), "image/" + kind.lower())
        return {name: jsonable(value) for name, value in fields.items()}


def jsonable(value: Any) -> Any:
    """A value as JSON can hold it: pictures become data URIs, arrays become lists, also inside lists."""
    if callable(value):
        return value()
    if isinstance(value, Image.Image):
        return pictures.data_uri(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [jsonable(entry) for entry in value] if isinstance(value, list) else value
