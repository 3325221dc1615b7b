"""The slow way: the pixels of one photo are changed until its features are a painting's (Gatys et al. 2016,
Image style transfer using convolutional neural networks).

    python -m training.pictures.train --optimise photo.jpg --painting wave --steps 300
"""

import json
import pathlib
import time

import torch
from tqdm import tqdm

from models.pictures import frames
from training.pictures import data
from training.pictures.features import grams, parts, seen, squeezenet

SIDE = 256  # pixels: longer side
RATE = 0.02  # Adam's: of a pixel in [0, 1], a step
MOVED = 4  # pixels, under which each step moves the picture: features have strides


def optimised(photo, wanted, features, weights, steps, begun=None):
    """Yield (picture, loss, seconds) after each step: photo (1, 3, H, W) in [0, 1], wanted
    {layer: (1, C, C)}.

    It begins with the photo itself, or with `begun`, such as a network's painting of it.
    """
    pixels = (photo if begun is None else begun).clone().requires_grad_(True)
    optimiser = torch.optim.Adam([pixels], lr=RATE)
    began = time.process_time()
    for _ in range(steps):
        down, right = torch.randint(MOVED, (2,)).tolist()
        terms = parts(features, pixels[:, :, down:, right:], photo[:, :, down:, right:], wanted, weights)
        value = sum(term.mean() for term in terms.values())
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        pixels.data.clamp_(0, 1)
        yield pixels.detach().clone(), value.item(), time.process_time() - began


def main(settings, weights):
    """Change the photo that the settings name, and write it and the loss of each step into their folder."""
    sides = {name: side for name, *_, side in data.STYLES}
    if settings.painting not in sides:
        raise SystemExit("There is no painting %s: choose one of %s." % (settings.painting, ", ".join(sides)))
    torch.manual_seed(settings.seed)
    folder = pathlib.Path(settings.folder)
    folder.mkdir(parents=True, exist_ok=True)
    features = squeezenet(settings.features)
    photo = frames.open_picture(pathlib.Path(settings.optimise).read_bytes(), SIDE)
    photo = data.tensor(frames.fitted(photo, SIDE))[None]
    with torch.no_grad():
        wanted = grams(seen(features, data.painting(settings.painting, sides[settings.painting])))
    curve = []
    for picture, value, seconds in tqdm(
        optimised(photo, wanted, features, weights, settings.steps), total=settings.steps
    ):
        curve.append({"loss": round(value, 4), "seconds": round(seconds, 2)})
    path = folder / (settings.painting + ".png")
    frames.to_picture(picture[0].numpy()).save(str(path))
    (folder / "loss.json").write_text(json.dumps(curve))
    print("%s, after %d steps" % (path, len(curve)))
