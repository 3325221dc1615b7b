"""What a translation may not change, kind by kind: addresses, names of files, markup, placeholders, code,
signs, numbers with signs and units, and times.
"""

import re
from functools import lru_cache
from typing import Any, Iterator, List, Tuple

from models.translation.verbatim.abbreviations import SAID
from models.translation.verbatim.amounts import (
    AMOUNT,
    FRACTIONS,
    MONEY,
    NUMBER,
    ORDINAL,
    PHONE,
    ROUND,
    SCALED,
    SIGNED,
    START,
    STOP,
    UNIT,
    UNITS,
)
from models.translation.verbatim.letters import CAPITAL, HEAD, HEAD_NEEDS, LABEL, REPLIED
from models.translation.verbatim.numerals import NEEDS, NUMERAL
from models.translation.verbatim.times import CLOCK, DATES, DAY, WEEKDAYS

MASKS = [chr(0xE000 + place) for place in range(10)]  # of Unicode's private use area; each is one token

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
# Kern & Söhne GmbH, Acme S. A.
COMPANY = (
    r"(?<!\w)(?:(?!(?:Die|Der|Eine|Unsere|Ihre|La|El|Una)\b){0}[\w-]+ (?:(?:&|und|y) {0}[\w-]+ )?)?"
    r"(?:g?GmbH|mbH|OHG|e\. ?V\.|S\. ?[AL]\.)(?!\w)"
).format(CAPITAL)
# a line of a program: for (…) {, x = 1;, print("…"), {"a": 1}
CODE_LINE = (
    r"(?m:^[^\S\n]*(?:[^\n]*(?:=|\w\(|\) ?\{)[^\n]*[;{]|[^\n]*\) ?\{[^\n]*; ?\}"
    r"|[a-z_][\w.]*\((?:[^\n]*[=\"'.,\d][^\n]*)?\)|[{\[](?=[^\n]*\":)[^\n]*[}\]],?|\}[);,]*)[^\S\n]*$)"
)
BLOCKS = (
    "address article aside blockquote body br button caption dd div dl dt fieldset figure footer form h[1-6] "
    "head header hr html label legend li main nav ol option p pre section table tbody td tfoot th thead "
    "title tr ul"
).replace(" ", "|")

# § 3 Abs. 2 Satz 1 Nummer 4 BGB, Art. 6 Abs. 1 lit. b DSGVO
CITATION = (
    r"(?<!\w)(?:(?:§§? ?|Art\. ?)\d+[a-z]?|Abs\. ?\d+[a-z]?)"
    r"(?: (?:Abs\.|S\.|Satz|Nummer|lit\.) ?(?:\d+[a-z]?|[a-z](?!\w)))*"
    r"(?: (?=\w*[A-ZÄÖÜ]\w*[A-ZÄÖÜ])[A-ZÄÖÜ]\w{1,7}(?!\w))?(?!\w)"
)

