"""Whole requests of every shape, right and wrong: each gets an answer or a sentence, and none leaves a trace."""

import base64
import http.client
import io
import json
import re
import socket
import subprocess
import sys
import threading
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

import shapes
from models import registry
from models.cars import pictures, service
from shapes import ROUTES, TINY, Z, answered

from conftest import ROOT, form

quick = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", list(shapes.EVENTS))
def test_whatever_is_sent_gets_an_answer_or_a_sentence(kind):
    """Any body, type, query, Accept, method and path; fields that are wrong, left out and repeated."""
    @quick
    @given(shapes.EVENTS[kind])
    def ask(event):
        answered(event)

    ask()


@pytest.mark.parametrize("route", ROUTES)
def test_an_event_without_body_query_and_headers_is_no_fault(route):
    """Keys that API Gateway leaves out where there is nothing."""
    method, _, path = route.partition(" ")
    answered({"routeKey": route, "rawPath": path or "/", "requestContext": {"http": {"method": method, "path": path}}})


@pytest.mark.parametrize("word, status", [
    ("true", 200), ("True", 200), ("false", 200), ("TRUE", 422), ("1", 422), ("", 422),
])
def test_a_flag_is_true_or_false_also_as_python_writes_it(call, word, status):
    """requests.post(params={"sample": True}) sends True."""
    assert call("POST", "/cars/reconstruct", "seed=1&sample=" + word, body=TINY, headers={"Content-Type": "image/png"}).status == status


@pytest.mark.parametrize("word, status", [
    ("7", 200), ("7.0", 200), ("1e3", 200), ("-0", 200), ("007", 422), ("1_000", 422), ("0x7", 422), ("", 422), ("9" * 5000, 422), ("-1", 422), ("null", 422),
])
def test_a_seed_in_the_query_is_written_as_in_json(call, word, status):
    """What is not a whole number there is told so, and never guessed at."""
    answer = call("POST", "/cars/generate", "seed=" + word)
    assert answer.status == status
    assert status == 200 or answer.json["detail"] == "seed must be a whole number from 0 to 4294967295."


def test_a_route_without_fields_says_so(call):
    answer = call("GET", "/cars", "verbose=1")
    assert (answer.status, answer.json["detail"]) == (422, 'There is no field "verbose" here. This route takes none.')


def test_a_picture_where_none_is_used_is_not_silently_ignored(call):
    answer = call("POST", "/cars/generate", body=TINY, headers={"Content-Type": "image/png"})
    assert (answer.status, answer.json["detail"]) == (422, "Send no picture: here are 1.")


