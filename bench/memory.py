"""Which memory each function should have: its usual call at each setting, with the share of a processor that
Lambda gives for it, as AWS Lambda Power Tuning does it in the cloud. `python -m bench.memory` prints the
table that docs/performance.md has.

Lambda gives a whole processor for 1,769 MB, and otherwise in proportion (AWS Lambda Developer Guide,
"Configure Lambda function memory"). Here the quota of a Linux control group gives that share, which needs
root.
"""

import contextlib
import json
import os
import pathlib
import sys

import local
from bench.speed import costs
from bench.speed.peers import HOUSE, ROOT, Peer, image_variables, spread
from deploy.costs import FUNCTIONS, sent

SETTINGS = 512, 1024, 1769, 3008  # MB
PERIOD = 20000  # microseconds after which a process gets its share anew
CONTROL = pathlib.Path("/sys/fs/cgroup")
ROOM = 0.9  # a call may take this share of the memory


def possible():
    """Whether this process may share out the processor: root alone, on Linux."""
    return CONTROL.is_dir() and os.geteuid() == 0


@contextlib.contextmanager
def limited(process, share, control=CONTROL):
    """Let a process have this share of a processor (more than 1 is possible), and all of it afterwards."""
    old = (control / "cpu").is_dir()  # control groups of version 1 have a folder for each kind of limit
    group = (control / "cpu" if old else control) / ("bench-%d" % process)
    quota = str(int(share * PERIOD))
    group.mkdir()
    if old:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD))
        (group / "cpu.cfs_quota_us").write_text(quota)
    else:
        (group / "cpu.max").write_text("%s %d" % (quota, PERIOD))
    (group / "cgroup.procs").write_text(str(process))
    try:
        yield
    finally:
        (group.parent / "cgroup.procs").write_text(str(process))
        os.rmdir(str(group))


def calls(name, seconds):
    """{MB: figures of the usual call of a model's function}; the settings take turns."""
    event, taken = local.event_of(*sent(FUNCTIONS[name]["call"])), {memory: [] for memory in SETTINGS}
    with Peer(HOUSE, costs.__name__, "routed", variables=image_variables()) as peer:
        peer.ask(event)  # it loads
        for _ in range(3):
            for memory in SETTINGS:
                with limited(peer.process.pid, memory / costs.WHOLE):
                    times = []
                    while len(times) < 6 or sum(times) < 1000 * seconds / 3:
                        times += peer.ask(event)[0]
                taken[memory] += times
    return {memory: spread(times) for memory, times in taken.items()}


def peaks(growth):
    """{model: most MB that a call takes}, from the curves of bench.growth."""
    found = {}
    for curve in growth:
        found[curve["model"]] = max([found.get(curve["model"], 0)] + [peak or 0 for peak in curve["peaks"]])
    return found


def best(rows, peak):
    """The setting with the least product of time and dollars, among those that have room for the peak."""
    fitting = [memory for memory in rows if peak <= ROOM * memory]
    return min(fitting, key=lambda memory: rows[memory]["median"] * rows[memory]["dollars"])


def measured(seconds, growth):
    """{model: {"peak", "has", "best", "rows": {MB: figures with dollars}}}; growth is what bench.growth
    measured.
    """
    found = {}
    for name, peak in peaks(growth).items():
        rows = calls(name, seconds)
        for memory, row in rows.items():
            # a share is in the time already
            row["dollars"] = round(costs.price(row["median"], memory), 2)
        found[name] = {"peak": peak, "has": FUNCTIONS[name]["memory"], "best": best(rows, peak), "rows": rows}
    return found


def table(found):
    """Markdown: milliseconds and dollars of each setting."""
    yield "| function | most MB | %s | best | has |" % " | ".join("{:,} MB".format(one) for one in SETTINGS)
    yield "|---" * (len(SETTINGS) + 4) + "|"
    for name, told in found.items():
        rows = {int(memory): row for memory, row in told["rows"].items()}  # JSON has names alone
        cells = ["%.3g ms, $%.2f" % (rows[memory]["median"], rows[memory]["dollars"]) for memory in SETTINGS]
        yield "| %s | %d | %s | %s | %s |" % (
            name,
            told["peak"],
            " | ".join(cells),
            "{:,}".format(told["best"]),
            "{:,}".format(told["has"]),
        )


if __name__ == "__main__":
    if not possible():
        raise SystemExit("A processor can be shared out by root alone, on Linux.")
    kept = json.loads((ROOT / "bench" / "results.json").read_text())["figures"]
    if "growth" not in kept:
        raise SystemExit("First: python -m bench.speed --only growth")
    print("\n".join(table(measured(float(sys.argv[1]) if sys.argv[1:] else 3, kept["growth"]))))
