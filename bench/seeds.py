"""The seeds' car VAE, the baseline of the benchmark: as it is, faults and all, and repaired.

Both answer like models.cars.network.CarVAE, so that the same code trains and judges all three. SeedsVAE trains with the
loss below, RepairedSeedsVAE with training.cars.loss.
"""

import torch
from torch import nn
import torch.nn.functional as F

# B batch, S side of the picture (128), Z latent (100)
MEAN, STD = (0.480, 0.448, 0.398), (0.277, 0.269, 0.282)  # of red, green and blue, as the seeds have them


def halving(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def doubling(inputs, outputs):
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def normalised(pictures):
    """Pictures (B, 3, S, S) in [0, 1] -> in standard deviations from the mean of each channel."""
    mean, std = (torch.tensor(values, device=pictures.device).view(3, 1, 1) for values in (MEAN, STD))
    return (pictures - mean) / std  # (B, 3, S, S)


def denormalised(pictures):
    """The way back of normalised()."""
    mean, std = (torch.tensor(values, device=pictures.device).view(3, 1, 1) for values in (MEAN, STD))
    return pictures * std + mean  # (B, 3, S, S)


class SeedsNetwork(nn.Module):
    """What both share: all layers but the encoder's heads, 3.285 GFLOP a forward, and sampling."""

    def __init__(self, latent=100):
        super().__init__()
        self.encoder = nn.Sequential(
            halving(3, 512),  # (B, 512, 64, 64)
            halving(512, 256),  # (B, 256, 32, 32): 74 % of all arithmetic
            halving(256, 128),  # (B, 128, 16, 16)
            halving(128, 128),  # (B, 128, 8, 8)
            halving(128, 128),  # (B, 128, 4, 4)
            halving(128, 128),  # (B, 128, 2, 2)
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),  # (B, 128)
        )
        self.spread = nn.Linear(latent, 2048)
        self.decoder = nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),  # (B, 32, 8, 8)
            doubling(32, 256),  # (B, 256, 16, 16)
            doubling(256, 128),  # (B, 128, 32, 32)
            doubling(128, 64),  # (B, 64, 64, 64)
            nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1),  # (B, 3, 128, 128)
            nn.Sigmoid(),
        )

    def decode(self, z):
        """Latent (B, Z) -> picture (B, 3, S, S) in [0, 1]."""
        y = F.relu(self.spread(z)).reshape(-1, 32, 8, 8)  # (B, 32, 8, 8)
        return self.decoder(y)  # (B, 3, S, S)

    def forward(self, x):
        """Picture -> a reconstruction through one sampled latent, with the mean and log-variance it was drawn from."""
        mean, log_variance = self.encode(x)  # (B, Z), (B, Z)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)  # (B, Z)
        return self.decode(z), mean, log_variance


class SeedsVAE(SeedsNetwork):
    """As it is: one vector is mean and log-variance at once, and the sigmoid is asked for normalised pictures."""

    def __init__(self, latent=100):
        super().__init__(latent)
        self.head = nn.Linear(128, latent)

    def encode(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> twice the same (B, Z)."""
        y = self.head(self.encoder(normalised(x)))  # (B, Z)
        return y, y.clamp(max=30)  # the one guard: exp(30) is far beyond any variance in use, and early on exp(89) is inf

    def decode(self, z):
        """Latent (B, Z) -> picture (B, 3, S, S) in [0, 1], but never under MEAN nor over MEAN + STD of its channel."""
        return denormalised(super().decode(z)).clamp(0, 1)  # (B, 3, S, S)


class RepairedSeedsVAE(SeedsNetwork):
    """Repaired: two heads, and the sigmoid is asked for pictures in [0, 1]."""

    def __init__(self, latent=100):
        super().__init__(latent)
        self.mean = nn.Linear(128, latent)
        self.log_variance = nn.Linear(128, latent)

    def encode(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> mean and log-variance of its latent, each (B, Z)."""
        y = self.encoder(normalised(x))  # (B, 128)
        return self.mean(y), self.log_variance(y).clamp(-10, 4)  # (B, Z), (B, Z)


def loss(settings):
    """The seeds' objective for SeedsVAE, which leaves nothing to set; called like training.cars.loss."""
    from training.cars import kl  # here, so that timing the network needs no training library

    def compute(network, batch, progress):
        photo, target = batch
        picture, mean, log_variance = network(photo)
        error = ((normalised(picture) - normalised(target)) ** 2).mean()  # normalised(picture) is the sigmoid again
        divergence = kl(mean.float(), log_variance.float())  # (B,)
        return error + divergence.sum() / target.numel(), {"error": error.detach(), "kl": divergence.mean().detach()}

    return compute
