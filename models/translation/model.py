"""A loaded translator: sentences -> their best translations, with
scores and attention. The one serving module that imports torch.
"""

import re
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from models import registry
from models.translation.names.copies import restored, said_once, words
from models.translation.ranking import Ranking
from models.translation.names.stand_ins import VARIANTS, StandIns, Variant
from models.translation.tokenizer import PAD, Tokenizer
from models.translation.words import Dictionary, Spelling

# S source tokens, T target tokens

MOST_SUBWORDS = 90  # of a sentence, about the longest in training; longer ones come here in parts
UNSURER = 0.5  # by which a translation with its names may score less than one that lost some
# of a score that a translation loses for what it passed over; of a word alone, which has no context to read
# well in, and so no ranking
PASSED_OVER, ALONE = 0.1, 0.8
AGAIN = 0.2  # for saying words again that its source says once
SMALL = set("have that this with from they them their there will would your when what were been than".split())
KNOWN = 0.5  # for each name that it lost and English has too, and each title
LEAST_SEEN = 0.05  # of attention on a token, less counts as this
MOST_HIDDEN = 8  # names and numbers of a sentence that is tried again behind stand-ins
MOST_AGAIN = 4000  # subwords of the sentences of a call that are tried again, times the width of the beam
MOST_HINTS = 200  # of a sentence
MOST_TOKENS = 4096  # of all hypotheses of a batch, padding included, which bounds its memory


class Translation(NamedTuple):
    """One translation of one sentence."""

    text: str
    score: float  # the mean log-probability of a token that the network said
    source: List[int]  # ids, END last
    target: List[int]
    attention: np.ndarray  # (T, S), each row sums to 1


Hypothesis = Tuple[float, List[int], np.ndarray]  # score, ids (T,), attention (T, S)


def passed_over(attention: np.ndarray) -> float:
    """How little a translation looked at its source: the mean over the source's tokens, but for END, of -log
    of the attention (T, S) on each, counted up to 1 (Wu et al. 2016, arXiv:1609.08144, section 7).
    """
    seen = attention[:, :-1].sum(axis=0)  # (S - 1,)
    return float(-np.log(np.clip(seen, LEAST_SEEN, 1)).mean()) if len(seen) else 0.0


def repeated(text: str) -> int:
    """How many words of four letters and more a text says again; small words may come twice."""
    said = [word for word in re.findall(r"[^\W\d_]{4,}", text.lower()) if word not in SMALL]
    return len(said) - len(set(said))


class Node(NamedTuple):
    """A token in the tree of a beam search."""

    parent: int  # the place of the node before it; -1 for the first of a translation
    token: int
    score: float  # the log-probability of all tokens up to it
    fate: str  # kept, left or ended


