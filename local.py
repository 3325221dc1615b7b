"""The same API on this machine: HTTP -> API Gateway event (HTTP API, payload 2.0) -> handler.py in this process.

What the gateway does in the cloud (routes, CORS, its own limits) is done here; nothing else differs.
"""

import argparse
import base64
import errno
import re
import sys
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict

import handler
from api import contract
from api.body import MAX_PICTURE_BYTES
from api.problems import Malformed, Problem, TooLarge
from api.response import problem, to_gateway

MOST_BYTES = 6_200_000  # of a body in its event: Lambda takes 6 MiB, headers included
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "server-timing, retry-after, etag"}
PREFLIGHT = {**CORS, "access-control-allow-methods": "GET, POST", "access-control-allow-headers": "*", "access-control-max-age": "3600"}


def event_of(method: str, target: str, headers: Dict[str, str], body: bytes) -> Dict[str, Any]:
    """What API Gateway would send for this call; bodies that are not text arrive in base64."""
    path, _, query = re.sub("^https?://[^/?]*", "", target).partition("?")  # a proxy's caller names the host as well
    path = urllib.parse.unquote(path)
    text = is_text(headers)
    known = method in contract.methods().get(path, ()) and not path == "/"
    return {
        "version": "2.0",
        "routeKey": "%s %s" % (method, path) if known else "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}, "requestId": str(uuid.uuid4()), "timeEpoch": int(time.time() * 1000)},
        "body": (body.decode("utf-8", "surrogateescape") if text else base64.b64encode(body).decode()) if body else None,
        "isBase64Encoded": bool(body) and not text,
    }


def is_text(headers: Dict[str, str]) -> bool:
    return headers.get("content-type", "").startswith(("text/", "application/json"))


def function_of(event: Dict[str, Any]) -> Any:
    """The function that serverless.yml gives this route: the model's own, or api."""
    model = event["routeKey"].partition("/")[2].partition("/")[0]
    return handler.api if model in ("", "health", "models") else getattr(handler, model)


class Gateway(BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = default_request_version = "HTTP/1.1"  # the answer has headers also where the request's first line is none
    timeout = 60  # seconds without a byte from the caller

    def answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = self.body(headers)
        except Problem as error:
            return self.refuse(error)
        if self.command == "OPTIONS":
            return self.reply({"statusCode": 204, "headers": PREFLIGHT, "body": "", "isBase64Encoded": False})
        target = re.sub("[^!-~]", lambda sign: "%%%02X" % ord(sign.group()), self.path)  # http.server makes Latin-1 of what is UTF-8
        self.reply(self.server.backend(event_of(self.command, target, headers, body)))

    def body(self, headers: Dict[str, str]) -> bytes:
        """The whole body, once its length is known and one that Lambda would take."""
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not re.fullmatch("[0-9]{1,18}", length):
            raise Malformed("Send the body with its length as Content-Length; a body in chunks is not read here.")
        if int(length) * (3 if is_text(headers) else 4) > MOST_BYTES * 3:  # base64 makes 4 bytes of 3
            raise TooLarge("The body has %s bytes, and a picture may have %d. Shrink it and send it again." % (length, MAX_PICTURE_BYTES))
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError("The caller hung up.")
        return body

    def reply(self, answer: Dict[str, Any]) -> None:
        body = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, value in {**answer["headers"], **CORS, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, error: Problem) -> None:
        """Answer without having read the body, and close; what still comes is thrown away, or the caller would miss the answer."""
        self.close_connection = True
        self.reply(to_gateway(problem(error), {}, False))
        self.connection.settimeout(1)
        while self.rfile.read1(65536):
            pass

    def send_error(self, *arguments: Any) -> None:
        """What http.server cannot read: a first line, headers or a method."""
        self.refuse(Malformed("This cannot be read as an HTTP/1.1 request: check its method, its address and its headers."))

    def version_string(self) -> str:
        return "local"

    def __getattr__(self, name: str) -> Any:
        """do_GET and all others: the API says itself which methods an address has."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *arguments: Any) -> None:
        """handler.py logs each call already."""


class Server(ThreadingHTTPServer):
    """`backend` answers events: this process here, the deployed functions in tests/deployed.py."""

    daemon_threads = True
    request_queue_size = 256
    backend = staticmethod(lambda event: function_of(event)(event, None))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no error of ours."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the page and the API on this machine.")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    try:
        server = Server(("127.0.0.1", port), Gateway)
    except (OSError, OverflowError) as error:
        reason = "is taken: end what listens there, or" if getattr(error, "errno", 0) == errno.EADDRINUSE else "cannot be used (%s):" % error
        sys.exit("Port %d %s choose another with `make run PORT=8001`." % (port, reason))
    print("The page and the API are at http://127.0.0.1:%d (Ctrl-C ends them)." % server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
