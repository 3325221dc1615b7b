"""What a translation may not change: told apart, masked, and put back.

The network never sees it. Each stands in its sentence as one letter of MASKS, which the network has learnt
to carry over and search makes it say once (placeholders, as in Luong et al. 2015, arXiv:1410.8206); then its
English form takes that place.
"""

import re
from typing import Callable, Dict, List, NamedTuple, Sequence, Tuple

from models.translation.verbatim import abbreviations, amounts, kinds, letters, numerals, times
from models.translation.verbatim.abbreviations import opens
from models.translation.verbatim.kinds import AROUND, KINDS, MASKS

# stand for what is kept until sentences are told apart: EDGE for what may be around a sentence, BREAK for
# what always is
INNER, EDGE, BREAK = MASKS[:3]
JOINING = {"/", "–"}  # between two words, which are read apart: Ja/Nein, Köln–Bonn


class Kept(NamedTuple):
    """What is kept, as it stands in the text and as it stands in the translation."""

    original: str
    english: str
    touches: str = ""  # "next", "last" or "both": those words, without a blank, such as ** in **word**
    apart: bool = False  # whether no word touches it, as none may in the translation


class Span(NamedTuple):
    """A part of a text that is kept."""

    start: int
    end: int
    kind: str
    english: str  # what stands for it in the translation


def spans(text: str, target: str = "en") -> List[Span]:
    """What is kept of a text, from left to right. Numbers take
    their English form where English is the `target`.
    """
    found = []
    for kind, match in kinds.found(text):
        own = match.group()
        if kind == "date" and is_section(text, match.start(), own):
            kind, own = "number", own[:-1]
        if kind != "number" or written_with_signs(own):
            stop = kind in STOPPED and own.endswith(".") and ends_sentence(text, match.start(), match.end())
            own = own[:-1] if stop else own
            said = ENGLISH[kind](own) if target == "en" and kind not in EXACT else own
            if said:  # a numeral may be none
                found.append(Span(match.start(), match.start() + len(own), kind, said))
    return found


def is_section(text: str, start: int, own: str) -> bool:
    """Whether what looks like a date, 1.2. at the start of a line, numbers a section: the one before it or
    after it numbers a line as well.
    """
    if text[:start].rpartition("\n")[2].strip(" \t#"):
        return False
    chapter, section = re.findall(r"\d+", own)[:2]
    others = re.findall(r"(?m)^[ \t#]*%s\.(\d*)\.?(?=\s)" % chapter, text)
    near = {str(int(section) + 1), str(int(section) - 1) if section != "1" else ""}
    return not near.isdisjoint(others)


def ends_sentence(text: str, start: int, end: int) -> bool:
    """Whether the last full stop of a date or an ordinal, as of 3.5., is that of its sentence too: at the end
    of a line of some words, or before a word with which a sentence begins.
    """
    before, after = text[text.rfind("\n", 0, start) + 1 : start], text[end:]
    return opens(after) or (len(before.split()) >= 3 and not after.split("\n")[0].strip())


def written_with_signs(number: str) -> bool:
    """Whether a number is more than a few digits, which the
    network reads itself: one room, 3 cats, in 1984.
    """
    return not number.isdigit() or len(number) > 4 or (number[0] == "0" and len(number) > 1)


