"""Words and their rows: looking up a word as a caller writes it, its character n-grams, and the near spellings of one that is unknown."""

import re
import unicodedata
from functools import cached_property
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np

from models.words.tokenizer import normal, unaccented

# V vocabulary, L letters of the longest word that has near spellings, and one, N words of about the same length

LONGEST_CORRECTED = 24  # letters; a longer word is hardly one keystroke away from another
MOST_SCANS = 16  # of the text, half a millisecond each, before the index of all words pays, which takes 12


class Vocabulary:
    """The words of the model, most frequent first; a word's row is its place there."""

    def __init__(self, words: bytes):
        self.text = b"\n" + words + b"\n"
        self.breaks = np.flatnonzero(np.frombuffer(self.text, np.uint8) == ord("\n"))  # (V + 1,) where each word begins, less one
        self.scans = 0

    def __len__(self) -> int:
        return len(self.breaks) - 1

    def word(self, row: int) -> str:
        return self.text[self.breaks[row] + 1 : self.breaks[row + 1]].decode()

    def row(self, word: str) -> Optional[int]:
        """The row of a word that stands here exactly so. The first few questions are answered without an index, so that a start is short."""
        if self.scans >= MOST_SCANS:
            return self.index.get(word)
        self.scans += 1
        place = -1 if "\n" in word or not word else self.text.find(b"\n" + word.encode("utf-8", "surrogatepass") + b"\n")
        return None if place < 0 else int(np.searchsorted(self.breaks, place))

    def find(self, asked: str) -> Optional[int]:
        """The row of the word that a caller means, forgiving what `spellings` lists."""
        forms: Dict[str, None] = {}  # those looked for so far; most words are found under the first
        for form in spellings(asked):
            found = None if form in forms else self.row(form)
            if found is not None:
                return found
            forms[form] = None
        return next((self.accented[form] for form in forms if form in self.accented), None)

    @cached_property
    def words(self) -> List[str]:
        return self.text[1:-1].decode().split("\n")

    @cached_property
    def index(self) -> Dict[str, int]:
        return dict(zip(self.words, range(len(self))))

    @cached_property
    def accented(self) -> Dict[str, int]:
        """Rows of the words with accents, by what is left without them; of several the most frequent."""
        places = np.flatnonzero(np.frombuffer(self.text, np.uint8) > 127)
        rows = np.unique(np.searchsorted(self.breaks, places)) - 1
        return {unaccented(self.word(row)): int(row) for row in rows[::-1]}

    @cached_property
    def by_length(self) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The words from the shortest to the longest: rows (V,), lengths (V,), and letters (L, V) as UTF-16 with zeros after the end."""
        table = np.array(self.words, dtype="U%d" % (LONGEST_CORRECTED + 1))  # (V,), cuts what is longer
        letters = table.view(np.uint32).reshape(len(self), -1).astype(np.uint16)  # (V, L); two words that this makes equal are rare signs
        lengths = np.count_nonzero(letters, axis=1)  # (V,)
        rows = np.argsort(lengths, kind="stable")
        return rows, lengths[rows], np.ascontiguousarray(letters[rows].T)

    def near(self, word: str, most: int) -> List[str]:
        """The words at a Damerau-Levenshtein distance of 1, or 2 from five letters on; the nearest, then the most frequent first.

        Of a phrase, the compounds that it may be: ice-cream, icecream.
        """
        if not 2 <= len(word) <= LONGEST_CORRECTED - 2:
            return []
        parts = parts_of(word)
        if len(parts) > 1:
            return [joined for joined in ("-".join(parts), "".join(parts)) if self.row(joined) is not None]
        furthest = 1 if len(word) < 5 else 2
        rows, lengths, letters = self.by_length
        alike = slice(*np.searchsorted(lengths, [len(word) - furthest, len(word) + furthest + 1]))
        distances = distances_to(word, letters[:, alike], lengths[alike], furthest)  # (N,)
        nearest = np.lexsort((rows[alike], distances))[:most]
        return [self.word(rows[alike][place]) for place in nearest if distances[place] <= furthest]


def distances_to(word: str, letters: np.ndarray, lengths: np.ndarray, furthest: int) -> np.ndarray:
    """Optimal string alignment (Damerau-Levenshtein, no letter edited twice) to all words (L, N) at once, exact up to `furthest`."""
    height = len(word) + furthest  # of the table; its cells further than that from the diagonal stay out of reach
    beyond = np.full((height + 1, len(lengths)), furthest + 1, np.uint8)  # (L', N)
    before, last = beyond, beyond.copy()
    last[: furthest + 1] = np.arange(furthest + 1, dtype=np.uint8)[:, None]
    for i, letter in enumerate(map(ord, word), 1):
        now = beyond.copy()
        now[0] = min(i, furthest + 1)
        for j in range(max(1, i - furthest), min(height, i + furthest, len(letters)) + 1):
            cost = last[j - 1] + (letters[j - 1] != letter)  # (N,) uint8
            np.minimum(cost, np.minimum(last[j], now[j - 1]) + np.uint8(1), out=now[j])
            if i > 1 and j > 1:
                swapped = (letters[j - 1] == ord(word[i - 2])) & (letters[j - 2] == letter)  # (N,)
                np.minimum(now[j], before[j - 2] + np.where(swapped, 1, furthest + 1).astype(np.uint8), out=now[j])
        before, last = last, now
    return last[np.minimum(lengths, height), np.arange(len(lengths))]


def spellings(asked: str) -> Iterator[str]:
    """The forms under which a word is looked for, the nearest to what was sent first: case, accents, invisible and full-width signs, and signs
    around it are forgiven. A phrase is no spelling of a compound: new-york is rare, and says less than new and york do."""
    word = shown(asked)
    yield word  # which most are; the others take longer to make, and begin with the same
    plain = word if word.isascii() else unicodedata.normalize("NFKC", word)
    for form in (word, plain, bare(plain)):
        yield form
        yield form if form.isascii() else unaccented(form)


def bare(text: str) -> str:
    """Without the signs around it: from the first to the last letter, digit or mark."""
    places = [place for place, sign in enumerate(text) if sign.isalnum() or unicodedata.category(sign)[0] == "M"]
    return text[places[0] : places[-1] + 1] if places else ""


def shown(asked: str) -> str:
    """The normal form without signs that are not seen: zero-width blanks, joiners, direction marks."""
    return normal(asked if asked.isascii() else "".join(sign for sign in asked if unicodedata.category(sign) != "Cf"))


def parts_of(phrase: str) -> List[str]:
    """The words of a phrase: new york, new_york -> new, york."""
    return re.findall(r"[^\s_]+", phrase)


def ngrams(word: str, shortest: int, longest: int) -> List[str]:
    """The character n-grams of <word>, repeated ones too (Bojanowski et al. 2017)."""
    marked = "<" + word + ">"
    return [marked[start : start + n] for n in range(shortest, longest + 1) for start in range(len(marked) - n + 1)]
