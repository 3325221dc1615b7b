"""Faster versions of what torch does slowly on a CPU, equal except for rounding: dropout, cross-entropy with
smoothed labels, and products with many different shapes.

On a GPU, torch's own dropout is used.
"""

import numpy as np
import torch
from torch import nn

from models.translation.tokenizer import PAD

# N tokens, V vocabulary

# the number of scored rows is a multiple of it: a CPU's library prepares its kernels for each new shape
TOGETHER = 256
ROWS = 64  # rows of logits per step, so that they stay in the cache


class Dropout(nn.Module):
    """Dropout with masks from random bytes. Its share is rounded to 256ths."""

    def __init__(self, share):
        super().__init__()
        self.steps = round(256 * share)

    def forward(self, x):
        if not self.training or not self.steps:
            return x
        # numpy makes bytes quickly; torch's seed seeds it
        seed = int(torch.randint(2**62, (1,)))
        drawn = np.frombuffer(np.random.Generator(np.random.SFC64(seed)).bytes(x.numel()), dtype=np.uint8)
        mask = torch.from_numpy(drawn >= self.steps).view(x.shape).to(x.dtype)
        return x * mask.mul_(256 / (256 - self.steps))


def dropouts(network):
    """Replace torch's dropouts by this one, in place. Weights and their names stay the same."""
    for name, child in network.named_children():
        if isinstance(child, nn.Dropout):
            setattr(network, name, Dropout(child.p))
        else:
            dropouts(child)


class SmoothedCrossEntropy(torch.autograd.Function):
    """Cross-entropy with smoothed labels. The gradient, softmax minus smoothed labels, is computed at the
    same time, some rows per step, so that they stay in the cache.
    """

    @staticmethod
    def forward(ctx, logits, target, smoothing):
        count, vocabulary = logits.shape
        gradient, exact, spread = torch.empty_like(logits), 0.0, 0.0
        for rows, at, out in zip(logits.split(ROWS), target.unsqueeze(1).split(ROWS), gradient.split(ROWS)):
            rows = rows.float()
            p = rows.softmax(dim=1)  # (ROWS, V)
            nats = -p.gather(1, at).clamp(min=1e-30).log()  # (ROWS, 1)
            exact = exact + nats.sum() / count
            # the mean of -log p
            spread = spread + (nats + rows.gather(1, at) - rows.mean(dim=1, keepdim=True)).sum() / count
            p.sub_(smoothing / vocabulary).scatter_add_(1, at, torch.full_like(nats, smoothing - 1))
            out.copy_(p.div_(count))
        ctx.save_for_backward(gradient)
        return (1 - smoothing) * exact + smoothing * spread, exact

    @staticmethod
    def backward(ctx, gradient, _):
        return ctx.saved_tensors[0] * gradient.to(ctx.saved_tensors[0].dtype), None, None


def cross_entropy(logits, target, smoothing):
    """Logits (N, V) and targets (N,) -> the mean loss with smoothed labels (Szegedy et al. 2016, section 7),
    and the mean cross-entropy, both in nats.
    """
    return SmoothedCrossEntropy.apply(logits, target, smoothing)


def scored(network, features, wanted):
    """Features (B, T, D) -> scores (N, V) at the places where `wanted` (B, T) is no padding, and the tokens
    there (N,).
    """
    places = (wanted.reshape(-1) != PAD).nonzero().squeeze(1)  # (N,)
    more = places.new_zeros(-len(places) % TOGETHER)
    scores = network.score(features.reshape(-1, features.size(2))[torch.cat([places, more])])
    return scores[: len(places)], wanted.reshape(-1)[places]
