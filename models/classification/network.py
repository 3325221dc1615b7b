"""The classifiers, written close to their papers, and the n-grams that can be added to them. Training builds
them; serving loads their trace.

fastText (Joulin et al. 2017, arXiv:1607.01759), CNN (Kim 2014, arXiv:1408.5882), LSTM (Hochreiter &
Schmidhuber 1997; both directions: Graves & Schmidhuber 2005), Transformer encoder (Vaswani et al. 2017,
arXiv:1706.03762), n-grams (NB-SVM: Wang & Manning 2012).
"""

import torch
import torch.nn.functional as F
from torch import nn

# B texts, T words, D embedding, W width, H heads, C classes, V vocabulary, N n-grams

PAD, UNKNOWN = 0, 1
BUCKETS = 1048573  # rows of the n-gram table; a prime
MULTIPLIERS = 1000003, 8191  # for the first and the second word in the hash of a pair


class FastText(nn.Module):
    """The mean of the words' vectors, and one linear layer."""

    def __init__(self, dimensions, width, dropout):
        super().__init__()
        self.features = dimensions

    def forward(self, x, mask):
        return x.sum(dim=1) / mask.sum(dim=1)  # (B, D)


class CNN(nn.Module):
    """Filters over 2 to 5 words. Each filter gives its largest answer in the text."""

    def __init__(self, dimensions, width, dropout):
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(dimensions, width, size, padding=size - 1) for size in (2, 3, 4, 5)
        )
        self.features = 4 * width

    def forward(self, x, mask):
        x = x.transpose(1, 2)  # (B, D, T)
        # (B, 4W); padding is zeros
        return torch.cat([F.relu(convolve(x)).max(dim=2)[0] for convolve in self.convolutions], dim=1)


class LSTM(nn.Module):
    """An LSTM from the first word to the last. It gives the mean and the maximum of its states."""

    directions = 1

    def __init__(self, dimensions, width, dropout):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.LSTM(dimensions, width, batch_first=True) for _ in range(self.directions)
        )
        self.features = 2 * self.directions * width

    def forward(self, x, mask):
        last = mask.sum(dim=1, keepdim=True).long() - 1  # (B, 1, 1)
        back = (last - torch.cumsum(torch.ones_like(mask), dim=1).long() + 1).clamp(min=0)  # (B, T, 1)
        states = self.layers[0](x)[0]  # (B, T, W)
        # each text is reversed within its own length, so that its padding stays at the end
        if self.directions == 2:
            turned = self.layers[1](x.gather(1, back.expand(-1, -1, x.shape[2])))[0]
            # (B, T, 2W)
            states = torch.cat([states, turned.gather(1, back.expand(-1, -1, turned.shape[2]))], dim=2)
        largest = (states - 1e4 * (1 - mask)).max(dim=1)[0]
        return torch.cat([largest, (states * mask).sum(dim=1) / mask.sum(dim=1)], dim=1)


class BiLSTM(LSTM):
    """An LSTM in both directions."""

    directions = 2


class Transformer(nn.Module):
    """Two layers of attention with four heads and learned positions. It gives the mean of its outputs."""

    LONGEST, HEADS, LAYERS = 512, 4, 2

    def __init__(self, dimensions, width, dropout):
        super().__init__()
        width -= width % self.HEADS
        self.enter = nn.Linear(dimensions, width)
        self.positions = nn.Embedding(self.LONGEST, width)
        self.attend = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(self.LAYERS))
        self.join = nn.ModuleList(nn.Linear(width, width) for _ in range(self.LAYERS))
        self.think = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
            for _ in range(self.LAYERS)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * self.LAYERS))
        self.drop = nn.Dropout(dropout / 2)
        self.features = width

    def forward(self, x, mask):
        # (B, T)
        places = (torch.cumsum(torch.ones_like(mask[:, :, 0]), dim=1).long() - 1).clamp(max=self.LONGEST - 1)
        x = self.enter(x) + self.positions(places)  # (B, T, W)
        for layer in range(self.LAYERS):
            x = x + self.drop(
                self.join[layer](self.attention(self.norms[2 * layer](x), mask, self.attend[layer]))
            )
            x = x + self.drop(self.think[layer](self.norms[2 * layer + 1](x)))
        return (x * mask).sum(dim=1) / mask.sum(dim=1)  # (B, W)

    def attention(self, x, mask, project):
        """Scaled dot-product attention in each head: equation 1 of the paper."""
        # (3, B, H, T, W/H)
        heads = project(x).view(x.shape[0], x.shape[1], 3, self.HEADS, -1).permute(2, 0, 3, 1, 4)
        query, key, value = heads[0], heads[1], heads[2]
        # (B, H, T, T)
        scores = query.matmul(key.transpose(2, 3)) / (self.features // self.HEADS) ** 0.5 - 1e4 * (
            1 - mask[:, None, None, :, 0]
        )
        return scores.softmax(dim=3).matmul(value).transpose(1, 2).reshape(x.shape)


