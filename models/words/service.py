"""The /words routes: similarity, neighbours, analogies, the odd one
out, vectors, a map, tokens. ROUTES is what handler.py serves.

HTTP is in api/, the look-up of words in vocabulary.py, and the arithmetic in model.py.
"""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from api.problems import TooLarge, Unprocessable
from api.request import MAX_TEXT, Request
from models.words.model import Model, Word, closeness, cosine, flattened, model
from models.words.tokenizer import normal, tokens

# N words asked for

Reply = Dict[str, Any]

MOST_NEIGHBOURS = 100
MOST_ADDED = 10  # words on each side of an analogy
MOST_COMPARED = 50  # words among which one is odd
MOST_MAPPED = 200
MOST_PAIRS = 1_000
MOST_PAIR_CHARACTERS = 50_000  # of all pairs
MOST_SUGGESTED = 5  # near spellings per word
MOST_CORRECTED = 10  # unknown words per call that get near spellings; each takes milliseconds
DECIMALS = 6  # of the numbers in answers; 8 bits hold no more


def describe(request: Request) -> Reply:
    """GET /words: the record. Loads the model with all its vectors, so that a page can warm it."""
    request.only()
    words = loaded(request)
    with request.timed("load"):
        words.complete()
    return words.record


def similarity(request: Request) -> Reply:
    """GET /words/similarity: the cosine of two words."""
    request.only("a", "b")
    first, second = word_sent(request, "a"), word_sent(request, "b")
    words = loaded(request)
    with request.timed("forward"):
        a, b = words.look_up(first), words.look_up(second)
        return {"similarity": rounded(cosine(a, b)), **dict(zip("ab", told(words, [a, b])))}


def similarities(request: Request) -> Reply:
    """POST /words/similarity: the cosines of many pairs, and
    what the answer says about the unknown words.
    """
    request.only("pairs")
    pairs = pairs_sent(request)
    words = loaded(request)
    with request.timed("forward"):
        known = words.look_up_all(asked for pair in pairs for asked in pair)
        unknown = [word for word in known.values() if word.row is None]
        return {
            "similarities": [rounded(cosine(known[a], known[b])) for a, b in pairs],
            "unknown": told(words, unknown),
        }


def neighbours(request: Request) -> Reply:
    """GET /words/neighbours: the nearest words."""
    request.only("word", "count")
    asked, count = word_sent(request, "word"), request.whole("count", 10, 1, MOST_NEIGHBOURS)
    words = loaded(request)
    with request.timed("forward"):
        word = words.look_up(asked)
        found = [] if word.vector is None else words.nearest(word.vector, count, [word])
        return {"neighbours": listed(found), "word": told(words, [word])[0]}


def analogy(request: Request) -> Reply:
    """GET /words/analogy: the words nearest to the sum of the positive words minus the negative ones."""
    request.only("positive", "negative", "count")
    sent = [request.texts("positive", 1, MOST_ADDED), request.texts("negative", 0, MOST_ADDED)]
    count = request.whole("count", 10, 1, MOST_NEIGHBOURS)
    words = loaded(request)
    with request.timed("forward"):
        positive, negative = [[words.look_up(asked) for asked in side] for side in sent]
        # if one word has no vector, it would be another question
        whole = all(word.vector is not None for word in positive + negative)
        found = words.analogy(positive, negative, count) if whole else []
        entries = told(words, positive + negative)
        return {
            "answers": listed(found),
            "positive": entries[: len(positive)],
            "negative": entries[len(positive) :],
        }


def odd_one_out(request: Request) -> Reply:
    """GET /words/odd-one-out: the word with the lowest mean cosine to the others; of equals, the first."""
    request.only("words")
    sent = request.texts("words", 3, MOST_COMPARED)
    words = loaded(request)
    with request.timed("forward"):
        asked = [words.look_up(text) for text in sent]
        places = [place for place, word in enumerate(asked) if word.vector is not None]
        means = (
            closeness(np.array([asked[place].vector for place in places])).tolist()
            if len(places) >= 3
            else []
        )
        # rounded first, so that words are equal here if they look equal to the caller
        nearness = {place: round(mean, DECIMALS) for place, mean in zip(places, means)}
        odd = min(nearness, key=nearness.__getitem__, default=None)
        found = None if odd is None else asked[odd].word
        return {
            "word": found,
            "similarities": [nearness.get(place) for place in range(len(asked))],
            "words": told(words, asked),
        }


