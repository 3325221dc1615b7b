"""What the shipped networks are worth, as they are served: nats, Indian names, milliseconds
and bytes, beside torch -> models/generation/evaluation.md.

    make evaluate-generation        (it needs the course's names and tiny-Shakespeare)
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import textwrap
import time

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from models import registry
from models.generation import sampling
from models.generation.characters import EITHER, FEMALE, GENDERS, MALE
from models.generation.model import entries, model
from training.generation import data
from training.generation.train import Settings, network_of, texts

# B texts, T letters, V alphabet
FOLDER = pathlib.Path(__file__).parent.parent.parent / "models" / "generation"
MUSTS = {"names": 1.92, "prose": 1.47}  # nats a character
MUST_NEW, MUST_GENDER = 60, 85  # per cent of the Indian names: new, and told right
READ, PASSAGES = 100, 10  # names and passages to read
TIMED = 20  # calls
PROMPTS = ["KING HENRY:\n", "ROMEO:\n", "The moon", "My good lord, ", "What is the city but"]
STARTS = {"numpy": "", "torch": "import torch\n"}  # imported before what serves
FIRST = """
from models.generation import service
from models.generation.model import entries, model
network = model(entries("names")[0]["name"])
network.names(network.wanted("either", "any", "", service.sampling.Draw(), 1), 10)
"""


def row(*cells):
    return "| %s |\n" % " | ".join(map(str, cells))


def nats_of(network, ids, condition, counted):
    """Nats a character of (B, T + 1) letters where `counted` (B, T) says so, by the code that serves."""
    state, total = network.begin(condition), 0.0
    for place in range(ids.shape[1] - 1):
        logits = network.step(ids[:, place], state).astype(np.float64)  # (B, V)
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits[np.arange(len(ids)), ids[:, place + 1]] - np.log(np.exp(logits).sum(axis=1))
        total -= (logs * counted[:, place]).sum()
    return total / counted.sum()


def names_nats(served):
    """Of makemore's held-out names, with neither gender nor more than their origin told."""
    rows = [(name, EITHER, "american") for name in data.makemore() if data.held_out(name)]
    place_of = {letter: place for place, letter in enumerate(served.alphabet)}
    ids, condition = (part.numpy() for part in data.name_batch(rows, served.entry["origins"], place_of))
    counted = np.ones_like(ids[:, 1:])
    counted[:, 1:] = ids[:, 1:-1] != 0
    return len(rows), nats_of(served.network, ids, condition, counted)


def prose_nats(served):
    """Of tiny-Shakespeare's last tenth, read as one text in 32 parts: what was read before stays known."""
    settings = Settings(**served.entry["settings"])
    _, held_out, _, _ = texts(settings)
    length = len(held_out) // 32
    ids = held_out[: 32 * length].view(32, length).numpy()
    return ids.size, nats_of(served.network, ids, np.zeros((32, 0), np.int64), np.ones_like(ids[:, 1:]))


def indian(served):
    """200 Indian names at temperature 0.8, 100 of each gender: what the issue's musts ask of them."""
    told, draw = [], sampling.Draw(temperature=0.8)
    for seed, gender in enumerate((FEMALE, MALE), 1):
        for first in (0, 50):
            found = served.names(served.wanted(gender, "indian", "", draw, 10 * seed + first), 50)
            told += [(name.letters, gender, new) for name, new in found]
    judge, sure = gender_judge()
    right = np.mean(judge.predict([name for name, _, _ in told]) == [gender for _, gender, _ in told])
    return told, {
        "new, %": 100 * np.mean([new for _, _, new in told]),
        "empty": sum(not name for name, _, _ in told),
        "over 20 letters": sum(len(name) > 20 for name, _, _ in told),
        "a letter thrice in a row": sum(bool(re.search(r"(.)\1\1", name)) for name, _, _ in told),
        "the asked gender told right, %": 100 * right,
        "the same judge, of real names held out, %": sure,
    }


def gender_judge():
    """Logistic regression on n-grams of real Indian names, and how often it is right on those held out."""
    rows = [row for row in data.names() if row[2] == "indian" and row[1] != EITHER]
    known = [row for row in rows if not data.held_out(row[0])]
    asked = [row for row in rows if data.held_out(row[0])]
    grams = CountVectorizer(analyzer="char_wb", ngram_range=(1, 4), binary=True)
    judge = make_pipeline(grams, LogisticRegression(max_iter=1000, solver="liblinear"))
    judge.fit([name for name, _, _ in known], [gender for _, gender, _ in known])
    right = judge.predict([name for name, _, _ in asked]) == [gender for _, gender, _ in asked]
    return judge, 100 * np.mean(right)


def milliseconds(served):
    """Median of a call, of the processor's time: ten names, or 300 characters of prose."""
    draw, times = sampling.Draw(temperature=0.8), []
    for seed in range(TIMED):
        began = time.process_time()
        if served.entry["kind"] == "names":
            served.names(served.wanted(EITHER, "any", "", draw, seed), 10)
        else:
            served.prose(PROMPTS[0], 300, draw, seed)
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times)


