"""The rungs without attention: one vector is all that the decoder knows about a sentence. The interface is
that of models/translation/network.py.

The interface needs an attention. These networks give equal weights for all tokens of the sentence.
"""

import math
from typing import List, Tuple

import torch
from torch import nn

from models.translation.tokenizer import PAD

# B sentences, N hypotheses, S source tokens, T target tokens, D width, V vocabulary, C layers


class Recurrent(nn.Module):
    """What both networks share: one embedding for source, target and output (Press & Wolf 2017)."""

    def __init__(self, vocabulary: int, width: int, dropout: float):
        super().__init__()
        self.width = width
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.dropout = nn.Dropout(dropout)

    def embed(self, tokens):
        return self.dropout(self.embedding(tokens) * math.sqrt(self.width))

    def lengths(self, source):
        """(B, S) -> (B,)"""
        return source.ne(self.embedding.padding_idx).sum(dim=1)

    def score(self, features):
        """(..., D) -> (..., V)"""
        return torch.nn.functional.linear(features, self.embedding.weight)

    def evenly(self, hidden):
        """The padding (N, S) -> weights (N, 1, S) that sum to 1 over the tokens that are not padding."""
        shown = (~hidden).to(self.embedding.weight.dtype)
        return (shown / shown.sum(dim=1, keepdim=True)).unsqueeze(1)


class LSTM(Recurrent):
    """Sequence to Sequence Learning, Sutskever et al. 2014, arXiv:1409.3215. It reads the source backwards.

    The paper's network has four layers, and no tanh layer before the output.
    """

    def __init__(
        self, vocabulary: int, width: int = 256, layers: int = 2, dropout: float = 0.3, reverse: bool = True
    ):
        super().__init__(vocabulary, width, dropout)
        state = 2 * width
        self.reverse = reverse
        self.encoder = nn.LSTM(width, state, layers, batch_first=True, dropout=dropout)
        self.decoder = nn.LSTM(width, state, layers, batch_first=True, dropout=dropout)
        self.out = nn.Linear(state, width)

    def encode(self, source) -> List[torch.Tensor]:
        """Source (B, S), padded with PAD -> the padding (B, S), and the last states
        and cells (B, C, state).
        """
        lengths = self.lengths(source)
        if self.reverse:
            places = (lengths.unsqueeze(1) - 1 - torch.arange(source.size(1), device=source.device)).clamp(
                min=0
            )
            read = source.gather(1, places)  # after the first token comes padding, which is not read
        else:
            read = source
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embed(read), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        _, (states, cells) = self.encoder(packed)
        return [source.eq(self.embedding.padding_idx), states.transpose(0, 1), cells.transpose(0, 1)]

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        """The decoder starts with the encoder's last state."""
        return [fixed[1], fixed[2]]

    def decode(self, x, moving: List[torch.Tensor]) -> Tuple[torch.Tensor, List[torch.Tensor]]:
        """Features of tokens (N, T, D) -> features (N, T, D), and the states and
        cells after the last token.
        """
        before = (moving[0].transpose(0, 1).contiguous(), moving[1].transpose(0, 1).contiguous())
        y, (states, cells) = self.decoder(x, before)
        return self.dropout(torch.tanh(self.out(y))), [states.transpose(0, 1), cells.transpose(0, 1)]

    @torch.jit.unused  # not used in serving
    def forward(self, source, target):
        """Source (B, S) and known target (B, T) -> features (B, T, D), from which `score` predicts each
        next token.
        """
        return self.decode(self.embed(target), self.begin(self.encode(source)))[0]

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        """Token (N,) -> features (N, D), equal weights (N, 1, S), and the states."""
        features, moved = self.decode(self.embed(token.unsqueeze(1)), moving)
        return features.squeeze(1), self.evenly(fixed[0]), moved


class ContextGRU(Recurrent):
    """Learning Phrase Representations, Cho et al. 2014, arXiv:1406.1078. The sentence's vector is an input of
    every step and of the output.

    Three details differ from the paper: the decoder's first state is that vector itself, no gate resets the
    input, and tanh replaces maxout.
    """

    def __init__(self, vocabulary: int, width: int = 256, dropout: float = 0.3):
        super().__init__(vocabulary, width, dropout)
        state = 2 * width
        self.encoder = nn.GRU(width, state, batch_first=True)
        self.decoder = nn.GRU(width + state, state, batch_first=True)
        self.out = nn.Linear(width + 2 * state, width)

    def encode(self, source) -> List[torch.Tensor]:
        """Source (B, S), padded with PAD -> the padding (B, S), and the sentence's vector (B, state)."""
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embed(source), self.lengths(source).cpu(), batch_first=True, enforce_sorted=False
        )
        return [source.eq(self.embedding.padding_idx), self.dropout(self.encoder(packed)[1][0])]

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        """The decoder starts with the sentence's vector (N, state)."""
        return [fixed[1]]

    def decode(self, x, state, context) -> Tuple[torch.Tensor, torch.Tensor]:
        """Inputs (N, T, D), state and context (N, state) each -> features (N, T, D), and the state after the
        last token.
        """
        context = context.unsqueeze(1).expand(-1, x.size(1), -1)
        y, after = self.decoder(torch.cat([x, context], dim=2), state.unsqueeze(0).contiguous())
        return self.dropout(torch.tanh(self.out(torch.cat([x, y, context], dim=2)))), after[0]

    @torch.jit.unused  # not used in serving
    def forward(self, source, target):
        """Source (B, S) and known target (B, T) -> features (B, T, D), from which `score` predicts each
        next token.
        """
        context = self.encode(source)[1]
        return self.decode(self.embed(target), context, context)[0]

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        """Token (N,) -> features (N, D), equal weights (N, 1, S), and the state."""
        features, state = self.decode(self.embed(token.unsqueeze(1)), moving[0], fixed[1])
        return features.squeeze(1), self.evenly(fixed[0]), [state]
