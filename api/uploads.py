"""The pictures of a request: how many were sent, decoded one at a time, and what is wrong with them for the
caller. Only services that use pictures import this.
"""

import threading
from typing import List, Optional, Tuple

from PIL import Image

from api import pictures
from api.body import embedded_picture
from api.problems import Malformed, TooLarge, Unprocessable, UnsupportedType
from api.request import Request

# decoding 40 megapixels takes up to 400 MB; two hundred callers at once would end the process
DECODING = threading.Lock()
UNREADABLE = {"type": UnsupportedType, "pixels": TooLarge, "damaged": Malformed}


def pictures_sent(request: Request, fewest: int, most: Optional[int] = None) -> List[bytes]:
    """The bytes of the pictures, from the parts of the body or from the JSON fields image and images."""
    embedded = request.fields.get("images", [request.fields["image"]] if "image" in request.fields else [])
    if not isinstance(embedded, list):
        raise Unprocessable("images must be a list of pictures, each as base64 or as a data URI.")
    most = fewest if most is None else most
    count = len(request.pictures) + len(embedded)
    if not fewest <= count <= most:
        wanted = {
            (0, 0): "no picture",
            (1, 1): "one picture",
            (0, 1): "one picture at most",
            (0, 2): "two pictures at most",
        }[fewest, most]
        raise Unprocessable("Send %s: here are %d." % (wanted, count))
    several = "images" in request.fields
    return request.pictures + [
        embedded_picture(value, "Entry %d of images" % place if several else "image")
        for place, value in enumerate(embedded, 1)
    ]


def opened(request: Request, data: bytes, least: int) -> Tuple[Image.Image, float]:
    """Bytes -> the picture, and how many pixels of the file one of its pixels stands for; large JPEGs are
    never decoded below `least` pixels per side.
    """
    with request.timed("parse"):
        try:
            with DECODING:
                return pictures.open_scaled(data, least)
        except pictures.UnreadablePicture as error:
            raise UNREADABLE[error.reason](str(error)) from error
