"""What a conditional VAE is told of a car: its body, as the label names it, or its colour, as it is measured on the picture.

A condition is a row of zeros with a 1 at its class, (N, C); a car whose class is not known has zeros alone.
"""

import functools

import numpy as np
import torch

from training.latents import cover
from training.pictures import rows_of

# N pictures, S side, C classes
BODIES = {
    "sedan": ["Sedan"], "SUV": ["SUV"], "coupe": ["Coupe"], "convertible": ["Convertible"], "hatchback, wagon": ["Hatchback", "Wagon"],
    "pickup": ["Cab", "SuperCab"], "van": ["Van", "Minivan"],
}  # class: the words by which a label such as "Audi TTS Coupe 2012" names it
HUES = {"red": 15, "yellow": 70, "green": 160, "blue": 265, "purple": 335}  # each up to this angle in degrees, then red again
GREYS = {"dark": 0.34, "grey": 0.48, "light": 1.0}  # each up to this luma
CLASSES = {"body": list(BODIES), "colour": [*HUES, *GREYS]}
CHROMA = 0.1  # under it, the largest minus the smallest of red, green and blue, a car has no hue


@functools.lru_cache(maxsize=None)
def labels(table):
    """{stem: label} of a table of pictures."""
    return {stem: row.get("label", "") for stem, row in rows_of(table).items()}


def bodies(table, names):
    """Class of each car by its label, (N,); -1 where the label names no body or there is none."""
    classes = {word: place for place, words in enumerate(BODIES.values()) for word in words}
    named = [[classes[word] for word in labels(table).get(name, "").split() if word in classes] for name in names]
    return np.array([found[-1] if found else -1 for found in named])  # the last: a Ford E-Series Wagon Van is a van


def colours(pictures):
    """Class of each car by the mean colour of its pixels: (N, 3, S, S) in [0, 1], on white -> (N,)."""
    car = cover(pictures)  # (N, S, S)
    mean = (pictures * car[:, None]).sum(axis=(2, 3)) / (car.sum(axis=(1, 2)) + 1e-6)[:, None]  # (N, 3)
    red, green, blue = mean.T
    hue = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)) % 360  # (N,)
    by_hue = np.searchsorted(list(HUES.values()), hue) % len(HUES)
    luma = mean @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    by_luma = len(HUES) + np.searchsorted(list(GREYS.values())[:-1], luma)
    return np.where(np.ptp(mean, axis=1) > CHROMA, by_hue, by_luma)


def one_hot(found, count):
    """Classes (N,), -1 where unknown -> float (N, count)."""
    return (found[:, None] == np.arange(count)).astype(np.float32)


def told(kind, table, names, white):
    """What a network is told of cars on white (N, 3, S, S): a list of one tensor (N, C), empty where `kind` is."""
    if not kind:
        return []
    found = bodies(table, names) if kind == "body" else colours(np.asarray(white))
    return [torch.from_numpy(one_hot(found, len(CLASSES[kind])))]
