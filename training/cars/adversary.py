"""The adversary that judges car pictures: a hinge GAN on patches (Isola et al. 2017, arXiv:1611.07004; Miyato
et al. 2018, arXiv:1802.05957).

It looks at the pixels and, as projected GANs do (Sauer et al. 2021, arXiv:2111.01007), at the features of a
frozen network.
"""

from torch import nn
import torch.nn.functional as F

from training.cars.metrics import lite0

# B batch, C channels, S side of the picture
# {block of EfficientNet-lite0: its channels}; the strides are 2, 4, 8, 16
STAGES = {0: 16, 2: 24, 4: 40, 10: 112}


def stages(pictures, last=max(STAGES)):
    """Features of lite0 up to the block `last`: (B, 3, S, S) in [0, 1] -> (B, 16,
    S/2, S/2), (B, 24, S/4, S/4), (B, 40, S/8, S/8), (B, 112, S/16, S/16).
    """
    network = lite0()
    y = network._swish(network._bn0(network._conv_stem((pictures * 255 - 127) / 128)))  # (B, 32, S/2, S/2)
    maps = []
    for number, block in enumerate(network._blocks[: last + 1]):
        y = block(y)
        if number in STAGES:
            maps.append(F.normalize(y.float(), dim=1))
    return maps


def perceptual(found, wanted):
    """Distance of two pictures by the first three `stages`: LPIPS without its learned weights (Zhang et al.
    2018, arXiv:1801.03924).
    """
    return sum(((a - b) ** 2).sum(dim=1).mean() for a, b in zip(found[:3], wanted[:3])) / 3


def patch(*channels):
    """Convolutions that halve the side, each with spectral norm. They give one judgement per place."""
    layers = []
    for inputs, outputs in zip(channels, channels[1:]):
        layers += [
            nn.utils.spectral_norm(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, nn.utils.spectral_norm(nn.Conv2d(channels[-1], 1, 3, padding=1)))


def small(inputs):
    """Two convolutions over features, each with spectral norm."""
    first = nn.utils.spectral_norm(nn.Conv2d(inputs, 64, 3, padding=1))
    return nn.Sequential(first, nn.LeakyReLU(0.2), nn.utils.spectral_norm(nn.Conv2d(64, 1, 3, padding=1)))


class Adversary(nn.Module):
    """Judges pictures patch by patch, from their pixels and from lite0's features at strides 4, 8 and 16."""

    def __init__(self):
        super().__init__()
        self.pixels = patch(3, 32, 64, 128)
        self.heads = nn.ModuleList(small(channels) for channels in list(STAGES.values())[1:])

    def forward(self, pictures, maps):
        """Pictures (B, 3, S, S) and their `stages` -> four maps of judgements, (B, 1, ., .) each. Larger is
        more real.
        """
        # scaled to length 1 over the channels, then to about 1 per channel
        scale = [channels**0.5 for channels in list(STAGES.values())[1:]]
        judged = [head(map * s) for head, map, s in zip(self.heads, maps[1:], scale)]
        return [self.pixels(2 * pictures - 1), *judged]


def hinge(real, fake):
    """The adversary's loss, from its judgements of real and of generated pictures: scalar."""
    return sum(F.relu(1 - r.float()).mean() + F.relu(1 + f.float()).mean() for r, f in zip(real, fake)) / len(
        real
    )


def realness(fake):
    """The quantity that the generator maximises: scalar."""
    return sum(f.float().mean() for f in fake) / len(fake)
