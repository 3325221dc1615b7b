"""Measures the shipped classifiers as they are served: accuracy, calibration, milliseconds, bytes. Writes
models/classification/evaluation.md.

make evaluate-classification        (it needs the course's test sets)
"""

import argparse
import csv
import functools
import json
import pathlib
import statistics
import time

import numpy as np

from models import registry
from models.classification.model import model
from models.classification.vocabulary import words_of
from training.classification import charts, data, metrics, negation
from training.classification.train import FILES, TEXT

FOLDER = pathlib.Path(__file__).parent.parent.parent / "models" / "classification"
KEPT = pathlib.Path("runs/classification/measured")
MUSTS = {
    ("question", "trec.test", "accuracy"): 94.6,
    ("question", "trec.test", "fine"): 86.0,
    ("sentiment", "imdb.test", "accuracy"): 91.3,
    ("sentiment", "sst2.test", "accuracy"): 87.8,
}
MOST_ECE = 3.0  # per cent
# below this number of texts per mean number of words, a bag of words wins (Chollet's guide)
CHOLLET = 1500
TIMED = 50  # calls
SAMPLE = 2000  # texts for the mean number of words


def served(record):
    """The models that are complete networks. A part of a network is a rung of the ladder instead."""
    return [entry for entry in record["models"] if entry.get("method", "forward") == "forward"]


def official(entry):
    """Whether the course has test sets for the task of a model: not for classes of your own."""
    return entry["task"] in FILES and not entry["settings"].get("data")


@functools.lru_cache(maxsize=None)
def tested(name, test):
    """[(ids, class)] of a test set, with the vocabulary of the model of this name."""
    classifier = model(name)
    classes = classifier.entry["classes"]
    pairs = [pair for pair in data.read(TEXT + test + ".tsv.xz") if pair[1] in classes]
    return data.encoded(classifier.vocabulary, classes, pairs)


def measured(entry, sha256):
    """{test: figures} of one served model, in 16 bits and with the serving code, on whole texts. A task
    without a test set of the course has those that its training wrote, of the texts that it held out.

    This takes minutes, so the figures of the same file are kept.
    """
    if not official(entry):
        return entry["metrics"]
    kept = KEPT / ("%s-%s-%g.json" % (entry["name"], sha256[:12], entry["temperature"]))
    if kept.exists():
        return json.loads(kept.read_text())
    classifier, found = model(entry["name"]), {}
    for name in FILES[entry["task"]][1]:
        examples = tested(entry.get("file", entry["name"]), name)
        label = "%s on %s" % (entry["name"], name)
        logits = metrics.logits_of(classifier.logits, examples, label=label)
        found[name] = metrics.figures(
            logits, [label for _, label in examples], entry["classes"], entry["temperature"]
        )
    KEPT.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found))
    return found


def of_phrases(record):
    """A table of our own phrases with negation, contrast or intensifiers: how many each model gets right."""
    with open(str(negation.PHRASES), encoding="utf-8", newline="") as file:
        phrases = list(csv.DictReader(file))
    kinds = list(dict.fromkeys(phrase["kind"] for phrase in phrases))
    text = row("model", "half", *kinds, "all") + row(*["---"] * (3 + len(kinds)))
    for entry in (entry for entry in record["models"] if entry["task"] == "sentiment" and official(entry)):
        right = [
            max(said, key=said.get) == phrase["label"]
            for phrase in phrases
            for said in [model(entry["name"]).verdict(phrase["text"], False).probabilities]
        ]
        for half in ("choose", "judge"):
            hits = {kind: [] for kind in kinds}
            for phrase, hit in zip(phrases, right):
                if phrase["part"] == half:
                    hits[phrase["kind"]].append(hit)
            shares = [hits[kind] for kind in kinds] + [sum(hits.values(), [])]
            text += row(entry["name"], half, *("%d of %d" % (sum(share), len(share)) for share in shares))
    return text


def milliseconds(entry):
    """The median time of a call for a sentence of eleven words, without and with `explain`."""
    classifier, text = (
        model(entry["name"]),
        "The cast is wonderful, but the story falls asleep halfway through.",
    )
    times = {explain: [] for explain in (False, True)}
    for explain in times:
        for _ in range(TIMED):
            began = time.perf_counter()
            classifier.verdict(text, explain)
            times[explain].append(1000 * (time.perf_counter() - began))
    return [statistics.median(times[explain]) for explain in times]


