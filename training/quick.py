"""Two things that torch does slowly on a CPU, the same but for rounding: dropout, and cross-entropy with smoothed labels.

On a GPU, torch's own dropout stays.
"""

import numpy as np
import torch
from torch import nn

# N tokens, V vocabulary

ROWS = 64  # of logits at a time: they stay in the cache


class Dropout(nn.Module):
    """Dropout whose masks come from random bytes; the share is a whole number of 256ths."""

    def __init__(self, share):
        super().__init__()
        self.steps = round(256 * share)

    def forward(self, x):
        if not self.training or not self.steps:
            return x
        seed = int(torch.randint(2 ** 62, (1,)))  # numpy's bytes are quick to come by, torch's seed rules them
        drawn = np.frombuffer(np.random.Generator(np.random.SFC64(seed)).bytes(x.numel()), dtype=np.uint8)
        mask = torch.from_numpy(drawn >= self.steps).view(x.shape).to(x.dtype)
        return x * mask.mul_(256 / (256 - self.steps))


def dropouts(network):
    """Put them in the place of torch's, in place; weights and their names stay."""
    for name, child in network.named_children():
        if isinstance(child, nn.Dropout):
            setattr(network, name, Dropout(child.p))
        else:
            dropouts(child)


class SmoothedCrossEntropy(torch.autograd.Function):
    """Its gradient is softmax minus smoothed labels, found on the way, some rows at a time, so that they stay in the cache."""

    @staticmethod
    def forward(ctx, logits, target, smoothing):
        count, vocabulary = logits.shape
        gradient, exact, spread = torch.empty_like(logits), 0.0, 0.0
        for rows, at, out in zip(logits.split(ROWS), target.unsqueeze(1).split(ROWS), gradient.split(ROWS)):
            rows = rows.float()
            p = rows.softmax(dim=1)  # (ROWS, V)
            nats = -p.gather(1, at).clamp(min=1e-30).log()  # (ROWS, 1)
            exact = exact + nats.sum() / count
            spread = spread + (nats + rows.gather(1, at) - rows.mean(dim=1, keepdim=True)).sum() / count  # the mean of -log p
            p.sub_(smoothing / vocabulary).scatter_add_(1, at, torch.full_like(nats, smoothing - 1))
            out.copy_(p.div_(count))
        ctx.save_for_backward(gradient)
        return (1 - smoothing) * exact + smoothing * spread, exact

    @staticmethod
    def backward(ctx, gradient, _):
        return ctx.saved_tensors[0] * gradient.to(ctx.saved_tensors[0].dtype), None, None


def cross_entropy(logits, target, smoothing):
    """(N, V), (N,) -> the mean loss with smoothed labels (Szegedy et al. 2016, section 7), and the mean cross-entropy, in nats."""
    return SmoothedCrossEntropy.apply(logits, target, smoothing)
