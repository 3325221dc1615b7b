"""The ladder of translation networks, each trained for the same minutes on Multi30k alone: `make study` (it needs the pairs).

A rung that is trained already (runs/study/NAME/facts.json) is not trained again. The table and its chart are written to docs/study.md.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys
import time

import torch
from matplotlib import pyplot
from sacrebleu.metrics import BLEU

from models.translation.search import Translator
from models.translation.tokenizer import BEGIN, PAD, Tokenizer
from training import pairs, translation
from training.translation_metrics import translated

# B sentences, T target tokens, V vocabulary
ROOT = pathlib.Path(__file__).parent.parent
FOLDER = ROOT / "runs" / "study"
CAPTIONS = translation.TEXT + "multi30k/"
ALL = ["--pairs", CAPTIONS + "train.de.gz:" + CAPTIONS + "train.en.gz", "--repeat", "1", "--invent", "0", "--numbers", "1", "--joined", "0",
       "--bpe-dropout", "0", "--epochs", "60"]
LADDER = {  # name: (its words, bentrevett's BLEU of the same step)
    "LSTM": ("--architecture lstm", 13.8),
    "GRU, context fed": ("--architecture gru-context", 20.6),
    "GRU with attention": ("--architecture gru", 28.3),
    "convolutional": ("--architecture convolutional", 34.1),
    "Transformer": ("--architecture transformer", 36.5),
}
CHANGES = {  # what one setting changes
    "LSTM, source read forwards": "--architecture lstm --reverse 0",
    "GRU with attention, teacher forcing 0.5": "--architecture gru --teacher-forcing 0.5",
    "GRU with attention, words for tokens": "--architecture gru --units word",
    "GRU with attention, letters for tokens": "--architecture gru --units char --vocabulary 200",
}


def trained(name, words, minutes):
    """The rung's folder, trained first where it is not."""
    folder = FOLDER / "".join(letter if letter.isalnum() else "-" for letter in name.lower())
    if not (folder / "facts.json").exists():
        print("training: " + name)
        resume = ["--resume"] if (folder / "checkpoint.pt").exists() else []
        subprocess.run([sys.executable, "-m", "training.translation", "--folder", str(folder), "--minutes", str(minutes)] + ALL + words.split() + resume,
                       check=True, cwd=str(ROOT))
    return folder


@torch.no_grad()
def free_running_perplexity(network, tokenizer, test):
    """Of the true tokens, where the network goes on from what it said itself and not from them, as it has to in use."""
    total, count = 0.0, 0
    for source, target in pairs.Batches(tokenizer, test, 2000):
        fixed = network.encode(source)
        moving, said = network.begin(fixed), torch.full([len(source)], BEGIN, dtype=torch.long)
        for wanted in target[:, 1:].t():
            scores, _, moving = network.step(said, moving, fixed)  # (B, V)
            nats = -scores.log_softmax(dim=1).gather(1, wanted.unsqueeze(1)).squeeze(1)  # (B,)
            total, count, said = total + nats[wanted != PAD].sum().item(), count + int((wanted != PAD).sum()), scores.argmax(dim=1)
    return math.exp(total / count)


@torch.no_grad()
def milliseconds(network, tokenizer, sources):
    """Of a greedy translation of one sentence, the mean of some, on one thread."""
    script = torch.jit.script(Translator(network, 0))
    torch.set_num_threads(1)
    with torch.jit.optimized_execution(False):
        ids = [torch.tensor([one]) for one in tokenizer.ids(sources)]
        script(ids[0], 1, 1)
        began = time.time()
        for one in ids:
            script(one, 1, 1)
    return 1000 * (time.time() - began) / len(ids)


def judged(folder, theirs, test):
    network, _, facts = translation.to_export(folder)
    tokenizer = Tokenizer((folder / "subwords.model").read_bytes())
    sources, references = [source for source, _ in test], [[target for _, target in test]]
    narrow, wide = (translated(network, tokenizer, sources, facts["attention"]["layer"], beam)[0] for beam in (1, 5))
    epochs = [json.loads(line)["epoch"] for line in (folder / "log.jsonl").read_text().splitlines()]
    return {
        "million weights": round(facts["parameters"] / 1e6, 1),
        "epochs": epochs[-1],
        "hours": facts["training"]["hours"],
        "perplexity, free-running": round(free_running_perplexity(network, tokenizer, test), 1),
        "BLEU, greedy": round(BLEU().corpus_score(narrow, references).score, 1),
        "BLEU, beam 5": round(BLEU().corpus_score(wide, references).score, 1),
        "the tutorials' metric": round(BLEU(lowercase=True, smooth_method="none").corpus_score(narrow, references).score, 1),
        "bentrevett's": theirs or "",
        "ms a sentence": round(milliseconds(network, tokenizer, sources[:100]), 1),
    }


def chart(rows, path):
    """BLEU of each rung, greedy and by a beam."""
    figure, axis = pyplot.subplots(figsize=(8, 0.5 * len(rows) + 1))
    places = range(len(rows))
    for shift, column in ((-0.2, "BLEU, greedy"), (0.2, "BLEU, beam 5")):
        axis.barh([place + shift for place in places], [row[column] for row in rows.values()], height=0.4, label=column)
    axis.set_yticks(list(places))
    axis.set_yticklabels(rows)
    axis.invert_yaxis()
    axis.set_xlabel("BLEU on Multi30k's test set of 2016")
    axis.legend()
    figure.tight_layout()
    figure.savefig(str(path), dpi=100)
    pyplot.close(figure)


def table(rows):
    names = list(next(iter(rows.values())))
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    return "\n".join(lines + ["| %s | %s |" % (name, " | ".join(str(row[column]) for column in names)) for name, row in rows.items()])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="of training, each")
    parser.add_argument("--only", default="", help="names of rungs with semicolons between them; all by default")
    arguments = parser.parse_args()
    test, rows = pairs.read(translation.Settings().tests), {}
    rungs = {**LADDER, **{name: (words, None) for name, words in CHANGES.items()}}
    for name, (words, theirs) in rungs.items():
        if name in (arguments.only or name).split(";"):
            rows[name] = judged(trained(name, words, arguments.minutes), theirs, test)
    chart(rows, ROOT / "docs" / "study-translation.png")
    print(table(rows))
    (ROOT / "docs" / "study.md").write_text(
        "# The ladder of translation networks\n\nMulti30k alone, German to English, test set of 2016. Written by `make study`.\n\n%s\n\n![](study-translation.png)\n\n"
        "bentrevett's tutorials: lower-cased spaCy tokens, greedy; ours of that metric: lower-cased 13a tokens, greedy.\n" % table(rows))


if __name__ == "__main__":
    main()
