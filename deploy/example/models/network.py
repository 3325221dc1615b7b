"""A small convolutional network that takes the noise out of a
series of numbers. Training builds it; its trace is served.
"""

from torch import nn

# B batch, T numbers of a series, C channels

REACH = 9  # numbers that a layer looks at


class Denoiser(nn.Module):
    """Predicts the noise and subtracts it (residual
    learning: Zhang et al. 2017, arXiv:1608.03981, on series).
    """

    def __init__(self, channels=32, layers=4):
        super().__init__()
        widths = [1] + [channels] * (layers - 1)
        parts = []
        for inputs, outputs in zip(widths, widths[1:]):
            parts += [nn.Conv1d(inputs, outputs, REACH, padding=REACH // 2), nn.ReLU()]
        self.layers = nn.Sequential(*parts, nn.Conv1d(channels, 1, REACH, padding=REACH // 2))

    def forward(self, series):
        """(B, T) -> (B, T)"""
        noise = self.layers(series.unsqueeze(1)).squeeze(1)  # (B, T)
        return series - noise  # (B, T)
