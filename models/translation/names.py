"""Names and numbers that the network tried to copy and garbled, set right where its attention points (after Luong et al. 2015,
arXiv:1410.8206, who so replaced unknown words). What it translated is left alone: German writes every noun with a capital letter.
"""

import re
from difflib import SequenceMatcher
from typing import Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from models.translation.tokenizer import END, Tokenizer

# S source tokens, T target tokens

LIKE = 0.5  # similarity from which a word passes for a garbled copy of another
LOOKED_AT = 0.15  # share of an output word's attention that its original has at least
CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)  # of a word: without signs around it


class Word(NamedTuple):
    """A word of a sentence, by its blanks."""

    text: str
    core: str
    first: int  # of its tokens
    last: int  # the one behind them
    subwords: int  # tokens of the core


def words(tokenizer: Tokenizer, ids: List[int]) -> List[Word]:
    """The words of some ids; END is in none."""
    tokens = tokenizer.tokens([i for i in ids if i != END])
    starts = [i for i, token in enumerate(tokens) if i == 0 or token.startswith(" ")]
    found = []
    for first, last in zip(starts, starts[1:] + [len(tokens)]):
        text = tokenizer.text(ids[first:last])
        core = CORE.search(text)
        subwords = sum(any(map(str.isalnum, token)) for token in tokens[first:last])
        found.append(Word(text, core.group() if core else "", first, last, subwords))
    return found


def restored(tokenizer: Tokenizer, source: List[int], target: List[int], attention: np.ndarray) -> Tuple[List[int], np.ndarray]:
    """Target ids (T,) and attention (T, S), with each garbled word replaced by its original; the same where there is none."""
    originals = words(tokenizer, source)
    said = {strip for word in words(tokenizer, target) for strip in (word.core, re.sub("['’]?s$", "", word.core))}
    for original in originals:
        if original.core in said or not copyable(original, originals[0] is original):
            continue
        garbled = best_copy(original, originals, words(tokenizer, target), attention)
        if garbled is not None:
            target, attention = replaced(tokenizer, target, attention, garbled, original.core)
    return target, attention


def copyable(word: Word, opens: bool) -> bool:
    """Whether a word may be a name or number that nobody has seen: digits, or a capital letter and more than one subword."""
    if any(letter.isdigit() for letter in word.core):
        return len(word.core) > 1
    return word.core[:1].isupper() and word.subwords > 1 and not (opens and len(word.core) < 4)


def best_copy(original: Word, originals: List[Word], said: Iterable[Word], attention: np.ndarray) -> Optional[Word]:
    """The word of the translation that looks at the original, resembles it and is in no other place of the source; no word that is one subword."""
    there = {word.core for word in originals}
    alike = [
        (likeness(original.core, word.core), word)
        for word in said
        if word.core not in there and word.subwords > 1 and attention[word.first : word.last, original.first : original.last].sum(axis=1).mean() >= LOOKED_AT
    ]
    likest, word = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    return word if likest >= LIKE else None


def likeness(original: str, copy: str) -> float:
    """From 0 to 1, where a word could be a garbled copy; 0 where it is another form of the same, or no name."""
    if any(letter.isdigit() for letter in original):
        ours, theirs = re.sub(r"\D", "", original), re.sub(r"\D", "", copy)
        if not theirs or (ours == theirs and not original.isdigit()):  # 3,5 is 3.5 in English
            return 0.0
        return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() if len(ours) > 2 or ours == theirs else 0.0
    return SequenceMatcher(None, original, copy, autojunk=False).ratio() if copy[:1].isupper() else 0.0


def replaced(tokenizer: Tokenizer, target: List[int], attention: np.ndarray, word: Word, core: str) -> Tuple[List[int], np.ndarray]:
    """Another core in a word: its tokens all look where those of the word looked on average."""
    mended = re.sub(r"(?:(?<=\w)['’]s)?$", "", word.text)  # keep: Kelvio's
    ending = word.text[len(mended) :]
    ids = tokenizer.ids([CORE.sub(lambda _: core, mended, count=1) + ending])[0][:-1]
    rows = np.repeat(attention[word.first : word.last].mean(axis=0, keepdims=True), len(ids), axis=0)
    return target[: word.first] + ids + target[word.last :], np.concatenate([attention[: word.first], rows, attention[word.last :]])
