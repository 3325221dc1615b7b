"""Requests of every shape, right and wrong: each gets an answer or a sentence, and none leaves a trace."""

import base64
import gzip
import http.client
import io
import json
import re
import socket
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from api.body import TooDeep, load_json
from tests.support import shapes
from models import registry
from models.cars import pictures, service
from tests.support.shapes import ROUTES, TINY, Z, answered

from tests.conftest import ROOT, form

QUERIES = {  # queries for the routes that need fields
    "/words/similarity": "a=tea&b=coffee",
    "/words/neighbours": "word=tea",
    "/words/analogy": "positive=king,woman&negative=man",
    "/words/odd-one-out": "words=tea,coffee,car",
    "/words/vector": "word=tea",
    "/words/map": "words=tea,coffee,car",
    "/words/tokens": "text=tea",
}
quick = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", list(shapes.EVENTS))
def test_whatever_is_sent_gets_an_answer_or_a_sentence(kind):
    """Any body, type, query, Accept, method and path; fields that are wrong, missing or repeated."""

    @quick
    @given(shapes.EVENTS[kind])
    def ask(event):
        answered(event)

    ask()


def test_200_arrays_and_objects_may_be_in_each_other_and_brackets_in_texts_do_not_count():
    beside = json.dumps([[["[{[", "\\", '"', '\\"', "[" * 300]]] * 300)
    assert load_json(beside) == json.loads(beside)
    assert load_json("[" * 200 + "]" * 200)
    for deep in ("[" * 201 + "]" * 201, '{"a":' * 201 + "1" + "}" * 201, '["\\\\",' + "[" * 200 + "]" * 201):
        with pytest.raises(TooDeep):
            load_json(deep)


def test_deep_json_does_not_end_the_process_when_garbage_is_collected_meanwhile():
    """Python 3.8 aborts if a callback of the garbage collector meets the limit of recursion inside
    json.loads.
    """
    words = """if True:
        import gc
        from api.body import TooDeep, load_json
        gc.callbacks.append(lambda *_: (lambda: None)())
        gc.set_threshold(1)
        try:
            load_json("[" * 5000)
        except TooDeep:
            print("told")
    """
    assert subprocess.check_output([sys.executable, "-c", words], cwd=str(ROOT)) == b"told\n"


@pytest.mark.parametrize("route", ROUTES)
def test_an_event_without_body_query_and_headers_is_no_fault(route):
    """API Gateway leaves out keys that have no value."""
    method, _, path = route.partition(" ")
    answered(
        {
            "routeKey": route,
            "rawPath": path or "/",
            "requestContext": {"http": {"method": method, "path": path}},
        }
    )


@pytest.mark.parametrize(
    "word, status",
    [
        ("true", 200),
        ("True", 200),
        ("false", 200),
        ("TRUE", 422),
        ("1", 422),
        ("", 422),
    ],
)
def test_a_flag_is_true_or_false_also_as_python_writes_it(call, word, status):
    """requests.post(params={"sample": True}) sends True."""
    assert (
        call(
            "POST",
            "/cars/reconstruct",
            "seed=1&sample=" + word,
            body=TINY,
            headers={"Content-Type": "image/png"},
        ).status
        == status
    )


@pytest.mark.parametrize(
    "word, status",
    [
        ("7", 200),
        ("7.0", 200),
        ("1e3", 200),
        ("-0", 200),
        ("007", 422),
        ("1_000", 422),
        ("0x7", 422),
        ("", 422),
        ("9" * 5000, 422),
        ("-1", 422),
        ("null", 422),
    ],
)
def test_a_seed_in_the_query_is_written_as_in_json(call, word, status):
    """Anything that is not a whole number is refused, and never guessed at."""
    answer = call("POST", "/cars/generate", "seed=" + word)
    assert answer.status == status
    assert status == 200 or answer.json["detail"] == "seed must be a whole number from 0 to 4294967295."


def test_a_route_without_fields_says_so(call):
    answer = call("GET", "/cars", "verbose=1")
    assert (answer.status, answer.json["detail"]) == (
        422,
        'There is no field "verbose" here. This route takes none.',
    )


def test_a_picture_where_none_is_used_is_not_silently_ignored(call):
    answer = call("POST", "/cars/generate", body=TINY, headers={"Content-Type": "image/png"})
    assert (answer.status, answer.json["detail"]) == (422, "Send no picture: here are 1.")


