"""The two-level car VAE, a ladder (Sønderby et al. 2016, arXiv:1602.02282; Vahdat & Kautz 2020,
arXiv:2007.03898).

A global latent says which car it is. A small spatial detail latent says what this photo adds; its prior is
predicted from the global latent. Training builds the network and export traces it. Nothing here loads or
saves files.
"""

import torch
from torch import nn
import torch.nn.functional as F

from models.cars.network import WIDTHS, Residual, convolution, doubling

# B batch, C channels, S side of the picture (128), Z global latent, D channels of the detail
DETAIL = 8  # channels of the detail latent, which has 8 x 8 places


def head(inputs, outputs):
    """Two maps with `outputs` channels each: mean, 0 at first, and log-variance, small at first, because a
    noisy detail would not be learned.
    """
    last = nn.Conv2d(64, 2 * outputs, 1)
    nn.init.zeros_(last.weight)
    last.bias.data = torch.cat([torch.zeros(outputs), torch.full((outputs,), -4.0)])
    return nn.Sequential(convolution(inputs, 64), last)


def unchanging(residual):
    """A residual block whose output is its input, until it has learned."""
    nn.init.zeros_(residual.second[1].weight)
    return residual


class Ladder(nn.Module):
    """Photo -> global latent and detail -> the car alone on white.

    It is CarVAE with a second level. What is new changes nothing before it has learned, so a training may
    start from a CarVAE (Net2Net: Chen et al. 2016, arXiv:1511.05641). One reconstruction takes 1 GFLOP.
    """

    def __init__(self, latent=64, detail=DETAIL, widths=WIDTHS):
        super().__init__()
        a, b, c, d, e = widths
        self.widest = e
        self.bottom = nn.Sequential(
            convolution(3, a, stride=2),  # (B, a, 64, 64)
            convolution(a, b, stride=2),  # (B, b, 32, 32)
            convolution(b, c, stride=2),
            Residual(c),  # (B, c, 16, 16)
            convolution(c, d, stride=2),
            Residual(d),  # (B, d, 8, 8)
        )
        self.top = nn.Sequential(convolution(d, e, stride=2), nn.Flatten())  # (B, e * 16)
        self.mean = nn.Linear(e * 16, latent)
        self.log_variance = nn.Linear(e * 16, latent)
        self.spread = nn.Linear(latent, e * 16)
        self.coarse = nn.Sequential(doubling(e, d), Residual(d))  # (B, d, 8, 8)
        self.fine = nn.Sequential(
            doubling(d, c),
            unchanging(Residual(c)),  # (B, c, 16, 16)
            doubling(c, b),
            unchanging(Residual(b)),  # (B, b, 32, 32)
            doubling(b, a),  # (B, a, 64, 64)
            nn.Conv2d(a, 12, 3, padding=1),
            nn.PixelShuffle(2),  # (B, 3, 128, 128)
            nn.Sigmoid(),
        )
        self.prior = head(d, detail)
        self.posterior = head(2 * d, detail)
        self.join = nn.Conv2d(detail, d, 1, bias=False)

    def seen(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> features (B, d, 8, 8), mean (B, Z) and log-variance (B, Z) of
        the global latent.
        """
        features = self.bottom(2 * x - 1)  # (B, d, 8, 8)
        y = self.top(features)  # (B, e * 16)
        return features, self.mean(y), self.log_variance(y).clamp(-10, 4)

    def expected(self, z):
        """Global latent (B, Z) -> its map (B, d, 8, 8), and the mean and log-variance of the detail's
        prior, (B, D, 8, 8) each.
        """
        y = self.coarse(F.relu(self.spread(z)).reshape(-1, self.widest, 4, 4))  # (B, d, 8, 8)
        mean, log_variance = self.prior(y).chunk(2, dim=1)
        return y, mean, log_variance.clamp(-8, 2)

    def difference(self, features, y):
        """Features and map of the global latent, (B, d, 8, 8) each -> what the photo adds to the prior's
        mean, and its log-variance, (B, D, 8, 8) each.
        """
        mean, log_variance = self.posterior(torch.cat([features, y], dim=1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-8, 2)

    def drawn(self, y, detail):
        """Map of the global latent (B, d, 8, 8) and detail (B, D, 8, 8) -> picture
        (B, 3, S, S) in [0, 1].
        """
        return self.fine(y + self.join(detail))

    def encode(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> mean and log-variance of the global latent, (B, Z) each, and the
        detail minus its prior's mean, (B, D, 8, 8).
        """
        features, mean, log_variance = self.seen(x)
        y, _, _ = self.expected(mean)
        return mean, log_variance, self.difference(features, y)[0]

    def decode(self, z, difference=None):
        """Global latent (B, Z), and the detail minus its prior's mean (B, D, 8, 8) or None -> picture (B, 3,
        S, S) in [0, 1].
        """
        y, mean, _ = self.expected(z)
        return self.drawn(y, mean if difference is None else mean + difference)

    def forward(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> its reconstruction. Each map is computed once."""
        features, z, _ = self.seen(x)
        y, mean, _ = self.expected(z)
        return self.drawn(y, mean + self.difference(features, y)[0])


class Finder(nn.Module):
    """A separate network that finds the box of the largest car in a photo, and whether there is one. 0.07
    GFLOP.
    """

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            # (B, 24, 64, 64)
            nn.Conv2d(3, 24, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            convolution(24, 32, stride=2),  # (B, 32, 32, 32)
            convolution(32, 64, stride=2),
            Residual(64),  # (B, 64, 16, 16)
            convolution(64, 96, stride=2),
            Residual(96),  # (B, 96, 8, 8)
            convolution(96, 128, stride=2),
            nn.Flatten(),  # (B, 128 * 16)
            nn.Linear(128 * 16, 256),
            nn.ReLU(),
            nn.Linear(256, 5),
        )

    def forward(self, x):
        """Picture (B, 3, S, S) in [0, 1] -> (B, 5): left < right and top < bottom in [0, 1], and the
        probability of a car.
        """
        y = self.layers(2 * x - 1)
        middle, side = torch.sigmoid(y[:, :2]), torch.sigmoid(y[:, 2:4])  # (B, 2) each
        return torch.cat(
            [(middle - side / 2).clamp(0, 1), (middle + side / 2).clamp(0, 1), torch.sigmoid(y[:, 4:])], dim=1
        )


class Cars(Ladder):
    """The network that is served: Ladder and Finder together."""

    def __init__(self, latent=64, detail=DETAIL, widths=WIDTHS):
        super().__init__(latent, detail, widths)
        self.finder = Finder()

    def find(self, x):
        """A whole photo, squeezed to (B, 3, S, S) in [0, 1] -> the (B, 5) of Finder."""
        return self.finder(x)
