"""Measures the shipped translators on sentences that they were not trained on: `make evaluate-translation`
(it needs the training pairs, to leave them out).

It measures the script in weights/, in half precision, as it is served. If the run's folder is still there, it
also measures the full state. The table is printed, and written to models/translation/evaluation.md.
"""

import argparse
import importlib.util
import math
import pathlib
import statistics
import subprocess
import sys
from collections import Counter

import torch
from sacrebleu.metrics import BLEU, CHRF
from tqdm import tqdm

from models import registry
from models.translation.model import model
from models.translation.answers import translated_texts
from models.translation.tokenizer import PAD
from training.translation import everyday, names, pairs, train as translation
from training.translation.metrics import as_served

# B sentences, T target tokens, V vocabulary
ROOT = pathlib.Path(__file__).parent.parent.parent
TUTORIALS = {
    "LSTM": 13.8,
    "GRU, context fed": 20.6,
    "attention": 28.3,
    "packed attention": 28.1,
    "convolutional": 34.1,
    "Transformer": 36.5,
}
NEWS, EVERYDAY, NAMES = 18, 85, 95  # BLEU of newstest 2019 or 2013, and shares of sentences in per cent
BARS = {
    "de-en-transformer": {"test_2016_flickr": 40, "held out of tatoeba": 43, "newstest2019": NEWS},
    "de-en-gru": {"test_2016_flickr": 33},
    "es-en-transformer": {"held out of tatoeba": 44, "newstest2013": NEWS},
}


def forced_loss(model, test):
    """The mean cross-entropy of the served script, fed with the true tokens, in nats per target token, END
    included.
    """
    network, total, count = model.search.network, 0.0, 0
    with torch.no_grad():
        for source, target in tqdm(pairs.Batches(model.tokenizer, test, 2000), desc="loss", disable=None):
            fixed = network.encode(source)
            moving = network.begin(fixed)
            for said, wanted in zip(target[:, :-1].t(), target[:, 1:].t()):
                features, _, moving = network.step(said, moving, fixed)  # (B, D)
                scores = features @ network.embedding.weight.t()  # (B, V)
                nats = -scores.log_softmax(dim=1).gather(1, wanted.unsqueeze(1)).squeeze(1)  # (B,)
                total += nats[wanted != PAD].sum().item()
                count += int((wanted != PAD).sum())
    return total / count


def said(model, test, beam):
    """The best translation of each source, as a caller reads it."""
    sources = [source for source, _ in test]
    return [
        text
        for at in tqdm(range(0, len(sources), 200), desc="beam %d" % beam, disable=None)
        for text in translated_texts(model, sources[at : at + 200], beam)
    ]


def full(model, source, text):
    """Whether a translation of one sentence has the maximum length."""
    return model.size(text) >= int(model.search.ratio * model.size(source) + model.search.extra)


def repeating(text, reference, size=3):
    """Whether a text has some three words in a row more than twice, and more often than the reference."""

    def most(words):
        return max(Counter(zip(*(words[i:] for i in range(size)))).values(), default=0)

    return most(text.lower().split()) > max(2, most(reference.lower().split()))


def judged(model, test):
    """One column of the table."""
    references = [[target for _, target in test]]
    texts, narrow = said(model, test, 5), said(model, test, 1)
    nats = forced_loss(model, test)
    return {
        "sentences": len(test),
        "loss, nats a subword": round(nats, 3),
        "perplexity of a subword": round(math.exp(nats), 2),
        "BLEU, beam 5": round(BLEU().corpus_score(texts, references).score, 2),
        "BLEU, greedy": round(BLEU().corpus_score(narrow, references).score, 2),
        "chrF, beam 5": round(CHRF().corpus_score(texts, references).score, 2),
        "the tutorials' metric: BLEU, lower case, greedy": round(
            BLEU(lowercase=True, smooth_method="none").corpus_score(narrow, references).score, 2
        ),
        "translations that ran into their limit": sum(
            full(model, source, text) for (source, _), text in zip(test, texts)
        ),
        "translations that repeat themselves": sum(map(repeating, texts, references[0])),
    }


def of_the_state(entry, test):
    """BLEU of the full state, if its run is there and finished."""
    folder = ROOT / entry["settings"]["folder"]
    if not (folder / "facts.json").exists():
        return "not here"
    network, likely, files, found = translation.to_export(folder)
    served = as_served(network, found["attention"]["layer"], likely, list(files.values()), found)
    texts = said(served, test, 5)
    return round(BLEU().corpus_score(texts, [[target for _, target in test]]).score, 2)


