"""What a translation may not change: addresses, names of files, markup,
placeholders, code, signs, and numbers with signs and units.

The network never sees them. Each stands in its sentence as one letter of MASKS, which the network has learnt
to carry over and search makes it say once (placeholders, as in Luong et al. 2015, arXiv:1410.8206); then its
English form takes that place.
"""

import re
from typing import List, NamedTuple, Sequence, Tuple

from models.translation.times import CLOCK, WEEKDAYS, clock, weekdays

MASKS = [chr(0xE000 + place) for place in range(10)]  # of Unicode's private use area; each is one token
MONTHS = "January February March April May June July August September October November December".split()

FILES = (
    "pdf docx? xlsx? pptx? odt ods odp rtf txt csv tsv jpe?g png gif svg webp heic tiff? bmp mp3 mp4 wav ogg "
    "flac mov avi mkv zip tar gz tgz xz 7z rar "
    "exe msi dmg apk iso deb rpm py ipynb js mjs ts tsx jsx json jsonl xml html? css scss ya?ml toml ini cfg "
    "conf env md rst sh bash bat ps1 sql db "
    "sqlite log java class jar c cc cpp h hpp rb php go rs kt swift eml ics vcf bak tmp part lock pt npz "
    "onnx dll so"
).replace(" ", "|")
DOMAINS = (
    "com org net info biz io dev app eu de at ch es mx ar cl fr it nl be pl uk ie us ca gov edu int cat "
    "berlin example test local"
).replace(" ", "|")
UNITS = (
    "km/h m/s Mbit/s kWh kW MW GW W V mV kV mA Ah mAh MHz GHz kHz Hz kB KB MB GB TB MiB GiB kcal kJ kg mg µg "
    "g t km² m² cm² m³ km cm mm µm nm m "
    "h min dl cl ml hl l ha °C °F ° hPa bar dB PS % ‰"
).split()

NUMBER = (
    r"(?:\d{1,3}(?:[.’'\u00a0\u202f]\d{3})+(?:,\d+)?"
    r"|(?:[1-9]\d{0,2}(?: \d{3}){2,}|[1-9]\d{1,2} \d{3})(?:,\d+)?(?! ?\d)|\d+,\d+|\d+\.\d+|\d+)"
)
# before the number in English; others stay behind it
CURRENCY = {"€": "€", "EUR": "€", "$": "$", "US$": "US$", "£": "£", "¥": "¥"}
CODES = "CHF|USD|GBP|SEK|NOK|DKK|PLN|CZK|JPY"
CAPITAL = r"[A-ZÄÖÜÁÉÍÓÚÑ]"
TOWN = r"\d{5} %s[\w-]+(?: (?:am|an der|im|in|a\. ?d\.|de|de la|del) %s[\w-]+)?" % (CAPITAL, CAPITAL)
MEASURED = "Uhr|Euro|Meter|Kilometer|Minuten|Stunden|euros|metros|kilómetros|minutos|horas"
OF = r"(?:(?:de|del|la|las|los|el|der|dem|den|am|im) )"  # inside the name of a street
# a street with the number of a house: Lindenstraße 17, Berliner Str. 3a, Calle de Alcalá 12
STREET = (
    r"(?:(?:{c}[\w-]*-)?(?!(?:Bundes|Land|Kreis|Staats)str|(?:Heim|Hin|Rück|Um|Aus)weg){c}?\w{{3,}}-?"
    r"(?:[Ss]traße|[Ss]trasse|[Ss]tr\.|[Aa]llee|[Gg]asse|[Ww]eg)"
    r"|(?!Dies|Jed|Unser|Eur?e|Ihr|Mein|Dein|Sein|Kein){c}\w+er (?:Straße|Strasse|Str\.|Allee|Gasse|Weg)"
    r"|(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.|[Pp]aseo|[Pp]laza) ?"
    r"{of}{{0,2}}{c}[\w-]+(?: {of}{{0,2}}{c}[\w-]+){{0,2}},?)"
).format(c=CAPITAL, of=OF)
START, STOP = r"(?<![\w.,:/@#-])", r"(?![\w@]|[.,:/-]\w)"  # where no word or number goes on
SIGNED = r"(?:(?<![\w.,)/:-])[-−+±](?=\d)|%s)" % START

