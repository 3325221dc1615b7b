"""The words function from process start to its first answer, beside bare imports of what it stands on: `make bench-start`.

Each is a fresh process with a warm page cache, in turn. Bare: numpy, awslambdaric and aws-lambda-powertools, imported and nothing done.
Ours: awslambdaric imported as Lambda does, then handler.words answering one event, weights checked and loaded.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parent.parent
BARE = "import numpy, awslambdaric, aws_lambda_powertools"
EVENT = {
    "routeKey": "GET /words/similarity",
    "rawPath": "/words/similarity",
    "rawQueryString": "a=car&b=truck",
    "requestContext": {"http": {"method": "GET", "path": "/words/similarity"}},
}
NEIGHBOURS = {**EVENT, "routeKey": "GET /words/neighbours", "rawPath": "/words/neighbours", "rawQueryString": "word=car"}
ANSWER = "import awslambdaric, handler; assert handler.words(%r, None)['statusCode'] == 200"
CODES = {
    "bare imports": BARE,
    "first answer, similarity": ANSWER % EVENT,
    "first answer, neighbours": ANSWER % NEIGHBOURS,
}


def milliseconds(code):
    """From the start of a process that runs this code to its end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return 1000 * (time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    times = {name: [] for name in CODES}
    for turn in range(rounds + 1):  # the first fills the page cache and writes .pyc files
        for name, code in CODES.items():
            took = milliseconds(code)
            times[name] += [took] if turn else []
    bare = statistics.median(times["bare imports"])
    print("%d rounds, Python %s\n\n| | median, ms | of bare imports |\n|---|---|---|" % (rounds, sys.version.split()[0]))
    for name, taken in times.items():
        print("| %s | %.0f | %.2f |" % (name, statistics.median(taken), statistics.median(taken) / bare))


if __name__ == "__main__":
    main()
