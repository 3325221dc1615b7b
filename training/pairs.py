"""Pairs of sentences: read, cleaned, split so that nothing leaks, invented names put in, batched. What is learnt from them is elsewhere."""

import gzip
import hashlib
import lzma
import pathlib
import re
from collections import Counter

import numpy as np
import torch

from models.translation.tokenizer import BEGIN, PAD

# B sentences, S source tokens, T target tokens

NAME, NUMBER = re.compile(r"[A-Z][a-zäöüßáéíóúñ]{2,}"), re.compile(r"(?<![\d.,:])\d+(?![\d.,:]*\d)")
NUMERALS = [set(words.split()) for words in (  # the same number in the languages that are trained here
    "two zwei dos", "three drei tres", "four vier cuatro", "five fünf cinco", "six sechs seis", "seven sieben siete", "eight acht ocho",
    "nine neun nueve", "ten zehn diez", "eleven elf once", "twelve zwölf doce", "twenty zwanzig veinte", "thirty dreißig treinta")]
ONSETS = "b br d dr f fl g gr h j k kl kr l m n p pr qu r s sch st t tr v w x z ch th sh y".split()
VOWELS = "a e i o u a e i o ei au ie ö ü ä oo ya".split()
CODAS = "n r l s t m ck nd rt x z sk ng ff tz ld ss th v".split() + [""] * 12


def read(source):
    """Pairs of a TSV (target TAB source, more columns left out), or of two files of lines named SOURCE:TARGET; plain, .gz or .xz."""
    first, _, second = source.partition(":")
    if second:
        ours, theirs = lines(first), lines(second)
        if len(ours) != len(theirs):
            raise SystemExit("%s has %d lines and %s has %d: line n of one must be the translation of line n of the other." % (
                first, len(ours), second, len(theirs)))
        return [pair for pair in zip(ours, theirs) if all(pair)]
    rows = [(number, line.split("\t")) for number, line in enumerate(lines(first), 1) if line]
    for number, row in rows:
        if len(row) < 2:
            raise SystemExit("%s, line %d, has no tab: each line is a sentence, a tab, and its translation." % (first, number))
    return [(row[1], row[0]) for _, row in rows]


def name(source):
    """The file's name without its endings, the first of two: deu-eng, test_2016_flickr."""
    return pathlib.Path(source.partition(":")[0]).name.partition(".")[0]


def lines(path):
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(pathlib.Path(path).suffix, open)
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            found = [line.strip() for line in file]
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise SystemExit("%s cannot be read as lines of text: %s." % (path, error)) from None
    if not any(found):
        raise SystemExit("%s holds no pair of sentences." % path)
    return found


def clean(pairs, longest, never=()):
    """The pairs that are left, and how many were dropped for which reason; `never`: keys of targets that are tested on."""
    kept, seen, dropped = [], set(), Counter()
    for pair in pairs:
        if max(map(len, pair)) > longest:
            dropped["longer than %d characters" % longest] += 1
        elif pair in seen:
            dropped["twice"] += 1
        elif key(pair[1]) in never:
            dropped["in a test set"] += 1
        else:
            seen.add(pair)
            kept.append(pair)
    return kept, dict(dropped)


def key(sentence):
    """What two sentences share that differ in case and punctuation only."""
    return " ".join(re.findall(r"\w+", sentence.lower()))


def split(pairs, share):
    """Training, validation and test pairs; all that have one target are in one part, found by its hash, the same on every machine."""
    parts = [], [], []
    for pair in pairs:
        place = int(hashlib.sha256(key(pair[1]).encode()).hexdigest()[:8], 16) / 2 ** 32
        parts[2 if place < share else 1 if place < 2 * share else 0].append(pair)
    return parts


