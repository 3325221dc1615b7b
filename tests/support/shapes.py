"""Requests that hypothesis draws, right and wrong, and what every answer must have.
tests/api/test_requests.py and tests/api/fuzz.py share this.
"""

import base64
import json
import time
import urllib.parse

from hypothesis import strategies as st
from PIL import Image

import local
from web import service as site
from tests.conftest import Reply, gateway_event
from models import registry
from models.cars import pictures, service
from models.translation import service as translation
from models.words import service as words

Z = registry.record("cars")["latent"]  # coordinates of a latent
ROUTES = sorted(set(service.ROUTES) | set(words.ROUTES) | set(translation.ROUTES) | set(site.ROUTES))
FIELDS = [
    "image",
    "images",
    "latent",
    "latents",
    "attributes",
    "main",
    "count",
    "steps",
    "seed",
    "sample",
    "temperature",
    "aspect",
]
WORD_FIELDS = ["word", "a", "b", "words", "positive", "negative", "text", "pairs", "count"]
TRANSLATION_FIELDS = ["text", "source", "target", "model", "beam", "alternatives", "attention"]
TINY = pictures.encoded(Image.new("RGB", (3, 2), "red"), "PNG")

text = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["", "\ud800", "\u202eabc", "\0", "true", "True", "007", "1e3", "-0.0", "[", "9" * 400]
)
scalar = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | text
    | st.sampled_from([10**400, -(10**25), 1e300, base64.b64encode(TINY).decode()])
)
value = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=5
)
latent = st.lists(st.sampled_from([0, 1.5, -20, 20, 21, True, None, "1"]), min_size=1, max_size=1).map(
    lambda one: one * Z
)
fields = st.dictionaries(
    st.sampled_from(FIELDS) | text, value | latent | st.lists(latent, max_size=2), max_size=4
)
kinds = (
    st.sampled_from(
        [
            "application/json",
            "APPLICATION/JSON; charset=latin-1",
            "multipart/form-data; boundary=x",
            'multipart/form-data; boundary="x";',
            "multipart/form-data",
            "image/png",
            "image/\u202e",
            "application/octet-stream",
            "text/plain",
            ";",
            "",
        ]
    )
    | text
)
disposition = st.sampled_from(
    [
        "form-data; name=%s",
        'form-data; name="%s"; filename="a;b.jpg"',
        "name=%s",
        "form-data; filename*=utf-8''%s",
        "%s",
    ]
)
part = st.tuples(
    disposition,
    st.sampled_from(FIELDS) | text,
    st.binary(max_size=40) | st.sampled_from([TINY, b"1", b"true", b"[[1]]", b'{"size": 1}']),
)


def multipart(parts):
    """A body with boundary x. The headers of its parts are wrong in many ways."""
    head = "\r\n--x\r\nContent-Disposition: %s\r\n\r\n"
    return (
        b"".join(
            (head % (shape.replace("%s", name))).encode("utf-8", "replace") + data
            for shape, name, data in parts
        )
        + b"\r\n--x--\r\n"
    )


bodies = (
    fields.map(lambda sent: json.dumps(sent).encode())
    | st.lists(part, max_size=4).map(multipart)
    | st.binary(max_size=200)
    | st.sampled_from(
        [
            TINY,
            TINY[:30],
            b"",
            b"[" * 5000,
            json.dumps({"attributes": {str(n): n for n in range(10_000)}}).encode(),
        ]
    )
)
queries = (
    st.dictionaries(
        st.sampled_from(FIELDS), text.map(lambda word: word.encode("utf-8", "replace").decode()), max_size=2
    ).map(lambda pairs: "&".join("%s=%s" % pair for pair in pairs.items()))
    | text
    | st.none()
)