@pytest.mark.parametrize(
    "header",
    [b"Content-Disposition", b"content-disposition", b"Content-Type: text/plain\r\nContent-Disposition"],
)
def test_the_number_of_parts_is_limited_however_they_are_written(call, header):
    """101 parts are 413, whatever the case and the order of their headers."""
    body = (b"--x\r\n" + header + b": form-data; name=a\r\n\r\n1\r\n") * 102 + b"--x--\r\n"
    answer = call(
        "POST", "/cars/generate", body=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status, answer.json["detail"]) == (
        413,
        "The form has more than 100 parts. Send the picture and its fields only.",
    )


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/form-data; boundary="x"',
        "multipart/form-data; boundary=x;",
        "Multipart/Form-Data; charset=utf-8; boundary=x",
    ],
)
def test_a_boundary_may_be_quoted_and_followed(call, kind):
    body = b'--x\r\nContent-Disposition: form-data; name="seed"\r\n\r\n7\r\n--x--\r\n'
    assert call("POST", "/cars/generate", body=body, headers={"Content-Type": kind}).json["seed"] == 7


def test_a_file_name_in_another_encoding_is_no_fault(call):
    """curl sends the bytes of a file name unchanged."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="w\xfcrfel.png"\r\n\r\n'
        + TINY
        + b"\r\n--x--\r\n"
    )
    assert (
        call(
            "POST",
            "/cars/reconstruct",
            body=body,
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        ).status
        == 200
    )


def test_a_field_called_filename_is_a_field(call):
    answer = call("POST", "/cars/generate", parts=[("filename", "a.jpg")])
    assert answer.json["detail"].startswith('There is no field "filename" here.')


@pytest.mark.parametrize("query", ["word=caf%E9", "word=%FF%FEc", "word=tea%80", "word=caf\udce9"])
def test_a_query_that_is_no_utf8_is_told_and_never_replaced(call, query):
    """Latin-1, UTF-16, a single byte with and without percent sign."""
    answer = call("GET", "/words/neighbours", query)
    assert answer.status == 400 and answer.json["detail"].startswith('"word" is not UTF-8: in Latin-1')
    assert call("GET", "/words/vector", "word=caf%C3%A9").json["word"]["asked"] == "caf\u00e9"


def test_a_form_that_is_no_utf8_is_told_and_never_replaced(call):
    """curl -F 'text=<-' sends the bytes of a file unchanged."""
    answer = call("POST", "/translation", parts=[("text", "Das M\u00e4dchen lacht.".encode("latin-1"))])
    assert answer.status == 400 and answer.json["detail"].startswith('"text" is not UTF-8: in Latin-1')


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_may_begin_with_a_byte_order_mark(call, encoding):
    """Windows saves files so. The body may come as base64 or as text."""
    body = '{"seed": 7, "count": 1}'.encode(encoding)
    answer = call("POST", "/cars/generate", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 200 and answer.json["seed"] == 7


def test_a_text_of_a_form_may_begin_with_a_byte_order_mark(call):
    assert call("POST", "/cars/generate", parts=[("seed", b"\xef\xbb\xbf7")]).json["seed"] == 7
    assert call("POST", "/cars/generate", "seed=%EF%BB%BF7").json["seed"] == 7


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", None])
@pytest.mark.parametrize("kind", ["application/json", "image/png", "multipart/form-data; boundary=x"])
def test_a_compressed_body_is_told_to_be_one(call, coding, kind):
    """Also if only the first byte shows the compression, and no header."""
    headers = {"Content-Type": kind, **({"Content-Encoding": coding} if coding else {})}
    answer = call("POST", "/cars/generate", body=gzip.compress(b'{"seed": 7}'), headers=headers)
    assert (answer.status, answer.headers["accept-encoding"]) == (415, "identity")
    assert answer.json["detail"].startswith("The body is compressed. Send it as it is, without")


@pytest.mark.parametrize("coding", ["identity", "utf-8", ""])
def test_a_body_that_is_not_compressed_may_say_so(call, coding):
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    assert call("POST", "/cars/generate", body=b'{"seed": 7}', headers=headers).json["seed"] == 7


@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith("GET ")] + ["GET /"])
def test_every_address_that_answers_get_answers_head_without_a_body(call, route):
    """Uptime monitors use HEAD. Status and headers are those of GET."""
    path, query = route[4:], QUERIES.get(route[4:], "")
    asked, told = call("GET", path, query), call("HEAD", path, query)
    assert (told.status, told.body) == (asked.status, b"") == (200, b"")
    names = ("content-type", "cache-control", "etag")
    assert [told.headers.get(name) for name in names] == [asked.headers.get(name) for name in names]


def test_head_over_a_socket_keeps_the_connection(server):
    """Each answer ends after its headers. An unknown path is 404 without a body, and the path of a POST is
    405.
    """
    connection = http.client.HTTPConnection(server.split("//")[1])
    for path, status in [("/health", 200), ("/words", 200), ("/trucks", 404), ("/cars/edit", 405)] * 2:
        connection.request("HEAD", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"")
    connection.close()


def test_a_405_names_head_beside_get(call):
    assert call("DELETE", "/health").headers["allow"] == "GET, HEAD"
    assert call("DELETE", "/words/similarity").headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("extra, status", [(0, 415), (1, 413)])
@pytest.mark.parametrize("form_of", ["raw", "form", "json", "lines"])
def test_a_picture_may_have_4500000_bytes_however_it_comes(call, extra, status, form_of):
    """At the limit the picture is read (and found to be none). One more byte is 413. The line breaks of
    base64 do not count.
    """
    data = bytes(4_500_000 + extra)
    sent = {
        "raw": {"body": data, "headers": {"Content-Type": "image/png"}},
        "form": {"parts": [("image", "a.png", data)]},
        "json": {"json": {"image": base64.b64encode(data).decode()}},
        "lines": {"json": {"image": base64.encodebytes(data).decode()}},
    }[form_of]
    answer = call("POST", "/cars/reconstruct", **sent)
    assert answer.status == status
    assert (
        status == 415
        or answer.json["detail"]
        == "The picture has 4500001 bytes; 4500000 are the most. Shrink it and send it again."
    )


def test_an_answer_that_lambda_cannot_carry_is_a_sentence(call, monkeypatch):
    """An answer over 6 MB becomes a problem. The log has the same status as the caller."""
    monkeypatch.setitem(service.ROUTES, "GET /cars", lambda request: {"text": "x" * 6_000_001})
    answer = call("GET", "/cars")
    assert (answer.status, answer.json["detail"][:31]) == (422, "The answer would be over 6 MB, ")


def test_the_largest_answers_are_carried(call):
    """64 cars at the widest aspect and the highest temperature stay under 6 MB."""
    assert (
        call("POST", "/cars/generate", json={"count": 64, "seed": 1, "aspect": 4, "temperature": 2}).status
        == 200
    )


def test_an_edited_latent_can_be_sent_back(call):
    """An edit at the edge of the range stays in it."""
    edited = call(
        "POST", "/cars/edit", json={"latent": [20] * Z, "attributes": {"size": 3, "view": -3}}
    ).json["latent"]
    assert call("POST", "/cars/edit", json={"latent": edited, "attributes": {}}).status == 200


@pytest.mark.parametrize("sent", ["W/%s", '"other", %s'])
def test_an_etag_is_known_again_when_weak_or_in_a_list(call, sent):
    etag = call("GET", "/").headers["etag"]
    assert call("GET", "/", headers={"If-None-Match": sent % etag}).status == 304


def test_threads_that_ask_at_once_load_the_model_once(monkeypatch, call):
    """Eight first requests cause one load."""
    from models.cars import model

    loads = []
    monkeypatch.setattr(
        model.Model,
        "__init__",
        lambda self, weights: (loads.append(1), threading.Event().wait(0.2), setattr(self, "record", {}))[0],
    )
    registry.kept.clear()
    together([lambda: call("GET", "/cars")] * 8)
    registry.kept.clear()
    assert len(loads) == 1


def together(questions):
    """Ask all at once, and return the answers in order."""
    answers = [None] * len(questions)

    def ask(place):
        answers[place] = questions[place]()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(questions))]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    return answers


@pytest.fixture(scope="module")
def socket_server(tmp_path_factory):
    """A real local.py. At the end, its log must have no traceback, no warning and nothing that was sent."""
    log = tmp_path_factory.mktemp("log") / "log"
    with open(str(log), "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-u", "local.py", "--port", "0"],
            cwd=str(ROOT),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        while b" at " not in log.read_bytes():
            assert process.poll() is None
        yield re.search(r"127\.0\.0\.1:\d+", log.read_text()).group()
        process.terminate()
        process.wait(10)
    assert not re.search("traceback|warning|marker", log.read_text(), re.IGNORECASE), log.read_text()


def exchanged(address, *pieces, wait=True):
    """Send bytes in pieces on one connection -> status and body of the answer."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), 60) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if wait:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.read()


