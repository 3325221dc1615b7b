"""Selects the words that ship: those that another source knows too, because one collection of texts has
noise.

GloVe 6B was also trained on newswire. Its marks (worldsources, writethru), prices (euro359) and
pronunciations (prohertrib) are not words.
"""

import bisect
import re

from models.words.tokenizer import normal

# letters with signs between them; u.s.; 's
SHAPE = re.compile(r"[^\W\d_]+(?:[-'&][^\W\d_]+)*\.?|(?:[^\W\d_]\.)+|'[a-z]{1,2}")
# mp3, f-16, mid-1990s, 3d
NUMBERED = re.compile(r"(?!euro|rm|update|par|top|adv|ny)[a-z]{1,4}-?\d{1,3}s?|mid-\d\S+|\d[a-z]")
ENGLISH = re.compile(r"[a-z]|'[a-z]{1,2}|n't|o'[a-z]+")
# up to this rank, a word must occur this often in the corpus
SEEN = ((20000, 1), (60000, 2), (120000, 3), (400000, 4))
# the last ranks of single signs, of words with digits, of compounds
SIGNS, NUMBERS, HYPHENS = 40000, 40000, 120000
LONGEST = 24  # letters
OWN = 20  # a word that only the corpus has must occur this often


def kept(rank, word, counts, lemmas):
    """Whether a word of the imported vectors ships. It depends on its rank there, {word: count in the
    corpus}, and the words of a dictionary.
    """
    times = counts.get(word, 0)
    if not word or len(word) > LONGEST or word != normal(word):
        return False
    if not SHAPE.fullmatch(word):
        return rank < SIGNS and len(word) == 1 or rank < NUMBERS and bool(NUMBERED.fullmatch(word))
    if word in lemmas or len(word) == 1:
        return True
    if "-" in word:
        return rank < HYPHENS and all(counts.get(part, 0) >= OWN for part in word.split("-"))
    if not word.isalpha():
        return rank < NUMBERS
    return times >= next((least for last, least in SEEN if rank < last), OWN)


def lacking(words, counts):
    """Words of the corpus that the import lacks, most frequent first: single letters, n't and similar, names
    such as o'brien.

    Most other words that it lacks are halves of words that lost an accented letter, or French words with
    their articles.
    """
    there = set(words)
    found = [
        word
        for word, times in counts.items()
        if times >= OWN and word not in there and ENGLISH.fullmatch(word)
    ]
    return sorted(found, key=lambda word: (-counts[word], word))


def merged(words, more, counts):
    """One list, most frequent first. `words` keep their order, and each word of `more` is placed by its
    frequency in the corpus.
    """
    known = sorted((-counts[word], place) for place, word in enumerate(words) if counts.get(word, 0) >= OWN)
    times = [less for less, _ in known]
    ranks = {word: place for place, word in enumerate(words)}
    for word in more:
        at = bisect.bisect(times, -counts[word])  # the number of words that are at least as frequent
        ranks[word] = known[at][1] - 0.5 if at < len(known) else len(words)
    return sorted(ranks, key=ranks.get)
