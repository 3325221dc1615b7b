"""Sentences without a label for the teacher. From reviews: sentences, clauses, and negations and contrasts by
rule. Questions: other collections, two questions joined, and questions about the subjects of an
encyclopaedia.
"""

import itertools
import lzma
import random
import re
from collections import Counter

from training.classification import data
from training.classification.classical import split_words

SHARED = "../shared/data/"
SHORT = 400  # letters; a longer text is a review
REVIEWS = 9000  # number of reviews and of sentences whose parts are labelled
NEGATED = (  # a wording and its opposite
    ("is", "is n't"),
    ("was", "was n't"),
    ("are", "are n't"),
    ("does", "does n't"),
    ("did", "did n't"),
    ("will", "wo n't"),
    ("can", "ca n't"),
    ("could", "could n't"),
    ("would", "would n't"),
    ("has", "has no"),
    ("have", "have no"),
    ("is", "is never"),
    ("was", "was never"),
    ("and", "and not"),
    ("with", "without"),
)
ABOUT = (  # sentences about an adjective
    "not %s|not %s at all|not at all %s|it is not %s|is n't %s|never %s|hardly %s|not very %s|not really %s|"
    "not even %s|neither %s nor %s|nothing %s|nobody is %s|it is never %s|not a %s film|no %s moment|"
    "not a %s moment|there is nothing %s here|anything but %s|far from %s|very %s|really %s|absolutely %s|"
    "so %s|too %s|quite %s|surprisingly %s|incredibly %s|terribly %s|pretty %s|simply %s|%s|%s , %s , %s|"
    "%s and %s|%s but %s|%s , but never %s|not %s but %s|less %s than i feared|more %s than i expected|"
    "it could have been %s|it is not only %s but also %s|i did not find it %s|it was never %s|"
    "i expected it to be %s and it is|it should be %s , and it is not|the most %s film of the year|"
    "the least %s film of the year|%s at first , %s at the end|i ca n't say that it is %s|"
    "i would not call it %s"
).split("|")
CONTRASTS = (  # join two clauses into one sentence
    "%s , but %s|although %s , %s|%s , yet %s|%s ; still , %s|despite everything , %s and %s|%s , and %s|"
    "i thought that %s , and %s|%s . %s|while %s , %s|it is true that %s , but %s|%s , however , %s"
).split("|")
# the subject of a sentence of an encyclopaedia, and what it is
NAMED = re.compile(
    r"(?:the )?(\w+(?: \w+){0,2}) (?:is|was) (?:an?|the) ((?:\w+ )?\w+) (?:of|in|and|who|which|that)"
)
ASKED = (  # questions about the subject of such a sentence, and about what it is
    "what is %(it)s ?|who is %(it)s ?|who was %(it)s ?|where is %(it)s ?|when was %(it)s born ?|"
    "what %(is)s is called %(it)s ?|what is the name of the %(is)s ?|what does %(it)s mean ?|"
    "how many people live in %(it)s ?|how far is it from %(it)s to the sea ?|what is the capital of %(it)s ?|"
    "who invented the %(is)s ?|why is %(it)s famous ?|how do you make a %(is)s ?|when did %(it)s begin ?|"
    "how old is %(it)s ?|what kind of %(is)s is %(it)s ?|what does %(it)s stand for ?|name a %(is)s .|"
    "which %(is)s was the first ?|what is the %(is)s 's weight ?|how much does a %(is)s cost ?|"
    "what are the symptoms of %(it)s ?|what company owns %(it)s ?|who wrote %(it)s ?|define %(it)s .|"
    "tell me who founded %(it)s .|in what year was %(it)s built ?|what color is a %(is)s ?|"
    "what language is spoken in %(it)s ?|what is the origin of the name %(it)s ?|how long is the %(is)s ?|"
    "how hot is %(it)s ?|what percentage of %(it)s is a %(is)s ?|what sport is %(it)s known for ?|"
    "what do you call a %(is)s ?|what city is %(it)s in ?|what country does %(it)s come from ?"
).split("|")


def sentences(task, training, seed=1):
    """An endless mixture of texts without a label. Each comes once, and none is tested on. They are made from
    the training texts [(text, label)] and from files in ../shared.
    """
    stream = random.Random(seed)
    parts = feelings(training, stream) if task == "sentiment" else questions(training, stream)
    seen = {data.letters(text) for text, _ in training}
    for text in itertools.chain.from_iterable(itertools.zip_longest(*parts)):
        key = data.letters(text or "")
        if key and key not in seen:
            seen.add(key)
            yield text


