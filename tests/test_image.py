"""The image of a function with torch, really built from the Dockerfile and run by podman: its size, its start, its answers.

Where the registry that the Dockerfile names cannot be reached, its base is Debian with this machine's Python 3.8; packages come from a
folder of wheels, so that the build asks no network.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

import boto3
import pytest

import local
from aws import bucket, s3_server  # noqa: F401, fixtures
from deployed import Container

ROOT = pathlib.Path(__file__).parent.parent
MOST_BYTES = 600_000_000
MODEL = "cars"
BASE = "localhost/python:3.8"
INSIDE = ["ca-certificates", "libbz2-1.0", "libffi8", "liblzma5", "libreadline8", "libsqlite3-0", "libssl3", "zlib1g"]  # what Python 3.8 loads
LEFT_OUT = 'rm -rf "$1"/usr/share/doc "$1"/usr/share/info "$1"/usr/share/locale "$1"/usr/share/man'  # as of any slim image
SETTINGS = """[containers]
default_ulimits = ["nofile=20000:20000", "nproc=9000:9000"]
netns = "host"
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
"""
TOOLS = ("podman", "runc", "mmdebstrap")
missing = [tool for tool in TOOLS if not shutil.which(tool)]
pytestmark = [
    pytest.mark.deploy,
    pytest.mark.skipif(sys.version_info[:2] != (3, 8), reason="the image has Python 3.8, and its wheels are fetched by one"),
    pytest.mark.skipif(bool(missing), reason="no image is built, since there is no %s here (apt-get install %s)" % (", ".join(missing), " ".join(TOOLS))),
]


def run(*words, **also):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, **also)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    """podman(words) with settings that need neither systemd nor a bridge."""
    settings = tmp_path_factory.mktemp("podman") / "containers.conf"
    settings.write_text(SETTINGS)
    return lambda *words: run("podman", *words, env={**os.environ, "CONTAINERS_CONF": str(settings)})


@pytest.fixture(scope="module")
def base(podman, tmp_path_factory):
    """The name of an image with Python 3.8 under /usr/local, as python:3.8-slim-bookworm has it."""
    if BASE in podman("images", "--format", "{{.Repository}}:{{.Tag}}"):
        return BASE
    folder = tmp_path_factory.mktemp("base")
    run("mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(INSIDE), "--customize-hook=" + LEFT_OUT,
        "bookworm", folder / "base.tar")
    podman("import", folder / "base.tar", "localhost/debian:bookworm")
    without = shutil.ignore_patterns("test", "tests", "__pycache__", "tkinter", "idlelib", "config-3.8*", "*.a", "torch*")
    shutil.copytree(sys.base_prefix, str(folder / "python"), symlinks=True, ignore=without)
    (folder / "Dockerfile").write_text("FROM localhost/debian:bookworm\nCOPY python /usr/local\nRUN ldconfig && ln -sf python3.8 /usr/local/bin/python\n")
    podman("build", "--isolation", "chroot", "--pull=never", "--tag", BASE, folder)
    return BASE


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with everything that the image installs."""
    folder = tmp_path_factory.mktemp("wheels")
    (folder / "constraints.txt").write_text(re.sub(r"\[.*\]", "", (ROOT / "requirements.txt").read_text()))
    run(pathlib.Path(sys.base_prefix) / "bin" / "python3.8", "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", folder,
        "-r", ROOT / "models" / MODEL / "requirements.txt", "awslambdaric", "-c", folder / "constraints.txt")
    (folder / "pip.conf").write_text("[global]\nno-index = true\n")
    return folder


@pytest.fixture(scope="module")
def image(podman, base, wheels):
    """The name of the image, built as `sls deploy` has docker build it."""
    began = time.monotonic()
    podman("build", "--isolation", "chroot", "--pull=never", "--build-arg", "MODEL=" + MODEL, "--build-arg", "PYTHON=" + base,
           "--build-arg", "WHEELS=/wheels", "--volume", "%s:/wheels:ro" % wheels, "--volume", "%s:/etc/pip.conf:ro" % (wheels / "pip.conf"),
           "--tag", "localhost/" + MODEL, ROOT)
    print("\nimage %s: built in %.0f s" % (MODEL, time.monotonic() - began))
    return "localhost/" + MODEL


def test_the_image_is_small(podman, image):
    """600 MB at most, with Python and torch, without weights."""
    size = int(podman("image", "inspect", "--format", "{{.Size}}", image))
    print("\nimage %s: %.0f MB" % (MODEL, size / 1e6))
    assert size <= MOST_BYTES


def test_nothing_is_left_to_compile_and_no_cuda_is_in_it(podman, image):
    """Every module of the image has its .pyc; torch's CUDA libraries are stubs of some kilobytes."""
    code = ("import pathlib; files = [path for path in pathlib.Path('/srv').rglob('*.py')]; "
            "print(sum(not list((path.parent / '__pycache__').glob(path.stem + '.*.pyc')) for path in files), "
            "max([path.stat().st_size for path in pathlib.Path('/srv/torch/lib').glob('*cuda*')], default=0))")
    lines = podman("run", "--rm", "--entrypoint", "python", image, "-c", code).split()
    assert int(lines[-2]) == 0 and int(lines[-1]) < 100_000


@pytest.fixture
def function(image, bucket, monkeypatch, tmp_path):  # noqa: F811
    """The image in a container, its weights published to a local S3."""
    from training import publish

    monkeypatch.setattr(sys, "argv", ["publish", MODEL])
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    publish.main()
    names = ["AWS_LAMBDA_RUNTIME_API", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "WEIGHTS_BUCKET"]
    settings = tmp_path / "containers.conf"
    settings.write_text(SETTINGS)
    words = ["podman", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--name", MODEL + "-of-a-test"] + [word for name in names for word in ("-e", name)]
    container = Container(words + [image, "handler." + MODEL], tmp_path, {"CONTAINERS_CONF": str(settings), "WEIGHTS_BUCKET": os.environ["WEIGHTS_BUCKET"]}, 28)
    yield container
    run("podman", "rm", "--force", "--time", "0", MODEL + "-of-a-test", env={**os.environ, "CONTAINERS_CONF": str(settings)})
    container.stop()
    container.api.shutdown()
    container.api.server_close()


def test_the_image_answers_with_a_picture(function, photo):
    """Started by the first call, on a read-only disk; cold and warm times are printed."""
    event = local.event_of("POST", "/cars/reconstruct", {"content-type": "image/jpeg", "accept": "image/png"}, photo)
    times = []
    for _ in range(2):
        began = time.perf_counter()
        kind, body = function.invoke(json.dumps(event).encode())
        times.append(1000 * (time.perf_counter() - began))
        answer = json.loads(body or b"{}")
        assert kind == "response" and answer["statusCode"] == 200 and answer["headers"]["content-type"] == "image/png", function.log
    print("\nimage %s: start to first answer %.0f ms, warm %.0f ms" % (MODEL, *times))
