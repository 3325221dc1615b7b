"""Numbers, money, measures and ordinals, as German and Spanish write them and as English does: 3.500,25 is
3,500.25; 50,- €/Nacht is €50/night; 2 EL is 2 tbsp; der 2. Weltkrieg and 2.º are the 2nd.
"""

import re

from models.translation.verbatim.times import MONTH

START, STOP = r"(?<![\w.,:/@#-])", r"(?![\w@]|[.,:/-]\w)"  # where no word or number goes on
SIGNED = r"(?:(?<![\w.,)/:-])[-−+±](?=\d)|%s)" % START
UNITS = (
    "km/h m/s Mbit/s kWh kW MW GW W V mV kV mA Ah mAh MHz GHz kHz Hz kB KB MB GB TB MiB GiB kcal kJ kg mg µg "
    "g t km² m² cm² m³ km cm mm µm nm m qm "
    "h min ms s dl cl ml hl l ha °C ºC °F ° hPa bar dB PS ct % ‰"
).split()
SPOONS = {"EL": "tbsp", "TL": "tsp", "cda": "tbsp", "cdas": "tbsp", "cdta": "tsp", "cdtas": "tsp"}
ENGLISH_UNITS = {"qm": "m²", "ºC": "°C", "Std": "h", "Min": "min", "Sek": "s", **SPOONS}
PER = {
    "Nacht": "night", "Tag": "day", "Woche": "week", "Monat": "month", "Mon.": "month", "Jahr": "year",
    "Stunde": "hour", "Std.": "hour", "Std": "hour", "Person": "person", "Pers.": "person", "Kind": "child",
    "Stück": "piece", "Stk.": "piece", "St.": "piece", "Zimmer": "room", "Liter": "litre", "qm": "m²",
    "noche": "night", "día": "day", "semana": "week", "mes": "month", "año": "year", "hora": "hour",
    "persona": "person", "pers.": "person", "niño": "child", "unidad": "unit", "ud.": "unit",
    "habitación": "room", "litro": "litre",
}  # fmt: skip
ANY_PER = "|".join(re.escape(unit) for unit in sorted(PER, key=len, reverse=True))
# with a full stop only where a word follows: else the sentence ends there
SHORT = r"(?:Std|Min|Sek|cdt?as?)\.(?=,? +[\w(]|\))|(?:Std|Min|Sek|cdt?as?)(?!\w)|[ET]L(?!\w)"
UNIT = r"(?:%s|Std\.?|Min\.?) ?/ ?(?:%s|100 ?(?:km|g|ml))(?!\w)|(?:%s)(?![\w²³/°])|%s" % (
    "|".join(UNITS),
    ANY_PER,
    "|".join(UNITS),
    SHORT,
)

