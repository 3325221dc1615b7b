"""Reads pairs of sentences, cleans them, splits them so that nothing leaks, replaces names by invented ones,
and makes batches.
"""

import functools
import gzip
import hashlib
import lzma
import pathlib
import re
from collections import Counter

import numpy as np
import torch

from models.translation.answers import other_language
from models.translation.tokenizer import BEGIN, PAD
from training.translation.grammar import MADE

# B sentences, S source tokens, T target tokens

NAME, NUMBER = re.compile(r"[A-Z][a-zäöüßáéíóúñ]{2,}"), re.compile(r"(?<![\d.,:])\d+(?![\d.,:]*\d)")
NUMERALS = [
    set(words.split())
    for words in (  # the same number in the languages that are trained here
        "two zwei dos",
        "three drei tres",
        "four vier cuatro",
        "five fünf cinco",
        "six sechs seis",
        "seven sieben siete",
        "eight acht ocho",
        "nine neun nueve",
        "ten zehn diez",
        "eleven elf once",
        "twelve zwölf doce",
        "twenty zwanzig veinte",
        "thirty dreißig treinta",
    )
]
ONSETS = "b br d dr f fl g gr h j k kl kr l m n p pr qu r s sch st t tr v w x z ch th sh y".split()
# lengths in tokens to which sentences are padded
WIDTHS = 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160
VOWELS = "a e i o u a e i o ei au ie ö ü ä oo ya".split()
CODAS = "n r l s t m ck nd rt x z sk ng ff tz ld ss th v".split() + [""] * 12


def read(source, most=0):
    """Pairs from a TSV (target TAB source), or from two files of lines named SOURCE:TARGET; plain, .gz or
    .xz.

    A third column of a TSV names the origin of a pair. From each origin, `most` pairs are taken; 0: all.
    """
    first, _, second = source.partition(":")
    if second:
        ours, theirs = lines(first), lines(second)
        if len(ours) != len(theirs):
            raise SystemExit(
                "%s has %d lines and %s has %d: line n of one must be the translation of line n of the other."
                % (first, len(ours), second, len(theirs))
            )
        return [pair for pair in zip(ours, theirs) if all(pair)]
    rows = [(number, line.split("\t")) for number, line in enumerate(lines(first), 1) if line]
    for number, row in rows:
        if len(row) < 2:
            raise SystemExit(
                "%s, line %d, has no tab: each line is a translation, a tab, and what it translates."
                % (first, number)
            )
    taken = Counter()
    for _, row in rows:
        taken[tuple(row[2:3])] += 1
    shares = {origin: most / count if most else 1 for origin, count in taken.items()}
    return [(row[1], row[0]) for _, row in rows if len(row) == 2 or hashed(row[0]) < shares[row[2],]]


def name(source):
    """The name of a file without its endings, or of the first of two: test_2016_flickr. If the folder names
    two languages, its name: deu-eng.
    """
    path = pathlib.Path(source.partition(":")[0])
    stem = path.name.partition(".")[0]
    return path.parent.name if path.parent.name and re.fullmatch("[a-z]{3}-[a-z]{3}|train", stem) else stem


def lines(path):
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(pathlib.Path(path).suffix, open)
    try:
        with opened(path, "rt", encoding="utf-8-sig") as file:
            found = [line.strip(" \n") for line in file]  # a tab may stand at an end
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise SystemExit("%s cannot be read as lines of text: %s." % (path, error)) from None
    if not any(found):
        raise SystemExit("%s holds no pair of sentences." % path)
    return found


