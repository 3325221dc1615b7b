"""The loaded networks: names and prose, and whether what was written is new. numpy alone."""

import hashlib
import io
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from models import registry
from models.generation import sampling
from models.generation.characters import GENDERS, known
from models.generation.network import Shape, network
from models.generation.sampling import Choice, Draw, Name, Wanted

# V alphabet


class Prose(NamedTuple):
    """A text that goes on from a prompt."""

    text: str
    choices: List[Choice]  # one a character of the text
    lost: List[str]  # characters of the prompt that the network does not know
    unread: int  # characters at the prompt's beginning that are too far back for it
    copied: int  # characters of the longest passage of the text that the training text has


class Model:
    """One network of the record, and what it was trained on, to tell new from known."""

    def __init__(self, weights: registry.Weights, name: str) -> None:
        self.entry = next(entry for entry in weights.record["models"] if entry["name"] == name)
        settings = self.entry["settings"]
        shape = Shape(self.entry["architecture"], settings["layers"], settings["heads"], settings["context"])
        role = self.entry["known"]
        arrays = {key: read(data) for key, data in weights.contents(name, role).items()}
        self.network = network(arrays[name], shape)
        self.alphabet: str = self.entry["alphabet"]
        book = registry.unpacked(arrays[role]["xz"].tobytes())
        if self.entry["kind"] == "names":
            self.known = np.frombuffer(book, "<u4")  # sorted
        else:
            self.training = book.decode()

    def wanted(self, gender: str, origin: str, start: str, draw: Draw, seed: int) -> Wanted:
        """gender is of characters.GENDERS, origin of the entry's; start are letters of the alphabet."""
        condition = (GENDERS.index(gender), self.entry["origins"].index(origin))
        return Wanted(condition, start, draw, seed)

    def names(self, wanted: Wanted, count: int) -> List[Tuple[Name, bool]]:
        """Names in small letters, and whether each is new."""
        found = sampling.names(self.network, self.alphabet, wanted, count)
        return [(name, not self.has(name.letters)) for name in found]

    def has(self, name: str) -> bool:
        """Whether a name is in the lists, by its hash: of new ones 1 in 50,000 seems to be."""
        wanted = hashed(name)
        place = int(self.known.searchsorted(wanted))
        return place < len(self.known) and int(self.known[place]) == wanted

    def prose(self, prompt: str, length: int, draw: Draw, seed: int) -> Prose:
        """`length` characters that follow the prompt, or a line break where there is none of it."""
        read, lost = known(prompt, self.alphabet)
        before = [self.alphabet.index(character) for character in read or "\n" if character in self.alphabet]
        choices = sampling.prose(self.network, before or [0], length, draw, seed)
        text = "".join(self.alphabet[choice.letter] for choice in choices)
        unread = max(0, len(read) - self.network.shape.context)
        return Prose(text, choices, lost, unread, self.longest_copied(text))

    def longest_copied(self, text: str) -> int:
        """Characters of the longest passage, from a word's beginning on, that the training text has."""
        longest = 0
        starts = [0] + [place + 1 for place, one in enumerate(text) if not one.isalnum()]
        for start in starts:
            while start + longest < len(text) and text[start : start + longest + 1] in self.training:
                longest += 1
        return longest


def read(data: bytes) -> Dict[str, np.ndarray]:
    """The arrays of an .npz."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def hashed(name: str) -> int:
    """The first 32 bits of a name's SHA-256."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")


def model(name: str) -> Model:
    """The loaded network of a name in the record: one for all calls."""
    return registry.loaded("generation", Model, name)


def entries(kind: Optional[str] = None) -> List[Dict[str, Any]]:
    """What the record says of each network, or of those of a kind; those that serve by default first."""
    found = registry.record("generation")["models"]
    return [entry for entry in found if kind in (None, entry["kind"])]
