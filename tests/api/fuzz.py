"""`make fuzz`: sends the corpus and whole requests drawn by hypothesis, then runs each reader of bytes under
atheris, for a given time.

Each part runs in its own process; a process that dies is a finding. A finding ends the command with status 1,
and is printed with its input. hypothesis keeps its findings in .hypothesis and tries them first the next
time; atheris keeps them in runs/fuzz.
"""

import argparse
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
REFUSAL, ANSWER = 2, 25  # most processor seconds for a refusal and for an answer
GROWTH = 60  # most MB by which a process may grow in the second half of the requests
LEAST = 20_000  # least number of inputs of the whole command
PIECES = ["multipart", "picture", "text", "event"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--minutes", type=float, default=5, help="for all four readers under atheris together"
    )
    parser.add_argument(
        "--requests", type=int, default=5_000, help="number of whole requests, including the corpus"
    )
    parser.add_argument("--piece", choices=PIECES + ["requests"], help="run only this part, in this process")
    settings = parser.parse_args()
    if settings.piece == "requests":
        return requests(settings.requests)
    if settings.piece:
        return fuzzed(settings.piece, settings.minutes)
    inputs = tried("requests", "--requests", str(settings.requests))
    inputs += sum(tried(piece, "--minutes", str(settings.minutes / len(PIECES))) for piece in PIECES)
    assert inputs >= LEAST, "only %d inputs: give it more minutes" % inputs
    print(
        "%d inputs: no 5xx, no process ended, no refusal over %d s, no answer over %d s, memory flat."
        % (inputs, REFUSAL, ANSWER)
    )


def tried(piece, *options):
    """Run a part in its own process, and return the number of its inputs. If it finds something, print its
    last lines.
    """
    command = [sys.executable, str(ROOT / "tests" / "api" / "fuzz.py"), "--piece", piece, *options]
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
    )
    if done.returncode:
        sys.exit("%s: the process ended with %d.\n%s" % (piece, done.returncode, done.stdout[-6000:]))
    told = done.stdout.strip().split("\n")[-1]
    if piece != "requests":
        facts = dict(re.findall(r"stat::(\w+): +(\d+)", done.stdout))
        told = "%s inputs, the slowest %s s, %s MB at most" % (
            facts["number_of_executed_units"],
            facts["slowest_unit_time_sec"],
            facts["peak_rss_mb"],
        )
    print("%-10s%s" % (piece, told), flush=True)
    return int(told.split()[0])


def requests(count):
    """Send the corpus, and `count` drawn events, through handler.py. Prints their number, the slowest one,
    and the memory halfway and at the end.
    """
    import handler
    from hypothesis import HealthCheck, Phase, given, settings

    from tests.api import corpus
    from tests.support import shapes

    handler.logger.setLevel("CRITICAL")  # other tests check the log; here it would be megabytes
    seen = {"inputs": 0, "refusal": 0.0, "answer": 0.0, "half": 0.0}

    def ask(event):
        reply, taken = shapes.answered(event)
        kind = "refusal" if reply.status >= 400 else "answer"
        seen[kind] = max(seen[kind], taken)
        assert seen["refusal"] < REFUSAL and seen["answer"] < ANSWER, "%s took %.1f s" % (kind, taken)
        seen["inputs"] += 1
        if seen["inputs"] == count // 2:
            seen["half"] = megabytes()

    for event in corpus.whole():
        ask(event)
    each = -(-max(0, count - seen["inputs"]) // len(shapes.EVENTS))
    drawn = settings(
        max_examples=each,
        deadline=None,
        phases=[Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    for events in shapes.EVENTS.values():
        drawn(given(events)(ask))()
    assert megabytes() - seen["half"] < GROWTH, "memory grew from %d to %d MB" % (seen["half"], megabytes())
    print(
        "%d inputs, the slowest refusal %.2f s and answer %.2f s, %d MB half-way and %d at the end"
        % (seen["inputs"], seen["refusal"], seen["answer"], seen["half"], megabytes())
    )


def megabytes():
    """The MB of memory that this process has now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def fuzzed(piece, minutes):
    """Run one reader under atheris, starting from the corpus. libFuzzer ends this process."""
    import atheris

    with atheris.instrument_imports(include=["api", "models", "requests_toolbelt", "email", "PIL"]):
        from tests.api import targets

    (ROOT / "runs" / "fuzz").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for place, data in enumerate(targets.SEEDS[piece]()):
            if len(data) < 100_000:
                (pathlib.Path(folder) / str(place)).write_bytes(data)
        options = [
            "-max_total_time=%d" % max(1, 60 * minutes),
            "-timeout=%d" % ANSWER,
            "-rss_limit_mb=800",
            "-print_final_stats=1",
            "-artifact_prefix=runs/fuzz/",
        ]

        def one(data):
            began = time.process_time()
            getattr(targets, piece)(data)
            assert time.process_time() - began < REFUSAL, "%s took too long" % piece

        atheris.Setup([sys.argv[0], *options, folder], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
