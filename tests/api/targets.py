"""The readers that tests/api/fuzz.py feeds with bytes: forms, pictures, texts and events. Each may raise only
the errors that its caller expects.
"""

import json
import re

from tests.api import corpus
from api import body
from api.problems import Problem
from api.request import Request
from models.cars import pictures
from models.translation import sentences, service
from models.words import tokenizer, vocabulary

WORDS = vocabulary.Vocabulary("the\ncar\nb\u00fcrger\nnew-york\nicecream\ncaf\u00e9".encode())


def multipart(data):
    """A form. Its boundary is in its first line, or is x."""
    boundary = data.split(b"\r\n")[0][2:].decode("latin-1") or "x"
    try:
        body.multipart(data, "multipart/form-data; boundary=" + boundary)
    except Problem:
        pass


def picture(data):
    try:
        square = pictures.to_square(pictures.open_picture(data))
    except pictures.UnreadablePicture:
        return
    assert square.shape == (3, pictures.SIZE, pictures.SIZE)


def text(data):
    """Tokens, spellings and near words of the words function, and sentences of the translation. The sentences
    together must be the text.
    """
    # bytes that are not UTF-8 become lone surrogates, which JSON can carry
    sent = data.decode("utf-8", "surrogateescape")[:2000]
    assert all(token.strip() for token in tokenizer.tokens(sent))
    WORDS.find(sent)
    WORDS.near(vocabulary.shown(sent), 5)
    readable = service.readable(sent)
    parted = "".join(piece for piece, _ in sentences.parts(readable, len, 60))
    assert parted == sentences.unwrapped(readable)
    # but for blanks, and for the hyphens of words that a line parted
    assert re.sub(r"[\s-]", "", parted) == re.sub(r"[\s-]", "", readable)


def event(data):
    """An event from one line each of method, path, query, type, Accept and body. It goes through everything
    that a service asks of a request.
    """
    method, path, query, kind, accept, *rest = (data + b"\n" * 5).split(b"\n", 5)
    shape = {
        "routeKey": "$default",
        "rawPath": path.decode("utf-8", "surrogateescape"),
        "rawQueryString": query.decode("latin-1"),
        "headers": {"Content-Type": kind.decode("latin-1"), "accept": accept.decode("latin-1")},
        "isBase64Encoded": False,
        "requestContext": {"http": {"method": method.decode("latin-1"), "path": "/"}},
        "body": rest[0].decode("utf-8", "surrogateescape"),
    }
    request = Request(json.loads(json.dumps(shape)), {})
    questions = [
        lambda: request.only("word"),
        lambda: request.number("n", None, 0, 1),
        lambda: request.whole("n", None, 0, 9),
        lambda: request.flag("n"),
        lambda: request.text("word"),
        lambda: request.texts("words", 0, 9),
        lambda: request.accepted_picture,
        lambda: service.texts_sent(request),
        lambda: body.embedded_picture(request.fields.get("image"), "image"),
    ]
    for question in questions:
        try:
            question()
        except Problem as problem:
            assert problem.detail.endswith(".") and len(problem.detail) < 400


def lines_of(event):
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    fields = [
        method,
        path,
        event.get("rawQueryString") or "",
        (event.get("headers") or {}).get("content-type", ""),
        "image/png",
        str(event.get("body") or ""),
    ]
    return "\n".join(fields).encode("utf-8", "replace")


SEEDS = {
    "multipart": lambda: [form for _, form in corpus.FORMS.values()],
    "picture": lambda: [made() for _, made in corpus.PICTURES.values()],
    "text": lambda: [text.encode("utf-8", "replace") for text in corpus.TEXTS],
    "event": lambda: [lines_of(event) for _, event in corpus.EVENTS.values()],
}