class Inventions:
    """Names and numbers that stand in both sentences of a pair, replaced by ones that nobody has seen: so a network learns to copy."""

    def __init__(self, pairs):
        text = Counter(word for pair in pairs for sentence in pair for word in re.findall(r"\w+", sentence))
        self.common = {word for word, count in text.items() if word[0].islower() and count > 2}

    def shared(self, source, target):
        """The names and numbers of a pair: the same in both, and no word of the language with a capital letter."""
        names = set(NAME.findall(source)) & set(NAME.findall(target))
        numbers = set(NUMBER.findall(source)) & set(NUMBER.findall(target))
        return {name for name in names if name.lower() not in self.common} | numbers

    def numerals(self, source, target):
        """(word, its translation) of the numbers that both sentences write as a word, once each."""
        ours, theirs = (re.findall(r"\w+", sentence.lower()) for sentence in (source, target))
        found = [([word for word in ours if word in same], [word for word in theirs if word in same]) for same in NUMERALS]
        return [(one[0], other[0]) for one, other in found if len(one) == len(other) == 1]

    def __call__(self, pair, stream):
        source, target = pair
        for found in sorted(self.shared(source, target)):
            new = invented_number(len(found), stream) if found.isdigit() else invented_name(stream)
            source, target = (renamed(sentence, found, new) for sentence in (source, target))
        for ours, theirs in self.numerals(source, target):
            if stream.random() < 0.5:  # the words should be known as well
                new = invented_number(stream.choice([1, 2, 2, 3]), stream)
                source, target = renamed(source, ours, new), renamed(target, theirs, new)
        return source, target


def renamed(sentence, word, new):
    """Another in the place of a word, with the s of "Toms" as well."""
    return re.sub(r"(?<!\w)%s(?=s?(?!\w))" % re.escape(word), lambda _: new, sentence, flags=re.IGNORECASE if word.islower() else 0)


def invented_name(stream):
    def part():
        syllables = [stream.choice(ONSETS) + stream.choice(VOWELS) + stream.choice(CODAS) for _ in range(stream.choice([1, 2, 2, 2, 3]))]
        return "".join(syllables).capitalize()

    return part() if stream.random() < 0.6 else part() + stream.choice([" ", " ", "-"]) + part()


def invented_number(digits, stream):
    """A number of as many digits or up to two more; now and then a time of the day, or a sign like KV-58."""
    digits += stream.choice([0, 0, 0, 1, 2])
    number = str(stream.randint(10 ** (digits - 1), 10 ** digits - 1))
    form = stream.random()
    if form < 0.05:
        return "%d:%02d" % (stream.randrange(24), stream.randrange(60))
    if form < 0.15:
        letters = "".join(stream.choice("ABCDEFGHKLMNPQRSTUVWXZ") for _ in range(stream.choice([1, 2, 2])))
        return letters + stream.choice(["-", " ", ""]) + number
    return number


def joined(pair, following):
    """Two pairs as one, sentence after sentence."""
    return tuple(" ".join(sentences) for sentences in zip(pair, following))


class Batches:
    """Padded (source, target) id tensors of about `tokens` target tokens each, like lengths together, in random order."""

    def __init__(self, tokenizer, pairs, tokens, dropout=0.0, seed=(0,)):
        sources = tokenizer.ids([source for source, _ in pairs], dropout)
        targets = tokenizer.ids([target for _, target in pairs])
        stream = np.random.default_rng(seed)
        lengths = np.array([max(len(s), len(t)) for s, t in zip(sources, targets)])
        order = np.argsort(lengths + stream.random(len(lengths)))
        self.batches, batch = [], []
        for i in order:
            if batch and (len(batch) + 1) * (lengths[i] + 1) > tokens:
                self.batches.append(batch)
                batch = []
            batch.append((sources[i], targets[i]))
        self.batches.append(batch)
        self.batches = [self.batches[i] for i in stream.permutation(len(self.batches))]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for batch in self.batches:
            yield padded([s for s, _ in batch]), padded([[BEGIN] + t for _, t in batch])


def padded(rows):
    """Lists of ids -> (B, the longest)."""
    longest = max(map(len, rows))
    return torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])
