"""How uncropped street photos fare, whole and with the page's square crop: `make evaluate-street`.

street.csv beside this file holds squares drawn by hand around the cars of some of them, in
pixels of a 128 x 128 letterbox with white bars. The measure needs no ground truth: how much of ImageNet's probability
EfficientNet-lite0 gives to kinds of cars. Writes runs/street.png to look at: photo, whole, crop, its reconstruction.
"""

import argparse
import csv
import pathlib

import numpy as np
import torch

from models.cars.model import model
from models.cars.pictures import open_picture, to_square
from training import pictures, plots
from training.metrics import lite0

ROOT = pathlib.Path(__file__).parent.parent
CAR_CLASSES = [436, 468, 511, 609, 627, 656, 717, 751, 817]  # beach wagon, cab, convertible, jeep, limousine, minivan, pickup, racer, sports car


def car_probability(squares):
    """Mean probability of all CAR_CLASSES together, over float (N, 3, S, S) in [0, 1]."""
    with torch.no_grad():
        seen = torch.nn.functional.interpolate(torch.from_numpy(squares), size=(224, 224), mode="bilinear", align_corners=False)
        return torch.softmax(lite0()((seen * 255 - 127) / 128), dim=1)[:, CAR_CLASSES].sum(dim=1).mean().item()


def without_bars(picture):
    """The letterbox's content."""
    dark = np.asarray(picture).min(axis=2) < 250
    rows, columns = np.flatnonzero(dark.mean(axis=1) > 0.05), np.flatnonzero(dark.mean(axis=0) > 0.05)
    return picture.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photos", nargs="?", default="../shared/data/cars/uploads_ferrari_cc.tar", help="folder, zip or tar")
    source = parser.parse_args().photos
    with open(ROOT / "bench" / "street.csv") as lines:
        squares = {pathlib.PurePath(row["file"]).stem: [int(row[k]) for k in ("left", "top", "side")] for row in csv.DictReader(lines)}
    photos, crops = [], []
    for stem, data in pictures.files(source):
        if stem in squares:
            picture, (left, top, side) = open_picture(data), squares[stem]
            photos.append(to_square(without_bars(picture)))
            crops.append(to_square(picture.crop((left, top, left + side, top + side))))
    vae = model()
    rows = [np.stack(photos), np.stack([vae.decode(vae.encode(x)[0]) for x in photos]),
            np.stack(crops), np.stack([vae.decode(vae.encode(x)[0]) for x in crops])]
    names = ("photos, whole", "their reconstructions", "photos, cropped", "their reconstructions")
    lines = ["| %d street photos | probability of a car |" % len(photos), "|---|---|"]
    lines += ["| %s | %.2f |" % (name, car_probability(row)) for name, row in zip(names, rows)]
    print("\n".join(lines))
    text = "# Street photos, whole and cropped\n\nWritten by `make evaluate-street`, which says what is measured; weights %s.\n\n" % vae.record["version"]
    (ROOT / "docs" / "street.md").write_text(text + "\n".join(lines) + "\n")
    (ROOT / "runs").mkdir(exist_ok=True)
    plots.sheet(rows).save(ROOT / "runs" / "street.png")


if __name__ == "__main__":
    main()
