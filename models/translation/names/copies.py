"""Repairs names and numbers that the network copied badly. Its attention shows which source word was meant
(after Luong et al. 2015, arXiv:1410.8206, who replace unknown words in this way). Words that were translated
stay, because German writes every noun with a capital letter.
"""

import re
from difflib import SequenceMatcher
from typing import Callable, Iterable, List, NamedTuple, Optional, Tuple

import numpy as np

from models.translation.tokenizer import END, Tokenizer

# S source tokens, T target tokens

LIKE = 0.5  # similarity above which a word counts as a bad copy of another
LOOKED_AT = 0.15  # the least share of an output word's attention on its original
TWICE = {"had", "that"}  # may stand twice in a row, as may words of fewer than three letters
JOINTS = re.compile(r"[/–,.'’:&+-]+")  # signs inside a word
# 90er, 18-jährig and 3-Zimmer-Wohnung, which are words with a number in them and no names
COUNTED = re.compile(r"\d[\d.,]*(?:er(?:-[^\W\d]{3,})?|(?:-[^\W\d]{3,})+)")
BYTE = "<0x"  # how the tokens of a character that training never saw begin
CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)  # a word without the signs around it


class Word(NamedTuple):
    """A word of a sentence. Words are separated by spaces."""

    text: str
    core: str
    first: int  # the first of its tokens
    last: int  # the token after its last one
    subwords: int  # number of tokens of the core


def words(tokenizer: Tokenizer, ids: List[int]) -> List[Word]:
    """The words of the ids; END is in none of them."""
    tokens = tokenizer.tokens([i for i in ids if i != END])
    starts = [i for i, token in enumerate(tokens) if i == 0 or token.startswith(" ")]
    found = []
    for first, last in zip(starts, starts[1:] + [len(tokens)]):
        text = "".join(tokens[first:last])
        text = tokenizer.text(ids[first:last]) if BYTE in text else text[text.startswith(" ") :]
        core = CORE.search(text)
        subwords = sum(any(map(str.isalnum, token)) for token in tokens[first:last])
        found.append(Word(text, core.group() if core else "", first, last, subwords))
    return found


def restored(
    tokenizer: Tokenizer,
    originals: List[Word],
    target: List[int],
    attention: np.ndarray,
    translates: Callable[[str], bool],
) -> Tuple[List[int], np.ndarray]:
    """Target ids (T,) and attention (T, S) with each badly copied word of the source replaced by its
    original.
    """
    copies = words(tokenizer, target)
    said = {strip for word in copies for strip in (word.core, re.sub("['’]?s$", "", word.core))}
    said_parts = {part for word in said for part in JOINTS.split(word)}
    for original in originals:
        if original.core in said or not copyable(original, originals[0] is original, translates):
            continue
        if set(JOINTS.split(original.core)) <= said_parts and not original.core.isalnum():
            continue
        garbled = best_copy(original, originals, copies, attention)
        if garbled is not None:
            target, attention = replaced(tokenizer, target, attention, garbled, original.core)
            copies = words(tokenizer, target)
    return target, attention


def said_once(
    tokenizer: Tokenizer, originals: List[Word], target: List[int], attention: np.ndarray
) -> Tuple[List[int], np.ndarray]:
    """Target ids (T,) and attention (T, S) without the words that a search which runs in circles says again
    and again: the period period of notice. Where the source has a word twice in a row, all stay.
    """
    if any(one.core.lower() == other.core.lower() for one, other in pairs(originals)):
        return target, attention
    said = words(tokenizer, target)
    kept = np.ones(len(target), bool)
    for one, other in pairs(said):
        again = one.text == one.core == other.core and one.core.isalpha()
        if again and len(one.core) > 2 and one.core not in TWICE:
            kept[one.first : one.last] = False
    return [i for i, stays in zip(target, kept) if stays], attention[kept]


def pairs(said: List[Word]) -> Iterable[Tuple[Word, Word]]:
    """Each word with the next."""
    return zip(said, said[1:])


def copyable(word: Word, opens: bool, translates: Callable[[str], bool]) -> bool:
    """Whether a word may be an unseen name or number: it has digits, or a capital letter and more than one
    subword.
    """
    if any(letter.isdigit() for letter in word.core):
        return len(word.core) > 1 and not COUNTED.fullmatch(word.core)
    named = word.core[:1].isupper() and word.subwords > 1 and not (opens and len(word.core) < 4)
    return named and not any(map(translates, {word.core, *JOINTS.split(word.core)}))


def best_copy(
    original: Word, originals: List[Word], said: Iterable[Word], attention: np.ndarray
) -> Optional[Word]:
    """The word of the translation that is a bad copy of the original, or None.

    It looks at the original, resembles it, has more than one subword, and is no word of the source.
    """
    there = {word.core for word in originals}
    alike = [
        (likeness(original.core, word.core), word)
        for word in said
        if word.core not in there
        and word.subwords > 1
        and attention[word.first : word.last, original.first : original.last].sum(axis=1).mean() >= LOOKED_AT
    ]
    likest, word = max(alike, key=lambda pair: pair[0], default=(0.0, None))
    return word if likest >= LIKE else None


def likeness(original: str, copy: str) -> float:
    """How likely it is that `copy` is a bad copy of `original`, from 0 to 1. 0 if it is the same number in
    another form, or no name.
    """
    if any(letter.isdigit() for letter in original):
        ours, theirs = re.sub(r"\D", "", original), re.sub(r"\D", "", copy)
        if not theirs or (ours == theirs and not original.isdigit()):  # 3,5 becomes 3.5 in English
            return 0.0
        return (
            SequenceMatcher(None, ours, theirs, autojunk=False).ratio()
            if len(ours) > 2 or ours == theirs
            else 0.0
        )
    return SequenceMatcher(None, original, copy, autojunk=False).ratio() if copy[:1].isupper() else 0.0


def replaced(
    tokenizer: Tokenizer, target: List[int], attention: np.ndarray, word: Word, core: str
) -> Tuple[List[int], np.ndarray]:
    """Put `core` into the place of a word. Its tokens get the word's mean attention."""
    mended = re.sub(r"(?:(?<=\w)['’]s)?$", "", word.text)  # keep the 's of Kelvio's
    ending = word.text[len(mended) :]
    ids = tokenizer.ids([CORE.sub(lambda _: core, mended, count=1) + ending])[0][:-1]
    rows = np.repeat(attention[word.first : word.last].mean(axis=0, keepdims=True), len(ids), axis=0)
    return target[: word.first] + ids + target[word.last :], np.concatenate(
        [attention[: word.first], rows, attention[word.last :]]
    )
