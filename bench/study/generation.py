"""The generators' ladder: every rung trained on the same names and
on the same prose, for as long, with what each then writes.
"""

import json
from dataclasses import asdict

import numpy as np

from bench.study.tables import as_asked, folder_of, table
from training.generation import charts as bars, train

TITLE, MINUTES = "Generation", 0  # 0: as many epochs as COMMON says, whatever else the machine does
COMMON = ["--width", "96", "--layers", "2", "--dropout", "0.05", "--learning-rate", "0.003", "--epochs", "1"]
BATCH = {"names": "128", "prose": "16"}
STEPS = dict.fromkeys(train.ARCHITECTURES, COMMON)
SHOWN = 110  # letters of a rung's prose


def fitted(folder, kind, rung, minutes):
    """(facts, epochs, what it writes) of a rung; it is trained first where its folder does not say so."""
    words = ["--kind", kind, "--architecture", rung, "--folder", str(folder), "--minutes", str(minutes)]
    words += ["--batch", BATCH[kind], *STEPS[rung]]
    asked = asdict(train.asked(words)[0])
    as_asked(folder, asked)
    if not (folder / "facts.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings.json").write_text(json.dumps(asked))
        train.main(words + (["--resume"] if (folder / "checkpoint.pt").exists() else []))
    network, settings, facts = train.restored(folder)
    log = folder / "log.jsonl"
    epochs = len(log.read_text().splitlines()) if log.exists() else 1
    return facts, epochs, train.samples(network, settings, facts["alphabet"])


def study(folder, steps, minutes, charts):
    """Train these rungs where they are not yet, and compare them: Markdown, its chart in `charts`."""
    charts.mkdir(parents=True, exist_ok=True)
    rows, written, told = {rung: {} for rung in steps}, {kind: {} for kind in train.KINDS}, []
    for kind in train.KINDS:
        for rung in steps:
            print("%s: %s, %s" % (TITLE, kind, rung), flush=True)
            facts, epochs, text = fitted(folder_of(folder, "%s %s" % (kind, rung)), kind, rung, minutes)
            nats = train.nats_told(facts)
            rows[rung]["%s: numbers" % kind] = "{:,}".format(facts["parameters"])
            rows[rung].update({"epochs, %s" % kind: epochs, "minutes, %s" % kind: facts["minutes"]})
            rows[rung]["nats, %s" % kind] = "%.3f" % nats
            rows[rung]["bits, %s" % kind] = "%.3f" % (nats / np.log(2))
            written[kind][rung] = {"": text if kind == "names" else " / ".join(text[:SHOWN].split("\n"))}
            told.append(facts)
    bars.ladder(told, charts / "study-generation.png")
    return "\n\n".join(
        [
            "Names and prose, a letter at a time. Every network has the same settings (`COMMON` in "
            "bench/study/generation.py) and %s; a bigram is counted. Nats and bits are of a character that "
            "was held out: of a tenth of makemore's names, and of tiny-Shakespeare's last tenth. The LSTMs "
            "that ship, wider and trained for longer, are in "
            "[models/generation/evaluation.md](../models/generation/evaluation.md). Minutes are the clock's: "
            "whatever else the machine did took its share."
            % ("%g minutes" % minutes if minutes else "reads the same letters as often"),
            table(rows),
            "![nats of each rung](study-generation.png)",
            "### Names that they write",
            table(written["names"]),
            "### Prose that they write",
            "A stroke is a new line.",
            table(written["prose"]),
        ]
    )
