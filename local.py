"""The same API on this machine: HTTP -> API Gateway event (HTTP API, payload 2.0) -> handler.py in this process.

What the gateway does in the cloud (routes, CORS, its own limits) is done here; nothing else differs.
"""

import argparse
import base64
import errno
import sys
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict

import handler
from api import contract

MOST_BYTES = 6_000_000 * 3 // 4  # of a body: Lambda takes 6 MB, and binary bodies grow by a third in base64
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "server-timing, retry-after, etag"}
PREFLIGHT = {**CORS, "access-control-allow-methods": "GET, POST", "access-control-allow-headers": "*", "access-control-max-age": "3600"}


def event_of(method: str, target: str, headers: Dict[str, str], body: bytes) -> Dict[str, Any]:
    """What API Gateway would send for this call; bodies that are not text arrive in base64."""
    path, _, query = target.partition("?")
    path = urllib.parse.unquote(path)
    text = headers.get("content-type", "").startswith(("text/", "application/json"))
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


def function_of(event: Dict[str, Any]) -> Any:
    """The function that serverless.yml gives this route: the model's own, or api."""
    model = event["rawPath"].split("/")[1]
    return getattr(handler, model) if event["routeKey"] != "$default" and model not in ("health", "models") else handler.api


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds without a byte from the caller

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length > MOST_BYTES + 100_000:
            self.close_connection = True
            self.reply(413, {"content-type": "application/problem+json", **CORS},
                       b'{"type": "about:blank", "title": "Content Too Large", "status": 413, '
                       b'"detail": "The body is over 4.5 MB. Shrink the picture and send it again."}')
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        event = event_of(self.command, self.path, headers, self.rfile.read(length))
        result = function_of(event)(event, None)
        body = base64.b64decode(result["body"]) if result["isBase64Encoded"] else result["body"].encode()
        self.reply(result["statusCode"], {**result["headers"], **CORS}, body)

    def reply(self, status: int, headers: Dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "local"

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def do_OPTIONS(self) -> None:
        self.reply(204, PREFLIGHT, b"")

    def log_message(self, *arguments: Any) -> None:
        """handler.py logs each call already."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

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
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.exit("Port %d is taken: end what listens there, or choose another with `make run PORT=%d`." % (port, port + 1))
    print("The page and the API are at http://127.0.0.1:%d (Ctrl-C ends them)." % server.server_port, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
