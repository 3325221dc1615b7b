"""The loaded networks: Painter paints a picture in styles, Dreamer shows what a layer of SqueezeNet likes.

Pictures are float32 (3, H, W) in [0, 1]. No other serving module of pictures imports torch.
"""

from typing import Any, Dict, NamedTuple, Optional

import numpy as np

from models import registry
from models.pictures import frames

# S styles, C channels, H height, W width

OCTAVE = 1.4  # from the size of one octave to that of the next (Mordvintsev et al. 2015)
SMALLEST = 48  # pixels: shorter side of an octave; under it a deep layer sees too little
JITTER = 16  # pixels: the stride of the deepest layers, by less than which each step moves the picture
STEP = 0.015  # that a step of strength 1 changes a pixel by, on average
PLAIN = np.array([104.0, 117.0, 123.0], np.float32)[::-1] / 255  # ImageNet's mean colour, red first


class Dream(NamedTuple):
    """What is dreamt of, and how much."""

    layer: int  # of the record's layers
    channel: Optional[int]  # of the layer; all where it is None
    steps: int  # an octave
    octaves: int
    strength: float  # 0 to 1


class Painter:
    """The traced network that paints, and the styles that it knows."""

    def __init__(self, weights: registry.Weights) -> None:
        import torch  # here and not above: it takes 0.3 s, which importing this module should not cost

        self.torch, self.record = torch, weights.record
        file = weights.files("network")["network"]
        self.network = torch.jit.load(str(file), map_location="cpu").float()  # on disk a number has 16 bits
        self.styles = [style["name"] for style in self.record["styles"]]

    def paint(self, picture: np.ndarray, styles: Dict[str, float]) -> np.ndarray:
        """(3, H, W) and weights of styles by name, whose sum is 1 -> (3, H, W)."""
        torch = self.torch
        whole, box = frames.framed(picture)
        weights = torch.tensor([[styles.get(name, 0.0) for name in self.styles]])  # (1, S)
        # optimising the script costs the first answer more than it saves later
        with torch.no_grad(), torch.jit.optimized_execution(False):
            grain = torch.from_numpy(frames.grain(*whole.shape[1:]))[None]
            painted = self.network(torch.from_numpy(whole)[None], grain, weights)[0].numpy()  # (3, H', W')
        return frames.cut(painted, box)


class Dreamer:
    """SqueezeNet up to a layer, and the gradient of what it says."""

    def __init__(self, weights: registry.Weights) -> None:
        import torch

        self.torch, self.record = torch, weights.record
        file = weights.files("features")["features"]
        self.network = torch.jit.load(str(file), map_location="cpu").float()
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)

    def dream(self, picture: np.ndarray, dream: Dream) -> np.ndarray:
        """Gradient ascent over octaves: what a small picture was changed into is enlarged, and gone on with
        at the next size, with the detail that the photo has there (Mordvintsev et al. 2015). (3, H, W) twice.
        """
        sizes = octaves(picture.shape[1:], dream.octaves)
        added = np.zeros((3, *sizes[0]), np.float32)
        random = np.random.RandomState(0)  # the same for every call
        for size in sizes:
            photo = resized(picture, size)
            start = photo + resized(added, size)
            added = self.climbed(start, dream, random) - photo
        return (picture + added).clip(0, 1)

    def climbed(self, picture: np.ndarray, dream: Dream, random: np.random.RandomState) -> np.ndarray:
        """The picture after some steps along the gradient, each of the same mean size."""
        torch = self.torch
        whole, box = frames.framed(picture)
        x = torch.from_numpy(whole)[None]  # (1, 3, H', W')
        for _ in range(dream.steps):
            down, right = (int(shift) for shift in random.randint(0, JITTER, 2))
            gradient = self.gradient(x.roll((down, right), (2, 3)), dream)
            gradient = gradient.roll((-down, -right), (2, 3))
            x = x + dream.strength * STEP * gradient / (gradient.abs().mean() + 1e-12)
            x = x.clamp(0, 1)
        return frames.cut(x[0].numpy(), box)

    def gradient(self, x: Any, dream: Dream) -> Any:
        """How the layer, or one channel of it, comes to say more: (1, 3, H, W) -> (1, 3, H, W)."""
        torch = self.torch
        with torch.enable_grad(), torch.jit.optimized_execution(False):
            x = x.detach().requires_grad_(True)
            said = self.network(x, dream.layer + 1)[dream.layer]  # (1, C, H / stride, W / stride)
            liked = (said**2).mean() if dream.channel is None else said[:, dream.channel].mean()
            found = torch.autograd.grad(liked, x)[0]
        # what single pixels add is noise to the eye: the mean of 3 x 3 of them, twice
        for _ in range(2):
            found = torch.nn.functional.avg_pool2d(found, 3, 1, 1)
        return found


def octaves(size: Any, count: int) -> Any:
    """The sizes (H, W) of the octaves, the smallest first; fewer where they would be too small."""
    found = [tuple(max(1, round(side / OCTAVE**k)) for side in size) for k in range(count)]
    kept = [octave for octave in found[1:] if min(octave) >= SMALLEST]
    return kept[::-1] + found[:1]


def resized(array: np.ndarray, size: Any) -> np.ndarray:
    """(3, H, W) -> the same at another size (H', W'), by Pillow, plane by plane."""
    from PIL import Image

    if array.shape[1:] == tuple(size):
        return array
    planes = [Image.fromarray(plane).resize((size[1], size[0]), Image.BICUBIC) for plane in array]
    return np.stack([np.asarray(plane) for plane in planes])


def painter() -> Painter:
    """The network that paints: loaded by the first request that needs it, and kept."""
    return registry.loaded("pictures", Painter)


def dreamer() -> Dreamer:
    """The network that dreams, likewise."""
    return registry.loaded("pictures", Dreamer)
