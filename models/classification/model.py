"""The loaded classifiers: a text -> the probability of each class, and how much each word supports the most
probable class. Only this serving module of classification imports torch.
"""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from models import registry
from models.classification.language import foreign
from models.classification.vocabulary import Vocabulary, Word, words_of

# C classes, N words, B variants of a text

MOST_TOGETHER = 20_000  # words in one batch of variants; this limits the memory


class Verdict(NamedTuple):
    """What a classifier says about one text."""

    probabilities: Dict[str, float]  # {class: probability}; they sum to 1
    fine: Dict[str, float]  # {fine class: probability}, if the task has fine classes
    # each word, and how much the probability of the most probable class falls without it
    words: List[Tuple[str, float]]
    known: int  # how many of the words the vocabulary has; signs do not count
    foreign: bool  # whether the text does not look like English


class Model:
    """One traced network with its vocabulary and its classes."""

    def __init__(self, weights: registry.Weights, name: str) -> None:
        import torch  # here and not above: it takes 0.3 s, which importing this module should not cost

        self.torch = torch
        self.entry = next(entry for entry in weights.record["models"] if entry["name"] == name)
        vocabulary = self.entry["words"]
        self.vocabulary = Vocabulary(
            registry.unpacked(weights.contents(vocabulary)[vocabulary]).decode().split("\n")
        )
        role = self.entry.get("file", name)  # older records name one file per model
        # on disk each number has 16 bits
        self.network = torch.jit.load(str(weights.files(role)[role]), map_location="cpu").float()
        # a network with n-grams can also be served as its n-grams alone
        self.logits = getattr(self.network, self.entry.get("method", "forward"))
        self.coarse = [label.partition(":")[0] for label in self.entry["classes"]]
        self.labels = list(dict.fromkeys(self.coarse))

    def verdict(self, text: str, explain: bool) -> Verdict:
        """The verdict on one text. It does not depend on the other texts of the call."""
        words = words_of(text)
        fine = self.probabilities([words])[0]  # (C,)
        coarse = self.summed(fine[None])[0]
        shown = dict(zip(self.labels, coarse.tolist()))
        finer = dict(zip(self.entry["classes"], fine.tolist())) if len(self.labels) < len(fine) else {}
        influences = self.influences(words, coarse) if explain else []
        told = [(word.text, fall) for word, fall in zip(words, influences)]
        plain = [form for word in words for form in word.forms if any(map(str.isalnum, form))]
        known = sum(form in self.vocabulary.ids for form in plain)
        strange = self.entry.get("english", True) and foreign(words, self.vocabulary.ids)
        return Verdict(shown, finer, told, known, strange)

    def influences(self, words: List[Word], coarse: np.ndarray) -> List[float]:
        """For each word, how much the probability of the best class falls if the word is left out: Zeiler &
        Fergus 2014, arXiv:1311.2901, applied to words.
        """
        variants = [words[:place] + words[place + 1 :] for place in range(len(words))]
        step = max(1, MOST_TOGETHER // max(1, len(words)))
        found = [
            self.probabilities(variants[start : start + step]) for start in range(0, len(variants), step)
        ]
        left = self.summed(np.concatenate(found)) if found else np.zeros((0, len(coarse)))  # (N, C)
        return (coarse.max() - left[:, coarse.argmax()]).tolist()

    def probabilities(self, texts: List[List[Word]]) -> np.ndarray:
        """Texts of about the same length, padded to the longest -> probabilities (B, C)."""
        rows = [self.vocabulary.look_up(words) for words in texts]
        ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
        for row, found in zip(ids, rows):
            row[: len(found)] = found
        with self.torch.no_grad():
            logits = self.logits(self.torch.from_numpy(ids)).numpy().astype(np.float64)
        if self.entry.get("method") == "beside":
            # beside a network the n-grams of a short text count less; alone they are all there is
            logits /= shares(rows, self.entry["ngram_reach"])
        logits /= self.entry["temperature"]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def summed(self, fine: np.ndarray) -> np.ndarray:
        """The probabilities of the classes from those of the fine classes: (B, C) -> (B, kinds)."""
        return np.stack(
            [fine[:, [one == label for one in self.coarse]].sum(axis=1) for label in self.labels], axis=1
        )


def shares(rows: List[List[int]], reach: int) -> np.ndarray:
    """The share of its weight that Classifier.beside gives to each text's n-grams: (B, 1)."""
    counts = [len(set(row)) + len(set(zip(row, row[1:]))) for row in rows]
    return np.minimum(1, np.array(counts) / reach)[:, None]


def model(name: str) -> Model:
    """The model with this name in the record. It is loaded once."""
    return registry.loaded("classification", Model, name)


def entries() -> List[Dict[str, Any]]:
    """The record's entry for each model. The default models come first."""
    return registry.record("classification")["models"]
