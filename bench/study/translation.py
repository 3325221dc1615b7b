"""The ladder of translation networks: the seeds' architectures, trained for the same time on only Multi30k,
German to English.
"""

import json
import math
import statistics
import time
from dataclasses import asdict

import torch
from matplotlib import pyplot
from sacrebleu.metrics import BLEU

from bench.study.tables import as_asked, folder_of, table
from models.translation.search import Translator
from models.translation.tokenizer import BEGIN, PAD, Tokenizer
from training import plots
from training.translation import pairs, train as translation
from training.translation.metrics import translated

# B sentences, T target tokens, V vocabulary
TITLE, MINUTES = "Translation", 10
CAPTIONS, TEST = translation.TEXT + "multi30k/", translation.TESTS.partition(",")[0]
ALL = (
    "--pairs %strain.de.gz:%strain.en.gz --tests %s --grammar 0 --dress 0 --epoch-pairs 0 --invent 0 "
    "--joined 0 --bpe-dropout 0 --vocabulary 5000 --width 128 "
    "--encoder 5 --tokens 1500 --learning-rate 2e-3 --memory 0.99 --warmup 0.05 --decay 0.6"
    % (CAPTIONS, CAPTIONS, TEST)
)
LADDER = {
    "LSTM": "--architecture lstm",
    "GRU, context fed": "--architecture gru-context",
    "GRU with attention": "--architecture gru",
    "convolutional": "--architecture convolutional",
    "Transformer": "--architecture transformer",
}
BENTREVETT = {
    "LSTM": 13.8,
    "GRU, context fed": 20.6,
    "GRU with attention": 28.3,
    "convolutional": 34.1,
    "Transformer": 36.5,
}
CHANGES = {  # {rung: its own settings}
    "LSTM, source read forwards": "--architecture lstm --reverse 0",
    "GRU with attention, teacher forcing 0.5": "--architecture gru --teacher-forcing 0.5",
    "GRU with attention, words for tokens": "--architecture gru --units word --vocabulary 10000",
}
STEPS = {**LADDER, **CHANGES}
OWN = [  # captions written for this project, because Multi30k has only captions
    "Ein kleiner Junge im roten Mantel füttert am See die Enten.",
    "Zwei Frauen sitzen auf einer Bank und essen Eis.",
    "Ein schwarzer Hund springt über einen umgefallenen Baumstamm.",
    "Drei Männer in gelben Westen reparieren bei Regen die Straße.",
]
BEAMS, OF_BEAMS = (1, 2, 5, 10), "GRU with attention"


def trained(folder, words, minutes):
    """The network, the tokenizer and the facts of a step. It is trained first, unless its folder has the
    result.
    """
    asked = ["--folder", str(folder), "--minutes", str(minutes)] + ALL.split() + words.split()
    as_asked(folder, asdict(translation.asked(asked)[0]))
    if not (folder / "facts.json").exists():
        translation.main(asked + (["--resume"] if (folder / "checkpoint.pt").exists() else []))
    network, _, _, facts = translation.to_export(folder)
    return network, Tokenizer((folder / "subwords.model").read_bytes()), facts


@torch.no_grad()
def free_running_perplexity(network, tokenizer, test):
    """The perplexity of the true tokens if the network continues from its own output, as it must in use."""
    total, count = 0.0, 0
    for source, target in pairs.Batches(tokenizer, test, 2000):
        fixed = network.encode(source)
        moving, said = network.begin(fixed), torch.full([len(source)], BEGIN, dtype=torch.long)
        for wanted in target[:, 1:].t():
            features, _, moving = network.step(said, moving, fixed)
            scores = network.score(features)  # (B, V)
            nats = -scores.log_softmax(dim=1).gather(1, wanted.unsqueeze(1)).squeeze(1)  # (B,)
            total, count, said = (
                total + nats[wanted != PAD].sum().item(),
                count + int((wanted != PAD).sum()),
                scores.argmax(dim=1),
            )
    return math.exp(total / count)


@torch.no_grad()
def milliseconds(ways, sources):
    """{name: (network, tokenizer, beam)} -> {name: median time to translate one sentence on one thread}. For
    each sentence, all are asked in turn.
    """
    scripts = {name: torch.jit.script(Translator(network, 0)) for name, (network, _, _) in ways.items()}
    threads, taken = torch.get_num_threads(), {name: [] for name in ways}
    torch.set_num_threads(1)
    with torch.jit.optimized_execution(False):
        for source in sources:
            for name, (_, tokenizer, beam) in ways.items():
                ids = torch.tensor(tokenizer.ids([source]))
                began = time.perf_counter()
                scripts[name](ids, beam, beam)
                taken[name].append(1000 * (time.perf_counter() - began))
    torch.set_num_threads(threads)
    return {name: round(statistics.median(some), 1) for name, some in taken.items()}


def bleu(said, test, **choices):
    return round(BLEU(**choices).corpus_score(said, [[target for _, target in test]]).score, 1)


def judged(network, tokenizer, facts, test, log):
    """A row of the table, for the pairs in `test`."""
    sources = [source for source, _ in test]
    greedy, _ = translated(network, tokenizer, sources, facts["attention"]["layer"], 1)
    wide, _ = translated(network, tokenizer, sources, facts["attention"]["layer"], 5)
    return {
        "million weights": round(facts["parameters"] / 1e6, 1),
        # the last epoch may be shorter, or be interrupted
        "epochs": sum("loss" in json.loads(line) for line in log.read_text().splitlines()),
        "hours": facts["training"]["hours"],
        "perplexity": round(free_running_perplexity(network, tokenizer, test)),
        "BLEU, greedy": bleu(greedy, test),
        "BLEU, beam 5": bleu(wide, test),
        "the tutorials' metric": bleu(greedy, test, lowercase=True, smooth_method="none"),
    }


def beams(network, tokenizer, facts, test):
    """{beam: its row}. A wider beam finds more probable translations, but takes longer."""
    sources, layer = [source for source, _ in test], facts["attention"]["layer"]
    taken = milliseconds({beam: (network, tokenizer, beam) for beam in BEAMS}, sources[:100])
    return {
        beam: {"BLEU": bleu(translated(network, tokenizer, sources, layer, beam)[0], test), "ms": taken[beam]}
        for beam in BEAMS
    }


def chart(rows, path):
    """A chart of the BLEU of each step, greedy and with a beam."""
    figure, axis = pyplot.subplots(figsize=(8, 0.5 * len(rows) + 1))
    places = range(len(rows))
    for shift, column in ((-0.2, "BLEU, greedy"), (0.2, "BLEU, beam 5")):
        axis.barh(
            [place + shift for place in places],
            [row[column] for row in rows.values()],
            height=0.4,
            label=column.split(", ")[1],
        )
    axis.set_yticks(list(places))
    axis.set_yticklabels(rows)
    axis.invert_yaxis()
    axis.set_xlabel("BLEU on Multi30k's test set of 2016")
    axis.legend()
    figure.tight_layout()
    figure.savefig(str(path), dpi=100)
    pyplot.close(figure)


def looks(networks, path):
    """A picture of the attention of {name: (network, tokenizer, facts)} on one of our captions."""
    found = []
    for network, tokenizer, facts in networks.values():
        _, [(weights, theirs, ours)] = translated(network, tokenizer, OWN[:1], facts["attention"]["layer"])
        found.append((weights, tokenizer.tokens(theirs), tokenizer.tokens(ours)))
    plots.attention(found, path, list(networks))


def study(folder, steps, minutes, charts):
    """Train the steps that are not yet trained, and compare all. Returns Markdown; the charts go to the
    folder `charts`.
    """
    test = pairs.read(TEST)
    found, rows = {}, {}
    for name in steps:
        place = folder_of(folder, name)
        print("%s: %s" % (TITLE, name), flush=True)
        found[name] = trained(place, STEPS[name], minutes)
        rows[name] = judged(*found[name], test, place / "log.jsonl")
    taken = milliseconds(
        {name: (network, tokenizer, 1) for name, (network, tokenizer, _) in found.items()},
        [source for source, _ in test[:100]],
    )
    charts.mkdir(parents=True, exist_ok=True)
    chart(rows, charts / "study-translation.png")
    parts = [
        "Multi30k alone, German to English, its %d test pairs of 2016; the same subwords, width and minutes "
        "for all but where a name says otherwise (`ALL` in bench/study/translation.py)." % len(test),
        table(
            {
                name: {**row, "ms": taken[name], "bentrevett": BENTREVETT.get(name, "")}
                for name, row in rows.items()
            }
        ),
        "![BLEU of each step](study-translation.png)",
        "Perplexity: of a token, where the network goes on from its own words; words as tokens are others "
        "than subwords. "
        "ms: a greedy translation, one thread, each sentence by all in turn. The tutorials' metric: lower "
        "case, greedy, 13a tokens; bentrevett's, of whole epochs on a GPU, has spaCy's. "
        "Minutes by the clock, and not epochs, are the same for all, so that whatever else the machine did "
        "took its share; a Transformer would want more of them. The shipped one, of hours and of more data, "
        "is in "
        "[models/translation/evaluation.md](../models/translation/evaluation.md).",
    ]
    looking = {
        name: found[name] for name in ("GRU with attention", "convolutional", "Transformer") if name in found
    }
    if looking:
        looks(looking, charts / "study-translation-attention.png")
        parts += ["### Where they look", "![attention](study-translation-attention.png)"]
    said = {
        text: {
            name: translated(network, tokenizer, [text])[0][0]
            for name, (network, tokenizer, _) in found.items()
        }
        for text in OWN
    }
    parts += ["### What they say of captions of our own"] + [
        "**%s**\n\n%s" % (text, "\n".join("- %s: %s" % line for line in lines.items()))
        for text, lines in said.items()
    ]
    if OF_BEAMS in found:
        parts += ["### How wide a beam", table(beams(*found[OF_BEAMS], test), "beam, of the " + OF_BEAMS)]
    return "\n\n".join(parts)
