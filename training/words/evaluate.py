"""Compares the shipped word vectors with plain GloVe 6B 100-d, and shows the effect of each step: `make
evaluate-words`.

--vectors FILE adds any other vectors (in any format that training/words/glove.py reads). make downloads GloVe
into runs/words. The tables go to models/words/evaluation.md.
"""

import argparse
import pathlib

import numpy as np

from models.words import model as serving
from training.words import glove, maps, similarity, subwords, train as words

# W words, D embedding
ROOT = pathlib.Path(__file__).parent.parent.parent
COLUMNS = {
    "words": "words",
    "analogies": "analogies, %",
    "semantic": "semantic, %",
    "syntactic": "syntactic, %",
    "analogies_covered": "covered, %",
    "wordsim": "WordSim-353",
    "wordsim_covered": "covered, %",
    "simlex": "SimLex-999",
    "simlex_covered": "covered, %",
}
SHARES = ("analogies", "semantic", "syntactic", "analogies_covered", "wordsim_covered", "simlex_covered")
FORMATS = {"words": "{:,}", "wordsim": "{:.3f}", "simlex": "{:.3f}"}
HEAD = """# Evaluation of the word vectors

Version %s. Written by `make evaluate-words`. Analogies are answered by 3CosAdd among all words of a set, in
lower case, the question's words excluded; words left out count as wrong, and pairs with a word left out as a
cosine of 0. Rank correlations are Spearman's.

"""
COMMON = (
    "paris london car king queen music happy sad computer doctor river blue house dog bread football war "
    "money school love "
    "einstein mozart obama microsoft python physics beautiful quickly running seven monday summer germany "
    "bank apple"
)
UNSEEN = "carr automobil carpark runnning beautifull unhappyness computre restaurent"


def row(known, vectors, where, half=None):
    """A row of the table: the scores of one set of vectors among all its words."""
    return {"words": len(known), **similarity.scores(known, vectors, where, half)}


def table(rows):
    """A Markdown table with one line per set of vectors."""
    lines = ["| vectors | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, figures in rows.items():
        shown = {**figures, **{key: 100 * figures[key] for key in SHARES}}
        lines.append(
            "| %s | %s |"
            % (name, " | ".join(FORMATS.get(key, "{:.1f}").format(shown[key]) for key in COLUMNS))
        )
    return "\n".join(lines)


def bars(figures, size):
    """Markdown: each bar, what was reached, and whether it is enough."""
    checks = [
        ("Google analogies, all, %", 100 * figures["analogies"], ">=", 66, 70),
        ("WordSim-353, Spearman", figures["wordsim"], ">=", 0.70, 0.74),
        ("SimLex-999, Spearman", figures["simlex"], ">=", 0.37, 0.42),
        ("words", figures["words"], ">=", 100000, 100000),
        ("MB of vectors", size / 1e6, "<=", 25, 25),
    ]
    lines = ["| bar | reached | must | enough | target | enough |", "|---|---|---|---|---|---|"]
    for what, reached, sign, must, target in checks:
        verdicts = [
            "yes" if (reached >= bound if sign == ">=" else reached <= bound) else "NO"
            for bound in (must, target)
        ]
        lines.append(
            "| %s | %.6g | %s %g | %s | %s %g | %s |"
            % (what, round(reached, 4), sign, must, verdicts[0], sign, target, verdicts[1])
        )
    return "\n".join(lines)


def hidden(figures, which):
    """A sentence about words that were hidden from the fit of the n-grams and then rebuilt from them."""
    sentence = (
        "Of {words} known words, hidden from a fit of the n-grams and rebuilt from them, the median rank "
        "{which} is "
        "{median_rank_of_the_word:g} among all words; of their ten true neighbours it is "
        "{median_rank_of_its_10_neighbours:g}."
    )
    return sentence.format(which=which, **figures)


def neighbours(model, asked, count=8):
    """Markdown: the nearest words of each word in `asked`. For an unseen word, the API's answer names its
    subwords.
    """
    lines = []
    for word in asked.split():
        found = model.look_up(word)
        near = (
            ", ".join(near for near, _ in model.nearest(found.vector, count, [found]))
            if found.vector is not None
            else "nothing"
        )
        lines.append("- **%s**%s: %s" % (word, "" if found.row is not None else " (from subwords)", near))
    return "\n".join(lines)


def built(model, word):
    """A word's vector (D,) from its n-grams alone, whether the word is known or not."""
    grams = model.ngrams["ngrams"].tobytes().decode().split("\n")
    fitted = model.ngrams["ngram_vectors"] * model.ngrams["ngram_scales"][:, None]
    return similarity.unit(
        np.asarray(subwords.design([word], grams, model.record["ngram_lengths"]) @ fitted)
    )[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--vectors", action="append", default=[], help="other vectors to measure; may be given several times"
    )
    parser.add_argument("--vocabulary", default="", help="the words of a .npy, one per line")
    parser.add_argument(
        "--glove", help="plain GloVe 6B 100-d, in any format; by default that in the record's settings"
    )
    parser.add_argument(
        "--sets", type=pathlib.Path, help="folder of the three sets; gensim's test data by default"
    )
    arguments = parser.parse_args()
    model = serving.model()
    settings, where = words.Settings(**model.record["settings"]), arguments.sets or similarity.folder()
    known, served = glove.load(ROOT / "weights" / model.record["files"]["vectors"]["file"])
    rows = {"shipped": row(known, served, where)}
    rows["shipped, half tuned on"], rows["shipped, half held out"] = (
        row(known, served, where, 0),
        row(known, served, where, 1),
    )
    plain = pathlib.Path(arguments.glove or ROOT / settings.glove)
    imported = glove.load(plain, arguments.vocabulary) if plain.exists() else None
    if imported:
        first = [part[:100000] for part in imported]
        for name, half in (("", None), (", half tuned on", 0), (", half held out", 1)):
            rows["GloVe 6B 100-d, 100,000 words" + name] = row(*first, where, half)
    for path in arguments.vectors:
        rows[pathlib.Path(path).name] = row(*glove.load(path, arguments.vocabulary), where)
    parts = [
        table(rows),
        bars(rows["shipped"], sum(file["bytes"] for file in model.record["files"].values())),
    ]
    tried = {step["step"]: {"words": len(known), **step} for step in model.record["tried"]}
    parts += [
        "## What each step gave",
        "Measured in training, before the packing in 8 bits (`make train-words` prints it).",
        table(tried),
    ]
    write(model, known, served, parts)


def write(model, known, served, parts):
    """Print the parts, add the neighbours of unseen and of common words, and write everything to
    models/words/.
    """
    index = {word: place for place, word in enumerate(known)}
    parts += [
        "## Words never seen",
        hidden(
            model.record["metrics"]["hidden_words"],
            "in the vectors that ship, which hold a share of what n-grams say,",
        ),
        hidden(
            model.record["metrics"]["hidden_words_plain"],
            "in vectors that hold no such share, a harder question,",
        ),
        neighbours(model, UNSEEN),
        "carr is a surname that the vectors know. Built from its n-grams as if it were not: "
        + ", ".join(known[place] for place in np.argsort(-(served @ built(model, "carr")))[:8])
        + ".",
        "## Neighbours of common words",
        neighbours(model, COMMON),
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    (ROOT / "models" / "words" / "evaluation.md").write_text(HEAD % model.record["version"] + text)
    maps.scatter(index, served, ROOT / "models" / "words" / "map.png")


if __name__ == "__main__":
    main()
