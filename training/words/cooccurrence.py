"""GloVe: word vectors whose products predict how often two words are near each other. Pennington, Socher &
Manning 2014, aclanthology.org/D14-1162.

It has those methods of gensim's models that training/words/word2vec.py calls. No maintained library for GloVe
exists; the authors' program is in C.
"""

import collections
import itertools

import numpy as np
from gensim.models import KeyedVectors
from gensim.utils import SaveLoad
from scipy import sparse

# W words, D embedding, P pairs of near words, B pairs of a step, U different words among these
FULL = 100  # a pair that occurs at least this often has the full weight of 1
POWER = 0.75  # of the count, for rarer pairs
BATCH = 4096  # pairs per step


def counted(rows, window, size):
    """How often words are near each other: sparse symmetric (W, W). A pair at distance d counts 1/d.

    rows: the rows of a text's words, with at least `window` times -1 between sentences.
    """
    total = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, window + 1):
        first, second = rows[:-distance], rows[distance:]
        near = (first >= 0) & (second >= 0)
        ones = np.full(near.sum(), 1 / distance, np.float32)
        total = total + sparse.csr_matrix((ones, (first[near], second[near])), (size, size))
    return total + total.T


class GloVe(SaveLoad):
    """Least squares of w_i . c_j + b_i + b'_j against log X_ij, each pair weighted by f(X_ij) (equation 8),
    by AdaGrad.
    """

    def __init__(self, vector_size, window, min_count, seed):
        self.size, self.window, self.least, self.random = (
            vector_size,
            window,
            min_count,
            np.random.RandomState(seed),
        )

    def build_vocab(self, sentences):
        """Count the words, then the pairs."""
        counts = collections.Counter(itertools.chain.from_iterable(sentences))
        self.words = [word for word, count in counts.most_common() if count >= self.least]
        row, gap = {word: place for place, word in enumerate(self.words)}, [-1] * self.window
        lines = ([row[word] for word in sentence if word in row] + gap for sentence in sentences)
        text = np.fromiter(itertools.chain.from_iterable(lines), np.int32)
        self.corpus_count = int((text < 0).sum() // self.window)
        pairs = counted(text, self.window, len(self.words)).tocoo()
        self.pairs, self.logs = np.stack([pairs.row, pairs.col]), np.log(pairs.data)  # (2, P), (P,)
        self.weights = np.minimum(1, (pairs.data / FULL) ** POWER)  # (P,), equation 9
        # word vectors and context vectors, each with its bias as the last number
        shape = 2, len(self.words), self.size + 1
        self.vectors = (self.random.random_sample(shape).astype(np.float32) - 0.5) / self.size
        # sums of squared gradients for AdaGrad, from 1 as in the authors' program
        self.squares = np.ones(shape, np.float32)

    def train(self, sentences, start_alpha, end_alpha, **gensims):
        """One epoch over the pairs with a falling learning rate. The sentences are not needed, because they
        are counted already.

        A pair is used with the probability of its weight, and then counts 1. The mean loss is the same, and
        no time is spent on pairs that hardly count.
        """
        taken = self.random.permutation(
            np.flatnonzero(self.random.random_sample(len(self.weights)) < self.weights)
        )
        for begin in range(0, len(taken), BATCH):
            self.step(
                taken[begin : begin + BATCH], start_alpha + (end_alpha - start_alpha) * begin / len(taken)
            )

    def step(self, taken, rate):
        """One step of AdaGrad for the pairs `taken` (B,)."""
        rows = self.pairs[:, taken]  # (2, B)
        word, context = (self.vectors[side].take(rows[side], axis=0) for side in (0, 1))  # (B, D + 1)
        # (B,)
        errors = (
            np.einsum("bd,bd->b", word[:, :-1], context[:, :-1])
            + word[:, -1]
            + context[:, -1]
            - self.logs[taken]
        )
        word[:, -1] = context[:, -1] = 1  # the factor of the bias
        for side, other in ((0, context), (1, word)):
            changed, place = np.unique(rows[side], return_inverse=True)  # (U,), (B,)
            # (U, D + 1)
            summed = (
                sparse.csr_matrix((rate * errors, (place, np.arange(len(taken)))), (len(changed), len(taken)))
                @ other
            )
            squares = self.squares[side][changed] + summed**2
            self.vectors[side][changed] -= summed / np.sqrt(squares)
            self.squares[side][changed] = squares

    @property
    def wv(self):
        """gensim's vectors: the sum of a word's two vectors (section 4.2)."""
        known = KeyedVectors(self.size)
        known.add_vectors(self.words, self.vectors.sum(axis=0)[:, :-1])
        return known
