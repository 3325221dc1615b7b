"""Makes endless pairs of sentences by rule, for things that no corpus has enough of: numbers, dates, times,
prices, measures, addresses, codes.

frames.tsv has sentences with slots in braces (English TAB German TAB Spanish), and slots/ has what may fill
them. Fillers with numbers are made here. num2words spells the numbers (it knows the three languages; LGPL).
`Grammar` also fills the slots of your own phrases.
"""

import functools
import pathlib
import re

from num2words import num2words

from models.translation.verbatim import times
from models.translation.verbatim.abbreviations import ORDINALS

HERE = pathlib.Path(__file__).parent
LANGUAGES = ["en", "de", "es"]  # the columns of the files
SLOT = re.compile(r"\{([a-z_]+)(\d?)\}")
MONTHS = {"en": times.MONTHS, "de": times.GERMAN, "es": times.SPANISH}
FRACTIONS = [
    ("Half", "Die Hälfte", "La mitad"),
    ("A third", "Ein Drittel", "Un tercio"),
    ("Two thirds", "Zwei Drittel", "Dos tercios"),
    ("A quarter", "Ein Viertel", "Un cuarto"),
    ("Three quarters", "Drei Viertel", "Tres cuartos"),
    ("A tenth", "Ein Zehntel", "Una décima parte"),
]
DECADES = [
    ("twenties", "Zwanzigern", "veinte"),
    ("fifties", "Fünfzigern", "cincuenta"),
    ("sixties", "Sechzigern", "sesenta"),
    ("seventies", "Siebzigern", "setenta"),
    ("eighties", "Achtzigern", "ochenta"),
    ("nineties", "Neunzigern", "noventa"),
    ("1980s", "1980er-Jahren", "1980"),
    ("1970s", "70er Jahren", "1970"),
    ("1990s", "90ern", "1990"),
]
KINGS = [
    ("Frederick", "Friedrich", "Federico"),
    ("Henry", "Heinrich", "Enrique"),
    ("Charles", "Karl", "Carlos"),
    ("William", "Wilhelm", "Guillermo"),
    ("Louis", "Ludwig", "Luis"),
    ("Philip", "Philipp", "Felipe"),
    ("Alfonso", "Alfons", "Alfonso"),
]
ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI".split()
WORDS = (
    "bericht rechnung foto report notes setup urlaub bewerbung index main data backup plan liste export "
    "image scan vertrag info lebenslauf config readme"
).split()
ENDINGS = "pdf docx xlsx txt csv jpg png zip py js json html yaml mp3 mp4 log md pptx tar.gz".split()
SITES = (
    "example.com beispiel.de shop.example.org www.example.net firma.de universidad.es museo-ejemplo.es "
    "portal.example.com rathaus-beispiel.de tienda.example"
).split()
COMMANDS = [
    "ls -la",
    "git status",
    "npm install",
    "sudo reboot",
    "pip install numpy",
    "print(x)",
    "cd ..",
    "make test",
    "SELECT * FROM users",
    "docker ps",
    "chmod +x run.sh",
    "x = 3",
]
SMILEYS = [":)", ":-)", ";)", ":(", ":D", "<3", "😀", "😊", "👍", "🎉", "❤️", ";-)", ":-("]
UNITS = "km m cm mm kg g l ml m² km/h kWh GB MB".split()
PLACEHOLDERS = [
    "{name}",
    "{count}",
    "{0}",
    "{1}",
    "%s",
    "%d",
    "%1$s",
    "%2$d",
    "${user}",
    "${total}",
    "{{name}}",
    "{{ user.name }}",
    "%(name)s",
    "{first_name}",
    "$name",
    "{number}",
    "%@",
]
OPTIONS = [
    "--verbose",
    "--all",
    "--help",
    "--output=out.txt",
    "--dry-run",
    "--force",
    "--list",
    "--color=auto",
]


