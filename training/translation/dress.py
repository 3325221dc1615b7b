"""Writes a sentence in other ways: lower case, no umlauts, quotation marks, a word in capitals, masks.

Other spellings change only the source. Signs around a sentence and capitals also change the target.
models/translation/verbatim/ says what a mask is; here the network learns to copy it.
"""

import re
from collections import Counter

from models.translation.verbatim import AROUND, MASKS, apart, masked, spans

PLAIN = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
UNACCENTED = dict(zip("áéíóúüñÁÉÍÓÚÑ", "aeiouunAEIOUN"))
QUOTES = [
    ('"', '"', '"', '"'),
    ("„", "“", '"', '"'),
    ("„", "“", "“", "”"),
    ("»", "«", '"', '"'),
    ("«", "»", '"', '"'),
    ("“", "”", "“", "”"),
    ("‚", "‘", "'", "'"),
    ("(", ")", "(", ")"),
    ("[", "]", "[", "]"),
]
WORD = re.compile(r"[^\W\d_]+")
RARE = 8  # a word must be in the pairs this many times


class Lexicon:
    """The English word for a word, found by how often both are in the same pair: Dice's coefficient is at
    least 0.35.
    """

    def __init__(self, pairs):
        # dictionaries keep their order, in which the first of two equal words wins; sets have one per process
        both = [tuple(dict.fromkeys(WORD.findall(sentence.lower())) for sentence in pair) for pair in pairs]
        ours, theirs = (Counter(word for pair in both for word in pair[side]) for side in (0, 1))
        together = Counter(
            (a, b) for pair in both for a in pair[0] if ours[a] >= RARE for b in pair[1] if theirs[b] >= RARE
        )
        best = {}
        for (a, b), count in together.items():
            dice = 2 * count / (ours[a] + theirs[b])
            if dice >= max(0.35, best.get(a, ("", 0))[1]):
                best[a] = b, dice
        self.best = {word: found for word, (found, _) in best.items()}

    def aligned(self, source, target, stream):
        """The matches of a source word and of its English word, or None. The word is drawn from those whose
        English word is in the target.
        """
        there = {match.group().lower(): match for match in WORD.finditer(target)}
        found = [
            (match, there[self.best[match.group().lower()]])
            for match in WORD.finditer(source)
            if self.best.get(match.group().lower()) in there
        ]
        return stream.choice(found) if found else None


class Dress:
    """Changes a pair at random, as far as its language allows."""

    def __init__(self, language, lexicon, share=1.0):
        self.language, self.lexicon, self.share = language, lexicon, share

    def __call__(self, pair, stream):
        """(source, target) -> the pair for training, with masks."""
        source, target = pair
        if stream.random() < 0.10 * self.share:
            source, target = self.emphasised(source, target, stream)
        if stream.random() < 0.08 * self.share:
            source, target = without_end(source, target)
        if stream.random() < 0.06 * self.share:
            left, right, ours, theirs = stream.choice(QUOTES)
            source, target = left + source + right, ours + target + theirs
        source, target = mask(source, target, stream)
        return self.spelt(source, stream), target

    def spelt(self, source, stream):
        """The source as people write it in a hurry."""
        form = stream.random() / self.share if self.share else 1
        if form < 0.05:
            return source.lower()
        if form < 0.11:
            return (
                "".join(PLAIN.get(letter, letter) for letter in source)
                if self.language == "de"
                else unaccented(source)
            )
        if form < 0.14:
            return source.replace("ß", "ss").lstrip("¿¡")
        if form < 0.15:
            return re.sub(
                r"\b([A-ZÄÖÜ])([a-zäöü])(?=[a-zäöü])",
                lambda match: match.group(1) + match.group(2).upper(),
                source,
                count=1,
            )
        return source

    def emphasised(self, source, target, stream):
        """Put one word in capitals or between two signs, in both sentences."""
        found = self.lexicon.aligned(source, target, stream)
        if not found or len(found[0].group()) < 2:
            return source, target
        if stream.random() < 0.35:
            return tuple(
                sentence[: match.start()] + match.group().upper() + sentence[match.end() :]
                for sentence, match in zip((source, target), found)
            )
        left, right = stream.choice(
            [
                ("**", "**"),
                ("<b>", "</b>"),
                ("<i>", "</i>"),
                ("*", "*"),
                ('<a href="x">', "</a>"),
                ("[", "](x)"),
                ("„", "“"),
                ('"', '"'),
                ("_", "_"),
            ]
        )
        ours = (left, right) if left != "„" else ('"', '"')
        return tuple(
            sentence[: match.start()] + signs[0] + match.group() + signs[1] + sentence[match.end() :]
            for sentence, match, signs in zip((source, target), found, ((left, right), ours))
        )


def unaccented(text):
    return "".join(UNACCENTED.get(letter, letter) for letter in text).lstrip("¿¡")


def without_end(source, target):
    """Both sentences without their final full stop. A question keeps its sign."""
    if source.endswith(".") and target.endswith(".") and not source.endswith("..."):
        return source[:-1], target[:-1]
    return source, target


def mask(source, target, stream):
    """Both sentences with masks for what must be kept, if the target has it. The masks' letters are random,
    in rising order in the source.
    """
    kept, places, free = [], [], target
    for span in spans(source):
        found = re.search(
            r"(?<!\w)%s(?!\w)" % re.escape(span.english)
            if span.english[0].isalnum()
            else re.escape(span.english),
            free,
        )
        if found and len(kept) < len(MASKS):
            kept.append(span)
            places.append(found.span())
            free = free[: found.start()] + "\0" * len(found.group()) + free[found.end() :]
    if not kept:
        return source, target
    letters = sorted(stream.sample(MASKS, len(kept)))
    for (start, end), letter in sorted(zip(places, letters), reverse=True):
        target = target[:start] + letter + target[end:]
    source = masked(source, kept, letters)
    for span, letter in zip(kept, letters):
        if span.kind in AROUND:
            source, target = (apart(sentence, letter)[0] for sentence in (source, target))
    return source, target
