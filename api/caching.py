"""What a caller may keep: the ETag of an answer, 304 where the caller has it already, and for how long it need not ask again."""

import hashlib

from api.request import Request
from api.response import Answer

SECONDS = 3600  # that an answer to a question is kept without asking; the same question has the same answer for a version


def conditional(answer: Answer, request: Request) -> Answer:
    """A 200 to GET or HEAD with ETag and Cache-Control, or 304; everything else as it is, which response.py marks as not to be stored.

    The ETag is of the answer's bytes, so that it changes with the model's version and with the code's. A GET with a query is a question and
    is kept; one without (a record, which warms its model; health; the page) is asked again each time, and answered 304.
    """
    if request.method not in ("GET", "HEAD") or answer.status != 200:
        return answer
    kept = "public, max-age=%d" % SECONDS if request.has_query else "no-cache"
    headers = {"cache-control": kept, **answer.headers}
    if headers["cache-control"] == "no-store":
        return answer
    etag = '"%s"' % hashlib.sha256(answer.data).hexdigest()[:16]
    asked = request.headers.get("if-none-match", "")
    known = etag in asked or asked.strip() == "*"  # also in a list, and made weak by a proxy that compresses
    empty = known or request.method == "HEAD"
    return answer._replace(body=b"" if empty else answer.data, status=304 if known else 200, headers={**headers, "etag": etag})
