"""Greedy and beam search over a network, scripted together with it: one request is one call into torch.

Text and subwords are left to model.py; sentences in a batch do
not see each other, and those that are done leave it.
"""

import copy
from typing import List, Optional, Tuple

import torch
from torch import nn

from models.translation.tokenizer import BEGIN, END, PAD

# B sentences still open, W hypotheses of each (the beam), N = B x W rows, S source tokens, T target tokens,
# V vocabulary, U tokens of it that may be said, K of them for each source token, E hints

HINTED = 0.01  # probability from which on a hint counts
NGRAM = 4  # subwords in a row that a translation does not say more often than the source repeats itself
# that are saved: a sentence has 90 subwords at most when it comes here, and its translation 145
POSITIONS = 256
RATIO, EXTRA = 1.5, 10  # a translation has at most so many times the subwords of its source, and so many more


class Translator(nn.Module):
    """Source ids (B, S), padded with PAD -> finished hypotheses in
    no order: (place of the sentence, score, ids, attention).

    No translation ends before it has said all its tokens of `wanted` (B, any), padded likewise (constrained
    search, Hokamp & Liu 2017, arXiv:1704.07138, made simple); of the tokens `masks` it says those of `wanted`
    alone, each once. All begin with `prefix` (P,). The score is the mean log-probability of a token, END
    included (Jean et al. 2015, arXiv:1412.2007, section 4.2, divide by the length likewise); the ids (T,)
    have END last; the attention (T, S) is that of one decoder layer, the mean of its heads.

    With a `lexicon` (V, K), a sentence is translated by tokens that one of its own has there, by those of
    `frequent`, and by its own, so that a step scores some hundred tokens and not all (vocabulary selection:
    Mi et al. 2016, arXiv:1605.03209). What a dictionary says are `hints` (B, E, 4): while attention is on the
    source token at a place, and the last token was this one (-1: whichever), another one has a probability
    (Arthur et al. 2016, arXiv:1606.02006). Those of less than E have a probability of 0.
    """

    def __init__(self, network: nn.Module, layer: int, masks: range = range(0), lexicon=None, frequent=None):
        super().__init__()
        self.network, self.layer = network, layer
        none = torch.zeros(0, dtype=torch.long)
        self.register_buffer("lexicon", none if lexicon is None else lexicon)
        self.register_buffer("frequent", none if frequent is None else frequent)
        self.first_mask, self.masks = masks.start, len(masks)
        self.pad, self.begin, self.end = PAD, BEGIN, END  # a script sees attributes, and no names of a module
        self.ngram, self.ratio, self.extra, self.hinted = NGRAM, RATIO, EXTRA, HINTED

    def forward(
        self,
        source,
        beam: int,
        best: int,
        wanted: Optional[torch.Tensor] = None,
        prefix: Optional[torch.Tensor] = None,
        hints: Optional[torch.Tensor] = None,
    ) -> List[Tuple[int, float, torch.Tensor, torch.Tensor]]:
        """A beam of 1 is greedy search; otherwise the search of a sentence ends at its longest, or once
        `best` hypotheses are finished and none that goes on scores more than the best of them.
        """
        if wanted is None:
            wanted = source[:, :0]
        if beam == 1:
            return self.greedy(source, wanted, prefix, hints)
        return self.beam(source, wanted, beam, best, prefix, hints)

    def greedy(
        self,
        source,
        wanted,
        prefix: Optional[torch.Tensor] = None,
        hints: Optional[torch.Tensor] = None,
    ) -> List[Tuple[int, float, torch.Tensor, torch.Tensor]]:
        fixed = self.network.encode(source)
        moving = self.network.begin(fixed)
        longest, repeats = self.limits(source)  # (B,) twice
        vocabulary, places, unlikely, weight = self.sayable(source, wanted, prefix, hints)
        told = told_apart(hints, places, torch.arange(source.size(0)))
        open_, totals = torch.arange(source.size(0)), torch.zeros(source.size(0))  # (B,) twice
        tokens = torch.full([source.size(0), 1], self.begin, dtype=torch.long)  # (B, 1 + T)
        attention = torch.zeros(source.size(0), 0, source.size(1))  # (B, T, S)
        finished: List[Tuple[int, float, torch.Tensor, torch.Tensor]] = []
        while len(open_) > 0:
            features, looked, moving = self.network.step(tokens[:, -1], moving, fixed)
            scores = self.scores(features, weight, unlikely, looked[:, self.layer], tokens[:, -1], told)
            logs = self.permitted(scores, places, tokens, longest, repeats, wanted, prefix)
            gained, said = logs.max(dim=1)  # (B,) twice
            totals, said = totals + gained, vocabulary[said]
            tokens = torch.cat([tokens, said.unsqueeze(1)], dim=1)
            attention = torch.cat([attention, looked[:, self.layer].unsqueeze(1)], dim=1)
            ended = said.eq(self.end)
            if bool(ended.any()):
                ends = ended.nonzero().squeeze(1)
                for i in range(len(ends)):
                    row = int(ends[i])
                    score = float(totals[row]) / attention.size(1)
                    finished.append((int(open_[row]), score, tokens[row, 1:], attention[row]))
                rows = (~ended).nonzero().squeeze(1)  # those that go on
                open_, totals, longest, repeats = open_[rows], totals[rows], longest[rows], repeats[rows]
                tokens, attention, wanted = tokens[rows], attention[rows], wanted[rows]
                unlikely, told = unlikely[rows], selected(told, rows)
                moving, fixed = selected(moving, rows), selected(fixed, rows)
        return finished

    def beam(
        self,
        source,
        wanted,
        beam: int,
        best: int,
        prefix: Optional[torch.Tensor] = None,
        hints: Optional[torch.Tensor] = None,
        steps: Optional[List[torch.Tensor]] = None,
    ) -> List[Tuple[int, float, torch.Tensor, torch.Tensor]]:
        """Where there is a list `steps`, each step of the search is put into it, as `tree` has them."""
        count = source.size(0)
        fixed = selected(
            self.network.encode(source), torch.arange(count).unsqueeze(1).repeat(1, beam).view(-1)
        )
        moving = self.network.begin(fixed)
        longest, repeats = self.limits(source)  # (B,) twice
        vocabulary, places, unlikely, weight = self.sayable(source, wanted, prefix, hints)
        told = told_apart(hints, places, torch.arange(count).unsqueeze(1).repeat(1, beam).view(-1))
        open_, found = torch.arange(count), torch.zeros(count)  # (B,) twice
        top = torch.full([count], float("-inf"))  # (B,) the best score of what is finished
        totals = torch.full([count, beam], float("-inf"))  # (B, W) log-probabilities
        totals[:, 0] = 0  # there is one empty translation
        tokens = torch.full([count * beam, 1], self.begin, dtype=torch.long)  # (N, 1 + T)
        attention = torch.zeros(count * beam, 0, source.size(1))  # (N, T, S)
        finished: List[Tuple[int, float, torch.Tensor, torch.Tensor]] = []
        while len(open_) > 0:
            features, looked, moving = self.network.step(tokens[:, -1], moving, fixed)
            attention = torch.cat([attention, looked[:, self.layer].unsqueeze(1)], dim=1)
            # (N,) the sentence of a row
            each = torch.arange(len(open_)).unsqueeze(1).repeat(1, beam).view(-1)
            looking = looked[:, self.layer]  # (N, S)
            scores = self.scores(features, weight, unlikely[each], looking, tokens[:, -1], told)
            logs = self.permitted(scores, places, tokens, longest[each], repeats[each], wanted[each], prefix)
            sums, rows, said = continued(totals, logs)  # (B, 2W) thrice
            said = vocabulary[said]
            ended = said.eq(self.end)
            ends = (ended & (sums > float("-inf")))[:, :beam].nonzero()
            for i in range(len(ends)):
                sentence, place = int(ends[i, 0]), int(ends[i, 1])
                row = int(rows[sentence, place])
                ids = torch.cat([tokens[row, 1:], said[sentence, place].view(1)])
                score = float(sums[sentence, place]) / len(ids)
                finished.append((int(open_[sentence]), score, ids, attention[row]))
                found[sentence] += 1
                top[sentence] = max(score, float(top[sentence]))
            totals, chosen = sums.masked_fill(ended, float("-inf")).topk(beam, dim=1)  # (B, W) twice
            done = (found >= best) & (top >= totals[:, 0] / attention.size(1))
            going = ((longest > attention.size(1)) & ~done).nonzero().squeeze(1)
            if steps is not None:
                steps.append(grown(rows, said, sums, ended, chosen[going], beam))
            totals, chosen = totals[going], chosen[going]
            moved = rows[going].gather(1, chosen).view(-1)  # (N,)
            tokens = torch.cat([tokens[moved], said[going].gather(1, chosen).view(-1, 1)], dim=1)
            attention, moving = attention[moved], selected(moving, moved)
            if len(going) < len(open_):
                fixed, told = selected(fixed, moved), selected(told, moved)
                open_, found, top, wanted = open_[going], found[going], top[going], wanted[going]
                longest, repeats, unlikely = longest[going], repeats[going], unlikely[going]
        return finished

    def sayable(
        self, source, wanted, prefix: Optional[torch.Tensor], hints: Optional[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The tokens that a batch may say, rising (U,); the place of each token among them (V,); which of
        them a sentence may not say (B, U); and their embeddings (U, D). Without a lexicon those are all.
        """
        weight = self.network.embedding.weight
        count, size = source.size(0), weight.size(0)
        if len(self.lexicon) == 0:
            every = torch.arange(size)
            return every, every, torch.zeros(count, 0, dtype=torch.bool), weight
        own = torch.cat([self.lexicon[source].long().view(count, -1), source, wanted], dim=1)  # (B, any)
        if hints is not None:
            own = torch.cat([own, hints[:, :, 2].long()], dim=1)
        may = torch.zeros(count, size).scatter(1, own, torch.ones(count, own.size(1)))  # (B, V)
        may = may.index_fill(1, self.frequent, 1.0)
        if prefix is not None:
            may = may.index_fill(1, prefix, 1.0)
        ids = may.sum(dim=0).nonzero().squeeze(1)  # (U,)
        return ids, places_of(ids, size), may[:, ids].eq(0), weight[ids]

    @torch.jit.export
    def tree(
        self,
        source,
        wanted,
        beam: int,
        best: int,
        prefix: Optional[torch.Tensor] = None,
        hints: Optional[torch.Tensor] = None,
    ) -> List[torch.Tensor]:
        """Of one sentence (1, S) each step of its beam search, (4, 2W), of the likeliest continuations: the
        row that each continues, its token, its log-probability as a whole, and what became of it: the row
        that it is now, or -1 where it was left, or -2 where it ended.
        """
        steps: List[torch.Tensor] = []
        self.beam(source, wanted, beam, best, prefix, hints, steps)
        return steps

    @torch.jit.export
    def sure(
        self, source, target, most: int, hints: Optional[torch.Tensor] = None
    ) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Source (1, S) and its translation (T,) -> of each token its probability
        (T,), and the `most` likeliest there, (T, most): theirs and their ids.
        """
        fixed = self.network.encode(source)
        moving = self.network.begin(fixed)
        before = torch.cat([torch.full([1], self.begin, dtype=torch.long), target[:-1]])  # (T,)
        weight, all_ = self.network.embedding.weight, torch.zeros(1, 0).eq(1)
        told = told_apart(hints, torch.arange(weight.size(0)), torch.zeros(1, dtype=torch.long))
        rows: List[torch.Tensor] = []
        for t in range(len(target)):
            last = before[t : t + 1]
            features, looked, moving = self.network.step(last, moving, fixed)
            scores = self.scores(features, weight, all_, looked[:, self.layer], last, told)
            rows.append(torch.softmax(scores, dim=1))
        likely = torch.cat(rows)  # (T, V)
        others, ids = likely.topk(most, dim=1)
        return likely.gather(1, target.unsqueeze(1)).squeeze(1), others, ids

    def limits(self, source) -> Tuple[torch.Tensor, torch.Tensor]:
        """(B, S) -> how many tokens a translation has at most, END
        included, and how often it may say an n-gram: (B,) twice.

        That often as the source says one of half the length: what it repeats, a translation may repeat.
        """
        shown = source.ne(self.pad)
        longest = (shown.sum(dim=1).float() * self.ratio + self.extra).long()
        pairs = source.unfold(1, 2, 1) if source.size(1) > 1 else source.unsqueeze(2)  # (B, S - 1, 2)
        # (B, S - 1, S - 1)
        same = (pairs.unsqueeze(1) == pairs.unsqueeze(2)).all(dim=3) & shown[:, -pairs.size(1) :].unsqueeze(1)
        return longest, same.sum(dim=2).max(dim=1)[0]

    def scores(self, features, weight, unlikely, looking, last, told: List[torch.Tensor]):
        """Features (N, D), attention (N, S) and the tokens said last (N,) -> scores (N, U): what is hinted at
        has more, what is unlikely -inf.
        """
        scores = torch.nn.functional.linear(features, weight)
        if len(told) > 0:
            heard = told[1].lt(0) | told[1].eq(last.unsqueeze(1))  # (N, E)
            share = looking.gather(1, told[0]) * told[3] * heard.to(looking.dtype)
            hinted = torch.zeros_like(scores).scatter_add(1, told[2], share)
            scores = scores + torch.log1p(hinted / self.hinted)
        if unlikely.size(1) > 0:
            scores = scores.masked_fill(unlikely, float("-inf"))
        return scores

    def permitted(self, scores, places, tokens, longest, repeats, wanted, prefix: Optional[torch.Tensor]):
        """Scores (N, U) -> log-probabilities, -inf for what would repeat an n-gram too often, for END while a
        token of `wanted` (N, any) is missing, for masks that are not wanted or said already, and for all but
        END where a translation is full; in `prefix`, for all but its token.
        """
        logs = torch.log_softmax(scores, dim=1)
        if prefix is not None and tokens.size(1) <= len(prefix):
            token = int(places[prefix[tokens.size(1) - 1]])
            forced = torch.full_like(logs, float("-inf"))
            forced[:, token] = logs[:, token]
            return forced
        logs[:, : self.end] = float("-inf")  # padding and the beginning, which no translation says
        length = tokens.size(1)
        if length > self.ngram:
            seen = tokens[:, 1:].unfold(1, self.ngram, 1)  # (N, T - self.ngram + 1, self.ngram)
            # its first tokens are the last ones now
            again = (seen[:, :, :-1] == tokens[:, length - self.ngram + 1 :].unsqueeze(1)).all(dim=2)
            if bool(again.any()):
                last = places[seen[:, :, -1]]
                counts = torch.zeros_like(logs).scatter_add(1, last, again.to(logs.dtype))  # (N, U)
                logs = logs.masked_fill(counts >= repeats.unsqueeze(1).to(logs.dtype), float("-inf"))
        ending = logs[:, self.end].clone()  # (N,)
        if self.masks > 0:
            ids = torch.arange(self.first_mask, self.first_mask + self.masks)  # (M,)
            open_ = wanted.unsqueeze(2).eq(ids).any(dim=1) & ~tokens.unsqueeze(2).eq(ids).any(dim=1)  # (N, M)
            first = int(places[self.first_mask])
            logs[:, first : first + self.masks].masked_fill_(~open_, float("-inf"))
        if wanted.size(1) > 0:
            missing = wanted.ne(self.pad) & wanted.unsqueeze(2).ne(tokens.unsqueeze(1)).all(dim=2)  # (N, any)
            logs[:, self.end] = ending.masked_fill(missing.any(dim=1), float("-inf"))
        full = longest <= length
        if bool(full.any()):
            logs = logs.masked_fill(full.unsqueeze(1), float("-inf"))
            logs[:, self.end] = torch.where(full, ending, logs[:, self.end])
        return logs


def continued(totals, logs) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(B, W), (N, V) -> the 2W best continuations of each sentence, of which W end at most, so that W go on.

    Their log-probabilities, the rows of N that they continue, and their tokens: (B, 2W) each.
    """
    count, beam = totals.size(0), totals.size(1)
    gained, said = logs.topk(2 * beam, dim=1)  # (N, 2W) twice
    # (B, 2W) twice, of W x 2W
    sums, places = (totals.view(-1, 1) + gained).view(count, -1).topk(2 * beam, dim=1)
    hypothesis = torch.arange(beam).unsqueeze(1).repeat(1, 2 * beam).view(-1)[places]  # (B, 2W)
    rows = hypothesis + beam * torch.arange(count).unsqueeze(1)
    return sums, rows, said.view(count, -1).gather(1, places)


def grown(rows, said, sums, ended, chosen, beam: int):
    """A step of a search of one sentence, (4, 2W), as `tree` has it; `chosen` (1 or 0, W) are those that go
    on.
    """
    fate = torch.full_like(sums, -1)  # (1, 2W)
    fate[:, :beam].masked_fill_(ended[:, :beam], -2)
    if chosen.size(0) > 0:
        fate.scatter_(1, chosen, torch.arange(beam).to(fate.dtype).unsqueeze(0))
    return torch.cat([rows.to(sums.dtype), said.to(sums.dtype), sums, fate])


def told_apart(hints: Optional[torch.Tensor], places, rows) -> List[torch.Tensor]:
    """Hints (B, E, 4) of `rows` (N,): the source's places, the tokens before, the places of the tokens that
    they are about, and their probabilities, (N, E) each; an empty list where there are none.
    """
    told: List[torch.Tensor] = []
    if hints is not None:
        if hints.size(1) > 0:
            which = hints[:, :, :3].long()
            parts = [which[:, :, 0], which[:, :, 1], places[which[:, :, 2]], hints[:, :, 3]]
            told = [part.index_select(0, rows) for part in parts]
    return told


def places_of(ids, size: int):
    """Where each of `size` tokens stands in `ids` (U,): (V,), 0 for those that are not there."""
    return torch.zeros(size, dtype=torch.long).index_copy(0, ids, torch.arange(len(ids)))


def selected(state: List[torch.Tensor], rows) -> List[torch.Tensor]:
    """These rows of every part of a state."""
    return [part.index_select(0, rows) for part in state]


def scripted(
    network: nn.Module, layer: int, masks: range = range(0), lexicon=None, frequent=None
) -> torch.jit.ScriptModule:
    """What is saved and served: a copy with its weights in 16
    bits, which the server widens again, and without dropout.
    """
    network = copy.deepcopy(network).eval()
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout):
                setattr(module, name, nn.Identity())
    if hasattr(network, "positions"):
        network.positions = network.positions[:POSITIONS].half()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
        parameter.data = parameter.data.half()
        if parameter.dim() == 2:  # column by column, in which torch 1.5.1 multiplies a few rows by it sooner
            parameter.data = parameter.data.t().contiguous().t()
    return torch.jit.script(Translator(network, layer, masks, lexicon, frequent))
