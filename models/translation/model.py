"""A loaded translator: sentences -> their best translations, with scores and attention. The one serving module that imports torch."""

import lzma
from typing import Any, List, NamedTuple, Sequence, Tuple

import numpy as np

from models import registry
from models.translation.names import restored
from models.translation.stand_ins import VARIANTS, StandIns, Variant
from models.translation.tokenizer import PAD, Tokenizer

# S source tokens, T target tokens

MOST_SUBWORDS = 60  # of a sentence, about the longest in training; longer ones come here in parts
UNSURER = 0.5  # by which a translation with its names may score less than one that lost some
MOST_HIDDEN = 8  # names and numbers of a sentence that is tried again behind stand-ins
MOST_AGAIN = 4000  # subwords of the sentences of a call that are tried again, times the width of the beam
MOST_TOKENS = 4096  # of all hypotheses of a batch, padding included, which bounds its memory


class Translation(NamedTuple):
    """One translation of one sentence."""

    text: str
    score: float  # the mean log-probability of a token that the network said
    source: List[int]  # ids, END last
    target: List[int]
    attention: np.ndarray  # (T, S), each row sums to 1


Hypothesis = Tuple[float, List[int], np.ndarray]  # score, ids (T,), attention (T, S)


class Model:
    """The scripted network with its search, and the subwords of its two languages."""

    def __init__(self, weights: registry.Weights, name: str) -> None:
        import torch  # here and not above: 0.3 s that importing this module should not cost

        self.torch = torch
        self.entry = next(entry for entry in weights.record["models"] if entry["name"] == name)
        subwords, seen = (lzma.decompress(weights.contents(role)[role]) for role in (name + "-subwords", name + "-words"))
        self.tokenizer = Tokenizer(subwords)
        self.stand_ins = StandIns(self.tokenizer, seen)
        self.search = torch.jit.load(str(weights.files(name)[name]), map_location="cpu").float()  # on disk it has 16 bits a number

    def size(self, sentence: str) -> int:
        return len(self.tokenizer.ids([sentence])[0])

    def translate(self, sentences: List[str], beam: int, best: int) -> List[List[Translation]]:
        """The `best` translations of each sentence, or fewer, the best first and no two with the same text."""
        sources = self.tokenizer.ids(sentences)
        found = [[self.told(source, *one) for one in options] for source, options in zip(sources, self.hypotheses(sources, beam, best))]
        for variant in VARIANTS:
            losing = self.losing(sentences, found, beam)
            if not losing:
                break
            for place, named in zip(losing, self.named([sentences[place] for place in losing], variant, beam, best)):
                found[place] += named
        return [self.ranked(sentence, options)[:best] for sentence, options in zip(sentences, found)]

    def losing(self, sentences: List[str], found: List[List[Translation]], beam: int) -> List[int]:
        """The places of the sentences that lost a name, have no more of them than can hide, and are not too many to try again."""
        lost = [place for place, sentence in enumerate(sentences)
                if self.stand_ins.count(sentence) <= MOST_HIDDEN and self.losses(sentence, found[place])[0]]
        work = np.cumsum([beam * len(found[place][0].source) for place in lost])
        return [place for place, so_far in zip(lost, work) if so_far <= MOST_AGAIN]

    def losses(self, sentence: str, options: List[Translation]) -> Tuple[int, float, int]:
        """Of the option to choose: how many names and numbers it lost, what it falls short of the best score, and its place."""
        top = max(one.score for one in options)
        near = [(place, one) for place, one in enumerate(options) if one.score >= top - UNSURER]
        return min((self.stand_ins.lost(sentence, one.text), top - one.score, place) for place, one in near)

    def ranked(self, sentence: str, options: List[Translation]) -> List[Translation]:
        """No two with the same text: first the one to choose, then the others by their scores."""
        chosen = options[self.losses(sentence, options)[2]]
        kept = {chosen.text: chosen}
        for one in sorted(options, key=lambda one: -one.score):
            kept.setdefault(one.text, one)
        return list(kept.values())

    def named(self, sentences: List[str], variant: Variant, beam: int, best: int) -> List[List[Translation]]:
        """Translations of sentences with stand-ins; none of a sentence where those get lost as well."""
        hidden = [self.stand_ins.hidden(sentence, variant) for sentence in sentences]
        masked, sources = self.tokenizer.ids([sentence for sentence, _ in hidden]), self.tokenizer.ids(sentences)
        found = []
        wanted = [[self.tokenizer.ids([stand_in])[0][-2] for stand_in in behind] for _, behind in hidden]
        for (_, behind), mask, source, options in zip(hidden, masked, sources, self.hypotheses(masked, beam, best, wanted)):
            again = [(score, self.stand_ins.put_back(behind, mask, target, attention, source)) for score, target, attention in options]
            found.append([self.told(source, score, *names) for score, names in again if names])
        return found

    def told(self, source: List[int], score: float, target: List[int], attention: np.ndarray) -> Translation:
        target, attention = restored(self.tokenizer, source, target, attention)
        return Translation(self.tokenizer.text(target), score, source, target, attention)

    def hypotheses(self, sources: List[List[int]], beam: int, best: int, wanted: Sequence[List[int]] = ()) -> List[List[Hypothesis]]:
        """What the search finds for each source, which says all ids of `wanted`; like lengths go together."""
        order = sorted(range(len(sources)), key=lambda place: len(sources[place]))
        found: List[List[Hypothesis]] = [[] for _ in sources]
        while order:
            together = max(1, MOST_TOKENS // (beam * len(sources[order[-1]])))
            order, batch = order[:-together], order[-together:]
            hypotheses = self.searched([sources[place] for place in batch], beam, best, [wanted[place] for place in batch] if wanted else [[]])
            for place, score, ids, attention in hypotheses:
                found[batch[place]].append((score, ids, attention[:, : len(sources[batch[place]])]))
        return found

    def searched(self, sources: List[List[int]], beam: int, best: int, wanted: List[List[int]]) -> List[Any]:
        """One call into torch: (place in the batch, score, ids, attention) of all finished hypotheses.

        The script's own choice between the two searches would make the first call compile both.
        """
        torch, source = self.torch, self.padded(sources)
        said = self.padded(wanted) if any(wanted) else source[:, :0]
        with torch.no_grad(), torch.jit.optimized_execution(False):  # optimising a script costs more than it saves here
            hypotheses = self.search.greedy(source, said) if beam == 1 else self.search.beam(source, said, beam, best)
        return [(place, score, ids.tolist(), attention.numpy()) for place, score, ids, attention in hypotheses]

    def padded(self, rows: List[List[int]]) -> Any:
        """Ids -> (B, the longest)"""
        longest = max(map(len, rows))
        return self.torch.tensor([ids + [PAD] * (longest - len(ids)) for ids in rows])


def model(name: str) -> Model:
    """Loaded by the first request for it and kept for the next; a failure is not kept."""
    return registry.loaded("translation", Model, name)
