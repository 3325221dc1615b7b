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
# in Spanish, with dashes: —Ven —dijo ella—, que es tarde.
SAYING = re.compile(
    r"(?:(?:me|te|le|nos|les) )?(?:dij(?:e|o|eron)|pregunt(?:é|ó|aron)|respond(?:ió|ieron)"
    r"|contest(?:é|ó|aron)|grit(?:é|ó|aron)"
    r"|(?:exclam|añadi|murmur|susurr|replic|pens|explic|orden|insisti|continu|salud|repiti)[óé]"
    r"|repuso|pidió|dice|digo|pregunta|responde|contesta|grita)(?!\w)"
)
DASHED = re.compile(
    r"(?:(\S[^—–]*?)(\s*[—–]|\s-)|([—–-]))(%s[^—–]*?)(?:(\s?[—–][.,:;…]*\s+|-[.,:;…]*\s+)(\S.*)?)?"
    % SAYING.pattern,
    re.DOTALL,
)
BEHIND = re.compile(r"[“”«»\"],?\s+$|,\s+[„“«»\"]$|[—–],\s+$")
DASH = re.compile(r"[—–-]$")
# the verb and who says it: a pronoun, a name, or a noun with its article
SAID = re.compile(
    r"^(?!(?:der|die|das|ein|eine|und|aber|oder|denn|wenn|que|y|pero|o)\b)"
    r"((?:(?i:me|te|le|nos|les) )?[^\W\d_]+)"
    r" (er|sie|es|ich|wir|man|él|ella|yo"
    # with what tells more of them: el hermano menor, el dueño de la casa
    r"|(?:el|la|los|las|mi|su) \w+(?: (?!(?:al?|con|en|y|por|sin|para|que|cuando|mientras)\b)\w+){0,3}"
    r"|(?:(?:der|die|das|mein|meine) )?[A-ZÁÉÍÓÚÑÄÖÜ][\w-]+)(?![\w-])"
)
MARK = re.compile(r"^([”\"]),(\s+)$")


def parted(piece: str) -> Tuple[str, ...]:
    """What is said, who says it, and the marks around, which together are the piece; else nothing."""
    found = SPEECH.fullmatch(piece) or DASHED.fullmatch(piece)
    return tuple(filter(None, found.groups())) if found else ()


def goes_on(before: str, piece: str) -> bool:
    """Whether a piece goes on with the sentence of the marks before it."""
    told = DASH.search(before) and SAYING.match(piece)
    return piece[:1].islower() and bool(told or BEHIND.search(before))


def turned(said: str) -> str:
    """sagte der Lehrer -> Der Lehrer sagte, as networks know it."""
    said = SAID.sub(lambda match: "%s %s" % (match.group(2), match.group(1).lower()), said)
    return said[:1].upper() + said[1:]


def closed(mark: str, before: str) -> str:
    """The mark behind what is said, with its comma as in English: “Yes,” she said; “Why?” she asked."""
    return MARK.sub(r"\1\2" if before[-1:] in tuple(".!?…") else r",\1\2", mark)
