"""Peers: processes with their own Python. They are asked in turn, so that other work of the machine slows all
of them alike.

A subject's module has WAYS: {name: function that prepares and returns a function from a question to an
answer}. Questions and answers are JSON.
"""

import importlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent.parent
HOUSE = sys.executable  # for ours: the Python that runs the benchmark; on 3.8 it has torch 1.5.1
PEERS = str(ROOT / ".venv-peers" / "bin" / "python")  # for other libraries: bench/requirements.txt
TODAY = str(ROOT / ".venv-3.11" / "bin" / "python")  # for ours with today's torch
TURN = 3  # answers that are timed in a row, after one that fills the caches again


class Peer:
    """One way to answer, in its own process."""

    def __init__(self, python, module, way, *arguments, threads=1, variables=None, folder=ROOT, turn=TURN):
        """`threads` overrides `variables`. `folder`: the code to use. `turn`: how many answers are timed in a
        row; slow peers have fewer.
        """
        self.turn = turn
        count = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        words = [python, "-m", "bench.speed.peers", module, way, json.dumps(arguments)]
        self.log = tempfile.TemporaryFile("w+")  # what the process prints, including our log lines
        self.process = subprocess.Popen(
            words,
            cwd=str(folder),
            env={**os.environ, **(variables or {}), **count},
            universal_newlines=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.ready = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            printed = self.log.read()
            self.__exit__()
            raise SystemExit("A peer ended: %s\n%s" % (" ".join(self.process.args), printed))
        return json.loads(line)

    def ask(self, question):
        """(milliseconds of each timed answer, the answer)."""
        self.process.stdin.write(json.dumps([question, self.turn]) + "\n")
        self.process.stdin.flush()
        told = self.read()
        return told["milliseconds"], told["answer"]

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


def answer_questions(module, way, arguments):
    """The work of a peer's process: prepare, then answer until no question comes."""
    line = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # because libraries print to any of them
    answer = importlib.import_module(module).WAYS[way](*arguments)
    print("true", file=line, flush=True)
    for asked in sys.stdin:
        question, times = json.loads(asked)
        # not timed: after another peer's turn, the caches hold that peer's data
        said, taken = answer(question), []
        for _ in range(times):
            began = time.perf_counter()
            said = answer(question)
            taken.append(1000 * (time.perf_counter() - began))
        print(json.dumps({"milliseconds": taken, "answer": said}), file=line, flush=True)


def made_ready(python, module, way, *arguments):
    """Run a peer's process that prepares something for others, and wait for its end."""
    with Peer(python, module, way, *arguments):
        pass


def side_by_side(peers, questions, seconds, fewest=3):
    """{peer: {"milliseconds": all of them, "answers": to each question}}. In each round over questions and
    peers, another peer is first.
    """
    names, found = list(peers), {name: {"milliseconds": [], "answers": {}} for name in peers}
    began, turn = time.monotonic(), 0
    while turn < fewest * len(questions) or time.monotonic() - began < seconds:
        place = turn % len(questions)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            taken, answer = peers[name].ask(questions[place])
            found[name]["milliseconds"] += taken
            found[name]["answers"][place] = answer
        turn += 1
    return found


def spread(numbers):
    """The median, the quartiles and the number of numbers."""
    ordered = sorted(numbers)
    low, middle, high = statistics.quantiles(ordered, n=4) if len(ordered) > 1 else ordered * 3
    return {"median": round(middle, 4), "low": round(low, 4), "high": round(high, 4), "count": len(ordered)}


def image_variables():
    """The environment variables that the image sets for its function, read from the Dockerfile; not those
    that say where Python is.
    """
    lines = re.findall(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(), re.M)
    return dict(word.split("=") for word in lines[-1].split())


if __name__ == "__main__":
    answer_questions(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
