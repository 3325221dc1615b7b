"""The /translation routes. ROUTES is what handler.py serves.

HTTP is in api/, the splitting into sentences in pieces.py, the translation in model.py, and the form of an
answer in answers.py.
"""

from typing import Any, Callable, Dict, List

from api.problems import TooLarge, Unprocessable
from api.request import Request, quoted
from models import registry
from models.translation.answers import answer, trees, warning
from models.translation.model import Model, Translation, model
from models.translation.piece import Piece
from models.translation.pieces import pieces_of, readable

# S source tokens, T target tokens, of all sentences of a text

Reply = Dict[str, Any]

FIELDS = "text source target model beam alternatives attention tokens tree prefix".split()

MOST_TEXTS = 32
WIDEST_BEAM = 10
# subwords times the beam's width: ten seconds at most; two seconds for 8,000 characters of German and a beam
# of 5
MOST_WORK = 16_000
MOST_CELLS = 1_000_000  # numbers of attention in a call, approximately; they are sent as JSON
MOST_SURE = 1_000  # subwords of a call that asks for tokens; each takes one more step of the network


def describe(request: Request) -> Reply:
    """GET /translation without a text: the record. Loads the default model, so that a page can warm it."""
    if request.fields:
        return translate(request)
    record = registry.record("translation")
    loaded(request, record["default"])
    return record


def translate(request: Request) -> Reply:
    """POST /translation: one or more texts -> their translations, with scores, alternatives, tokens and
    attention.
    """
    request.only(*FIELDS)
    texts = texts_sent(request)
    beam = request.whole("beam", 5, 1, WIDEST_BEAM)
    alternatives = request.whole("alternatives", 0, 0, WIDEST_BEAM)
    if alternatives > beam:
        raise Unprocessable("alternatives must be a whole number from 0 to %d, the width of the beam." % beam)
    attention, tokens, tree = (request.flag(name) for name in ("attention", "tokens", "tree"))
    translator, prefixes = loaded(request, model_asked_for(request)), prefixes_sent(request)
    with request.timed("parse"):
        pieces = [pieces_of(readable(text), translator) for text in texts]
    with request.timed("forward"):
        sentences = list(dict.fromkeys(piece.text for text in pieces for piece in text if piece.spoken))
        sizes = {sentence: translator.size(sentence) for sentence in sentences}
        little_enough(sum(sizes.values()), beam)
        spoken = [sum(sizes[piece.text] for piece in text if piece.spoken) for text in pieces]
        few_enough(spoken if attention else [], sum(spoken) if tokens or tree else 0)
        best = max(beam, alternatives + 1)
        found = dict(zip(sentences, translator.translate(sentences, beam, best)))
        options = [[found[piece.text] for piece in text if piece.spoken] for text in pieces]
        options[0] = continued(translator, pieces[0], options[0], prefixes, beam, best)
        answers = [
            answer(translator, text, each, alternatives, attention, tokens)
            for text, each in zip(pieces, options)
        ]
        for text, reply in zip(pieces, answers if tree else []):
            reply["tree"] = trees(translator, text, prefixes, beam, best)
    with request.timed("encode"):
        told = {name: translator.entry[name] for name in ("source", "target")}
        for text, reply in zip(pieces, answers):
            note = warning(" ".join(piece.text for piece in text if piece.spoken), told["source"])
            reply.update({"note": note} if note else {})
        several = isinstance(request.sent("text"), list)
        return {
            **({"translations": answers} if several else answers[0]),
            "model": translator.entry["name"],
            **told,
        }


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /translation": describe,
    "POST /translation": translate,
}


def loaded(request: Request, name: str) -> Model:
    """The model of this name. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model(name)


def texts_sent(request: Request) -> List[str]:
    """The field text: one text or a list of texts. Raises Unprocessable if all of them are empty."""
    texts = request.text_or_list("text")
    if len(texts) > MOST_TEXTS:
        raise TooLarge(
            "text may be %d texts at most, and here are %d. Send them in several calls."
            % (MOST_TEXTS, len(texts))
        )
    if not any(text.strip() for text in texts):
        raise Unprocessable("text is empty: send a sentence, or a list of up to %d texts." % MOST_TEXTS)
    return texts


def little_enough(subwords: int, beam: int) -> None:
    """Raise TooLarge if the work would take longer than a caller or the gateway waits. 8,000 characters of
    German are about 2,000 subwords.
    """
    if subwords * beam > MOST_WORK:
        told = (subwords, beam, MOST_WORK // beam)
        raise TooLarge(
            "The text has %d subwords, and with a beam of %d it may have %d. Send less, or a smaller beam."
            % told
        )


def few_enough(looked_at: List[int], sure_of: int) -> None:
    """Raise TooLarge if the attention would not fit into an answer, or if the tokens would take too long."""
    if sum(count * count for count in looked_at) > MOST_CELLS:
        raise TooLarge(
            "The attention would have over a million numbers. Ask for it with less text, or send "
            "attention=false."
        )
    if sure_of > MOST_SURE:
        raise TooLarge(
            "The text has %d subwords, and tokens are told for %d at most. Send less, or tokens=false."
            % (sure_of, MOST_SURE)
        )


def prefixes_sent(request: Request) -> List[str]:
    """The field prefix: the beginning of the translation, or a list with one beginning per sentence."""
    if "prefix" not in request.fields:
        return []
    prefixes = request.text_or_list("prefix")
    if isinstance(request.sent("text"), list):
        raise Unprocessable("prefix goes with one text, and text is a list. Send the text alone.")
    if not any(prefix.strip() for prefix in prefixes):
        raise Unprocessable("prefix is empty: send how the translation begins, or leave it out.")
    return prefixes


def continued(
    translator: Model,
    text: List[Piece],
    options: List[List[Translation]],
    prefixes: List[str],
    beam: int,
    best: int,
) -> List[List[Translation]]:
    """The translations of a text's sentences. A sentence with a prefix has
    translations that begin with it.
    """
    spoken, options = [piece for piece in text if piece.spoken], list(options)
    if len(prefixes) > len(spoken):
        raise Unprocessable(
            "prefix has %d beginnings, and the text has %d sentences." % (len(prefixes), len(spoken))
        )
    for place, (piece, prefix) in enumerate(zip(spoken, prefixes)):
        if prefix:
            begun = piece.hidden(prefix)
            if not translator.room(piece.text, begun):
                raise Unprocessable("prefix is longer than a translation of its sentence may be.")
            options[place] = translator.continued(piece.text, begun, beam, best)
    return options


def model_asked_for(request: Request) -> str:
    """The name of the model that fits the languages and the model in the request: the default if it fits,
    otherwise the first that does.
    """
    record = registry.record("translation")
    asked = {name: request.text(name) for name in ("source", "target", "model") if name in request.fields}
    fitting = [
        entry["name"]
        for entry in record["models"]
        if all(
            value in ((entry["name"], entry["architecture"]) if name == "model" else (entry[name],))
            for name, value in asked.items()
        )
    ]
    if not fitting:
        wanted = ", ".join("%s %s" % (name, quoted(value)) for name, value in asked.items())
        known = ", ".join(
            "%s (%s to %s)" % (entry["name"], entry["source"], entry["target"]) for entry in record["models"]
        )
        raise Unprocessable("There is no translation with %s. The models are: %s." % (wanted, known))
    return record["default"] if record["default"] in fitting else fitting[0]
