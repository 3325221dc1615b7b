"""Signed GETs and PUTs for one S3 bucket, by api/aws.py, so that a cold start need not import boto3.

Every fault is a WeightsUnavailable. Its text says what happened, for the log.
"""

import hashlib
import http.client
import os
import pathlib
import re
import socket
import threading
import time
import urllib.parse
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Dict, Iterator, Optional

from api import aws
from models.store.weights import WeightsUnavailable

CONNECTING = 2  # seconds for each address of S3, which has several
SILENCE = 5  # seconds without a byte before a time-out
CHUNK = 1 << 18  # bytes


class Bucket:
    """The objects of a bucket over one connection. All calls together may take `seconds`."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name, self.until = name, time.monotonic() + seconds
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        url = endpoint or "https://%s.s3.%s.amazonaws.com" % (name, region())
        try:
            address = urllib.parse.urlsplit(url)
            self.host, self.prefix = (
                address.netloc,
                address.path.rstrip("/") + ("/" + name if endpoint else ""),
            )
            if address.scheme == "https":
                self.connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                    self.host, timeout=CONNECTING, context=aws.trusted()
                )
            else:
                self.connection = http.client.HTTPConnection(self.host, timeout=CONNECTING)
        except (ValueError, http.client.InvalidURL) as error:
            raise WeightsUnavailable(
                "%s, of WEIGHTS_BUCKET or AWS_ENDPOINT_URL, is no address: %s" % (url, error)
            ) from error
        self.open = False
        self.socket: Optional[socket.socket] = None
        # a time-out for silence does not help if single bytes keep coming, so a timer ends the connection
        self.end = threading.Timer(seconds, self.hang_up)
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
        """End the read that is in progress, from another thread."""
        if self.socket:
            with suppress(OSError):
                # not the TLS shutdown, which would wait for the other side
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def read(self, key: str) -> bytes:
        return b"".join(self.chunks(key))

    def write(self, key: str, data: bytes) -> None:
        try:
            with self.answer(key, "PUT", data) as response:
                response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.in_time(key)
            raise WeightsUnavailable("%s: %s %s" % (self.place(key), type(error).__name__, error)) from error

    def save(self, key: str, path: pathlib.Path, sha256: str) -> bytes:
        """Stream an object into the file `path` and return its bytes. The file appears only when it is
        complete and its SHA-256 is right.
        """
        digest, data = hashlib.sha256(), bytearray()
        with whole(path) as file:
            for chunk in self.chunks(key):
                digest.update(chunk)
                file.write(chunk)
                data += chunk
            if digest.hexdigest() != sha256:
                raise WeightsUnavailable(
                    "%s: its SHA-256 is %s, the record says %s"
                    % (self.place(key), digest.hexdigest(), sha256)
                )
        return data

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of an object as they arrive. Raises WeightsUnavailable if some are missing."""
        try:
            # the response must be closed at its end; otherwise Python 3.8 thinks that the connection is busy
            with self.answer(key) as response:
                length, received = response.length, 0
                while True:
                    chunk = response.read1(CHUNK)
                    received += len(chunk)
                    self.in_time(key)
                    if not chunk:
                        break
                    yield chunk
        # ValueError: a chunk whose length is no number
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.in_time(key)
            raise WeightsUnavailable("%s: %s %s" % (self.place(key), type(error).__name__, error)) from error
        if length not in (None, received):
            raise WeightsUnavailable("%s: cut off after %d of %d bytes" % (self.place(key), received, length))

    def in_time(self, key: str) -> None:
        if time.monotonic() >= self.until:
            raise WeightsUnavailable("%s: time-out" % self.place(key))

    def answer(self, key: str, method: str = "GET", data: bytes = b"") -> http.client.HTTPResponse:
        """The answer to a call, with its body unread. A redirect is a fault and is not followed."""
        path = self.prefix + "/" + urllib.parse.quote(key)
        if self.connection.sock is None:
            self.connection.connect()
            self.socket = self.connection.sock
            self.socket.settimeout(SILENCE)
        headers = signed(self.host, path, time.gmtime(), method, data)
        self.connection.request(method, path, data or None, headers)
        response = self.connection.getresponse()
        if response.status != 200:
            with response:
                # such as NoSuchKey, AccessDenied, RequestTimeTooSkewed
                code = re.search(b"<Code>([A-Za-z]+)</Code>", response.read1(4096))
            raise WeightsUnavailable(
                "%s: %d %s"
                % (self.place(key), response.status, code.group(1).decode() if code else response.reason)
            )
        return response

    def place(self, key: str) -> str:
        return "s3://%s/%s" % (self.name, key)


@contextmanager
def whole(path: pathlib.Path) -> Iterator[BinaryIO]:
    """A file under a temporary name, which becomes `path` when it is complete. So no reader or writer sees a
    part of it.
    """
    part = path.with_name("%s.%s.part" % (path.name, os.urandom(4).hex()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:  # for example, the disk is full
        raise WeightsUnavailable("%s cannot be written: %s" % (path, error)) from error
    finally:
        with suppress(OSError):
            part.unlink()


def signed(
    host: str, path: str, now: time.struct_time, method: str = "GET", data: bytes = b""
) -> Dict[str, str]:
    """The headers of a signed call."""
    try:
        return aws.signed(method, "s3", host, path, now, data)
    except aws.Unset as error:
        raise WeightsUnavailable(str(error)) from error


def region() -> str:
    """The region of the bucket."""
    try:
        return aws.setting("AWS_REGION")
    except aws.Unset as error:
        raise WeightsUnavailable(str(error)) from error
