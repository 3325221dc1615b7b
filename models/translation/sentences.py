"""A text -> its sentences and what stands between them, which together
are the text again. No model is needed to tell them apart.

Before a text comes here, what verbatim/ keeps of it has become a mark: EDGE where it may stand around a
sentence, BREAK where it always does, and INNER elsewhere.
"""

import re
from typing import Callable, Iterator, List, Tuple

from models.translation.verbatim import BREAK, EDGE, MASKS
from models.translation.verbatim.abbreviations import opens
from models.translation.verbatim.letters import LAST_LINE
from models.translation.verbatim.speech import parted
from models.translation.verbatim.times import GERMAN

LONGEST_WORD = 80  # letters without a blank; what is longer is no word of a language, and stays as it is

ABBREVIATIONS = set(
    "abb abs abt allg anm art av bd bsp bspw bzw ca chr dipl doz dr evtl fam fig fr geb gest ggf hbf hg hl "
    "hr hrsg ing inkl insb jan feb mär apr "
    "jun jul aug sep sept okt nov dez jh jhd jr kap lt max med min mio mind mr mrd mrs ms mwst nr phil pfr "
    "prof rd rel resp rer s sog sr sra sres "
    "srta st str tel tsd ud uds v vd vds vgl vol vs zb zz ziff admón apdo avda dpto dra ee gral núm pág págs "
    "ej prov ptas".split()
)
# Latin, which is all that the languages here write
LETTER = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
# dashes, quotation marks, currencies and the like
SIGN = "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u00a1-\u00bf"
OPENING, CLOSING = "\"'„“‚‘«»(\\[¿¡", "\"'“”‘’»«)\\]"

# Words of other scripts, pictures, control characters and words
# without an end: nothing here can be translated
FOREIGN = re.compile(
    r"(?:[^\s\x21-\x7e%s%s\ue000\ue001%s]+[^\S\n]*)+|[^\s%s]{%d,}|\s*%s[\s%s]*"
    % (LETTER, SIGN, BREAK, BREAK, LONGEST_WORD + 1, BREAK, BREAK)
)
END = re.compile(r"([.!?…]+)([%s]*)(\s+)(?=[%s–—-]*(\w?))" % (CLOSING, OPENING))
MONTHS = "jan feb mär mar apr may jun jul aug sep okt oct nov dez dec ene abr ago dic".split() + GERMAN
BULLET = re.compile(
    r"(?:(?:[•◦▪‣●○■□](?=\s*\w)|-(?=[^\W\d]{3})|[—–](?=[\w¿¡«])|\d{1,2}\.-(?=\s)|\*(?=\w)|>+(?=\s))\s*|"
    r"(?:(?:[•◦▪‣●○■□–—*+·-]\s+)?\[[ xX]\]|[•◦▪‣●○■□–—*+·-]"
    r"|#{1,6}|\(?\d{1,3}\)|\(?(?:[a-z]|[ivx]{2,4})\)|(?-i:[a-h]|[IVX]{1,4})\."
    r"|\d{1,3}\.(?=\s+(?:\w+[,;:]?\s+\w|[^\W\d]+[.!]?\s*$))(?!\s+(?:%s)(?!\w)))\s+)" % "|".join(MONTHS),
    re.IGNORECASE,
)
COLUMNS = re.compile(r"\S(?: {3,}|%s)\S" % BREAK)  # cells of a line, apart by blanks
WRAPPED = 45  # letters of a line from which on it may have been broken because it was long
# behind these words no line ends, however short it is
GO_ON = re.compile(
    r"(?<!\w)(?:der|die|das|den|dem|des|(?:k?ein|[mds]ein|ihr|unser|eur|dies|jed)(?:e[nmrs]?)?|und|oder|mit|"
    r"für|von|bei|aus|nach|zur|zum|im|am|vom|in|ins|ans|beim|auf|über|unter|durch|gegen|ohne|zu|sehr|"
    r"el|la|los|las|un|una|de|del|en|con|por|para|y|su|mi|nuestro|nuestra)$",
    re.IGNORECASE,
)
# also the dash before the answer of somebody else: Und du? – Ich nicht.
AROUND = re.compile(r"([\s{0}]*(?:[–—-]\s+)?[\s{0}]*)(.*?)([\s{0}]*)".format(EDGE), re.DOTALL)
PAIRED = {'"': '"', "„": "“”", "“": "”“", "»": "«", "«": "»", "‚": "‘’", "‘": "’‘", "(": ")", "[": "]"}
BREAKS = (
    re.compile(r"[;:]\s+|\s+[–—-]\s+"),
    re.compile(r",\s+"),
    re.compile(r"\s+"),
    re.compile(r"(?<=\w)(?=\W)|(?<=\W)(?=\w)"),
)

Part = Tuple[str, bool]


def parts(text: str, size: Callable[[str], int], most: int) -> List[Part]:
    """The text in pieces: (piece, whether it is to be translated). No sentence has a `size` above `most`."""
    found: List[Part] = []
    for line in re.split(r"(\s*\n\s*)", unwrapped(text)):
        bullet = BULLET.match(line, len(line) - len(line.lstrip(" \t")))
        place = bullet.end() if bullet else 0
        found.append((line[:place], False))
        for foreign in FOREIGN.finditer(line, place):
            found += [
                part
                for piece in sentences(line[place : foreign.start()])
                for part in within(piece, size, most)
            ]
            found.append((foreign.group(), False))
            place = foreign.end()
        found += [part for piece in sentences(line[place:]) for part in within(piece, size, most)]
    return [part for part in found if part[0]]


