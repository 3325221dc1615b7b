"""Names and numbers that nobody has seen, behind ones that the network copies every time: for sentences in which it lost one (placeholders,
as in Luong et al. 2015, arXiv:1410.8206, with words that need no training). Which capitalised words training saw is in a file of the record.
"""

import re
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple

import numpy as np

from models.translation.names import Word, replaced, words
from models.translation.tokenizer import Tokenizer

# S source tokens, T target tokens

PERSONS, PLACES = ("Tom", "Mary", "John", "Jackson"), ("Boston", "Chicago", "London", "Tokyo")  # the same in every language here
NUMBERS = ("7", "4", "9", "6", "8", "5")  # one subword each
BEFORE_PLACES = {"in", "nach", "aus", "en", "hacia", "desde"}
WORD = re.compile(r"((?:\w|(?<=\d)[.,:](?=\d))+(?:-\w+)*)")  # with its hyphens, and a number with its commas: BK-7702, 17:45
LETTERS = 3.0  # of a subword, on average, up to which a word is put together from crumbs, as names are and compounds are not


class StandIns:
    """Tells names apart that training never saw, hides them behind stand-ins, and puts them back."""

    def __init__(self, tokenizer: Tokenizer, seen: bytes):
        self.tokenizer = tokenizer
        self.seen: FrozenSet[str] = frozenset(seen.decode().split("\n"))

    def unseen(self, word: str) -> bool:
        """Whether it is a name that training never saw, or a sign with digits or capital letters alone that no lexicon has: KV-RT, X2."""
        if any(map(str.isdigit, word)):
            return len(word) > 1
        return word not in self.seen and (crumbled(self.tokenizer, word) or (word.isupper() and len(word) > 1))

    def lost(self, sentence: str, translation: str) -> int:
        """How many names and numbers are in the sentence and not in its translation; 3,5 may be 3.5 there."""
        there = {form for word in WORD.findall(translation) for form in (word, alone(word))}
        return sum(self.unseen(word) and not {word, alone(word)} & there for word in WORD.findall(sentence))

    def hidden(self, sentence: str, numbers: bool) -> Tuple[str, Dict[str, str]]:
        """The sentence with stand-ins for its names, and for its numbers if asked, and what is behind each, names in a row behind one."""
        pieces, behind = WORD.split(sentence), {}  # words are at odd places
        for place in range(1, len(pieces), 2):
            word, before = pieces[place], pieces[place - 2] if place > 1 else ""
            if before in behind and pieces[place - 1] == " " and (word[0].isdigit() or word[0].isupper() and before not in NUMBERS):
                behind[before] += " " + word  # the rest of a name or number, seen or not
                pieces[place - 2 : place + 1] = ["", "", before]
                continue
            if not self.unseen(word) or word[0].isdigit() and not numbers:
                continue
            names = NUMBERS if word[0].isdigit() else PLACES if before.lower() in BEFORE_PLACES else PERSONS
            stand_in = next((name for name in names if name not in behind and name not in sentence), None)
            if stand_in:
                behind[stand_in], pieces[place] = word, stand_in
        return "".join(pieces), behind

    def put_back(self, behind: Dict[str, str], source: List[int], target: List[int], attention: np.ndarray) -> Optional[Tuple[List[int], np.ndarray]]:
        """Target ids (T,) and attention (T, S) with the names again, on both sides; None where a stand-in is not there once."""
        for stand_in, name in behind.items():
            said, heard = (one_with(stand_in, words(self.tokenizer, ids)) for ids in (target, source))
            if said is None or heard is None:
                return None
            target, attention = replaced(self.tokenizer, target, attention, said, name)
            width = heard.last - heard.first
            source, columns = replaced(self.tokenizer, source, attention.T, heard, name)
            longer = len(columns) - attention.shape[1] + width
            columns[heard.first : heard.first + longer] *= width / longer  # what the stand-in was looked at, its name's tokens share
            attention = columns.T
        return target, attention


def alone(word: str) -> str:
    """Without what English puts behind a name or number, its s or its th, and without a number's points and commas."""
    return re.sub(r"[.,]|(st|nd|rd|th)$", "", word) if word[:1].isdigit() else re.sub("['’]?s$", "", word)


def one_with(name: str, there: Iterable[Word]) -> Optional[Word]:
    """The word that is this name or number, with what English puts behind it, where exactly one is."""
    found = [word for word in there if name in (word.core, alone(word.core))]
    return found[0] if len(found) == 1 else None


def crumbled(tokenizer: Tokenizer, word: str) -> bool:
    """Whether a word with a capital letter is put together from short subwords."""
    return word[:1].isupper() and 1 < len(word) / LETTERS <= len(tokenizer.ids([word])[0]) - 1


def seen_words(tokenizer: Tokenizer, sentences: Iterable[str]) -> bytes:
    """What export writes beside the subwords: the words of the training's source side that would pass for names."""
    capitalised = {word for sentence in sentences for word in WORD.findall(sentence) if word[0].isupper()}
    return "\n".join(sorted(word for word in capitalised if crumbled(tokenizer, word))).encode()
