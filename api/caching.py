"""Caching of answers: the ETag, 304 if the caller already has
the answer, and how long the caller may keep it.
"""

import hashlib

from api.request import Request
from api.response import Answer

# seconds for which a caller may keep an answer: one version gives one answer to one question
SECONDS = 3600


def conditional(answer: Answer, request: Request) -> Answer:
    """Add ETag and Cache-Control to a 200 answer to GET or HEAD, or make it a 304. Every
    other answer stays as it is; response.py marks it as not to be stored.

    The ETag is the hash of the answer's bytes, so it changes with the version of the model and with the code.
    A GET with a query is a question, and its answer may be kept. A GET without a query (a record, which warms
    its model; health; the page) is asked again every time, and is answered with 304 if nothing changed.
    """
    if request.method not in ("GET", "HEAD") or answer.status != 200:
        return answer
    whose = "private" if request.keyed else "public"
    kept = "%s, max-age=%d" % (whose, SECONDS) if request.has_query else "no-cache"
    headers = {"cache-control": kept, **answer.headers}
    if headers["cache-control"] == "no-store":
        return answer
    etag = '"%s"' % hashlib.sha256(answer.data).hexdigest()[:16]
    asked = request.headers.get("if-none-match", "")
    known = etag in asked or asked.strip() == "*"  # also in a list, and made weak by a proxy that compresses
    return answer._replace(
        body=b"" if known else answer.data, status=304 if known else 200, headers={**headers, "etag": etag}
    )
