"""Pictures for training: read a folder, zip or tar, pair each with its mask, split by near-duplicate groups.

It leaves decoding and resizing to models.cars.pictures, so that training and serving prepare a picture in the same way.
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
CONFIDENCE, COVERAGE = 0.82, (0.4, 0.9)  # of masks that are good: sure of themselves, and a car's share of the frame; chosen by looking
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}


def files(source):
    """Yield (stem, bytes) of every picture in a folder, zip or tar, in the order of their names."""
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
    """By its name; a Mac's zip holds a shadow of each file, ._name."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith("._")


def rows_of(table):
    """The rows of a CSV with a header, by the stem of the picture that each is about."""
    try:
        with open(table) as lines:
            return {pathlib.PurePath(row["file"]).stem: row for row in csv.DictReader(lines)}
    except OSError as error:
        raise SystemExit("The table %s cannot be read: %s." % (table, error.strerror)) from error


@dataclass
class Pictures:
    """Squeezed pictures with what is known of each. The alpha of a picture without a mask is 255 throughout."""

    names: list  # N
    photos: np.ndarray  # uint8 (N, S, S, 3)
    alphas: np.ndarray  # uint8 (N, S, S)
    masked: np.ndarray  # bool (N,): had a mask of its own
    aspects: np.ndarray  # float (N,): width over height before the squeeze
    hashes: np.ndarray  # bool (N, 64): perceptual hashes

    def __len__(self):
        return len(self.names)

    def __add__(self, other):
        mine, theirs = vars(self), vars(other)
        return Pictures(self.names + other.names, *(np.concatenate([mine[k], theirs[k]]) for k in list(mine)[1:]))

    def __getitem__(self, chosen):
        """The pictures of an index array or a boolean mask."""
        names = [self.names[i] for i in np.arange(len(self))[chosen]]
        rest = (self.photos, self.alphas, self.masked, self.aspects, self.hashes)
        return Pictures(names, *(values[chosen] for values in rest))


def load(source, masks=None, table=None):
    """Read pictures, with their masks where there are any; name and skip what is broken.

    A table (CSV: file, coverage, confidence) leaves out pictures whose mask is not sure or not a car's.
    """
    good = good_masks(table) if table else None
    coded = dict(files(masks)) if masks else {}
    rows, broken = [], []
    for stem, data in tqdm(list(files(source)), desc="reading pictures", unit=" pictures", disable=None):
        if good is not None and stem not in good:
            continue
        try:
            picture = open_picture(data)
            alpha = sure(open_picture(coded[stem]).convert("L")) if stem in coded else Image.new("L", picture.size, 255)
        except UnreadablePicture:
            broken.append(stem)
            continue
        rows.append((stem, np.asarray(squeeze(picture)), np.asarray(squeeze(alpha)), stem in coded,
                     picture.width / picture.height, imagehash.phash(picture).hash.ravel()))
    if broken:
        print("skipped %d broken files: %s" % (len(broken), ", ".join(broken)))
    if not rows:
        raise SystemExit("%s has no picture to train on." % source)
    names, *columns = zip(*rows)
    return Pictures(list(names), *(np.stack(column) for column in columns))


def good_masks(table):
    """Stems of the pictures whose mask is sure of itself and covers a car's share of the frame."""
    return {stem for stem, row in rows_of(table).items()
            if float(row["confidence"]) > CONFIDENCE and COVERAGE[0] < float(row["coverage"]) < COVERAGE[1]}


def noses(table, names):
    """The side that each car's nose points to, -1 left and 1 right, (N,); None where the table does not say."""
    sides = {stem: row.get("nose") for stem, row in rows_of(table).items()}
    if not all(sides.get(name) in ("L", "R") for name in names):
        return None
    return np.array([1.0 if sides[name] == "R" else -1.0 for name in names])


def sure(alpha):
    """The mask without its faint halo: below a tenth is background, above nine tenths is car."""
    return alpha.point([min(255, max(0, round((a - 25.5) / 0.8))) for a in range(256)])


def held_out(pictures, share=10, distance=8):
    """Boolean (N,): about one in `share`, whole groups of near-duplicates at a time.

    Near-duplicates differ in at most `distance` of the 64 bits of their perceptual hash (DCT of the grey picture);
    a group is chosen by the SHA-256 of its smallest hash, so that the split does not depend on the order of files.
    Where that chooses none, the group of the smallest SHA-256 is held out, as long as another one is left to train on.
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
    """uint8 (..., S, S, 3) and (..., S, S) -> the cars alone on white, uint8 (..., S, S, 3)."""
    alpha = alphas[..., None] / np.float32(255)
    return (photos * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
