"""Steps after the training of word vectors: join two sets, improve them, and pack them small.

A set is (words, float32 (W, D)), most frequent words first. Every step is a function of arrays. `make
evaluate-words` tries each one alone.
"""

import numpy as np
import scipy.sparse

from training.words.similarity import unit

# W words, D embedding, P pairs of kin
# means, directions and regressions are fitted on this many words; the vectors of rarer words are noise
FREQUENT = 50000
FIRST = 20000  # words whose vectors a start downloads; nearly all questions are about these


def centred(vectors, removed):
    """Vectors (W, D) without their mean and without their `removed` dominant directions: All-but-the-Top, Mu
    & Viswanath 2018, arXiv:1702.01417, algorithm 1.
    """
    vectors = vectors - vectors[:FREQUENT].mean(axis=0)
    # (D, D), the most dominant first
    _, _, directions = np.linalg.svd(vectors[:FREQUENT], full_matrices=False)
    top = directions[:removed]
    return vectors - vectors @ top.T @ top


def filled(words, known, vectors, guide, ridge=1.0):
    """Vectors for all `words`, from `vectors` of the words `known`. Missing ones come from ridge regression
    on their rows of `guide` (W, G).
    """
    place = {word: row for row, word in enumerate(known)}
    rows = np.array([place.get(word, -1) for word in words])
    has = np.flatnonzero(rows >= 0)
    guide = np.concatenate([guide, np.ones((len(guide), 1), guide.dtype)], axis=1)  # (W, G + 1)
    seen = guide[has[:FREQUENT]]
    # (G + 1, D)
    way = np.linalg.solve(
        seen.T @ seen + ridge * np.eye(seen.shape[1]), seen.T @ vectors[rows[has[:FREQUENT]]]
    )
    result = guide @ way
    result[has] = vectors[rows[has]]
    return result.astype(np.float32)


def joined(parts, weights):
    """Sets of unit rows side by side, each times its weight. The cosine becomes a weighted mean of the
    cosines in the sets.
    """
    # (W, sum of D)
    return np.concatenate([weight * unit(part) for part, weight in zip(parts, weights)], axis=1)


def retrofitted(vectors, index, edges, strength, rounds=6):
    """Vectors (W, D) with each word moved towards its kin, {(word, word): weight}: Faruqui et al. 2015,
    arXiv:1411.4166, equation 1.

    All kin of a word together weigh at most `strength`, and its own vector weighs 1. So words with many kin
    keep their own meaning.
    """
    ends = np.array([(index[first], index[second]) for first, second in edges]).reshape(-1, 2)  # (P, 2)
    graph = scipy.sparse.csr_matrix((list(edges.values()), tuple(ends.T)), shape=(len(vectors),) * 2)
    total = np.asarray(graph.sum(axis=1)).ravel()
    graph = (scipy.sparse.diags(strength / np.maximum(1, total)) @ graph).astype(np.float32)
    pull = np.asarray(graph.sum(axis=1))  # (W, 1)
    result = vectors
    for _ in range(rounds):
        result = (vectors + graph @ result) / (1 + pull)
    return result


def projected(vectors, dimensions, frequent=FREQUENT):
    """(W, D) -> (W, dimensions): rotated so that the first columns carry most of the frequent words' squares,
    cut, and scaled to length 1.
    """
    _, axes = np.linalg.eigh(vectors[:frequent].T @ vectors[:frequent])  # ascending
    return unit(vectors @ axes[:, ::-1][:, :dimensions])


def quantised(vectors):
    """Rows (W, D) -> int8 (W, D) and scales float32 (W,). A row times its scale is the original row; the
    error is at most half a scale per number.
    """
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def rescaled(packed):
    """int8 rows, and the scales that give them length 1 after rounding."""
    return (1 / np.maximum(np.linalg.norm(packed.astype(np.float32), axis=1), 1e-12)).astype(np.float32)


def packed(words, vectors, grams, gram_vectors):
    """The arrays that are served: texts as UTF-8 bytes, int8 rows, and scales. The scales give words
    the length 1, and n-grams their size.
    """
    codes, _ = quantised(vectors)
    gram_codes, gram_scales = quantised(gram_vectors)
    return {
        "words": np.frombuffer("\n".join(words).encode(), np.uint8),
        "vectors": codes,
        "scales": rescaled(codes),
        "ngrams": np.frombuffer("\n".join(grams).encode(), np.uint8),
        "ngram_vectors": gram_codes,
        "ngram_scales": gram_scales,
    }


def files(arrays):
    """{role: arrays} of the files that are served: all spellings with the frequent words, which a start
    reads; the other words; the n-grams.
    """
    parts = (
        {"vectors": slice(FIRST), "rest": slice(FIRST, None)}
        if len(arrays["vectors"]) > FIRST
        else {"vectors": slice(None)}
    )
    groups = {
        role: {name: arrays[name][rows] for name in ("vectors", "scales")} for role, rows in parts.items()
    }
    groups["vectors"]["words"] = arrays["words"]
    return {**groups, "ngrams": {name: arrays[name] for name in ("ngrams", "ngram_vectors", "ngram_scales")}}
