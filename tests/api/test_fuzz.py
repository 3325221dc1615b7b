"""The bad inputs of tests/api/corpus.py with their answers: a refusal within two seconds, and never much
memory.

`make fuzz` continues from here, for a given time.
"""

import json
import resource
import time

import pytest

from tests.api import corpus
from tests.support import shapes
from models.cars import pictures


def answered(event):
    """The reply to an event, checked by shapes.py. It must come within the processor seconds for its kind."""
    reply, taken = shapes.answered(event)
    assert taken < (2 if reply.status >= 400 else 25)
    return reply


@pytest.fixture(autouse=True, scope="module")
def loaded():
    """Load the models before anything is measured."""
    for route in ("GET /cars", "GET /words", "GET /translation"):
        assert answered(corpus.bare(route)).status == 200


@pytest.mark.parametrize("name", list(corpus.PICTURES))
def test_a_bad_picture_costs_little_and_says_why(name):
    """At most two processor seconds, and 600 MB of additional memory."""
    reason, made = corpus.PICTURES[name]
    data = made()
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        pictures.open_picture(data)
        found = None
    except pictures.UnreadablePicture as error:
        found = error.reason
    assert found == reason
    assert time.process_time() - began < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000


@pytest.mark.parametrize("name", list(corpus.FORMS))
def test_a_bad_form_gets_a_sentence(name):
    status, body = corpus.FORMS[name]
    assert (
        answered(
            corpus.event(corpus.GENERATE, body=body, kind="multipart/form-data; boundary=x", encoded=True)
        ).status
        == status
    )


@pytest.mark.parametrize("status", list(corpus.JSONS))
def test_bad_json_gets_a_sentence(status):
    """NaN, huge numbers, deep lists, lone surrogates, other encodings."""
    found = [
        answered(corpus.event(corpus.GENERATE, body=body, encoded=True)).status
        for body in corpus.JSONS[status]
    ]
    assert found == [status] * len(found)


@pytest.mark.parametrize("name", list(corpus.EVENTS))
def test_every_shape_of_event_is_answered(name):
    status, event = corpus.EVENTS[name]
    assert answered(event).status == status


@pytest.mark.parametrize("route", list(corpus.FIELDS))
def test_any_text_is_answered(route):
    """Right-to-left text, characters of zero width, lone surrogates, markup, two thousand times the same
    sign.
    """
    for text in corpus.TEXTS:
        answered(corpus.event(route, body=json.dumps(corpus.FIELDS[route](text))))
