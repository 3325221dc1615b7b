"""Names that nobody has seen, behind names that the network copies every time: for sentences in which it lost one (placeholders, as in
Luong et al. 2015, arXiv:1410.8206, with words that need no training). Which capitalised words training saw is in a file of the record.
"""

import re
from typing import Dict, FrozenSet, Iterable, List, Optional, Tuple

import numpy as np

from models.translation.names import Word, replaced, words
from models.translation.tokenizer import Tokenizer

# S source tokens, T target tokens

PERSONS, PLACES = ("Tom", "Mary", "John", "Jackson"), ("Boston", "Chicago", "London", "Tokyo")  # the same in every language here
BEFORE_PLACES = {"in", "nach", "aus", "en", "hacia", "desde"}
WORD = re.compile(r"(\w+(?:-\w+)*)")
LETTERS = 3.0  # of a subword, on average, up to which a word is put together from crumbs, as names are and compounds are not


class StandIns:
    """Tells names apart that training never saw, hides them behind stand-ins, and puts them back."""

    def __init__(self, tokenizer: Tokenizer, seen: bytes):
        self.tokenizer = tokenizer
        self.seen: FrozenSet[str] = frozenset(seen.decode().split("\n"))

    def unseen(self, word: str) -> bool:
        return word not in self.seen and crumbled(self.tokenizer, word)

    def lost(self, sentence: str, translation: str) -> bool:
        """Whether a name that training never saw is in the sentence and not in its translation."""
        return any(self.unseen(word) and word not in translation for word in WORD.findall(sentence))

    def hidden(self, sentence: str) -> Tuple[str, Dict[str, str]]:
        """The sentence with stand-ins, and the name or names in a row behind each; no more names than there are stand-ins."""
        pieces, behind = WORD.split(sentence), {}  # words are at odd places
        for place in range(1, len(pieces), 2):
            before = pieces[place - 2] if place > 1 else ""
            if before in behind and pieces[place - 1] == " " and pieces[place][0].isupper():  # the rest of a name, seen or not
                behind[before] += " " + pieces[place]
                pieces[place - 2 : place + 1] = ["", "", before]
                continue
            if not self.unseen(pieces[place]):
                continue
            names = PLACES if before.lower() in BEFORE_PLACES else PERSONS
            stand_in = next((name for name in names if name not in behind and name not in sentence), None)
            if stand_in:
                behind[stand_in], pieces[place] = pieces[place], stand_in
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


def one_with(name: str, there: Iterable[Word]) -> Optional[Word]:
    """The word that is this name, or its genitive, where exactly one is."""
    found = [word for word in there if re.sub("['’]?s$", "", word.core) == name]
    return found[0] if len(found) == 1 else None


def crumbled(tokenizer: Tokenizer, word: str) -> bool:
    """Whether a word with a capital letter is put together from short subwords."""
    return word[:1].isupper() and 1 < len(word) / LETTERS <= len(tokenizer.ids([word])[0]) - 1


def seen_words(tokenizer: Tokenizer, sentences: Iterable[str]) -> bytes:
    """What export writes beside the subwords: the words of the training's source side that would pass for names."""
    capitalised = {word for sentence in sentences for word in WORD.findall(sentence) if word[0].isupper()}
    return "\n".join(sorted(word for word in capitalised if crumbled(tokenizer, word))).encode()