def feelings(training, stream):
    """Streams of sentences and clauses from reviews, and of texts that rules make from them."""
    plain = [
        " ".join(split_words(data.readable(one)))
        for text, _ in stream.sample(training, min(len(training), REVIEWS))
        for one in re.split(r"(?<=[.!?])\s+|<br />", text)
    ]
    stream.shuffle(plain)
    whole = [text for text in plain if 4 <= text.count(" ") < 40]
    clauses = [
        part.strip(" .,;'\"-")
        for text in whole[: len(whole) // 3]
        for part in re.split(r" , | ; | -- | : | but | and (?=\w+ \w+)|\. ", text)
        if 1 <= part.strip().count(" ") < 12
    ]
    stream.shuffle(clauses)
    words = Counter(itertools.chain.from_iterable(map(pairs_after, plain)))
    adjectives = [word for word, count in words.most_common(900) if count > 4 and len(word) > 2]
    half = len(clauses) // 2
    short = [split_words(data.readable(text)) for text, _ in training if len(text) < SHORT]
    return (
        iter(whole),
        fragments(short, stream),
        fragments(short, stream),
        iter(clauses[:half]),
        negations(clauses[half:], stream),
        said_with(adjectives, stream),
        contrasts(clauses[half:], stream),
    )


def fragments(texts, stream, most=60000):
    """Two to nine consecutive words, like the phrases of SST."""
    for _ in range(most):
        words = stream.choice(texts)
        start = stream.randrange(max(1, len(words) - 1))
        yield " ".join(words[start : start + stream.randint(2, 9)])


def pairs_after(text):
    """The words that follow `very`. Most of them are adjectives."""
    return re.findall(r"\bvery ([a-z]+)\b", text)


def negations(texts, stream):
    """Texts in which one wording is replaced by its opposite."""
    for text in texts:
        padded = " %s " % text
        ways = [(a, b) for pair in NEGATED for a, b in (pair, pair[::-1]) if " %s " % a in padded]
        if ways:
            a, b = max(ways, key=lambda way: (len(way[0]), stream.random()))
            yield padded.replace(" %s " % a, " %s " % b, 1).strip()


def said_with(words, stream, most=30000):
    """Sentences of ABOUT with random adjectives."""
    for _ in range(most):
        way = stream.choice(ABOUT)
        told = tuple(stream.choice(words) for _ in range(way.count("%s")))
        yield way % told + stream.choice(("", " .", " !"))


def contrasts(clauses, stream, most=40000):
    for _ in range(most):
        yield stream.choice(CONTRASTS) % tuple(stream.sample(clauses, 2)) + stream.choice(("", " ."))


def questions(training, stream):
    """Streams of questions: from other collections, two questions joined, and about named subjects."""
    asked = [split_words(text) for text, _ in training]
    with lzma.open(SHARED + "text/tatoeba/deu-eng.tsv.xz", "rt", encoding="utf-8") as file:
        others = list({line.split("\t")[0] for line in file if line.split("\t")[0].endswith("?")})
    stream.shuffle(others)
    return iter(others), joined(asked, stream), shortened(asked, stream), joined(asked, stream), named(stream)


def joined(asked, stream, most=40000):
    """The beginning of one question with the end of another. The second part begins with the same word, or
    with any word.
    """
    by_word = {}
    for words in asked:
        by_word.setdefault(words[0], []).append(words)
    for _ in range(most):
        first = stream.choice(asked)
        second = stream.choice(by_word[first[0]] if stream.random() < 0.7 else asked)
        cut = stream.randint(1, min(5, len(first)))
        yield " ".join(first[:cut] + second[min(cut, len(second) - 1) :])


def shortened(asked, stream, most=20000):
    """Questions without one or two of their words."""
    for _ in range(most):
        words = list(stream.choice(asked))
        for _ in range(stream.randint(1, 2)):
            words.pop(stream.randrange(len(words))) if len(words) > 2 else None
        yield " ".join(words)


def named(stream, most=40000):
    """Questions about the subjects of an encyclopaedia's sentences."""
    with lzma.open(SHARED + "corpus/wikipedia_30M.txt.xz", "rt", encoding="utf-8") as file:
        for line in itertools.islice(file, 600000):
            match = NAMED.match(line)
            if match and stream.random() < 0.5 and match.group(1) not in ("it", "he", "she", "this", "there"):
                yield stream.choice(ASKED) % {"it": match.group(1), "is": match.group(2)}
