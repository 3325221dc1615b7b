"""The signed GET and its faults: an S3 that refuses, hangs, is cut off or sends something else, a full disk,
missing credentials.

Each fault is reported within seconds, and the next request tries again.
"""

import errno
import pathlib
import subprocess
import sys
import time

import pytest

from tests.support import broken_s3
from tests.support.aws import bucket, s3_server  # noqa: F401, fixtures
from models import registry
from models.store import releases, s3
from tests.support.tiny import put, tiny

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_the_signature_is_that_of_awss_own_library(bucket, monkeypatch):  # noqa: F811
    """botocore gives the same request at the same time the same Authorization, session token included."""
    import datetime

    from botocore import auth, awsrequest, credentials

    now = datetime.datetime(2026, 11, 21, 8, 0, 0)
    request = awsrequest.AWSRequest("GET", "https://b.s3.us-east-1.amazonaws.com/models/a%20b/current.json")
    monkeypatch.setattr(
        auth.datetime,
        "datetime",
        type("Fixed", (datetime.datetime,), {"utcnow": classmethod(lambda kind: now)}),
    )
    auth.S3SigV4Auth(credentials.Credentials("testing", "testing", "testing"), "s3", "us-east-1").add_auth(
        request
    )
    ours = s3.signed("b.s3.us-east-1.amazonaws.com", "/models/a%20b/current.json", now.timetuple())
    assert ours["authorization"] == request.headers["Authorization"]


def test_a_cold_path_needs_no_boto3(bucket):  # noqa: F811
    """An empty process gets the weights without importing botocore or requests."""
    put(bucket, b"one")
    code = (
        "import sys; from models import registry; registry.record('tiny'); "
        "assert not {'boto3', 'botocore', 'requests', 'urllib3', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), check=True)


def test_a_full_disk_is_a_fault_that_leaves_nothing_behind(bucket, monkeypatch):  # noqa: F811
    """The disk refuses the download. No partial file stays."""
    put(bucket, b"one")
    chunks = s3.Bucket.chunks

    def full(self, key):
        yield from chunks(self, key)
        if key.endswith(".npz"):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(s3.Bucket, "chunks", full)
    with pytest.raises(registry.WeightsUnavailable, match="No space left on device"):
        tiny()
    assert [path.name for path in releases.cache("tiny").rglob("*.*")] == ["tiny.json"]
    monkeypatch.setattr(s3.Bucket, "chunks", chunks)
    assert tiny() == b"one"


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_missing_variable_is_named(bucket, monkeypatch, variable):  # noqa: F811
    put(bucket, b"one")
    monkeypatch.delenv(variable)
    with pytest.raises(registry.WeightsUnavailable, match="environment variable %s is missing" % variable):
        tiny()


@pytest.fixture
def broken(s3_server, bucket, monkeypatch):  # noqa: F811
    """broken(conduct) sends every GET there until broken(None), with short time-outs. The bucket behind it
    has a version.
    """
    put(bucket, b"one")
    server = broken_s3.Server()

    def lead(conduct):
        server.conduct = conduct
        monkeypatch.setattr(s3, "SILENCE", 1 if conduct else 5)
        monkeypatch.setattr(releases, "PATIENCE", 2 if conduct else 12)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.address if conduct else s3_server)

    yield lead
    server.close()


@pytest.mark.parametrize("conduct, says", list(broken_s3.CONDUCTS.values()), ids=list(broken_s3.CONDUCTS))
def test_an_s3_that_misbehaves_is_told_in_time(broken, conduct, says):
    """No fault takes longer than its time-out. When S3 works again, the next request is answered."""
    broken(conduct)
    began = time.monotonic()
    with pytest.raises(registry.WeightsUnavailable, match=says):
        tiny()
    assert time.monotonic() - began < 5
    broken(None)
    assert tiny() == b"one"


def test_its_times_leave_room_for_an_answer():
    """Connecting to any of S3's addresses, silence, and a whole version: all fit into the function's time-out
    and the gateway's 30 s.
    """
    assert s3.CONNECTING <= s3.SILENCE < releases.PATIENCE < 20
