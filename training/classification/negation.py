"""Phrases with negation, intensifiers or contrast, made and labelled by rule: `not bad at all` is praise.
Reviews have few of them, and a sum of words gets them wrong.
"""

import csv
import pathlib
import random
import re
from collections import Counter

import numpy as np

from training.classification import data
from training.classification.classical import split_words

# for choosing a model and for evaluation; no model is trained on them
PHRASES = pathlib.Path(__file__).parent / "phrases.csv"
CERTAIN = 0.9  # the probability of the class that a rule gives
# an adjective must be in this many texts, and have this log-ratio between the classes
LEAST, LOPSIDED = 8, 0.5
KEEP = (  # %s is an adjective; the phrase has the same class as it
    "%s|%s .|%s !|very %s|really %s|so %s|quite %s|simply %s|absolutely %s|truly %s|surprisingly %s|"
    "incredibly %s|utterly %s|too %s|it is %s|it was %s|this is a %s film|a %s movie|as %s as it gets|"
    "the most %s film of the year|one of the most %s films ever made|%s from beginning to end|"
    "never less than %s|nothing short of %s|not only %s but also %s|%s and %s|i found it %s|"
    "every scene is %s|%s , %s , %s|an extremely %s story|not just %s , it is %s too"
).split("|")
TURN = (  # the phrase has the opposite class
    "not %s|not %s .|not %s at all|not at all %s .|it is n't %s|it was not %s|this is not a %s film|"
    "not a %s scene in it|never %s|it is never %s .|hardly %s|not very %s|not really %s|not that %s|"
    "nothing %s about it|nothing in it is %s|nobody in it is %s|anything but %s|far from %s|"
    "neither %s nor %s|without one %s scene|i would n't call it %s|i did n't find it %s|"
    "you ca n't call it %s|it does n't feel %s|less %s than i expected|it could have been %s|"
    "it should have been %s|it is not %s , and it is not %s|everybody says that it is %s . it is n't .|"
    "people say it is %s , but they are mistaken"
).split("|")
CONTRAST = (  # one adjective of each class; the second one decides
    "%s , but %s|%s , yet %s|%s but also %s|although it is %s , it is %s|it may be %s , but it is %s|"
    "the {0} is %s , but the {1} is %s|despite the %s {0} , it is %s|even with a %s {0} , it is %s|"
    "it begins %s and becomes %s|the {0} is %s . still , it is %s|for all of its %s {0} , it is %s|"
    "i thought it would be %s , and it is %s|the first half is %s ; the second half is %s|"
    "in spite of a %s {0} , the {1} makes it %s|while the {0} is %s , the film is %s|%s {0} , and yet %s"
).split("|")
NEGATES = re.compile(
    r"n't\b|\b(?:not|never|hardly|nothing|nobody|neither|no|without|cannot|far from|anything but)\b"
)
PARTS = (
    "story acting script ending music cast dialogue plot idea pace direction photography beginning".split()
)
VERBS = {  # about what a film does, and what people do with it
    1: (
        "work|entertain|amuse|move me|surprise|convince|engage|touch me|thrill",
        "like|love|enjoy|admire|recommend",
    ),
    -1: (
        "disappoint|annoy|fail|drag|insult us|confuse|irritate|offend|bore me",
        "hate|regret|dislike|mind|despise",
    ),
}
NOUNS = {
    1: "charm|wit|warmth|humor|suspense|soul|life|depth|tension|style|magic|imagination|energy",
    -1: "boredom|nonsense|weakness|problem|mistake|stupidity|bad moment|weak scene|false note",
}
DOES = {
    1: ("it does %s", "it manages to %s", "it never fails to %s"),
    -1: ("it does n't %s", "it did not %s", "it fails to %s"),
}
DONE = {
    1: ("i %s it", "i really %s it"),
    -1: ("i do n't %s it", "i did not %s it", "i could not %s it", "nobody will %s it"),
}
HAS = {
    1: ("full of %s", "so much %s", "it has %s"),
    -1: (
        "no %s",
        "without any %s",
        "it lacks %s",
        "it has no %s",
        "not enough %s",
        "free of %s",
        "there is no %s in it",
    ),
}


def to_choose_by():
    """[(text, label)]: the half of our own phrases that may be used to choose a model."""
    with open(str(PHRASES), encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file) if row["part"] == "choose"]


def polarities(training):
    """{1: adjectives of praise, -1: adjectives of complaint}, found in the texts. An adjective is a word that
    follows `very`.
    """
    counts, texts = {"positive": Counter(), "negative": Counter()}, Counter()
    after_very = Counter()
    for text, label in training:
        counts[label].update(set(split_words(text)))
        texts[label] += 1
        after_very.update(re.findall(r"\bvery ([a-z]+)\b", text))
    ratio = texts["negative"] / texts["positive"]
    found = {1: [], -1: []}
    for word in (word for word, count in after_very.items() if count >= 4 and len(word) > 2):
        good, bad = counts["positive"][word], counts["negative"][word]
        lean = np.log((good + 1) / (bad + 1) * ratio)
        if good + bad >= LEAST and abs(lean) >= LOPSIDED:
            found[int(np.sign(lean))].append(word)
    return found


def phrases(training, most, seed=1):
    """[(text, (probability of negative, of positive))], each text once."""
    stream, known, found = random.Random(seed), polarities(training), {}
    judging = {data.letters(text) for text, _ in data.read(PHRASES)}
    while len(found) < most:
        text, lean = stream.choice((said, said, contrasted, plain))(known, stream)
        certain = np.array([1 - CERTAIN, CERTAIN], np.float32)
        if data.letters(text) not in judging:
            found[text] = certain if lean > 0 else certain[::-1]
    return list(found.items())


def said(known, stream):
    """A phrase with one or two adjectives, unchanged or negated."""
    lean, turn = stream.choice((1, -1)), stream.choice((1, -1))
    way = stream.choice(KEEP if turn > 0 else TURN)
    return way % tuple(stream.choice(known[lean]) for _ in range(way.count("%s"))), lean * turn


def contrasted(known, stream):
    lean = stream.choice((1, -1))
    way = stream.choice(CONTRAST).format(*stream.sample(PARTS, 2))
    return way % (stream.choice(known[-lean]), stream.choice(known[lean])), lean


def plain(known, stream):
    """A phrase with a verb or a noun, unchanged or negated."""
    lean, turn = stream.choice((1, -1)), stream.choice((1, -1))
    words, ways = stream.choice(((VERBS[lean][0], DOES), (VERBS[lean][1], DONE), (NOUNS[lean], HAS)))
    return stream.choice(ways[turn]) % stream.choice(words.split("|")), lean * turn
