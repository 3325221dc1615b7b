"""The shipped car network with a map of a few drawn cars, or without a map, in a folder of weights."""

import hashlib
import json
import pathlib
import shutil

import numpy as np

from models.cars.map import sheet_of
from models.cars.model import model

WEIGHTS = pathlib.Path(__file__).parent.parent.parent / "weights"
PLACES = [[0.5, 0.5], [0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]


def put(folder, places=PLACES):
    """Write the weights of cars into the folder, with a map that has a drawn car at each of the places."""
    shipped = model()
    latents = np.array([shipped.draw(7, number, 1.0) for number in range(len(places))])  # (M, Z)
    squares = np.array([shipped.decode(latent) for latent in latents])  # (M, 3, S, S)
    sheet = sheet_of(squares, shipped.record["aspect"])
    write(folder, map_places=np.float32(places), map_latents=np.float32(latents), map_sheet=sheet)


def write(folder, **arrays):
    """Write the shipped weights of cars into the folder, with these arrays of a map and no others."""
    folder.mkdir()
    record = json.loads((WEIGHTS / "cars.json").read_text())
    shutil.copy(str(WEIGHTS / "cars.pt"), str(folder))
    with np.load(str(WEIGHTS / "cars.npz")) as shipped:
        kept = {name: shipped[name] for name in shipped.files if not name.startswith("map_")}
    np.savez(str(folder / "cars.npz"), **kept, **arrays)
    data = (folder / "cars.npz").read_bytes()
    record.pop("map", None)
    if "map_places" in arrays:
        record["map"] = len(arrays["map_places"])
    record["files"]["latents"].update(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    (folder / "cars.json").write_text(json.dumps(record))
