"""The two networks, as training builds them: Stylist paints a picture in a style or a mixture of styles, and
SqueezeNet has the features by which paintings are compared and of which dreams are made.

Johnson et al. 2016, arXiv:1603.08155; instance normalisation: Ulyanov et al. 2016, arXiv:1607.08022; one
network for many styles: Dumoulin et al. 2017, arXiv:1610.07629; SqueezeNet 1.1: Iandola et al. 2016,
arXiv:1602.07360.
"""

from typing import List

import torch
from torch import nn
import torch.nn.functional as F

# B pictures, C channels, H height, W width, S styles

GAIN = 3.0  # the numbers of a style learn this much faster than what all styles share
GRAIN = 0.1  # deviation of the noise
KEPT = 4.0  # with which sigmoid(KEPT * (x - 0.5)) is nearly x

STRIDE = 4  # the height and width of what Stylist paints are multiples of this
MEANS = (104.0, 117.0, 123.0)  # of ImageNet's blue, green and red, from 0 to 255, as Caffe has them
LAYERS = ("conv1", "fire2", "fire3", "fire4", "fire5", "fire6", "fire7", "fire8", "fire9")  # of SqueezeNet


class StyleNorm(nn.Module):
    """Instance normalisation whose scale and shift are those of a style, or between those of several."""

    def __init__(self, channels: int, styles: int):
        super().__init__()
        self.gain = GAIN  # of the module, since a script knows no constants of a file
        self.scale = nn.Parameter(torch.ones(styles, channels) / GAIN)
        self.shift = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) and each picture's weights of styles (B, S), whose sum is 1 -> (B, C, H, W)."""
        scale, shift = self.gain * (style @ self.scale), self.gain * (style @ self.shift)  # (B, C) each
        pictures, channels, height, width = x.shape
        x = x.reshape(1, pictures * channels, height, width)  # a channel of a picture is normalised alone
        x = F.batch_norm(x, None, None, scale.flatten(), shift.flatten(), True, 0.0, 1e-5)
        return x.view(pictures, channels, height, width)  # (B, C, H, W)


class Layer(nn.Module):
    """A convolution of what is mirrored at the edges, then a style's normalisation."""

    def __init__(self, inputs: int, outputs: int, kernel: int, styles: int, stride: int = 1):
        super().__init__()
        self.margin, self.stride = kernel // 2, stride
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride)
        self.norm = StyleNorm(outputs, styles)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        m = self.margin
        x = F.pad(x, (m, m, m, m), mode="reflect")
        x = F.conv2d(
            x, self.convolution.weight.contiguous(), self.convolution.bias, [self.stride, self.stride]
        )
        return self.norm(x, style)


class Residual(nn.Module):
    """Two layers whose result is added to what they were given (He et al. 2016)."""

    def __init__(self, channels: int, styles: int):
        super().__init__()
        self.first = Layer(channels, channels, 3, styles)
        self.second = Layer(channels, channels, 3, styles)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return x + self.second(F.relu(self.first(x, style)), style)


class Stylist(nn.Module):
    """A picture -> the same in a style: down to a quarter, residual blocks, and up again.

    It goes up by bilinear interpolation and a convolution: transposed convolutions draw checkerboards
    (Odena et al. 2016, distill.pub/2016/deconv-checkerboard), and copying each number to four places drew
    hatchings here. Of the photo's own colours each style keeps a share, which it learns: so faces and letters
    are there from the first step on.
    """

    def __init__(self, styles: int, width: int = 16, blocks: int = 5):
        super().__init__()
        self.inward = nn.ModuleList(
            [
                Layer(4, width, 9, styles),
                Layer(width, 2 * width, 3, styles, stride=2),
                Layer(2 * width, 4 * width, 3, styles, stride=2),
            ]
        )
        self.blocks = nn.ModuleList([Residual(4 * width, styles) for _ in range(blocks)])
        self.outward = nn.ModuleList(
            [Layer(4 * width, 2 * width, 3, styles), Layer(2 * width, width, 3, styles)]
        )
        self.last = Layer(width, 3, 5, styles)
        self.grain = GRAIN
        self.kept = nn.Parameter(torch.full((styles, 3), KEPT))

    def forward(self, pictures: torch.Tensor, grain: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) in [0, 1], noise (B, 1, H, W) of which strokes are made where the photo is plain, and
        weights of the styles (B, S) -> (B, 3, H, W) in [0, 1].
        """
        x = torch.cat([pictures - 0.5, self.grain * grain], dim=1)  # (B, 4, H, W)
        for layer in self.inward:
            x = F.relu(layer(x, style))  # at last (B, 4 * width, H / 4, W / 4)
        for block in self.blocks:
            x = block(x, style)
        for layer in self.outward:
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = F.relu(layer(x, style))  # at last (B, width, H, W)
        kept = (style @ self.kept)[:, :, None, None] * (pictures - 0.5)
        return torch.sigmoid(self.last(x, style) + kept)  # (B, 3, H, W)


class Fire(nn.Module):
    """Few channels, then many: half of them from each place alone, half from 3x3 places around it."""

    def __init__(self, inputs: int, squeezed: int):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, 4 * squeezed, 1)
        self.expand3x3 = nn.Conv2d(squeezed, 4 * squeezed, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) -> (B, 8 * squeezed, H, W)."""
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))


class SqueezeNet(nn.Module):
    """The features of SqueezeNet 1.1, by torchvision's names of the weights; without the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("means", torch.tensor(MEANS).view(1, 3, 1, 1))
        pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.features = nn.ModuleList(
            [
                nn.Conv2d(3, 64, 3, stride=2),
                nn.ReLU(),
                nn.Sequential(pool),
                Fire(64, 16),
                Fire(128, 16),
                nn.Sequential(pool),
                Fire(128, 32),
                Fire(256, 32),
                nn.Sequential(pool),
                Fire(256, 48),
                Fire(384, 48),
                Fire(384, 64),
                Fire(512, 64),
            ]
        )

    def forward(self, pictures: torch.Tensor, layers: int) -> List[torch.Tensor]:
        """(B, 3, H, W) in [0, 1] -> what the first so many of LAYERS say, (B, C, H / stride, W / stride)."""
        x = 255 * pictures.flip(1) - self.means  # Caffe's weights want blue, green, red
        found: List[torch.Tensor] = []
        for place, layer in enumerate(self.features):
            if len(found) < layers:
                x = layer(x)
                if place not in (0, 2, 5, 8):  # neither before the first ReLU nor a pool
                    found.append(x)
        return found