def step_times(served):
    """Milliseconds of one letter of one text: by numpy as served, and by the same network traced by torch."""
    entry, ids = served.entry, np.array([1])
    counts = (len(GENDERS), len(entry["origins"])) if entry["kind"] == "names" else ()
    condition = np.zeros((1, len(counts)), np.int64)
    given = torch.from_numpy(condition)
    state = served.network.begin(condition)
    network = network_of(Settings(**entry["settings"]), len(entry["alphabet"]), counts).eval()
    network.requires_grad_(False)

    def letter(one, hidden, memory):
        x = network.letters(one) + network.given(given)
        x, (hidden, memory) = network.cells(x, (hidden, memory))
        return network.out(x), hidden, memory

    zeros = torch.zeros(entry["settings"]["layers"], 1, entry["settings"]["width"])
    example = (torch.tensor([[1]]), zeros, zeros)
    with torch.no_grad():
        traced = torch.jit.trace(letter, example)
        return [
            timed(lambda: served.network.step(ids, state)),
            timed(lambda: traced(*example)),
        ]


def timed(call):
    """Milliseconds of the processor for one of 200 calls, the median of five times."""
    times = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(200):
            call()
        times.append((time.process_time() - began) * 5)
    return statistics.median(times)


def starts():
    """Milliseconds of the processor for a process's first ten names, without torch and with it."""
    found = {}
    for name, program in STARTS.items():
        times = []
        for _ in range(5):
            began = os.times()
            subprocess.run([sys.executable, "-c", program + FIRST], check=True)
            times.append(1000 * (sum(os.times()[2:4]) - sum(began[2:4])))
        found[name] = statistics.median(times)
    return found


def shipped(record):
    """The table of what serves by default, measured as it is served, and what is to be read of it."""
    head = (
        "network",
        "numbers",
        "held out",
        "nats",
        "bits",
        "must",
        "call, ms",
        "letter, ms",
        "torch's, ms",
        "MB",
    )
    table = row(*head) + row(*["---"] * len(head))
    for kind, measure in (("names", names_nats), ("prose", prose_nats)):
        served = model(entries(kind)[0]["name"])
        count, nats = measure(served)
        ours, theirs = step_times(served)
        size = (
            sum(record["files"][role]["bytes"] for role in (served.entry["name"], served.entry["known"]))
            / 1e6
        )
        table += row(
            served.entry["name"],
            "{:,}".format(served.entry["parameters"]),
            "{:,}".format(count),
            "%.3f" % nats,
            "%.3f" % (nats / np.log(2)),
            MUSTS[kind],
            "%.0f" % milliseconds(served),
            "%.2f" % ours,
            "%.2f" % theirs,
            "%.1f" % size,
        )
    return table


def samples():
    """Names and passages as they come, to be read."""
    served, draw = model(entries("names")[0]["name"]), sampling.Draw(temperature=0.8)
    origins = served.entry["origins"]
    text, each = "", READ // len(origins)
    for origin in origins:
        found = served.names(served.wanted(EITHER, origin, "", draw, 1), each)
        listed = ", ".join(name.letters.capitalize() + ("" if new else "*") for name, new in found)
        text += textwrap.fill("- %s: %s" % (origin, listed), 110, subsequent_indent="  ") + "\n"
    served = model(entries("prose")[0]["name"])
    for number in range(PASSAGES):
        prompt = PROMPTS[number % len(PROMPTS)]
        passage = prompt + served.prose(prompt, 200, draw, number).text
        text += "\n```\n%s\n```\n" % passage.strip()
    return text


PAGE = """# Generation, measured

Written by `make evaluate-generation`; version {version}, {megabytes:.1f} MB in all.

## What ships

Nats and bits a character on what was held out: of makemore's names a tenth by spelling, of tiny-Shakespeare
the last tenth, read in 32 parts, each from its beginning to its end. A call is ten names, or 300 characters.
Times are the processor's, of one thread, whatever else the machine does.

{shipped}
The rungs of the ladder, all trained alike, are in
[docs/study.md](../../docs/study.md#generation).

From nothing to ten names a process takes {numpy:.0f} ms by numpy alone, and {torch:.0f} ms where it imports
torch {torch_version} first (Python {python}).

## 200 Indian names at temperature 0.8

The musts: {must_new} % new, the asked gender told right at {must_gender} %.

{indian}
## To be read

A star marks what the lists have.

{samples}"""


def main():
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    record = registry.record("generation")
    told, figures = indian(model(entries("names")[0]["name"]))
    table = row("figure", "") + row("---", "---")
    table += "".join(
        row(name, "%.1f" % value if name.endswith("%") else value) for name, value in figures.items()
    )
    for gender in (FEMALE, MALE):
        some = [name.capitalize() for name, one, _ in told if one == gender][:40]
        table += "\n%s\n" % textwrap.fill("%s: %s." % (gender.capitalize(), ", ".join(some)), 110)
    text = PAGE.format(
        version=record["version"],
        megabytes=sum(file["bytes"] for file in record["files"].values()) / 1e6,
        shipped=shipped(record),
        torch_version=torch.__version__,
        python=sys.version.split()[0],
        must_new=MUST_NEW,
        must_gender=MUST_GENDER,
        indian=table,
        samples=samples(),
        **starts(),
    )
    (FOLDER / "evaluation.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