word_value = value | st.lists(st.lists(text, min_size=2, max_size=2), max_size=3)
asked = st.lists(
    st.tuples(
        st.sampled_from(WORD_FIELDS),
        text | st.sampled_from(["car", "new york", ",,", "a,b,c", "\u00e9" * 2001, "x," * 60]),
    ),
    max_size=4,
)
german = text | st.sampled_from(
    ["Hallo.", "Ein Mann liest ein Buch.", ["Hallo.", ""], [], "\u00e9" * 2001, {"a": "b"}]
)
names = text | st.sampled_from(["de", "en", "transformer"])
translated = st.fixed_dictionaries(
    {},
    optional={
        "text": german,
        "source": names,
        "target": names,
        "model": names,
        "beam": st.integers(-1, 12),
        "alternatives": st.integers(-1, 12),
        "attention": st.booleans() | value,
    },
) | st.dictionaries(st.sampled_from(TRANSLATION_FIELDS) | text, value, max_size=4)


def any_event(route, body, kind, query, accept, encoded, upper):
    """Any body, type, query and Accept on any route. isBase64Encoded may be wrong."""
    method, _, path = route.partition(" ")
    names = {"CONTENT-TYPE" if upper else "content-type": kind, "accept": accept}
    sent = base64.b64encode(body).decode() if encoded else body.decode("utf-8", "surrogateescape")
    return {
        "routeKey": route,
        "rawPath": path or "/\udc80",
        "rawQueryString": query,
        "headers": names,
        "cookies": ["a=b"],
        "requestContext": {"http": {"method": method if path else "PUT", "path": path}},
        "body": sent,
        "isBase64Encoded": encoded != (accept == "true"),
    }


def asking(route, query, sent, known):
    """Fields that are sent, missing, repeated and wrong, in the query and in JSON."""
    method, _, path = route.partition(" ")
    body = json.dumps(sent).encode() if sent else b""
    return gateway_event(
        method,
        path,
        urllib.parse.urlencode(query, errors="surrogatepass"),
        body,
        {"Content-Type": "application/json", "If-None-Match": known},
    )


def filling(route, sent, parts, as_form):
    """Well-formed JSON and forms, with values that the fields do not accept."""
    method, _, path = route.partition(" ")
    kind, body = (
        ("multipart/form-data; boundary=x", multipart(parts))
        if as_form
        else ("application/json", json.dumps(sent).encode())
    )
    return gateway_event(method, path, "", body, {"Content-Type": kind})


addresses = text | st.sampled_from(["%", "%ff%fe", "%00", "//x", "..", "cars/%2e%2e", "*"])
methods = st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "PATCH", "POST", "TRACE", "BREW"])
EVENTS = {
    "any body": st.builds(
        any_event, st.sampled_from(ROUTES), bodies, kinds, queries, text, st.booleans(), st.booleans()
    ),
    "words": st.builds(
        asking,
        st.sampled_from(sorted(words.ROUTES)),
        asked,
        st.dictionaries(st.sampled_from(WORD_FIELDS) | text, word_value, max_size=3),
        text,
    ),
    "cars": st.builds(
        filling,
        st.sampled_from([route for route in service.ROUTES if route.startswith("POST")]),
        fields,
        st.lists(part, max_size=3),
        st.booleans(),
    ),
    "translation": st.builds(
        asking, st.sampled_from(sorted(translation.ROUTES)), st.just([]), translated, text
    ),
    "any address": st.builds(lambda method, path: gateway_event(method, "/" + path), methods, addresses),
}


def answered(event):
    """The reply to an event, and the processor seconds that it took. It has a status of the API and can be
    written as JSON. An error is as in RFC 9457, with a readable sentence. An answer to HEAD has no body.
    """
    began = time.process_time()
    reply = Reply(json.loads(json.dumps(local.function_of(event)(event, None))))
    taken = time.process_time() - began
    assert reply.status in (200, 304, 400, 404, 405, 413, 415, 422), reply.body
    assert reply.headers["x-content-type-options"] == "nosniff"
    if event["requestContext"]["http"]["method"] == "HEAD":
        assert reply.body == b""
    elif reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert (
            set(reply.json) == {"type", "title", "status", "detail"} and reply.json["status"] == reply.status
        )
        assert (
            reply.json["detail"].endswith(".")
            and len(reply.json["detail"]) < 400
            and reply.json["detail"].isprintable()
        )
    return reply, taken
