"""A local S3 for tests: moto's server in this process, on loopback, and an environment that sends everything
there.
"""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from models import registry

NAME = "weights-of-a-test"


@pytest.fixture(scope="module")
def s3_server():
    """The address of an empty S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://127.0.0.1:%d" % server._server.socket.getsockname()[1]
    server.stop()


@pytest.fixture
def bucket(s3_server, monkeypatch, tmp_path):
    """An empty bucket as boto3's resource. WEIGHTS_BUCKET names it, and the machine's cache is empty."""
    settings = {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "WEIGHTS_BUCKET": NAME,
        "WEIGHTS_CACHE": str(tmp_path / "cache"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    registry.kept.clear()
    bucket = boto3.resource("s3").Bucket(NAME)
    bucket.create()
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()
    registry.kept.clear()
