"""Times of day in words and short weekdays, of German and of Spanish, as English says them: halb neun and las
ocho y media are half past eight, viertel acht is a quarter past seven, Mo–Fr and L-V are Mon–Fri. A time that
is an hour off is worse than none.
"""

import re
from typing import Dict, Tuple

from models.translation.verbatim.numerals import ONES

HOURS = {
    "de": "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split(),
    "es": "una dos tres cuatro cinco seis siete ocho nueve diez once doce".split(),
}
AT = {hour: at for hours in HOURS.values() for at, hour in enumerate(hours, 1)}
AT.update({"ein": 1, **{str(at): at for at in range(1, 13)}})
MINUTES = {"fünf": 5, "zehn": 10, "viertel": 15, "zwanzig": 20}
MINUTES.update({"cinco": 5, "diez": 10, "cuarto": 15, "veinte": 20, "veinticinco": 25, "media": 30})
BY_FIVES = {5: "five", 10: "ten", 15: "a quarter", 20: "twenty", 25: "twenty-five", 30: "half"}

PARTS = {"mañana": "in the morning", "tarde": "in the afternoon", "noche": "at night"}  # of a day
PARTS["madrugada"] = PARTS["mañana"]
DIGITS = r"1[0-2]|[1-9](?!\d)"
HOUR = r"(?:%s|ein(?= Uhr)|%s)" % ("|".join(HOURS["de"]), DIGITS)
BEFORE = r"(?<!\w)(?<![\d.,:–-])"
AFTER = r"(?: Uhr)?(?!\w|[.,:–-]\d| ?%)"
NO_NOUN = r"(?! [A-ZÄÖÜ])"  # zehn nach acht Runden is no time
CLOCK = (
    # halb neun, fünf vor halb neun, Viertel nach neun, drei viertel neun
    BEFORE + r"(?:(?:(?:fünf|zehn|kurz) (?:vor|nach) )?[Hh]alb"
    r"|[Dd]rei ?viertel|[Vv]iertel (?:vor|nach)) "
    + HOUR
    + AFTER
    # kurz nach zwölf; Punkt zwölf, but neither Punkt 3 nor Punkt drei der Liste
    + "|"
    + BEFORE
    + "(?:[Kk]urz (?:vor|nach)|(?<=um )Punkt|Punkt(?= [a-zäöü])) "
    + HOUR
    + AFTER
    + NO_NOUN
    + "(?! de[rs] | auf )"
    # viertel neun; zehn nach neun, where a time is expected
    + r"|(?:"
    + BEFORE
    + r"[Vv]iertel|(?:(?<=um )|(?<=bis )|(?<=gegen )|(?<=ab )|(?<=seit )|(?<=ist )|(?<=war ))"
    r"(?:fünf|zehn|zwanzig) (?:vor|nach)) "
    + HOUR
    + AFTER
    + NO_NOUN
    # 20 Uhr, 9–18 Uhr, 10 bis 12 Uhr; 7:30 Uhr morgens
    + r"|(?<![\w.,:/–-])(?:[01]?\d|2[0-4])(?: ?[–-] ?| bis | und )(?:[01]?\d|2[0-4]) Uhr(?!\w| \d)"
    r"|(?<![\w.,:/–-])(?:0?\d|1[0-2])(?:[.:][0-5]\d)? Uhr "
    r"(?:morgens|früh|vormittags|nachmittags|abends)(?!\w)"
    r"|(?<![\w.,:/–-])(?:00?|1[3-9]|2[0-4]) Uhr(?!\w| \d)"
    # um 18h, ab 9 h
    r"|(?:(?<=[Uu]m )|(?<=[Aa]b ))(?:[6-9]|1\d|2[0-4]) ?h(?![\w/])"
    # las 20 h
    r"|(?<=[Ll]as )(?:\d|1\d|2[0-4]) ?h(?:oras|s)?(?![\w/]|\. ?\w)"
    r"|(?<=[Ll]as )(?:\d|1\d|2[0-4]) ?h\.(?= [a-z])"
    # de 9.00 a 14.00
    r"|(?<=[Dd]e )(?:[01]?\d|2[0-4])\.[0-5]\d a (?:[01]?\d|2[0-4])\.[0-5]\d"
    r"(?: ?h(?:oras|s)?(?!\w)|(?! ?[€$%]| euros| [a-z]?[lmg]\b|[\d,]|\.\d))"
    # 18 Uhr 30
    + r"|(?<![\w.,:/-])(?:[01]?\d|2[0-4]) Uhr [0-5]?\d(?![\w%€]|[.,:]\d| ?[A-ZÄÖÜ€%])"
    # a las nueve menos cuarto, la una y media
    + r"|(?<!\w)(?:[Aa] )?(?:[Ll]a (?:una|1)|[Ll]as (?:%s|%s))" % ("|".join(HOURS["es"][1:]), DIGITS)
    + r"(?: (?:(?:y|menos) (?:cuarto|cinco|diez|veinte|veinticinco)|y media)(?: de la (?:{0}))?"
    r"| de la (?:{0}))(?!\w)".format("|".join(PARTS))
)