@pytest.mark.parametrize("header", [b"Content-Disposition", b"content-disposition", b"Content-Type: text/plain\r\nContent-Disposition"])
def test_the_number_of_parts_is_limited_however_they_are_written(call, header):
    """101 parts are 413 whatever the case and order of their headers."""
    body = (b"--x\r\n" + header + b": form-data; name=a\r\n\r\n1\r\n") * 102 + b"--x--\r\n"
    answer = call("POST", "/cars/generate", body=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (answer.status, answer.json["detail"]) == (413, "The form has more than 100 parts. Send the picture and its fields only.")


@pytest.mark.parametrize("kind", ['multipart/form-data; boundary="x"', "multipart/form-data; boundary=x;", "Multipart/Form-Data; charset=utf-8; boundary=x"])
def test_a_boundary_may_be_quoted_and_followed(call, kind):
    body = b'--x\r\nContent-Disposition: form-data; name="seed"\r\n\r\n7\r\n--x--\r\n'
    assert call("POST", "/cars/generate", body=body, headers={"Content-Type": kind}).json["seed"] == 7


def test_a_file_name_in_another_encoding_is_no_fault(call):
    """curl sends a file name's bytes as they are."""
    body = b'--x\r\nContent-Disposition: form-data; name="image"; filename="w\xfcrfel.png"\r\n\r\n' + TINY + b"\r\n--x--\r\n"
    assert call("POST", "/cars/reconstruct", body=body, headers={"Content-Type": "multipart/form-data; boundary=x"}).status == 200


def test_a_field_called_filename_is_a_field(call):
    answer = call("POST", "/cars/generate", parts=[("filename", "a.jpg")])
    assert answer.json["detail"].startswith('There is no field "filename" here.')


@pytest.mark.parametrize("extra, status", [(0, 415), (1, 413)])
@pytest.mark.parametrize("form_of", ["raw", "form", "json", "lines"])
def test_a_picture_may_have_4500000_bytes_however_it_comes(call, extra, status, form_of):
    """At the limit it is read (and no picture); one byte more is 413, base64 with its line breaks not counted."""
    data = bytes(4_500_000 + extra)
    sent = {
        "raw": {"body": data, "headers": {"Content-Type": "image/png"}}, "form": {"parts": [("image", "a.png", data)]},
        "json": {"json": {"image": base64.b64encode(data).decode()}}, "lines": {"json": {"image": base64.encodebytes(data).decode()}},
    }[form_of]
    answer = call("POST", "/cars/reconstruct", **sent)
    assert answer.status == status
    assert status == 415 or answer.json["detail"] == "The picture has 4500001 bytes; 4500000 are the most. Shrink it and send it again."


def test_an_answer_that_lambda_cannot_carry_is_a_sentence(call, monkeypatch):
    """Over 6 MB; the log has the status that the caller gets."""
    monkeypatch.setitem(service.ROUTES, "GET /cars", lambda request: {"text": "x" * 6_000_001})
    answer = call("GET", "/cars")
    assert (answer.status, answer.json["detail"][:31]) == (422, "The answer would be over 6 MB, ")


def test_the_largest_answers_are_carried(call):
    """64 cars at the widest aspect and the highest temperature stay under 6 MB."""
    assert call("POST", "/cars/generate", json={"count": 64, "seed": 1, "aspect": 4, "temperature": 2}).status == 200


def test_an_edited_latent_can_be_sent_back(call):
    """An edit at the edge of the range stays in it."""
    edited = call("POST", "/cars/edit", json={"latent": [20] * Z, "attributes": {"size": 3, "view": -3}}).json["latent"]
    assert call("POST", "/cars/edit", json={"latent": edited, "attributes": {}}).status == 200


@pytest.mark.parametrize("sent", ['W/%s', '"other", %s'])
def test_an_etag_is_known_again_when_weak_or_in_a_list(call, sent):
    etag = call("GET", "/").headers["etag"]
    assert call("GET", "/", headers={"If-None-Match": sent % etag}).status == 304


def test_threads_that_ask_at_once_load_the_model_once(monkeypatch, call):
    """Eight first requests, one load."""
    from models.cars import model

    loads = []
    monkeypatch.setattr(model.Model, "__init__", lambda self, weights: (loads.append(1), threading.Event().wait(0.2), setattr(self, "record", {}))[0])
    registry.kept.clear()
    together([lambda: call("GET", "/cars")] * 8)
    registry.kept.clear()
    assert len(loads) == 1


def together(questions):
    """Ask all at once; the answers in order."""
    answers = [None] * len(questions)

    def ask(place):
        answers[place] = questions[place]()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(questions))]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    return answers


@pytest.fixture(scope="module")
def socket_server(tmp_path_factory):
    """A real local.py; afterwards its log has no traceback, no warning and nothing that was sent."""
    log = tmp_path_factory.mktemp("log") / "log"
    with open(str(log), "wb") as file:
        process = subprocess.Popen([sys.executable, "-u", "local.py", "--port", "0"], cwd=str(ROOT), stdout=file, stderr=subprocess.STDOUT)
        while b" at " not in log.read_bytes():
            assert process.poll() is None
        yield re.search(r"127\.0\.0\.1:\d+", log.read_text()).group()
        process.terminate()
        process.wait(10)
    assert not re.search("traceback|warning|marker", log.read_text(), re.IGNORECASE), log.read_text()


