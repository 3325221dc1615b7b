"""The car VAE (Kingma & Welling 2013, arXiv:1312.6114): a photo in, the car alone on white out.

Training builds it and export traces it. Serving only runs the traces. Nothing here loads or saves files.
"""

import torch
from torch import nn
import torch.nn.functional as F

# B batch, C channels, S side of the picture (128), Z latent, K numbers of a condition
WIDTHS = (32, 64, 96, 192, 256)  # channels after each halving of the side


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2015, arXiv:1512.03385)."""

    def __init__(self, channels):
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)))  # (B, C, H, W)


def convolution(inputs, outputs, stride=1):
    """3x3 convolution, batch normalisation, ReLU; stride 2 halves the side."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def doubling(inputs, outputs):
    """Nearest upsampling, then a convolution: no checkerboard
    (Odena et al. 2016, distill.pub/2016/deconv-checkerboard).
    """
    return nn.Sequential(nn.Upsample(scale_factor=2), convolution(inputs, outputs))


class CarVAE(nn.Module):
    """An encoder with two heads, mean and log-variance, and a decoder
    that ends in a sigmoid, because its targets are in [0, 1].

    With variational=False it is a plain autoencoder: its code is the mean, and nothing is sampled. With a
    condition of K numbers it is a CVAE (Sohn et al. 2015, Learning structured output representation using
    deep conditional generative models). The condition is added to the picture as K more channels, each
    constant, and to the latent as K more coordinates. The prior stays N(0, I), their relaxed form.
    """

    def __init__(self, latent=64, widths=WIDTHS, variational=True, condition=0):
        super().__init__()
        a, b, c, d, e = widths
        self.widest, self.variational = e, variational
        self.encoder = nn.Sequential(
            convolution(3 + condition, a, stride=2),  # (B, a, 64, 64)
            convolution(a, b, stride=2),  # (B, b, 32, 32)
            convolution(b, c, stride=2),
            Residual(c),  # (B, c, 16, 16)
            convolution(c, d, stride=2),
            Residual(d),  # (B, d, 8, 8)
            convolution(d, e, stride=2),  # (B, e, 4, 4)
            nn.Flatten(),  # (B, e * 16)
        )
        self.mean = nn.Linear(e * 16, latent)
        self.log_variance = nn.Linear(e * 16, latent)
        self.spread = nn.Linear(latent + condition, e * 16)
        self.decoder = nn.Sequential(
            doubling(e, d),
            Residual(d),  # (B, d, 8, 8)
            doubling(d, c),  # (B, c, 16, 16)
            doubling(c, b),  # (B, b, 32, 32)
            doubling(b, a),  # (B, a, 64, 64)
            nn.Conv2d(a, 12, 3, padding=1),
            nn.PixelShuffle(2),  # (B, 3, 128, 128)
            nn.Sigmoid(),
        )

    def encode(self, x, condition=None):
        """Picture (B, 3, S, S) in [0, 1], and a condition (B, K) if any
        -> mean and log-variance of its latent, each (B, Z).
        """
        y = 2 * x - 1  # (B, 3, S, S)
        if condition is not None:
            # (B, 3 + K, S, S)
            y = torch.cat([y, condition[:, :, None, None].expand(-1, -1, *y.shape[2:])], dim=1)
        y = self.encoder(y)  # (B, e * 16)
        return self.mean(y), self.log_variance(y).clamp(-10, 4)  # (B, Z), (B, Z)

    def decode(self, z, condition=None):
        """Latent (B, Z), and the condition (B, K) if any -> picture (B, 3, S, S) in [0, 1]."""
        if condition is not None:
            z = torch.cat([z, condition], dim=1)  # (B, Z + K)
        y = F.relu(self.spread(z)).reshape(-1, self.widest, 4, 4)  # (B, e, 4, 4)
        return self.decoder(y)  # (B, 3, S, S)

    def forward(self, x, condition=None):
        """Picture -> a reconstruction from one sampled latent, and the
        mean and log-variance from which the latent was drawn.
        """
        mean, log_variance = self.encode(x, condition)  # (B, Z), (B, Z)
        z = mean
        if self.variational:
            # (B, Z), the reparametrisation trick
            z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decode(z, condition), mean, log_variance
