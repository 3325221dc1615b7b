"""The /NAME routes. ROUTES is what handler.py serves. HTTP is in api/, arithmetic in model.py."""

from typing import Any, Callable, Dict

from api.request import Request
from models.NAME.model import Model, model

Reply = Dict[str, Any]

FEWEST, MOST = 8, 512  # numbers of a series
LARGEST = 1e6  # of a number


def describe(request: Request) -> Reply:
    """GET /NAME: the record. Loads the model, so that a page can warm it."""
    request.only()
    return loaded(request).record


def clean(request: Request) -> Reply:
    """POST /NAME: a series of numbers -> the series without its noise."""
    request.only("series")
    series = request.numbers("series", FEWEST, MOST, -LARGEST, LARGEST)
    denoiser = loaded(request)
    with request.timed("forward"):
        return {"series": denoiser.clean(series)}


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /NAME": describe,
    "POST /NAME": clean,
}


def loaded(request: Request) -> Model:
    """The model of the version to serve. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model()
