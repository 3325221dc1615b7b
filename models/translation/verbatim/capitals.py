"""Lines in capitals -> the letters in which the words are usually written, so that numbers, units, times,
weekdays and abbreviations are recognised as in any other line: HEUTE AB 18 UHR, MO–FR 9 €.
"""

import re
from functools import lru_cache
from typing import Any, Dict, Tuple

from models.translation.verbatim import EXACT, spans
from models.translation.verbatim.abbreviations import SHORT, WRITTEN_OUT, any_of
from models.translation.verbatim.amounts import UNITS
from models.translation.verbatim.times import DAYS
from models.translation.words import WORD, Spelling

AS_IT_IS = EXACT - {"emphasis"}
UNIT_OF = {unit.upper(): unit for unit in reversed(UNITS)}  # KM -> km
DAY_OF = {day.upper(): day for day in DAYS if len(day) > 1}
ANY_DAY = "(?:%s)" % "|".join(DAY_OF)
# days in a row, or one before a number
WEEKDAYS = re.compile(
    r"(?<![\w.-]){0}(?:\.?(?: ?[–/&+-] ?|, | BIS | UND | A | Y ){0}(?!\w))+"
    r"|(?<![\w.-]){0}(?=\.?[,:]? (?:(?:AB |VON |DE |A )?\d|GESCHL|RUHETAG|CERRADO))".format(ANY_DAY)
)
DAY = re.compile(ANY_DAY)


@lru_cache(maxsize=None)
def abbreviations(language: str) -> Tuple[Any, Dict[str, str]]:
    """A pattern for the abbreviations of a language in capitals, and each as it is usually written."""
    usual: Dict[str, str] = {}
    for short in [*SHORT, *WRITTEN_OUT.get(language, {})]:
        if short.endswith("."):
            usual.setdefault(re.sub(r"\s", "", short).upper(), short)
    return re.compile(any_of(short.upper() for short in usual.values())), usual


def quiet(text: str, language: str, spelling: Spelling) -> str:
    """A text in capitals in usual letters; what must not change does not."""
    pattern, usual = abbreviations(language)
    text = WEEKDAYS.sub(lambda days: DAY.sub(lambda day: DAY_OF[day.group()], days.group()), text)
    text = pattern.sub(lambda match: usual[re.sub(r"\s", "", match.group())], text)
    place, found = 0, []
    for span in spans(text):
        own = text[span.start : span.end]
        word = re.fullmatch(r"(\w+) \d.*", own)  # UM 8 is no sign of a thing, as A4 and BK 7702 are
        if span.kind in AS_IT_IS and not (span.kind == "code" and word and spelling.has(word.group(1))):
            found += [lowered(text[place : span.start], language, spelling), own]
            place = span.end
    return "".join(found) + lowered(text[place:], language, spelling)


def lowered(text: str, language: str, spelling: Spelling) -> str:
    """The words of a text in capitals in usual letters; units behind numbers as they are written."""
    pieces = WORD.split(text)
    for place in range(1, len(pieces), 2):
        word, before = pieces[place], pieces[place - 2][-1:] if place > 1 else ""
        if word in UNIT_OF and before.isdigit() and pieces[place - 1] in (" ", "\u00a0", "\u202f"):
            pieces[place] = word if word in UNITS else UNIT_OF[word]
        elif word.isupper() and (len(word) > 1 or (language == "es" and word in "AEOUY")):
            pieces[place] = spelling.in_usual_letters(word, True)
    return "".join(pieces)
