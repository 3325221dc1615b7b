"""The map: training cars at places of the plane where similar latents are near each other.

Training lays it out (training/cars/latents.py) and keeps it in latents.npz, with one picture of all its cars.
Decoding 150 cars takes 2 s on one core, so the picture is drawn at training time, and serving only reads it.
"""

import base64
import io
import math
from typing import Any, Dict, Mapping, Optional

import numpy as np
from PIL import Image

from models.cars import pictures

# M cars on the map, Z latent, S side of the square

TILE = 96  # pixels across one car of the sheet; on a wide page a car has about 60


def sheet_of(squares: np.ndarray, aspect: float) -> np.ndarray:
    """Cars (M, 3, S, S) in [0, 1] -> one sheet of small pictures, row by row, with as many columns as
    `columns` says: the bytes of a JPEG (uint8).
    """
    size = (TILE, max(1, round(TILE / aspect)))
    tiles = [pictures.to_picture(square).resize(size, Image.BICUBIC) for square in squares]
    sheet = pictures.grid(tiles, columns(len(tiles)), gap=0)
    return np.frombuffer(pictures.encoded(sheet, "JPEG", quality=85), dtype=np.uint8)


def columns(count: int) -> int:
    """The columns of a sheet of `count` cars."""
    return math.ceil(math.sqrt(count))


def map_in(arrays: Mapping[str, np.ndarray]) -> Optional[Dict[str, Any]]:
    """The map in the arrays of latents.npz, as GET /cars/map answers it. None if they have no map."""
    if "map_places" not in arrays:
        return None
    places, latents = (arrays["map_" + name].astype(np.float64) for name in ("places", "latents"))
    jpeg = arrays["map_sheet"].tobytes()
    across = columns(len(places))
    with Image.open(io.BytesIO(jpeg)) as sheet:
        width, height = sheet.size
    return {
        "places": places.round(4).tolist(),
        "latents": latents.round(4).tolist(),
        "image": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(),
        "columns": across,
        "tile": {"width": width // across, "height": height // -(-len(places) // across)},
    }
