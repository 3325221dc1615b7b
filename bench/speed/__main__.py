"""Compares our speed with what people would use instead: `make bench` (QUICK=1 takes less than three
minutes), `make bench-check`.

Writes bench/results.json, docs/performance.md and its chart. With --check nothing is written; it fails if a
ratio is 15 % worse than the kept one, and is so again in a second measurement with all calls.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import sys
import time

from bench import callers, growth, memory, phases
from bench.speed import cars, changes, costs, report, starts, translation, words
from bench.speed.peers import ROOT

RESULTS = ROOT / "bench" / "results.json"
ALWAYS = (10_000, 100_000)  # words
FOR_LONG = (1_000_000,)


def processor():
    """The name of the processor, and its family and model, since one name may stand for many."""
    told = dict(
        re.findall(r"(model name|cpu family|model)\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    )
    if "cpu family" not in told:
        return told.get("model name", platform.machine())
    return "%s (family %s, model %s)" % (told["model name"], told["cpu family"], told["model"])


def machine():
    import torch

    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load": [os.getloadavg()[0]],
    }


def measured(quick, only=None, kept=()):
    """{subject: figures}, for all subjects or for those in `only`. The seconds of a subject are for one of
    its tables. `kept` are figures of before, for a subject that needs those of one that is not measured.
    """
    seconds, began, figures, known = 2 if quick else 12, time.monotonic(), {}, dict(kept)
    subjects = {
        "translation": lambda: translation.measured(seconds, 1 if quick else 3),
        "words": lambda: words.measured(seconds, ALWAYS if quick else ALWAYS + FOR_LONG, quick),
        "cars": lambda: cars.measured(seconds),
        "starts": lambda: starts.measured(0 if quick else 240, quick),
        "phases": lambda: phases.measured(2 if quick else phases.ROUNDS),
        "changes": lambda: {} if quick else changes.measured(seconds / 2, known["starts"]),
        "packages": costs.packages,
        "costs": lambda: costs.routes(seconds / 20, figures.get("cars", {}).get("reconstruct, 1 thread")),
        "callers": lambda: callers.measured(seconds / 2),
        "growth": lambda: growth.measured(seconds / 4),
        "memory": lambda: memory.measured(seconds / 4, known["growth"]) if memory.possible() else {},
    }
    for name in only or subjects:
        figures[name] = known[name] = subjects[name]()
        print("%4.0f s: %s" % (time.monotonic() - began, name), file=sys.stderr)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="few calls, no million words, no earlier code")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and compare the ratios with bench/results.json"
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="measure nothing, and write the documents again from bench/results.json",
    )
    parser.add_argument(
        "--only", nargs="+", metavar="SUBJECT", help="measure only these anew: starts, cars, callers, …"
    )
    arguments = parser.parse_args()
    if arguments.again:
        return written(json.loads(RESULTS.read_text()))
    if arguments.only:
        kept = json.loads(RESULTS.read_text())
        return written(renewed(kept, measured(arguments.quick, arguments.only, kept["figures"])))
    about = machine()
    figures = measured(arguments.quick)
    about["load"].append(os.getloadavg()[0])
    ratios = report.ratios(figures)
    print("\n".join([*report.bars_table(ratios), "", *callers.table(figures["callers"])]))
    if arguments.check:
        # as exactly as the kept results
        return checked(
            json.loads(RESULTS.read_text())["ratios"], ratios, lambda subjects: measured(False, subjects)
        )
    results = {
        "date": str(datetime.date.today()),
        "quick": arguments.quick,
        "machine": about,
        "ratios": ratios,
        "figures": figures,
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    written(results)


def renewed(results, figures):
    """The results with other figures {subject: figures} of today, also in bench/results.json."""
    results["figures"].update(figures)
    results["ratios"] = report.ratios(results["figures"])
    today = "%s on %s" % (datetime.date.today(), processor())
    results.setdefault("since", {}).update(dict.fromkeys(figures, today))
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return results


def checked(kept, ratios, again):
    """Exit with a sentence for each ratio that is worse than the kept one twice in a
    row. Once may be chance.
    """
    worse = report.regressions(kept, ratios)
    if worse:
        print(
            "\n".join(
                ["Measured again, since these are slower than bench/results.json says:", *worse.values()]
            )
        )
        ratios = report.ratios(again({bar.subject for bar in report.BARS if bar.what in worse}))
        worse = report.regressions({what: kept[what] for what in worse}, ratios)
    if worse:
        sys.exit("\n".join(["Slower than bench/results.json says, twice:", *worse.values()]))


def written(results):
    (ROOT / "docs" / "performance.md").write_text("\n".join(report.text(results)) + "\n")
    report.chart(results)
    if "growth" in results["figures"]:
        growth.chart(results["figures"]["growth"])


if __name__ == "__main__":
    main()
