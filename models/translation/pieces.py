"""A text in pieces: sentences as a network reads them, with
masks and in usual letters, and what stands between them.
"""

import re
import unicodedata
from typing import Dict, List, NamedTuple, Tuple

from models.translation.model import MOST_SUBWORDS, Model
from models.translation.sentences import parts
from models.translation.verbatim import BREAK, EDGE, INNER, MASKS, Kept, apart, marked, unmasked
from models.translation.verbatim.abbreviations import written_out

WHOLE = re.compile(r".*[.!?…]\s*|[^.!?]{1,40}: .*", re.DOTALL)  # a sentence, or what has a label before it
MARK = re.compile("[%s%s%s]" % (INNER, EDGE, BREAK))
# soft hyphens and blanks without a width, which hide a word from the model
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
ENGLISH_QUOTES = {"„": "“", "“": "”", "‚": "‘", "‘": "’"}  # where a text has German ones


class Piece(NamedTuple):
    """A sentence, or what stands before, between or after sentences."""

    text: str  # as the network reads it
    spoken: bool  # whether it is to be translated
    kept: List[Kept]  # what its masks stand for
    capitals: bool  # whether it was written in capitals alone
    capital: bool = False  # whether it is WHOLE, and began with a capital letter
    spelt: Dict[str, str] = {}  # words whose letters were set right, with the caller's spelling

    def shown(self, text: str) -> str:
        """What the network said of it, or itself, as the caller reads it: a name that it carried over has
        the caller's spelling.
        """
        for right, own in self.spelt.items():
            text = re.sub(r"(?<!\w)%s(?!\w)" % right, own, text)
        return unmasked(text.upper() if self.capitals else self.begun(text), self.kept)

    def begun(self, text: str) -> str:
        """The beginning of a translation with the capital letter that the sentence has."""
        blank, letters = re.match(r"(\s*)(.*)", text, re.DOTALL).groups() if self.capital else (text, "")
        return blank + letters[:1].upper() + letters[1:]

    def hidden(self, text: str) -> str:
        """The beginning of a translation as the network says it."""
        text = text.capitalize() if self.capitals else text
        for letter, one in zip(MASKS, self.kept):
            blanks = {"": "%s", "next": "%s ", "last": " %s"}[one.touches]
            text = text.replace(one.english, blanks % letter, 1)
        return text

    def tokens(self, tokens: List[str], side: int, first: bool = False) -> List[str]:
        """Tokens as they are shown: with what was kept, of the source (side 0) or of the translation (1);
        `first` says whether they begin it.
        """
        shown = [token.upper() if self.capitals else token for token in tokens]
        place = next((place for place, token in enumerate(shown) if token.strip()), None)
        if first and place is not None:
            shown[place] = self.begun(shown[place])
        for letter, one in zip(MASKS, self.kept):
            shown = [token.replace(letter, one[side]) for token in shown]
        return shown


def readable(text: str) -> str:
    """The text as the models know letters: composed, and without signs that nobody sees."""
    return unicodedata.normalize("NFC", text).translate(UNSEEN)


def lettered(sentence: str, kept: List[Kept]) -> Tuple[str, List[Kept]]:
    """A sentence with the letters of MASKS in the place of marks, and what each stands for.

    Markup and the word in it are set apart by a blank: the network knows words by the blank before them. The
    translation has none there.
    """
    marks, letters, told = MARK.findall(sentence), iter(MASKS), []
    text = MARK.sub(lambda _: next(letters), sentence)
    for letter, mark, one in zip(MASKS, marks, kept):
        text, touches = apart(text, letter) if mark == EDGE else (text, "")
        before, _, after = text.partition(letter)
        alone = not touches and not (before[-1:].isalnum() or after[:1].isalnum())
        told.append(one._replace(touches=touches, apart=alone))
    return text, told


def pieces_of(text: str, translator: Model) -> List[Piece]:
    """The pieces of a text, which together are the text with its abbreviations written out."""
    text = written_out(text, translator.entry["source"])
    masks = bool(translator.tokenizer.masks)
    text, kept = marked(text, translator.entry["target"]) if masks else (text, [])

    def size(sentence: str) -> int:
        return translator.size(sentence) if len(MARK.findall(sentence)) <= len(MASKS) else MOST_SUBWORDS + 1

    found, english = [], {**ENGLISH_QUOTES} if "„" in text or "‚" in text else {}
    for piece, spoken in parts(text, size, MOST_SUBWORDS):
        count = len(MARK.findall(piece))
        own, kept = kept[:count], kept[count:]
        if spoken:
            masked, own = lettered(piece, own)
            usual, spelt = translator.spelling.read(masked, masks)
            capital = piece.strip()[:1].isupper() and bool(WHOLE.fullmatch(piece))
            found.append(Piece(usual, True, own, masks and piece.isupper(), capital, spelt))
        else:
            plain = iter(own)
            shown = MARK.sub(lambda _: next(plain).english, piece)
            found.append(Piece("".join(english.get(letter, letter) for letter in shown), False, [], False))
    return found
