"""podman instead of docker, for tests: settings without systemd and without a bridge, and replacements for
what the Dockerfile downloads.

The registry in the Dockerfile may be out of reach. So the base is Debian with this machine's Python 3.8 (3.11
for models with torch 2), and packages come from a folder of wheels. A build then needs only g++.
"""

import pathlib
import re
import shutil
import subprocess
import sys

import local
from models import registry

ROOT = pathlib.Path(__file__).parent.parent.parent
BASE = "localhost/python:"  # followed by the version of Python
# files that Python loads
INSIDE = [
    "ca-certificates",
    "libbz2-1.0",
    "libffi8",
    "liblzma5",
    "libreadline8",
    "libsqlite3-0",
    "libssl3",
    "zlib1g",
]
# as in any slim image
LEFT_OUT = 'rm -rf "$1"/usr/share/doc "$1"/usr/share/info "$1"/usr/share/locale "$1"/usr/share/man'
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
missing = [tool for tool in TOOLS if not shutil.which(tool)] + ["Python 3.8"] * (
    sys.version_info[:2] != (3, 8)
)
MISSING = "No image is built, since there is no %s here: %s." % (
    " and no ".join(missing),
    "apt-get install " + " ".join(TOOLS),
)


def run(*words, **also):
    """What a command prints. If the command fails, the test fails."""
    done = subprocess.run(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        **also,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def podman(*words):
    return run("podman", *words)


def pythons():
    """{version: interpreter} of the Pythons that the models' images need."""
    wanted = {registry.torch_of(path.parent.name) for path in ROOT.glob("models/*/function.yml")}
    return {
        **({"3.8": sys.executable} if "1.5.1" in wanted else {}),
        **({"3.11": str(local.TODAY)} if "2" in wanted else {}),
    }


def prepare(folder, setenv):
    """Make what tests/deploy/docker builds from (podman's settings, the base, the wheels), and set the
    environment for it.
    """
    # kept between runs, because torch has 750 MB
    settings, wheels = folder / "containers.conf", ROOT / "build" / "wheels"
    settings.write_text(SETTINGS)
    wheels.mkdir(parents=True, exist_ok=True)
    for name, value in (("CONTAINERS_CONF", settings), ("BASE", BASE), ("WHEELS_FOLDER", wheels)):
        setenv(name, str(value))
    images = podman("images", "--format", "{{.Repository}}:{{.Tag}}").split()
    missing_bases = {version: python for version, python in pythons().items() if BASE + version not in images}
    # only while the wheels are downloaded
    debian = subprocess.Popen(debootstrap(folder / "base.tar")) if missing_bases else None
    for version, python in pythons().items():
        fetch(wheels, version, base_of(python))
    if debian:
        assert debian.wait() == 0
        podman("import", folder / "base.tar", "localhost/debian:bookworm")
    for version, python in missing_bases.items():
        build_base(folder / version, version, base_of(python))


def base_of(python):
    """The prefix of the Python under an environment."""
    return pathlib.Path(run(python, "-c", "import sys; print(sys.base_prefix)").strip())


def debootstrap(target):
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        '--aptopt=Acquire::Retries "3"',
        "--dpkgopt=force-unsafe-io",
        "--include=" + ",".join(INSIDE),
        "--customize-hook=" + LEFT_OUT,
        "bookworm",
        str(target),
    ]


def build_base(folder, version, prefix):
    """Build an image with a Python under /usr/local, as in python:3.8-slim-bookworm."""
    without = shutil.ignore_patterns(
        "test", "tests", "__pycache__", "tkinter", "idlelib", "config-3*", "*.a", "torch*"
    )
    shutil.copytree(str(prefix), str(folder / "python"), symlinks=True, ignore=without)
    link = "RUN ldconfig && ln -sf python%s /usr/local/bin/python" % version
    (folder / "Dockerfile").write_text(
        "\n".join(["FROM localhost/debian:bookworm", "COPY python /usr/local", link, ""])
    )
    podman("build", "--isolation", "chroot", "--pull=never", "--tag", BASE + version, folder)


def fetch(wheels, version, prefix):
    """Download all packages that the images with one Python install, and write pip's settings for them."""
    torch = {"3.8": "1.5.1", "3.11": "2"}[version]
    (wheels / "constraints.txt").write_text(re.sub(r"\[.*\]", "", (ROOT / "requirements.txt").read_text()))
    needed = [
        word
        for path in sorted(ROOT.glob("models/*/function.yml"))
        if registry.torch_of(path.parent.name) == torch
        for word in ("-r", path.with_name("requirements.txt"))
    ]
    run(
        prefix / "bin" / ("python" + version),
        "-m",
        "pip",
        "download",
        "--quiet",
        "--only-binary",
        ":all:",
        "--dest",
        wheels,
        *needed,
        "awslambdaric",
        "-c",
        wheels / "constraints.txt",
    )
    (wheels / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
