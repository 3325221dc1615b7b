"""The words that training saw: how they are usually written, and what they mean.

Umlauts and accents that somebody left out, and capitals that shout, are set right before a network reads a
sentence. What rare words mean is a hint for its search.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import combinations, islice
from typing import Dict, FrozenSet, Iterable, Iterator, List, Optional, Tuple

# with its hyphens, and a number with its commas: BK-7702, 17:45
WORD = re.compile(r"((?:\w|(?<=\d)[.,:](?=\d))+(?:-\w+)*)")
FIRST = 3  # letters by which words are read together
MOST_BEGINNINGS = 20_000  # that are kept; more than there are in a language
SHORTEST = 4  # letters of a part of a German compound
# what stands for a letter on keyboards without it
PLAIN = {
    "de": {"ae": "ä", "oe": "ö", "ue": "ü", "ss": "ß"},
    "es": {"a": "á", "e": "é", "i": "í", "o": "ó", "u": "ú", "n": "ñ"},
}
STRETCHED = re.compile(r"([^\W\d_])\1\1+")
MOST_LETTERS = 3  # that are set right in one word
MOST_TRIED = 100  # spellings of one word: with one letter or two set right, all of any usual word
LONGEST = 40  # letters of a word that is set right
RARER = 5  # times that a word has to be rarer than with its umlaut to pass for a plain spelling of it


def first_from(lines: bytes, key: bytes) -> int:
    """Where the first of the sorted lines starts that is not before a key; found by halves."""
    low, high = 0, len(lines)
    while low < high:
        start = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
        end = lines.find(b"\n", start) % (len(lines) + 1)
        low, high = (end + 1, high) if lines[start:end] < key else (low, start)
    return low


class Seen:
    """A set of words, of their sorted lines. Only those that begin as a word that is asked for are read: a
    start would wait for all.
    """

    def __init__(self, lines: bytes):
        self.lines = lines
        self.beginning = lru_cache(maxsize=MOST_BEGINNINGS)(self.read)

    def __contains__(self, word: str) -> bool:
        return word in self.beginning(word[:FIRST])

    def read(self, first: str) -> FrozenSet[str]:
        """The words that begin with these letters."""
        behind = b"\n" if len(first) < FIRST else b"\xff"  # a short word alone
        start, end = (first_from(self.lines, first.encode() + one) for one in (b"", behind))
        return frozenset(self.lines[start : end - 1].decode().split("\n") if start < end else ())


class Spelling:
    """The usual forms of the words that training saw, from their sorted lines: bitte, Hund, EU, GmbH."""

    def __init__(self, language: str, seen: bytes):
        self.language, self.plain = language, PLAIN.get(language, {})
        self.seen = Seen(seen)

    def has(self, word: str) -> bool:
        """Whether training saw the word, in whatever letters."""
        return self.usual(word) is not None

    def usual(self, word: str) -> Optional[str]:
        """A word that training saw as it is usually written; None of another."""
        return next((form for form in forms(word) if form in self.seen), None)

    def known(self, word: str) -> bool:
        """Whether training saw it, or the parts of a compound."""
        return self.has(word) or all(map(self.has, word.split("-"))) or self.last_part(word) is not None

    def last_part(self, word: str) -> Optional[str]:
        """The last part of a German compound of two words that training saw, as it is usually written."""
        return next((last for _, last in self.compound(word)), None)

    def compound(self, word: str) -> Iterator[Tuple[str, str]]:
        """The ways to split a word into two that training saw, as they are usually written."""
        for at in range(SHORTEST, len(word) - SHORTEST + 1):
            last = self.usual(word[at:])
            first = last and (self.usual(word[:at]) or (word[at - 1] in "sn" and self.usual(word[: at - 1])))
            if first and last:
                yield first, last

    def read(self, sentence: str) -> Tuple[str, Dict[str, str]]:
        """A sentence in its usual spelling, also GUTEN MORGEN, guten morgen and KEINE Zeit, and each word
        whose letters were set right with what stood there.
        """
        pieces, changed = WORD.split(sentence), {}
        loud, small = sentence.isupper(), sentence.islower()
        # in Spanish a word alone with a capital letter looks like a name
        single = self.language == "es" and len(pieces) == 3 and self.has(pieces[1].lower())
        for place in range(1, len(pieces), 2):
            word = pieces[place]
            if single and (loud or word.istitle()):
                word = self.usual(word) or word
            elif loud or small or shouted(word):
                word = self.in_usual_letters(word, loud)
                if place == 1 and not single:
                    word = word[:1].upper() + word[1:]
            right = self.restored(word)
            if right != word:
                changed[right] = pieces[place]
            pieces[place] = right
        return "".join(pieces), changed

    def in_usual_letters(self, word: str, loud: bool) -> str:
        if word in self.seen and not loud or any(map(str.isdigit, word)):
            return word
        usual = self.usual(word)
        if usual is None and "-" not in word:
            last = self.last_part(word.lower()) or self.usual(self.restored(word.lower()))
            usual = last and (word.capitalize() if last[0].isupper() else word.lower())
        return usual or ("-".join(part.capitalize() for part in word.split("-")) if loud else word)

    def restored(self, word: str) -> str:
        """The word with the umlauts or accents with which alone training saw it: Kaese, heisst, manana."""
        if not self.plain or len(word) > LONGEST or self.known(word.lower()):
            return word
        shorter = (STRETCHED.sub(r"\1" * count, word) for count in (1, 2))
        if STRETCHED.search(word):  # Neeein
            return next(filter(self.has, shorter), word)
        tried = islice(with_letters(word.lower(), self.plain), MOST_TRIED)
        found = next(filter(self.known, tried), word)
        return found[:1].upper() + found[1:] if word[:1].isupper() else found


class Dictionary:
    """What words mean: sorted lines of a word, how much it needs to be told (percent, less of a frequent
    one), and its meanings with their probabilities, `Herd TAB 100 TAB 70 stove`.
    """

    def __init__(self, lines: bytes, spelling: Spelling):
        self.lines, self.spelling = lines, spelling

    def meanings(self, word: str) -> List[Tuple[str, float]]:
        """The meanings of a word, in whatever letters; those of its parts where only they are known."""
        need, found = self.entry(word)
        if found:
            return [(meaning, need * share) for meaning, share in found if need]
        for parts in self.spelling.compound(word.lower()):
            return [meaning for part in parts for meaning in self.line(part)[1]]
        return []

    def translates(self, word: str) -> bool:
        """Whether English has another word for it: for Warnung, and not for a name."""
        found = self.entry(word)[1]
        return bool(found) and word.lower() not in (meaning.lower() for meaning, _ in found)

    def is_name(self, word: str) -> bool:
        """Whether English has it too, with a capital letter: Eva, Dortmund, Johann about as often as John."""
        found = self.line(word)[1]
        if not found or not word[0].isupper():
            return False
        first, likeliest = found[0]
        return first[0].isupper() and dict(found).get(word, 0) >= likeliest / 2

    def entry(self, word: str) -> Tuple[float, List[Tuple[str, float]]]:
        """How much a word needs to be told and its meanings, in the first of its forms that has a line."""
        lines = map(self.line, (word, self.spelling.usual(word) or word, word.lower()))
        return next((line for line in lines if line[1]), (0.0, []))

    def line(self, word: str) -> Tuple[float, List[Tuple[str, float]]]:
        """What the line of exactly this word says."""
        key = word.encode() + b"\t"
        start = first_from(self.lines, key)
        if not self.lines.startswith(key, start):
            return 0.0, []
        _, need, *fields = self.lines[start : self.lines.find(b"\n", start)].decode().split("\t")
        pairs = (field.partition(" ") for field in fields)
        return int(need) / 100, [(meaning, int(percent) / 100) for percent, _, meaning in pairs]


def forms(word: str) -> Iterator[str]:
    """A word in small letters, with a capital one, and in capitals."""
    yield word.lower()
    yield word.capitalize()
    yield word.upper()


def shouted(word: str) -> bool:
    """Whether a word has a capital letter behind another letter: KEINE, HAllo."""
    return "-" not in word and word[1:] != word[1:].lower()


def with_letters(word: str, plain: Dict[str, str]) -> Iterator[str]:
    """The word with each choice of its plain spellings replaced, the fewest first."""
    places = [match.span() for match in re.finditer("|".join(plain), word)] if plain else []
    for count in range(1, min(len(places), MOST_LETTERS) + 1):
        for chosen in combinations(places, count):
            letters = word
            for start, end in reversed(chosen):
                letters = letters[:start] + plain[letters[start:end]] + letters[end:]
            yield letters


def seen_words(sentences: Iterable[str], language: str) -> bytes:
    """What export writes beside the subwords: each word of the training's source side in its most frequent
    form. A first word counts only where a word is never in another place; plain spellings of words that are
    more frequent with their umlauts are left out.
    """
    opening: Counter = Counter()
    inside: Counter = Counter()
    for sentence in sentences:
        words: List[str] = WORD.findall(sentence)
        opening.update(words[:1])
        inside.update(words[1:])
    often: Counter = Counter()
    best: Dict[str, Tuple[bool, int, str]] = {}
    for place, counted in ((False, opening), (True, inside)):
        for word, count in counted.items():
            lower = word.lower()
            often[lower] += count
            form = word if word in forms(word) else lower
            best[lower] = max(best.get(lower, (False, 0, "")), (place, count, form))
    plain = PLAIN.get(language, {})
    kept = {
        form
        for lower, (_, _, form) in best.items()
        if not any(often[letters] > RARER * often[lower] for letters in with_letters(lower, plain))
    }
    mixed = {word for word, count in inside.items() if word not in forms(word) and count > 1}
    return "\n".join(sorted(kept | mixed)).encode()