# stand for what is kept until sentences are told apart: EDGE for what may be around a sentence, BREAK for
# what always is
INNER, EDGE, BREAK = MASKS[:3]
BLOCKS = (
    "address article aside blockquote body br caption dd div dl dt fieldset figure footer form h[1-6] head "
    "header hr html label legend li main nav ol option p pre section table tbody td tfoot th thead title "
    "tr ul"
).replace(" ", "|")

KINDS: Tuple[Tuple[str, str], ...] = (  # tried in this order at each place
    ("sign", "[%s]" % "".join(MASKS)),  # a caller's own
    ("code", r"```.*?```|`[^`\n]+`"),
    ("link", r"\]\([^()\s]+\)|\[(?=[^\[\]\n]+\]\([^()\s]+\))"),
    (
        "address",
        r"(?:https?|ftp|file|mailto|ssh|s3|git)://?[^\s<>\"„“”»«]*[^\s<>\"„“”»«.,;:!?)\]'*]|mailto:\S+\w",
    ),
    ("address", r"(?<![\w.])[\w.+-]*\w@\w[\w-]*(?:\.\w[\w-]*)+"),
    ("block", r"</?(?:%s)(?:\s[^<>\n]*)?/?>" % BLOCKS),
    (
        "markup",
        r"</?[A-Za-z][\w:-]*(?:\s[^<>\n]*)?/?>|<!--.*?-->|&(?:[A-Za-z][A-Za-z\d]+|\#\d+|\#x[\dA-Fa-f]+);",
    ),
    (
        "placeholder",
        r"\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|\#\{[^{}\n]*\}|\{%[^{}\n]*%\}"
        r"|\{[\w.:,#\-]*\}|\[\[[\w .:|-]+\]\]|<%[^\n]*?%>",
    ),
    (
        "placeholder",
        r"%\(\w+\)[a-z]|%\d+\$[a-z@]|(?<![\w%])%(?:[-+0]?\d*\.?\d*l{0,2}[sdifuxc@])(?!\w)|(?<!\w)%\w+%|(?<![\w$])\$[A-Za-z_]\w*|@@\w+@@|__\w+__",
    ),
    ("placeholder", r"(?<![^\s(\"„“'])(?::[A-Za-z_]\w+:?)(?![\w:])"),
    (
        "address",
        r"(?<![\w.@-])(?:www\.)?[A-Za-z\d][\w-]*(?:\.[\w-]+)*\.(?:%s)(?:/[^\s<>\"„“”]*[^\s<>\"„“”.,;:!?)])?(?![\w-]|\.\w)"
        % DOMAINS,
    ),
    (
        "file",
        r"(?<![\w.])(?:[A-Za-z]:\\|\\\\)[^\s<>\"„“”]*[\w\\]|(?<![\w./~])(?:~|\.{1,2})?(?:/[\w.@+-]+)+/?(?<![.])",
    ),
    ("file", r"(?<![\w.])(?:\*|[\w-]*\w)?(?:\.[\w-]+)*\.(?:%s)(?!\w|\.\w)" % FILES),
    ("handle", r"(?<![\w@#&/.])[@#][^\W\d_](?:[\w.-]*\w)?|(?<![\w#])#\d+(?!\w)"),
    ("option", r"(?<![\w-])--[a-z][\w-]*(?:=\S*\w)?"),
    (
        "smiley",
        r"(?<!\w)(?:[:;=]['’]?-?[()DPpOo|*\[\]]+|<3+|\^\^|[xX]D)(?!\w)|[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff][\ufe0f\u200d\U0001f3fb-\U0001f3ff\u2640\u2642]*",
    ),
    (
        "emphasis",
        r"\*\*\*|\*\*|~~|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)|(?<![\w*])[*_](?=\w)(?=[^*_\n]+[*_](?!\w))|(?<=[\w.:!?])[*_](?![\w*])",
    ),
    ("clock", CLOCK),
    ("weekdays", WEEKDAYS),
    ("date", r"%s(?:[0-2]?\d|3[01])\.\s?(?:0?[1-9]|1[0-2])\.(?:\s?(?:19|20)?\d\d(?!\d))?(?![\w])" % START),
    (
        "address",
        r"%s(?:\d{1,3}\.){3}\d{1,3}(?:/\d+|:\d+)?%s|(?<![\w:])(?:[\da-fA-F]{1,4}:){3,7}:?[\da-fA-F]{1,4}"
        % (START, STOP),
    ),
    (
        "version",
        r"(?<![\w.])(?!\d{1,3}(?:\.\d{3})+(?![\w.]*\d))[vV]?\d+(?:\.\d+){2,}(?:[-+][\w.]+)?(?!\w)|(?<![\w.])[vV]\d+(?:\.\d+)*(?!\w)|(?<![\w-])\d{4}-\d\d-\d\d(?:T[\d:]+Z?)?(?!\w)|(?<![\w/])\d{1,2}/\d{1,2}/(?:\d\d){1,2}(?![\w/])",
    ),
    # with a postal code and a town, also a street of another name: Am Alten Markt 5, 50667 Köln
    (
        "address",
        r"(?<![\w-])%s \d{1,3}(?: ?[a-z](?!\w))?(?:,? %s)?"
        r"(?![\w-]| ?(?:%s|%s)(?!\w))" % (STREET, TOWN, MEASURED, "|".join(UNITS)),
    ),
    (
        "address",
        r"(?<![\w-])(?:(?:Am|An|Auf|Im|In|Zum|Zur|Unter|Hinter|Vor) )?%s?%s[\w.-]+"
        r"(?: %s?%s[\w.-]+){0,2},? \d{1,3}(?: ?[a-z])?, %s(?![\w-])" % (OF, CAPITAL, OF, CAPITAL, TOWN),
    ),
    (
        "phone",
        r"(?<![\w+/-])(?<!\d )(?:\+\d{1,3}[ ./-]?(?:\(0\)[ ]?)?\(?\d{1,5}\)?|\(0\d{1,5}\)|0\d{1,5})"
        r"(?:[ ]?[/–-][ ]?|[ .])\d{2,}(?:[ ./-]\d{2,})*%s|(?<![\w+])\+\d{7,}" % STOP,
    ),
    (
        "time",
        r"%s(?:[01]?\d|2[0-4])[.](?:[0-5]\d)(?=\s?(?:Uhr|h)\b)|%s\d{1,2}:[0-5]\d(?::[0-5]\d)?%s"
        % (START, START, STOP),
    ),
    (
        "money",
        r"(?:%s(?:US\$|EUR|[€$£¥])\s?%s|%s%s[ \u00a0]?(?:€|\$|£|¥|EUR\b|(?:%s)\b))(?!\w)"
        % (START, NUMBER, SIGNED, NUMBER, CODES),
    ),
    ("measure", r"%s%s[ \u00a0\u202f]?(?:%s)(?![\w²³/°])" % (SIGNED, NUMBER, "|".join(UNITS))),
    (
        "code",
        r"(?<![\w-])(?:[A-ZÄÖÜ]{1,5}[-/ ]?\d+(?:[-/.]?[A-Z\d]+)*|\d+[A-Z]{1,3}\d*)(?![\w-])"
        r"|(?<!\w)(?=\w*[A-Za-z]\d)[A-Za-z\d]{5,}(?!\w)|(?<!\w)[\da-f]{8}-[\da-f-]+"
        # Xy7#kL, max_length
        r"|(?<!\w)(?=[^\s\d]*\d)[A-Za-z\d]+(?:[#$&*+=!?@^~][A-Za-z\d]+)+(?!\w)"
        r"|(?<!\w)(?!\w*_in(?:nen)?(?!\w))[A-Za-z\d]+(?:_[A-Za-z\d]+)+(?!\w)",
    ),
    ("ratio", r"%s\d+(?:\s?[:–-]\s?\d+)+(?: h\b)?%s|%s\d+/\d+%s" % (START, STOP, START, STOP)),
    ("number", r"%s%s%s" % (SIGNED, NUMBER, STOP)),
)
EXACT = {
    "sign",
    "code",
    "link",
    "address",
    "block",
    "markup",
    "placeholder",
    "file",
    "handle",
    "option",
    "smiley",
    "emphasis",
    "version",
    "phone",
    "ratio",
}
ANY = re.compile(
    "|".join("(?P<k%d>%s)" % (place, pattern) for place, (_, pattern) in enumerate(KINDS)), re.DOTALL
)
# what may stand around a sentence, and is then no part of it
AROUND = {"link", "markup", "emphasis", "smiley"}


