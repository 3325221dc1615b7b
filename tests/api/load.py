"""`make load`: two hundred callers at once over all models, against the local server and against one Lambda
environment per model; only on loopback.

For a minute, each caller asks one question after another. Each answer is compared with the one that the same
question got from an idle server. No answer may be lost or go to another caller. Prints calls per second,
their times, and memory.
"""

import argparse
import collections
import http.client
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.deploy import deployed  # noqa: E402
import local  # noqa: E402

MODELS = ("cars", "words", "translation")
MOST_CALLS = 100_000
PATIENCE = 120  # seconds for one call, because two hundred callers wait for one environment
SENTENCES = [
    "Ein Mann liest ein Buch.",
    "Zwei Kinder spielen im Park.",
    "Guten Morgen!",
    "Der Hund schläft.",
    "Eine Frau kocht.",
    "Wie geht es Ihnen?",
    "Drei Jungen schwimmen im See.",
    "Das Auto ist rot.",
    "Ich habe Hunger.",
    "Sie singt ein Lied.",
    "Der Zug kommt spät.",
    "Es schneit.",
]
WORDS = "car truck tea coffee king queen paris london house river summer winter music doctor".split()

Question = collections.namedtuple("Question", "model method path body")


def questions(models):
    """Questions to each model. No two have the same answer."""
    post = {"Content-Type": "application/json"}
    cars = [Question("cars", "POST", "/cars/generate", {"seed": seed}) for seed in range(40)]
    words = [
        Question("words", "GET", "/words/%s" % path, None)
        for word in WORDS
        for path in ("neighbours?word=" + word, "vector?word=" + word, "similarity?a=%s&b=map" % word)
    ]
    translations = [
        Question("translation", "POST", "/translation", {"text": text, "beam": 2}) for text in SENTENCES
    ]
    return [
        (question, post if question.body else {})
        for question in cars + words + translations
        if question.model in models
    ]


def asked(address, question, headers):
    """The status and the JSON of an answer, over a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    try:
        connection.request(
            question.method, question.path, json.dumps(question.body) if question.body else None, headers
        )
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def load(address, known, callers, seconds):
    """Ask for this many seconds -> the seconds of each call by model, and what went wrong."""
    until = time.monotonic() + seconds
    taken, wrong = collections.defaultdict(list), []

    def call(place):
        drawn = random.Random(place)
        while time.monotonic() < until and not wrong and sum(map(len, taken.values())) < MOST_CALLS:
            question, headers, answer = drawn.choice(known)
            began = time.monotonic()
            try:
                found = asked(address, question, headers)
            except (OSError, http.client.HTTPException, ValueError) as error:
                found = None, type(error).__name__
            taken[question.model].append(time.monotonic() - began)
            if found != answer:
                wrong.append((question, found[0], str(found[1])[:200]))

    threads = [threading.Thread(target=call, args=(place,)) for place in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, wrong


def measured(name, address, processes, settings):
    """Load one server and print the figures. Raises SystemExit if an answer was lost, wrong, or another
    caller's.
    """
    known = [
        (question, headers, asked(address, question, headers))
        for question, headers in questions(settings.models)
    ]
    assert [(question, answer) for question, _, answer in known if answer[0] != 200] == []
    assert len({json.dumps(answer) for _, _, answer in known}) == len(known)
    before, began, half = megabytes(processes), time.monotonic(), []
    timer = threading.Timer(settings.seconds / 2, lambda: half.extend(megabytes(processes)))
    timer.start()
    taken, wrong = load(address, known, settings.callers, settings.seconds)
    lasted, after = time.monotonic() - began, megabytes(processes)
    timer.cancel()
    if wrong:
        sys.exit("%s: lost or wrong: %s" % (name, wrong[0]))
    print(
        "\n%s: %d callers for %d s; nothing lost, each answer its question's"
        % (name, settings.callers, settings.seconds)
    )
    print("%-13s%8s%12s%9s%9s%9s" % ("", "calls", "a second", "p50 s", "p95 s", "p99 s"))
    for model in [*settings.models, "all"]:
        times = sorted(taken[model] if model != "all" else sum(taken.values(), []))
        parts = [times[min(len(times) - 1, int(share * len(times)))] for share in (0.5, 0.95, 0.99)]
        print("%-13s%8d%12.1f%9.2f%9.2f%9.2f" % (model, len(times), len(times) / lasted, *parts))
    shown = [" + ".join("%d" % size for size in sizes) for sizes in (before, half, after)]
    print("memory: %s MB before, %s MB half-way, %s MB after" % tuple(shown), flush=True)


def megabytes(processes):
    """The MB of memory that each process has now."""
    return [
        int(pathlib.Path("/proc/%d/statm" % process.pid).read_text().split()[1]) * 4096 / 1e6
        for process in processes
    ]


class Environments:
    """A backend for local.py's server: one Lambda execution environment per
    function, started from this tree.
    """

    def __init__(self):
        command = [sys.executable, "-m", "awslambdaric"]
        names = MODELS + ("api",)
        core = {"OMP_NUM_THREADS": "1"}  # one processor each, as in serverless.yml
        self.logs = tempfile.TemporaryDirectory()
        self.containers = {
            name: deployed.Container(
                command + ["handler." + name],
                ROOT,
                {"AWS_LAMBDA_FUNCTION_NAME": name, **core},
                28,
                printed=pathlib.Path(self.logs.name) / name,
            )
            for name in names
        }

    def __call__(self, event):
        model = event["routeKey"].partition("/")[2].partition("/")[0]
        kind, body = self.containers[model if model in MODELS else "api"].invoke(json.dumps(event).encode())
        return json.loads(body) if kind == "response" else deployed.Deployment.own(503, "Service Unavailable")

    def processes(self):
        return [self.containers[model].process for model in self.containers if self.containers[model].process]

    def close(self):
        for container in self.containers.values():
            container.stop()
            container.api.shutdown()
            container.api.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--callers", type=int, default=200, help="at once; 200 by default")
    parser.add_argument("--seconds", type=float, default=60, help="for how long; 60 by default")
    parser.add_argument(
        "--models", nargs="+", choices=MODELS, default=MODELS, help="which are called; all by default"
    )
    settings = parser.parse_args()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [sys.executable, "local.py", "--port", "0"],
            cwd=str(ROOT),
            stdout=subprocess.PIPE,
            stderr=log,
            universal_newlines=True,
        )
        address = server.stdout.readline().split("//")[1].split(" ")[0]
        threading.Thread(target=server.stdout.read, daemon=True).start()
        try:
            measured("the local server", address, [server], settings)
        finally:
            server.terminate()
            server.wait()
    environments = Environments()
    front = local.Server(("127.0.0.1", 0), local.Gateway)
    front.backend = environments
    threading.Thread(target=front.serve_forever, daemon=True).start()
    try:
        for model in settings.models:
            asked("127.0.0.1:%d" % front.server_port, Question(model, "GET", "/" + model, None), {})
        measured(
            "one Lambda environment a model",
            "127.0.0.1:%d" % front.server_port,
            environments.processes(),
            settings,
        )
    finally:
        front.shutdown()
        front.server_close()
        environments.close()


if __name__ == "__main__":
    main()
