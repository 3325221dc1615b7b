"""How a start to the first answer is spent, phase by phase, for the function of each model: `python -m
bench.phases` prints the table that `make bench` has. speed/handlers/phased.py counts.
"""

import json
import statistics
import sys
import time

import yaml

import local
from bench.speed import cloud, report, trees
from bench.speed.peers import ROOT, image_variables
from deploy.costs import sent

HEADER = "x-phases"  # of the answer, by speed/handlers/phased.py
ROUNDS = 9


def functions():
    """{model: (its Python, folder and variables, the usual call of its function.yml)}"""
    found = {}
    for file in sorted(ROOT.glob("models/*/function.yml")):
        told, name = yaml.safe_load(file.read_text()), file.parent.name
        event = local.event_of(*sent(told["call"]))
        if told["torch"] == "none":
            thirteen = trees.base_of(str(ROOT / ".venv-3.13" / "bin" / "python"))
            folders = (ROOT / "build" / name, ROOT / "build" / "runtime-3.13")
            found[name] = (thirteen, folders, {}, event)
        elif str(told["torch"]) == "1.5.1":
            house = trees.base_of(sys.executable)
            found[name] = (house, (trees.BUILD / "torch",), image_variables(), event)
    return found


def once(name, store, python, folders, variables, event):
    """{phase: milliseconds} of one start."""
    environment = {
        **cloud.variables(store),
        "PYTHONPATH": ":".join(map(str, (*folders, trees.HANDLERS))),
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
        "BEGAN": str(time.perf_counter()),
    }
    command = [python, "-m", "awslambdaric", "phased." + name]
    (answer,) = cloud.started(command, folders[0], environment, event)["answers"]
    return json.loads(answer["headers"][HEADER])


def measured(rounds=ROUNDS):
    """{phase: {model: median milliseconds}} of starts with a warm page cache."""
    trees.with_code(trees.BUILD / "torch")
    store, taken = cloud.server_of(cloud.Store), {}
    for turn in range(rounds + 1):  # the first one fills the page cache
        for name, told in functions().items():
            one = once(name, store, *told)
            if turn:
                taken.setdefault(name, []).append({**one, "together": sum(one.values())})
    store.shutdown()
    found = {}
    for name, ones in taken.items():
        for phase in ones[0]:
            found.setdefault(phase, {})[name] = round(statistics.median(one[phase] for one in ones), 1)
    return {phase: found[phase] for phase in sorted(found, key="together".__eq__)}  # the sum comes last


if __name__ == "__main__":
    print("\n".join(report.phases_table(measured())))
