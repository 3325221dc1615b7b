"""What can be wrong with a request: one exception per status.
Each has one sentence that tells the caller what to do.
"""

import json


class Problem(Exception):
    """An answer as in RFC 9457 (application/problem+json). `detail` is the sentence; `headers` are added."""

    status = 500
    title = "Internal Server Error"

    def __init__(self, detail: str, **headers: str):
        super().__init__(detail)
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Malformed(Problem):
    status, title = 400, "Bad Request"


class Unauthorized(Problem):
    status, title = 401, "Unauthorized"


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


class TooManyRequests(Problem):
    status, title = 429, "Too Many Requests"


class Unavailable(Problem):
    status, title = 503, "Service Unavailable"


def quoted(name: str) -> str:
    """A caller's text as it can be quoted in a sentence: short, and without
    line breaks or characters that reverse the direction of the text.
    """
    return json.dumps(name[:60], ensure_ascii=False) if name.isprintable() else json.dumps(name[:20])
