"""Pictures as the networks want them, for training and for serving: sized, mirrored at the edges, and back.

Decoding is in api/pictures.py. A picture's array is float32 (3, H, W) in [0, 1].
"""

from functools import lru_cache
from typing import Tuple

import numpy as np
from PIL import Image

from api.pictures import UnreadablePicture, data_uri, encoded, open_picture  # noqa: F401, imported from here

Box = Tuple[int, int, int, int]  # left, top, right, bottom in pixels

STRIDE = 4  # what is painted has sides that are multiples of this
MARGIN = 16  # pixels around a picture, mirrored, so that its edges are painted as its middle is
LUMA = "YCbCr"  # Pillow's name for brightness and two colours (ITU-R BT.601)


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """The picture with a longer side of `side` pixels, and its shorter one in proportion, of 1 at least."""
    factor = side / max(picture.size)
    if factor == 1:
        return picture
    size = tuple(max(1, round(length * factor)) for length in picture.size)
    return picture.resize(size, Image.LANCZOS, reducing_gap=3.0)


def to_array(picture: Image.Image) -> np.ndarray:
    """RGB picture -> (3, H, W) in [0, 1]."""
    pixels = np.asarray(picture, dtype=np.float32) / 255  # (H, W, 3)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (3, H, W)


def to_picture(array: np.ndarray) -> Image.Image:
    """(3, H, W) -> RGB picture; what lies outside [0, 1] is cut off."""
    pixels = (array * 255).round().clip(0, 255).astype(np.uint8)  # (3, H, W)
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def framed(array: np.ndarray, stride: int = STRIDE) -> Tuple[np.ndarray, Box]:
    """(3, H, W) with a mirrored margin of MARGIN pixels or some more, so that both sides are multiples of the
    stride; and the box in which the picture then is. Pictures of one pixel are mirrored as often as it takes.
    """
    height, width = array.shape[1:]
    more = [-length % stride for length in (height, width)]
    edges = [(0, 0)] + [(MARGIN, MARGIN + extra) for extra in more]
    whole = np.pad(array, edges, mode="symmetric")  # (3, H', W')
    return whole, (MARGIN, MARGIN, MARGIN + width, MARGIN + height)


@lru_cache(maxsize=2)
def grain(height: int, width: int) -> np.ndarray:
    """The noise that strokes are made of, the same for every picture of a size: (1, H, W). Only read it."""
    return np.random.RandomState(0).standard_normal((1, height, width)).astype(np.float32)


def cut(array: np.ndarray, box: Box) -> np.ndarray:
    """What is in a box: (3, H', W') -> (3, H, W)."""
    left, top, right, bottom = box
    return array[:, top:bottom, left:right]


def with_colours_of(painted: Image.Image, photo: Image.Image) -> Image.Image:
    """The brightness of one picture with the colours of another of the same size (Gatys et al. 2016,
    arXiv:1606.05897, luminance alone).
    """
    brightness = painted.convert(LUMA).getchannel(0)
    _, blue, red = photo.convert(LUMA).split()
    return Image.merge(LUMA, (brightness, blue, red)).convert("RGB")