class Grammar:
    """Makes pairs (source, target) with English as the target, from frames and from phrases with slots."""

    def __init__(self, source):
        self.place = LANGUAGES.index(source)
        self.tables = {path.stem: rows(path) for path in sorted((HERE / "slots").glob("*.tsv"))}
        self.frames = self.ours(rows(HERE / "frames.tsv"))

    def ours(self, lines):
        """(source, English) of lines with three columns. Pairs with an empty column are left out."""
        return [(line[self.place], line[0]) for line in lines if line[self.place]]

    def __call__(self, stream):
        """A frame with its slots filled. Sometimes only the content of a slot, or only a number."""
        form = stream.random()
        if form < 0.07:
            ours, theirs = self.filled("{number}", stream)
        elif form < 0.16:
            row = stream.choice(self.tables[stream.choice(list(self.tables))])
            ours, theirs = row[self.place], row[0]
        elif form < 0.19:
            ours, theirs = self.filled(
                stream.choice(
                    ["{date}", "{clock}", "{price}", "{thousands}", "{fraction}", "{month} {year}"]
                ),
                stream,
            )
        else:
            frame = stream.choice(self.frames)
            return self.fill(frame, stream)
        return capitalised(ours, theirs) if stream.random() < 0.5 else (ours, theirs)

    def filled(self, text, stream):
        return self.fill((text, text), stream)

    def fill(self, pair, stream):
        """A pair (source, English) with all slots filled. The first word of a sentence gets a capital letter.
        One without slots stays as it is.
        """
        if not SLOT.search(pair[0]):
            return pair
        found = {}

        def put(place):
            def replaced(match):
                slot = match.group(1) + match.group(2)
                if (
                    match.group(1) not in MADE
                    and match.group(1) not in self.tables
                    and match.group(1)[:5] != "list_"
                ):
                    return match.group()  # braces that the text has itself
                if slot not in found:
                    found[slot] = self.filler(
                        match.group(1),
                        stream,
                        [filler for name, filler in found.items() if name.startswith(match.group(1))],
                    )
                return found[slot][place]

            return replaced

        source, target = SLOT.sub(put(self.place), pair[0]), SLOT.sub(put(0), pair[1])
        target = re.sub(r"\b([Aa]) (?=8|11\b|18\b)", r"\1n ", target)  # an 84-year-old
        if pair[0][:1] == "{" and pair[0][-1] in ".!?":
            return capitalised(source, target)
        return source, target

    def filler(self, slot, stream, taken):
        """(English, German, Spanish) for a slot, different from those in `taken`."""
        for _ in range(20):
            if slot.startswith("list_"):
                drawn = enumeration(
                    [self.filler(slot[5:], stream, []) for _ in range(stream.choice([2, 3, 3, 4]))], stream
                )
            elif slot in self.tables:
                drawn = tuple(stream.choice(self.tables[slot]))
            else:
                drawn = MADE[slot](stream)
            if drawn not in taken:
                break
        return drawn


@functools.lru_cache(maxsize=None)
def rows(path):
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]


def capitalised(*texts):
    return tuple(text[:1].upper() + text[1:] for text in texts)


@functools.lru_cache(maxsize=100000)
def spelt(number):
    """A number in words in each language. English has "and"; German is one word."""
    return tuple(num2words(number, lang=language) for language in LANGUAGES)


def enumeration(parts, stream):
    """A list of things as text: A, B and C, or without "and"."""
    glue = stream.choice(
        [(" and ", " und ", " y "), (" and ", " und ", " y "), (", ", ", ", ", "), (" or ", " oder ", " o ")]
    )
    columns = list(zip(*parts))
    return tuple(", ".join(column[:-1]) + last + column[-1] for column, last in zip(columns, glue))


def same(text):
    return text, text, text


def whole(stream, least=2, most=99):
    return same(str(stream.randint(least, most)))


def number(stream):
    """A number in words: usually a small one, at most 9,999."""
    size = stream.random()
    value = (
        stream.randint(2, 20)
        if size < 0.4
        else stream.randint(20, 100)
        if size < 0.7
        else stream.randint(100, 1000)
        if size < 0.85
        else (
            stream.choice([100, 200, 300, 500, 1000, 1500, 2000, 3000, 5000, 10000, 100000])
            if size < 0.92
            else stream.randint(1000, 9999)
        )
    )
    english, german, spanish = spelt(value)
    if stream.random() < 0.7:  # people say hundert, and rarely einhundert
        german = re.sub("^ein(?=hundert|tausend)", "", german)
    return english.replace(",", ""), german, spanish


def grouped(value, sign):
    return "{:,}".format(value).replace(",", sign)


def thousands(stream):
    value = stream.choice(
        [
            stream.randint(1000, 9999),
            stream.randint(10000, 999999),
            stream.randint(1, 99) * 100,
            stream.randint(1, 500) * 1000,
            stream.randint(1000000, 9999999),
        ]
    )
    sign = stream.choice([".", ".", ".", " "]) if value > 9999 else "."
    return grouped(value, ","), grouped(value, sign), grouped(value, sign)


def pointed(text):
    """A decimal number with a point, as in English -> its three forms."""
    return text, text.replace(".", ","), text.replace(".", ",")


