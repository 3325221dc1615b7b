"""The /NAME routes. ROUTES is what handler.py serves. HTTP is in api/, arithmetic in model.py."""

from typing import Any, Callable, Dict

import numpy as np

from api.problems import Unprocessable
from api.request import Request
from models.NAME.model import Model, WrongInput, model

Reply = Dict[str, Any]

DECIMALS = 6  # of the numbers in answers


def describe(request: Request) -> Reply:
    """GET /NAME: the record, with the shapes of inputs and
    outputs. Loads the model, so that a page can warm it.
    """
    request.only()
    return loaded(request).record


def answer(request: Request) -> Reply:
    """POST /NAME: nested lists of numbers -> the model's outputs
    as nested lists, null for what is no finite number.
    """
    request.only("inputs")
    given = loaded(request)
    try:
        with request.timed("parse"):
            arrays = given.arrays(request.fields.get("inputs"))
        with request.timed("forward"):
            outputs = given.answer(arrays)
    except WrongInput as error:
        raise Unprocessable(str(error)) from error
    with request.timed("encode"):
        return {"outputs": [listed(output) for output in outputs]}


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /NAME": describe,
    "POST /NAME": answer,
}


def loaded(request: Request) -> Model:
    """The model of the version to serve. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model()


def listed(output: np.ndarray) -> Any:
    """Numbers that JSON can carry."""
    if output.dtype.kind != "f":
        return output.tolist()
    rounded = np.round(output.astype(np.float64), DECIMALS)
    return np.where(np.isfinite(rounded), rounded.astype(object), None).tolist()
