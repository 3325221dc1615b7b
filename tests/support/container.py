"""The words function in its own process, as Lambda keeps it: it is asked several times, its disk has limited
room, and it may be killed at any moment.
"""

import json
import pathlib
import subprocess
import sys

from tests.conftest import Reply

ROOT = pathlib.Path(__file__).parent.parent.parent
CODE = """
import json, resource, sys
import handler, local
from models.words import service
print("ready", flush=True)
for line in sys.stdin:
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    # no file grows past this: EFBIG
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(line) if line.strip() else most, most))
    event = local.event_of("GET", "/words/similarity?a=car&b=truck", {}, b"")
    print(json.dumps(handler.words(event, None)), flush=True)
"""


class Container:
    """A process that is ready when it is built. It is killed at the end of the block."""

    def __init__(self, environment=None):
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-c", CODE],
            cwd=str(ROOT),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.kill()
        self.process.stdin.close()
        self.process.stdout.close()

    def send(self, room=""):
        """Ask for the similarity of two words. A file may have at most `room` bytes."""
        self.process.stdin.write("%s\n" % room)
        self.process.stdin.flush()

    def receive(self):
        """The answer. Its `faults` are the faults in the log."""
        lines = [json.loads(self.process.stdout.readline())]
        while "statusCode" not in lines[-1]:
            lines.append(json.loads(self.process.stdout.readline()))
        reply = Reply(lines[-1])
        reply.faults = [line.get("reason") for line in lines if line.get("level") not in (None, "INFO")]
        return reply

    def ask(self, room=""):
        self.send(room)
        return self.receive()

    def kill(self):
        self.process.kill()
        self.process.wait()