DAYS = {
    day: english
    for week in (
        "Mo Di Mi Do Fr Sa So",
        "lun mar mié jue vie sáb dom",
        "Lun Mar Mié Jue Vie Sáb Dom",
        "L M X J V S D",
    )
    for day, english in zip(week.split(), "Mon Tue Wed Thu Fri Sat Sun".split())
}
DAY = "(?:%s)" % "|".join(day for day in DAYS if len(day) > 1)
MONTHS = "January February March April May June July August September October November December".split()
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
MONTH = "(?:%s|(?:Jan|Feb|Mär|Apr|Jun|Jul|Aug|Sept?|Okt|Nov|Dez)\\.)" % "|".join(GERMAN)
# days in a row, or one before a time, a date or what is closed; letters from one day to another: L-V, L a V
WEEKDAYS = (
    r"(?<![\w.-]){day}\.?(?:(?: ?[–/&+-] ?|, | bis | und | a | y ){day}\b\.?)+(?!\w)"
    r"|(?<![\w.-]){day}(?=\.?[,:]? (?:"
    r"(?:ab |von |de |a )?\d{{1,2}}(?:[.:]\d|(?: ?[–-] ?\d+)? ?(?:Uhr|h\b)| ?[–-] ?\d)"
    r"|\d{{1,2}}(?:\. ?{german}| bis \d| (?:de )?(?:{spanish}))"
    r"|geschlossen|(?:und |[+&] ?)[Ff]eiertag|Ruhetag|cerrado))\.?"
    r"|(?<![\w.-]){day}\.(?= \d{{1,2}}(?![\w.,:]))|(?<=am ){day}(?![\w-])"
    # as a label, and in calendars: Mo: Sport, 12 Mo Arzt, | Mo | Di |
    r"|(?m:^)(?!So:|Do:|Mi:){day}\.?(?=: )|(?<=\n){day}\.?(?=: )"
    r"|(?m:(?<=^\d )|(?<=^\d\d )){day}\.?(?= [\w–-]|\n|$)"
    r"|(?<![\w.-]){day}(?=[^\S\n]*[|\t][^\S\n]*{day}[^\S\n]*(?:[|\t\n]|$))|(?<=[|\t]){day}(?=[|\t])"
    r"|(?<=[A-Z][a-z] \| ){day}(?= ?\||$)|(?m:(?<=^\| )){day}(?= ?\|)"
    r"|(?m:^){day}(?=\n{day}(?:\n|$))|(?<=\b[A-Z][a-z]\n){day}(?=\n|$)"
    r"|(?:(?<=, )|(?<=; )|(?<= y )|(?m:^))[LMXJVSD](?=:? \d{{1,2}}[:.][0-5]\d)"
    r"|(?<![\w.-])(?:[LM] ?[–-] ?[JVSD]|S ?[–-] ?D|[LM] a [JVSD]|S a D)(?![\w.-])"
).format(day=DAY, german=MONTH, spanish="|".join(SPANISH))
# vom 1. bis 15. August, vom 30. Mai bis zum 2. Juni 2026; 1.–15. August; 24.12.–26.12.2026; vom 12.–16.8.;
# am 3./4.5.; 3. und 4. Mai; los años 90
DATES = (
    r"(?<!\w)[Vv]om \d{{1,2}}\.(?: {m})? bis (?:zum )?\d{{1,2}}\. {m}{year}(?!\w)"
    r"|(?<![\w.])(?:[Vv]om )?\d{{1,2}}\.(?: {m})? ?[–-] ?\d{{1,2}}\. {m}{year}(?!\w)"
    r"|(?<![\w.])(?:[Vv]om )?{day} ?(?:[–-]|bis(?: zum)?) ?{day}(?:(?:19|20)?\d\d(?!\d))?(?!\w)"
    r"|(?<![\w.])(?:(?:[Vv]om )?\d{{1,2}}\. ?[–-] ?|\d{{1,2}}\./){day}(?:(?:19|20)?\d\d(?!\d))?(?!\w)"
    r"|(?<!\w)[Ll]os años [2-9]0(?![\w.,]\w)"
    r"|(?<![\w.])\d{{1,2}}\.(?:, \d{{1,2}}\.)* (?:und|oder) \d{{1,2}}\. {m}{year}(?!\w)"
).format(
    m="(?:%s)" % "|".join(GERMAN),
    year=r"(?: (?:19|20)\d\d(?!\d))?",
    day=r"(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.",
)


