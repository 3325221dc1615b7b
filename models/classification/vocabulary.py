"""The words of a text, for training and serving. They are the tokens of the words model; compounds are split
into their parts (well-acted: well, acted).
"""

import re
from typing import Dict, List, NamedTuple

from models.words.tokenizer import normal, tokens

# negations as people type them; cant and wont are words too, but seldom meant
BARE = set(
    "arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt shouldnt wasnt werent wont wouldnt".split()
)
UNKNOWN = 1  # the id of a word that the vocabulary does not have; 0 is padding


class Word(NamedTuple):
    """A word as it stands in the text, and the forms in which it is looked up."""

    text: str
    forms: List[str]


def words_of(text: str) -> List[Word]:
    """The words and signs of a text, in order."""
    return [Word(token, forms(normal(token))) for token in tokens(text)]


def forms(token: str) -> List[str]:
    """A token, the parts of a compound, or those of a negation without its apostrophe (dont: do, n't)."""
    if token in BARE:
        return [token[:-2], "n't"]
    parts = [part for part in re.split("[-‐]", token) if part]
    return parts if len(parts) > 1 and any(map(str.isalpha, parts)) else [token]


class Vocabulary:
    """The known words. The first one has the id 2."""

    def __init__(self, words: List[str]) -> None:
        self.ids: Dict[str, int] = {word: place for place, word in enumerate(words, 2)}

    def look_up(self, words: List[Word]) -> List[int]:
        """The ids of all forms of the words; [UNKNOWN] if there are no words."""
        return [self.ids.get(form, UNKNOWN) for word in words for form in word.forms] or [UNKNOWN]
