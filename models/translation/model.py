"""A loaded translator: sentences -> their best translations, with scores and attention. The one serving module that imports torch."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from models import registry
from models.translation.names import restored
from models.translation.stand_ins import StandIns
from models.translation.tokenizer import PAD, Tokenizer

# S source tokens, T target tokens

MOST_SUBWORDS = 60  # of a sentence, about the longest in training; longer ones come here in parts
UNSURER = 0.5  # by which a translation with its names may score less than one that lost some
MOST_TOKENS = 4096  # of all hypotheses of a batch, padding included, which bounds its memory


class Translation(NamedTuple):
    """One translation of one sentence."""

    text: str
    score: float  # the mean log-probability of a token that the network said
    source: List[int]  # ids, END last
    target: List[int]
    attention: np.ndarray  # (T, S), each row sums to 1


class Model:
    """The scripted network with its search, and the subwords of its two languages."""

    def __init__(self, weights: registry.Weights, name: str) -> None:
        import torch  # here and not above: 0.3 s that importing this module should not cost

        self.torch = torch
        self.entry = next(entry for entry in weights.record["models"] if entry["name"] == name)
        pair = self.entry["source"] + "-" + self.entry["target"]
        subwords, seen = (weights.contents(role)[role] for role in (pair + "-subwords", pair + "-words"))
        self.tokenizer = Tokenizer(subwords)
        self.stand_ins = StandIns(self.tokenizer, seen)
        self.search = torch.jit.load(str(weights.files(name)[name]), map_location="cpu").float()  # on disk it has 16 bits a number

    def size(self, sentence: str) -> int:
        return len(self.tokenizer.ids([sentence])[0])

    def translate(self, sentences: List[str], beam: int, best: int) -> List[List[Translation]]:
        """The `best` translations of each sentence, or fewer, the best first and no two with the same text."""
        sources = self.tokenizer.ids(sentences)
        found = [
            distinct([self.told(source, *one) for one in options])[:best]
            for source, options in zip(sources, self.hypotheses(sources, beam, best))
        ]
        lost = [place for place, sentence in enumerate(sentences) if self.stand_ins.lost(sentence, found[place][0].text)]
        for numbers in (False, True):
            for place, named in zip(lost, self.named([sentences[place] for place in lost], numbers, beam, best)):
                if named and self.keeps_more(sentences[place], named[0], found[place][0]):
                    found[place] = named
        return found

    def keeps_more(self, sentence: str, one: Translation, other: Translation) -> bool:
        """Whether the first translation has more of the names and numbers, or as many and a better score."""
        if one.score < other.score - UNSURER:
            return False
        return (-self.stand_ins.lost(sentence, one.text), one.score) > (-self.stand_ins.lost(sentence, other.text), other.score)

    def named(self, sentences: List[str], numbers: bool, beam: int, best: int) -> List[List[Translation]]:
        """Translations of sentences with stand-ins; none of a sentence where those get lost as well."""
        hidden = [self.stand_ins.hidden(sentence, numbers) for sentence in sentences]
        masked, sources = self.tokenizer.ids([sentence for sentence, _ in hidden]), self.tokenizer.ids(sentences)
        found = []
        for (_, behind), mask, source, options in zip(hidden, masked, sources, self.hypotheses(masked, beam, best)):
            again = [(score, self.stand_ins.put_back(behind, mask, target, attention)) for score, target, attention in options]
            found.append(distinct([self.told(source, score, *names) for score, names in again if names])[:best])
        return found

    def told(self, source: List[int], score: float, target: List[int], attention: np.ndarray) -> Translation:
        target, attention = restored(self.tokenizer, source, target, attention)
        return Translation(self.tokenizer.text(target), score, source, target, attention)

    def hypotheses(self, sources: List[List[int]], beam: int, best: int) -> List[List[Tuple[float, List[int], np.ndarray]]]:
        """(score, ids (T,), attention (T, S)) of what the search finds for each source; like lengths go together."""
        order = sorted(range(len(sources)), key=lambda place: len(sources[place]))
        found: List[List[Tuple[float, List[int], np.ndarray]]] = [[] for _ in sources]
        while order:
            together = max(1, MOST_TOKENS // (beam * len(sources[order[-1]])))
            order, batch = order[:-together], order[-together:]
            for place, score, ids, attention in self.searched([sources[place] for place in batch], beam, best):
                found[batch[place]].append((score, ids, attention[:, : len(sources[batch[place]])]))
        return found

    def searched(self, sources: List[List[int]], beam: int, best: int) -> List[Any]:
        """One call into torch: (place in the batch, score, ids, attention) of all finished hypotheses."""
        torch, longest = self.torch, max(map(len, sources))
        padded = torch.tensor([ids + [PAD] * (longest - len(ids)) for ids in sources])  # (B, S)
        with torch.no_grad(), torch.jit.optimized_execution(False):  # optimising a script costs more than it saves here
            hypotheses = self.search(padded, beam, best)
        return [(place, score, ids.tolist(), attention.numpy()) for place, score, ids, attention in hypotheses]


def model(name: str) -> Model:
    """Loaded by the first request for it and kept for the next; a failure is not kept."""
    return registry.loaded("translation", Model, name)


def distinct(translations: List[Translation]) -> List[Translation]:
    """By score, the best first; of those with one text the best."""
    kept: Dict[str, Translation] = {}
    for translation in sorted(translations, key=lambda one: -one.score):
        kept.setdefault(translation.text, translation)
    return list(kept.values())