FAR_DAYS = {  # what is read instead, which networks know better, and what they say for it
    "vorgestern": ("gestern", "yesterday", "the day before yesterday"),
    "anteayer": ("ayer", "yesterday", "the day before yesterday"),
    "übermorgen": ("morgen", "tomorrow", "the day after tomorrow"),
    "pasado mañana": ("mañana", "tomorrow", "the day after tomorrow"),
}
FAR_DAY = re.compile(r"(?<![\w-])(?:%s)(?![\w-])" % "|".join(FAR_DAYS), re.IGNORECASE)


def nearer(sentence: str) -> Tuple[str, Dict[str, str]]:
    """A sentence with a nearer day in the place of a far one, and what its translation then says of that day
    with what it is to say. A sentence that has both days is as it was.
    """
    found = FAR_DAY.findall(sentence)
    near, said, wanted = FAR_DAYS[found[0].lower()] if found else ("", "", "")
    if len(found) != 1 or re.search(r"(?i)(?<!\w)%s(?!\w)" % near, sentence.replace(found[0], "")):
        return sentence, {}
    near = near.capitalize() if found[0][0].isupper() else near
    return sentence.replace(found[0], near), {said: wanted, said.capitalize(): wanted.capitalize()}


def clock(text: str) -> str:
    """A time of day that CLOCK matches, in English words, or as 20:00 where digits say it."""
    if text[0].isdigit():
        return by_digits(text)
    words, before = re.sub(" uhr$", "", text.lower()).split(), ""
    of_day = " " + PARTS[words[-1]] if words[-1] in PARTS else ""
    words = words[:-3] if of_day else words  # without de la tarde
    if of_day and not {"y", "menos"} & set(words):
        at = {"a": "at ", "A": "At "}.get(text[:2].strip(), "")
        return at + ONES[AT[words[-1]]] + of_day
    if {"y", "menos"} & set(words):
        before = "at " if words[0] == "a" else ""
        hour, sign, apart = words[-3:]
        minutes = MINUTES[apart] * (1 if sign == "y" else -1)
    else:
        hour = words.pop()
        # from that hour; German counts halves and quarters towards the coming one
        minutes = -30 if "halb" in words else -15 if words[0].startswith("drei") else 0
        minutes = -45 if words == ["viertel"] else minutes
        exactly = len(words) < 3 and words[0] in ("kurz", "punkt") and "halb" not in words
        if words[0] == "kurz":
            before = "shortly before " if words[1] == "vor" else "shortly after "
        elif len(words) > 1 and words[1] in ("vor", "nach"):
            minutes += MINUTES[words[0]] * (1 if words[1] == "nach" else -1)
        if exactly:
            said = before + ONES[AT[hour]] + " o'clock sharp" * (words[0] == "punkt")
            return said[0].upper() + said[1:] if text[0] == "K" else said
    to = -30 < minutes < 0
    named = ONES[(AT[hour] - (2 if minutes <= -30 else 1)) % 12 + 1]
    said = before + "%s %s %s%s" % (
        BY_FIVES[abs(minutes) if to else minutes % 60],
        "to" if to else "past",
        named,
        of_day,
    )
    return said[0].upper() + said[1:] if text.startswith(("Halb", "Drei", "La", "A")) else said


