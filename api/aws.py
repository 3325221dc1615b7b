"""Signed calls to AWS (Signature Version 4). They use only http.client, so that a cold start need not import
boto3.

Credentials, session token and region come from the environment, as Lambda sets them. AWS_ENDPOINT_URL or
AWS_ENDPOINT_URL_SERVICE (such as AWS_ENDPOINT_URL_S3) leads to another AWS.
"""

import hashlib
import hmac
import http.client
import os
import re
import ssl
import threading
import time
import urllib.parse
from functools import lru_cache
from typing import Dict, Optional, Tuple

PATIENCE = 2  # seconds without a byte before a call gives up


class Unset(Exception):
    """A variable that Lambda sets is missing or malformed. The text says which one, for the log."""


def signed(
    method: str, service: str, host: str, path: str, now: time.struct_time, body: bytes = b"", **more: str
) -> Dict[str, str]:
    """The headers of a call with its signature, as
    docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html describes it.
    """
    moment, day = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d", now)
    content = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": content, "x-amz-date": moment}
    headers.update({name.replace("_", "-"): value for name, value in more.items()})
    if os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = setting("AWS_SESSION_TOKEN")
    headers = dict(sorted(headers.items()))
    names = ";".join(headers)
    lines = [method, path, "", *("%s:%s" % header for header in headers.items()), "", names, content]
    scope = "/".join([day, setting("AWS_REGION"), service, "aws4_request"])
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = ("AWS4" + setting("AWS_SECRET_ACCESS_KEY")).encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(
        key, "\n".join(["AWS4-HMAC-SHA256", moment, scope, digest]).encode(), "sha256"
    ).hex()
    credential = setting("AWS_ACCESS_KEY_ID") + "/" + scope
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s" % (
        credential,
        names,
        signature,
    )
    return headers


def setting(name: str) -> str:
    """A variable that Lambda sets. Raises Unset if it is missing or malformed."""
    value = os.environ.get(name) or (os.environ.get("AWS_DEFAULT_REGION") if name == "AWS_REGION" else None)
    if not value:
        raise Unset("the environment variable %s is missing" % name)
    # http.client would refuse it too, but its sentence has the value, which must not reach the log
    if not re.fullmatch("[!-~]+", value):
        raise Unset(
            "the environment variable %s has a space, a line break or a letter that is not ASCII" % name
        )
    return value


@lru_cache(maxsize=None)
def trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts. They are read once."""
    return ssl.create_default_context()


class Service:
    """One AWS service, over a connection that stays open between calls."""

    def __init__(self, name: str, bucket: str = "") -> None:
        """`bucket`: for the service s3, the bucket, which is part of the host's name."""
        endpoint = os.environ.get("AWS_ENDPOINT_URL_" + name.upper()) or os.environ.get("AWS_ENDPOINT_URL")
        host = ".".join(filter(None, [bucket, name, setting("AWS_REGION"), "amazonaws.com"]))
        address = urllib.parse.urlsplit(endpoint or "https://" + host)
        self.name, self.host, self.secure = name, address.netloc, address.scheme == "https"
        self.prefix = "/" + bucket if bucket and endpoint else ""
        self.turn = threading.Lock()
        self.connection: Optional[http.client.HTTPConnection] = None

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Tuple[int, bytes]:
        """The status and the body of the answer. Raises Unset, OSError and http.client.HTTPException."""
        with self.turn:
            try:
                return self.exchanged(method, self.prefix + path, body, headers)
            except (ConnectionError, http.client.RemoteDisconnected):
                self.connection = None  # AWS closes a connection after some seconds
                return self.exchanged(method, self.prefix + path, body, headers)

    def exchanged(self, method: str, path: str, body: bytes, more: Dict[str, str]) -> Tuple[int, bytes]:
        headers = signed(method, self.name, self.host, path, time.gmtime(), body, **more)
        if self.connection is None:
            self.connection = (
                http.client.HTTPSConnection(self.host, timeout=PATIENCE, context=trusted())
                if self.secure
                else http.client.HTTPConnection(self.host, timeout=PATIENCE)
            )
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            return response.status, response.read()
        except Exception:
            self.connection.close()
            self.connection = None
            raise
