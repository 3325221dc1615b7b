"""The ladder, from counted pairs to the Transformer: each network reads letters and
gives, at every place, the logits of the next. To be read beside the papers.

Bigram (counts), MLP (Bengio et al. 2003), RNN (Elman 1990), GRU (Cho et al. 2014), LSTM (Hochreiter &
Schmidhuber 1997), Transformer decoder (Vaswani et al. 2017; norms first, rotary places: Su et al. 2021,
squared ReLU: So et al. 2021). models/generation/network.py runs the same weights in numpy.
"""

import torch
import torch.nn.functional as F
from torch import nn

# B texts, T letters, E embedding, D width, H heads, V alphabet, K letters that the MLP sees, C conditions

SPREAD = 0.02  # of a matrix's first weights
BASE = 10000  # of the rotary wavelengths


class Letters(nn.Module):
    """What all have in common: a vector for each letter, and one for
    each condition (gender, origin), which is added to every letter.

    conditions: how many values each condition has, such as (3, 11); () where there are none.
    """

    def __init__(self, alphabet, embedding, settings, conditions):
        super().__init__()
        self.letters = nn.Embedding(alphabet, embedding)
        self.conditions = nn.ModuleList(nn.Embedding(count, embedding) for count in conditions)
        self.drop = nn.Dropout(settings.dropout)
        self.out = nn.Linear(settings.width, alphabet)
        for table in [self.letters, *self.conditions]:
            nn.init.normal_(table.weight, std=0.1)

    def given(self, condition):
        """(B, C) -> (B, 1, E), or 0 where there are no conditions."""
        return sum(table(condition[:, place])[:, None] for place, table in enumerate(self.conditions))

    def forward(self, ids, condition):
        """(B, T) letters and (B, C) conditions -> (B, T, V) logits of what follows each letter."""
        x = self.drop(self.letters(ids) + self.given(condition))  # (B, T, E)
        return self.out(self.drop(self.read(x)))


class Bigram(nn.Module):
    """How often each letter followed each other, counted and not trained."""

    def __init__(self, alphabet, settings, conditions):
        super().__init__()
        self.counts = nn.Parameter(torch.ones(alphabet, alphabet), requires_grad=False)

    def count(self, ids):
        """Add the pairs of (T,) letters."""
        pairs = ids[:-1] * len(self.counts) + ids[1:]
        self.counts += torch.bincount(pairs, minlength=self.counts.numel()).view_as(self.counts)

    def forward(self, ids, condition):
        return torch.log(self.counts / self.counts.sum(dim=1, keepdim=True))[ids]


class MLP(Letters):
    """The vectors of the last K letters side by side, and one hidden layer (eq. 1 there)."""

    def __init__(self, alphabet, settings, conditions):
        super().__init__(alphabet, settings.embedding, settings, conditions)
        self.seen = settings.seen
        self.hidden = nn.Linear(settings.seen * settings.embedding, settings.width)

    def read(self, x):
        before = F.pad(x, (0, 0, self.seen - 1, 0))  # (B, T + K - 1, E)
        windows = before.unfold(1, self.seen, 1).transpose(2, 3)  # (B, T, K, E)
        return torch.tanh(self.hidden(windows.flatten(2)))  # (B, T, D)


class Recurrent(Letters):
    """A state that each letter changes: RNN, GRU or LSTM, in some layers."""

    def __init__(self, cell, alphabet, settings, conditions):
        super().__init__(alphabet, settings.embedding, settings, conditions)
        between = settings.dropout if settings.layers > 1 else 0
        self.cells = cell(
            settings.embedding, settings.width, settings.layers, batch_first=True, dropout=between
        )

    def read(self, x):
        return self.cells(x)[0]  # (B, T, D)


class Transformer(Letters):
    """Blocks of attention to all earlier letters and of two layers for each letter alone."""

    def __init__(self, alphabet, settings, conditions):
        super().__init__(alphabet, settings.width, settings, conditions)
        self.blocks = nn.ModuleList(Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width)
        turns = rotary(settings.context, settings.width // settings.heads)
        self.cosines, self.sines = turns  # not in the state: they follow from the settings

    def read(self, x):
        turns = [part[: x.shape[1]].to(x.device) for part in (self.cosines, self.sines)]
        for block in self.blocks:
            x = block(x, turns)
        return self.norm(x)


class Block(nn.Module):
    """One layer of the Transformer."""

    def __init__(self, settings):
        super().__init__()
        width = settings.width
        self.heads = settings.heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.drop = nn.Dropout(settings.dropout)
        for layer in (self.attend, self.widen):
            nn.init.normal_(layer.weight, std=SPREAD * 2)
        for layer in (self.mix, self.narrow):  # a block begins as nearly nothing
            nn.init.normal_(layer.weight, std=SPREAD / settings.layers**0.5)

    def forward(self, x, turns):
        B, T, D = x.shape
        parts = self.attend(self.first(x)).view(B, T, 3, self.heads, D // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (B, H, T, D / H)
        mixed = attention(turned(query, turns), turned(key, turns), value)  # (B, H, T, D / H)
        x = x + self.drop(self.mix(mixed.transpose(1, 2).reshape(B, T, D)))
        return x + self.drop(self.narrow(F.relu(self.widen(self.second(x))) ** 2))  # (B, T, D)


def attention(query, key, value):
    """Each place looks at itself and at earlier ones: softmax(Q K' / sqrt(d)) V (eq. 1 there)."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)
    T = query.shape[2]
    scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5  # (B, H, T, T)
    later = torch.ones(T, T, dtype=torch.bool, device=query.device).triu(1)
    return F.softmax(scores.masked_fill(later, float("-inf")), dim=3) @ value


def rotary(places, size):
    """Cosines and sines of the angles by which each place turns each pair of numbers, (places, size / 2)."""
    angles = torch.arange(places).float()[:, None] * BASE ** (-torch.arange(0, size, 2).float() / size)
    return torch.cos(angles), torch.sin(angles)


def turned(x, turns):
    """Rotary places: the halves of (B, H, T, D / H) are turned as if they were one complex number."""
    cosines, sines = turns
    left, right = x.chunk(2, dim=3)
    rotated = (left * cosines - right * sines, left * sines + right * cosines)
    return torch.cat(rotated, dim=3).to(x.dtype)


ARCHITECTURES = {
    "bigram": Bigram,
    "mlp": MLP,
    "rnn": lambda *given: Recurrent(nn.RNN, *given),
    "gru": lambda *given: Recurrent(nn.GRU, *given),
    "lstm": lambda *given: Recurrent(nn.LSTM, *given),
    "transformer": Transformer,
}
