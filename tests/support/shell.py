"""Runs a command of the repository, as a user would in a shell."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent


def python(*words):
    """Run a command on one core. If it fails, the test fails."""
    done = subprocess.run(
        [sys.executable, "-m"] + [str(word) for word in words],
        cwd=str(ROOT),
        universal_newlines=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
