"""Peers, each a process under its own Python, asked in turn so that whatever else the machine does slows all alike; and what they took.

A subject's module has WAYS: {name: function that makes ready and gives a function from a question to an answer}. Questions and answers are JSON.
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
HOUSE = sys.executable  # ours, under whatever Python runs the benchmark: torch 1.5.1 on 3.8
PEERS = str(ROOT / ".venv-peers" / "bin" / "python")  # what others would take: bench/requirements.txt
TODAY = str(ROOT / ".venv-3.11" / "bin" / "python")  # ours on today's torch
TURN = 3  # answers timed in a row, after one that fills the caches again


class Peer:
    """A way to answer, in a process of its own."""

    def __init__(self, python, module, way, *arguments, threads=1, variables=None, folder=ROOT, turn=TURN):
        """`threads` goes before `variables`; `folder`: whose code is asked; `turn`: how many answers are timed at a time, fewer of who is slow."""
        self.turn = turn
        count = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
        words = [python, "-m", "bench.speed.peers", module, way, json.dumps(arguments)]
        self.log = tempfile.TemporaryFile("w+")  # what it prints, our log lines among it
        self.process = subprocess.Popen(words, cwd=str(folder), env={**os.environ, **(variables or {}), **count}, universal_newlines=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
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
        """(milliseconds of each time, the answer)."""
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
    """What a peer's process does: make ready, then answer until nobody asks any more."""
    line = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print where they like
    answer = importlib.import_module(module).WAYS[way](*arguments)
    print("true", file=line, flush=True)
    for asked in sys.stdin:
        question, times = json.loads(asked)
        said, taken = answer(question), []  # not timed: after another peer's turn the caches hold its data
        for _ in range(times):
            began = time.perf_counter()
            said = answer(question)
            taken.append(1000 * (time.perf_counter() - began))
        print(json.dumps({"milliseconds": taken, "answer": said}), file=line, flush=True)


def made_ready(python, module, way, *arguments):
    """Let a peer's process do what others need, and wait for its end."""
    with Peer(python, module, way, *arguments):
        pass


def side_by_side(peers, questions, seconds, fewest=3):
    """{peer: {"milliseconds": all of them, "answers": to each question}}: rounds over questions and peers, the first peer another one each time."""
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
    """The median, the quartiles and how many there were."""
    ordered = sorted(numbers)
    low, middle, high = (statistics.quantiles(ordered, n=4) if len(ordered) > 1 else ordered * 3)
    return {"median": round(middle, 4), "low": round(low, 4), "high": round(high, 4), "count": len(ordered)}


def image_variables():
    """The environment that the image gives its function, as the Dockerfile has it."""
    line = re.search(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(), re.M).group(1)
    return dict(word.split("=") for word in line.split())


if __name__ == "__main__":
    answer_questions(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
