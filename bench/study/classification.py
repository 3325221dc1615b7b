"""The ladder of classifiers: every rung on the same texts, ten-fold cross-validation on Rotten Tomatoes, and
Chollet's rule on subsets of growing size.
"""

import json
import random
import time

import numpy as np
from matplotlib import pyplot

from bench.study.tables import as_asked, folder_of, table
from models.classification.vocabulary import words_of
from training.classification import charts as bars, classical, data, train
from training.classification.evaluate import CHOLLET

TITLE, MINUTES = "Classification", 0.5
COMMON = {"held_out": 0.1, "epochs": 30, "patience": 4, "batch": 2000, "learning_rate": 2e-3, "words": 5000}
NOTHING = {"embeddings": "none", "ngrams": 0}
VECTORS = {"ngrams": 0}
RUNGS = {
    "naive Bayes, counts": {"architecture": "naive-bayes", "features": "counts"},
    "logistic regression, counts": {"architecture": "logistic", "features": "counts"},
    "logistic regression, TF-IDF": {"architecture": "logistic"},
    "linear SVM, TF-IDF": {"architecture": "svm"},
    "fastText": {"architecture": "fasttext", **NOTHING},
    "fastText, word vectors": {"architecture": "fasttext", **VECTORS},
    "LSTM, word vectors": {"architecture": "lstm", **VECTORS},
    "bidirectional LSTM": {"architecture": "bilstm", **NOTHING},
    "bidirectional LSTM, word vectors": {"architecture": "bilstm", **VECTORS},
    "CNN": {"architecture": "cnn", **NOTHING},
    "CNN, word vectors frozen": {"architecture": "cnn", "tuned": 0, **VECTORS},
    "CNN, word vectors tuned": {"architecture": "cnn", **VECTORS},
    "Transformer": {"architecture": "transformer", **NOTHING},
    "Transformer, word vectors": {"architecture": "transformer", **VECTORS},
    "CNN and LSTM, word vectors, n-grams": {"architecture": "cnn+bilstm"},
}
TASKS = {"sentences": "sst2.test", "questions": "trec.test"}
FOLDS, CURVES = "Rotten Tomatoes by ten folds", "Chollet's rule"
STEPS = {**RUNGS, FOLDS: {}, CURVES: {}}
FOLDED = ("logistic regression, counts", "CNN and LSTM, word vectors, n-grams")
GROWING = ("logistic regression, counts", "CNN, word vectors tuned", "Transformer")
SHARES = 0.05, 0.1, 0.2, 0.5, 1


def lesson(task):
    """(sets, classes) of a task: the sentences of SST-2 and Rotten Tomatoes, or the questions of TREC."""
    name = {"sentences": "sentiment", "questions": "question"}[task]
    training, validation, tests, _ = train.texts(train.Settings(task=name))
    sets = {"training": training, "validation": validation, TASKS[task]: tests[TASKS[task]]}
    sets = {part: [pair for pair in pairs if len(pair[0]) <= data.SNIPPET] for part, pairs in sets.items()}
    classes = sorted({label for _, label in sets["training"]})
    return {part: [pair for pair in pairs if pair[1] in classes] for part, pairs in sets.items()}, classes


