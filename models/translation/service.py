"""The /translation routes. ROUTES is what handler.py serves.

It leaves HTTP to api/, telling sentences apart to sentences.py, and translating them to model.py.
"""

import heapq
import threading
import unicodedata
from typing import Any, Callable, Dict, List, Optional, Sequence

from api.problems import TooLarge, Unprocessable
from api.request import Request, quoted, short_enough
from models import registry
from models.translation.languages import warning
from models.translation.model import MOST_SUBWORDS, Model, Translation, model
from models.translation.sentences import Part, parts

# S source tokens, T target tokens, of all sentences of a text

Reply = Dict[str, Any]

MOST_TEXTS = 32
WIDEST_BEAM = 10
MOST_WORK = 16_000  # subwords times the width of the beam: ten seconds at worst, two for German of 8,000 characters and a beam of 5
MOST_CELLS = 1_000_000  # of the attention of a call, about: it travels as JSON
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphens and blanks without a width, which hide a word from the model
DECIMALS = 4
LOADING = threading.Lock()  # threads that ask at once would each load the model


def describe(request: Request) -> Reply:
    """GET /translation: the record, where nothing is asked; loads the default model, so that a page can warm it."""
    if request.fields:
        return translate(request)
    record = registry.record("translation")
    loaded(request, record["default"])
    return record


def translate(request: Request) -> Reply:
    """POST /translation: one text or several -> their translations, with scores, alternatives, tokens and attention."""
    request.only("text", "source", "target", "model", "beam", "alternatives", "attention")
    texts = texts_sent(request)
    beam = request.whole("beam", 5, 1, WIDEST_BEAM)
    alternatives = request.whole("alternatives", 0, 0, beam)
    attention = request.flag("attention")
    translator = loaded(request, model_asked_for(request))
    with request.timed("parse"):
        pieces = [parts(readable(text), translator.size, MOST_SUBWORDS) for text in texts]
    with request.timed("forward"):
        sentences = list(dict.fromkeys(piece for text in pieces for piece, spoken in text if spoken))
        sizes = {sentence: translator.size(sentence) for sentence in sentences}
        little_enough(sum(sizes.values()), beam)
        if attention:
            few_enough([sum(sizes[piece] for piece, spoken in text if spoken) for text in pieces])
        found = dict(zip(sentences, translator.translate(sentences, beam, max(beam, alternatives + 1))))
    with request.timed("encode"):
        answers = [answer(translator, text, found, alternatives, attention) for text in pieces]
        told = {name: translator.entry[name] for name in ("source", "target")}
        for text, reply in zip(texts, answers):
            note = warning(text, told["source"])
            reply.update({"note": note} if note else {})
        several = isinstance(request.sent("text"), list)
        return {**({"translations": answers} if several else answers[0]), "model": translator.entry["name"], **told}


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /translation": describe,
    "POST /translation": translate,
}


def loaded(request: Request, name: str) -> Model:
    with request.timed("load"), LOADING:
        return model(name)


def texts_sent(request: Request) -> List[str]:
    """The field text: one text, or a list of them of which one at least says something."""
    sent = request.sent("text")
    texts = sent if isinstance(sent, list) and all(isinstance(text, str) for text in sent) else [request.text("text")]
    if len(texts) > MOST_TEXTS:
        raise TooLarge("text may be %d texts at most, and here are %d. Send them in several calls." % (MOST_TEXTS, len(texts)))
    if not any(text.strip() for text in short_enough(texts, "text")):
        raise Unprocessable("text is empty: send a sentence, or a list of up to %d texts." % MOST_TEXTS)
    return texts


def little_enough(subwords: int, beam: int) -> None:
    """Refuse what would take longer than a caller or the gateway waits; German of 8,000 characters has about 2,000 subwords."""
    if subwords * beam > MOST_WORK:
        told = (subwords, beam, MOST_WORK // beam)
        raise TooLarge("The text has %d subwords, and with a beam of %d it may have %d. Send less, or a smaller beam." % told)


def few_enough(subwords: List[int]) -> None:
    """Refuse an attention that would not fit into an answer."""
    if sum(count * count for count in subwords) > MOST_CELLS:
        raise TooLarge("The attention would have over a million numbers. Ask for it with less text, or send attention=false.")


def model_asked_for(request: Request) -> str:
    """The name of the model for the languages and the model that were sent: the default where it fits, else the first that does."""
    record = registry.record("translation")
    asked = {name: request.text(name) for name in ("source", "target", "model") if name in request.fields}
    fitting = [
        entry["name"] for entry in record["models"]
        if all(value in ((entry["name"], entry["architecture"]) if name == "model" else (entry[name],)) for name, value in asked.items())
    ]
    if not fitting:
        wanted = ", ".join("%s %s" % (name, quoted(value)) for name, value in asked.items())
        known = ", ".join("%s (%s to %s)" % (entry["name"], entry["source"], entry["target"]) for entry in record["models"])
        raise Unprocessable("There is no translation with %s. The models are: %s." % (wanted, known))
    return record["default"] if record["default"] in fitting else fitting[0]


def readable(text: str) -> str:
    """The text as the models know letters: composed, and without signs that nobody sees."""
    return unicodedata.normalize("NFC", text).translate(UNSEEN)


def answer(translator: Model, text: List[Part], found: Dict[str, List[Translation]], alternatives: int, attention: bool) -> Reply:
    """What is said of one text: its sentences' translations, with what stood between them."""
    options = combined([found[piece] for piece, spoken in text if spoken], alternatives + 1)
    best = options[0]
    reply = {
        "translation": joined(text, best),
        "score": score(best),
        "alternatives": [{"text": joined(text, option), "score": score(option)} for option in options[1:]],
        "source_tokens": [token for one in best for token in translator.tokenizer.tokens(one.source)],
        "target_tokens": [token for one in best for token in translator.tokenizer.tokens(one.target)],
    }
    return {**reply, "attention": matrix(best)} if attention else reply


def combined(sentences: List[List[Translation]], count: int) -> List[List[Translation]]:
    """The `count` best ways to put one translation of each sentence together, the best first."""
    best: List[List[Translation]] = [[]]
    sums = [0.0]
    for options in sentences:
        ways = [(so_far + one.score * len(one.source), place, one) for place, so_far in enumerate(sums) for one in options]
        ways = heapq.nlargest(count, ways, key=lambda way: way[0])
        sums, best = [way[0] for way in ways], [best[way[1]] + [way[2]] for way in ways]
    return best


def joined(text: List[Part], translations: Sequence[Translation]) -> str:
    spoken = iter(translations)
    return "".join(next(spoken).text if to_translate else piece for piece, to_translate in text)


def score(translations: Sequence[Translation]) -> Optional[float]:
    """The mean of the sentences' scores, each counted as often as it has source tokens; None where nothing was translated."""
    count = sum(len(one.source) for one in translations)
    return round(sum(one.score * len(one.source) for one in translations) / count, DECIMALS) if count else None


def matrix(translations: Sequence[Translation]) -> List[List[float]]:
    """(T, S): a block for each sentence, and zeros elsewhere, since no sentence looks at another."""
    width = sum(len(one.source) for one in translations)
    rows, left = [], 0
    for one in translations:
        right = width - left - len(one.source)
        rows += [[0] * left + row + [0] * right for row in one.attention.round(DECIMALS).tolist()]
        left += len(one.source)
    return rows