# ----- Pause -----, == Ziele ==, and +++ within a line
RULES = (
    r"(?m:^[^\S\n]*(?!--[a-z])(?:[-=+<>–—]{2,}|~{3,}|#{2,}(?=[^\n]*##[^\S\n]*$))[^\S\n]*(?=[„\"(]?\w)"
    r"|(?<=\S)(?:[^\S\n]+[=+<>#]{2,}|[^\S\n]*(?:[-=+<>–—]{3,}|~{3,}|#{3,}))[^\S\n]*$)"
    r"|[^\S\n]+\+{3,}[^\S\n]+"
)
# words of Spanish, and no letters of a code: A 20 km, A 2 calles, Y 3 más
WORDS = r"(?![YO] \d|A \d[\d.,]* ?(?:[€%%]|(?:%s|%s|[a-zñáéíóú]{4,}s)(?!\w)))" % (MEASURED, "|".join(UNITS))
EMOJI = "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff][\ufe0f\u200d\U0001f3fb-\U0001f3ff\u2640\u2642]*"
COUNTS = r"[\d%s]" % FRACTIONS
DAYS_OR_LETTERS = r"\b(?:%s|[LMS])\b" % DAY
# in the order in which they are tried at a place: the kind, what a text with one has somewhere, and its
# pattern. Most texts have few of them, and patterns take long to compile
KINDS: Tuple[Tuple[str, str, str], ...] = (
    ("sign", "", "[%s]" % "".join(MASKS)),  # a caller's own
    ("code", "`", r"```.*?```|`[^`\n]+`"),
    ("link", r"\]\(", r"\]\([^()\s]+\)|!?\[(?=[^\[\]\n]+\]\([^()\s]+\))"),
    (
        "address",
        ":",
        r"(?:https?|ftp|file|mailto|ssh|s3|git)://?[^\s<>\"„“”»«]*[^\s<>\"„“”»«.,;:!?)\]'*]|mailto:\S+\w",
    ),
    ("address", "@", r"(?<![\w.])[\w.+-]*\w@\w[\w-]*(?:\.\w[\w-]*)+"),
    ("block", r"[;{})\]]", CODE_LINE),
    ("head", HEAD_NEEDS, HEAD),
    ("head", ":", LABEL),
    (
        "closing",
        "Gr[uü]",
        r"(?m:^(?:Viele )?(?:[Ll]iebe|Viele|Herzliche|Beste|Schöne) Gr(?:üße|üsse|uesse),?"
        r"(?=[^\S\n]*$| {c}[\w-]+(?: {c}[\w-]+)?$))".format(c=CAPITAL),
    ),
    # lines between signs, parts of a ticker, cells, ways through menus; how messages of commits begin
    ("block", r"[-=+<>–—]{2}|~~~|##", RULES),
    ("block", '[;"]', r"(?<=[\w\"]);(?=[\w\"])(?!\w+ [a-zäöüß])|(?<=\w)\"[,;]\"(?=\w)"),
    ("block", " >>? ", r"(?<=\w)[^\S\n]+>>?[^\S\n]+(?=%s)" % CAPITAL),
    (
        "block",
        ": ",
        r"(?m:^(?:feat|fix|docs?|chore|refactor|perf|tests?|style|build|ci|revert)(?:\([\w./-]+\))?!?: )",
    ),
    (
        "omitted",
        "ausgesch|weggel",
        "<Medien ausgeschlossen>|(?:Bild|Video|Audio|GIF|Sticker|Dokument) weggelassen",
    ),
    # keys, with what stands around their values: "title": "…",   title: "…"   btn.save=…   Sprache=…
    (
        "block",
        '[":=]',
        r"(?m:^[^\S\n]*\"[\w.-]+\"[^\S\n]*:[^\S\n]*(?:\"|[\[{][^\S\n]*$|(?=[\d{\[]|true|false|null))"
        r"|^[^\S\n]*[a-z_][\w.-]*:[^\S\n]+[\"'](?=[^\"'\n]*[\"'][^\S\n]*$)"
        r"|^[^\S\n]*[^\W\d][\w.-]*=(?=[^\s=])"
        r"|\"[^\S\n]*,?[^\S\n]*$(?=\n[^\S\n]*(?:\"[\w.-]+\" ?:|[}\]])))",
    ),
    ("reply", "schrieb|escribió", REPLIED),
    # [12:03] Anna: and 12.03.24, 18:45 - Lena:; without brackets or a date where another line is so too
    (
        "block",
        r":\d\d",
        r"(?m:^(?:\[(?:{date})?{time}\]|{date}{time})(?: [–-])? {name}: +(?=\S)"
        r"|^{time}(?: [–-])? {name}: +(?=\S[^\n]*\n{time}(?: [–-])? {name}: )"
        r"|(?<=\n){time}(?: [–-])? {name}: +(?=\S))".format(
            date=r"\d{1,2}[./]\d{1,2}[./]\d{2,4},? ",
            time=r"\d{1,2}:\d\d(?::\d\d)?",
            name=r"(?!Uhr|Pause){0}[\w.'-]*(?: {0}[\w.'-]*){{0,2}}".format(CAPITAL),
        ),
    ),
    # cells of rows: Ana,23,Bilbao
    (
        "block",
        r"(?m)^[^\s,]+(?:,[^\s,]+){2,}\n[^\n,]*(?:,[^\s,][^\n,]*){2,}$",
        r"(?<=[^\W\d]),(?=\S)|(?<=\S),(?=[^\W\d])",
    ),
    (
        "block",
        r"\.{3}|   ",  # to the price: Suppe ..... 4,50 €; cells apart by blanks
        r"(?<=\S)[^\S\n]*(?:\.{4,}|(?<=\s)\.{3})[^\S\n]*(?=[\d€$£])|(?<=\S)[ \u00a0]{3,}(?=\S)",
    ),
    (
        "block",
        r"[<|\t\\_\[]|\.{4}",
        r"</?(?:%s)(?:\s[^<>\n]*)?/?>|[^\S\n]*(?:\||\t)[^\S\n]*|\\[nrt](?![a-zäöüß])"
        # to be ticked: [ ] Ja [ ] Nein; to be filled in
        r"|(?<=\w)\s+\[[ xX]?\]\s+(?=\w)|(?<=:)[^\S\n]*(?:\.{4,}|_{3,})[^\S\n]*" % BLOCKS,
    ),
    (
        "markup",
        "[<&]",
        r"</?[A-Za-z][\w:-]*(?:\s[^<>\n]*)?/?>|<!--.*?-->|&(?:[A-Za-z][A-Za-z\d]+|\#\d+|\#x[\dA-Fa-f]+);",
    ),
    (
        "placeholder",
        r"[{\[<]",
        r"\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|\#\{[^{}\n]*\}|\{%[^{}\n]*%\}"
        r"|\{\w+, ?(?:plural|select|selectordinal),(?:[^{}]|\{[^{}]*\})*\}"
        r"|\[[A-ZÄÖÜÑ]{2}[A-ZÄÖÜÑ\d _-]*\](?!\()"
        r"|\{[\w.:,#\-]*\}|\[\[[\w .:|-]+\]\]|<%[^\n]*?%>",
    ),
    (
        "placeholder",
        "[%$]|@@|__",
        r"%\(\w+\)[a-z]|%\d+\$[a-z@]|(?<![\w%])%(?:[-+0]?\d*\.?\d*l{0,2}[sdifuxc@])(?:%%)?(?!\w)|(?<!\w)%\w+%|(?<![\w$])\$[A-Za-z_]\w*|@@\w+@@|__\w+__",
    ),
    ("placeholder", ":", r"(?<![^\s(\"„“'])(?::[A-Za-z_]\w+:?)(?![\w:])"),
    (
        "address",
        r"\.\w",
        r"(?<![\w.@-])(?:www\.)?[A-Za-z\d][\w-]*(?:\.[\w-]+)*\.(?:%s)(?:/[^\s<>\"„“”]*[^\s<>\"„“”.,;:!?)])?(?![\w-]|\.\w)"
        % DOMAINS,
    ),
    (
        "file",
        r"[/\\]",
        r"(?<![\w.])(?:[A-Za-z]:\\|\\\\)[^\s<>\"„“”]*[\w\\]|(?<![\w./~])(?:~|\.{1,2})?(?:/[\w.@+-]+)+/?(?<![.])",
    ),
    ("file", r"\.\w", r"(?<![\w.])(?!d\.h\.)(?:\*|[\w-]*\w)?(?:\.[\w-]+)*\.(?:%s)(?!\w|\.\w)" % FILES),
    ("handle", "[@#]", r"(?<![\w@#&/.])[@#][^\W\d_](?:[\w.-]*\w)?|(?<![\w#])#\d+(?!\w)"),
    ("option", "--", r"(?<![\w-])--[a-z][\w-]*(?:=\S*\w)?"),
    (
        "smiley",
        r"[:;=<^]|-\.-|[xX]D|[^\0-\u25ff]",
        r"(?<!\w)(?:[:;=]['’]?-?(?:[()DPpOo|*\[\]]+|[/\\](?![\w/]))|-\.-|<3+|\^\^|[xX]D)(?!\w)|%s(?: ?%s)*"
        % (EMOJI, EMOJI),
    ),
    (
        "emphasis",
        "[*_]|~~",
        r"\*\*\*|\*\*|~~|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)|(?<![\w*])[*_](?=\w)(?=[^*_\n]+[*_](?!\w))|(?<=[\w.:!?])[*_](?![\w*])",
    ),
    ("quotation", "‚", r"‚(?=\w)|(?<=[\w.!?…])‘(?!\w)"),
    ("change", "[Vv]on ", r"(?<!\w)[Vv]on(?= %s(?: ?[^\W\d_]+| ?[€%%$]| ?°C)? auf [-−]?\d)" % AMOUNT),
    (
        "sides",
        r"[BTHL\d] ?[x×]",
        r"(?<!\w)[BTHL](?: ?[x×] ?[BTHL]){{1,2}}(?!\w)"
        r"|{0}{1}(?: ?[x×] ?{1}){{1,2}} ?[mcd]?m(?!\w)".format(START, NUMBER),
    ),
    ("each", "à", r"(?<=\w )à(?= (?:€ ?)?\d)"),
    ("key", "Strg|Umschalt", r"(?<!\w)(?:Strg|Alt|Umschalt)(?: ?[+] ?[A-Z\d]\w*)+"),
    ("code", r"\d[a-z]", r"(?<![\w.,-])\d{1,3}[a-z] ?[–-] ?[a-z](?!\w)"),
    ("dates", r"\d", DATES),
    ("clock", r"\d|[Kk]urz |Punkt |[Hh]alb|iertel|fünf|zehn|zwanzig|[Ll]as? ", CLOCK),
    ("weekdays", DAYS_OR_LETTERS, WEEKDAYS),
    ("numeral", NEEDS, NUMERAL),
    (
        "date",
        r"\d",
        # 14.3.2024, 14.3. 2024 and 14. 3. 24, but not the hour of 14.3. 18 Uhr
        r"%s(?:[0-2]?\d|3[01])\.(?:(?:0?[1-9]|1[0-2])\.(?:(?:19|20)?\d\d(?!\d)|{b}(?:19|20)\d\d(?!\d))?"
        r"|{b}(?:0?[1-9]|1[0-2])\.(?:{b}?(?:19|20)?\d\d(?!\d|[.:]\d|{b}?(?:Uhr|h)\b))?)(?!\w)".replace(
            "{b}", r"[^\S\n]"
        )
        % START,
    ),
    (
        "address",
        r"[\d:]",
        r"%s(?:\d{1,3}\.){3}\d{1,3}(?:/\d+|:\d+)?%s|(?<![\w:])(?:[\da-fA-F]{1,4}:){3,7}:?[\da-fA-F]{1,4}"
        % (START, STOP),
    ),
    (
        "version",
        r"\d",
        r"(?<![\w.])(?!\d{1,3}(?:\.\d{3})+(?![\w.]*\d))[vV]?\d+(?:\.\d+){2,}(?:[-+][\w.]+)?(?!\w)|(?<![\w.])[vV]\d+(?:\.\d+)*(?!\w)|(?<![\w-])\d{4}-\d\d-\d\d(?:T[\d:]+Z?)?(?!\w)|(?<![\w/])\d{1,2}/\d{1,2}/(?:\d\d){1,2}(?![\w/])",
    ),
    # with a postal code and a town, also a street of another name: Am Alten Markt 5, 50667 Köln
    (
        "address",
        r"\d",
        r"(?<![\w-])%s \d{1,3}(?: ?[a-z](?!\w))?(?:,? %s)?"
        r"(?:,? \d{1,2}\.?[ºª] ?(?:[A-Z](?!\w)|izquierda|derecha|izq\.|dcha\.)?)?"
        r"(?![\w-]| ?(?:%s|%s)(?!\w))" % (STREET, TOWN, MEASURED, "|".join(UNITS)),
    ),
    (
        "address",
        r"\d",
        r"(?<![\w-])(?:(?:Am|An|Auf|Im|In|Zum|Zur|Unter|Hinter|Vor) )?%s?%s[\w.-]+"
        r"(?: %s?%s[\w.-]+){0,2},? \d{1,3}(?: ?[a-z])?(?:, |\n)%s(?![\w-])"
        % (OF, CAPITAL, OF, CAPITAL, TOWN),
    ),
    ("phone", r"\d", PHONE),
    ("money", COUNTS, MONEY),
    (
        "time",
        r"\d",
        r"%s(?:\d{1,2}[.:][0-5]\d ?[–-] ?)?(?:[01]?\d|2[0-4])[.:][0-5]\d[^\S\n]?(?:Uhr|hs?|hrs|horas)(?!\w)"
        r"|%s\d{1,2}(?:[.:][0-5]\d)? ?(?:[ap]\. ?m\.|pm(?!\w)|(?<=\d)am(?!\w))"
        r"|(?<=[Ll]as )\d{1,2}\.[0-5]\d(?!\d|[.,]\d| ?[€%%])"
        r"|%s\d{1,2}:[0-5]\d(?::[0-5]\d)?(?: ?[–-] ?\d{1,2}:[0-5]\d)?%s" % (START, START, START, STOP),
    ),
    (
        "measure",
        COUNTS,
        r"(?:%s%s(?: ?[–-] ?| bis | a )%s|%s%s|%s\d/\d\d?)[ \u00a0\u202f]?"
        # 250 ml de aceite
        r"(?:(?:kg|g|mg|l|dl|cl|ml) de(?= [a-zñáéíóú])(?! (?:la|los|las|el|peso|más|menos) )|%s)"
        % (START, NUMBER, NUMBER, SIGNED, NUMBER, START, UNIT),
    ),
    ("scaled", r"\d mil\b", SCALED),
    ("ordinal", r"\d", ORDINAL),
    ("citation", r"Abs\.|Art\.|§", CITATION),
    ("paragraph", "§", r"§§? ?\d+[a-z]?(?!\w)"),
    ("symbol", "[×+±] ", r"±(?= \d)|(?<=[^\W\d_] )[×+](?= \w)"),
    ("symbol", r"[©®™¹²³\[/]", r"[©®™]|(?<=\w)[¹²³](?!\w)|\[\d{1,3}\]|(?<!\S)(?://+|/\*|\*/)(?!\S)"),
    ("abbreviation", "[./º]|M[wW][sS]t|IVA|OTAN|PIB", SAID),
    ("laugh", "(?i)jajaja|jejeje|jijiji", r"(?<!\w)[Jj]([aei])(?:j\1){2,}j?(?!\w)"),
    ("joining", "[/–]", r"(?<=[^\W\d_]{2})[/–](?=[^\W\d_]{2})"),
    ("roman", r"[XVI]\.", r"(?<!\w)[XVI]{2,}\.(?= [a-zäöüß])|(?<=[a-zäöüß] )[IVX]\.(?= [a-zäöüß])"),
    ("century", "siglo", r"(?<!\w)siglos? [XVI]+(?:(?:, | y | al? | o |[–-])[XVI]+)*(?!\w)"),
    ("company", r"mbH|OHG|[eS]\.", COMPANY),
    (
        "code",
        r"\d|[A-Z]{2}|_|[a-f]{8}-",
        # of accounts and cards
        r"(?<!\w)[A-Z]{2}\d\d(?: ?[\dA-Z]{4}){3,7}(?: ?[\dA-Z]{1,3})?(?!\w)|(?<!\w)\d{4}(?: \d{4}){2,3}(?!\w)"
        r"|(?<![\w-])" + WORDS + r"(?:[A-ZÄÖÜ]{1,5}[-/ ]?\d[A-Z\d]*(?:[-/.][A-Z\d]+)*"
        r"|\d+[A-Z]{1,3}\d*)(?![\w-]|[.,]\d)"
        r"|(?<!\w)(?=\w*[A-Za-z]\d)[A-Za-z\d]{5,}(?!\w)|(?<!\w)[\da-f]{8}-[\da-f-]+"
        r"|(?<!\w)(?:X{1,3}[SL]|[2-5]XL|[XVI]{2,})(?!\w)"
        # of Spain, where these are words as well
        r"|(?<!\w)(?:IBAN|(?<=[Ll]a )(?:ONCE|ESO|SER)|(?<=[Ee]l )AVE|(?<=(?:en|de) )(?:AVE|ESO))(?!\w)"
        # Xy7#kL, max_length
        r"|(?<!\w)(?=[^\s\d]*\d)[A-Za-z\d]+(?:[#$&*+=!?@^~][A-Za-z\d]+)+(?!\w)"
        r"|(?<!\w)(?!\w*_in(?:nen)?(?!\w))[A-Za-z\d]+(?:_[A-Za-z\d]+)+(?!\w)",
    ),
    (
        "row",
        r"\d",
        r"{0}\d{{1,3}}(?:(?:, \d{{1,3}}){{2,}}(?:,? (?:und|oder|y|o) \d{{1,3}})?"
        r"|, \d{{1,3}} (?:und|oder|y|o) \d{{1,3}}){1}".format(START, STOP),
    ),
    (
        "ratio",
        r"\d",
        r"%s\d+(?:[^\S\n]?[:–-][^\S\n]?\d+)+(?: h\b)?%s|%s\d+(?:[.,]\d+)?/\d+%s" % (START, STOP, START, STOP),
    ),
    # the number of a customer or a code, in groups
    ("ratio", r"\d \d", r"%s\d{3}(?: \d{3})+%s" % (START, STOP)),
    ("number", COUNTS, r"(?!(?m:^)\d{1,2}\.-\s)%s%s(?:%s(?!\w)|%s)" % (SIGNED, NUMBER, ROUND, STOP)),
)
# what may stand around a sentence, and is then no part of it
AROUND = {"quotation", "laugh", "link", "markup", "emphasis", "smiley"}


compiled = lru_cache(maxsize=None)(re.compile)


def found(text: str) -> Iterator[Tuple[str, "re.Match[str]"]]:
    """What is kept of a text and its kind, from left to right: the first kind that matches at a place, and
    then none before its end.
    """
    patterns = [
        (kind, compiled(pattern, re.DOTALL)) for kind, needs, pattern in KINDS if compiled(needs).search(text)
    ]
    coming: List[Any] = [pattern.search(text) for _, pattern in patterns]
    while any(coming):
        start, place = min((match.start(), place) for place, match in enumerate(coming) if match)
        yield patterns[place][0], coming[place]
        end = coming[place].end()
        for place, match in enumerate(coming):
            if match and match.start() < end:
                coming[place] = patterns[place][1].search(text, end)