def clean(pairs, longest, never=(), languages=("", "")):
    """The pairs that remain, and how many were dropped for which reason. `never`: keys of targets that are
    tested on.
    """
    kept, seen, dropped = [], set(), Counter()
    for pair in pairs:
        pair = tuple(map(tidy, pair))
        if max(map(len, pair)) > longest:
            dropped["longer than %d characters" % longest] += 1
        elif not all(re.search(r"[^\W\d_]", sentence) for sentence in pair):
            dropped["without a letter"] += 1
        elif pair[0] == pair[1] and len(pair[0].split()) > 3:
            dropped["not translated"] += 1
        elif max(map(len, pair)) > 3 * min(map(len, pair)) + 20:
            dropped["of very different lengths"] += 1
        elif any(
            other_language(sentence, language) for sentence, language in zip(pair, languages) if language
        ):
            dropped["in another language"] += 1
        elif pair in seen:
            dropped["twice"] += 1
        elif key(pair[1]) in never:
            dropped["in a test set"] += 1
        else:
            seen.add(pair)
            kept.append(pair)
    return kept, dict(dropped)


def swapped(pairs, languages, some=200):
    """Whether all sources together are in another language than theirs, and all targets too."""
    parts = [" ".join(part) for part in zip(*pairs[:some])]
    return bool(parts) and all(map(other_language, parts, languages))


def tidy(sentence):
    """The sentence with plain signs, and without the spaces that a tokenizer puts around them."""
    sentence = re.sub(r"\s+", " ", sentence.replace("''", '"').replace("``", '"').replace("’", "'")).strip()
    if not re.search(r"\w [,.](?: |$)", sentence):
        return sentence
    sentence = re.sub(
        r'(^|\s)" ([^"]+) "', r'\1"\2"', re.sub(r" ([,.;:!?)\]%]|'s\b|'\w{1,2}\b|n't\b)", r"\1", sentence)
    )
    return re.sub(r"([(\[]) ", r"\1", sentence)


def key(sentence):
    """A key that is the same for sentences that differ only in case and punctuation."""
    return " ".join(re.findall(r"\w+", sentence.lower()))


def split(pairs, share):
    """Training, validation and test pairs. All pairs with the same target are in the same part. A hash
    selects the part, so it is the same on every machine.
    """
    parts = [], [], []
    for pair in pairs:
        place = hashed(key(pair[1]))
        parts[2 if place < share else 1 if place < 2 * share else 0].append(pair)
    return parts


