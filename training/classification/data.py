"""Reads texts and labels, keeps tested texts out, splits, and makes batches of texts of similar length."""

import bisect
import csv
import itertools
import lzma
import pathlib
import random
import re

import numpy as np
import torch

from models.classification.network import PAD
from models.classification.vocabulary import words_of

# B texts, T words

csv.field_size_limit(10**9)  # letters of a text
LONG = 100  # words; a longer text is a review, and each epoch also takes a passage from it
SNIPPET = 400  # letters; a longer text is only compared as a whole with the tested texts
KINDS = {
    "ABBR": "abbreviation",
    "DESC": "description",
    "ENTY": "entity",
    "HUM": "human",
    "LOC": "location",
    "NUM": "number",
}
FINE = {  # TREC's short names in words, from the table in Li & Roth's paper; other names are words already
    "ABBR:abb": "abbreviation",
    "ABBR:exp": "what it stands for",
    "DESC:def": "definition",
    "DESC:desc": "description",
    "ENTY:body": "part of the body",
    "ENTY:cremat": "creative work",
    "ENTY:dismed": "disease or medicine",
    "ENTY:instru": "musical instrument",
    "ENTY:lang": "language",
    "ENTY:letter": "letter of the alphabet",
    "ENTY:other": "another thing",
    "ENTY:symbol": "symbol or sign",
    "ENTY:techmeth": "technique or method",
    "ENTY:termeq": "equivalent term",
    "ENTY:veh": "vehicle",
    "ENTY:word": "word with a property",
    "HUM:desc": "description of a person",
    "HUM:gr": "group or organisation",
    "HUM:ind": "person",
    "LOC:mount": "mountain",
    "LOC:other": "another place",
    "NUM:code": "code or number",
    "NUM:dist": "distance",
    "NUM:ord": "rank",
    "NUM:other": "another number",
    "NUM:perc": "percentage",
    "NUM:period": "duration",
    "NUM:temp": "temperature",
    "NUM:volsize": "size, area or volume",
}


def read(path):
    """[(text, label)] from a TSV with label and text and no header (plain or .xz), or from a CSV with the
    columns text and label. Prints how many rows have no text or no label; they are left out.

    Raises SystemExit with a sentence if the file is neither.
    """
    path = pathlib.Path(path)
    try:
        with (lzma.open if path.suffix == ".xz" else open)(
            str(path), "rt", encoding="utf-8-sig", newline=""
        ) as file:
            rows = list(from_csv(path, file) if ".csv" in path.name.lower() else from_tsv(path, file))
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise SystemExit("%s cannot be read: %s." % (path, getattr(error, "strerror", None) or error))
    except UnicodeDecodeError:
        raise SystemExit("%s is not UTF-8: save it as such." % path)
    whole = [(text, label) for _, text, label in rows if text.strip() and label]
    lacking = [str(number) for number, text, label in rows if not (text.strip() and label)]
    if lacking:
        print(
            "%s: rows without a text or a label are left out, %d of %d, in the lines %s."
            % (path, len(lacking), len(rows), shortened(lacking))
        )
    return whole


def shortened(names, most=8):
    """The names with commas between them; of many, the first ones."""
    return ", ".join(names[:most]) + (" and %d more" % (len(names) - most) if len(names) > most else "")


def names_in(line, delimiter):
    """The columns of a table's first line, as they would be with a delimiter."""
    return [name.strip(' \t\r\n"').lower() for name in line.split(delimiter)]


def from_csv(path, file):
    """Yield (line, text, label) of each row. A row may have several lines, between quotes."""
    first, line = file.readline(), 1
    # a spreadsheet may write semicolons or tabs instead
    delimiter = next((sign for sign in ";\t" if {"text", "label"} <= set(names_in(first, sign))), ",")
    rows = csv.reader(itertools.chain([first], file), strict=True, delimiter=delimiter)
    try:
        head = [name.strip().lower() for name in next(rows, [])]
        if not {"text", "label"} <= set(head):
            raise SystemExit(
                "%s must have the columns text and label in its first line; it has %s."
                % (path, ", ".join(head) or "none")
            )
        line = rows.line_num + 1
        for row in rows:
            if len(row) > len(head):
                raise SystemExit(
                    "%s, line %d, has %d columns, and the first line has %d: put a text with a comma between "
                    "quotes." % (path, line, len(row), len(head))
                )
            if row:
                found = dict(zip(head, map(str.strip, row)))
                yield line, found.get("text", ""), found.get("label", "")
            line = rows.line_num + 1
    except csv.Error as error:
        raise SystemExit(
            "%s, line %d: a quote is not closed, or not doubled inside a text (%s)." % (path, line, error)
        )


def from_tsv(path, file):
    """Yield (line, text, label) of each line that is not empty."""
    for number, line in enumerate(file, 1):
        label, tab, text = line.rstrip("\r\n").partition("\t")
        if line.strip() and not tab:
            raise SystemExit("%s, line %d: label, a tab and the text are expected." % (path, number))
        if number == 1 and names_in(line, "\t") == ["text", "label"]:
            raise SystemExit("%s has the text first: a TSV has the label, a tab and the text." % path)
        if line.strip() and not (number == 1 and names_in(line, "\t") == ["label", "text"]):
            yield number, readable(text), in_words(label.strip())


