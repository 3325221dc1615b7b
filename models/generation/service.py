"""The /generation routes: names and prose. ROUTES is what handler.py serves.

It leaves HTTP to api/, and what is written to model.py.
"""

from typing import Any, Callable, Dict, List

from api.problems import TooLarge, Unprocessable
from api.request import Request, quoted
from models import registry
from models.generation import sampling
from models.generation.characters import EITHER, GENDERS, is_mark, known
from models.generation.model import Model, Prose, entries, model

Reply = Dict[str, Any]

MOST_NAMES = 50
LONGEST_START = 15  # letters
LONGEST_PROMPT, LONGEST_PROSE = 500, 1_000  # characters
USUAL_PROSE = 300  # characters
USUAL_TEMPERATURE, HIGHEST_TEMPERATURE = 0.8, 2
OTHERS = 5  # runners-up of a choice that are told
DECIMALS = 4
SOME = 12  # characters that a sentence names
CIRCLE = "From character %d on the text repeats its last %s."
NO_WAY_OUT = "At temperature 0 it will not stop doing so: raise the temperature."
UNREAD = "This network looks back %d characters, so the first %d of the prompt were not read."
UNCONDITIONED = "This network knows neither gender nor origin, so these names are of any."


def describe(request: Request) -> Reply:
    """GET /generation: the record; loads the default network of each kind, so that a page can warm it."""
    request.only()
    for kind in dict.fromkeys(entry["kind"] for entry in entries()):
        loaded(request, entries(kind)[0]["name"])
    return registry.record("generation")


def names(request: Request) -> Reply:
    """POST /generation/names: names with their log-probability, and whether each is new."""
    request.only("start", "gender", "origin", "count", "temperature", "seed", "model")
    entry = entry_asked_for(request, "names")
    start = start_sent(request, entry["alphabet"])
    gender = one_of(request, "gender", GENDERS, EITHER)
    origin = one_of(request, "origin", entry["origins"], entry["origins"][0])
    count, seed = request.whole("count", 10, 1, MOST_NAMES), request.seed()
    draw = draw_of(request)
    writer = loaded(request, entry["name"])
    with request.timed("forward"):
        found = writer.names(writer.wanted(gender, origin, start, draw, seed), count)
    told = [
        {
            "name": written(name.letters),
            "log_probability": round(name.log_probability, DECIMALS),
            "new": new,
        }
        for name, new in found
    ]
    ignored = not writer.network.conditioned and (gender, origin) != (EITHER, entry["origins"][0])
    note = {"note": UNCONDITIONED} if ignored else {}
    return {"names": told, "seed": seed, **note, "model": entry["name"]}


def prose(request: Request) -> Reply:
    """POST /generation/prose: a text that follows a prompt and, with `choices`, what could stand there."""
    request.only("prompt", "length", "temperature", "top_k", "top_p", "seed", "choices", "model")
    entry = entry_asked_for(request, "prose")
    prompt = prompt_sent(request)
    length, seed = request.whole("length", USUAL_PROSE, 1, LONGEST_PROSE), request.seed()
    draw = draw_of(request)._replace(
        top_k=request.whole("top_k", None, 1, len(entry["alphabet"])),
        top_p=request.number("top_p", 1.0, 0, 1),
    )
    choices = request.flag("choices")
    writer = loaded(request, entry["name"])
    with request.timed("forward"):
        found = writer.prose(prompt, length, draw, seed)
    told = {"choices": shown(found, entry["alphabet"])} if choices else {}
    said = said_of(found, draw, entry["settings"]["context"])
    return {"text": found.text, "seed": seed, **told, **said, "model": entry["name"]}


ROUTES: Dict[str, Callable[[Request], Reply]] = {
    "GET /generation": describe,
    "POST /generation/names": names,
    "POST /generation/prose": prose,
}


def loaded(request: Request, name: str) -> Model:
    """The network of this name, and the time that loading it took."""
    with request.timed("load"):
        return model(name)