def table(columns):
    names = list(next(iter(columns.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join(
        lines
        + [
            "| %s | %s |" % (name, " | ".join(str(column[name]) for column in columns.values()))
            for name in names
        ]
    )


def table_of(rows):
    """A Markdown table from rows {column: value}."""
    head = ["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
    return "\n".join(head + ["| %s |" % " | ".join(map(str, row.values())) for row in rows])


def library():
    """The costs of the subword library: the time of importing sentencepiece, its size, and the size of the
    shipped vocabularies.
    """
    seconds = "import time; began = time.time(); import sentencepiece; print(time.time() - began)"
    times = [float(subprocess.check_output([sys.executable, "-c", seconds])) for _ in range(7)]
    folder = pathlib.Path(importlib.util.find_spec("sentencepiece").origin).parent
    bytes_ = sum(path.stat().st_size for path in folder.rglob("*") if path.suffix != ".pyc")
    vocabularies = [
        told["bytes"]
        for role, told in registry.record("translation")["files"].items()
        if role.endswith("-subwords")
    ]
    return "sentencepiece: %.0f ms to import (median of 7), %.1f MB installed; a vocabulary: %.0f kB." % (
        1000 * statistics.median(times),
        bytes_ / 1e6,
        max(vocabularies) / 1e3,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--models", default="", help="names separated by commas; by default all")
    parser.add_argument("--most", type=int, default=2000, help="most sentences of a test set")
    arguments = parser.parse_args()
    columns, bars = {}, ["| bar | reached | asked for | enough |", "|---|---|---|---|"]
    record = registry.record("translation")
    for entry in record["models"]:
        if entry["name"] not in (arguments.models or entry["name"]).split(","):
            continue
        served, tests = model(entry["name"]), translation.data(translation.settings_of(entry))[2]
        for name, test in tests.items():
            column = columns[entry["name"] + ", " + name] = judged(served, test[: arguments.most])
            column["BLEU of the full state, beam 5"] = of_the_state(entry, test[: arguments.most])
            if name in BARS.get(entry["name"], {}):
                about = "BLEU of %s on %s" % (entry["name"], name)
                bars.append(bar(about, column["BLEU, beam 5"], BARS[entry["name"]][name]))
        bars += sentences(entry["name"])
    hours = "".join(
        "\n\n## %s by hours of training\n\nCross-entropy of held-out pairs, nats a subword, by domain.\n\n%s"
        % (entry["name"], table_of(entry["training"]["by_hours"]))
        for entry in record["models"]
        if entry["training"].get("by_hours")
    )
    peers = ", ".join("%s %.1f" % peer for peer in TUTORIALS.items())
    text = (
        "Weights %s. Written by `make evaluate-translation`. BLEU and chrF: sacreBLEU, "
        "%s.\n\n%s\n\n%s\n\n%s\n\n%s"
        % (
            record["version"],
            signature(),
            table(columns),
            "\n".join(bars),
            library(),
            "bentrevett's tutorials, lower-cased spaCy tokens, greedy, Multi30k alone, test2016: %s. Here "
            "the tokens are 13a's." % peers,
        )
    )
    (ROOT / "models" / "translation" / "evaluation.md").write_text(
        "# Evaluation of the translators\n\n" + text + hours + "\n"
    )
    print(text)


def bar(about, reached, wanted):
    """A row: what was reached, and whether it is enough."""
    return "| %s | %.1f | >= %d | %s |" % (about, reached, wanted, "yes" if reached >= wanted else "no")


def sentences(name):
    """Rows with per cent of sentences: those that keep their names, and everyday sentences that are right."""
    for path in names.lists(name):
        rows = names.whole(name, 5, path)
        yield bar(
            "%s: names whole in %d sentences of %s, %%" % (name, len(rows), path.name),
            100 * sum(not lost for _, _, lost in rows) / len(rows),
            NAMES,
        )
    rows = everyday.judged(name)
    if rows:
        right = 100 * sum(not faults for _, _, _, faults in rows) / len(rows)
        yield bar("%s: right of %d everyday sentences, %%" % (name, len(rows)), right, EVERYDAY)


def signature():
    scorer = BLEU()
    scorer.corpus_score(["a"], [["a"]])
    return "`%s`" % scorer.get_signature()


if __name__ == "__main__":
    main()