OMITTED = {  # of an exported chat
    "<Medien": "<Media", "Bild": "image", "Video": "video", "Audio": "audio", "Dokument": "document",
    "ausgeschlossen": "omitted", "weggelassen": "omitted",
}  # fmt: skip
APART = {"block", "closing", "head", "omitted", "reply"}  # is part of no sentence
STOPPED = {"date", "dates", "ordinal", "time"}  # may have the full stop of their sentence
# what has English words
IN_WORDS = {"abbreviation", "change", "clock", "closing", "date", "dates", "each", "numeral", "weekdays"}
ENGLISH: Dict[str, Callable[[str], str]] = {
    "abbreviation": abbreviations.said,
    "century": amounts.century,
    "change": lambda text: {"von": "from", "Von": "From"}[text],
    "citation": abbreviations.citation,
    "closing": lambda text: "Best wishes" + "," * text.endswith(","),
    "clock": times.clock,
    "date": times.date,
    "dates": times.dates,
    "each": lambda text: "at",
    "head": letters.head,
    "key": lambda text: text.replace("Strg", "Ctrl").replace("Umschalt", "Shift"),
    "laugh": lambda text: re.sub("[jJ]", lambda match: "hH"[match.group() == "J"], text).rstrip("h"),
    "measure": amounts.measure,
    "money": amounts.money,
    "number": amounts.number,
    "numeral": numerals.numeral,
    "omitted": lambda text: re.sub(r"<?\w+", lambda match: OMITTED.get(match.group(), match.group()), text),
    "ordinal": amounts.ordinal,
    "quotation": lambda text: {"‚": "‘", "‘": "’"}[text],
    "ratio": lambda text: text.replace(",", "."),
    "reply": letters.reply,
    "roman": lambda text: text.rstrip("."),
    "row": amounts.row,
    "scaled": amounts.scaled,
    "sides": amounts.sides,
    "time": times.time,
    "weekdays": times.weekdays,
}
EXACT = {kind for kind, _, _ in KINDS} - set(ENGLISH)  # is the same in every language


def marked(text: str, target: str, loud: bool = False) -> Tuple[str, List[Kept]]:
    """The text with INNER, EDGE or BREAK in the place of what is kept, and what that is; in a `loud` text,
    English words are in capitals.
    """
    found = spans(text, target)
    marks = [BREAK if span.kind in APART else EDGE if span.kind in AROUND else INNER for span in found]
    for place, (one, other) in enumerate(zip(found, found[1:])):
        if one.kind == other.kind == "markup" and one.end == other.start and closes(text, one, other):
            marks[place : place + 2] = BREAK, BREAK
    kept = [
        Kept(
            text[span.start : span.end],
            span.english.upper() if loud and span.kind in IN_WORDS else span.english,
        )
        for span in found
    ]
    return masked(text, found, marks), kept


def closes(text: str, one: Span, other: Span) -> bool:
    """Whether markup ends and the next begins at once, so that no sentence goes on: </b><b>."""
    return text.startswith("</", one.start) and text[other.start] == "<" and text[other.start + 1] != "/"


def unmasked(text: str, kept: Sequence[Kept]) -> str:
    """A translation with what was kept in the place of its
    masks; what a translation has not said stands at its end.
    """
    for letter, one in zip(MASKS, kept):  # before any of them is text, which others would seem to touch
        if one.apart:
            if re.search(r"\d(?:st|nd|rd|th)$", one.english):  # which the network may end once more
                text = re.sub(letter + r"(?:st|nd|rd|th)(?!\w)", letter, text)
            text = re.sub(r"(?<=[^\W_])(?={0})|(?<={0})(?=[^\W_])".format(letter), " ", text)
    for letter, one in zip(MASKS, kept):
        if one.touches == "next":  # not inside of didn't
            text = re.sub(r"(\w+['’])%s ?(?=(?:t|s|re|ve|ll|m|d)(?!\w))" % letter, letter + r"\1", text)
        blanks = {"": "%s", "next": "%s ?", "last": " ?%s", "both": " ?%s ?"}[one.touches] % letter
        text = re.sub(blanks, letter, text) if letter in text else text + " " + letter
    return text.translate({ord(letter): one.english for letter, one in zip(MASKS, kept)})


def masked(text: str, kept: Sequence[Span], letters: Sequence[str] = MASKS) -> str:
    """The text with a letter of `letters` in the place of each span."""
    pieces, place = [], 0
    for span, letter in zip(kept, letters):
        pieces += [text[place : span.start], letter]
        place = span.end
    return "".join(pieces) + text[place:]


def apart(text: str, letter: str) -> Tuple[str, str]:
    """The text with a blank between a mask and the word that it touches on one side, and which word that is:
    the next, the last or none.
    """
    before, _, after = text.partition(letter)
    opens = after[:1].isalnum() and not before[-1:].isalnum()
    closes = (before[-1:].isalnum() or before[-1:] in tuple(".!?…")) and not after[:1].isalnum()
    if opens:
        return before + letter + " " + after, "next"
    return (before + " " + letter + after, "last") if closes else (text, "")
