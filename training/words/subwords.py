"""Vectors of character n-grams. The vector of an unseen word is the sum of the vectors of its n-grams.

Bojanowski et al. 2017 (arXiv:1607.04606) learn them together with the words. Here they are fitted to finished
vectors, as in the bag of subwords of Zhao et al. 2018 (arXiv:1809.04259), but by ridge regression instead of
stochastic gradient descent.
"""

import collections

import numpy as np
import scipy.sparse

from models.words.vocabulary import ngrams

# W words, G n-grams, D embedding, N hidden words
FREQUENT = 20000  # the word of this rank counts half in the fit


def table(words, lengths, count):
    """The `count` n-grams that occur in most words, in this order. N-grams of only one word are left out,
    because they say nothing about other words.
    """
    found = collections.Counter()
    for word in words:
        found.update(set(ngrams(word, *lengths)))
    return [ngram for ngram, times in found.most_common(count) if times > 1]


def design(words, grams, lengths):
    """Sparse (W, G): how often each n-gram is in each word, divided by the word's number of n-grams in the
    table.
    """
    place = {gram: column for column, gram in enumerate(grams)}
    rows, columns = [], []
    for row, word in enumerate(words):
        here = [place[gram] for gram in ngrams(word, *lengths) if gram in place]
        rows += [row] * len(here)
        columns += here
    counts = scipy.sparse.csr_matrix(
        (np.ones(len(rows), np.float32), (rows, columns)), shape=(len(words), len(grams))
    )
    total = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)
    return scipy.sparse.diags((1 / total).astype(np.float32)) @ counts


def fitted(matrix, vectors, weights, ridge, rounds=20):
    """n-gram vectors (G, D) that minimise the sum over words of weights * |matrix @ n-grams - vectors|^2,
    plus ridge * |n-grams|^2.

    Conjugate gradients on the normal equations, for all D columns at once. `weights` (W,): how much each word
    counts.
    """
    weighted = scipy.sparse.diags(weights.astype(np.float32)) @ matrix  # (W, G)
    solution = np.zeros((matrix.shape[1], vectors.shape[1]), np.float32)
    residual = weighted.T @ vectors  # (G, D)
    direction, square = residual.copy(), (residual**2).sum(axis=0)
    for _ in range(rounds):
        image = weighted.T @ (matrix @ direction) + ridge * direction
        step = square / np.maximum((direction * image).sum(axis=0), 1e-20)  # (D,)
        solution += step * direction
        residual -= step * image
        previous, square = square, (residual**2).sum(axis=0)
        direction = residual + square / np.maximum(previous, 1e-20) * direction
    return solution


def ranks(rebuilt, vectors, rows, neighbours=10):
    """{median rank of the true word, and of its true nearest neighbours} among all words, from rebuilt
    vectors (N, D) of `rows`.

    Rank 1 is the nearest. `vectors` (W, D) and `rebuilt` have unit rows.
    """
    own, theirs = [], []
    for vector, row in zip(rebuilt, rows):
        cosines = vectors @ vector  # (W,)
        true = vectors @ vectors[row]  # (W,)
        true[row] = -np.inf
        near = np.argpartition(-true, neighbours)[:neighbours]
        own.append(1 + int((cosines > cosines[row]).sum()))
        theirs += [1 + int((cosines > cosines[place]).sum()) for place in near]
    medians = {"median_rank_of_the_word": own, "median_rank_of_its_%d_neighbours" % neighbours: theirs}
    return {"words": len(rows), **{name: float(np.median(found)) for name, found in medians.items()}}
