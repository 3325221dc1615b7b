"""The shipped translators on sentences that they were not trained on: `make evaluate-translation` (it needs the pairs they were trained on).

What is judged is the script in weights/, in half precision, as it serves; beside it, where the run's folder is still there, the full
state. The table is printed, and written to docs/translation-evaluation.md.
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
from models.translation.tokenizer import PAD
from training import pairs, translation
from training.translation_metrics import translated

# B sentences, T target tokens, V vocabulary
ROOT = pathlib.Path(__file__).parent.parent
TUTORIALS = {"LSTM": 13.8, "GRU, context fed": 20.6, "attention": 28.3, "packed attention": 28.1, "convolutional": 34.1, "Transformer": 36.5}
BARS = {"de-en-transformer": ("test_2016_flickr", 38), "de-en-gru": ("test_2016_flickr", 33), "es-en-transformer": ("held out of spa-eng", 40)}


def forced_loss(model, test):
    """Mean cross-entropy in nats a target token, END included, of the script as it serves, fed with the true tokens."""
    network, total, count = model.search.network, 0.0, 0
    with torch.no_grad():
        for source, target in tqdm(pairs.Batches(model.tokenizer, test, 2000), desc="loss", disable=None):
            fixed = network.encode(source)
            moving = network.begin(fixed)
            for said, wanted in zip(target[:, :-1].t(), target[:, 1:].t()):
                scores, _, moving = network.step(said, moving, fixed)  # (B, V)
                nats = -scores.log_softmax(dim=1).gather(1, wanted.unsqueeze(1)).squeeze(1)  # (B,)
                total += nats[wanted != PAD].sum().item()
                count += int((wanted != PAD).sum())
    return total / count


def said(model, test, beam):
    """The best translation of each source, one at a time in a text and many in a batch."""
    sources = [source for source, _ in test]
    found = []
    for at in tqdm(range(0, len(sources), 200), desc="beam %d" % beam, disable=None):
        found += [options[0] for options in model.translate(sources[at : at + 200], beam, beam)]
    return found


def repeating(text, reference, size=3):
    """Whether it says some three words in a row more often than twice and than the reference does."""
    def most(words):
        return max(Counter(zip(*(words[i:] for i in range(size)))).values(), default=0)

    return most(text.lower().split()) > max(2, most(reference.lower().split()))


def judged(model, test):
    """One column of the table."""
    references = [[target for _, target in test]]
    wide, greedy = said(model, test, 5), said(model, test, 1)
    texts, narrow = [one.text for one in wide], [one.text for one in greedy]
    nats = forced_loss(model, test)
    limits = [int(model.search.ratio * len(one.source) + model.search.extra) for one in wide]
    return {
        "sentences": len(test),
        "loss, nats a subword": round(nats, 3),
        "perplexity of a subword": round(math.exp(nats), 2),
        "BLEU, beam 5": round(BLEU().corpus_score(texts, references).score, 2),
        "BLEU, greedy": round(BLEU().corpus_score(narrow, references).score, 2),
        "chrF, beam 5": round(CHRF().corpus_score(texts, references).score, 2),
        "the tutorials' metric: BLEU, lower case, greedy": round(BLEU(lowercase=True, smooth_method="none").corpus_score(narrow, references).score, 2),
        "translations that ran into their limit": sum(len(one.target) >= limit for one, limit in zip(wide, limits)),
        "translations that repeat themselves": sum(map(repeating, texts, references[0])),
    }


def of_the_state(entry, test):
    """BLEU of the full state, where the run's folder has it."""
    folder = ROOT / entry["settings"]["folder"]
    if not (folder / "state.pt").exists():
        return "not here"
    network, _, _ = translation.to_export(folder)
    texts, _ = translated(network, translation.Tokenizer((folder / "subwords.model").read_bytes()), [source for source, _ in test])
    return round(BLEU().corpus_score(texts, [[target for _, target in test]]).score, 2)


def table(columns):
    names = list(next(iter(columns.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    return "\n".join(lines + ["| %s | %s |" % (name, " | ".join(str(column[name]) for column in columns.values())) for name in names])


def library():
    """What telling subwords apart costs: the import of sentencepiece, its size, and that of the shipped vocabularies."""
    seconds = "import time; began = time.time(); import sentencepiece; print(time.time() - began)"
    times = [float(subprocess.check_output([sys.executable, "-c", seconds])) for _ in range(7)]
    folder = pathlib.Path(importlib.util.find_spec("sentencepiece").origin).parent
    bytes_ = sum(path.stat().st_size for path in folder.rglob("*") if path.suffix != ".pyc")
    vocabularies = [told["bytes"] for role, told in registry.record("translation")["files"].items() if role.endswith("-subwords")]
    return "sentencepiece: %.0f ms to import (median of 7), %.1f MB installed; a vocabulary: %.0f kB." % (
        1000 * statistics.median(times), bytes_ / 1e6, max(vocabularies) / 1e3)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", default="", help="names with commas between them; all by default")
    parser.add_argument("--most", type=int, default=2000, help="sentences of a test set")
    arguments = parser.parse_args()
    columns, bars = {}, ["| bar | reached | asked for | enough |", "|---|---|---|---|"]
    record = registry.record("translation")
    for entry in record["models"]:
        if entry["name"] not in (arguments.models or entry["name"]).split(","):
            continue
        served, tests = model(entry["name"]), translation.data(translation.Settings(**entry["settings"]))[2]
        for name, test in tests.items():
            column = columns[entry["name"] + ", " + name] = judged(served, test[: arguments.most])
            column["BLEU of the full state, beam 5"] = of_the_state(entry, test[: arguments.most])
            if BARS.get(entry["name"], ("", 0))[0] == name:
                reached, wanted = column["BLEU, beam 5"], BARS[entry["name"]][1]
                bars.append("| BLEU of %s on %s | %s | >= %s | %s |" % (entry["name"], name, reached, wanted, "yes" if reached >= wanted else "no"))
    peers = ", ".join("%s %.1f" % peer for peer in TUTORIALS.items())
    text = "Weights %s. Written by `make evaluate-translation`. BLEU and chrF: sacreBLEU, %s.\n\n%s\n\n%s\n\n%s\n\n%s" % (
        record["version"], signature(), table(columns), "\n".join(bars), library(),
        "bentrevett's tutorials, lower-cased spaCy tokens, greedy, Multi30k alone, test2016: %s. Here the tokens are 13a's." % peers)
    (ROOT / "docs" / "translation-evaluation.md").write_text("# Evaluation of the translators\n\n" + text + "\n")
    print(text)


def signature():
    scorer = BLEU()
    scorer.corpus_score(["a"], [["a"]])
    return "`%s`" % scorer.get_signature()


if __name__ == "__main__":
    main()