def unwrapped(text: str) -> str:
    """The text with a blank in the place of breaks that were made because a line was full."""
    lines = text.split("\n")
    fullest, joined = max(map(len, lines)), lines[:1]
    for above, line in zip(lines, lines[1:]):
        before = joined[-1].rstrip()
        # the first line below Hallo Tom,
        greeted = len(joined) > 2 and not joined[-2].strip() and joined[-3].rstrip().endswith((",", ":"))
        if parts_a_word(before, line.strip()):  # Nach-\nmittag
            joined[-1] = before[:-1] + line.strip()
        elif not joined[-1].startswith((" ", "\t")) and is_one(
            before[:1].upper() + before[1:] if greeted else before, above.strip(), line.strip(), fullest
        ):
            joined[-1] = before + " " + line.strip()
        else:
            joined.append(line)
    return "\n".join(joined)


def parts_a_word(before: str, line: str) -> bool:
    """Whether a hyphen at the end of a line parts a word: Nach-, mittag, but not Vor-, und Nachteile."""
    whole = re.match(r"(?:und|oder|bzw|y|o)\b", line) or BULLET.match(line)
    return line[:1].islower() and not whole and bool(re.search(r"[^\W\d_]-$", before))


def is_one(before: str, above: str, line: str, fullest: int) -> bool:
    """Whether the sentence of some joined lines, of which `above` is the last, goes on in the next line."""
    ended = before.rstrip("\"'“”‘’»«)]")[-1:] in tuple(".!?:;…")  # „Ja.“ and (so.) end as well
    apart = ended or LAST_LINE.search(before) or COLUMNS.search(above) or COLUMNS.search(line)
    if not before or not line or apart or BULLET.match(line):
        return False
    full = len(above) >= WRAPPED and (line[0].islower() or len(above) > fullest - 20)
    return full or goes_on(before, line)


def goes_on(before: str, line: str) -> bool:
    """Whether a short line is a sentence that the next one goes on with."""
    words = before.split()
    sentence = len(words) >= 4 and words[0][:1].isupper() and before[-1] != ","
    return sentence and (line[0].islower() or bool(GO_ON.search(before)))


def sentences(line: str) -> Iterator[str]:
    """The sentences of a line, each with the blanks after it."""
    start = 0
    for match in END.finditer(line):
        if ends(line[start : match.start()], match):
            yield line[start : match.end()]
            start = match.end()
    yield line[start:]


def ends(before: str, match: "re.Match[str]") -> bool:
    """Whether a sentence ends at a sign that may also end an
    abbreviation, an ordinal or what somebody says in it.
    """
    signs, quotes, _, following = match.groups()
    if following.islower():
        return not quotes and signs[-1] in "!?"  # "Was?" fragte er
    if signs != ".":
        return True
    if before[-1:] in MASKS or opens(match.string[match.end(2) :]):
        return True
    word = re.search(r"[^\W_]*$", before).group()
    if word.isdigit():
        return len(word) > 2 or not following.isalpha()  # am 3. Mai, but: seit 1990. Dann
    return len(word) > 1 and word.lower() not in ABBREVIATIONS


def within(piece: str, size: Callable[[str], int], most: int) -> Iterator[Part]:
    """What stands around a sentence apart from it, and a sentence
    that is too long in halves, broken where it reads best.
    """
    if len(re.findall("[%s]" % LETTER, piece)) < 2:
        yield piece, False
        return
    speech = parted(piece)
    for part in speech:
        yield from within(part, size, most)
    if speech:
        return
    left, body, right = unquoted(*AROUND.fullmatch(piece).groups())
    yield left, False
    if size(body) <= most or len(body) < 2:
        yield body, True
    else:
        middle = break_of(body)
        yield from within(body[:middle], size, most)
        yield from within(body[middle:], size, most)
    yield right, False


def unquoted(left: str, body: str, right: str) -> Tuple[str, str, str]:
    """Quotation marks and brackets around a sentence, or open on one of its sides, are no part of it."""
    closing = PAIRED.get(body[0], "")
    inside = body[1:-1]
    if closing and body[-1] in closing and not set(inside) & {body[0], *closing}:
        return left + body[0], inside, body[-1] + right
    if closing and not set(body[1:]) & set(closing):
        return left + body[0], body[1:], right
    opening = [sign for sign, ends_ in PAIRED.items() if body[-1] in ends_]
    if opening and not set(body[:-1]) & set(opening):
        return left, body[:-1], body[-1] + right
    return left, body, right


def break_of(sentence: str) -> int:
    """The place nearest to the middle, in its middle half, after a
    clause, a comma or a word; the middle where there is none.
    """
    half, quarter = len(sentence) // 2, len(sentence) // 4
    for pattern in BREAKS:
        places = [match.end() for match in pattern.finditer(sentence) if abs(match.end() - half) <= quarter]
        if places:
            return min(places, key=lambda place: abs(place - half))
    return half
