"""Trains every step of the seeds' course and compares them: `make study` (it needs the data that training/
names).

python -m bench.study [translation] [cars] [adversaries] [digits] [words] [classification] [generation]
                          [pictures] [--minutes 10] [--only "LSTM;Transformer"] [--folder runs/study]

What is already trained in the folder is not trained again. A complete part is written into docs/study.md,
with its charts beside it. With --only, the tables are only printed.
"""

import argparse
import pathlib

from bench.study import adversaries, cars, classification, digits, generation, pictures, translation, words

ROOT = pathlib.Path(__file__).parent.parent.parent
PARTS = {
    "translation": translation,
    "cars": cars,
    "adversaries": adversaries,
    "digits": digits,
    "words": words,
    "classification": classification,
    "generation": generation,
    "pictures": pictures,
}
HEAD = "# The study: every step of the course, trained and compared\n\nWritten by `make study`."


def sections(text):
    """{title: section} of a document, by its headings of the second level."""
    found = {}
    for section in text.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        found[title] = body.strip()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help="of %s; all by default" % ", ".join(PARTS))
    parser.add_argument(
        "--minutes",
        type=float,
        help="of each training; by default %s"
        % ", ".join("%g for %s" % (part.MINUTES, name) for name, part in PARTS.items()),
    )
    parser.add_argument("--only", default="", help="names of steps separated by semicolons; by default all")
    parser.add_argument(
        "--folder", type=pathlib.Path, default=ROOT / "runs" / "study", help="for what is trained"
    )
    arguments = parser.parse_args()
    chosen = arguments.parts or list(PARTS)
    wanted = [name for name in arguments.only.split(";") if name]
    unknown = [name for name in chosen if name not in PARTS] or [
        name for name in wanted if not any(name in PARTS[part].STEPS for part in chosen)
    ]
    if unknown:
        parser.error(
            "there is no %s; there are: %s"
            % (
                unknown[0],
                "; ".join(step for part in chosen if part in PARTS for step in PARTS[part].STEPS)
                or ", ".join(PARTS),
            )
        )
    page = ROOT / "docs" / "study.md"
    written = sections(page.read_text()) if page.exists() else {}
    for name in chosen:
        part = PARTS[name]
        steps = [step for step in part.STEPS if not wanted or step in wanted]
        if not steps:
            continue
        # charts of a complete part are next to docs/study.md; with --only, they are in the folder of the
        # study
        charts = arguments.folder / name if wanted else ROOT / "docs"
        text = part.study(arguments.folder / name, steps, arguments.minutes or part.MINUTES, charts)
        print("\n## %s\n\n%s\n" % (part.TITLE, text))
        if not wanted:
            written[part.TITLE] = text.strip()
            ordered = [one.TITLE for one in PARTS.values() if one.TITLE in written]
            page.write_text(
                "\n\n".join([HEAD] + ["## %s\n\n%s" % (title, written[title]) for title in ordered]) + "\n"
            )


if __name__ == "__main__":
    main()