def decimal(stream):
    return pointed(
        stream.choice(
            [
                "%.1f" % (stream.randint(1, 99) / 10),
                "%.2f" % (stream.randint(1, 999) / 100),
                "0.%d" % stream.randint(1, 99),
                "%.1f" % (stream.randint(10, 999) / 10),
            ]
        )
    )


def price(stream):
    value = stream.choice(
        [
            stream.randint(1, 99),
            stream.randint(100, 5000) / 100,
            stream.randint(1, 40) * 50,
            stream.randint(100, 5000) / 100,
        ]
    )
    if isinstance(value, int) or value == int(value):
        text = grouped(int(value), ","), grouped(int(value), "."), grouped(int(value), ".")
    else:
        text = pointed("%.2f" % value)
    english = stream.choice(["€", "€", "€", "$", "£"])
    return english + text[0], text[1] + " " + english, text[2] + " " + english


def date(stream):
    day, month = stream.randint(1, 28), stream.randrange(12)
    return (
        "%d %s" % (day, MONTHS["en"][month]),
        "%d. %s" % (day, MONTHS["de"][month]),
        "%d de %s" % (day, MONTHS["es"][month]),
    )


def numeric_date(stream):
    day, month, year = (
        stream.randint(1, 28),
        stream.randint(1, 12),
        stream.choice(["%d" % stream.randint(1950, 2035), ""]),
    )
    german = stream.choice(["%d.%d.%s", "%02d.%02d.%s"]) % (day, month, year)
    return (
        ("%d %s %s" % (day, MONTHS["en"][month - 1], year)).strip(),
        german,
        ("%d/%d/%s" % (day, month, year)).rstrip("/"),
    )


def time(stream):
    text = "%d:%02d" % (
        stream.choice([hour for hour in range(24) if hour != 1]),
        stream.choice([0, 15, 30, 45, stream.randrange(60)]),
    )
    return same(text)


def time_uhr(stream):
    hour, minute = stream.randint(2, 23), stream.choice([0, 15, 30, 45, stream.randrange(60)])
    german = stream.choice(["%d:%02d Uhr", "%d.%02d Uhr"]) % (hour, minute)
    return "%d:%02d" % (hour, minute), german, "%d:%02d" % (hour, minute)


def clock(stream):
    """The time as people say it: half past seven, halb acht, las siete y media."""
    hour = stream.randint(2, 11)
    now, coming = spelt(hour), spelt(hour + 1)
    return stream.choice(
        [
            ("half past " + now[0], "halb " + coming[1], "las %s y media" % now[2]),
            ("a quarter past " + now[0], "Viertel nach " + now[1], "las %s y cuarto" % now[2]),
            ("a quarter to " + coming[0], "Viertel vor " + coming[1], "las %s menos cuarto" % coming[2]),
            (now[0] + " o'clock", now[1] + " Uhr", "las " + now[2]),
            ("%d o'clock" % hour, "%d Uhr" % hour, "las %d" % hour),
            ("ten past " + now[0], "zehn nach " + now[1], "las %s y diez" % now[2]),
            ("twenty to " + coming[0], "zwanzig vor " + coming[1], "las %s menos veinte" % coming[2]),
            ("five to " + coming[0], "fünf vor " + coming[1], "las %s menos cinco" % coming[2]),
        ]
    )


def ordinal(ending):
    """A function that makes German ordinals with this ending (dritte, dritten, dritter), in digits 3."""

    def made(stream):
        value = stream.randint(1, 10) if stream.random() < 0.5 else stream.randint(1, 99)
        english = num2words(value, lang="en", to="ordinal")
        figures = num2words(value, lang="en", to="ordinal_num")
        spanish = ORDINALS[value - 1] if value <= 10 else "%d.º" % value
        if value > 10 or stream.random() < 0.4:
            return (
                (figures if value > 20 else english),
                stream.choice(["%d." % value, "%d." % value, german_ordinal(value) + ending]),
                spanish,
            )
        return english, german_ordinal(value) + ending, spanish

    return made


def german_ordinal(value):
    return num2words(value, lang="de", to="ordinal")[:-1]  # num2words gives dritte


def degrees(stream):
    value = stream.choice(["-", "", "", "minus "]) + str(stream.randint(1, 38))
    return value, value, value.replace("minus", "menos")


def temperature(stream):
    value = stream.choice(["-", ""]) + stream.choice(
        [str(stream.randint(1, 38)), "%.1f" % (stream.randint(10, 380) / 10)]
    )
    gap = stream.choice([" ", ""])
    return tuple(text + gap + "°C" for text in pointed(value))


