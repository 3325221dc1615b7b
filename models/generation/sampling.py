"""Drawing letters: from logits to a name or a text, the same for a seed whatever else is drawn."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from models.generation.network import Network, softmax

# B texts, V alphabet

BLOCK = (
    10  # names that go through the network together: always as many, so that a name's numbers are the same
)
LONGEST_NAME = 20  # letters
FLOOR = 1e-9  # of a temperature that is not 0
RUNS = 3  # times that a stretch stands in a row at a text's end before it is called a circle
SHORTEST_CIRCLE = 24  # letters of all these runs together


class Name(NamedTuple):
    """A name, and how likely the network holds it, in nats."""

    letters: str
    log_probability: float


class Draw(NamedTuple):
    """How letters are drawn: temperature 0 takes the likeliest; top_k and top_p leave the unlikely out."""

    temperature: float = 1.0
    top_k: Optional[int] = None  # so many of the likeliest
    top_p: float = 1.0  # of the likeliest so many as have this probability together


class Wanted(NamedTuple):
    """What names are asked for."""

    condition: Tuple[int, ...]  # the numbers of gender and origin
    start: str  # letters of the alphabet
    draw: Draw
    seed: int


class Choice(NamedTuple):
    """A drawn letter: its number, and the network's probabilities of all, at temperature 1."""

    letter: int
    probabilities: np.ndarray  # (V,)


def drawn(logits: np.ndarray, draw: Draw, chance: float) -> int:
    """The letter that `chance` in [0, 1) falls on; of equals the first."""
    if draw.temperature == 0:
        return int(logits.argmax())
    odds = softmax(logits.astype(np.float64) / max(draw.temperature, FLOOR))
    order = np.argsort(-odds, kind="stable")
    heaped = odds[order].cumsum()
    # one at least, and no more than have top_p together
    kept = 1 + int((heaped[:-1] < draw.top_p * heaped[-1]).sum())
    kept = min(kept, draw.top_k or kept)
    return int(
        order[np.searchsorted(heaped[:kept], chance * heaped[kept - 1], side="right").clip(0, kept - 1)]
    )


def names(network: Network, alphabet: str, wanted: Wanted, count: int) -> List[Name]:
    """`count` names, in letters of the alphabet; name k of a seed is the same for any count."""
    found: List[Name] = []
    for first in range(0, count, BLOCK):
        found += block(network, alphabet, wanted, first)
    return found[:count]


def block(network: Network, alphabet: str, wanted: Wanted, first: int) -> List[Name]:
    """The names `first` to `first` + BLOCK - 1 of a seed."""
    start, draw = wanted.start, wanted.draw
    streams = [np.random.default_rng([wanted.seed, place]) for place in range(first, first + BLOCK)]
    state = network.begin(np.tile(np.array([wanted.condition], np.int64), (BLOCK, 1)))
    ids, spelt = np.zeros(BLOCK, np.int64), [""] * BLOCK
    total, done = np.zeros(BLOCK), np.zeros(BLOCK, bool)
    for place in range(LONGEST_NAME + 1):
        logits = network.step(ids, state).astype(np.float64)  # (B, V)
        logs = logits - logits.max(axis=1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
        if place == len(start) == 0:
            logits[:, 0] = -np.inf  # a name has a letter at least
        for row in np.flatnonzero(~done):
            if place < len(start):
                ids[row] = alphabet.index(start[place])
            else:
                ids[row] = drawn(logits[row], draw, streams[row].random()) if place < LONGEST_NAME else 0
            total[row] += logs[row, ids[row]]
            spelt[row] += alphabet[ids[row]] if ids[row] else ""
            done[row] = ids[row] == 0
        if done.all():
            break
    return [Name(letters, float(log)) for letters, log in zip(spelt, total)]


def prose(network: Network, before: List[int], length: int, draw: Draw, seed: int) -> List[Choice]:
    """`length` letters that follow those of `before`, one at least."""
    stream = np.random.default_rng([seed, 0])
    state = network.begin(np.zeros((1, 0), np.int64))
    for letter in before[-network.shape.context :]:
        logits = network.step(np.array([letter]), state)[0]
    choices: List[Choice] = []
    for _ in range(length):
        probabilities = softmax(logits.astype(np.float64))
        choices.append(Choice(drawn(logits, draw, stream.random()), probabilities))
        logits = network.step(np.array([choices[-1].letter]), state)[0]
    return choices


def circle(text: str) -> Optional[Dict[str, int]]:
    """Where a text that ends in one stretch over and over began with it:
    {from, period} in characters, or None where it does not.
    """
    for period in range(1, len(text) // RUNS + 1):
        same = 0
        while same + period < len(text) and text[-1 - same] == text[-1 - same - period]:
            same += 1
        if same + period >= max(RUNS * period, SHORTEST_CIRCLE):
            return {"from": len(text) - same - period, "period": period}
    return None
