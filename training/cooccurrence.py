"""GloVe: word vectors whose products tell how often words stand near each other; Pennington, Socher & Manning 2014, aclanthology.org/D14-1162.

It has the methods of gensim's models that training/word2vec.py calls. No library for it is kept up: the authors' program is in C.
"""

import collections
import itertools

import numpy as np
from gensim.models import KeyedVectors
from gensim.utils import SaveLoad
from scipy import sparse

# W words, D embedding, P pairs that stand near each other, B pairs of a step, U different words among them
FULL = 100  # a pair that occurs so often, or more, has the full weight of 1
POWER = 0.75  # of a count less than that
BATCH = 4096  # pairs of a step


def counted(rows, window, size):
    """How often words stand near each other: symmetric sparse (W, W), a pair at distance d counts 1/d.

    rows: those of a text's words; between sentences at least `window` times -1.
    """
    total = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, window + 1):
        first, second = rows[:-distance], rows[distance:]
        near = (first >= 0) & (second >= 0)
        ones = np.full(near.sum(), 1 / distance, np.float32)
        total = total + sparse.csr_matrix((ones, (first[near], second[near])), (size, size))
    return total + total.T


class GloVe(SaveLoad):
    """Least squares of w_i . c_j + b_i + b'_j against log X_ij, a pair weighted by f(X_ij) (equation 8), by AdaGrad."""

    def __init__(self, vector_size, window, min_count, seed):
        self.size, self.window, self.least, self.random = vector_size, window, min_count, np.random.RandomState(seed)

    def build_vocab(self, sentences):
        """Count the words, then their pairs."""
        counts = collections.Counter(itertools.chain.from_iterable(sentences))
        self.words = [word for word, count in counts.most_common() if count >= self.least]
        row, gap = {word: place for place, word in enumerate(self.words)}, [-1] * self.window
        lines = ([row[word] for word in sentence if word in row] + gap for sentence in sentences)
        text = np.fromiter(itertools.chain.from_iterable(lines), np.int32)
        self.corpus_count = int((text < 0).sum() // self.window)
        pairs = counted(text, self.window, len(self.words)).tocoo()
        self.pairs, self.logs = np.stack([pairs.row, pairs.col]), np.log(pairs.data)  # (2, P), (P,)
        self.weights = np.minimum(1, (pairs.data / FULL) ** POWER)  # (P,), equation 9
        shape = 2, len(self.words), self.size + 1  # word vectors and context vectors, each with its bias at the end
        self.vectors = (self.random.random_sample(shape).astype(np.float32) - 0.5) / self.size
        self.squares = np.ones(shape, np.float32)  # that AdaGrad has summed up, from 1 as in the authors' program

    def train(self, sentences, start_alpha, end_alpha, **gensims):
        """One epoch over the pairs, the learning rate falling; the sentences have been counted before.

        A pair is taken with the probability of its weight, and counts 1 then: the same loss on average, and no time goes to what hardly counts.
        """
        taken = self.random.permutation(np.flatnonzero(self.random.random_sample(len(self.weights)) < self.weights))
        for begin in range(0, len(taken), BATCH):
            self.step(taken[begin : begin + BATCH], start_alpha + (end_alpha - start_alpha) * begin / len(taken))

    def step(self, taken, rate):
        """One step of AdaGrad for these pairs (B,)."""
        rows = self.pairs[:, taken]  # (2, B)
        word, context = (self.vectors[side].take(rows[side], axis=0) for side in (0, 1))  # (B, D + 1)
        errors = np.einsum("bd,bd->b", word[:, :-1], context[:, :-1]) + word[:, -1] + context[:, -1] - self.logs[taken]  # (B,)
        word[:, -1] = context[:, -1] = 1  # what a bias is multiplied by
        for side, other in ((0, context), (1, word)):
            changed, place = np.unique(rows[side], return_inverse=True)  # (U,), (B,)
            summed = sparse.csr_matrix((rate * errors, (place, np.arange(len(taken)))), (len(changed), len(taken))) @ other  # (U, D + 1)
            squares = self.squares[side][changed] + summed ** 2
            self.vectors[side][changed] -= summed / np.sqrt(squares)
            self.squares[side][changed] = squares

    @property
    def wv(self):
        """gensim's vectors: the sum of a word's two (section 4.2)."""
        known = KeyedVectors(self.size)
        known.add_vectors(self.words, self.vectors.sum(axis=0)[:, :-1])
        return known
