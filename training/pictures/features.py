"""What SqueezeNet sees in pictures, and how far a picture is from a photo and from a painting by that.

losses.py has the distances; this file chooses layers and weights.
"""

import pathlib
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from models.pictures.network import LAYERS, SqueezeNet
from training.pictures.losses import (
    content_distance,
    gram,
    lattice,
    shade_distance,
    style_distance,
    total_variation,
)

# B pictures, C channels, H height, W width, S styles

FILE = pathlib.Path(__file__).parents[2] / "weights/pictures-features.pt"  # where it ships
STYLE = {"colours": 1.0, "conv1": 1.0, "fire3": 1.0, "fire5": 1.5, "fire7": 1.5}  # layers, and their weights
DEEPEST = 1 + LAYERS.index("fire7")  # layers that are looked at


def state_of(file):
    """The weights by name, of a script that ships or of what a training saved."""
    try:
        return torch.jit.load(str(file), map_location="cpu").float().state_dict()
    except RuntimeError:
        return torch.load(str(file), map_location="cpu")


def squeezenet(file=FILE):
    """SqueezeNet 1.1, from a state by torchvision's names (Caffe's weights), or from the file that ships."""
    network, state = SqueezeNet().eval(), state_of(file)
    own = network.state_dict()
    network.load_state_dict({**own, **{name: state[name].float() for name in own if name in state}})
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network


@dataclass(frozen=True)
class Weights:
    """How much each part of the loss counts."""

    content: float = 1.0
    layer: str = "fire4"  # of the content
    style: float = 1.0
    shade: float = 1.0  # of where it is light and dark
    smooth: float = 1.0  # of the total variation
    lattice: float = 1.0  # of what repeats with the network's strides


def seen(network, pictures):
    """The features of all layers: (B, 3, H, W) in [0, 1] -> {layer: (B, C, H / stride, W / stride)}.

    SqueezeNet hardly minds colours, so they are a layer of their own: those of 8x8 places, and a constant,
    whose products with them are their means.
    """
    colours = F.avg_pool2d(2 * pictures - 1, 8)  # (B, 3, H / 8, W / 8)
    colours = torch.cat([colours, torch.ones_like(colours[:, :1])], dim=1)  # (B, 4, H / 8, W / 8)
    return {"colours": colours, **dict(zip(LAYERS, network(pictures, DEEPEST)))}


def grams(features):
    """The Gram matrices of the layers of the style: {layer: (B, C, C)}."""
    return {layer: gram(features[layer]) for layer in STYLE}


def parts(network, pictures, photos, wanted, weights):
    """The terms of the loss of pictures of photos, (B, 3, H, W) each, in [0, 1]; wanted are the Gram matrices
    of each one's painting, {layer: (B, C, C)}. Returns {content, style, shade, smooth, lattice}, (B,)
    each, weighted.
    """
    with torch.no_grad():
        photo = seen(network, photos)[weights.layer]
    found = seen(network, pictures)
    apart = [share * style_distance(gram(found[layer]), wanted[layer]) for layer, share in STYLE.items()]
    return {
        "content": weights.content * content_distance(found[weights.layer], photo),
        "style": weights.style * sum(apart) / sum(STYLE.values()),
        "shade": weights.shade * shade_distance(pictures, photos),
        "smooth": weights.smooth * total_variation(pictures),
        "lattice": weights.lattice * lattice(pictures),
    }


def scaled(picture, side):
    """(1, 3, H, W) -> the same with a longer side of `side` pixels."""
    factor = side / max(picture.shape[2:])
    size = [round(length * factor) for length in picture.shape[2:]]
    return F.interpolate(picture, size=size, mode="bilinear", align_corners=False)