class Kept(NamedTuple):
    """What is kept, as it stands in the text and as it stands in the translation."""

    original: str
    english: str
    touches: str = ""  # "next" or "last": that word, without a blank between, such as ** in **word**


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
    for match in ANY.finditer(text):
        kind = KINDS[int(str(match.lastgroup)[1:])][0]
        if kind != "number" or written_with_signs(match.group()):
            said = english(match.group(), kind) if target == "en" and kind not in EXACT else match.group()
            found.append(Span(match.start(), match.end(), kind, said))
    return found


def written_with_signs(number: str) -> bool:
    """Whether a number is more than a few digits, which the
    network reads itself: one room, 3 cats, in 1984.
    """
    return not number.isdigit() or len(number) > 4 or (number[0] == "0" and len(number) > 1)


def english(text: str, kind: str) -> str:
    """A time, a date, a sum of money, a measure or a number as English writes it."""
    said = {"date": english_date, "clock": clock, "weekdays": weekdays}.get(kind)
    if said:
        return said(text)
    if kind == "time":
        return text.replace(".", ":")
    number = re.search(r"[-−+±]?" + NUMBER, text)
    before, after = (part.strip() for part in (text[: number.start()], text[number.end() :]))
    written = english_number(number.group())
    if kind == "money" and (before or after) in CURRENCY:
        digits = written.lstrip("-−+±")
        return written[: len(written) - len(digits)] + CURRENCY[before or after] + digits
    apart = text[number.end() : number.end() + 1].isspace() and after not in ("%", "‰")
    return before + written + (" " if apart else "") + after


