"""What can be wrong with a request: one exception a status, each carrying one sentence that tells the caller what to do."""

import json


class Problem(Exception):
    """An answer of RFC 9457 (application/problem+json). `detail` is the sentence; `headers` go with it."""

    status = 500
    title = "Internal Server Error"

    def __init__(self, detail: str, **headers: str):
        super().__init__(detail)
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Malformed(Problem):
    status, title = 400, "Bad Request"


class NotFound(Problem):
    status, title = 404, "Not Found"


class MethodNotAllowed(Problem):
    status, title = 405, "Method Not Allowed"


class TooLarge(Problem):
    status, title = 413, "Content Too Large"


class UnsupportedType(Problem):
    status, title = 415, "Unsupported Media Type"


class Unprocessable(Problem):
    status, title = 422, "Unprocessable Content"


class Unavailable(Problem):
    status, title = 503, "Service Unavailable"


def quoted(name: str) -> str:
    """A caller's word as it can stand in a sentence: short, and without line breaks or signs that turn the text around."""
    return json.dumps(name[:60], ensure_ascii=False) if name.isprintable() else json.dumps(name[:20])
