"""Signed GETs of one S3 bucket (Signature Version 4, by http.client alone): a cold start is spared the import of boto3.

Credentials and region are those of the environment, as Lambda sets them, session token included; AWS_ENDPOINT_URL_S3 or
AWS_ENDPOINT_URL names another S3. Every fault is a WeightsUnavailable whose text says which, for the log.
"""

import hashlib
import hmac
import http.client
import os
import pathlib
import re
import socket
import ssl
import threading
import time
import urllib.parse
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, BinaryIO, Dict, Iterator, Optional

from models.registry import WeightsUnavailable

CONNECTING = 2  # seconds for one address of S3, which has several
SILENCE = 5  # seconds without a byte that are taken for a time-out
CHUNK = 1 << 18  # bytes
NOTHING = hashlib.sha256(b"").hexdigest()  # the body of a GET


class Bucket:
    """Objects of a bucket over one connection, all of them within so many seconds."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.until = name, time.monotonic() + seconds
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        url = endpoint or "https://%s.s3.%s.amazonaws.com" % (name, setting("AWS_REGION"))
        try:
            address = urllib.parse.urlsplit(url)
            self.host, self.prefix = address.netloc, address.path.rstrip("/") + ("/" + name if endpoint else "")
            if address.scheme == "https":
                self.connection: http.client.HTTPConnection = http.client.HTTPSConnection(self.host, timeout=CONNECTING, context=trusted())
            else:
                self.connection = http.client.HTTPConnection(self.host, timeout=CONNECTING)
        except (ValueError, http.client.InvalidURL) as error:
            raise WeightsUnavailable("%s, of WEIGHTS_BUCKET or AWS_ENDPOINT_URL, is no address: %s" % (url, error)) from error
        self.open = False
        self.socket: Optional[socket.socket] = None
        self.end = threading.Timer(seconds, self.hang_up)  # headers that come letter by letter are never silent
        self.end.daemon = True

    def __enter__(self) -> "Bucket":
        self.open = True
        self.end.start()
        return self

    def __exit__(self, *raised: Any) -> None:
        self.open = False
        self.end.cancel()
        self.connection.close()

    def hang_up(self) -> None:
        """End whatever is read, from another thread."""
        if self.socket:
            with suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)  # under TLS, which would wait for a farewell

    def read(self, key: str) -> bytes:
        return b"".join(self.chunks(key))

    def save(self, key: str, path: pathlib.Path, sha256: str) -> bytes:
        """Stream an object to `path`, which is there once all of it has come and its SHA-256 is right; gives its bytes."""
        digest, data = hashlib.sha256(), bytearray()
        with whole(path) as file:
            for chunk in self.chunks(key):
                digest.update(chunk)
                file.write(chunk)
                data += chunk
            if digest.hexdigest() != sha256:
                raise WeightsUnavailable("%s: its SHA-256 is %s, the record says %s" % (self.place(key), digest.hexdigest(), sha256))
        return data

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of an object as they come; ends only where all of them have come."""
        try:
            with self.answer(key) as response:  # closed at its end, or Python 3.8 takes the connection, which S3 keeps open, for busy
                length, received = response.length, 0
                while True:
                    chunk = response.read1(CHUNK)
                    received += len(chunk)
                    self.in_time(key)
                    if not chunk:
                        break
                    yield chunk
        except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a chunk whose length is no number
            self.in_time(key)
            raise WeightsUnavailable("%s: %s %s" % (self.place(key), type(error).__name__, error)) from error
        if length not in (None, received):
            raise WeightsUnavailable("%s: cut off after %d of %d bytes" % (self.place(key), received, length))

    def in_time(self, key: str) -> None:
        if time.monotonic() >= self.until:
            raise WeightsUnavailable("%s: time-out" % self.place(key))

    def answer(self, key: str) -> http.client.HTTPResponse:
        """The answer to a GET, its body unread; a redirect is a fault, and is not followed."""
        path = self.prefix + "/" + urllib.parse.quote(key)
        if self.connection.sock is None:
            self.connection.connect()
            self.socket = self.connection.sock
            self.socket.settimeout(SILENCE)
        self.connection.request("GET", path, headers=signed(self.host, path, time.gmtime()))
        response = self.connection.getresponse()
        if response.status != 200:
            with response:
                code = re.search(b"<Code>([A-Za-z]+)</Code>", response.read1(4096))  # such as NoSuchKey, AccessDenied, RequestTimeTooSkewed
            raise WeightsUnavailable("%s: %d %s" % (self.place(key), response.status, code.group(1).decode() if code else response.reason))
        return response

    def place(self, key: str) -> str:
        return "s3://%s/%s" % (self.name, key)


@contextmanager
def whole(path: pathlib.Path) -> Iterator[BinaryIO]:
    """A file under a name of its own, which becomes `path` once it is written: readers and other writers never see a part."""
    part = path.with_name("%s.%s.part" % (path.name, os.urandom(4).hex()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:  # the disk is full, for one
        raise WeightsUnavailable("%s cannot be written: %s" % (path, error)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def signed(host: str, path: str, now: time.struct_time) -> Dict[str, str]:
    """The headers of a GET, signed as docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html says."""
    moment, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
    headers = {"host": host, "x-amz-content-sha256": NOTHING, "x-amz-date": moment}
    if os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = setting("AWS_SESSION_TOKEN")
    names = ";".join(headers)  # they stand in the order of the alphabet
    lines = ["GET", path, "", *("%s:%s" % header for header in headers.items()), "", names, NOTHING]
    scope = "/".join([day, setting("AWS_REGION"), "s3", "aws4_request"])
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = ("AWS4" + setting("AWS_SECRET_ACCESS_KEY")).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, "\n".join(["AWS4-HMAC-SHA256", moment, scope, digest]).encode(), "sha256").hex()
    credential = setting("AWS_ACCESS_KEY_ID") + "/" + scope
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s" % (credential, names, signature)
    return headers


def setting(name: str) -> str:
    """A variable that Lambda sets."""
    value = os.environ.get(name) or (os.environ.get("AWS_DEFAULT_REGION") if name == "AWS_REGION" else None)
    if not value:
        raise WeightsUnavailable("the environment variable %s is missing" % name)
    if not re.fullmatch("[!-~]+", value):  # or http.client would refuse it in a sentence that has it, for the log
        raise WeightsUnavailable("the environment variable %s has a space, a line break or a letter that is not ASCII" % name)
    return value


@lru_cache(maxsize=None)
def trusted() -> ssl.SSLContext:
    """The certificates of this machine, read once."""
    return ssl.create_default_context()
