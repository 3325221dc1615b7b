"""The loaded word vectors: a caller's word -> its vector, nearest
words, analogies, the odd one out, a map. It needs only numpy.
"""

import ast
import math
import struct
from functools import cached_property
from typing import Dict, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from models import registry
from models.words.tokenizer import unaccented
from models.words.vocabulary import APOSTROPHES, Vocabulary, ngrams, parts_of, shown

# V vocabulary, D dimensions of a vector, K columns of the first pass, G n-grams, C candidates, N words asked
# for

# The time of the first pass over all words depends on the bytes that it reads.
# So it leaves out the last columns, and stores two words in each float32.
# Columns that it reads; the vectors are rotated so that the first ones carry most of the variance.
LEADING = 63
AGREEMENT = 0.6  # typical cosine, in the other columns, of words that are near in these
# steps from 0 to 1 to which its vectors are rounded. The product of
# two vectors is then a whole number within +-1,200.
STEPS = 30
# so one word's product fits under 4,096 times another's, and their sum is exact in the 24 bits of a float32
ROOM = 4096
CANDIDATES = 1000  # approximate number of words for the second pass
STRIDE = 50  # the threshold is estimated from every 50th word


class Word(NamedTuple):
    """What the model knows about a word that a caller sent."""

    asked: str
    word: str  # in the vocabulary; for an unknown word, its normal form
    row: Optional[int]  # in the vocabulary; None for an unknown word
    subwords: List[str]  # from which the vector of an unknown word was built
    vector: Optional[np.ndarray]  # (D,) of length 1; None if no part of the word is known


