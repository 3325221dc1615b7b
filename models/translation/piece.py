"""A sentence of a text, or what stands between sentences, and how it is shown: with the capitals, closing
signs and quotation marks of its source, and with what its masks stand for.
"""

import re
from itertools import islice
from typing import Dict, List, NamedTuple, Optional, Sequence

from models.translation.verbatim import MASKS, Kept, unmasked
from models.translation.verbatim.amounts import ordinal
from models.translation.verbatim.numerals import ONES, TENS
from models.translation.verbatim.times import MONTHS

# what is written with a capital letter wherever it stands
LARGE = re.compile(
    r"(?:I|Mrs?|Ms|Dr|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)(?:day)?|%s|German|Spanish|English)(?!\w)"
    r"|[A-Z]\w*[A-Z\d]" % "|".join(MONTHS)
)
COUNT = re.compile(r"(?i)(?:%s|half|a quarter|from|shortly)\b" % "|".join(ONES + TENS))  # in words
SHORT_END = re.compile(r"\b(?:[A-Za-z]|etc|incl|excl|approx|no|tel|attn|Mr|Mrs|Ms|Dr|St|Ltd|Inc|Co|tab)\.$")
TAIL = re.compile(r"[.!?…\"“”«»’)\]]*$")  # the signs with which a sentence ends
ORDINAL = re.compile(r"(?<![\w.,])\d*(?:[123]th|1st|2nd|3rd)(?!\w)")  # 3th is 3rd
NO_INCHES = re.compile('(?<![\\d%s])["“”]' % "".join(MASKS))  # a quotation mark, but not that of 15"
BEFORE_LETTERS = "¡¿\"'„“‚‘«»(["


class Piece(NamedTuple):
    """A sentence, or what stands before, between or after sentences."""

    text: str  # as the network reads it
    spoken: bool  # whether it is to be translated
    kept: List[Kept]  # what its masks stand for
    capitals: bool  # whether it was written in capitals alone
    # whether its translation begins with a capital letter; None: as the network says
    capital: Optional[bool] = None
    # patterns of what the network may say, and what is said instead: words as the caller spells them
    instead: Dict[str, str] = {}
    loud: Sequence[List[str]] = ()  # of each word that alone is in capitals, what it may be in English
    open: bool = False  # whether it is read with a full stop that it has not

    def shown(self, text: str) -> str:
        """What the network said of it, as the caller reads it: a name that it carried over has the caller's
        spelling.
        """
        for said, own in self.instead.items():
            text = re.sub(r"(?<!\w)%s(?!\w)" % said, own, text)
        text = text.replace("'s's", "'s")
        for meanings in self.loud:
            said = filter(
                None, (re.search(r"(?<!\w)%s(?!\w)" % re.escape(one), text, re.I) for one in meanings)
            )
            for one in islice(said, 1):
                text = text[: one.start()] + one.group().upper() + text[one.end() :]
        text = quoted(ORDINAL.sub(lambda match: ordinal(match.group()), text), self.text)
        text = ended(text, self.text)
        text = text.rstrip(".") if self.open else text
        kept = self.kept if self.capitals else placed(text, self.text, self.kept)
        return unmasked(text.upper() if self.capitals else self.begun(text), kept)

    def begun(self, text: str) -> str:
        """The beginning of a translation with the large or small letter that the sentence has."""
        if self.capital is None:
            return text
        blank, letters = re.match(r"(\s*)(.*)", text, re.DOTALL).groups()
        first = letters[:1].upper() if self.capital else letters[:1].lower()
        word = re.match(r"\w*", letters).group()
        if not self.capital and (LARGE.match(letters) or word in re.findall(r"\w+", self.text)):
            return text
        return blank + first + letters[1:]

    def hidden(self, text: str) -> str:
        """The beginning of a translation as the network says it."""
        text = text.capitalize() if self.capitals else text
        for letter, one in zip(MASKS, self.kept):
            blanks = {"": "%s", "next": "%s ", "last": " %s", "both": " %s "}[one.touches]
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


def placed(text: str, source: str, kept: List[Kept]) -> List[Kept]:
    """What is kept, a number in words with the letter of its place in the translation: Zweieinhalb Stunden
    warteten wir. -> We waited for two and a half hours.
    """
    told = []
    for letter, one in zip(MASKS, kept):
        first, began = (said.lstrip(BEFORE_LETTERS).startswith(letter) for said in (text, source))
        if first != began and source[:1].isupper() >= first and COUNT.match(one.english):
            said = one.english[0].upper() if first else one.english[0].lower()
            one = one._replace(english=said + one.english[1:])
        told.append(one)
    return told


def quoted(text: str, source: str) -> str:
    """A translation with quotation marks of one kind, and with the last one that its source has."""
    if not re.search("[\"„“”«»‚‘'’]", source):
        return NO_INCHES.sub("", text)
    if '"' not in text:
        return text
    text = re.sub("[„“”]", '"', text)
    open_ = text.count('"') % 2 and re.search('["“”«»][.!?…]*$', source)
    if text.count('"') % 2 and len(re.findall('["„“”«»]', source)) % 2 == 0:
        text = text + '"' if open_ else NO_INCHES.sub("", text)
    signs = iter("“”" * len(text))
    # as those around a sentence
    return re.sub('"', lambda _: next(signs), text) if "„" in source else text


def ended(text: str, source: str) -> str:
    """A translation with the closing signs of its source, where those are more than one or an ellipsis, or
    where only one of the two has none: Help!!! and not Help!
    """
    own, signs = (re.sub("[^.!?…]", "", TAIL.search(one).group()) for one in (text, source))
    if own == "." and not signs and text.endswith(".") and not SHORT_END.search(text):
        return text[:-1]
    if source[-1:] in tuple(",:;") and text[-1:].isalnum():
        return text + source[-1]
    if len(signs) > 1 or "…" in signs or (signs and not own):
        tail = TAIL.search(text).group()
        quotes, inside = re.sub("[.!?…]", "", tail), TAIL.search(source).group()[0] in signs
        return text[: len(text) - len(tail)] + (signs + quotes if inside else quotes + signs)
    return text
