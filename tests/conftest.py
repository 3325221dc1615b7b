"""What the tests share: a call through an API Gateway event, a real server, and pictures that ship with the
page.
"""

import base64
import contextlib
import importlib.util
import io
import json
import logging
import pathlib
import subprocess
import sys
import threading
import uuid

import pytest

from tests.support.browsing import browser, faulty  # noqa: F401, fixtures

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
# `make test-serving` does not install training: such a file is not even imported
MARK = "\npytestmark = pytest.mark.training\n"
collect_ignore = (
    []
    if importlib.util.find_spec("sklearn")
    else [str(path) for path in (ROOT / "tests").rglob("test_*.py") if MARK in path.read_text()]
)


class Reply:
    """An answer of a handler, as a caller sees it."""

    def __init__(self, answer):
        self.status, self.headers = answer["statusCode"], answer["headers"]
        self.body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()

    @property
    def json(self):
        return json.loads(self.body)


def gateway_event(method, path, query="", body=None, headers=None):
    """An event of HTTP API, payload 2.0, as local.py and the gateway make it."""
    import local

    names = {name.lower(): value for name, value in (headers or {}).items()}
    return local.event_of(method, path + ("?" + query if query else ""), names, body or b"")


def form(*parts):
    """A multipart body and its type from (name, value) or (name, file name, bytes)."""
    boundary = uuid.uuid4().hex
    lines = b""
    for name, *rest in parts:
        file_name = '; filename="%s"\r\nContent-Type: image/jpeg' % rest[0] if len(rest) == 2 else ""
        value = rest[-1] if isinstance(rest[-1], bytes) else str(rest[-1]).encode()
        head = '--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n' % (boundary, name, file_name)
        lines += head.encode() + value + b"\r\n"
    return lines + b"--%s--\r\n" % boundary.encode(), "multipart/form-data; boundary=" + boundary


@pytest.fixture
def call():
    """call("POST", "/cars/edit", json={...}) or body= and headers= or form=[...] -> Reply."""
    import local

    def ask(method, path, query="", json_=None, body=None, parts=None, headers=None, **also):
        headers = dict(headers or {})
        value = also.get("json", json_)
        if value is not None:
            body, headers["Content-Type"] = json.dumps(value).encode(), "application/json"
        if parts is not None:
            body, headers["Content-Type"] = form(*parts)
        event = gateway_event(method, path, query, body, headers)
        return Reply(local.function_of(event)(event, None))

    return ask


@pytest.fixture(scope="session")
def photo():
    """Bytes of a car picture that ships with the page."""
    return sorted((ROOT / "static" / "examples").glob("*.jpg"))[0].read_bytes()


@pytest.fixture(scope="session")
def server():
    """The address of a real local.py in its own process."""
    with local_server() as address:
        yield address


@contextlib.contextmanager
def local_server(port="0"):
    """A local.py in its own process, which ends with the block. Yields its address."""
    process = subprocess.Popen(
        [sys.executable, "local.py", "--port", port],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    line = process.stdout.readline()
    log = threading.Thread(target=process.stdout.read)  # otherwise the pipe would fill up
    log.start()
    try:
        yield line.split(" at ")[1].split(" ")[0]
    finally:
        process.terminate()
        process.wait(10)
        log.join()
        process.stdout.close()


@pytest.fixture
def log(monkeypatch):
    """What the functions log during a test. Their logger took its stream when they were imported, so capsys
    sees nothing of it.
    """
    import handler  # noqa: F401  (this makes its logger)

    stream = io.StringIO()
    for one in logging.getLogger("inference").handlers:
        monkeypatch.setattr(one, "stream", stream)
    return stream
