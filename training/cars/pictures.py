"""Reads pictures for training from a folder, zip or tar, pairs each with its mask, and splits them by groups
of near-duplicates.

models.cars.pictures decodes and resizes, so that training and serving prepare a picture in the same way.
"""

import csv
import hashlib
import pathlib
import tarfile
import zipfile
from dataclasses import dataclass

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from models.cars.pictures import UnreadablePicture, open_picture, squeeze

# N pictures, S side of the square
STANFORD = (
    "Stanford Cars (Krause et al. 2013), front views, masks by ISNet, research use; "
    "renders of TORCS car models, Free Art License and GPL-2+"
)
# a good mask: its least confidence, and the share of the frame that a car covers; chosen by looking at masks
CONFIDENCE, COVERAGE = 0.82, (0.4, 0.9)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}


def files(source):
    """Yield (stem, bytes) of every picture in a folder, zip or tar, sorted by name."""
    path = pathlib.Path(source)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if is_picture(p))
        yield from ((p.stem, p.read_bytes()) for p in found)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if is_picture(pathlib.PurePath(name)):
                    yield pathlib.PurePath(name).stem, archive.read(name)
    elif path.exists() and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            members = [m for m in archive.getmembers() if m.isfile()]
            for member in sorted(members, key=lambda m: m.name):
                if is_picture(pathlib.PurePath(member.name)):
                    yield pathlib.PurePath(member.name).stem, archive.extractfile(member).read()
    else:
        raise SystemExit("%s is no folder, zip or tar of pictures." % source)


def is_picture(path):
    """Whether a path names a picture. A zip from a Mac has a shadow ._name of each file, which is not one."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith("._")


def rows_of(table, *columns):
    """{stem of the picture: row} of a CSV with a header, which has a column file and these."""
    try:
        with open(table) as lines:
            rows = csv.DictReader(lines)
            lacking = {"file", *columns} - set(rows.fieldnames or ())
            if lacking:
                raise SystemExit("The table %s has no column %s." % (table, ", ".join(sorted(lacking))))
            return {pathlib.PurePath(row["file"]).stem: row for row in rows}
    except OSError as error:
        raise SystemExit("The table %s cannot be read: %s." % (table, error.strerror)) from error


@dataclass
class Pictures:
    """Squeezed pictures and their data. The alpha of a picture without a mask is 255 everywhere."""

    names: list  # N
    photos: np.ndarray  # uint8 (N, S, S, 3)
    alphas: np.ndarray  # uint8 (N, S, S)
    masked: np.ndarray  # bool (N,): whether the picture has a mask
    aspects: np.ndarray  # float (N,): width / height before the squeeze
    hashes: np.ndarray  # bool (N, 64): perceptual hashes

    def __len__(self):
        return len(self.names)

    def __add__(self, other):
        mine, theirs = vars(self), vars(other)
        return Pictures(
            self.names + other.names, *(np.concatenate([mine[k], theirs[k]]) for k in list(mine)[1:])
        )

    def __getitem__(self, chosen):
        """The pictures that an index array or a boolean mask selects."""
        names = [self.names[i] for i in np.arange(len(self))[chosen]]
        rest = (self.photos, self.alphas, self.masked, self.aspects, self.hashes)
        return Pictures(names, *(values[chosen] for values in rest))


def bytes_of(pictures):
    """Yield what a training learns from: each picture's name, colours and mask."""
    for name, photo, alpha in zip(pictures.names, pictures.photos, pictures.alphas):
        yield from (name, photo.tobytes(), alpha.tobytes())


def load(source, masks=None, table=None):
    """Read pictures and their masks. Broken files are named and skipped.

    A table (CSV: file, coverage, confidence) leaves out pictures with an uncertain mask, or with a mask that
    does not have the size of a car.
    """
    good = good_masks(table) if table else None
    coded = dict(files(masks)) if masks else {}
    rows, broken = [], []
    for stem, data in tqdm(list(files(source)), desc="reading pictures", unit=" pictures", disable=None):
        if good is not None and stem not in good:
            continue
        try:
            picture = open_picture(data)
            alpha = (
                sure(open_picture(coded[stem]).convert("L"))
                if stem in coded
                else Image.new("L", picture.size, 255)
            )
        except UnreadablePicture:
            broken.append(stem)
            continue
        rows.append(
            (
                stem,
                np.asarray(squeeze(picture)),
                np.asarray(squeeze(alpha)),
                stem in coded,
                picture.width / picture.height,
                imagehash.phash(picture).hash.ravel(),
            )
        )
    if broken:
        print("skipped %d broken files: %s" % (len(broken), ", ".join(broken)))
    if not rows:
        raise SystemExit("%s has no picture to train on." % source)
    names, *columns = zip(*rows)
    return Pictures(list(names), *(np.stack(column) for column in columns))


def good_masks(table):
    """The stems of pictures whose mask is certain and covers as much of the frame as a car."""
    return {
        stem
        for stem, row in rows_of(table, "confidence", "coverage").items()
        if float(row["confidence"]) > CONFIDENCE and COVERAGE[0] < float(row["coverage"]) < COVERAGE[1]
    }


def noses(table, names):
    """The side to which each car's nose points, -1 left and 1 right, (N,). None if the table does not know
    all of them.
    """
    sides = {stem: row.get("nose") for stem, row in rows_of(table).items()}
    if not all(sides.get(name) in ("L", "R") for name in names):
        return None
    return np.array([1.0 if sides[name] == "R" else -1.0 for name in names])


def sure(alpha):
    """The mask without its faint halo: below a tenth becomes background, above nine tenths becomes car."""
    return alpha.point([min(255, max(0, round((a - 25.5) / 0.8))) for a in range(256)])


def held_out(pictures, share=10, distance=8):
    """Boolean (N,): about one picture in `share` is held out. Near-duplicates are held out together.

    Near-duplicates differ in at most `distance` of the 64 bits of their perceptual hash (DCT of the grey
    picture). The SHA-256 of a group's smallest hash decides, so the split does not depend on the order of the
    files. If this selects nothing, the group with the smallest SHA-256 is held out, unless it is the only
    group.
    """
    bits = pictures.hashes.astype(np.float32)  # (N, 64)
    apart = bits @ (1 - bits).T  # (N, N)
    _, groups = connected_components(apart + apart.T <= distance, directed=False)
    packed = [row.tobytes() for row in np.packbits(pictures.hashes, axis=1)]
    smallest = {}
    for group, row in zip(groups, packed):
        smallest[group] = min(row, smallest.get(group, row))
    digests = {group: hashlib.sha256(packed).digest() for group, packed in smallest.items()}
    chosen = {group for group, digest in digests.items() if digest[0] % share == 0}
    if not chosen and len(digests) > 1:
        chosen = {min(digests, key=digests.get)}
    return np.isin(groups, list(chosen))  # (N,)


def on_white(photos, alphas):
    """The cars alone on white: uint8 (..., S, S, 3) and (..., S, S) -> uint8 (..., S, S, 3)."""
    alpha = alphas[..., None] / np.float32(255)
    return (photos * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
