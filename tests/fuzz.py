"""`make fuzz`: the corpus, whole requests as hypothesis draws them, and each reader of bytes under atheris, for as long as it is told.

Each part runs in a process of its own, whose end would be a finding. A finding ends the command with status 1 and is printed with its
input; a hypothesis one is kept in .hypothesis and tried first the next time, an atheris one in runs/fuzz.
"""

import argparse
import json
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
REFUSAL, ANSWER = 2, 25  # processor seconds that they may take
GROWTH = 60  # MB that the second half of the requests may add to a process
LEAST = 20_000  # inputs of the whole command
PIECES = ["multipart", "picture", "text", "event"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5, help="for the four readers under atheris, together")
    parser.add_argument("--requests", type=int, default=5_000, help="whole requests, the corpus among them")
    parser.add_argument("--piece", choices=PIECES + ["requests"], help="this part alone, in this process")
    settings = parser.parse_args()
    if settings.piece == "requests":
        return requests(settings.requests)
    if settings.piece:
        return fuzzed(settings.piece, settings.minutes)
    inputs = tried("requests", "--requests", str(settings.requests))
    inputs += sum(tried(piece, "--minutes", str(settings.minutes / len(PIECES))) for piece in PIECES)
    assert inputs >= LEAST, "only %d inputs: give it more minutes" % inputs
    print("%d inputs: no 5xx, no process ended, no refusal over %d s, no answer over %d s, memory flat." % (inputs, REFUSAL, ANSWER))


def tried(piece, *options):
    """Run a part in a process of its own -> how many inputs it saw; prints its last lines where it found something."""
    command = [sys.executable, str(ROOT / "tests" / "fuzz.py"), "--piece", piece, *options]
    done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, errors="replace")
    if done.returncode:
        sys.exit("%s: the process ended with %d.\n%s" % (piece, done.returncode, done.stdout[-6000:]))
    told = done.stdout.strip().split("\n")[-1]
    if piece != "requests":
        facts = dict(re.findall(r"stat::(\w+): +(\d+)", done.stdout))
        told = "%s inputs, the slowest %s s, %s MB at most" % (facts["number_of_executed_units"], facts["slowest_unit_time_sec"], facts["peak_rss_mb"])
    print("%-10s%s" % (piece, told), flush=True)
    return int(told.split()[0])


def requests(count):
    """The corpus, and as many events as asked for, through handler.py; prints how many, the slowest, and the memory half-way and at the end."""
    import handler
    from hypothesis import HealthCheck, Phase, given, settings

    import corpus
    import shapes

    handler.logger.setLevel("CRITICAL")  # what is logged is the tests' matter; here it would be megabytes
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
    drawn = settings(max_examples=each, deadline=None, phases=[Phase.reuse, Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
    for events in shapes.EVENTS.values():
        drawn(given(events)(ask))()
    assert megabytes() - seen["half"] < GROWTH, "memory grew from %d to %d MB" % (seen["half"], megabytes())
    print("%d inputs, the slowest refusal %.2f s and answer %.2f s, %d MB half-way and %d at the end" % (
        seen["inputs"], seen["refusal"], seen["answer"], seen["half"], megabytes()))


def megabytes():
    """Of memory that this process has now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def fuzzed(piece, minutes):
    """One reader under atheris, from the corpus on; libFuzzer ends this process."""
    import atheris

    with atheris.instrument_imports(include=["api", "models", "requests_toolbelt", "email", "PIL"]):
        import targets

    (ROOT / "runs" / "fuzz").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for place, data in enumerate(targets.SEEDS[piece]()):
            if len(data) < 100_000:
                (pathlib.Path(folder) / str(place)).write_bytes(data)
        options = ["-max_total_time=%d" % max(1, 60 * minutes), "-timeout=%d" % ANSWER, "-rss_limit_mb=800", "-print_final_stats=1", "-artifact_prefix=runs/fuzz/"]

        def one(data):
            began = time.process_time()
            getattr(targets, piece)(data)
            assert time.process_time() - began < REFUSAL, "%s took too long" % piece

        atheris.Setup([sys.argv[0], *options, folder], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