def fitted(folder, rung, minutes, sets, classes):
    """The figures of a rung, {test: {accuracy, ...}}. It is trained first, unless
    its folder has the result.
    """
    asked = {**COMMON, "minutes": minutes, **RUNGS[rung]}
    as_asked(folder, asked)
    if not (folder / "facts.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        settings = train.Settings(**{**asked, "folder": str(folder)})
        logits, labels, spent = fit(settings, sets, classes)
        found = {"minutes": round(spent, 1), **train.judged(logits, labels, classes)["metrics"]}
        (folder / "facts.json").write_text(json.dumps(found))
        (folder / "settings.json").write_text(json.dumps(asked))
    return json.loads((folder / "facts.json").read_text())


def fit(settings, sets, classes):
    """(logits by part of `sets`, labels by part, minutes) of one training."""
    labels = {part: [classes.index(label) for _, label in pairs] for part, pairs in sets.items()}
    if settings.architecture not in classical.CLASSIFIERS:
        logits, minutes, _ = train.train_network(settings, sets, classes, resume=False)
        return logits, labels, minutes
    asked = {part: pairs for part, pairs in sets.items() if part != "training"}
    began = time.time()
    logits = train.classical_logits(settings, sets["training"], asked, classes)
    return logits, labels, (time.time() - began) / 60


def of_rungs(folder, rungs, minutes, charts):
    """Markdown: every rung on both tasks, with a chart."""
    rows, heights = {rung: {} for rung in rungs}, {}
    for task, test in TASKS.items():
        sets, classes = lesson(task)
        for rung in rungs:
            print("%s: %s, %s" % (TITLE, task, rung), flush=True)
            found = fitted(folder_of(folder, "%s %s" % (task, rung)), rung, minutes, sets, classes)
            told = found[test]
            rows[rung]["%s, %%" % task] = "%.1f (%s to %s)" % (told["accuracy"], *told["interval"])
            rows[rung].update({"fine, %": told["fine"]} if "fine" in told else {})
            rows[rung]["minutes, %s" % task] = found["minutes"]
            heights.setdefault(test, []).append((rung, told["accuracy"], told["interval"]))
    bars.ladder(heights, charts / "study-classification.png")
    return [
        "Sentences: SST-2 and Rotten Tomatoes to train on, tested on SST-2's; questions: TREC. Every network "
        "trains for %g minutes at the most, with the same settings (`COMMON` in "
        "bench/study/classification.py), and ends where validation gets no better." % minutes,
        table(rows),
        "![accuracy of each rung](study-classification.png)",
    ]


def of_folds(folder, minutes):
    """Markdown: ten-fold cross-validation on Rotten Tomatoes."""
    pairs, rows = data.read(train.TEXT + "rotten_tomatoes.tsv.xz"), {}
    order = random.Random(1).sample(pairs, len(pairs))
    classes = sorted({label for _, label in pairs})
    for rung in FOLDED:
        found = []
        for fold in range(10):
            print("%s: %s, %d of 10" % (TITLE, rung, fold + 1), flush=True)
            rest = data.without(
                [pair for place, pair in enumerate(order) if place % 10 != fold], order[fold::10]
            )
            training, validation = data.split(rest, COMMON["held_out"])
            sets = {"training": training, "validation": validation, "fold": order[fold::10]}
            place = folder_of(folder, "fold %d %s" % (fold, rung))
            found.append(fitted(place, rung, minutes, sets, classes)["fold"]["accuracy"])
        rows[rung] = {"accuracy, %": "%.1f" % np.mean(found), "lowest": min(found), "highest": max(found)}
    return ["### " + FOLDS, table(rows), "Ten folds, drawn once; Kim's CNN has 81.5 %, and NB-SVM 79.4."]


def of_curves(folder, minutes, charts):
    """Markdown: accuracy over the number of training texts, and where the rule says that the curves cross."""
    figure, axes = pyplot.subplots(1, len(TASKS), figsize=(6 * len(TASKS), 4))
    rows = {}
    for axis, (task, test) in zip(axes, TASKS.items()):
        sets, classes = lesson(task)
        length = np.mean([len(words_of(text)) for text, _ in sets["training"]])
        for rung in GROWING:
            points = []
            for share in SHARES:
                print("%s: %s, %s, %g" % (TITLE, task, rung, share), flush=True)
                some = sets["training"][: round(share * len(sets["training"]))]
                place = folder_of(folder, "curve %s %g %s" % (task, share, rung))
                found = fitted(place, rung, minutes, {**sets, "training": some}, classes)
                points.append((len(some), found[test]["accuracy"]))
            axis.plot(*zip(*points), marker="o", label=rung)
            rows["%s: %s" % (task, rung)] = {
                "%g %%" % (100 * share): y for share, (_, y) in zip(SHARES, points)
            }
        axis.axvline(
            CHOLLET * length, color="0.5", linestyle="--", label="the rule's %d texts" % (CHOLLET * length)
        )
        axis.set(title=task, xscale="log", xlabel="training texts", ylabel="accuracy, %")
        axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(str(charts / "study-classification-curves.png"), dpi=80)
    pyplot.close(figure)
    return [
        "### " + CURVES,
        "A sequence model is said to win where there are more than %d training texts for each word of their "
        "mean length (Chollet's guide). Accuracy in per cent on the same tests, for a share of the texts:"
        % CHOLLET,
        table(rows),
        "![accuracy over the number of texts](study-classification-curves.png)",
    ]


def study(folder, steps, minutes, charts):
    """Train the steps that are not yet trained, and compare all. Returns Markdown; the charts go to the
    folder `charts`.
    """
    charts.mkdir(parents=True, exist_ok=True)
    rungs = [step for step in steps if step in RUNGS]
    parts = of_rungs(folder, rungs, minutes, charts) if rungs else []
    parts += of_folds(folder, minutes) if FOLDS in steps else []
    return "\n\n".join(parts + (of_curves(folder, minutes, charts) if CURVES in steps else []))