def entry_asked_for(request: Request, kind: str) -> Reply:
    """The record's entry of this kind for the model that was sent, by its name or its architecture."""
    there = entries(kind)
    if not there:
        raise Unprocessable("These weights have no network for %s." % kind)
    asked = request.text("model") if "model" in request.fields else there[0]["name"]
    for entry in there:
        if asked in (entry["name"], entry["architecture"]):
            return entry
    listed = ", ".join(entry["name"] for entry in there)
    raise Unprocessable("There is no model %s. The models are: %s." % (quoted(asked), listed))


def start_sent(request: Request, alphabet: str) -> str:
    """The field start in the letters of the names."""
    sent = request.text("start").strip().lower() if "start" in request.fields else ""
    start, lost = known(sent, alphabet[1:])  # the first ends a name
    if lost:
        raise Unprocessable(
            "start has what no name here has: %s. The letters are: %s." % (listed(lost), alphabet[1:])
        )
    if len(start) > LONGEST_START:
        raise TooLarge("start may have %d letters, and here are %d." % (LONGEST_START, len(start)))
    return start


def prompt_sent(request: Request) -> str:
    """The field prompt, which may be empty."""
    prompt = request.text("prompt").replace("\r\n", "\n") if "prompt" in request.fields else ""
    if len(prompt) > LONGEST_PROMPT:
        raise TooLarge(
            "prompt may have %d characters, and here are %d. Send the last ones."
            % (LONGEST_PROMPT, len(prompt))
        )
    return prompt


def one_of(request: Request, name: str, choices: List[str], usual: str) -> str:
    """A field that is one of some words."""
    asked = request.text(name) if name in request.fields else usual
    if asked not in choices:
        raise Unprocessable("%s must be one of: %s." % (name, ", ".join(choices)))
    return asked


def draw_of(request: Request) -> sampling.Draw:
    """How letters are drawn, by the field temperature."""
    return sampling.Draw(request.number("temperature", USUAL_TEMPERATURE, 0, HIGHEST_TEMPERATURE))


def written(letters: str) -> str:
    """A name as it is written."""
    return letters[:1].upper() + letters[1:]


def shown(found: Prose, alphabet: str) -> List[Reply]:
    """Each character with its probability and the likeliest others; the network's own, at temperature 1."""
    told = []
    for letter, probabilities in found.choices:
        best = [int(other) for other in (-probabilities).argsort(kind="stable")[: OTHERS + 1]]
        others = [other for other in best if other != letter][:OTHERS]
        told.append(
            {
                "character": alphabet[letter],
                "probability": round(float(probabilities[letter]), DECIMALS),
                "others": [[alphabet[o], round(float(probabilities[o]), DECIMALS)] for o in others],
            }
        )
    return told


def said_of(found: Prose, draw: sampling.Draw, context: int) -> Reply:
    """Whether the text is new, and what else a caller should know of it. The network looks back `context`
    characters.
    """
    told: Reply = {"new": found.copied < len(found.text), "longest_copied": found.copied}
    circle, notes = sampling.circle(found.text), []
    if circle:
        told["circle"] = circle
        stretch = "character" if circle["period"] == 1 else "%d characters" % circle["period"]
        notes.append(CIRCLE % (circle["from"] + 1, stretch))
        notes += [] if draw.temperature else [NO_WAY_OUT]
    if found.unread:
        notes.append(UNREAD % (context, found.unread))
    if found.lost:
        notes.append("The prompt was read without what the network does not know: %s." % listed(found.lost))
    return {**told, **({"note": " ".join(notes)} if notes else {})}


def listed(characters: List[str]) -> str:
    """Some characters for a sentence, those that would not show as their numbers."""
    hidden = [not one.isprintable() or one.isspace() or is_mark(one) for one in characters]
    seen = [
        "a space" if one == " " else "U+%04X" % ord(one) if hide else one
        for one, hide in zip(characters, hidden)
    ]
    return " ".join(seen[:SOME]) + (" and others" if len(seen) > SOME else "")
