"""The routes of the api function: health, records, the page and its files, and a sentence for everything unmatched."""

import hashlib
import mimetypes
import pathlib
from typing import Any, Callable, Dict, Optional, Union

from api import contract
from api.problems import MethodNotAllowed, NotFound
from api.request import Request, quoted
from api.response import Answer
from models import registry

FOLDER = pathlib.Path(__file__).parent.parent / "static"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".md": "text/plain; charset=utf-8", ".yaml": "text/plain; charset=utf-8"}


def health(request: Request) -> Dict[str, Any]:
    """GET /health: the function runs and reads its records."""
    return {"status": "ok", "models": registry.names()}


def records(request: Request) -> Dict[str, Any]:
    """GET /models: every model's record."""
    return {"models": [registry.record(name) for name in registry.names()]}


def unmatched(request: Request) -> Answer:
    """$default: a file of the page, or the reason why there is none."""
    if request.method in ("GET", "HEAD"):
        path = file_at(request.path)
        if path:
            return file_answer(path, request)
    allowed = contract.methods().get(request.path)
    if allowed:
        raise MethodNotAllowed("%s answers %s only." % (request.path, " and ".join(allowed)), Allow=", ".join(allowed))
    raise NotFound("There is nothing at %s. The routes are: %s." % (quoted(request.path), ", ".join(contract.methods())))


def file_at(path: str) -> Optional[pathlib.Path]:
    """The file under static/ that a path names, or None. Only names that are there are answered, so none can lead out."""
    if path == "/openapi.yaml":
        return contract.FILE
    files = {"/" + file.relative_to(FOLDER).as_posix(): file for file in FOLDER.rglob("*") if file.is_file()}
    return files.get("/index.html" if path == "/" else path)


def file_answer(path: pathlib.Path, request: Request) -> Answer:
    """A file with its ETag; 304 where the caller has it already."""
    data = path.read_bytes()
    headers = {"etag": '"%s"' % hashlib.sha256(data).hexdigest()[:16], "cache-control": "no-cache", "content-security-policy": POLICY}
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if headers["etag"] in request.headers.get("if-none-match", ""):  # also in a list, and made weak by a proxy that compresses
        return Answer(b"", kind, 304, headers)
    return Answer(b"" if request.method == "HEAD" else data, kind, 200, headers)


ROUTES: Dict[str, Callable[[Request], Union[Answer, Dict[str, Any]]]] = {
    "GET /health": health,
    "GET /models": records,
    "$default": unmatched,
}
