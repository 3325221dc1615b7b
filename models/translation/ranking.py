"""Which of several translations reads best, and says what its source says: a trigram model of the target
language, and the probability of the source given the translation by IBM Model 1.

This is a noisy channel (Brown et al. 1993) that chooses among the translations of a search (Och et al. 2004,
"A Smorgasbord of Features for Statistical Machine Translation"). Its units are subwords; what it knows was
counted by training/translation/lexicon.py.
"""

import io
from typing import List, Tuple

import numpy as np

from models.translation.tokenizer import BEGIN, END, PAD

# N translations, U different tokens of theirs, S tokens of the source, V vocabulary

FLUENT, FAITHFUL = 0.2, 0.4  # weights of the two mean log-probabilities beside a translation's score
LEAST = 1e-4  # the probability that a source token has at least
FINENESS = 16  # of a probability p on disk: round(-FINENESS * ln p), in 8 bits
NOTHING, START = PAD, BEGIN  # ids; source tokens without a counterpart come from NOTHING


class Ranking:
    """Read from nine arrays that numpy saved, one after the other: the probability of each token, and the
    share that a single token's has behind each, both (V,); pairs of tokens, the probability of their second,
    and the share that a pair's has behind each; three tokens, and the probability of their third; a target
    and a source token, and the probability of the second given the first.
    """

    def __init__(self, data: bytes) -> None:
        file = io.BytesIO(data)

        def keys() -> np.ndarray:
            return np.cumsum(np.load(file, allow_pickle=False), dtype=np.int64)

        def shares() -> np.ndarray:
            return np.exp(np.load(file, allow_pickle=False) / -FINENESS)

        self.one, self.behind_one = shares(), shares()
        self.pairs, self.two, self.behind_two = keys(), shares(), shares()
        self.triples, self.three = keys(), shares()
        self.meanings, self.meant = keys(), shares()

    def worth(self, source: List[int], targets: List[List[int]]) -> np.ndarray:
        """What to add to the score of each translation of a source, (N,)."""
        return FLUENT * self.fluency(targets) + FAITHFUL * self.faithfulness(source, targets)

    def fluency(self, targets: List[List[int]]) -> np.ndarray:
        """Of each text the mean log-probability of its tokens and of its end, (N,), by the trigram model:
        absolute discounting, interpolated (Ney et al. 1994).
        """
        size = len(self.one)
        rows = [[START, START, *(i for i in target if i != END), END] for target in targets]
        before, last, tokens = (
            np.array([i for row in rows for i in row[k : len(row) - 2 + k]]) for k in range(3)
        )
        at, there = found(self.pairs, last * size + tokens)
        p = np.where(there, self.two[at], 0) + self.behind_one[last] * self.one[tokens]
        context, known = found(self.pairs, before * size + last)
        at, there = found(self.triples, context * size + tokens)
        p = np.where(
            known, np.where(there, self.three[at], 0) + self.behind_two[context] * p, p
        )  # a context that was pruned says nothing
        lengths = np.array([len(row) - 2 for row in rows])
        return np.add.reduceat(np.log(p), np.cumsum(lengths) - lengths) / lengths

    def faithfulness(self, source: List[int], targets: List[List[int]]) -> np.ndarray:
        """Of each translation the mean log-probability of the source's tokens given it, (N,): each comes from
        any of its tokens, or from none.
        """
        ours = np.array([i for i in source if i != END])
        sayings = [sorted({NOTHING, *target} - {END}) for target in targets]
        theirs = np.unique(np.concatenate(sayings))  # (U,)
        at, there = found(self.meanings, theirs[:, None] * len(self.one) + ours)
        meant = np.where(there, self.meant[at], 0)  # (U, S)
        p = np.array([meant[np.searchsorted(theirs, said)].mean(axis=0) for said in sayings])  # (N, S)
        return np.log(np.maximum(p, LEAST)).sum(axis=1) / len(source)


def found(keys: np.ndarray, wanted: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """The places of keys in a list that rises, and whether they are there; where not, the place is any."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted
