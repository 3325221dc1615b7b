"""Numbers in words, of German and of Spanish, as English says them: dreiundzwanzig and veintitrés are
twenty-three, hundertzwanzig is 120, acht Uhr fünfzehn is 8:15. Those of one part are left to the network.
"""

import re
from typing import Iterable, List, Tuple

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
YEARS = range(1900, 2101)  # are written without a comma


def counted(words: str, least: int = 1, step: int = 1) -> List[Tuple[str, int]]:
    """Words with the numbers that they are."""
    return [(word, least + step * at) for at, word in enumerate(words.split())]


TEN_OF = dict(counted("zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig", 20, 10))
GERMAN = dict(
    counted(
        "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
        "siebzehn achtzehn neunzehn"
    ),
    eins=1,
    **TEN_OF,
)
SPANISH = dict(
    counted(
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco "
        "veintiséis veintisiete veintiocho veintinueve"
    ),
    un=1, una=1, veintiún=21, veintiuna=21, ciento=100, cien=100,
    **dict(counted("treinta cuarenta cincuenta sesenta setenta ochenta noventa", 30, 10)),
    **{
        stem + end: hundreds
        for stem, hundreds in counted(
            "doscient trescient cuatrocient quinient seiscient setecient ochocient novecient", 200, 100
        )
        for end in ("os", "as")
    },
)  # fmt: skip


def longest_first(words: Iterable[str]) -> str:
    """A pattern for words, the longest first."""
    return "(?:%s)" % "|".join(sorted(words, key=len, reverse=True))


# what may be a number: numeral() tells whether it is
NUMERAL = (
    r"(?<![\w-])(?i:{hour} Uhr (?:[a-zäöüß]+und{ten}|{hour})"
    r"|{hour}einhalb|anderthalb"
    r"|(?<!am )(?:Anfang|Mitte|Ende) (?:{ten}|[2-9]0)(?! (?-i:[A-ZÄÖÜ])| (?:oder|bis) \d| ?[%€]|[.,:–-]\d)"
    r"|{ten}er Jahren?|(?<=in den ){ten}ern|(?:19)?[2-9]0er[- ]Jahren?|19[2-9]0er|(?<=in den )[2-9]0ern"
    r"|[a-zäöüß]*(?:und{ten}|hundert|tausend)[a-zäöüß]*"
    r"|(?:{word} )?mil millones(?: de(?= [a-zñáéíóú])(?! (?:los|las|más|menos) ))?"
    r"|medio millón(?: de(?= [a-zñáéíóú]))?"
    r"|(?:{word}|mil)(?: (?:y )?(?:{word}|mil|mill(?:ón|ones)(?! de | y medi)))+"
    r"|veinti[a-zéóú]+|\w+cient[oa]s|quinient[oa]s)(?![\w-])"
).format(hour=longest_first(GERMAN), ten=longest_first(TEN_OF), word=longest_first(SPANISH))
NEEDS = (
    r"(?i:einhalb|anderthalb|0er|Anfang|Mitte|Ende |%ser|und%s|hundert|tausend| uhr |veinti|nta |cien"
    r"|quinient|\bmil\b|mill[oó]n)" % (longest_first(TEN_OF), longest_first(TEN_OF))
)


def german(word: str) -> int:
    """dreiundzwanzig -> 23. Raises KeyError where a word is no number."""
    for part, times in (("tausend", 1000), ("hundert", 100)):
        before, found, after = word.partition(part)
        if found:
            rest = re.sub("^und", "", after)
            return (german(before) if before else 1) * times + (german(rest) if rest else 0)
    one, und, ten = word.partition("und")
    return GERMAN[one] + TEN_OF[ten] if und else GERMAN[word]


def spanish(words: List[str]) -> int:
    """ciento cuarenta y dos -> 142. Raises KeyError where words are no number."""
    millions = next((word for word in ("millón", "millones") if word in words), "")
    if millions:
        at = words.index(millions)
        return spanish(words[:at]) * 1_000_000 + (spanish(words[at + 1 :]) if words[at + 1 :] else 0)
    if "mil" in words:
        at = words.index("mil")
        return (spanish(words[:at]) if at else 1) * 1000 + (
            spanish(words[at + 1 :]) if words[at + 1 :] else 0
        )
    if not words:
        raise KeyError("")
    first, *rest = words
    if not rest:
        return SPANISH[first]
    if SPANISH[first] >= 100 and SPANISH[rest[0]] < 100:
        return SPANISH[first] + spanish(rest)
    if SPANISH[first] in range(30, 100, 10) and rest[0] == "y" and SPANISH[rest[-1]] < 10 and len(rest) == 2:
        return SPANISH[first] + SPANISH[rest[1]]
    raise KeyError(first)


def half(word: str) -> str:
    """zweieinhalb -> two and a half; nothing where it is none."""
    whole = "ein" if word == "anderthalb" else re.sub("einhalb$", "", word)
    return ONES[GERMAN[whole]] + " and a half" if whole != word and GERMAN.get(whole, 20) < 20 else ""


PARTS = {"anfang": "early", "mitte": "mid", "ende": "late"}  # of a decade


def decade(words: List[str]) -> str:
    """Mitte vierzig -> mid-forties; (in den) sechziger Jahren -> sixties; 1990er -> 1990s; nothing where it
    is none.
    """
    ten = re.fullmatch(
        r"(?:(%s)|(\d+))(ern?)?(?:-jahren?)?" % longest_first(TEN_OF), words[words[0] in PARTS]
    )
    if not ten or not (ten.group(3) or words[0] in PARTS):
        return ""
    count = int(ten.group(2) or TEN_OF[ten.group(1)])
    named = TENS[count // 10 - 2][:-1] + "ies" if ten.group(1) or words[0] in PARTS else "%ds" % count
    return {"": "%s", "mid": "mid-%s"}.get(PARTS.get(words[0], ""), PARTS.get(words[0], "") + " %s") % named


def numeral(text: str) -> str:
    """The number that NUMERAL matches, in words up to ninety-nine; nothing where it is none, or of one."""
    words = re.sub(" de$", "", text.lower()).split(" ")
    if words == ["medio", "millón"]:
        return "%salf a million" % "hH"[text[0].isupper()]
    if words[-2:] == ["mil", "millones"] and len(words) < 4 and SPANISH.get(words[0], 1) < 20:
        said = ONES[SPANISH.get(words[0], 1)] + " billion"
        return said.capitalize() if text[0].isupper() else said
    named, halved = decade(words), half(words[0])
    if named or halved:
        return halved.capitalize() if halved and text[0].isupper() else named or halved
    try:
        if "uhr" in words:
            hour, minutes = german(words[0]), german(words[2])
            return "%d:%02d" % (hour, minutes) if hour <= 24 and minutes < 60 else ""
        is_spanish = len(words) > 1 or words[0] in SPANISH
        count = spanish(words) if is_spanish else german(words[0])
    except KeyError:
        return ""
    if words[0] in ("hundert", "tausend", "mil", "cien", "ciento") and len(words) == 1:
        return ""
    if count >= 100:
        return str(count) if count in YEARS else "{:,}".format(count)
    ten, one = divmod(count, 10)
    said = TENS[ten - 2] + ("-" + ONES[one] if one else "")
    return said.capitalize() if text[0].isupper() else said