def hashed(text):
    """A number from 0 to 1 that is the same for a text on every machine."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32


class Mixture:
    """Draws the pairs of an epoch from several parts, by their shares. Every pair of a part comes once before
    any comes again.
    """

    def __init__(self, parts, shares, seed):
        self.parts, self.seed = parts, seed
        self.shares = [share / sum(shares) for share in shares]

    def __call__(self, epoch, count):
        """The pairs of an epoch, counted from 1. They are the same at every call."""
        drawn = []
        for place, (part, share) in enumerate(zip(self.parts, self.shares)):
            each = round(count * share)
            drawn += [self.at(place, position) for position in range((epoch - 1) * each, epoch * each)]
        return drawn

    def at(self, place, position):
        part = self.parts[place]
        passes, within = divmod(position, len(part))
        return part[self.order(place, passes, len(part))[within]]

    @functools.lru_cache(maxsize=32)
    def order(self, place, passes, count):
        return np.random.default_rng((self.seed, place, passes)).permutation(count)


class Inventions:
    """Replaces names and numbers that both sentences of a pair share by invented ones, so that a network
    learns to copy.
    """

    def __init__(self, pairs):
        text = Counter(word for pair in pairs for sentence in pair for word in re.findall(r"\w+", sentence))
        self.common = {word for word, count in text.items() if word[0].islower() and count > 2}

    def shared(self, source, target):
        """The names and numbers that both sentences have. Words of the language with a capital letter are
        left out.
        """
        names = set(NAME.findall(source)) & set(NAME.findall(target))
        numbers = set(NUMBER.findall(source)) & set(NUMBER.findall(target))
        return {name for name in names if name.lower() not in self.common} | numbers

    def numerals(self, source, target):
        """(word, its translation) of the numbers that each sentence has once as a word."""
        ours, theirs = (re.findall(r"\w+", sentence.lower()) for sentence in (source, target))
        found = [
            ([word for word in ours if word in same], [word for word in theirs if word in same])
            for same in NUMERALS
        ]
        return [(one[0], other[0]) for one, other in found if len(one) == len(other) == 1]

    def __call__(self, pair, stream):
        source, target = pair
        for found in sorted(self.shared(source, target)):
            new = invented_number(len(found), stream) if found.isdigit() else invented_name(stream)
            source, target = (renamed(sentence, found, new) for sentence in (source, target))
        for ours, theirs in self.numerals(source, target):
            if stream.random() < 0.5:  # the number words must be learned as well
                new = invented_number(stream.choice([1, 2, 2, 3]), stream)
                source, target = renamed(source, ours, new), renamed(target, theirs, new)
        return source, target


def renamed(sentence, word, new):
    """The sentence with another name in the place of a word, also in forms with s ("Toms")."""
    return re.sub(
        r"(?<!\w)%s(?=s?(?!\w))" % re.escape(word),
        lambda _: new,
        sentence,
        flags=re.IGNORECASE if word.islower() else 0,
    )


def invented_name(stream):
    if stream.random() < 0.2:  # an address, a file name or a placeholder; a mask hides these later
        return MADE[stream.choice(["url", "mail", "file", "placeholder", "handle", "code"])](stream)[0]

    def part():
        syllables = [
            stream.choice(ONSETS) + stream.choice(VOWELS) + stream.choice(CODAS)
            for _ in range(stream.choice([1, 2, 2, 2, 3]))
        ]
        return "".join(syllables).capitalize()

    return part() if stream.random() < 0.6 else part() + stream.choice([" ", " ", "-"]) + part()


def invented_number(digits, stream):
    """A number with as many digits or up to two more. Sometimes a time of day, or a sign like KV-58."""
    digits += stream.choice([0, 0, 0, 1, 2])
    number = str(stream.randint(10 ** (digits - 1), 10**digits - 1))
    form = stream.random()
    if form < 0.05:
        return "%d:%02d" % (stream.randrange(24), stream.randrange(60))
    if form < 0.15:
        letters = "".join(stream.choice("ABCDEFGHKLMNPQRSTUVWXZ") for _ in range(stream.choice([1, 2, 2])))
        return letters + stream.choice(["-", " ", ""]) + number
    return number


def joined(pair, following):
    """Two pairs as one: sentence after sentence."""
    return tuple(" ".join(sentences) for sentences in zip(pair, following))


class Batches:
    """Padded tensors of ids (source, target), each with about `tokens` target tokens, of similar length, in
    random order.

    There are few different shapes, because a CPU's library prepares its kernels for each new shape, which
    takes as long as the work itself.
    """

    def __init__(self, tokenizer, pairs, tokens, dropout=0.0, seed=(0,)):
        sources = tokenizer.ids([source for source, _ in pairs], dropout)
        targets = tokenizer.ids([target for _, target in pairs])
        stream = np.random.default_rng(seed)
        alike = {}
        for i in stream.permutation(len(pairs)):
            longest = max(len(sources[i]), len(targets[i]))
            alike.setdefault(next((width for width in WIDTHS if width >= longest), longest), []).append(
                (sources[i], targets[i])
            )
        self.batches = []
        for width, some in sorted(alike.items()):
            size = max(1, tokens // width)
            self.batches += [(width, some[at : at + size]) for at in range(0, len(some), size)]
        self.batches = [self.batches[i] for i in stream.permutation(len(self.batches))]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for width, batch in self.batches:
            yield padded([s for s, _ in batch], width), padded([[BEGIN] + t for _, t in batch], width + 1)


def padded(rows, width=0):
    """Lists of ids -> (B, the longest length), or (B, width) if that is more."""
    longest = max(width, *map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