@pytest.mark.parametrize(
    "request_, status",
    [
        (b"POST /cars/generate HTTP/1.1\r\nContent-Length: marker\r\n\r\n", 400),
        (b"POST /cars/generate HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /cars/generate HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400),
        (b"POST /cars/generate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nmarker\r\n0\r\n\r\n", 400),
        (b"POST /cars/generate HTTP/1.1\r\n\r\n", 200),
        (b"POST /cars/reconstruct HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n" + bytes(5_000_000), 413),
        (
            b"POST /cars/reconstruct HTTP/1.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 6300000\r\n\r\n" + bytes(6_300_000),
            413,
        ),
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
    ],
)
def test_a_request_that_is_hardly_http_gets_a_sentence(socket_server, request_, status):
    """The next caller is still served."""
    found, body = exchanged(socket_server, request_)
    assert status in (found, None)
    assert found < 400 or json.loads(body)["detail"].endswith(".")
    assert exchanged(socket_server, b"GET /health HTTP/1.1\r\n\r\n")[0] == 200


def test_an_address_may_have_letters_as_they_are(socket_server):
    """curl sends the bytes of what is typed. They are UTF-8, the same as %C3%A9."""
    plain, encoded = (
        exchanged(socket_server, b"GET /words/vector?word=caf" + letter + b" HTTP/1.1\r\n\r\n")
        for letter in (b"\xc3\xa9", b"%C3%A9")
    )
    assert plain == encoded and json.loads(plain[1])["word"]["asked"] == "caf\u00e9"


def test_requests_on_one_connection_keep_their_order_after_an_error(socket_server):
    """Pipelined: a 404 and a preflight, both with a body, then a normal answer."""
    host, port = socket_server.split(":")
    with socket.create_connection((host, int(port)), 60) as connection:
        for first in ("POST /marker", "OPTIONS /"):
            connection.sendall(first.encode() + b" HTTP/1.1\r\nContent-Length: 6\r\n\r\nmarker")
        connection.sendall(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert re.findall(rb"HTTP/1.1 (\d+)", connection.makefile("rb").read()) == [b"404", b"204", b"200"]


def test_a_slow_caller_and_one_who_waits_for_100_continue_are_answered(socket_server):
    body = b'{"seed": 7}'
    head = b"POST /cars/generate HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 11\r\n"
    slow = exchanged(socket_server, *[bytes([byte]) for byte in head + b"\r\n" + body])
    waiting = exchanged(socket_server, head + b"Expect: 100-continue\r\n\r\n", body)
    assert json.loads(slow[1])["seed"] == json.loads(waiting[1])["seed"] == 7


def test_callers_who_hang_up_leave_no_trace(socket_server):
    """They hang up before the body, in the middle of it, or before the answer. The fixture checks the log."""
    for sent in (
        b"",
        b"POST /mar",
        b"POST /cars/generate HTTP/1.1\r\nContent-Length: 9\r\n\r\nmark",
        b"GET / HTTP/1.1\r\n\r\n" * 50,
    ):
        exchanged(socket_server, sent, wait=False)
    assert exchanged(socket_server, b"GET /health HTTP/1.1\r\n\r\n")[0] == 200


def test_fifty_callers_at_once_each_get_their_own_answer(socket_server):
    """The seed and the latent of each answer belong to its question."""

    def asking(seed):
        head = "POST /cars/generate?seed=%d HTTP/1.1\r\n\r\n" % seed
        return lambda: json.loads(exchanged(socket_server, head.encode())[1])

    answers = together([asking(seed % 25) for seed in range(50)])
    assert [answer["seed"] for answer in answers] == [seed % 25 for seed in range(50)]
    assert all(one["latents"] == other["latents"] for one, other in zip(answers, answers[25:]))
    assert len({str(answer["latents"]) for answer in answers}) == 25


def test_a_damaged_picture_leaves_no_trace_in_the_log(socket_server):
    """Pillow warns about bad EXIF and about many pixels, but we must not log callers' files."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\xff\xffmarker"
    odd = pictures.encoded(Image.new("RGB", (8, 4)), "JPEG", exif=exif)
    wide = io.BytesIO()
    Image.new("1", (12_000, 10_000)).save(wide, "PNG")
    for data, status in ((odd, 200), (wide.getvalue(), 413)):
        body, kind = form(("image", "marker.jpg", data))
        head = "POST /cars/reconstruct HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
            kind,
            len(body),
        )
        assert exchanged(socket_server, head.encode() + body)[0] == status


def test_head_and_body_of_an_answer_leave_together(server):
    """Twice on a kept connection: the first packet has both, so no body waits for an acknowledgement."""
    host, port = server.split("//")[1].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(2):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200") and json.loads(body)
