"""Words and their rows: look up a word as a caller writes it, its
character n-grams, and the near spellings of an unknown word.
"""

import re
import unicodedata
from functools import cached_property
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np

from models.words.tokenizer import normal, tokens, unaccented

# V vocabulary, L letters of the longest word that has near
# spellings, and one, N words of about the same length

APOSTROPHES = str.maketrans("\u2018\u201b\u02bc\u2032\u00b4`\uff07", "'" * 7)  # as keyboards have them
LONGEST_CORRECTED = 24  # letters; a longer word is rarely one keystroke away from another
MOST_SCANS = 16  # scans of the text (0.5 ms each) before the index of all words (12 ms) is worth building


class Vocabulary:
    """The words of the model, most frequent first. The row of a word is its place in this order."""

    def __init__(self, words: bytes):
        self.text = b"\n" + words + b"\n"
        # (V + 1,) where each word begins, less one
        self.breaks = np.flatnonzero(np.frombuffer(self.text, np.uint8) == ord("\n"))
        self.scans = 0

    def __len__(self) -> int:
        return len(self.breaks) - 1

    def word(self, row: int) -> str:
        return self.text[self.breaks[row] + 1 : self.breaks[row + 1]].decode()

    def row(self, word: str) -> Optional[int]:
        """The row of exactly this word, or None. The first few questions
        are answered without an index, so that a start is short.
        """
        if self.scans >= MOST_SCANS:
            return self.index.get(word)
        self.scans += 1
        place = (
            -1
            if "\n" in word or not word
            else self.text.find(b"\n" + word.encode("utf-8", "surrogatepass") + b"\n")
        )
        return None if place < 0 else int(np.searchsorted(self.breaks, place))

    def find(self, asked: str) -> Optional[int]:
        """The row of the word that a caller means, in any form that `spellings` gives; or None."""
        forms: Dict[str, None] = {}  # forms tried so far; most words are found with the first
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
        """{word without its accents: row} of the words that have accents; of several, the most frequent."""
        places = np.flatnonzero(np.frombuffer(self.text, np.uint8) > 127)
        rows = np.unique(np.searchsorted(self.breaks, places)) - 1
        return {unaccented(self.word(row)): int(row) for row in rows[::-1]}

    @cached_property
    def by_length(self) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The words from the shortest to the longest: rows (V,), lengths
        (V,), and letters (L, V) as UTF-16 with zeros after the end.
        """
        table = np.array(self.words, dtype="U%d" % (LONGEST_CORRECTED + 1))  # (V,), longer words are cut
        # (V, L); only words of rare characters can become equal by this
        letters = table.view(np.uint32).reshape(len(self), -1).astype(np.uint16)
        lengths = np.count_nonzero(letters, axis=1)  # (V,)
        rows = np.argsort(lengths, kind="stable")
        return rows, lengths[rows], np.ascontiguousarray(letters[rows].T)

    def near(self, word: str, most: int) -> List[str]:
        """The words at a Damerau-Levenshtein distance of 1 (2 for words of five letters
        and more), the nearest first, then the most frequent.

        For a phrase, the compounds that it may mean: ice-cream, icecream.
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
    """The distance of a word to all words (L, N) at once, by optimal string alignment
    (Damerau-Levenshtein, no letter edited twice); exact up to `furthest`.
    """
    # of the table; cells further than `furthest` from the diagonal are never reached
    height = len(word) + furthest
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
                np.minimum(
                    now[j], before[j - 2] + np.where(swapped, 1, furthest + 1).astype(np.uint8), out=now[j]
                )
        before, last = last, now
    return last[np.minimum(lengths, height), np.arange(len(lengths))]


def spellings(asked: str) -> Iterator[str]:
    """The forms under which a word is looked up, the one closest to what was sent first. Differences of case,
    accents, invisible and full-width characters, and characters around the word are ignored. A phrase is not
    a spelling of a compound: new-york is rare, and says less than new and york.
    """
    word = shown(asked)
    yield word  # most words are found with this form; the others take longer to make, and start with it again
    plain = word if word.isascii() else unicodedata.normalize("NFKC", word)
    for form in (word, plain, bare(plain)):
        yield form
        yield form if form.isascii() else unaccented(form)
    yield bare(plain).replace(".", "")  # u.s.a.


def bare(text: str) -> str:
    """The text without the characters around it: from the first to the last letter, digit or mark."""
    places = [
        place for place, sign in enumerate(text) if sign.isalnum() or unicodedata.category(sign)[0] == "M"
    ]
    return text[places[0] : places[-1] + 1] if places else ""


def shown(asked: str) -> str:
    """The normal form without invisible characters: zero-width spaces, joiners, direction marks."""
    return normal(
        asked if asked.isascii() else "".join(sign for sign in asked if unicodedata.category(sign) != "Cf")
    )


def parts_of(phrase: str) -> List[str]:
    """The words of a phrase: new york, new_york -> new, york; and
    the tokens of a contraction: won't -> wo, n't.
    """
    parts = []
    for word in re.findall(r"[^\s_]+", phrase):
        pieces = tokens(bare(word)) if "'" in word[1:-1] else [word]
        parts += pieces if len(pieces) < 2 else [part for piece in pieces for part in parts_of(piece)]
    return parts


def ngrams(word: str, shortest: int, longest: int) -> List[str]:
    """The character n-grams of <word>, repeated ones too (Bojanowski et al. 2017)."""
    marked = "<" + word + ">"
    return [
        marked[start : start + n]
        for n in range(shortest, longest + 1)
        for start in range(len(marked) - n + 1)
    ]
