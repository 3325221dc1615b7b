"""Sequence-to-sequence networks. They are trained as modules and served as TorchScript. Source and target are
token ids of one vocabulary.

The interface: `encode` reads the source once. `begin` gives the state of an empty translation. `step` takes
one token per hypothesis, and gives features, the attention and the new state. `forward`
does all steps of a known target, for training. What `encode` gives stays the same during a search. What
`begin` and `step` give changes; hypotheses are always the first dimension, so that beam search can reorder
it.
"""

import math
from typing import List, Optional, Tuple

import torch
from torch import nn

from models.translation.tokenizer import PAD

# B sentences, N hypotheses, S source tokens, T target tokens, D
# width, H heads, K = D / H, V vocabulary, L decoder layers


class Attention(nn.Module):
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, section 3.2). Keys and values are
    projected beforehand.
    """

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.width = heads, width
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.dropout = nn.Dropout(dropout)

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, -1).transpose(1, 2)  # (N, H, T, K)

    def keys_and_values(self, x) -> Tuple[torch.Tensor, torch.Tensor]:
        return self.split(self.key(x)), self.split(self.value(x))  # (N, H, S, K) twice

    def forward(self, x, keys, values, hidden: Optional[torch.Tensor]) -> Tuple[torch.Tensor, torch.Tensor]:
        """(N, T, D) and the weights (N, H, T, S). Positions where `hidden` is true are ignored."""
        query = self.split(self.query(x))  # (N, H, T, K)
        energy = torch.matmul(query, keys.transpose(2, 3)) / math.sqrt(query.size(3))  # (N, H, T, S)
        if hidden is not None:
            energy = energy.masked_fill(hidden, float("-inf"))
        weights = torch.softmax(energy, dim=3)
        y = torch.matmul(self.dropout(weights), values)  # (N, H, T, K)
        y = y.transpose(1, 2).reshape(x.size(0), x.size(1), self.width)  # (N, T, D)
        return self.out(y), weights


class FeedForward(nn.Sequential):
    def __init__(self, width: int, inner: int, dropout: float):
        super().__init__(nn.Linear(width, inner), nn.ReLU(), nn.Dropout(dropout), nn.Linear(inner, width))


class EncoderLayer(nn.Module):
    """Normalisation comes first (Xiong et al. 2020), so that training needs no long warm-up."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float):
        super().__init__()
        self.attention, self.feed = Attention(width, heads, dropout), FeedForward(width, inner, dropout)
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, hidden):
        y = self.norm_attention(x)
        keys, values = self.attention.keys_and_values(y)
        y, _ = self.attention(y, keys, values, hidden)
        x = x + self.dropout(y)
        return x + self.dropout(self.feed(self.norm_feed(x)))  # (B, S, D)


class DecoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, inner: int, dropout: float):
        super().__init__()
        self.own, self.source = Attention(width, heads, dropout), Attention(width, heads, dropout)
        self.feed = FeedForward(width, inner, dropout)
        self.norm_own, self.norm_source, self.norm_feed = (
            nn.LayerNorm(width),
            nn.LayerNorm(width),
            nn.LayerNorm(width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x,
        own: Tuple[torch.Tensor, torch.Tensor],
        source: Tuple[torch.Tensor, torch.Tensor],
        later: Optional[torch.Tensor],
        hidden,
    ):
        """`own`: keys and values of the translation so far, this step included. `source`: keys and values of
        the source.
        """
        y, _ = self.own(self.norm_own(x), own[0], own[1], later)
        x = x + self.dropout(y)
        y, weights = self.source(self.norm_source(x), source[0], source[1], hidden)
        x = x + self.dropout(y)
        x = x + self.dropout(self.feed(self.norm_feed(x)))  # (N, T, D)
        return x, weights.mean(dim=1)  # (N, T, S), the mean of the heads


class Transformer(nn.Module):
    """Attention Is All You Need, Vaswani et al. 2017, arXiv:1706.03762. A deep encoder with a shallow decoder
    answers faster at the same quality (Kasai et al. 2021). Source, target and output share one embedding
    (Press & Wolf 2017).
    """

    def __init__(
        self,
        vocabulary: int,
        width: int = 256,
        heads: int = 4,
        encoder: int = 5,
        decoder: int = 2,
        dropout: float = 0.3,
        longest: int = 512,
    ):
        super().__init__()
        self.width, inner = width, 4 * width
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.encoder = nn.ModuleList([EncoderLayer(width, heads, inner, dropout) for _ in range(encoder)])
        self.decoder = nn.ModuleList([DecoderLayer(width, heads, inner, dropout) for _ in range(decoder)])
        self.norm_encoder, self.norm_decoder = nn.LayerNorm(width), nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("positions", sinusoids(longest, width))  # (longest, D)

    def embed(self, tokens, first: int):
        """Token ids (N, T) -> (N, T, D). The first token has position `first`."""
        x = self.embedding(tokens) * math.sqrt(self.width) + self.positions[first : first + tokens.size(1)]
        return self.dropout(x)

    def encode(self, source) -> List[torch.Tensor]:
        """Source (B, S), padded with PAD -> the padding (B, 1, 1, S), then keys and values (B, H, S, K) of
        each decoder layer.
        """
        hidden = source.eq(self.embedding.padding_idx).unsqueeze(1).unsqueeze(1)  # (B, 1, 1, S)
        x = self.embed(source, 0)
        for layer in self.encoder:
            x = layer(x, hidden)
        memory = self.norm_encoder(x)  # (B, S, D)
        fixed = [hidden]
        for layer in self.decoder:
            keys, values = layer.source.keys_and_values(memory)
            fixed += [keys, values]
        return fixed

    @torch.jit.unused  # not used in serving
    def forward(self, source, target):
        """Source (B, S) and known target (B, T) -> features (B, T, D), from which `score` predicts each next
        token.
        """
        fixed = self.encode(source)
        later = torch.ones(target.size(1), target.size(1), device=target.device).triu(1).bool()  # (T, T)
        x = self.embed(target, 0)
        for i, layer in enumerate(self.decoder):
            own = layer.own.keys_and_values(layer.norm_own(x))
            x, _ = layer(x, own, (fixed[2 * i + 1], fixed[2 * i + 2]), later, fixed[0])
        return self.norm_decoder(x)

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        """Empty keys and values (N, H, 0, K) for each decoder layer."""
        keys = fixed[1]
        empty = keys.new_empty([keys.size(0), keys.size(1), 0, keys.size(3)])
        return [empty] * (len(fixed) - 1)

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        """Token (N,) -> features (N, D), attention (N, L, S), and keys and values with this step added."""
        x = self.embed(token.unsqueeze(1), moving[0].size(2))  # (N, 1, D)
        attention: List[torch.Tensor] = []
        moved: List[torch.Tensor] = []
        for i, layer in enumerate(self.decoder):
            keys, values = layer.own.keys_and_values(layer.norm_own(x))
            keys, values = (
                torch.cat([moving[2 * i], keys], dim=2),
                torch.cat([moving[2 * i + 1], values], dim=2),
            )
            x, weights = layer(x, (keys, values), (fixed[2 * i + 1], fixed[2 * i + 2]), None, fixed[0])
            attention.append(weights)
            moved += [keys, values]
        return self.norm_decoder(x).squeeze(1), torch.cat(attention, dim=1), moved

    def score(self, features):
        """(..., D) -> (..., V)"""
        return torch.nn.functional.linear(features, self.embedding.weight)


class AttentionGRU(nn.Module):
    """Bidirectional GRU encoder, GRU decoder with additive attention: Bahdanau et al. 2015, arXiv:1409.0473.

    Three details differ from the paper: the first state is computed from the mean annotation instead of the
    backward one, the reset gate is where cuDNN has it, and tanh replaces maxout.
    """

    def __init__(self, vocabulary: int, width: int = 256, dropout: float = 0.3):
        super().__init__()
        self.width, state = width, 2 * width
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.encoder = nn.GRU(width, state // 2, batch_first=True, bidirectional=True)
        self.first = nn.Linear(state, state)
        self.key, self.query, self.energy = (
            nn.Linear(state, width),
            nn.Linear(state, width, bias=False),
            nn.Linear(width, 1, bias=False),
        )
        self.from_token = nn.Linear(width, 3 * state)  # the three gates of the decoder's GRU
        self.from_context, self.from_state = (
            nn.Linear(state, 3 * state, bias=False),
            nn.Linear(state, 3 * state),
        )
        self.out = nn.Linear(width + 2 * state, width)
        self.dropout = nn.Dropout(dropout)

    def embed(self, tokens):
        return self.dropout(self.embedding(tokens) * math.sqrt(self.width))

    def encode(self, source) -> List[torch.Tensor]:
        """Source (B, S), padded with PAD -> the padding (B, S), annotations (B, S, 2 * half the state), keys
        (B, S, D).
        """
        hidden = source.eq(self.embedding.padding_idx)  # (B, S)
        lengths = (source.size(1) - hidden.sum(dim=1)).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embed(source), lengths, batch_first=True, enforce_sorted=False
        )
        annotations, _ = nn.utils.rnn.pad_packed_sequence(
            self.encoder(packed)[0], batch_first=True, total_length=source.size(1)
        )
        annotations = self.dropout(annotations)  # (B, S, state)
        return [hidden, annotations, self.key(annotations)]

    def begin(self, fixed: List[torch.Tensor]) -> List[torch.Tensor]:
        """The decoder's first state (N, state), computed from the mean of the annotations."""
        shown = (~fixed[0]).to(fixed[1].dtype).unsqueeze(2)  # (N, S, 1)
        return [torch.tanh(self.first((fixed[1] * shown).sum(dim=1) / shown.sum(dim=1)))]

    def advance(
        self, gates, state, fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """One step of attention and GRU -> the new state (N, state), the context (N, state) and the weights
        (N, S).
        """
        energy = self.energy(torch.tanh(self.query(state).unsqueeze(1) + fixed[2])).squeeze(2)  # (N, S)
        weights = torch.softmax(energy.masked_fill(fixed[0], float("-inf")), dim=1)
        context = torch.bmm(weights.unsqueeze(1).to(fixed[1].dtype), fixed[1]).squeeze(1)  # (N, state)
        reset, update, fresh = (gates + self.from_context(context)).chunk(3, dim=1)
        own_reset, own_update, own_fresh = self.from_state(state).chunk(3, dim=1)
        update = torch.sigmoid(update + own_update)
        fresh = torch.tanh(fresh + torch.sigmoid(reset + own_reset) * own_fresh)
        return update * state + (1 - update) * fresh, context, weights

    def features(self, x, state, context):
        """The features (..., D) that predict the next token, from the state, the
        context and the last token.
        """
        return self.dropout(torch.tanh(self.out(torch.cat([x, state, context], dim=-1))))

    @torch.jit.unused  # not used in serving
    def forward(self, source, target, teacher_forcing: float = 1.0):
        """Source (B, S) and known target (B, T) -> features (B, T, D), from which `score` predicts each next
        token.

        With `teacher_forcing` below 1, this share of the steps gets the known token, and the other steps get
        the network's own prediction. One draw per step counts for the whole batch. Bengio et al. 2015,
        arXiv:1506.03099, lower the share during training; here it stays the same.
        """
        fixed = self.encode(source)
        state = self.begin(fixed)[0]
        x = self.embed(target)  # (B, T, D)
        gates = self.from_token(x)  # (B, T, 3 * state)
        seen, states, contexts = [], [], []
        # apart at once: the gradient of a slice is as large as the whole
        for t, (token, gate) in enumerate(zip(x.unbind(1), gates.unbind(1))):
            if t > 0 and teacher_forcing < 1 and torch.rand(1).item() >= teacher_forcing:
                said = self.score(self.features(seen[-1], state, contexts[-1])).argmax(dim=1)  # (B,)
                token = self.embed(said)
                gate = self.from_token(token)
            state, context, _ = self.advance(gate, state, fixed)
            seen.append(token)
            states.append(state)
            contexts.append(context)
        return self.features(*(torch.stack(parts, dim=1) for parts in (seen, states, contexts)))  # (B, T, D)

    def step(
        self, token, moving: List[torch.Tensor], fixed: List[torch.Tensor]
    ) -> Tuple[torch.Tensor, torch.Tensor, List[torch.Tensor]]:
        """Token (N,) -> features (N, D), attention (N, 1, S), and the new state."""
        x = self.embed(token)  # (N, D)
        state, context, weights = self.advance(self.from_token(x), moving[0], fixed)
        return self.features(x, state, context), weights.unsqueeze(1), [state]

    def score(self, features):
        """(..., D) -> (..., V)"""
        return torch.nn.functional.linear(features, self.embedding.weight)


def sinusoids(longest: int, width: int):
    """Positions as sines and cosines of geometric wavelengths
    (Vaswani et al. 2017, section 3.5): (longest, width).
    """
    angle = torch.arange(longest).float().unsqueeze(1) / 10000 ** (torch.arange(0, width, 2).float() / width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)
