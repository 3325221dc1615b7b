"""Greedy and beam search over a network, scripted together with it: one request is one call into torch.

Text and subwords are left to model.py; sentences in a batch do not see each other, and those that are done leave it.
"""

import copy
from typing import List, Optional, Tuple

import torch
from torch import nn

from models.translation.tokenizer import BEGIN, END, PAD

# B sentences still open, W hypotheses of each (the beam), N = B x W rows, S source tokens, T target tokens, V vocabulary

NGRAM = 4  # subwords in a row that a translation does not say more often than the source repeats itself
POSITIONS = 256  # that are saved: a sentence has 60 subwords at most when it comes here, and its translation 100
RATIO, EXTRA = 1.5, 10  # a translation has at most so many times the subwords of its source, and so many more


class Translator(nn.Module):
    """Source ids (B, S), padded with PAD -> finished hypotheses in no order: (place of the sentence, score, ids, attention).

    No translation ends before it has said all its tokens of `wanted` (B, any), padded likewise (constrained search, Hokamp & Liu 2017,
    arXiv:1704.07138, made simple). The score is the mean log-probability of a token, END included (Jean et al. 2015, arXiv:1412.2007, section 4.2, divide by the length
    likewise); the ids (T,) have END last; the attention (T, S) is that of one decoder layer, the mean of its heads.
    """

    def __init__(self, network: nn.Module, layer: int):
        super().__init__()
        self.network, self.layer = network, layer
        self.pad, self.begin, self.end = PAD, BEGIN, END  # a script sees attributes, and no names of a module
        self.ngram, self.ratio, self.extra = NGRAM, RATIO, EXTRA

    def forward(self, source, beam: int, best: int, wanted: Optional[torch.Tensor] = None) -> List[Tuple[int, float, torch.Tensor, torch.Tensor]]:
        """A beam of 1 is greedy search; otherwise the search of a sentence ends at its longest, or once `best` hypotheses are
        finished and none that goes on scores more than the best of them."""
        if wanted is None:
            wanted = source[:, :0]
        if beam == 1:
            return self.greedy(source, wanted)
        return self.beam(source, wanted, beam, best)

    def greedy(self, source, wanted) -> List[Tuple[int, float, torch.Tensor, torch.Tensor]]:
        fixed = self.network.encode(source)
        moving = self.network.begin(fixed)
        longest, repeats = self.limits(source)  # (B,) twice
        open_, totals = torch.arange(source.size(0)), torch.zeros(source.size(0))  # (B,) twice
        tokens = torch.full([source.size(0), 1], self.begin, dtype=torch.long)  # (B, 1 + T)
        attention = torch.zeros(source.size(0), 0, source.size(1))  # (B, T, S)
        finished: List[Tuple[int, float, torch.Tensor, torch.Tensor]] = []
        while len(open_) > 0:
            scores, looked, moving = self.network.step(tokens[:, -1], moving, fixed)
            gained, said = self.permitted(scores, tokens, longest, repeats, wanted).max(dim=1)  # (B,) twice
            totals = totals + gained
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
                moving, fixed = selected(moving, rows), selected(fixed, rows)
        return finished

    def beam(self, source, wanted, beam: int, best: int) -> List[Tuple[int, float, torch.Tensor, torch.Tensor]]:
        count = source.size(0)
        fixed = selected(self.network.encode(source), torch.arange(count).unsqueeze(1).repeat(1, beam).view(-1))
        moving = self.network.begin(fixed)
        longest, repeats = self.limits(source)  # (B,) twice
        open_, found = torch.arange(count), torch.zeros(count)  # (B,) twice
        top = torch.full([count], float("-inf"))  # (B,) the best score of what is finished
        totals = torch.full([count, beam], float("-inf"))  # (B, W) log-probabilities
        totals[:, 0] = 0  # there is one empty translation
        tokens = torch.full([count * beam, 1], self.begin, dtype=torch.long)  # (N, 1 + T)
        attention = torch.zeros(count * beam, 0, source.size(1))  # (N, T, S)
        finished: List[Tuple[int, float, torch.Tensor, torch.Tensor]] = []
        while len(open_) > 0:
            scores, looked, moving = self.network.step(tokens[:, -1], moving, fixed)
            attention = torch.cat([attention, looked[:, self.layer].unsqueeze(1)], dim=1)
            each = torch.arange(len(open_)).unsqueeze(1).repeat(1, beam).view(-1)  # (N,) the sentence of a row
            sums, rows, said = continued(totals, self.permitted(scores, tokens, longest[each], repeats[each], wanted[each]))  # (B, 2W) thrice
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
            totals, chosen = totals[going], chosen[going]
            moved = rows[going].gather(1, chosen).view(-1)  # (N,)
            tokens = torch.cat([tokens[moved], said[going].gather(1, chosen).view(-1, 1)], dim=1)
            attention, moving = attention[moved], selected(moving, moved)
            if len(going) < len(open_):
                fixed = selected(fixed, moved)
                open_, found, top, wanted = open_[going], found[going], top[going], wanted[going]
                longest, repeats = longest[going], repeats[going]
        return finished

    def limits(self, source) -> Tuple[torch.Tensor, torch.Tensor]:
        """(B, S) -> how many tokens a translation has at most, END included, and how often it may say an n-gram: (B,) twice.

        That often as the source says one of half the length: what it repeats, a translation may repeat.
        """
        shown = source.ne(self.pad)
        longest = (shown.sum(dim=1).float() * self.ratio + self.extra).long()
        pairs = source.unfold(1, 2, 1) if source.size(1) > 1 else source.unsqueeze(2)  # (B, S - 1, 2)
        same = (pairs.unsqueeze(1) == pairs.unsqueeze(2)).all(dim=3) & shown[:, -pairs.size(1) :].unsqueeze(1)  # (B, S - 1, S - 1)
        return longest, same.sum(dim=2).max(dim=1)[0]

    def permitted(self, scores, tokens, longest, repeats, wanted):
        """Scores (N, V) -> log-probabilities, -inf for what would repeat an n-gram too often, for END while a token of `wanted` (N, any)
        is missing, and for all but END where a translation is full."""
        logs = torch.log_softmax(scores, dim=1)
        logs[:, : self.end] = float("-inf")  # padding and the beginning, which no translation says
        length = tokens.size(1)
        if length > self.ngram:
            seen = tokens[:, 1:].unfold(1, self.ngram, 1)  # (N, T - self.ngram + 1, self.ngram)
            again = (seen[:, :, :-1] == tokens[:, length - self.ngram + 1 :].unsqueeze(1)).all(dim=2)  # its first tokens are the last ones now
            if bool(again.any()):
                counts = torch.zeros_like(logs).scatter_add(1, seen[:, :, -1], again.to(logs.dtype))  # (N, V)
                logs = logs.masked_fill(counts >= repeats.unsqueeze(1).to(logs.dtype), float("-inf"))
        ending = logs[:, self.end].clone()  # (N,)
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
    sums, places = (totals.view(-1, 1) + gained).view(count, -1).topk(2 * beam, dim=1)  # (B, 2W) twice, of W x 2W
    hypothesis = torch.arange(beam).unsqueeze(1).repeat(1, 2 * beam).view(-1)[places]  # (B, 2W)
    rows = hypothesis + beam * torch.arange(count).unsqueeze(1)
    return sums, rows, said.view(count, -1).gather(1, places)


def selected(state: List[torch.Tensor], rows) -> List[torch.Tensor]:
    return [part.index_select(0, rows) for part in state]


def scripted(network: nn.Module, layer: int) -> torch.jit.ScriptModule:
    """What is saved and served: a copy with its weights in 16 bits, which the server widens again, and without dropout."""
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
    return torch.jit.script(Translator(network, layer))
