"""The share of everyday sentences that a served model translates correctly: `python -m
training.translation.everyday --show`.

everyday.LANGUAGE.tsv has: kind, sentence, what its translation must contain, what it must not contain, and a
reference. The author had not read the training pairs. " && " joins groups, and "|" joins alternatives. A
group that begins with "=" must match exactly.
"""

import argparse
import pathlib
import re
from collections import Counter

from models import registry
from models.translation.model import model
from models.translation.answers import translated_texts

FOLDER = pathlib.Path(__file__).parent


def read(path):
    """[(kind, sentence, must, must not)]"""
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split("\t")[:4]) for line in lines]


def says(wording, answer):
    """Whether an answer contains a wording as whole words, in any case."""
    wording, answer = (text.lower().replace("’", "'") for text in (wording, answer))
    return bool(
        re.search(
            r"(?<!\w)" * wording[0].isalnum() + re.escape(wording) + r"(?!\w)" * wording[-1].isalnum(), answer
        )
    )


def faults(must, must_not, answer):
    """What an answer lacks, and what it contains but should not."""
    groups = must.split(" && ")
    lacking = [
        group
        for group in groups
        if not (
            group[1:] in answer if group[0] == "=" else any(says(one, answer) for one in group.split("|"))
        )
    ]
    return ["without " + group for group in lacking] + [
        "with " + one for one in must_not.split("|") if one and says(one, answer)
    ]


def main(words=None):
    parser = argparse.ArgumentParser(description="How many everyday sentences are translated right.")
    parser.add_argument("--model", help="one model; all that have a list by default")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--show", action="store_true", help="print the sentences that are wrong")
    arguments = parser.parse_args(words)
    names = [entry["name"] for entry in registry.record("translation")["models"]]
    for name in [arguments.model] if arguments.model else names:
        print(told(name, judged(name, arguments.beam), arguments.show))


def judged(name, beam=5):
    """[(kind, sentence, translation, its faults)] of one model. Empty if there is no
    list for its language.
    """
    path = FOLDER / ("everyday.%s.tsv" % model(name).entry["source"])
    rows = read(path) if path.exists() else []
    answers = translated_texts(model(name), [sentence for _, sentence, _, _ in rows], beam)
    return [
        (kind, sentence, answer, faults(must, must_not, answer))
        for (kind, sentence, must, must_not), answer in zip(rows, answers)
    ]


def told(name, rows, show=False):
    """What a model got right, by kind. With `show`, first what it got wrong."""
    wrong = [
        "  %s\n  %s\n  %s\n\n" % (*one, "; ".join(faults)) for _, *one, faults in rows if faults and show
    ]
    right, all_ = Counter(kind for kind, _, _, faults in rows if not faults), Counter(row[0] for row in rows)
    kinds = ", ".join("%s %d of %d" % (kind, right[kind], count) for kind, count in all_.items())
    figures = sum(right.values()), len(rows), 100 * sum(right.values()) / max(1, len(rows))
    return "".join(wrong) + "%s: %d of %d everyday sentences right, %.1f %% (%s)" % (name, *figures, kinds)


if __name__ == "__main__":
    main()
