"""Photos to train on, cut anew in every epoch, and the eight paintings.

Photos come as folders, zips or tars. A share of what is trained on is grey, of other colours, or a drawn page
of text and boxes, so that grey photos and screenshots fare well too.
"""

import pathlib

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from models.pictures.frames import UnreadablePicture, fitted, open_picture, to_array
from training.cars.pictures import files

# B pictures, N steps

STATIC = pathlib.Path(__file__).parents[2] / "static"
PAINTINGS = STATIC / "pictures/paintings"
STYLES = (  # name, title, artist, year; longer side in pixels at which its strokes are learnt
    ("starry-night", "The Starry Night", "Vincent van Gogh", 1889, 512),
    ("scream", "The Scream", "Edvard Munch", 1893, 512),
    ("wave", "The Great Wave off Kanagawa", "Katsushika Hokusai", 1831, 512),
    ("shipwreck", "The Shipwreck", "J. M. W. Turner", 1805, 512),
    ("composition-vii", "Composition VII", "Wassily Kandinsky", 1913, 512),
    ("udnie", "Udnie", "Francis Picabia", 1913, 512),
    ("woman-with-a-hat", "Woman with a Hat", "Henri Matisse", 1905, 512),
    ("woodcut", "Woodcut", "drawn by code", 2026, 512),
)
LARGEST = 640  # pixels: longer side of a photo that is kept
GREY, RECOLOURED, PAGES = 0.08, 0.3, 0.08  # shares


def painting(name, side):
    """A painting with a longer side of `side` pixels: (1, 3, H, W) in [0, 1]."""
    return tensor(fitted(Image.open(PAINTINGS / (name + ".jpg")).convert("RGB"), side))[None]


def tensor(picture):
    """An RGB picture -> (3, H, W) in [0, 1]."""
    return torch.from_numpy(to_array(picture))


def photos(sources, most):
    """RGB pictures from folders, zips or tars, at most `most` of each, evenly spread."""
    found = []
    for source in sources:
        there = list(files(source))
        for _, data in there[:: max(1, -(-len(there) // most))]:
            try:
                picture = open_picture(data, LARGEST)
            except UnreadablePicture:
                continue
            found.append(fitted(picture, LARGEST) if max(picture.size) > LARGEST else picture)
    if not found:
        raise SystemExit("There are no photos in %s." % ", ".join(sources))
    return found


def page(random, size):
    """A drawn page such as a screenshot: text, boxes and a plain background, light or dark."""
    dark = random.random() < 0.4
    back, fore = random.integers(0, 60, 3), random.integers(180, 256, 3)
    colours = [tuple(int(c) for c in colour) for colour in ((back, fore) if dark else (fore, back))]
    picture = Image.new("RGB", (size, size), colours[0])
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default()
    for _ in range(random.integers(1, 6)):
        x, y, w, h = (int(v) for v in random.integers(8, size // 2, 4))
        draw.rectangle((x, y, x + w, y + h), fill=tuple(int(c) for c in random.integers(0, 256, 3)))
    letters = np.array(list("abcdefghiklmnoprstuvw    "))
    for y in range(int(random.integers(4, 20)), size, int(random.integers(12, 26))):
        line = "".join(random.choice(letters, random.integers(4, size // 6)))
        draw.text((int(random.integers(4, 40)), y), line, fill=colours[1], font=font)
    factor = random.uniform(1, 2)
    return picture.resize([round(size * factor)] * 2, Image.BICUBIC).crop((0, 0, size, size))


def square(random, pictures, size):
    """A square of `size` pixels of one of the pictures, at some scale, perhaps mirrored or recoloured."""
    if random.random() < PAGES:
        return page(random, size)
    picture = pictures[random.integers(len(pictures))]
    short = min(picture.size)
    smallest = min(0.5 * size, short)
    side = int(round(smallest * (short / smallest) ** random.random()))
    left, top = (int(random.integers(length - side + 1)) for length in picture.size)
    cut = picture.resize((size, size), Image.BICUBIC, (left, top, left + side, top + side))
    cut = ImageOps.mirror(cut) if random.random() < 0.5 else cut
    if random.random() < GREY:
        return cut.convert("L").convert("RGB")
    if random.random() < RECOLOURED:
        for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            cut = change(cut).enhance(random.uniform(0.5, 1.5))
    return cut


class Batches:
    """The batches of an epoch, drawn from a seed as they are asked for: (photos (B, 3, H, W) in [0, 1],
    numbers of the styles (B,)). Every batch has different styles.
    """

    def __init__(self, pictures, size, batch, steps, seed):
        self.pictures, self.size, self.batch, self.steps, self.seed = pictures, size, batch, steps, seed

    def __len__(self):
        return self.steps

    def __iter__(self):
        random = np.random.default_rng(self.seed)
        order = []
        for _ in range(self.steps):
            while len(order) < self.batch:
                order += random.permutation(len(STYLES)).tolist()
            styles, order = order[: self.batch], order[self.batch :]
            cut = [tensor(square(random, self.pictures, self.size)) for _ in range(self.batch)]
            yield torch.stack(cut), torch.tensor(styles)