ARCHITECTURES = {"fasttext": FastText, "cnn": CNN, "lstm": LSTM, "bilstm": BiLSTM, "transformer": Transformer}


class Classifier(nn.Module):
    """Word vectors, one or more encoders, and n-grams beside them: ids (B, T), padded with PAD at the end ->
    logits (B, C).

    Only the first `tuned` of the vectors (V, D) learn, because a rare word would learn noise. `architecture`
    names the encoders, joined by +, with `members` encoders of each name. Each encoder has its own initial
    weights and its own loss. Their logits are averaged.
    """

    def __init__(
        self, vectors, classes, architecture, width=100, tuned=12000, members=1, dropout=0.5, ngrams=False
    ):
        super().__init__()
        self.register_buffer("vectors", vectors)
        self.tuned = nn.Parameter(torch.zeros(min(tuned, len(vectors)), vectors.shape[1]))
        self.encoders = nn.ModuleList(
            ARCHITECTURES[name](vectors.shape[1], width, dropout)
            for name in members * architecture.split("+")
        )
        self.heads = nn.ModuleList(nn.Linear(encoder.features, classes) for encoder in self.encoders)
        self.drop = nn.Dropout(dropout)
        self.enter = nn.Dropout(dropout / 2)
        self.ngrams = ngrams
        self.register_buffer("wide", torch.zeros(BUCKETS if ngrams else 1, classes))
        self.register_buffer("reach", torch.ones(1))  # number of n-grams that have full weight
        self.register_buffer("calm", torch.zeros(1))  # how much more the logits of such a text are divided

    def fold(self):
        """Add the learned changes to the vectors, so that one table and one look-up are enough."""
        if len(self.tuned):
            self.vectors[: len(self.tuned)] += self.tuned.data
            self.tuned = nn.Parameter(self.tuned.data[:0])
        return self

    def embedded(self, ids):
        x = F.embedding(ids, self.vectors)  # (B, T, D)
        if len(self.tuned):
            x = x + F.embedding(ids.clamp(max=len(self.tuned) - 1), self.tuned) * (
                ids < len(self.tuned)
            ).unsqueeze(2).to(x.dtype)
        return x

    def members(self, ids):
        """The logits of each encoder: a list of (B, C)."""
        mask = (ids != PAD).to(self.vectors.dtype).unsqueeze(2)  # (B, T, 1)
        x = self.embedded(ids)
        return [
            head(self.drop(encoder(self.enter(x) * mask, mask)))
            for encoder, head in zip(self.encoders, self.heads)
        ]

    def forward(self, ids):
        logits = torch.stack(self.members(ids)).mean(dim=0)  # (B, C)
        if not self.ngrams:
            return logits
        # in a long text the n-grams add up to more confidence than is right
        count = (buckets(ids) > 0).sum(dim=1, keepdim=True).to(logits.dtype)  # (B, 1)
        return (logits + self.beside(ids)) / (1 + self.calm * (count / self.reach).clamp(max=1))

    def beside(self, ids):
        """The sum of the weights of a text's words and word pairs, divided by the root of their number: (B,
        C).

        In a short text the sum counts less, because a sum cannot say what `not` does to a word.
        """
        rows = buckets(ids)  # (B, N), sorted
        first = (
            torch.cat([torch.ones_like(rows[:, :1]), (rows[:, 1:] != rows[:, :-1]).long()], dim=1)
            * (rows > 0).long()
        )
        weights = F.embedding(rows, self.wide) * first.unsqueeze(2).to(self.wide.dtype)  # (B, N, C)
        count = first.sum(dim=1, keepdim=True).to(self.wide.dtype)  # (B, 1)
        return weights.sum(dim=1) / count.clamp(min=1) ** 0.5 * (count / self.reach).clamp(max=1)


def buckets(ids):
    """The rows of a text's words and word pairs in the n-gram table, sorted; 0 is
    padding: (B, T) -> (B, N).
    """
    words = ids * MULTIPLIERS[0] % BUCKETS
    pairs = (
        (ids[:, :-1] * MULTIPLIERS[0] + ids[:, 1:] * MULTIPLIERS[1] + 7)
        % BUCKETS
        * (ids[:, 1:] != PAD).long()
    )
    return torch.cat([words, pairs], dim=1).sort(dim=1)[0]
