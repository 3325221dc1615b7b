"""Measures how uploads fare: whether the car is found, what this does to tight crops, and what becomes of
whole street photos: `make evaluate-street`.

street.csv, next to this file, has squares that were drawn by hand around the cars in some street photos.
Their unit is pixels of a 128 x 128 letterbox with white bars. This writes models/cars/street.md, and
runs/street.png to look at. Its columns are: the photo with its box, what the model saw of it, its
reconstruction, the latent alone, and the reconstruction of the square drawn by hand.
"""

import argparse
import csv
import pathlib

import numpy as np
import torch
from PIL import Image, ImageDraw

from models.cars.model import model
from models.cars.pictures import cut, open_picture, to_picture, to_square
from models.cars.refinement import STEPS
from models.cars.service import SURE, located
from training import plots
from training.cars import find, ladder, pictures
from training.cars.metrics import lite0, psnr, ssim

ROOT = pathlib.Path(__file__).parent.parent.parent
# beach wagon, cab, convertible, jeep, limousine, minivan, pickup, racer, sports car
CAR_CLASSES = [436, 468, 511, 609, 627, 656, 717, 751, 817]


def car_probability(squares):
    """The mean probability of all CAR_CLASSES together, by EfficientNet-lite0, over pictures (N, 3, S, S) in
    [0, 1].
    """
    with torch.no_grad():
        seen = torch.nn.functional.interpolate(
            torch.from_numpy(squares), size=(224, 224), mode="bilinear", align_corners=False
        )
        return (
            torch.softmax(lite0()((seen * 255 - 127) / 128), dim=1)[:, CAR_CLASSES].sum(dim=1).mean().item()
        )


def without_bars(picture):
    """The content of a letterbox, and its place (left, top)."""
    dark = np.asarray(picture).min(axis=2) < 250
    rows, columns = np.flatnonzero(dark.mean(axis=1) > 0.05), np.flatnonzero(dark.mean(axis=0) > 0.05)
    return picture.crop((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)), (columns[0], rows[0])


def found(cars, picture):
    """The photo, cut as the service cuts it, and the box as shares of the frame, or None."""
    box, sure = located(cars, picture)
    if box is None or sure < SURE:
        return picture, None
    return cut(picture, box), box


def made(cars, square):
    """The reconstruction of a square (3, S, S), and the picture of its latent alone."""
    latent, _, detail = cars.encode(square)
    return cars.decode(latent, cars.refine(square, latent, detail, STEPS)), cars.decode(latent)


def tight(cars, photos, whites):
    """Mean PSNR and SSIM of photos that are already cropped: unchanged, and after a search for the car. Takes
    the pictures and the cars on white.
    """
    rows = []
    for photo, white in zip(photos, whites):
        box = found(cars, photo)[1]
        row = []
        for one, target in (
            (photo, white),
            (photo, white) if box is None else (cut(photo, box), cut(white, box)),
        ):
            pair = [
                torch.from_numpy(each)[None] for each in (made(cars, to_square(one))[0], to_square(target))
            ]
            row += [psnr(*pair).item(), ssim(*pair).item()]
        rows.append(row)
    return np.mean(rows, axis=0)


def overlaps(photos, boxes, look):
    """IoU of the boxes that look(square) finds in photos (N, 3, S, S) with the true ones (N, 4), where there
    is a car.
    """
    seen = torch.from_numpy(np.stack([look(photo) for photo in photos.numpy()])).float()
    return find.iou(seen, boxes)[0][boxes.sum(dim=1) > 0]


def sheet(cars, photos, crops):
    """Draw runs/street.png, and return its columns of squares (N, 3, S, S): the frame, what the model sees,
    its reconstruction, the latent alone, the square drawn by hand.
    """
    rows = [[] for _ in range(5)]
    for photo, crop in zip(photos, crops):
        seen, box = found(cars, photo)
        shown = photo.copy()
        if box is not None:
            ImageDraw.Draw(shown).rectangle([float(v) for v in box * np.tile(photo.size, 2)], outline="red")
        picture, alone = made(cars, to_square(seen))
        for row, square in zip(
            rows, (to_square(shown), to_square(seen), picture, alone, made(cars, to_square(crop))[0])
        ):
            row.append(square)
    rows = [np.stack(row).astype(np.float32) for row in rows]
    (ROOT / "runs").mkdir(exist_ok=True)
    plots.sheet(rows).save(ROOT / "runs" / "street.png")
    return rows


def street(source):
    """The street photos without their bars, and the squares that were drawn by hand in them: two lists of
    pictures.
    """
    with open(pathlib.Path(__file__).with_name("street.csv")) as lines:
        squares = {
            pathlib.PurePath(row["file"]).stem: [int(row[k]) for k in ("left", "top", "side")]
            for row in csv.DictReader(lines)
        }
    opened = [(open_picture(data), squares[stem]) for stem, data in pictures.files(source) if stem in squares]
    return [without_bars(picture)[0] for picture, _ in opened], [
        picture.crop((x, y, x + side, y + side)) for picture, (x, y, side) in opened
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "photos", nargs="?", default="../shared/data/cars/uploads_ferrari_cc.tar", help="folder, zip or tar"
    )
    parser.add_argument("--textures", default="../shared/data/pictures", help="as of training.cars.find")
    arguments = parser.parse_args()
    cars, lines = model(), ["| uploads | reached |", "|---|---|"]
    photos, crops = street(arguments.photos)
    rows = sheet(cars, photos, crops)
    for name, row in zip(
        (
            "whole",
            "as the model saw them",
            "reconstructed",
            "reconstructed from the latent alone",
            "by hand, reconstructed",
        ),
        rows,
    ):
        lines.append(
            "| probability of a car, %d street photos, %s | %.2f |"
            % (len(photos), name, car_probability(row))
        )
    if "finder" in cars.record:
        test = ladder.data(ladder.Settings(more=""))[1]
        scenes, boxes, _ = find.scenes(find.Uploads(test, textures=find.textures(arguments.textures)), 600, 0)
        for looks, look in (
            ("one look", lambda square: cars.find(square)[0]),
            ("two looks", lambda square: located(cars, to_picture(square))[0]),
        ):
            shares = overlaps(scenes, boxes, look)
            lines.append(
                "| overlap (IoU) of the box after %s, %d scenes of held-out cars: median; over 0.8 "
                "| %.3f; %.0f %% |"
                % (looks, len(shares), shares.median(), 100 * (shares > 0.8).float().mean())
            )
        held = [
            [Image.fromarray(picture) for picture in side]
            for side in (test.photos, pictures.on_white(test.photos, test.alphas))
        ]
        figures = tight(cars, *held)
        lines.append(
            "| %d tight photos as they are: dB, SSIM | %.2f, %.3f |" % (len(test), figures[0], figures[1])
        )
        lines.append("| the same, the car looked for first: dB, SSIM | %.2f, %.3f |" % tuple(figures[2:]))
    print("\n".join(lines))
    text = (
        "# Uploads\n\nWritten by `make evaluate-street`, which says what is measured; weights %s.\n\n"
        % cars.record["version"]
    )
    (ROOT / "models" / "cars" / "street.md").write_text(text + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