FRACTIONS = "¼½¾⅓⅔⅛⅜⅝⅞"
THOUSANDS = (  # what is counted in thousands
    "Euro|Einwohner\\w*|Meter|Kilometer|Menschen|Personen|Stück|Liter|Quadratmeter|euros|habitantes|personas|metros|"
    "kilómetros|litros"
)
POINTED = r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d{1,3}(?:['’]\d{3})+\.\d+"
NUMBER = (
    r"(?:\d*[%s]|" + POINTED + r"|\d{1,3}(?:[.’'\u00a0\u202f]\d{3})+(?:,\d+)?"
    # grouped by blanks: 12 500 Menschen, but not the code 483 920
    r"|(?:[1-9]\d{0,2}(?: \d{3}){2,}|[1-9]\d{1,2} \d{3})(?:,\d+)?(?! ?\d)(?=,\d| [^\W\d]|[\u00a0 ]?[€$°%%])"
    r"|[1-9] \d{3}(?:,\d+)?(?= (?:%s)(?!\w))"
    r"|\d+['’´]\d{1,2}(?= ?(?:€|euros?|kg|g|l|m|km|cm)(?!\w))|\d+,\d+|\d+\.\d+|\d+)"
) % (FRACTIONS, THOUSANDS)
ROUND = r"(?:,[-–—]{1,2}|\.[-–—](?!\w))"  # 50,- and 50.–: no cents
AMOUNT = r"(?:[1-9] \d{3}(?:,\d+)?(?! ?\d)|%s)%s?" % (NUMBER, ROUND)  # also 1 500 €
SCALE = {
    "Million": "million", "Millionen": "million", "Milliarde": "billion", "Milliarden": "billion",
    "Tausend": "thousand", "tausend": "thousand", "millón de": "million", "millones de": "million",
    "mil millones de": "billion", "mil millones": "billion", "millón": "million", "millones": "million",
    "mil": "thousand",
}  # fmt: skip
ANY_SCALE = "|".join(sorted(SCALE, key=len, reverse=True))
# 2 mil, 4 mil millones de: their English is said here, as networks say billion for both
SCALED = r"%s%s mil(?: millones(?: de(?= [a-zñáéíóú])(?! (?:los|las|más|menos) ))?)?(?!\w)"
SCALED += r"(?: (?:pesos|euros|dólares)(?!\w))?"
SCALED %= START, NUMBER
# before the number in English; others stay behind it
CURRENCY = {"€": "€", "EUR": "€", "$": "$", "US$": "US$", "£": "£", "¥": "¥"}
CODES = "CHF|USD|GBP|SEK|NOK|DKK|PLN|CZK|JPY"
MONEY = (
    r"(?:{start}(?:US\$|\$)[^\S\n]?\d{{1,3}}(?:,\d{{3}})+(?![\d,.]\d)"
    r"|{start}(?:(?:US\$|EUR|[€$£¥])[^\S\n]?|(?:{codes}) ){amount}(?: (?:{scale})(?! de |\w))?"
    r"|{signed}(?:{amount}(?: ?[–-] ?| bis | a )|(?<=[Ee]ntre ){amount} y |(?<=wischen ){amount} und )?"
    r"{amount}(?: (?:{scale}))?[ \u00a0]?"
    r"(?:€|\$|£|¥|EUR\b|(?:{codes})\b))"
    r"(?:(?: ?/ ?| pro (?=Stk|Std|Pers\.))(?:{per}|(?:100 )?(?:kg|g|l|ml|h|m²)\b))?(?!\w)"
).format(start=START, signed=SIGNED, amount=AMOUNT, scale=ANY_SCALE, codes=CODES, per=ANY_PER)

BEFORE = "der die das den dem des zum zur im am vom beim ins ein eine einen einem einer eines".split()
BEFORE += [of + end for of in ("sein", "ihr", "mein", "dein", "unser") for end in ("", "e", "en", "em", "er")]
COUNTED = (
    "Jahrhundert Jh Mal Platz Geburtstag Stock Etage OG Obergeschoss Klasse Weltkrieg Tag Woche Monat Jahr "
    "Runde Spieltag Kapitel Semester Advent Halbzeit Liga Person Quartal Auflage Jahrestag Teil Lauf "
    "Schritt Versuch Preis Gang Satz Akt Abschnitt Sitzung Staffel Folge"
).replace(" ", "|")
# in German before a noun that is no month: der 2. Weltkrieg, 1. Platz; in Spanish 2.º, 1ª
ORDINAL = (
    r"(?<![\w.,:/-])(?:"
    # wurde 2. im Lauf
    r"(?:(?<=als )|(?<=wurde )|(?<=wird ))\d{1,2}\.(?= (?:im|ins?|beim?|von|vor|hinter|nach) )|"
    r"\d{1,3}\.?[ºª](?!C\b|\w\w)"
    r"|(?:%s)\d{1,3}\.(?= (?!%s)[A-ZÄÖÜ][a-zäöüß])|\d{1,3}\.(?= (?:%s)(?:s|es|e)?(?!\w)))"
    % ("|".join("(?<=[%s%s]%s )" % (word[0], word[0].upper(), word[1:]) for word in BEFORE), MONTH, COUNTED)
)  # fmt: skip

CALLED = "Tel Telefon Tlf Tfno Teléfono teléfono Fax Handy Mobil Móvil móvil Nr nummer Nummer número Konto"
CALLED = [word + sign for word in CALLED.split() for sign in (" ", ": ", ". ", ".: ")] + ["lame al "]
PHONE = (
    r"(?<![\w+/-])(?<!\d )(?:\+\d{1,3}[ ./-]?(?:\(0\)[ ]?)?\(?\d{1,5}\)?|\(0\d{1,5}\)|0\d{1,5})"
    r"(?:[ ]?[/–-][ ]?|[ .])\d{2,}(?:[ ./-]\d{2,})*%s|(?<![\w+])\+\d{7,}"
    # as Spain groups them; and any groups after Tel. or Nr.
    r"|%s[6789]\d\d(?: (?!000)\d{3}){2}(?! ?\d)|%s[6789]\d\d(?: \d\d){3}(?! ?\d)"
    r"|(?:%s)\d{2,}(?:[ /-]\d{2,})+%s"
) % (STOP, START, START, "|".join("(?<=%s)" % re.escape(word) for word in CALLED), STOP)


def number(text: str) -> str:
    """3.500,25 -> 3,500.25; 3,5 -> 3.5; 50,- -> 50; 2.0, 007 and 1,500.50 as they are."""
    if re.fullmatch("[-−+±]?(?:%s)" % POINTED, text):
        return re.sub("['’]", ",", text)
    text = re.sub(r"['’´](?=\d\d?$)", ",", re.sub(ROUND, "", text))  # 3'50 €
    whole, comma, rest = text.partition(",")
    if re.search(r"\d[.’'\u00a0\u202f ]\d{3}(?!\d)", whole) and not whole.lstrip("-−+±").startswith("0"):
        whole = re.sub(r"[.’'\u00a0\u202f ]", ",", whole)
    return whole + ("." + rest if comma else "")


def money(text: str) -> str:
    """1.234,56 € -> €1,234.56; 20 bis 30 € -> €20 to €30; 3,5 Millionen € -> €3.5 million; 50,- €/Nacht ->
    €50/night; -3 CHF and $2,500 as they are.
    """
    if re.fullmatch(r"(?:US)?\$\s?\d{1,3}(?:,\d{3})+", text):
        return re.sub(r"\s", "", text)
    scale = re.search(r" (%s)(?![^\W\d_])" % ANY_SCALE, text)
    many = " " + SCALE[scale.group(1)] if scale else ""
    text = text[: scale.start()] + text[scale.end() :] if scale else text
    text, per, unit = re.sub(r" pro (?=\w+\.|Stk)", "/", text).partition("/")
    amounts = list(re.finditer(AMOUNT, text))
    sign = (text[: amounts[0].start()] + text[amounts[-1].end() :]).strip()
    minus, code = re.fullmatch(r"([-−+±]?)\s*(.*)", sign, re.DOTALL).groups()
    said = [number(amount.group()) for amount in amounts]
    if many == " thousand" and said[-1].isdigit():
        said, many = said[:-1] + [said[-1] + ",000"], ""
    if code in CURRENCY:
        said = [CURRENCY[code] + one for one in said]
    between = text[amounts[0].end() : amounts[-1].start()].strip() if len(said) > 1 else ""
    dash = {"y": " and ", "und": " and ", "a": " to ", "bis": " to "}.get(between, between)
    written = minus + dash.join(said)
    if code not in CURRENCY and text.startswith(code):
        written = "%s %s%s" % (code, written, many)
    elif code not in CURRENCY:
        written += many + text[amounts[-1].end() :].replace(code, "") + code
    else:
        written += many
    return written + (per and per + PER.get(unit.strip(), unit.strip()))


def measure(text: str) -> str:
    """-3,5 °C -> -3.5 °C; 12,5 % -> 12.5%; 2 EL -> 2 tbsp; 20 Std./Woche -> 20 h/week; 2 kg de -> 2 kg of."""
    if text.endswith(" de"):
        return measure(text[:-3]) + " of"
    first = re.match(r"(%s)( ?[–-] ?| bis | a )(?=\d)" % NUMBER, text)
    if first:  # 10–15 %, 5 bis 10 kg
        between = {" bis ": " to ", " a ": " to "}.get(first.group(2), first.group(2))
        return number(first.group(1)) + between + measure(text[first.end() :])
    found = re.match(r"\d+/\d+|[-−+±]?" + NUMBER, text)
    rest = text[found.end() :].strip()
    unit, slash, per = (rest, "", "") if rest in UNITS else map(str.strip, rest.partition("/"))
    blank = text[found.end()].isspace() and unit not in ("%", "‰")
    unit = ENGLISH_UNITS.get(unit.rstrip("."), unit)
    return number(found.group()) + (" " if blank else "") + unit + slash + PER.get(per, per)


def scaled(text: str) -> str:
    """2 mil euros -> 2,000 euros; 1,5 mil -> 1.5 thousand; 4 mil millones de -> 4 billion."""
    count, scale, unit = re.fullmatch(r"(\S+) (mil(?: millones(?: de)?)?)( \w+)?", text).groups()
    said = "%s %s" % (number(count), SCALE[scale])
    if scale == "mil" and count.isdigit():
        said = "{:,}".format(int(count) * 1000)
    return said + (unit or "").replace("dólares", "dollars")


def ordinal(text: str) -> str:
    """2. and 2.º -> 2nd; 11. -> 11th."""
    count = int(re.match(r"\d+", text).group())
    teens = count // 10 % 10 == 1
    return "%d%s" % (count, "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th"))


def sides(text: str) -> str:
    """B x T x H -> W x D x H; 1,20 x 2,5 -> 1.20 x 2.5."""
    text = text.replace("B", "W").replace("T", "D")
    return re.sub(NUMBER, lambda match: number(match.group()), text)


def century(text: str) -> str:
    """siglo XIX -> 19th century; siglos XV y XVI -> 15th and 16th centuries."""
    word, counts = text.split(" ", 1)
    said = re.sub("[XVI]+", lambda match: ordinal(str(roman(match.group()))), counts)
    between = {"y": "and", "a": "to", "al": "to", "o": "or"}
    said = re.sub(r"(?<= )(?:y|al?|o)(?= )", lambda match: between[match.group()], said)
    return said + (" centuries" if word.endswith("s") else " century")


def roman(text: str) -> int:
    """XIX -> 19."""
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in text]
    return sum(-one if one < other else one for one, other in zip(values, values[1:] + [0]))


def row(text: str) -> str:
    """1, 2, 3 und 4 -> 1, 2, 3 and 4."""
    return re.sub(r"und|y", "and", re.sub(r"oder|\bo\b", "or", text))
