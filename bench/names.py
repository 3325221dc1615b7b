"""The share of sentences whose invented names and numbers come through translation whole: `python -m bench.names`.

Each line of names.LANGUAGE.tsv, written for this project, has a sentence and, behind tabs, what must stand in its translation. Those were looked at
while serving was made; those of names.LANGUAGE.held-out.tsv were written afterwards, and nothing was changed for them.
"""

import argparse
import pathlib
import re

from models import registry
from models.translation.model import model

TOGETHER = 32  # as many as a call may bring
FOLDER = pathlib.Path(__file__).parent


def read(path):
    """[(sentence, [what must come through])]"""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(sentence, kept) for sentence, *kept in rows]


def lost(kept, translation):
    """What is not in the translation as a word, or as a name with an s: Kelvio's."""
    return [word for word in kept if not re.search(r"(?<!\w)%s(?=s?(?!\w))" % re.escape(word), translation)]


def whole(name, beam, path):
    """[(sentence, translation, what it lost)] of one model."""
    rows = read(path)
    sentences = [sentence for sentence, _ in rows]
    found = [best for at in range(0, len(rows), TOGETHER) for best in model(name).translate(sentences[at : at + TOGETHER], beam, 1)]
    return [(sentence, best[0].text, lost(kept, best[0].text)) for (sentence, kept), best in zip(rows, found)]


def main():
    parser = argparse.ArgumentParser(description="How many sentences keep their invented names and numbers.")
    parser.add_argument("--model", help="one model; all of them by default")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--show", action="store_true", help="print the sentences that lose something")
    arguments = parser.parse_args()
    names = [entry["name"] for entry in registry.record("translation")["models"]]
    for name in [arguments.model] if arguments.model else names:
        for path in sorted(FOLDER.glob("names.%s*.tsv" % model(name).entry["source"])):
            rows = whole(name, arguments.beam, path)
            kept = sum(not missing for _, _, missing in rows)
            print("%-20s %-24s %d of %d sentences whole, %.1f %%" % (name, path.name, kept, len(rows), 100 * kept / len(rows)))
            for sentence, translation, missing in rows:
                if missing and arguments.show:
                    print("  %s\n  %s\n  lost: %s\n" % (sentence, translation, ", ".join(missing)))


if __name__ == "__main__":
    main()
