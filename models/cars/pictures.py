"""The preparation of pictures, shared by training and serving:
bytes -> upright RGB -> the network's square, and back.

HTTP is in api/, the arithmetic in network.py. A square is a float32 array (3, SIZE, SIZE) in [0, 1].
"""

from typing import List

import numpy as np
from PIL import Image

from api import pictures
from api.pictures import FORMATS, UnreadablePicture, data_uri, encoded  # noqa: F401, imported from here

SIZE = 128  # pixels; every picture is squeezed to SIZE x SIZE, as in the code that this project started from
LEAST = 2 * SIZE  # pixels per side that a large JPEG is decoded to at least
# around a car that was found, as a share of its sides; the training photos are cropped in this way
MARGIN = 0.04
NEAR = 0.3  # around a car that was found, when it is looked for again
WHOLE = 0.8  # a photo counts as cropped if the car fills this share of both sides


def open_picture(data: bytes) -> Image.Image:
    """Open a picture as api/pictures.py does; a large JPEG is never decoded below LEAST."""
    return pictures.open_picture(data, LEAST)


def squeeze(picture: Image.Image) -> Image.Image:
    """Resize to SIZE x SIZE, whatever the aspect. Training and serving both resize with this function."""
    return picture.resize((SIZE, SIZE), Image.BICUBIC, reducing_gap=3.0)


def to_square(picture: Image.Image) -> np.ndarray:
    """Picture -> float32 (3, SIZE, SIZE) in [0, 1]."""
    square = np.asarray(squeeze(picture), dtype=np.float32) / 255  # (SIZE, SIZE, 3)
    return np.ascontiguousarray(square.transpose(2, 0, 1))  # (3, SIZE, SIZE)


def fills(box: np.ndarray) -> bool:
    """Whether a box of shares (left, top, right, bottom) is almost the whole frame."""
    left, top, right, bottom = box
    return bool(right - left >= WHOLE and bottom - top >= WHOLE)


def around(box: np.ndarray, margin: float) -> np.ndarray:
    """A box of shares with a margin on each side, as a share of its own sides, as far as there is room."""
    left, top, right, bottom = box
    return (box + margin * np.array([left - right, top - bottom, right - left, bottom - top])).clip(0, 1)


def within(picture: Image.Image, box: np.ndarray) -> Image.Image:
    """The part of the picture in a box of shares; at least a pixel."""
    left, top, right, bottom = (int(round(place)) for place in box * np.tile(picture.size, 2))
    return picture.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def cut(picture: Image.Image, box: np.ndarray) -> Image.Image:
    """The part of the picture in a box of shares, with a small margin. The whole picture if the box almost
    fills it.
    """
    return picture if fills(box) else within(picture, around(box, MARGIN))


def to_picture(square: np.ndarray) -> Image.Image:
    """Float array (3, H, W) in [0, 1] -> picture."""
    planes = (square * 255).round().clip(0, 255).astype(np.uint8)  # (3, H, W)
    return Image.merge("RGB", [Image.fromarray(plane) for plane in planes])


def at_aspect(square: np.ndarray, aspect: float) -> Image.Image:
    """Undo the squeeze: (3, SIZE, SIZE) -> a picture with this aspect
    (width / height), whose shorter side has SIZE pixels.
    """
    width, height = (round(SIZE * aspect), SIZE) if aspect >= 1 else (SIZE, round(SIZE / aspect))
    return to_picture(square).resize((width, height), Image.BICUBIC)


def grid(album: List[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """One picture of many pictures of the same size, in rows of `columns`, on white."""
    width, height = album[0].width + gap, album[0].height + gap
    rows = -(-len(album) // columns)
    sheet = Image.new("RGB", (columns * width - gap, rows * height - gap), "white")
    for place, picture in enumerate(album):
        sheet.paste(picture, (place % columns * width, place // columns * height))
    return sheet


def animation(album: List[Image.Image], kind: str, milliseconds: int = 80) -> bytes:
    """A GIF or a WebP that plays the pictures forwards and backwards without end."""
    there_and_back = album + album[-2:0:-1]
    return encoded(
        there_and_back[0],
        kind,
        save_all=True,
        append_images=there_and_back[1:],
        duration=milliseconds,
        loop=0,
    )