def vector(request: Request) -> Reply:
    """GET /words/vector: the vector of a word, of length 1."""
    request.only("word")
    asked = word_sent(request, "word")
    words = loaded(request)
    with request.timed("forward"):
        word = words.look_up(asked)
        return {
            "vector": None if word.vector is None else word.vector.round(DECIMALS).tolist(),
            "word": told(words, [word])[0],
        }


def map_(request: Request) -> Reply:
    """GET /words/map: the words in the plane of their two principal components."""
    request.only("words")
    sent = request.texts("words", 1, MOST_MAPPED)
    words = loaded(request)
    with request.timed("forward"):
        asked = [words.look_up(text) for text in sent]
        vectors = [word.vector for word in asked if word.vector is not None]
        points = iter(flattened(np.array(vectors)) if vectors else [])  # (N, 2)
        places = [(None, None) if word.vector is None else next(points) for word in asked]
        return {
            "points": [
                {**entry, "x": rounded(x), "y": rounded(y)}
                for entry, (x, y) in zip(told(words, asked), places)
            ]
        }


def tokens_(request: Request) -> Reply:
    """GET /words/tokens: the tokens of a text, and the row of each in the vocabulary."""
    request.only("text")
    found = tokens(request.text("text"))
    words = loaded(request)
    return {"tokens": found, "ids": [words.vocabulary.row(normal(token)) for token in found]}


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /words": describe,
    "GET /words/similarity": similarity,
    "POST /words/similarity": similarities,
    "GET /words/neighbours": neighbours,
    "GET /words/analogy": analogy,
    "GET /words/odd-one-out": odd_one_out,
    "GET /words/vector": vector,
    "GET /words/map": map_,
    "GET /words/tokens": tokens_,
}


def loaded(request: Request) -> Model:
    """The model of the version to serve. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model()


def word_sent(request: Request, name: str) -> str:
    """One word or phrase. Raises Unprocessable if it is blank."""
    word = request.text(name)
    if not word.strip():
        raise Unprocessable("%s is empty: send a word." % name)
    return word


def pairs_sent(request: Request) -> List[Tuple[str, str]]:
    """The field pairs: a list of pairs of words."""
    pairs = request.fields.get("pairs")
    if not isinstance(pairs, list) or not 1 <= len(pairs) <= MOST_PAIRS:
        raise Unprocessable(
            'pairs must be a list of 1 to %d pairs, such as [["car", "truck"], ["tea", "coffee"]].'
            % MOST_PAIRS
        )
    for place, pair in enumerate(pairs, 1):
        if not isinstance(pair, list) or [type(word) for word in pair] != [str, str]:
            raise Unprocessable('Entry %d of pairs must be two words, such as ["car", "truck"].' % place)
    longest, total = (
        max(len(word) for pair in pairs for word in pair),
        sum(len(word) for pair in pairs for word in pair),
    )
    if longest > MAX_TEXT or total > MOST_PAIR_CHARACTERS:
        raise TooLarge(
            "A word may have %d characters, and all pairs together %d. Send fewer."
            % (MAX_TEXT, MOST_PAIR_CHARACTERS)
        )
    return pairs


def told(words: Model, asked: Sequence[Word]) -> List[Reply]:
    """What every answer says about its words: which word was used, whether
    it is known, the subwords it was built from, and near spellings.
    """
    corrected = [word for word in asked if word.row is None][:MOST_CORRECTED]
    return [
        {
            "word": word.word,
            "asked": word.asked,
            "known": word.row is not None,
            "subwords": word.subwords,
            "suggestions": words.vocabulary.near(word.word, MOST_SUGGESTED)
            if any(word is one for one in corrected)
            else [],
        }
        for word in asked
    ]


def listed(found: List[Tuple[str, float]]) -> List[Reply]:
    """Words and their cosines, as they are answered."""
    return [{"word": word, "similarity": rounded(cosine)} for word, cosine in found]


def rounded(number: Optional[float]) -> Optional[float]:
    """A cosine as it is answered."""
    return None if number is None else round(float(number), DECIMALS) + 0.0  # -0.0 becomes 0.0
