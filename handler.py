"""Lambda entry points, one a function. Each hands its routes to `serve`, the boundary that lets no exception through."""

import gc
import time
import traceback
from typing import Any, Callable, Dict

from aws_lambda_powertools import Logger

from api.caching import conditional
from api.problems import Problem, Unavailable
from api.request import Request
from api.response import Answer, problem, to_gateway
from models import registry
from models.registry import WeightsUnavailable

Event = Dict[str, Any]

logger = Logger(service="inference", level="INFO")
warm: Dict[str, bool] = {}  # functions that have answered in this process

gc.disable()  # until the first answer: what a start imports is no garbage


def cars(event: Event, context: Any) -> Event:
    registry.ahead("cars")  # its weights come while numpy, Pillow and torch are imported
    from models.cars import service  # numpy and Pillow, which the api function does without

    return serve("cars", service.ROUTES, event)


def words(event: Event, context: Any) -> Event:
    registry.ahead("words", "vectors")
    from models.words import service  # numpy

    return serve("words", service.ROUTES, event)


def translation(event: Event, context: Any) -> Event:
    from models.translation import service  # numpy; torch comes with the model

    return serve("translation", service.ROUTES, event)


def api(event: Event, context: Any) -> Event:
    from api import site  # the page, which the models do without

    return serve("api", site.ROUTES, event)


def serve(name: str, routes: Dict[str, Callable[[Request], Any]], event: Event) -> Event:
    """Answer one event and log one line about it: never a body, a header or a query."""
    began = time.perf_counter()
    route = event.get("routeKey")
    cold = not warm.get(name)
    timings: Dict[str, float] = {}
    try:
        answer = to_gateway(answered(routes[route], Request(event, timings)), timings, cold)
    except Exception as error:  # ours, not the caller's: type and place go to the log, a constant to the caller
        logger.error("unexpected", error=type(error).__name__, frames=traceback.format_tb(error.__traceback__))
        answer = to_gateway(problem(Problem("Something went wrong on our side. It has been logged.")), timings, cold)
    warm[name] = True
    if cold:
        gc.freeze()
        gc.enable()
    milliseconds = round(1000 * (time.perf_counter() - began), 1)
    weights = registry.serving()
    facts = {"function": name, "route": route, "status": answer["statusCode"], "milliseconds": milliseconds, "cold": cold}
    logger.info("answered", **facts, weights=weights)
    parts = [answer["headers"]["server-timing"], "total;dur=%.1f" % milliseconds]
    version = registry.version(name) if answer["statusCode"] in (200, 304) else None
    parts += ['model;desc="%s %s"' % (name, version)] if version else []
    parts += ['fallback;desc="%s %s"' % (model, entry["version"]) for model, entry in weights.items() if entry["fault"]]
    answer["headers"]["server-timing"] = ", ".join(filter(None, parts))
    return answer


def answered(route: Callable[[Request], Any], request: Request) -> Answer:
    """The route's answer, or the problem that it raised as an answer."""
    try:
        result = route(request)
        return conditional(result if isinstance(result, Answer) else Answer(result), request)
    except Problem as error:
        return problem(error)
    except WeightsUnavailable as error:
        logger.error("weights unavailable", reason=str(error))
        return problem(Unavailable("The model cannot be loaded right now. Try again in a few seconds.", Retry_After="5"))
