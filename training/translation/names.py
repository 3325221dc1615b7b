"""The share of sentences whose invented names and numbers survive translation: `python -m
training.translation.names`.

Each line of names.LANGUAGE.tsv was written for this project. It has a sentence and, after tabs, what its
translation must contain. These sentences were used while serving was developed. Those in
names.LANGUAGE.held-out.tsv were written afterwards, and nothing was changed because of them.
"""

import argparse
import pathlib
import re

from models import registry
from models.translation.model import model
from models.translation.answers import translated_texts

FOLDER = pathlib.Path(__file__).parent


def read(path):
    """[(sentence, [what its translation must contain])]"""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(sentence, kept) for sentence, *kept in rows]


def lost(kept, translation):
    """What the translation does not contain as a word, or as a name with 's: Kelvio's."""
    return [word for word in kept if not re.search(r"(?<!\w)%s(?=s?(?!\w))" % re.escape(word), translation)]


def lists(name):
    """The files of sentences for the language that a model reads."""
    return sorted(FOLDER.glob("names.%s*.tsv" % model(name).entry["source"]))


def whole(name, beam, path):
    """[(sentence, translation, what it lost)] of one model."""
    rows = read(path)
    found = translated_texts(model(name), [sentence for sentence, _ in rows], beam)
    return [(sentence, text, lost(kept, text)) for (sentence, kept), text in zip(rows, found)]


def main(words=None):
    parser = argparse.ArgumentParser(description="How many sentences keep their invented names and numbers.")
    parser.add_argument("--model", help="one model; all of them by default")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--show", action="store_true", help="print the sentences that lose something")
    arguments = parser.parse_args(words)
    names = [entry["name"] for entry in registry.record("translation")["models"]]
    for name in [arguments.model] if arguments.model else names:
        for path in lists(name):
            rows = whole(name, arguments.beam, path)
            kept = sum(not missing for _, _, missing in rows)
            print(
                "%-20s %-24s %d of %d sentences whole, %.1f %%"
                % (name, path.name, kept, len(rows), 100 * kept / len(rows))
            )
            for sentence, translation, missing in rows:
                if missing and arguments.show:
                    print("  %s\n  %s\n  lost: %s\n" % (sentence, translation, ", ".join(missing)))


if __name__ == "__main__":
    main()