def of_known_classes(training, *others):
    """Lists of (text, label) without the classes of which `training` has no text. Prints those."""
    known = {label for _, label in training}
    lost = sorted({label for pairs in others for _, label in pairs} - known)
    if lost:
        print("Left out, since none of their texts is trained on: %s." % shortened(lost))
    return [[pair for pair in pairs if pair[1] in known] for pairs in others]


def in_words(label):
    """The name of a TREC class in words; any other label unchanged."""
    kind, colon, fine = label.partition(":")
    return KINDS.get(kind, kind) + colon + FINE.get(label, fine)


def readable(text):
    """The text without SST's special spelling of brackets and quotation marks."""
    return re.sub(r"``|''", '"', re.sub(r"\brrb\b", ")", re.sub(r"\blrb\b", "(", text)))


def letters(text):
    """The Latin letters and digits of a text; of another script all letters, and of no letters the text. Two
    spellings of one sentence have the same.
    """
    latin, every = (re.sub(pattern, "", text.lower()) for pattern in ("[^a-z0-9]", r"[\W_]"))
    return (latin if 2 * len(latin) >= len(every) else every) or text.strip()


def without(pairs, tested, inside=False):
    """The pairs whose text is not tested on. With `inside`, texts that contain a tested text are left out
    too, because SST's sentences are parts of Rotten Tomatoes' snippets.
    """
    keys = [letters(text) for text, _ in pairs]
    short = [key if len(key) <= SNIPPET else "" for key in keys]
    whole, starts = "|".join(short), [0]
    for key in short:
        starts.append(starts[-1] + len(key) + 1)
    same = {letters(text) for text, _ in tested}
    bad = {place for place, key in enumerate(keys) if key in same}
    for key in (key for key in same if inside and 12 <= len(key) <= SNIPPET):
        found = whole.find(key)
        while found >= 0:
            bad.add(bisect.bisect_right(starts, found) - 1)
            found = whole.find(key, found + 1)
    return [pair for place, pair in enumerate(pairs) if place not in bad]


def split(pairs, share, seed=0):
    """(kept, held out): pairs. The split is the same at every call."""
    order = random.Random(seed).sample(range(len(pairs)), len(pairs))
    count = round(share * len(pairs))
    return [pairs[place] for place in order[count:]], [pairs[place] for place in order[:count]]


def encoded(vocabulary, classes, pairs):
    """Pairs (text, label) as [(ids, class)]."""
    return [(np.array(vocabulary.look_up(words_of(text))), classes.index(label)) for text, label in pairs]


def read_taught(path, classes):
    """[(text, probabilities (C,))] of the sentences that a teacher labelled. The first line of the file names
    the classes.
    """
    with lzma.open(str(path), "rt", encoding="utf-8") as file:
        if next(file).rstrip("\n").split("\t") != classes:
            raise SystemExit("%s is of other classes than those of the training texts." % path)
        lines = (line.rstrip("\n").partition("\t") for line in file)
        return [(text, np.array(said.split(), np.float32)) for said, _, text in lines]


def write_taught(path, classes, texts, probabilities):
    """Write the file that `read_taught` reads."""
    lines = [" ".join("%.3f" % one for one in row) + "\t" + text for row, text in zip(probabilities, texts)]
    with lzma.open(str(path), "wt", encoding="utf-8") as file:
        file.write("\n".join(["\t".join(classes), *lines]) + "\n")


def passage(ids, ends, stream):
    """One to three sentences of a review, at most 80 words. Its label is the review's, which is usually
    right.
    """
    breaks = [0] + [place + 1 for place, one in enumerate(ids.tolist()) if one in ends]
    breaks += [len(ids)] if breaks[-1] < len(ids) else []
    first = stream.randrange(len(breaks) - 1)
    last = min(first + stream.randint(1, 3), len(breaks) - 1)
    return ids[breaks[first] : breaks[last]][:80]


def cropped(ids, longest):
    """The beginning and the end of a text that is too long for training."""
    return (
        ids
        if len(ids) <= longest
        else np.concatenate([ids[: longest // 2], ids[-(longest - longest // 2) :]])
    )


def batches(examples, words, stream=None):
    """[(ids (B, T), labels)] of examples of similar length, with B * T about `words`. With a stream, they are
    shuffled. A label is a class or a row of probabilities.
    """
    jitter = stream.random if stream else float
    order = sorted(range(len(examples)), key=lambda place: len(examples[place][0]) * (1 + 0.1 * jitter()))
    groups, group, longest = [], [], 0
    for place in order:
        longest = max(longest, len(examples[place][0]))
        if group and (len(group) + 1) * longest > words or len(group) == 128:
            groups.append(group)
            group, longest = [], len(examples[place][0])
        group.append(place)
    groups.append(group)
    if stream:
        stream.shuffle(groups)
    return [
        (
            padded([examples[place][0] for place in group]),
            torch.tensor(np.array([examples[place][1] for place in group])),
        )
        for group in groups
    ], groups


def padded(rows):
    ids = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for row, found in zip(ids, rows):
        row[: len(found)] = found
    return torch.from_numpy(ids)
