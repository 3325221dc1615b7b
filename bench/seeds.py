"""The seeds' car VAE, which is the baseline of the benchmark: in its original form, with its faults, and
repaired.

Both have the interface of models.cars.network.CarVAE, so that the same code trains and judges all three.
SeedsVAE trains with the loss below, RepairedSeedsVAE with training.cars.train.loss.
"""

import torch
from torch import nn
import torch.nn.functional as F

# B batch, S side of the picture (128), Z latent (100)
MEAN, STD = (0.480, 0.448, 0.398), (0.277, 0.269, 0.282)  # of red, green and blue, with the seeds' values


def halving(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def doubling(inputs, outputs):
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def normalised(pictures):
    """Pictures (B, 3, S, S) in [0, 1] -> the same in standard deviations from the mean of each channel."""
    mean, std = (torch.tensor(values, device=pictures.device).view(3, 1, 1) for values in (MEAN, STD))
    return (pictures - mean) / std  # (B, 3, S, S)


def denormalised(pictures):
    """The inverse of normalised()."""
    mean, std = (torch.tensor(values, device=pictures.device).view(3, 1, 1) for values in (MEAN, STD))
    return pictures * std + mean  # (B, 3, S, S)


class SeedsNetwork(nn.Module):
    """What both networks share: all layers except the encoder's heads, and sampling. A forward takes 3.285
    GFLOP.
    """

    def __init__(self, latent=100):
        super().__init__()
        self.encoder = nn.Sequential(
            halving(3, 512),  # (B, 512, 64, 64)
            halving(512, 256),  # (B, 256, 32, 32): 74 % of all arithmetic
            halving(256, 128),  # (B, 128, 16, 16)
            halving(128, 128),  # (B, 128, 8, 8)
            halving(128, 128),  # (B, 128, 4, 4)
            halving(128, 128),  # (B, 128, 2, 2)
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),  # (B, 128)
        )
        self.spread = nn.Linear(latent, 2048)
        self.decoder = nn.Sequential(
            nn.Conv2d(32, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),  # (B, 32, 8, 8)
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
        """Picture -> its reconstruction from one sampled latent, and the mean and
        log-variance of the latent.
        """
        mean, log_variance = self.encode(x)  # (B, Z), (B, Z)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)  # (B, Z)
        return self.decode(z), mean, log_variance


class SeedsVAE(SeedsNetwork):
    """The original network. One vector is used as both mean and log-variance, and the targets of the sigmoid
    are normalised pictures.
    """

    def __init__(self, latent=100):
        super().__init__(latent)
        self.head = nn.Linear(128, latent)

    def encode(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> the same vector (B, Z) twice."""
        y = self.head(self.encoder(normalised(x)))  # (B, Z)
        # our only change: exp(30) is far above any useful variance, and early in training exp(89) gives inf
        return y, y.clamp(max=30)

    def decode(self, z):
        """Latent (B, Z) -> picture (B, 3, S, S) in [0, 1], never below MEAN or above MEAN + STD of its
        channel.
        """
        return denormalised(super().decode(z)).clamp(0, 1)  # (B, 3, S, S)


class RepairedSeedsVAE(SeedsNetwork):
    """The repaired network. It has two heads, and the targets of the sigmoid are pictures in [0, 1]."""

    def __init__(self, latent=100):
        super().__init__(latent)
        self.mean = nn.Linear(128, latent)
        self.log_variance = nn.Linear(128, latent)

    def encode(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> mean and log-variance of its latent, each (B, Z)."""
        y = self.encoder(normalised(x))  # (B, 128)
        return self.mean(y), self.log_variance(y).clamp(-10, 4)  # (B, Z), (B, Z)


def loss(settings):
    """The seeds' loss for SeedsVAE. It has no settings, and is called like training.cars.train.loss."""
    from training.cars.train import kl  # here, so that timing the network needs no training library

    def compute(network, batch, progress):
        photo, target = batch
        picture, mean, log_variance = network(photo)
        # normalised(picture) is the sigmoid again
        error = ((normalised(picture) - normalised(target)) ** 2).mean()
        divergence = kl(mean.float(), log_variance.float())  # (B,)
        return error + divergence.sum() / target.numel(), {
            "error": error.detach(),
            "kl": divergence.mean().detach(),
        }

    return compute