def row(*cells):
    return "| %s |\n" % " | ".join(map(str, cells))


def shipped(record):
    """The tables of the shipped models, and the bars of a chart: {test: [(name, accuracy, interval)]}."""
    text = row(
        "model", "test", "texts", "accuracy, % (95 %)", "fine, %", "must", "ECE before, %", "ECE, %"
    ) + row(*["---"] * 8)
    bars, times = {}, row("model", "ms", "ms, explained", "MB", "minutes of training") + row(*["---"] * 5)
    for entry in served(record):
        file = record["files"][entry.get("file", entry["name"])]
        for test, found in measured(entry, file["sha256"]).items():
            must = [
                value
                for (task, name, figure), value in MUSTS.items()
                if (task, name) == (entry["task"], test)
            ]
            text += row(
                entry["name"],
                test,
                found["texts"],
                "%.1f (%s to %s)" % (found["accuracy"], *found["interval"]),
                found.get("fine", ""),
                ", ".join("%.1f" % value for value in must),
                found["ece_before"],
                found["ece"],
            )
            bars.setdefault(test, []).append(
                (entry["architecture"] + ", served", found["accuracy"], found["interval"])
            )
        size = (
            sum(record["files"][role]["bytes"] for role in (entry.get("file", entry["name"]), entry["words"]))
            / 1e6
        )
        times += row(
            entry["name"], *("%.1f" % value for value in milliseconds(entry)), "%.1f" % size, entry["minutes"]
        )
    return text + "\n" + times, bars


def ladder(record, bars):
    """The table of the rungs that do not ship. Adds their bars to `bars`."""
    text = row("task", "rung", "features", "test", "accuracy, % (95 %)", "fine, %", "minutes") + row(
        *["---"] * 7
    )
    for entry in record["ladder"] + [entry for entry in record["models"] if entry not in served(record)]:
        for test, found in entry["metrics"].items():
            features = (
                entry["features"]
                if entry["architecture"] in ("naive-bayes", "logistic", "svm", "nb-svm")
                else "word vectors"
            )
            text += row(
                entry["task"],
                entry["architecture"],
                features,
                test,
                "%.1f (%s to %s)" % (found["accuracy"], *found["interval"]),
                found.get("fine", ""),
                entry["minutes"],
            )
            bars.setdefault(test, []).append(
                ("%s %s" % (entry["architecture"], features), found["accuracy"], found["interval"])
            )
    return text


def chollet(task):
    """What Chollet's rule says about a task's training texts. Their mean length comes from a sample."""
    texts = [text for name in FILES[task][0] for text, _ in data.read(TEXT + name + ".tsv.xz")]
    length = np.mean([len(words_of(text)) for text in texts[:: max(1, len(texts) // SAMPLE)]])
    said = "a bag of words" if len(texts) / length < CHOLLET else "a sequence"
    figures = task, len(texts), length, len(texts) / length, said
    return "%s: %d texts of %.0f words in the mean, ratio %.0f: %s." % figures


def main():
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    record = registry.record("classification")
    own = [entry["name"] for entry in served(record) if not official(entry)]
    tables, bars = shipped(record)
    if own:
        tables += "\nThe course has no test set for %s: the figures are of its training.\n" % ", ".join(own)
    rungs = ladder(record, bars)
    charts.ladder(bars, FOLDER / "ladder.png")
    total = sum(file["bytes"] for file in record["files"].values()) / 1e6
    text = (
        "# Classification, measured\n\nWritten by `make evaluate-classification`; version %s, %.1f MB in "
        "all; the must is 25 MB.\n\n" % (record["version"], total)
    )
    text += (
        "## What ships\n\nThe musts are accuracy and, for questions, fine accuracy; ECE at most %.0f "
        "%%.\n\n%s\n" % (MOST_ECE, tables)
    )
    text += (
        "## Phrases of our own\n\nNegations, contrasts and intensified phrases (phrases.csv): half were "
        "there to choose a model by, half to judge it, and none was learnt from.\n\n%s\n" % of_phrases(record)
    )
    text += (
        "## The ladder\n\nIts figures are those that its trainings wrote.\n\n%s\n![The "
        "ladder](ladder.png)\n\n" % rungs
    )
    text += "## Chollet's rule\n\nTexts over mean words against %d.\n\n%s\n" % (
        CHOLLET,
        "\n".join("- " + chollet(task) for task in FILES),
    )
    (FOLDER / "evaluation.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
