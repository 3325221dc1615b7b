"""Measures word vectors: rank correlation with people's judgements of similarity, and analogies.

The sets are WordSim-353 (Finkelstein et al. 2002), SimLex-999 (Hill et al. 2015) and the Google analogies
(Mikolov et al. 2013). gensim has all three in its test data. All figures are computed on unit vectors, so
that a product is a cosine.
"""

import hashlib
import pathlib

import numpy as np
from scipy.stats import spearmanr

# W words, D embedding, Q questions
PAIRS = {"wordsim": "wordsim353.tsv", "simlex": "simlex999.txt"}
ANALOGIES = "questions-words.txt"


def folder():
    """The folder in which gensim has the three sets."""
    from gensim.test.utils import datapath

    return pathlib.Path(datapath(ANALOGIES)).parent


def pairs(path):
    """[(word, word, people's mean judgement)] in lower case, from a file with one pair per line, separated by
    tabs. # begins a comment.
    """
    lines = (
        line.split("\t")
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    return [
        (first.lower(), second.lower(), float(score)) for first, second, score in (line[:3] for line in lines)
    ]


def questions(path):
    """{section: [(a, b, c, d)]} in lower case: a is to b as c is to d. Sections whose name begins with gram
    are syntactic.
    """
    sections = {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            current = sections.setdefault(line[1:].strip(), [])
        else:
            current.append(tuple(line.lower().split()))
    return sections


def half(key):
    """0 or 1, from a hash of the text. Settings are chosen on half 0; half 1 is reported separately."""
    return hashlib.sha256(key.encode()).digest()[0] % 2


def unit(matrix):
    """Every row of (W, D) scaled to length 1. Rows of zeros stay."""
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)


def spearman(index, vectors, judged):
    """(Spearman's rank correlation, share of pairs of which both words are known). A pair with an unknown
    word counts as a cosine of 0.
    """
    rows = [(index.get(first), index.get(second)) for first, second, _ in judged]
    cosines = [0.0 if None in row else float(vectors[row[0]] @ vectors[row[1]]) for row in rows]
    covered = sum(None not in row for row in rows) / max(1, len(rows))
    return float(spearmanr(cosines, [score for *_, score in judged])[0]), covered


def answers(vectors, asked, size=256):
    """The row of the best answer to each question (Q, 3) of rows, by 3CosAdd: nearest to b - a + c, without
    the three words of the question.
    """
    found = []
    for at in range(0, len(asked), size):
        a, b, c = asked[at : at + size].T
        wanted = vectors[b] - vectors[a] + vectors[c]  # (size, D)
        cosines = wanted @ vectors.T  # (size, W)
        for excluded in (a, b, c):
            cosines[np.arange(len(a)), excluded] = -np.inf
        found.append(cosines.argmax(axis=1))
    return np.concatenate(found) if found else np.zeros(0, int)


def analogies(index, vectors, asked):
    """(share of right answers, share of questions of which all four words are known). A question with an
    unknown word counts as wrong.
    """
    rows = np.array(
        [[index[word] for word in line] for line in asked if all(word in index for word in line)], int
    ).reshape(-1, 4)
    right = (answers(vectors, rows[:, :3]) == rows[:, 3]).sum()
    return float(right / max(1, len(asked))), len(rows) / max(1, len(asked))


def scores(words, vectors, where, only=None):
    """{figure: number} of one set of vectors on the three sets in the folder `where`. `only`: 0 or 1, for one
    half of each set.

    Analogies are searched among all `words`. The figures are shares of questions, rank correlations, and the
    share of each set that is covered.
    """
    index, vectors = {word: row for row, word in enumerate(words)}, unit(vectors).astype(np.float32)

    def mine(rows):
        return (
            rows
            if only is None
            else [
                row for row in rows if half(" ".join(word for word in row if isinstance(word, str))) == only
            ]
        )

    figures = {}
    for name, file in PAIRS.items():
        figures[name], figures[name + "_covered"] = spearman(index, vectors, mine(pairs(where / file)))
    sections = questions(where / ANALOGIES)
    kinds = {"semantic": [], "syntactic": []}
    for section, asked in sections.items():
        kinds["syntactic" if section.startswith("gram") else "semantic"] += mine(asked)
    counts = {kind: len(asked) for kind, asked in kinds.items()}
    for kind, asked in kinds.items():
        figures[kind], figures[kind + "_covered"] = analogies(index, vectors, asked)
    for ending in ("", "_covered"):
        figures["analogies" + ending] = sum(figures[kind + ending] * counts[kind] for kind in kinds) / max(
            1, sum(counts.values())
        )
    return {name: round(figure, 4) for name, figure in figures.items()}
