"""The /classification routes. ROUTES is what handler.py serves.

HTTP is in api/, and the arithmetic in model.py.
"""

from typing import Any, Callable, Dict, List

from api.problems import TooLarge, Unprocessable
from api.request import Request, quoted
from models import registry
from models.classification.model import Model, Verdict, entries, model
from models.classification.vocabulary import words_of

Reply = Dict[str, Any]

MOST_TEXTS = 32
# words and signs of all explained texts of one call: each needs one more pass of its text through the network
MOST_EXPLAINED = 500
DECIMALS = 4
UNSURE = 0.6  # below this probability an answer is called unsure


def describe(request: Request) -> Reply:
    """GET /classification without a text: the record. Loads the default model, so that a page can warm it."""
    if request.fields:
        return classify(request)
    record = registry.record("classification")
    loaded(request, record["models"][0]["name"])
    return record


def classify(request: Request) -> Reply:
    """POST /classification: one or more texts -> class and probabilities; with `explain`, the influence of
    each word.
    """
    request.only("text", "task", "model", "explain")
    texts = texts_sent(request)
    explain = request.flag("explain")
    if explain:
        few_enough(texts)
    entry = entry_asked_for(request)
    classifier = loaded(request, entry["name"])
    with request.timed("forward"):
        answers = [answer(classifier.verdict(text, explain), explain) for text in texts]
    several = isinstance(request.sent("text"), list)
    return {
        **({"answers": answers} if several else answers[0]),
        "task": entry["task"],
        "model": entry["name"],
    }


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /classification": describe,
    "POST /classification": classify,
}


def loaded(request: Request, name: str) -> Model:
    """The model of this name. Server-Timing says how long loading took."""
    with request.timed("load"):
        return model(name)


def texts_sent(request: Request) -> List[str]:
    """The field text: one text or a list of texts. Raises Unprocessable if one of them is empty."""
    texts = request.text_or_list("text")
    if len(texts) > MOST_TEXTS:
        raise TooLarge(
            "text may be %d texts at most, and here are %d. Send them in several calls."
            % (MOST_TEXTS, len(texts))
        )
    empty = next((place for place, text in enumerate(texts, 1) if not text.strip()), None)
    if not texts or empty:
        raise Unprocessable(
            "%s is empty: send a sentence, or a list of up to %d sentences, none of them empty."
            % ("Entry %d of text" % empty if len(texts) > 1 else "text", MOST_TEXTS)
        )
    return texts


def few_enough(texts: List[str]) -> None:
    """Raises TooLarge if the texts have more words than one call can explain. Parts of a compound count."""
    count = sum(len(word.forms) for text in texts for word in words_of(text))
    if count > MOST_EXPLAINED:
        raise TooLarge(
            "With explain=true all texts together may have %d words and signs, and here are %d. Send fewer, "
            "or explain=false." % (MOST_EXPLAINED, count)
        )


def entry_asked_for(request: Request) -> Reply:
    """The first entry of the record that fits the fields task and model."""
    asked = {name: request.text(name) for name in ("task", "model") if name in request.fields}
    known = entries()
    for entry in known:
        if asked.get("task", entry["task"]) == entry["task"] and asked.get("model", entry["name"]) in (
            entry["name"],
            entry["architecture"],
        ):
            return entry
    wanted = ", ".join("%s %s" % (name, quoted(value)) for name, value in asked.items())
    there = ", ".join("%s (task %s)" % (entry["name"], entry["task"]) for entry in known)
    raise Unprocessable("There is no model with %s. The models are: %s." % (wanted, there))


def answer(verdict: Verdict, explain: bool) -> Reply:
    """The answer for one text."""
    label = max(verdict.probabilities, key=verdict.probabilities.__getitem__)
    reply: Reply = {
        "label": label,
        "probability": round(verdict.probabilities[label], DECIMALS),
        "probabilities": {name: round(value, DECIMALS) for name, value in verdict.probabilities.items()},
    }
    if verdict.fine:
        fine = max(
            (name for name in verdict.fine if name.partition(":")[0] == label), key=verdict.fine.__getitem__
        )
        reply["fine"] = {"label": fine, "probability": round(verdict.fine[fine], DECIMALS)}
    if explain:
        reply["words"] = [
            {"text": text, "influence": round(fall, DECIMALS) + 0.0} for text, fall in verdict.words
        ]
    note = said_of(verdict, reply["probability"])
    return {**reply, "note": note} if note else reply


def said_of(verdict: Verdict, probability: float) -> str:
    """What a caller should know before trusting the answer; empty if there is nothing to say."""
    if not verdict.known:
        return "No word of this text is known, so the answer says nothing about it."
    if verdict.foreign:
        return "This does not look like English, which is all that the model reads."
    return "The model is not sure." if probability < UNSURE else ""
