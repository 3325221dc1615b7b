"""The fixtures of the deployment's tests: a fake AWS on loopback, a copy of the tree to deploy from, and the
deployed API over HTTP.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import boto3
import pytest

import local
from models import registry
from tests.deploy.deployed import INSIDE, Deployment

ROOT = pathlib.Path(__file__).parent.parent.parent
TREE = [
    "api",
    "deploy",
    "models",
    "static",
    "training",
    "web",
    "weights",
    ".dockerignore",
    "Dockerfile",
    "Makefile",
    "handler.py",
    "openapi.yaml",
    "package.json",
    "package-lock.json",
    "requirements.txt",
    "serverless.yml",
]
TOOLS = ["node_modules", ".uv"] + [path.name for path in ROOT.glob(".venv-*")]
PYTHON = ROOT / ".venv-3.13" / "bin" / "python"
RUNTIME = ROOT / "build" / "runtime-3.13"
missing = [
    str(path.relative_to(ROOT))
    for path in (PYTHON, RUNTIME, ROOT / "node_modules" / ".bin" / "sls")
    if not path.exists()
]
marks = [
    pytest.mark.deploy,
    pytest.mark.skipif(
        bool(missing) and not os.environ.get("CI"),
        reason="Nothing is deployed, since there is no %s here." % ", ".join(missing),
    ),
]


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """The fake AWS; gives what sets variables for that time."""
    with fake_aws(tmp_path_factory.mktemp("aws")) as patch:
        yield patch


@contextlib.contextmanager
def fake_aws(folder):
    """A fake AWS in its own process; this process and its children
    are led there, and docker is tests/deploy/docker.
    """
    shutil.copy(str(ROOT / "tests" / "deploy" / "docker"), str(folder / "docker"))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "deploy" / "fake_aws.py")],
            stdout=subprocess.PIPE,
            stderr=log,
            universal_newlines=True,
        )
    settings = {
        "AWS_ENDPOINT_URL": process.stdout.readline().strip(),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SLS_AWS_MONITORING_FREQUENCY": "100",
        "NODE_NO_WARNINGS": "1",
        "PATH": "%s:%s" % (folder, os.environ["PATH"]),
    }
    patch = pytest.MonkeyPatch()
    for name, value in settings.items():
        patch.setenv(name, value)
    patch.setattr(boto3, "DEFAULT_SESSION", None)
    try:
        yield patch
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
        patch.undo()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the working tree, to deploy from and to change."""
    return copied(tmp_path_factory.mktemp("tree"))


def copied(folder):
    """The working tree's files in this folder; environments and npm's packages are those that are here."""
    for name in TREE:
        path = ROOT / name
        shutil.copytree(str(path), str(folder / name)) if path.is_dir() else shutil.copy2(
            str(path), str(folder / name)
        )
    for name in TOOLS:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def sls(tree, *words):
    """Run a command as a person would in the shell. Returns what it prints."""
    done = subprocess.run(
        [str(tree / "node_modules" / ".bin" / "sls"), *words],
        cwd=str(tree),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def command_of_a_zip(handler, folder, variables, image):
    """Python as on Lambda: the runtime client, the standard library, and only the unpacked zip."""
    variables["PYTHONPATH"] = "%s:%s" % (folder, RUNTIME)
    return ([str(PYTHON), "-S", "-m", "awslambdaric", handler],)


def command_of_an_image(handler, folder, variables, image):
    """The image that was pushed. Only /tmp is writable, as on Lambda. If no image was built, the tree with
    this Python.
    """
    variables["OMP_NUM_THREADS"] = "1"
    if "CONTAINERS_CONF" not in os.environ:  # set by engine.prepare
        for name in ("handler.py", "api", "models"):
            (folder / name).symlink_to(ROOT / name)
        python = local.TODAY if registry.torch_of(handler.partition(".")[2]) == "2" else sys.executable
        return ([str(python), "-m", "awslambdaric", handler],)
    del variables["WEIGHTS_CACHE"]
    told = [
        word
        for name in (*variables, *INSIDE[3:], "AWS_LAMBDA_RUNTIME_API", "PYTHONUNBUFFERED")
        for word in ("-e", name)
    ]
    name = "test-" + folder.name
    variables["CONTAINERS_CONF"] = os.environ["CONTAINERS_CONF"]
    command = [
        "podman",
        "run",
        "--rm",
        "--replace",
        "--name",
        name,
        "--read-only",
        "--tmpfs",
        "/tmp",
        *told,
        image.rpartition("sha256:")[2],
        handler,
    ]
    return command, ["podman", "rm", "--force", "--ignore", "--time", "0", name]


class Site:
    """The deployed API over HTTP."""

    def __init__(self, folder):
        self.deployment = Deployment(folder, {"python3.13": command_of_a_zip, "Image": command_of_an_image})
        self.server = local.Server(("127.0.0.1", 0), local.Gateway)
        self.server.backend = self.deployment
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return "http://127.0.0.1:%d" % self.server.server_port

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body). A body of JSON is read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=120)
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return (
            answer.status,
            answer.headers,
            json.loads(data) if data and "json" in answer.headers["content-type"] else data,
        )

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.deployment.close()


def bucket():
    """The weights bucket, as boto3's resource."""
    return next(entry for entry in boto3.resource("s3").buckets.all() if "weightsbucket" in entry.name)


def of_type(template, kind):
    return {name: entry["Properties"] for name, entry in template.items() if entry["Type"] == kind}