class Model:
    """A network with its search, scripted or in Python, and the subwords of its two languages."""

    def __init__(
        self,
        search: Any,
        subwords: bytes,
        seen: bytes,
        meanings: bytes,
        ranking: bytes,
        entry: Dict[str, Any],
    ) -> None:
        import torch  # here and not above: 0.3 s that importing this module should not cost

        self.torch, self.search, self.entry = torch, search, entry
        self.tokenizer = Tokenizer(subwords)
        self.spelling = Spelling(entry["source"], seen)
        self.dictionary = Dictionary(meanings, self.spelling)
        self.ranking = Ranking(ranking)
        self.stand_ins = StandIns(self.tokenizer, self.spelling, self.dictionary)

    def size(self, sentence: str) -> int:
        return len(self.tokenizer.ids([sentence])[0])

    def translate(self, sentences: List[str], beam: int, best: int) -> List[List[Translation]]:
        """The `best` translations of each sentence, or fewer,
        the best first and no two with the same text.

        What a sentence keeps stands in it as letters of verbatim.MASKS,
        each once, and so it does in its translations.
        """
        sources = self.tokenizer.ids(sentences)
        hypotheses = self.hypotheses(sources, beam, best, list(map(self.masks, sources)))
        found = [self.told(*one) for one in zip(sources, hypotheses)]
        chosen = list(map(self.chosen, sentences, found))
        for variant in VARIANTS:
            losing = self.losing(sentences, found, [lost for _, lost in chosen], beam, variant)
            for place, named in zip(
                losing, self.named([sentences[place] for place in losing], variant, beam, best)
            ):
                found[place] += named
                chosen[place] = self.chosen(sentences[place], found[place])
        return [self.ranked(options, one)[:best] for options, (one, _) in zip(found, chosen)]

    def continued(self, sentence: str, prefix: str, beam: int, best: int) -> List[Translation]:
        """The best translations of a sentence that begin with a text."""
        ids = self.tokenizer.ids([sentence])[0]
        hypotheses = self.searched([ids], beam, best, [self.masks(ids)], self.begun(prefix))
        found = self.told(ids, [(score, target, looked) for _, score, target, looked in hypotheses])
        return self.ranked(found, self.chosen(sentence, found)[0])[:best]

    def tree(self, sentence: str, prefix: str, beam: int, best: int) -> List[Node]:
        """All that a beam search looked at, a node before those that continue it."""
        nodes: List[Node] = []
        ids = self.tokenizer.ids([sentence])[0]
        source, wanted, hints = self.inputs([ids], [self.masks(ids)])
        with self.torch.no_grad(), self.torch.jit.optimized_execution(False):
            steps = self.search.tree(
                source, wanted, beam, best, self.begun(prefix) if prefix else None, hints
            )
        places = [-1] * beam
        for step in steps:
            before, places = places, [-1] * beam
            for row, token, score, fate in step.t().tolist():
                if score > float("-inf"):
                    fates = {-1: "left", -2: "ended"}
                    nodes.append(Node(before[int(row)], int(token), score, fates.get(int(fate), "kept")))
                    if fate >= 0:
                        places[int(fate)] = len(nodes) - 1
        return nodes

    def begun(self, prefix: str) -> Any:
        """The ids (P,) of the beginning of a translation."""
        return self.torch.tensor(self.tokenizer.ids([prefix])[0][:-1]).long()

    def room(self, sentence: str, prefix: str) -> bool:
        """Whether a translation of the sentence may be longer than a prefix."""
        return self.size(prefix) < self.search.ratio * self.size(sentence) + self.search.extra - 1

    def sure(self, one: Translation, most: int) -> List[Tuple[float, List[Tuple[int, float]]]]:
        """Of each token of a translation its probability, and those of
        the `most` likeliest tokens there: [(id, probability)].
        """
        torch = self.torch
        with torch.no_grad(), torch.jit.optimized_execution(False):
            source, target = torch.tensor([one.source]), torch.tensor(one.target)
            own, others, ids = self.search.sure(source, target, most, self.hints([one.source]))
        return [
            (p, list(zip(places, there)))
            for p, places, there in zip(own.tolist(), ids.tolist(), others.tolist())
        ]

    def masks(self, ids: List[int]) -> List[int]:
        return [i for i in ids if i in self.tokenizer.masks]

    def losing(
        self,
        sentences: List[str],
        found: List[List[Translation]],
        lost: List[Tuple[int, int]],
        beam: int,
        variant: Variant,
    ) -> List[int]:
        """The places of the sentences that lost a name which the variant hides, have no more of them than can
        hide, and are not too many to try again.
        """
        places = [
            place
            for place, sentence in enumerate(sentences)
            if lost[place][variant.known] and self.stand_ins.count(sentence, variant.known) <= MOST_HIDDEN
        ]
        work = np.cumsum([beam * len(found[place][0].source) for place in places])
        return [place for place, so_far in zip(places, work) if so_far <= MOST_AGAIN]

    def chosen(self, sentence: str, options: List[Translation]) -> Tuple[Translation, Tuple[int, int]]:
        """Of options with about the best score one that keeps most names and numbers; then the one with the
        best sum of its score, of how well it reads and says what its source says, of what it passes over and
        of what it says again. And how many names it lost, as stand_ins counts them.
        """
        top, twice = max(one.score for one in options), repeated(sentence)
        near = [one for one in options if one.score >= top - UNSURER]
        lost = self.stand_ins.lost(sentence, [one.text for one in near])
        ranks, loss = np.zeros(len(near)), ALONE
        if len(near) > 1 and len(re.findall(r"[^\W\d_]+", sentence)) > 1:
            ranks, loss = self.ranking.worth(near[0].source, [one.target for one in near]), PASSED_OVER
        costs = []
        for one, rank, (unseen, known) in zip(near, ranks, lost):
            again = AGAIN * (repeated(one.text) > twice)
            worth = one.score + rank - loss * passed_over(one.attention)
            costs.append((unseen, KNOWN * known + again - worth))
        place = costs.index(min(costs))
        return near[place], lost[place]

    def ranked(self, options: List[Translation], chosen: Translation) -> List[Translation]:
        """No two with the same text: first the chosen one, then the others by their scores."""
        kept = {chosen.text: chosen}
        for one in sorted(options, key=lambda one: -one.score):
            kept.setdefault(one.text, one)
        return list(kept.values())

    def named(self, sentences: List[str], variant: Variant, beam: int, best: int) -> List[List[Translation]]:
        """Translations of sentences with stand-ins; none of a sentence where those get lost as well."""
        hidden = [self.stand_ins.hidden(sentence, variant) for sentence in sentences]
        masked, sources = (
            self.tokenizer.ids([sentence for sentence, _ in hidden]),
            self.tokenizer.ids(sentences),
        )
        found = []
        wanted = [
            self.masks(mask) + [self.tokenizer.ids([stand_in])[0][-2] for stand_in in behind]
            for mask, (_, behind) in zip(masked, hidden)
        ]
        for (_, behind), mask, source, options in zip(
            hidden, masked, sources, self.hypotheses(masked, beam, best, wanted)
        ):
            again = [
                (score, self.stand_ins.put_back(behind, mask, target, attention, source))
                for score, target, attention in options
            ]
            found.append(self.told(source, [(score, *names) for score, names in again if names]))
        return found

    def told(self, source: List[int], hypotheses: Sequence[Hypothesis]) -> List[Translation]:
        """What the search found for a source, with names that were copied badly set right."""
        originals, found = words(self.tokenizer, source), []
        for score, target, attention in hypotheses:
            target, attention = restored(
                self.tokenizer, originals, target, attention, self.dictionary.translates
            )
            target, attention = said_once(self.tokenizer, originals, target, attention)
            found.append(Translation(self.tokenizer.text(target), score, source, target, attention))
        return found

    def hypotheses(
        self, sources: List[List[int]], beam: int, best: int, wanted: Sequence[List[int]]
    ) -> List[List[Hypothesis]]:
        """What the search finds for each source, which says all ids of `wanted`; like lengths go together."""
        order = sorted(range(len(sources)), key=lambda place: len(sources[place]))
        found: List[List[Hypothesis]] = [[] for _ in sources]
        while order:
            together = max(1, MOST_TOKENS // (beam * len(sources[order[-1]])))
            order, batch = order[:-together], order[-together:]
            hypotheses = self.searched(
                [sources[place] for place in batch], beam, best, [wanted[place] for place in batch]
            )
            for place, score, ids, attention in hypotheses:
                found[batch[place]].append((score, ids, attention[:, : len(sources[batch[place]])]))
        return found

    def searched(
        self, sources: List[List[int]], beam: int, best: int, wanted: List[List[int]], prefix: Any = None
    ) -> List[Any]:
        """One call into torch: (place in the batch, score, ids, attention) of all finished hypotheses.

        The script's own choice between the two searches would make the first call compile both.
        """
        torch, (source, said, hints) = self.torch, self.inputs(sources, wanted)
        # optimising a script costs more than it saves here
        with torch.no_grad(), torch.jit.optimized_execution(False):
            hypotheses = (
                self.search.greedy(source, said, prefix, hints)
                if beam == 1
                else self.search.beam(source, said, beam, best, prefix, hints)
            )
        return [
            (place, score, ids.tolist(), attention.numpy()) for place, score, ids, attention in hypotheses
        ]

    def inputs(self, sources: List[List[int]], wanted: List[List[int]]) -> Tuple[Any, Any, Any]:
        """What a search reads: sources (B, S), the ids that their translations have to say (B, any), and what
        the dictionary hints at (B, E, 4).
        """
        source = self.padded(sources)
        return source, self.padded(wanted) if any(wanted) else source[:, :0], self.hints(sources)

    def hints(self, sources: List[List[int]]) -> Any:
        """What the dictionary says of the words of each source, as search reads it: (B, E, 4)."""
        rows = []
        for ids in sources:
            row: List[Tuple[int, int, int, float]] = []
            for word in words(self.tokenizer, ids):
                for meaning, share in self.dictionary.meanings(word.core) if word.core.isalpha() else ():
                    said = self.tokenizer.ids([meaning])[0][:-1]
                    row += [
                        (at, before, token, share)
                        for at in range(word.first, word.last)
                        for before, token in zip([-1] + said, said)
                    ]
            rows.append(row[:MOST_HINTS])
        most = max(map(len, rows))
        told = [row + [(0, 0, 0, 0.0)] * (most - len(row)) for row in rows]
        return self.torch.tensor(told).float().view(len(rows), most, 4)

    def padded(self, rows: List[List[int]]) -> Any:
        """Ids -> (B, the longest)"""
        longest = max(map(len, rows))
        return self.torch.tensor([ids + [PAD] * (longest - len(ids)) for ids in rows])


def read(weights: registry.Weights, name: str) -> Model:
    """The model of this name from its verified files."""
    import torch

    entry = next(entry for entry in weights.record["models"] if entry["name"] == name)
    roles = [name + part for part in ("-subwords", "-words", "-meanings", "-ranking")]
    files = [registry.unpacked(weights.contents(role)[role]) for role in roles]
    # on disk it has 16 bits a number
    search = torch.jit.load(str(weights.files(name)[name]), map_location="cpu").float()
    return Model(search, *files, entry)


def model(name: str) -> Model:
    """Loaded by the first request for it and kept for the next; a failure is not kept."""
    return registry.loaded("translation", read, name)
