"""The conditions of a conditional VAE: the body of a car, from its label, or its colour, measured on the
picture.

A condition is a row of zeros with a 1 at the car's class, (N, C). If the class is unknown, the row is all
zeros.
"""

import functools

import numpy as np
import torch

from training.cars.latents import cover
from training.cars.pictures import rows_of

# N pictures, S side, C classes
BODIES = {
    "sedan": ["Sedan"],
    "SUV": ["SUV"],
    "coupe": ["Coupe"],
    "convertible": ["Convertible"],
    "hatchback, wagon": ["Hatchback", "Wagon"],
    "pickup": ["Cab", "SuperCab"],
    "van": ["Van", "Minivan"],
}  # {class: the words for it in a label such as "Audi TTS Coupe 2012"}
# {hue: the largest angle in degrees}; after the last one comes red again
HUES = {"red": 15, "yellow": 70, "green": 160, "blue": 265, "purple": 335}
GREYS = {"dark": 0.34, "grey": 0.48, "light": 1.0}  # {grey: the largest luma}
CLASSES = {"body": list(BODIES), "colour": [*HUES, *GREYS]}
CHROMA = 0.1  # a car has no hue if its largest and smallest of red, green and blue differ by less


@functools.lru_cache(maxsize=None)
def labels(table):
    """{stem: label} of a table of pictures."""
    return {stem: row.get("label", "") for stem, row in rows_of(table).items()}


def bodies(table, names):
    """The class of each car by its label, (N,). -1 if there is no label, or if the label names no body."""
    classes = {word: place for place, words in enumerate(BODIES.values()) for word in words}
    named = [
        [classes[word] for word in labels(table).get(name, "").split() if word in classes] for name in names
    ]
    # the last word counts: a Ford E-Series Wagon Van is a van
    return np.array([found[-1] if found else -1 for found in named])


def colours(pictures):
    """The class of each car by the mean colour of its pixels: cars on white (N, 3,
    S, S) in [0, 1] -> (N,).
    """
    car = cover(pictures)  # (N, S, S)
    mean = (pictures * car[:, None]).sum(axis=(2, 3)) / (car.sum(axis=(1, 2)) + 1e-6)[:, None]  # (N, 3)
    red, green, blue = mean.T
    hue = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)) % 360  # (N,)
    by_hue = np.searchsorted(list(HUES.values()), hue) % len(HUES)
    luma = mean @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    by_luma = len(HUES) + np.searchsorted(list(GREYS.values())[:-1], luma)
    return np.where(np.ptp(mean, axis=1) > CHROMA, by_hue, by_luma)


def one_hot(found, count):
    """Classes (N,), -1 if unknown -> float (N, count)."""
    return (found[:, None] == np.arange(count)).astype(np.float32)


def told(kind, table, names, white):
    """The condition of cars on white (N, 3, S, S): a list of one tensor (N, C). The list is empty if `kind`
    is empty.
    """
    if not kind:
        return []
    found = bodies(table, names) if kind == "body" else colours(np.asarray(white))
    return [torch.from_numpy(one_hot(found, len(CLASSES[kind])))]
