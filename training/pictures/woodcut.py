"""Draws the eighth style: a woodcut, black lines of changing width on cream paper.

python -m training.pictures.woodcut        (writes static/pictures/paintings/woodcut.jpg)
"""

import pathlib

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

FILE = pathlib.Path(__file__).parents[2] / "static/pictures/paintings/woodcut.jpg"
INK, PAPER = np.array([28, 24, 22]), np.array([243, 234, 212])  # RGB
SIZE, PERIOD = 640, 9.0  # pixels; from one line to the next


def smooth(random, scale, size=SIZE):
    """Noise without what is finer than `scale` pixels: (size, size), mean 0, deviation 1."""
    noise = gaussian_filter(random.standard_normal((size, size)), scale, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def drawing(seed=1):
    """The woodcut of a seed, RGB (SIZE, SIZE, 3) from 0 to 255.

    Regions are cut in directions of their own. In each, the lines swell where it is dark and thin out
    where it is light.
    """
    random = np.random.default_rng(seed)
    tone = smooth(random, 40)
    regions = np.stack([smooth(random, 45) for _ in range(6)]).argmax(axis=0)  # (SIZE, SIZE)
    y, x = np.mgrid[:SIZE, :SIZE] + 2.5 * np.stack([smooth(random, 14), smooth(random, 14)])
    angles = np.arange(6) * np.pi / 6
    phase = np.choose(regions, [x * np.cos(angle) + y * np.sin(angle) for angle in angles]) / PERIOD
    wave = 0.5 + 0.5 * np.cos(2 * np.pi * phase)  # 1 in the middle of a line
    ink = gaussian_filter((wave > 0.5 + 0.42 * tone + 0.06 * smooth(random, 2)).astype(float), 0.7)
    return PAPER + ink[..., None] * (INK - PAPER)


if __name__ == "__main__":
    Image.fromarray(drawing().round().clip(0, 255).astype(np.uint8)).save(FILE, quality=90)
