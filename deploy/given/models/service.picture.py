"""The /NAME routes. ROUTES is what handler.py serves. HTTP is in api/, arithmetic in model.py."""

from typing import Any, Callable, Dict, Union

import numpy as np
from PIL import Image

from api.pictures import data_uri, encoded
from api.problems import Unprocessable
from api.request import Request
from api.response import Answer
from api.uploads import opened, pictures_sent
from models.NAME.model import Model, WrongInput, model

# C channels, H height, W width of the picture that the model sees

Reply = Union[Answer, Dict[str, Any]]

# of pictures in [0, 1]: set here the mean and the spread with which your training normalised them
MEAN, SPREAD = 0.0, 1.0
LEAST = 1024  # pixels per side that a large JPEG is decoded to at least
DECIMALS = 6  # of the numbers in answers


def describe(request: Request) -> Reply:
    """GET /NAME: the record, with the shapes of inputs and
    outputs. Loads the model, so that a page can warm it.
    """
    request.only()
    return loaded(request).record


def answer(request: Request) -> Reply:
    """POST /NAME: a picture -> the model's outputs: numbers, or a picture if the model makes one."""
    request.only("image")
    given = loaded(request)
    picture, _ = opened(request, *pictures_sent(request, 1), LEAST)
    with request.timed("parse"):
        array = prepared(picture, given.record["picture"])
    try:
        with request.timed("forward"):
            outputs = given.answer([array])
    except WrongInput as error:
        raise Unprocessable(str(error)) from error
    with request.timed("encode"):
        return (
            painted(request, outputs[0])
            if given.record["picture_out"]
            else {"outputs": [listed(output) for output in outputs]}
        )


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /NAME": describe,
    "POST /NAME": answer,
}


def loaded(request: Request) -> Model:
    """The model of the version to serve. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model()


def prepared(picture: Image.Image, seen: Dict[str, int]) -> np.ndarray:
    """A picture as the model sees it: float32 (1, C, H, W)."""
    sized = picture.resize((seen["width"], seen["height"]), Image.BICUBIC)
    # (H, W) or (H, W, 3)
    pixels = np.asarray(sized.convert("L" if seen["channels"] == 1 else "RGB"), dtype=np.float32) / 255
    planes = pixels.reshape(seen["height"], seen["width"], -1).transpose(2, 0, 1)  # (C, H, W)
    return np.ascontiguousarray((planes[None] - MEAN) / SPREAD, dtype=np.float32)  # (1, C, H, W)


def painted(request: Request, output: np.ndarray) -> Reply:
    """(1, C, H, W) in [0, 1] -> the picture itself if the caller prefers it, or JSON with a data URI."""
    planes = (np.nan_to_num(output[0]).clip(0, 1) * 255).round().astype(np.uint8)  # (C, H, W)
    picture = Image.fromarray(planes[0]) if len(planes) == 1 else Image.fromarray(planes.transpose(1, 2, 0))
    kind = request.accepted_picture
    return Answer(encoded(picture, kind), "image/" + kind.lower()) if kind else {"image": data_uri(picture)}


def listed(output: np.ndarray) -> Any:
    """Numbers that JSON can carry."""
    rounded = np.round(output.astype(np.float64), DECIMALS)
    return np.where(np.isfinite(rounded), rounded.astype(object), None).tolist()