def measure(stream):
    value, unit = (
        stream.choice([str(stream.randint(1, 500)), "%.1f" % (stream.randint(5, 999) / 10)]),
        stream.choice(UNITS),
    )
    gap = stream.choice([" ", " ", ""])
    return tuple(text + gap + unit for text in pointed(value))


def percent(stream):
    value = stream.choice([str(stream.randint(1, 100)), "%.1f" % (stream.randint(1, 999) / 10)])
    english, german, spanish = pointed(value)
    return english + "%", german + stream.choice([" %", "%"]), spanish + stream.choice([" %", "%"])


def phone(stream):
    def digits(count):
        return "".join(stream.choice("0123456789") for _ in range(count))

    return same(
        stream.choice(["0%s/%s", "0%s %s", "+49 %s %s", "+34 %s %s", "0%s-%s", "(0%s) %s"])
        % (stream.choice("123456789") + digits(2), digits(stream.randint(5, 8)))
    )


def letters(stream, count):
    return "".join(stream.choice("ABCDEFGHKLMNPRSTUVWXZ") for _ in range(count))


def code(stream):
    return same(
        stream.choice(["%s%d", "%s-%d", "%s %d"])
        % (letters(stream, stream.randint(1, 3)), stream.randint(1, 9999))
    )


def url(stream):
    return same(
        stream.choice(["https://", "https://", "http://", ""])
        + stream.choice(SITES)
        + stream.choice(
            ["", "", "/" + stream.choice(WORDS), "/%s/%d" % (stream.choice(WORDS), stream.randint(1, 999))]
        )
    )


def mail(stream):
    return same(
        "%s@%s"
        % (
            stream.choice(
                ["info", "kontakt", "m.weber", "anna.k", "team", "service", "ana.lopez", "jobs", "post"]
            ),
            stream.choice(SITES[:8]).replace("www.", ""),
        )
    )


def file(stream):
    name = stream.choice(WORDS) + stream.choice(
        ["", "_final", "_%d" % stream.randint(1, 99), "-neu", "_v%d" % stream.randint(2, 9)]
    )
    return same(
        stream.choice(["", "", "", "/home/user/", "C:\\Users\\"]) + name + "." + stream.choice(ENDINGS)
    )


def million(several, short):
    return lambda stream: stream.choice([("", several, ""), ("", several, ""), ("", short, "")])


def drawn(choices):
    return lambda stream: same(stream.choice(choices))


def between(stream):
    first = stream.randint(6, 12)
    return same("%d%s%d" % (first, stream.choice(["-", "–"]), first + stream.randint(1, 9)))


MADE = {
    "n": whole,
    "number": number,
    "thousands": thousands,
    "decimal": decimal,
    "price": price,
    "date": date,
    "numeric_date": numeric_date,
    "time": time,
    "time_uhr": time_uhr,
    "clock": clock,
    "degrees": degrees,
    "temperature": temperature,
    "measure": measure,
    "percent": percent,
    "phone": phone,
    "code": code,
    "url": url,
    "mail": mail,
    "file": file,
    "range": between,
    "ordinal_e": ordinal("e"),
    "ordinal_en": ordinal("en"),
    "ordinal_er": ordinal("er"),
    "year": lambda stream: same(
        str(stream.randint(1700, 2035) if stream.random() < 0.3 else stream.randint(1950, 2030))
    ),
    "hour": lambda stream: whole(stream, 6, 12),
    "version": lambda stream: same(
        ".".join(str(stream.randint(0, 15)) for _ in range(stream.choice([2, 2, 3])))
    ),
    "score": lambda stream: same(
        "%d%s%d" % (stream.randint(0, 6), stream.choice(":-"), stream.randint(0, 6))
    ),
    "mio": million("Millionen", "Mio."),
    "mrd": million("Milliarden", "Mrd."),
    "fraction": lambda stream: stream.choice(FRACTIONS),
    "decade": lambda stream: stream.choice(DECADES),
    "king": lambda stream: stream.choice(KINGS),
    "placeholder": drawn(PLACEHOLDERS),
    "command": drawn(["`%s`" % text for text in COMMANDS]),
    "option": drawn(OPTIONS),
    "smiley": drawn(SMILEYS),
    "handle": lambda stream: same(
        stream.choice("@#") + stream.choice(WORDS + ["anna_92", "sommer2024", "FridaysForFuture", "tbt"])
    ),
    "roman": lambda stream: (lambda text: (text, text + ".", text))(stream.choice(ROMAN[:12])),
}
