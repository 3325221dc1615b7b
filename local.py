"""The same API on this machine: HTTP -> API Gateway event (HTTP
API, payload 2.0) -> handler.py in this process.

If this process has torch 1.5.1, models whose function.yml asks for torch 2 run in a second process. This file
also does what the gateway does in the cloud: routes, CORS, its own limits. Nothing else differs.
"""

import argparse
import atexit
import base64
import errno
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from functools import lru_cache, partial, update_wrapper
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Optional

import handler
from api.body import MAX_PICTURE_BYTES
from api.problems import Malformed, Problem, TooLarge, Unavailable
from api.response import problem, to_gateway
from models import registry
from web import contract

ROOT = pathlib.Path(__file__).parent
TODAY = ROOT / ".venv-3.11" / "bin" / "python"  # has torch 2; `make run` makes it if a model needs it
MOST_BYTES = 6_200_000  # of a body inside its event; Lambda's limit is 6 MiB with the headers
CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "server-timing, retry-after, etag",
}
PREFLIGHT = {
    **CORS,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "*",
    "access-control-max-age": "3600",
}


def event_of(method: str, target: str, headers: Dict[str, str], body: bytes) -> Dict[str, Any]:
    """The event that API Gateway would send for this call. A body that is not text is sent as base64."""
    # behind a proxy, the caller chooses the host too
    path, _, query = re.sub("^https?://[^/?]*", "", target).partition("?")
    path = urllib.parse.unquote(path)
    text = is_text(headers)
    known = method.replace("HEAD", "GET") in contract.methods().get(path, ()) and not path == "/"
    return {
        "version": "2.0",
        "routeKey": "%s %s" % (method, path) if known else "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "http": {"method": method, "path": path},
            "requestId": str(uuid.uuid4()),
            "timeEpoch": int(time.time() * 1000),
        },
        "body": (body.decode("utf-8", "surrogateescape") if text else base64.b64encode(body).decode())
        if body
        else None,
        "isBase64Encoded": bool(body) and not text,
    }


def is_text(headers: Dict[str, str]) -> bool:
    """Whether API Gateway would hand on a body with these headers as text."""
    return headers.get("content-type", "").startswith(("text/", "application/json"))


def function_of(event: Dict[str, Any]) -> Any:
    """The function that serverless.yml gives this route: the model's own, or api."""
    model = event["routeKey"].partition("/")[2].partition("/")[0]
    if model in ("", "health", "models"):
        return handler.api
    function = getattr(handler, model)
    if registry.torch_of(model) == "2" and sys.version_info < (3, 9):
        return update_wrapper(partial(elsewhere().answer), function)
    return function


class Elsewhere:
    """The functions that need another torch than this process has. They
    run in a second process, which answers one event after the other.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self.process: Optional["subprocess.Popen[str]"] = None

    def answer(self, event: Dict[str, Any], context: Any) -> Dict[str, Any]:
        if not TODAY.exists():
            return failed(
                "This model asks for torch 2, which is not here: end the server and start it with `make "
                "run`, which gets it."
            )
        with self.turn:
            if not self.process or self.process.poll() is not None:
                words = [str(TODAY), str(ROOT / "local.py"), "--events"]
                self.process = subprocess.Popen(
                    words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
                )
                atexit.register(self.process.communicate)  # this closes its input, which ends the process
            print(json.dumps(event), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        return (
            json.loads(line)
            if line
            else failed("The process of this model has ended; the log has the reason. Try again.")
        )


@lru_cache(maxsize=None)
def elsewhere() -> Elsewhere:
    """The second process, shared by all its models."""
    return Elsewhere()


def failed(sentence: str) -> Dict[str, Any]:
    """A 503 with this sentence, as the gateway's answer."""
    return to_gateway(problem(Unavailable(sentence, Retry_After="5")), {}, False)


def answer_events() -> None:
    """The second process: read one event per line, write one answer per line, until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the log goes where the server's errors go
    for line in sys.stdin:
        event = json.loads(line)
        print(json.dumps(function_of(event)(event, None)), file=answers, flush=True)


class Gateway(BaseHTTPRequestHandler):
    server: "Server"
    # so the answer has headers even if the first line of the request cannot be read
    protocol_version = default_request_version = "HTTP/1.1"
    timeout = 60  # seconds without a byte from the caller
    # head and body are sent together; on a kept connection the body would wait 40 ms for an acknowledgement
    wbufsize, disable_nagle_algorithm = -1, True

    def answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = self.body(headers)
        except Problem as error:
            return self.refuse(error)
        if self.command == "OPTIONS":
            return self.reply({"statusCode": 204, "headers": PREFLIGHT, "body": "", "isBase64Encoded": False})
        # http.server reads UTF-8 as Latin-1
        target = re.sub("[^!-~]", lambda sign: "%%%02X" % ord(sign.group()), self.path)
        self.reply(self.server.backend(event_of(self.command, target, headers, body)))

    def body(self, headers: Dict[str, str]) -> bytes:
        """The whole body, if its length is known and Lambda would accept it."""
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not re.fullmatch("[0-9]{1,18}", length):
            raise Malformed(
                "Send the body with its length as Content-Length; a body in chunks is not read here."
            )
        if int(length) * (3 if is_text(headers) else 4) > MOST_BYTES * 3:  # base64 makes 4 bytes of 3
            raise TooLarge(
                "The body has %s bytes, and a picture may have %d. Shrink it and send it again."
                % (length, MAX_PICTURE_BYTES)
            )
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError("The caller hung up.")
        return body

    def reply(self, answer: Dict[str, Any]) -> None:
        body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        self.send_response(answer["statusCode"])
        # for HEAD, the length of the GET answer is not known here
        length = {} if self.command == "HEAD" else {"content-length": str(len(body))}
        for name, value in {**answer["headers"], **CORS, **length}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def refuse(self, error: Problem) -> None:
        """Answer without reading the body, and close. The rest of the body
        is read and dropped; otherwise the caller would miss the answer.
        """
        self.close_connection = True
        self.reply(to_gateway(problem(error), {}, False))
        self.connection.settimeout(1)
        while self.rfile.read1(65536):
            pass

    def send_error(self, *arguments: Any) -> None:
        """Answer if http.server cannot read the first line, the headers or the method."""
        self.refuse(
            Malformed(
                "This cannot be read as an HTTP/1.1 request: check its method, its address and its headers."
            )
        )

    def version_string(self) -> str:
        return "local"

    def __getattr__(self, name: str) -> Any:
        """do_GET and all other methods: the API itself says which methods a path has."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *arguments: Any) -> None:
        """Log nothing, because handler.py logs each call."""


class Server(ThreadingHTTPServer):
    """`backend` answers events: this process here, the deployed functions in tests/deploy/deployed.py."""

    daemon_threads = True
    request_queue_size = 256
    backend = staticmethod(lambda event: function_of(event)(event, None))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a caller who hangs up; report every other error."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Serve the page and the API on this machine.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--events",
        action="store_true",
        help="answer events from standard input, for a server with another torch",
    )
    arguments = parser.parse_args()
    if arguments.events:
        return answer_events()
    port = arguments.port
    try:
        server = Server(("127.0.0.1", port), Gateway)
    except (OSError, OverflowError) as error:
        reason = (
            "is taken: end what listens there, or"
            if getattr(error, "errno", 0) == errno.EADDRINUSE
            else "cannot be used (%s):" % error
        )
        sys.exit("Port %d %s choose another with `make run PORT=8001`." % (port, reason))
    print(
        "The page and the API are at http://127.0.0.1:%d (Ctrl-C ends them)." % server.server_port, flush=True
    )
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
