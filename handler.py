"""Lambda entry points, one per function: handler.NAME for each
folder of models/ that has a function.yml, and handler.api.

Each passes its routes to `serve`, which turns every exception into an answer.
"""

import gc
import hashlib
import importlib
import json
import os
import pathlib
import time
import traceback
from functools import lru_cache
from typing import Any, Callable, Dict

from aws_lambda_powertools import Logger

from api.caching import conditional
from api.problems import Problem, Unavailable
from api.request import Request
from api.response import Answer, problem, to_gateway
from models import registry
from models.registry import WeightsUnavailable

Event = Dict[str, Any]

MODELS = pathlib.Path(__file__).parent / "models"
LAST = 60  # seconds before the time-out in which a batch starts no new item
logger = Logger(service="inference", level="INFO")
warm: Dict[str, bool] = {}  # functions that have answered in this process

gc.disable()  # until the first answer, because imports leave no garbage to collect


def __getattr__(name: str) -> Callable[[Event, Any], Event]:
    """The function of this name. It is found by its folder, so a new model changes nothing here."""
    if name != "api" and not (MODELS / name / "function.yml").exists():
        raise AttributeError(
            "There is no function %s: models/ has no folder of this name with a function.yml." % name
        )

    def function(event: Event, context: Any) -> Event:
        if "Items" in event:  # bulk work; everything else comes from API Gateway
            return serve_batch(name, event, context)
        return serve(name, routes(name), event)

    function.__name__ = name
    globals()[name] = function
    return function


@lru_cache(maxsize=None)
def routes(name: str) -> Dict[str, Callable[[Request], Any]]:
    """ROUTES of a service, imported by the first event. Its weights are
    downloaded while numpy, Pillow and torch are imported.
    """
    if name == "api":
        return importlib.import_module("web.service").ROUTES
    ahead = getattr(importlib.import_module("models." + name), "AHEAD", ())
    if ahead:
        registry.ahead(name, *ahead)
    return importlib.import_module("models.%s.service" % name).ROUTES


def serve_batch(name: str, event: Event, context: Any) -> Event:
    """Answer as many items of a batch as there is time for. The answers become one object, under the path
    `answers` in BatchInput and the name of the batch.
    """
    from api import batch  # imported here, because most starts do not need it

    told, began = event["BatchInput"], time.perf_counter()
    lines, left = batch.some_answers(
        event,
        lambda one: serve(name, routes(name), one, in_batch=True),
        lambda key: registry.read_object(told["bucket"], key),
        lambda: context.get_remaining_time_in_millis() < LAST * 1000,
    )
    ids = [item["id"] for item in event["Items"][: len(lines)]]
    key = "%s%s.jsonl" % (told["answers"], hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:24])
    registry.write_object(told["bucket"], key, b"".join(lines))
    facts = {word: left[word] for word in ("answered", "failed")}
    milliseconds = round(1000 * (time.perf_counter() - began), 1)
    logger.info("batch", function=name, **facts, left=len(left["Items"]), milliseconds=milliseconds)
    return left


def serve(
    name: str, routes: Dict[str, Callable[[Request], Any]], event: Event, in_batch: bool = False
) -> Event:
    """Answer one event and log one line about it. The line never has a body, a header or a query. An item of
    a batch is logged with its batch, and needs no key.
    """
    began = time.perf_counter()
    route = event.get("routeKey")
    cold = not warm.get(name)
    timings: Dict[str, float] = {}
    try:
        asked = routes[str(route).replace("HEAD /", "GET /", 1)]
        guarded = name != "api" and not in_batch and "KEYS_TABLE" in os.environ
        answer = to_gateway(answered(asked, Request(event, timings), guarded), timings, cold)
    # our error, not the caller's: its type and place go to the log, and the caller gets a fixed sentence
    except Exception as error:
        logger.error(
            "unexpected", error=type(error).__name__, frames=traceback.format_tb(error.__traceback__)
        )
        answer = to_gateway(
            problem(Problem("Something went wrong on our side. It has been logged.")), timings, cold
        )
    warm[name] = True
    if cold:
        gc.freeze()
        gc.enable()
    milliseconds = round(1000 * (time.perf_counter() - began), 1)
    weights = registry.serving()
    facts = {
        "function": name,
        "route": route,
        "status": answer["statusCode"],
        "milliseconds": milliseconds,
        "cold": cold,
    }
    (logger.debug if in_batch else logger.info)("answered", **facts, weights=weights)
    version = registry.version(name) if answer["statusCode"] in (200, 304) else None
    # with the line of the log, which is our work too
    parts = [answer["headers"]["server-timing"], "total;dur=%.1f" % (1000 * (time.perf_counter() - began))]
    parts += ['model;desc="%s %s"' % (name, version)] if version else []
    parts += [
        'fallback;desc="%s %s"' % (model, entry["version"])
        for model, entry in weights.items()
        if entry["fault"]
    ]
    answer["headers"]["server-timing"] = ", ".join(filter(None, parts))
    return answer


def answered(route: Callable[[Request], Any], request: Request, guarded: bool) -> Answer:
    """The route's answer. If the route raises a Problem, the problem becomes the answer. HEAD gets no body. A
    guarded route needs a key, if the deployment has keys.
    """
    try:
        if guarded:
            importlib.import_module("api.keys").admit(request)
        result = route(request)
        answer = conditional(result if isinstance(result, Answer) else Answer(result), request)
    except Problem as error:
        answer = problem(error)
    except WeightsUnavailable as error:
        logger.error("weights unavailable", reason=str(error))
        answer = problem(
            Unavailable("The model cannot be loaded right now. Try again in a few seconds.", Retry_After="5")
        )
    return answer._replace(body=b"") if request.method == "HEAD" else answer
