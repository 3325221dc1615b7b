"""An S3 that refuses, hangs, is cut off, or sends something else. CONDUCTS has these ways, with what the log
then says.
"""

import http.server
import threading
import time
import urllib.request


class Broken(http.server.BaseHTTPRequestHandler):
    """An S3 that does what `conduct` says."""

    def do_GET(self):
        self.server.conduct(self)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    """It has an `address`, and does for each call what its `conduct` says."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Broken)
        self.address = "http://127.0.0.1:%d" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


def refuse(status, code):
    """S3's refusal. A redirect names another host, which must not be asked."""

    def conduct(call):
        call.send_response(status)
        call.send_header("Location", "http://127.0.0.1:9/")
        call.end_headers()
        call.wfile.write(b"<Error><Code>%s</Code></Error>" % code.encode())

    return conduct


def send(body, length=None):
    """200 with a body and another Content-Length."""

    def conduct(call):
        call.send_response(200)
        call.send_header("Content-Length", str(len(body) if length is None else length))
        call.end_headers()
        call.wfile.write(body)

    return conduct


def be_silent(call):
    time.sleep(10)


def trickle(start):
    """One character at a time: never silent, never done."""

    def conduct(call):
        try:
            call.wfile.write(start)
            for _ in range(500):
                call.wfile.write(b"x")
                time.sleep(0.05)
        except OSError:
            pass  # the reader has hung up

    return conduct


def hang_up(call):
    call.connection.close()


def babble(call):
    call.wfile.write(b"no HTTP at all\r\n\r\n")


def forward(address):
    """An S3 at another address that works. The signature is for this address, but moto does not check it."""

    def conduct(call):
        with urllib.request.urlopen(
            urllib.request.Request(address + call.path, headers=dict(call.headers))
        ) as answer:
            send(answer.read())(call)

    return conduct


REFUSALS = [
    (301, "PermanentRedirect"),
    (307, "TemporaryRedirect"),
    (400, "ExpiredToken"),
    (400, "AuthorizationHeaderMalformed"),
    (403, "AccessDenied"),
    (403, "RequestTimeTooSkewed"),
    (403, "InvalidAccessKeyId"),
    (404, "NoSuchKey"),
    (500, "InternalError"),
    (503, "SlowDown"),
]
CONDUCTS = {
    "silent": (be_silent, "timed out"),
    "slow headers": (trickle(b"HTTP/1.1 200 OK\r\nX-Slow: "), "time-out"),
    "slow body": (trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), "time-out"),
    "cut": (send(b"{", 1000), "cut off after 1 of 1000 bytes"),
    "gone": (hang_up, "RemoteDisconnected"),
    "no HTTP": (babble, "BadStatusLine"),
    "empty": (send(b""), "current.json: Expecting value"),
    "a page": (send(b"<!doctype html><title>Sign in</title>"), "current.json: Expecting value"),
    "longer than said": (send(b"{}, and more", 2), "names no version"),
    **{"%d %s" % refusal: (refuse(*refusal), "%d %s" % refusal) for refusal in REFUSALS},
}
