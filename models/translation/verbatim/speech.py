"""Direct speech and who says it, which are translated apart: „Komm“, sagte sie, „wir gehen.“ is “Come,” she
said, “we're going.”
"""

import re
from typing import Tuple

# the first mark may stand before an earlier sentence
SPEECH = re.compile(
    r"([„“»«\"]?)([\w¿¡][^„“”»«\"]*)([“”»«\"],\s+)(\w[^„“”»«\"]*?)"
    r"(?:(,?\s+[„“»«\"])([\w¿¡][^„“”»«\"]*)([“”»«\"]?[.!?…]?\s*))?",
    re.DOTALL,
)
BEHIND = re.compile(r"[“”«»\"],?\s+$|,\s+[„“«»\"]$")
# the verb and who says it: a pronoun, a name, or a noun with its article
SAID = re.compile(
    r"^(?!(?:der|die|das|ein|eine|und|aber|oder|denn|wenn|que|y|pero|o)\b)([^\W\d_]+)"
    r" (er|sie|es|ich|wir|man|él|ella|yo|(?:el|la|mi) \w+"
    r"|(?:(?:der|die|das|mein|meine) )?[A-ZÁÉÍÓÚÑÄÖÜ][\w-]+)(?![\w-])"
)
MARK = re.compile(r"^([”\"]),(\s+)$")


def parted(piece: str) -> Tuple[str, ...]:
    """What is said, who says it, and the marks around, which together are the piece; else nothing."""
    found = SPEECH.fullmatch(piece)
    return tuple(filter(None, found.groups())) if found else ()


def goes_on(before: str, piece: str) -> bool:
    """Whether a piece goes on with the sentence of the marks before it."""
    return piece[:1].islower() and bool(BEHIND.search(before))


def turned(said: str) -> str:
    """sagte der Lehrer -> Der Lehrer sagte, as networks know it."""
    said = SAID.sub(r"\2 \1", said)
    return said[:1].upper() + said[1:]


def closed(mark: str, before: str) -> str:
    """The mark behind what is said, with its comma as in English: “Yes,” she said; “Why?” she asked."""
    return MARK.sub(r"\1\2" if before[-1:] in tuple(".!?…") else r",\1\2", mark)
