"""podman in docker's place, for tests: settings that need neither systemd nor a bridge, and what the Dockerfile takes from elsewhere.

The registry that the Dockerfile names may be out of reach: here its base is Debian with this machine's Python 3.8, and packages come from
a folder of wheels, so that a build asks for no more than g++.
"""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
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
missing = [tool for tool in TOOLS if not shutil.which(tool)] + ["Python 3.8"] * (sys.version_info[:2] != (3, 8))
MISSING = "No image is built, since there is no %s here: %s." % (" and no ".join(missing), "apt-get install " + " ".join(TOOLS))


def run(*words, **also):
    """What a command prints; the test fails where it does."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, **also)
    assert done.returncode == 0, done.stdout
    return done.stdout


def podman(*words):
    return run("podman", *words)


def prepare(folder, setenv):
    """Make what tests/docker builds from, and put it into the environment: podman's settings, the base, the wheels."""
    settings, wheels = folder / "containers.conf", ROOT / "build" / "wheels"  # kept: torch has 750 MB
    settings.write_text(SETTINGS)
    wheels.mkdir(parents=True, exist_ok=True)
    for name, value in (("CONTAINERS_CONF", settings), ("BASE", BASE), ("WHEELS_FOLDER", wheels)):
        setenv(name, str(value))
    there = BASE in podman("images", "--format", "{{.Repository}}:{{.Tag}}")
    debian = None if there else subprocess.Popen(debootstrap(folder / "base.tar"))  # while wheels are fetched
    fetch(wheels)
    if debian:
        assert debian.wait() == 0
        build_base(folder)


def debootstrap(target):
    return ["mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=Acquire::Retries "3"', "--dpkgopt=force-unsafe-io",
            "--include=" + ",".join(INSIDE), "--customize-hook=" + LEFT_OUT, "bookworm", str(target)]


def build_base(folder):
    """An image with Python 3.8 under /usr/local, as python:3.8-slim-bookworm has it."""
    podman("import", folder / "base.tar", "localhost/debian:bookworm")
    without = shutil.ignore_patterns("test", "tests", "__pycache__", "tkinter", "idlelib", "config-3.8*", "*.a", "torch*")
    shutil.copytree(sys.base_prefix, str(folder / "base" / "python"), symlinks=True, ignore=without)
    lines = ["FROM localhost/debian:bookworm", "COPY python /usr/local", "RUN ldconfig && ln -sf python3.8 /usr/local/bin/python", ""]
    (folder / "base" / "Dockerfile").write_text("\n".join(lines))
    podman("build", "--isolation", "chroot", "--pull=never", "--tag", BASE, folder / "base")


def fetch(wheels):
    """Everything that the images install, and pip's settings inside them."""
    (wheels / "constraints.txt").write_text(re.sub(r"\[.*\]", "", (ROOT / "requirements.txt").read_text()))
    needed = [word for model in ("cars", "translation") for word in ("-r", ROOT / "models" / model / "requirements.txt")]
    run(pathlib.Path(sys.base_prefix) / "bin" / "python3.8", "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", wheels,
        *needed, "awslambdaric", "-c", wheels / "constraints.txt")
    (wheels / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
