# %% [markdown]
# # Find the car: the box of the largest car in a whole photo
# The network is trained on scenes that augmentation makes, so the true box is known. The loss is L1 plus
# generalised IoU (Rezatofighi et al. 2019, arXiv:1902.09630), and cross-entropy for whether there is a car.
# `python -m training.cars.find --folder runs/cars`
# %%
import argparse
import json
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F

from sklearn.datasets import load_sample_images

from models.cars.ladder import Finder
from models.cars.pictures import SIZE, open_picture
from training import loop
from training.cars import ladder, pictures
from training.cars.augmentation import tensor
from training.cars.scenes import Uploads

# B batch, N scenes, S side


def scenes(uploads, count, seed):
    """`count` scenes of a seed: pictures (N, 3, S, S) in [0, 1], boxes (N, 4) as shares of the frame, and
    whether there is a car (N,).
    """
    generator = np.random.default_rng(seed)
    photos, boxes, cars = zip(*(uploads.scene(generator) for _ in range(count)))
    return tensor(np.stack(photos)), torch.from_numpy(np.stack(boxes)), torch.tensor(cars)


def area(box):
    """Boxes (N, 4) left, top, right, bottom -> (N,)."""
    return (box[:, 2] - box[:, 0]).clamp(min=0) * (box[:, 3] - box[:, 1]).clamp(min=0)


def iou(a, b):
    """Intersection over union, and its generalised form, which uses the smallest box around both: (N, 4), (N,
    4) -> (N,), (N,).
    """
    both = area(torch.cat([torch.max(a[:, :2], b[:, :2]), torch.min(a[:, 2:], b[:, 2:])], dim=1))
    union = area(a) + area(b) - both
    around = area(torch.cat([torch.min(a[:, :2], b[:, :2]), torch.max(a[:, 2:], b[:, 2:])], dim=1))
    return both / (union + 1e-6), both / (union + 1e-6) - (around - union) / (around + 1e-6)


def loss(found, boxes, cars):
    """Finder's answers (B, 5), true boxes (B, 4), whether there is a car (B,) -> scalar."""
    generalised = 1 - iou(found[:, :4], boxes)[1]
    apart = 5 * (found[:, :4] - boxes).abs().mean(dim=1) + generalised
    return (apart * cars).sum() / cars.sum().clamp(min=1) + F.binary_cross_entropy(found[:, 4], cars)


@torch.no_grad()
def figures(finder, photos, boxes, cars):
    """The median overlap, the share of overlaps above 0.5, and how often the answer
    "car or no car" is right.
    """
    found = torch.cat([finder(part) for part in photos.split(100)])
    overlap = iou(found[:, :4], boxes)[0][cars > 0]
    return {
        "iou_median": round(overlap.median().item(), 4),
        "iou_over_half": round((overlap > 0.5).float().mean().item(), 4),
        "car_or_none": round(((found[:, 4] > 0.5) == (cars > 0.5)).float().mean().item(), 4),
    }


def textures(folder):
    """Pictures without cars: those of a folder, if any, and scikit-learn's two
    samples. uint8 (H, W, 3) each.
    """
    ours = [open_picture(data) for _, data in pictures.files(folder)] if folder else []
    return [np.asarray(picture) for picture in ours if min(picture.size) >= SIZE] + list(
        load_sample_images().images
    )


def served_finder(path):
    """The weights {name: tensor} of the finder in a served network."""
    state = torch.jit.load(path, map_location="cpu").float().state_dict()
    return {name[len("finder.") :]: value for name, value in state.items() if name.startswith("finder.")}


def fit(train, test, seen, minutes, batch, rate, folder, initial=""):
    """Train for `minutes`. Writes finder.pt (the averaged weights) and finder.json into the folder. One
    texture in five is held out, as the cars of `test` are.
    """
    torch.manual_seed(1)
    apart = seen[::5]
    seen = [texture for place, texture in enumerate(seen) if place % 5]
    uploads, unseen = Uploads(train, textures=seen), scenes(Uploads(test, textures=apart), 600, 0)
    finder = Finder()
    if initial:
        ladder.take_over(served_finder(initial), finder, scenes(uploads, 200, 2)[0])
    finder = finder.to(memory_format=torch.channels_last)
    average, optimiser = (
        loop.Average(finder, 0.998),
        torch.optim.AdamW(finder.parameters(), lr=rate, weight_decay=0.02),
    )
    began, steps = time.time(), 0
    while time.time() - began < minutes * 60:
        progress = min(1, (time.time() - began) / (minutes * 60))
        for group in optimiser.param_groups:
            group["lr"] = loop.learning_rate(progress, rate, 0.02, 0.5)
        finder.train()
        photos, boxes, cars = scenes(uploads, batch, [1, steps])
        with loop.half_precision(torch.device("cpu")):
            found = finder(photos.contiguous(memory_format=torch.channels_last))
        value = loss(found.float(), boxes, cars)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        average.update(finder)
        steps += 1
        if steps % 100 == 0:
            print(
                steps,
                "%.1f min" % ((time.time() - began) / 60),
                round(value.item(), 3),
                figures(average.network, *unseen),
                flush=True,
            )
            loop.save(folder / "finder.pt", average.network.state_dict())
    loop.save(folder / "finder.pt", average.network.state_dict())
    reached = {"steps": steps, "minutes": minutes, "scenes": 600, **figures(average.network, *unseen)}
    (folder / "finder.json").write_text(json.dumps(reached, indent=1))
    print(reached)


def main():
    parser = argparse.ArgumentParser(
        description="Train the finder of cars.", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("runs/cars"), help="of the run")
    parser.add_argument(
        "--textures",
        default="../shared/data/pictures",
        help="folder of pictures without cars, the more the better: backgrounds, and scenes without a car; "
        "empty: scikit-learn's two alone",
    )
    parser.add_argument("--initial", default="", help="a served network to start from; empty: from nothing")
    parser.add_argument("--minutes", type=float, default=12, help="of training")
    parser.add_argument("--batch", type=int, default=48, help="scenes")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate at its peak")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    train, test, _ = ladder.data(ladder.Settings(more=""))
    fit(
        train,
        test,
        textures(arguments.textures),
        arguments.minutes,
        arguments.batch,
        arguments.rate,
        arguments.folder,
        arguments.initial,
    )


if __name__ == "__main__":
    main()