def exchanged(address, *pieces, wait=True):
    """Send bytes piece by piece on one connection -> status and body of the answer."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 60) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if wait:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.read()


@pytest.mark.parametrize("request_, status", [
    (b"POST /cars/generate HTTP/1.1\r\nContent-Length: marker\r\n\r\n", 400),
    (b"POST /cars/generate HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /cars/generate HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
    (b"POST /cars/generate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nmarker\r\n0\r\n\r\n", 400),
    (b"POST /cars/generate HTTP/1.1\r\n\r\n", 200),
    (b"POST /cars/reconstruct HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n" + bytes(5_000_000), 413),
    (b"POST /cars/reconstruct HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 6300000\r\n\r\n" + bytes(6_300_000), 413),
    (b"GET http://127.0.0.1/health?a=b HTTP/1.1\r\n\r\n", 200),
    (b"GET http://[marker/health HTTP/1.1\r\n\r\n", 200),
    (b"GET //health HTTP/1.1\r\n\r\n", None),
    (b"GET marker HTTP/1.1\r\n\r\n", 404),
    (b"GET /mar ker?x HTTP/1.1\r\n\r\n", 400),
    (b"GET /\xff\xfe%ff HTTP/1.1\r\n\r\n", 404),
    (b"GET /health HTTP/1.1\r\n" + b"marker: 1\r\n" * 200 + b"\r\n", 400),
    (b"GET /" + b"marker" * 20_000 + b" HTTP/1.1\r\n\r\n", 400),
    (b"TRACE /marker HTTP/1.1\r\n\r\n", 404),
    (b"BREW /health HTTP/1.1\r\n\r\n", 405),
    (b"\x16\x03\x01\x02marker\r\n\r\n", 400),
    (b"OPTIONS /marker HTTP/1.1\r\nContent-Length: 6\r\n\r\nmarker", 204),
    (b"OPTIONS * HTTP/1.1\r\n\r\n", 204),
])
def test_a_request_that_is_hardly_http_gets_a_sentence(socket_server, request_, status):
    """And the next caller is served."""
    found, body = exchanged(socket_server, request_)
    assert status in (found, None)
    assert found < 400 or json.loads(body)["detail"].endswith(".")
    assert exchanged(socket_server, b"GET /health HTTP/1.1\r\n\r\n")[0] == 200


def test_an_address_may_have_letters_as_they_are(socket_server):
    """curl sends the bytes of what is typed; they are UTF-8, as those of %C3%A9 are."""
    plain, encoded = (exchanged(socket_server, b"GET /words/vector?word=caf" + letter + b" HTTP/1.1\r\n\r\n") for letter in (b"\xc3\xa9", b"%C3%A9"))
    assert plain == encoded and json.loads(plain[1])["word"]["asked"] == "caf\u00e9"


def test_requests_on_one_connection_keep_their_order_after_an_error(socket_server):
    """Pipelined: a 404 and a preflight, each with a body, and an answer."""
    host, port = socket_server.split(":")
    with socket.create_connection((host, int(port)), 60) as connection:
        for first in ("POST /marker", "OPTIONS /"):
            connection.sendall(first.encode() + b" HTTP/1.1\r\nContent-Length: 6\r\n\r\nmarker")
        connection.sendall(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert re.findall(br"HTTP/1.1 (\d+)", connection.makefile("rb").read()) == [b"404", b"204", b"200"]


def test_a_slow_caller_and_one_who_waits_for_100_continue_are_answered(socket_server):
    body = b'{"seed": 7}'
    head = b"POST /cars/generate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 11\r\n"
    slow = exchanged(socket_server, *[bytes([byte]) for byte in head + b"\r\n" + body])
    waiting = exchanged(socket_server, head + b"Expect: 100-continue\r\n\r\n", body)
    assert json.loads(slow[1])["seed"] == json.loads(waiting[1])["seed"] == 7


def test_callers_who_hang_up_leave_no_trace(socket_server):
    """Before the body, within it, and before the answer; the fixture looks at the log."""
    for sent in (b"", b"POST /mar", b"POST /cars/generate HTTP/1.1\r\nContent-Length: 9\r\n\r\nmark", b"GET / HTTP/1.1\r\n\r\n" * 50):
        exchanged(socket_server, sent, wait=False)
    assert exchanged(socket_server, b"GET /health HTTP/1.1\r\n\r\n")[0] == 200


def test_fifty_callers_at_once_each_get_their_own_answer(socket_server):
    """The seed of each answer is the question's, and so is its latent."""
    def asking(seed):
        head = "POST /cars/generate?seed=%d HTTP/1.1\r\n\r\n" % seed
        return lambda: json.loads(exchanged(socket_server, head.encode())[1])

    answers = together([asking(seed % 25) for seed in range(50)])
    assert [answer["seed"] for answer in answers] == [seed % 25 for seed in range(50)]
    assert all(one["latents"] == other["latents"] for one, other in zip(answers, answers[25:]))
    assert len({str(answer["latents"]) for answer in answers}) == 25


def test_a_damaged_picture_leaves_no_trace_in_the_log(socket_server):
    """Pillow warns of bad EXIF and of many pixels; callers' files are not ours to log."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\xff\xffmarker"
    odd = pictures.encoded(Image.new("RGB", (8, 4)), "JPEG", exif=exif)
    wide = io.BytesIO()
    Image.new("1", (12_000, 10_000)).save(wide, "PNG")
    for data, status in ((odd, 200), (wide.getvalue(), 413)):
        body, kind = form(("image", "marker.jpg", data))
        head = "POST /cars/reconstruct HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
        assert exchanged(socket_server, head.encode() + body)[0] == status