def by_digits(text: str) -> str:
    """18 Uhr 30 -> 18:30; 20 Uhr and 20 h -> 20:00; 9–18 Uhr -> 9:00–18:00; 7:30 Uhr abends -> 7:30 pm."""
    if re.fullmatch(r"\d+ Uhr \d+", text):
        return "%s:%02d" % (text.split()[0], int(text.split()[2]))
    half = re.search(r" Uhr (\w+)$", text)
    if half:
        return text[: half.start()].replace(".", ":") + (
            " pm" if half.group(1) in ("nachmittags", "abends") else " am"
        )
    text = re.sub(r" ?(?:Uhr|h(?:oras|s|\.)?)$", "", text)
    if "." in text:
        return text.replace(".", ":").replace(" a ", " to ")
    return re.sub(r"\d+", r"\g<0>:00", text).replace("bis", "to").replace("und", "and")


def time(text: str) -> str:
    """15.30 h -> 15:30; 7.45 a. m. -> 7:45 am."""
    half = re.search(r" ?([ap])(?:\. ?m\.?|m)$", text)
    if half:
        return text[: half.start()].replace(".", ":") + " %sm" % half.group(1)
    return re.sub(r"\s?[A-Za-z]+$", "", text).replace(".", ":")


def weekdays(text: str) -> str:
    """Mo–Fr -> Mon–Fri; L a V -> Mon to Fri; Mo. und Di. -> Mon and Tue."""
    words = {**DAYS, "bis": "to", "a": "to", "und": "and", "y": "and"}
    return re.sub(r"\w+", lambda match: words[match.group()], text.replace(".", ""))


def date(text: str) -> str:
    """14.3.2024 and 14.3.24 -> 14 March 2024; 14.3. -> 14 March."""
    day, month, year = (re.findall(r"\d+", text) + [""])[:3]
    if len(year) == 2:
        year = ("20" if year < "50" else "19") + year
    return " ".join(filter(None, [day.lstrip("0") or day, MONTHS[int(month) - 1], year]))


def dates(text: str) -> str:
    """vom 1. bis zum 15. August -> from 1 to 15 August; 1.–15. August and 1.–15.8. -> 1–15 August;
    24.12.–26.12. -> 24 December – 26 December; los años 90 -> the 90s.
    """
    if "años" in text:
        return ("The %ss" if text[0] == "L" else "the %ss") % text[-2:]
    number = r"\d{1,2}\.\d{1,2}\.?\d*"
    text = re.sub(number, lambda match: date(match.group()) + " ", text).replace(" zum ", " ")
    if re.match(r"[Vv]om ", text):
        text = re.sub(r" ?[–-] ?", " bis ", text)
    english = {**dict(zip(GERMAN, MONTHS)), "vom": "from", "Vom": "From", "bis": "to"}
    english.update({"und": "and", "oder": "or"})
    text = re.sub(r"[^\W\d]+", lambda match: english.get(match.group(), match.group()), text)
    return re.sub(r"(?<=[a-z]) ?([–-]) ?(?=\d)", r" \1 ", " ".join(re.sub(r"(?<=\d)\.", "", text).split()))
