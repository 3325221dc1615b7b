"""What a service returns or raises -> an API Gateway answer (payload 2.0). The gateway adds CORS."""

import base64
import json
from typing import Any, Dict, NamedTuple, Union

from api.problems import Problem, Unprocessable

MOST_BYTES = 6_000_000  # of an answer; Lambda's limit is 6 MiB with the headers
TEXT = ("text/", "application/json", "application/problem+json")


class Answer(NamedTuple):
    """A body and its type; a dict becomes JSON."""

    body: Union[bytes, Dict[str, Any]]
    type: str = "application/json"
    status: int = 200
    headers: Dict[str, str] = {}

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, allow_nan=False).encode()


def problem(error: Problem) -> Answer:
    """A problem as an answer. In RFC 9457, type about:blank means that title and status are those of HTTP."""
    body = {"type": "about:blank", "title": error.title, "status": error.status, "detail": error.detail}
    return Answer(body, "application/problem+json", error.status, error.headers)


def to_gateway(answer: Answer, timings: Dict[str, float], cold: bool) -> Dict[str, Any]:
    """The dict that Lambda gives to API Gateway. `timings` ({part: milliseconds}) becomes Server-Timing."""
    entries = ["%s;dur=%.1f" % part for part in timings.items()] + (["cold"] if cold else [])
    headers = {"content-type": answer.type, "x-content-type-options": "nosniff", "cache-control": "no-store"}
    headers.update({name.lower(): value for name, value in answer.headers.items()})
    headers["server-timing"] = ", ".join(entries)
    plain = answer.type.startswith(TEXT)
    body = answer.data.decode() if plain else base64.b64encode(answer.data).decode()
    if len(body) > MOST_BYTES:
        error = Unprocessable(
            "The answer would be over 6 MB, the most that a call may carry. Ask for fewer pictures, or send "
            "Accept: image/jpeg."
        )
        return to_gateway(problem(error), timings, cold)
    return {"statusCode": answer.status, "headers": headers, "body": body, "isBase64Encoded": not plain}