class Model:
    """The vocabulary, its vectors in 8 bits and the vectors of
    character n-grams, from which unknown words are built.

    A start downloads the vocabulary and the vectors of the frequent words, which come first. The other
    vectors and the n-grams are loaded with the first question that needs them. Fewer bytes give a faster
    first answer.
    """

    def __init__(self, weights: registry.Weights) -> None:
        self.record = weights.record
        self.weights = weights
        self.frequent = arrays(weights.contents("vectors")["vectors"])
        self.vocabulary = Vocabulary(self.frequent["words"].tobytes())
        if not weights.hurried:
            self.complete()

    def look_up(self, asked: str) -> Word:
        """The word of the vocabulary that is meant. If there is none, a phrase is built
        from its words, a contraction from its parts, and a word from its n-grams.
        """
        row = self.vocabulary.find(asked)
        if row is None:
            return self.built(asked)
        return Word(asked, self.vocabulary.word(row), row, [], unit(self.vector(row).astype(np.float64)))

    def look_up_all(self, asked: Iterable[str]) -> Dict[str, Word]:
        """{what was asked: Word} of many words. The vectors of the known words
        are normalised together, which is faster.
        """
        rows = {text: self.vocabulary.find(text) for text in asked}
        known = [row for row in rows.values() if row is not None]
        frequent = self.frequent["vectors"]
        # (N, D)
        vectors = (frequent if max(known, default=0) < len(frequent) else self.vectors)[known].astype(
            np.float64
        )
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))  # (N,) of whole numbers: 0, or 1 and more
        units = vectors / np.maximum(lengths, 1)[:, None]
        found = iter([vector if length else None for vector, length in zip(units, lengths.tolist())])
        return {
            text: self.built(text)
            if row is None
            else Word(text, self.vocabulary.word(row), row, [], next(found))
            for text, row in rows.items()
        }

    def built(self, asked: str) -> Word:
        """The Word for a word or phrase that is not in the vocabulary."""
        word = shown(asked)
        if word != word.translate(APOSTROPHES):
            return self.look_up(word.translate(APOSTROPHES))._replace(asked=asked)
        parts = parts_of(word)
        if len(parts) > 1:
            known = [self.look_up(part) for part in parts]
            # (D,)
            total = sum(
                (part.vector for part in known if part.vector is not None),
                np.zeros(self.frequent["vectors"].shape[1]),
            )
            names = [
                name for part in known for name in ([part.word] if part.row is not None else part.subwords)
            ]
            return Word(asked, word, None, list(dict.fromkeys(names)), unit(total))
        grams = [gram for gram in ngrams(word, *self.ngram_lengths) if gram in self.ngram_rows]
        # int8 (G, D), float32 (G,)
        vectors, scales = self.ngrams["ngram_vectors"], self.ngrams["ngram_scales"]
        rows, counts = np.unique([self.ngram_rows[gram] for gram in grams], return_counts=True)
        rows = rows.astype(int)  # numpy makes floats from an empty list
        total = (counts * scales[rows].astype(np.float64)) @ vectors[rows]  # (D,)
        return Word(asked, word, None, list(dict.fromkeys(grams)), unit(total))

    def complete(self) -> None:
        """Load the vectors of all words."""
        _ = self.whole

    def vector(self, row: int) -> np.ndarray:
        """int8 (D,) of a word."""
        frequent = self.frequent["vectors"]
        return frequent[row] if row < len(frequent) else self.vectors[row]

    @property
    def vectors(self) -> np.ndarray:
        """int8 (V, D)"""
        return self.whole["vectors"]

    @property
    def scales(self) -> np.ndarray:
        """float32 (V,): a vector times its scale has length 1"""
        return self.whole["scales"]

    @cached_property
    def whole(self) -> Dict[str, np.ndarray]:
        """Vectors and scales of all words."""
        if len(self.frequent["vectors"]) == len(self.vocabulary):
            return self.frequent
        rest = arrays(self.weights.contents("rest")["rest"])
        return {name: np.concatenate([self.frequent[name], rest[name]]) for name in ("vectors", "scales")}

    @cached_property
    def ngrams(self) -> Dict[str, np.ndarray]:
        """The n-grams and their vectors, for unknown words."""
        return arrays(self.weights.contents("ngrams")["ngrams"])

    @cached_property
    def ngram_rows(self) -> Dict[str, int]:
        return {gram: row for row, gram in enumerate(self.ngrams["ngrams"].tobytes().decode().split("\n"))}

    @cached_property
    def ngram_lengths(self) -> Tuple[int, int]:
        """Characters of the shortest and of the longest n-gram."""
        lengths = set(map(len, self.ngram_rows))
        return min(lengths), max(lengths)

    @cached_property
    def leading(self) -> np.ndarray:
        """(V / 2, K) float32 for the first pass: the leading columns, and the length
        of all others. Made by the first question that needs it.

        Each entry is a whole number: that of word i, plus ROOM times that of word i + V / 2.
        """
        half = (len(self.vectors) + 1) // 2
        table, second = self.in_steps(slice(half)), self.in_steps(slice(half, None))
        second *= ROOM
        table[: len(second)] += second
        return table

    def in_steps(self, rows: slice) -> np.ndarray:
        """(N, K): the leading columns of some words, and the
        length of all others, as whole numbers of steps.
        """
        table = np.empty((len(self.scales[rows]), LEADING + 1), np.float32)
        columns = np.multiply(
            self.vectors[rows, :LEADING], STEPS * self.scales[rows, None], out=table[:, :LEADING]
        )
        # a whole vector has length 1
        table[:, LEADING] = np.sqrt(np.clip(STEPS**2 - np.einsum("nk,nk->n", columns, columns), 0, None))
        return np.rint(table, out=table)

    def first_pass(self, query: np.ndarray) -> np.ndarray:
        """(D,) -> (V,): a rough cosine of each word as a whole number, from
        its leading columns and an estimate of the others.
        """
        short = np.append(query[:LEADING], AGREEMENT * np.linalg.norm(query[LEADING:]))  # (K,)
        packed = self.leading @ np.rint(STEPS * short).astype(np.float32)  # (V / 2,)
        second = np.rint(packed / ROOM)
        return np.concatenate([packed - ROOM * second, second])[: len(self.vectors)]

    def nearest(self, direction: np.ndarray, count: int, asked: Iterable[Word]) -> List[Tuple[str, float]]:
        """The words with the highest cosine to a vector (D,). The words asked for, in any
        accentuation, and the words of a phrase are left out.

        There are two passes. The first chooses about C candidates among
        all words; the second sorts these by all their columns.
        """
        query = direction.astype(np.float32)
        rough = self.first_pass(query)  # (V,)
        most = min(max(CANDIDATES, 20 * count), len(rough))
        sample = rough[::STRIDE]
        bar = np.partition(sample, -max(1, most // STRIDE))[-max(1, most // STRIDE)]
        rows = np.flatnonzero(rough >= bar)  # (C,)
        if len(rows) < most // 4:  # the sample has missed many near words
            rows = np.argpartition(-rough, most - 1)[:most]
        codes = self.vectors[rows].astype(np.float32)  # (C, D)
        cosines = codes @ query / np.sqrt(np.einsum("cd,cd->c", codes, codes))  # (C,)
        without = {unaccented(part) for word in asked for part in (word.word, *parts_of(word.word))}
        best = np.argpartition(-cosines, min(count + 10 * len(without), len(rows) - 1))[
            : count + 10 * len(without)
        ]
        order = best[np.lexsort((rows[best], -cosines[best]))]
        named = ((self.vocabulary.word(rows[place]), float(cosines[place])) for place in order)
        return [(word, cosine) for word, cosine in named if unaccented(word) not in without][:count]

    def analogy(self, positive: List[Word], negative: List[Word], count: int) -> List[Tuple[str, float]]:
        """3CosAdd (Mikolov et al. 2013): the words nearest to the sum
        of the positive words minus the negative ones.
        """
        vectors = [
            sign * word.vector
            for side, sign in ((positive, 1), (negative, -1))
            for word in side
            if word.vector is not None
        ]
        direction = unit(np.sum(vectors, axis=0))  # (D,)
        return [] if direction is None else self.nearest(direction, count, positive + negative)


def unit(vector: np.ndarray) -> Optional[np.ndarray]:
    """The vector (D,) with length 1; None if its length is 0."""
    length = math.sqrt(vector @ vector)
    return vector / length if length > 1e-6 else None


def cosine(first: Word, second: Word) -> Optional[float]:
    """The cosine, in [-1, 1]; None if one of the two has no vector."""
    if first.vector is None or second.vector is None:
        return None
    return min(max(float(first.vector @ second.vector), -1.0), 1.0)


def closeness(vectors: np.ndarray) -> np.ndarray:
    """(N, D) -> (N,): the mean cosine of each vector to the others."""
    cosines = vectors @ vectors.T  # (N, N)
    return (cosines.sum(axis=1) - cosines.diagonal()) / (len(vectors) - 1)


def flattened(vectors: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, 2): the first two principal components, each with the
    sign that makes the largest weight of its axis positive.
    """
    centred = vectors - vectors.mean(axis=0)  # (N, D)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)  # (min(N, D), D)
    axes = axes[:2]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    points = np.zeros((len(vectors), 2))
    points[:, : len(axes)] = centred @ axes.T
    return points


def arrays(data: bytes) -> Dict[str, np.ndarray]:
    """The arrays of an uncompressed .npz, as views of its bytes. numpy's own reader would
    copy them, and compute checksums of bytes that are already hashed.

    A .npz is a zip of .npy files. Each entry has a header of 30 bytes (the lengths of the
    name and the extra field are at byte 26), the name, the extra field, and the array.
    """
    found, at = {}, 0
    while data[at : at + 4] == b"PK\3\4":
        name_length, extra_length = struct.unpack_from("<HH", data, at + 26)
        start = at + 30 + name_length + extra_length
        # length of the header of a .npy of version 1.0, which is a dict in Python's notation
        (length,) = struct.unpack_from("<H", data, start + 8)
        header = ast.literal_eval(data[start + 10 : start + 10 + length].decode("latin-1"))
        numbers = np.frombuffer(data, header["descr"], int(np.prod(header["shape"])), start + 10 + length)
        found[data[at + 30 : at + 30 + name_length].decode()[: -len(".npy")]] = numbers.reshape(
            header["shape"]
        )
        at = start + 10 + length + numbers.nbytes
    return found


def model() -> Model:
    """The model. The first request loads it, and it is kept until
    another version must serve. A failure is not kept.
    """
    return registry.loaded("words", Model)