def english_number(text: str) -> str:
    """3.500,25 -> 3,500.25; 3,5 -> 3.5; 2.0 and 007 as they are."""
    whole, comma, rest = text.partition(",")
    if re.search(r"\d[.’'\u00a0\u202f ]\d{3}(?!\d)", whole) and not whole.lstrip("-−+±").startswith("0"):
        whole = re.sub(r"[.’'\u00a0\u202f ]", ",", whole)
    return whole + ("." + rest if comma else "")


def english_date(text: str) -> str:
    """14.3.2024 -> 14 March 2024; 14.3. -> 14 March."""
    day, month, year = (re.findall(r"\d+", text) + [""])[:3]
    return " ".join(filter(None, [day.lstrip("0") or day, MONTHS[int(month) - 1], year]))


def marked(text: str, target: str) -> Tuple[str, List[Kept]]:
    """The text with INNER, EDGE or BREAK in the place of what is kept, and what that is."""
    found = spans(text, target)
    marks = [BREAK if span.kind == "block" else EDGE if span.kind in AROUND else INNER for span in found]
    return masked(text, found, marks), [Kept(text[span.start : span.end], span.english) for span in found]


def unmasked(text: str, kept: Sequence[Kept]) -> str:
    """A translation with what was kept in the place of its
    masks; what a translation has not said stands at its end.
    """
    for letter, one in zip(MASKS, kept):
        blanks = {"": "%s", "next": "%s ?", "last": " ?%s"}[one.touches] % letter
        said = one.english
        text = re.sub(blanks, lambda _: said, text) if letter in text else text + " " + said
    return text


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
