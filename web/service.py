"""The routes of the function api: health, records, the page and
its files, and a sentence for every other path.
"""

import pathlib
from typing import Any, Callable, Dict, Optional

from aws_lambda_powertools import Logger

from api.problems import MethodNotAllowed, NotFound
from api.request import Request, quoted
from api.response import Answer
from models import registry
from models.registry import WeightsUnavailable
from web import contract

FOLDER = pathlib.Path(__file__).parent.parent / "static"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
logger = Logger(service="inference", level="INFO")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
}


def health(request: Request) -> Answer:
    """GET /health: the function runs and reads its records."""
    return Answer({"status": "ok", "models": registry.names()}, headers={"cache-control": "no-store"})


def records(request: Request) -> Answer:
    """GET /models: the record of every model, and the names of models whose record
    cannot be read now. Raises WeightsUnavailable if no record can be read.
    """
    from concurrent.futures import ThreadPoolExecutor  # 2 ms, needed only here

    names = registry.names()
    with ThreadPoolExecutor(len(names) or 1) as threads:  # each may wait for S3
        found = dict(zip(names, threads.map(record_or_fault, names)))
    faults = {name: fault for name, fault in found.items() if isinstance(fault, WeightsUnavailable)}
    if faults and len(faults) == len(found):
        raise next(iter(faults.values()))
    for name, fault in faults.items():
        logger.error("weights unavailable", model=name, reason=str(fault))
    answer = {"models": [record for name, record in found.items() if name not in faults]}
    if faults:
        answer["unavailable"] = [
            {
                "name": name,
                "detail": "The record of %s cannot be read right now. Try again in a few seconds." % name,
            }
            for name in faults
        ]
    return Answer(answer, headers={"cache-control": "no-cache"})


def record_or_fault(name: str) -> Any:
    """A model's record, or the error that says why it cannot be read."""
    try:
        return registry.record(name)
    except WeightsUnavailable as error:
        return error


def unmatched(request: Request) -> Answer:
    """$default: a file of the page, or a problem that says why there is none."""
    if request.method in ("GET", "HEAD"):
        path = file_at(request.path)
        if path:
            return file_answer(path)
    allowed = contract.methods().get(request.path)
    if allowed:
        raise MethodNotAllowed(
            "%s answers %s only." % (request.path, " and ".join(allowed)),
            Allow=", ".join(allowed).replace("GET", "GET, HEAD"),
        )
    paths = [path for path in contract.methods() if path not in ("/", "/health", "/models")]
    models = [path for path in paths if path.count("/") == 1]
    here = [path for path in paths if path.split("/")[1] == (request.path + "/").split("/")[1]]
    if here:
        raise NotFound("There is nothing at %s, but at %s." % (quoted(request.path), ", ".join(here)))
    raise NotFound(
        "There is nothing at %s. The models are at %s; GET /models tells of them."
        % (quoted(request.path), ", ".join(models))
    )


def file_at(path: str) -> Optional[pathlib.Path]:
    """The file under static/ that a path names, or None. The path is looked up in the
    list of these files, so it cannot lead to any other file.
    """
    if path == "/openapi.yaml":
        return contract.FILE
    files = {"/" + file.relative_to(FOLDER).as_posix(): file for file in FOLDER.rglob("*") if file.is_file()}
    return files.get("/index.html" if path == "/" else path)


def file_answer(path: pathlib.Path) -> Answer:
    """A file of the page. Browsers check it every time, because all files of the page change together."""
    import mimetypes

    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Answer(
        path.read_bytes(), kind, 200, {"cache-control": "no-cache", "content-security-policy": POLICY}
    )


ROUTES: Dict[str, Callable[[Request], Answer]] = {
    "GET /health": health,
    "GET /models": records,
    "$default": unmatched,
}
