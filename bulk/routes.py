"""What the contract says about a model's routes: their names, their fields, and
whether they take pictures.
"""

import pathlib
from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Set

import yaml

ROOT = pathlib.Path(__file__).parent.parent


class Route(NamedTuple):
    """A route such as `POST /cars/reconstruct?find=false`: its model, its fields, and whether it takes
    pictures.
    """

    text: str
    model: str
    fields: Set[str]
    takes_pictures: bool


@lru_cache(maxsize=None)
def contract(model: str) -> Dict[str, Any]:
    """The paths in a model's part of openapi.yaml."""
    return yaml.safe_load((ROOT / "models" / model / "openapi.yaml").read_text())["paths"]


def models() -> List[str]:
    """The names of the models that have a function."""
    return sorted(path.parent.name for path in ROOT.glob("models/*/function.yml"))


def function(model: str) -> Dict[str, Any]:
    """The contents of a model's function.yml: its memory, and its usual call."""
    return yaml.safe_load((ROOT / "models" / model / "function.yml").read_text())


def known(model: str) -> List[str]:
    """The routes of a model, such as `POST /translation`."""
    return ["%s %s" % (method.upper(), path) for path, item in contract(model).items() for method in item]


def route(model: str, text: str) -> Route:
    """The route that is meant: without a route, the model's usual one; without a model, the model of the
    route.

    Raises SystemExit with a sentence if there is no such model or route.
    """
    model = model or text.partition("/")[2].partition("/")[0].partition("?")[0]
    if not model:
        raise SystemExit(
            'Say what is to answer: MODEL is one of %s; or ROUTE="POST /translation".' % ", ".join(models())
        )
    if model not in models():
        raise SystemExit("There is no model %s: MODEL is one of %s." % (model, ", ".join(models())))
    if not text:
        call = function(model)["call"]
        text = "%s %s" % (call["method"], call["path"].partition("?")[0])
    bare = text.partition("?")[0]
    if bare not in known(model):
        raise SystemExit("%s has no route %s: ROUTE is one of %s." % (model, bare, ", ".join(known(model))))
    method, _, path = bare.partition(" ")
    said = contract(model)[path][method.lower()]
    content = said.get("requestBody", {}).get("content", {})
    fields = {parameter["name"] for parameter in said.get("parameters", []) if "name" in parameter}
    fields |= properties(content.get("application/json", {}).get("schema", {}))
    return Route(text, model, fields, bool({"image/*", "image/jpeg"} & set(content)))


def properties(schema: Dict[str, Any]) -> Set[str]:
    """The names of an object's fields, in whatever combination of schemas."""
    found = set(schema.get("properties", {}))
    for part in ("allOf", "anyOf", "oneOf"):
        found = found.union(*map(properties, schema.get(part, [])))
    return found
