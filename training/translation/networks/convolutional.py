"""Convolutional Sequence to Sequence Learning, Gehring et al. 2017, arXiv:1705.03122. The interface is that
of models/translation/network.py.

From section 3.5 of the paper, this has the halved variance of sums. It has no weight normalisation, and does
not scale the attention or the encoder's gradient.
"""

import math
from typing import List, Tuple

import torch
from torch import nn
from torch.nn import functional

from models.translation.tokenizer import PAD

# B sentences, N hypotheses, S source tokens, T target tokens, D width, V vocabulary, L decoder layers


def added(x, y):
    """The sum of x and y, scaled to the variance of one of them."""
    return (x + y) * math.sqrt(0.5)


class Layer(nn.Module):
    """A gated convolution over the last `kernel` places, or over places on both sides."""

    def __init__(self, width: int, kernel: int, dropout: float):
        super().__init__()
        self.convolution = nn.Conv1d(width, 2 * width, kernel)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        """(N, D, T + kernel - 1) -> (N, D, T)"""
        return functional.glu(self.convolution(self.dropout(x)), dim=1)


class Attending(Layer):
    """A decoder layer. Its convolution sees no later place, and each place attends to the source."""

    def __init__(self, width: int, kernel: int, dropout: float):
        super().__init__(width, kernel, dropout)
        self.query, self.back = nn.Linear(width, width), nn.Linear(width, width)

    def look(self, y, embedded, fixed: List[torch.Tensor]) -> Tuple[torch.Tensor, torch.Tensor]:
        """Features (N, T, D) and the words at these places (N, T, D) -> features with the attended source
        added (N, T, D), and the weights (N, T, S).
        """
        query = added(self.query(y), embedded)
        energy = torch.matmul(query, fixed[1].transpose(1, 2))  # (N, T, S)
        weights = torch.softmax(energy.masked_fill(fixed[0].unsqueeze(1), float("-inf")), dim=2)
        return added(y, self.back(torch.matmul(weights, fixed[2]))), weights


class Convolutional(nn.Module):
    """The network. Source, target and output share one embedding (Press & Wolf 2017). Places are embedded as
    well.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int = 256,
        encoder: int = 6,
        decoder: int = 4,
        kernel: int = 3,
        dropout: float = 0.25,
        longest: int = 512,
    ):
        super().__init__()
        self.width, self.before = width, kernel - 1
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        self.places = nn.Embedding(longest, width)
        for table in (self.embedding, self.places):
            nn.init.normal_(table.weight, std=width**-0.5)
        self.encoder = nn.ModuleList([Layer(width, kernel, dropout) for _ in range(encoder)])
        self.decoder = nn.ModuleList([Attending(width, kernel, dropout) for _ in range(decoder)])
        self.into_encoder, self.out_of_encoder = nn.Linear(width, width), nn.Linear(width, width)
        self.into_decoder, self.out_of_decoder = nn.Linear(width, width), nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def embed(self, tokens, first: int):
        """Token ids (N, T) -> (N, T, D). The first token has place `first`."""
        places = self.places.weight[first : first + tokens.size(1)]
        return self.dropout((self.embedding(tokens) + places) * math.sqrt(self.width))

    def encode(self, source) -> List[torch.Tensor]:
        """Source (B, S), padded with PAD -> the padding (B, S), keys (B, S, D), and values (B, S, D), which
        are keys plus words.
        """
        hidden = source.eq(self.embedding.padding_idx)
        embedded = self.embed(source, 0)
        x = self.into_encoder(embedded).masked_fill(hidden.unsqueeze(2), 0.0).transpose(1, 2)  # (B, D, S)
        for layer in self.encoder:
            sides = functional.pad(x, (self.before // 2, self.before - self.before // 2))
            x = added(x, layer(sides)).masked_fill(hidden.unsqueeze(1), 0.0)
        keys = self.out_of_encoder(x.transpose(1, 2))
        return [hidden, keys, added(keys, embedded)]

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        """The state before the first place: zeros (N, D, kernel - 1) for each layer, and the number of tokens
        so far (N, 1).
        """
        moving = [fixed[1].new_zeros([fixed[1].size(0), 1])]
        for _ in self.decoder:
            moving.append(fixed[1].new_zeros([fixed[1].size(0), self.width, self.before]))
        return moving

    def decode(
        self, tokens, moving: List[torch.Tensor], fixed: List[torch.Tensor], first: int
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        """Tokens (N, T) from place `first` on -> features (N, T, D), attention (N, T, L, S), and the state
        for the next places.
        """
        embedded = self.embed(tokens, first)
        x = self.into_decoder(embedded).transpose(1, 2)  # (N, D, T)
        looked: List[torch.Tensor] = []
        moved = [moving[0] + tokens.size(1)]
        for i, layer in enumerate(self.decoder):
            seen = torch.cat([moving[i + 1], x], dim=2)  # (N, D, kernel - 1 + T)
            moved.append(seen[:, :, seen.size(2) - self.before :])
            y, weights = layer.look(layer(seen).transpose(1, 2), embedded, fixed)
            x = added(x, y.transpose(1, 2))
            looked.append(weights)
        return self.dropout(self.out_of_decoder(x.transpose(1, 2))), torch.stack(looked, dim=2), moved

    @torch.jit.unused  # not used in serving
    def forward(self, source, target):
        """Source (B, S) and known target (B, T) -> features (B, T, D), from which `score` predicts each
        next token.
        """
        fixed = self.encode(source)
        return self.decode(target, self.begin(fixed), fixed, 0)[0]

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        """Token (N,) -> features (N, D), attention (N, L, S), and the state for the next
        place.
        """
        features, attention, moved = self.decode(token.unsqueeze(1), moving, fixed, int(moving[0][0, 0]))
        return features.squeeze(1), attention.squeeze(1), moved

    def score(self, features):
        """(..., D) -> (..., V)"""
        return functional.linear(features, self.embedding.weight)
