"""Pictures as callers send and receive them: bytes -> an upright RGB
picture, within limits of time and memory; and a picture -> bytes.

Only services that use pictures import this, because it imports numpy and Pillow.
"""

import base64
import io
import re
import struct
import warnings
import zlib
from typing import Any, Tuple

import numpy as np
from PIL import Image, UnidentifiedImageError

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
}
MAX_PIXELS = 40_000_000
# pixels times scans of a progressive JPEG: 88 bytes can cost 25 ms of decoding; cameras write ten scans
MAX_SCANNED = 20 * MAX_PIXELS
# read calls per file: Pillow reads blocks of a GIF and chunks of
# a PNG one by one, and a file can have a million of them
MAX_READS = 10_000
# the frame header of a JPEG in arithmetic coding, which no camera writes and no browser reads
ARITHMETIC = re.compile(b"\xff[\xc9-\xcb]\0[\x0b\x11\x14]\x08")
ORIENTATION = 0x0112  # EXIF tag; UPRIGHT has the operation that undoes each value
UPRIGHT = dict(
    enumerate(
        (
            Image.FLIP_LEFT_RIGHT,
            Image.ROTATE_180,
            Image.FLIP_TOP_BOTTOM,
            Image.TRANSPOSE,
            Image.ROTATE_270,
            Image.TRANSVERSE,
            Image.ROTATE_90,
        ),
        2,
    )
)


class UnreadablePicture(ValueError):
    """These bytes cannot become a picture. `reason` is "type",
    "pixels" or "damaged"; the text is a sentence for the sender.
    """

    def __init__(self, reason: str, sentence: str):
        super().__init__(sentence)
        self.reason = reason


class Bounded(io.BytesIO):
    """A file that raises OSError after MAX_READS read calls."""

    reads = 0

    def read(self, *size: Any) -> bytes:
        self.reads += 1
        if self.reads > MAX_READS:
            raise OSError("read too often")
        return super().read(*size)


def open_picture(data: bytes, least: int) -> Image.Image:
    """`open_scaled` without the scale."""
    return open_scaled(data, least)[0]


def open_scaled(data: bytes, least: int) -> Tuple[Image.Image, float]:
    """(an upright RGB picture, the scale) of the bytes of a file. Transparent parts become white. An
    animation gives its first frame.

    A large JPEG is decoded at a half, a quarter or an eighth of its size, but never below `least` pixels per
    side. The scale says how many pixels of the file one pixel of the picture stands for. Raises
    UnreadablePicture for another format, for more than MAX_PIXELS, and for damaged bytes.
    """
    # Pillow would read every entry of EXIF and MPF, and 5,000 entries can each name the same 60 KB
    hidden = (
        data.replace(b"Exif\0\0", b"Exif\0-").replace(b"MPF\0", b"MPF-") if data[:2] == b"\xff\xd8" else data
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's warnings quote the file, which must not be logged
            picture = Image.open(Bounded(hidden), formats=list(FORMATS))
            if picture.width * picture.height > MAX_PIXELS:
                raise UnreadablePicture(
                    "pixels", "The picture has more than 40 megapixels. Shrink it and send it again."
                )
            refuse_toil(picture, data)
            width = picture.width
            picture.draft("RGB", (least, least))
            picture.load()
            exif = (
                data.partition(b"Exif\0\0")[2] if picture.format == "JPEG" else picture.info.get("exif", b"")
            )
            return on_white(upright(picture, exif)), width / picture.width
    except UnreadablePicture:
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture(
            "type",
            "The file is none of JPEG, PNG, WebP, GIF and BMP. Save the picture as one of these and send it "
            "again.",
        ) from None
    except Image.DecompressionBombError:
        raise UnreadablePicture(
            "pixels", "The picture has more than 40 megapixels. Shrink it and send it again."
        ) from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged bytes
        raise UnreadablePicture(
            "damaged", "The picture is damaged or cut off. Open it, save it anew and send that."
        ) from error


def refuse_toil(picture: Image.Image, data: bytes) -> None:
    """Raise UnreadablePicture for small files that would take seconds to decode."""
    if picture.format == "JPEG" and data.count(b"\xff\xda") * picture.width * picture.height > MAX_SCANNED:
        raise UnreadablePicture(
            "damaged", "The JPEG has too many progressive scans. Open it, save it anew and send that."
        )
    if picture.format == "JPEG" and ARITHMETIC.search(data):
        raise UnreadablePicture(
            "type", "The JPEG is in arithmetic coding. Open it, save it as a usual JPEG and send that."
        )
    if picture.format == "BMP" and picture.tile[0][0] == "bmp_rle":  # decoded byte by byte in Python
        raise UnreadablePicture(
            "type", "The BMP is run-length encoded. Save the picture as a PNG and send that."
        )


def upright(picture: Image.Image, exif: bytes) -> Image.Image:
    """The picture turned as EXIF says. If EXIF cannot be read, the picture stays as it is."""
    exif = exif[6:] if exif.startswith(b"Exif\0\0") else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        (start,) = struct.unpack_from(order + "L", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, start)
        entries = struct.iter_unpack(order + "HHLHH", exif[start + 2 : start + 2 + 12 * count])
        value = next(value for tag, _, _, value, _ in entries if tag == ORIENTATION)
    except (TypeError, struct.error, StopIteration):
        return picture
    return picture.transpose(UPRIGHT[value]) if value in UPRIGHT else picture


def on_white(picture: Image.Image) -> Image.Image:
    """A picture of any mode as RGB: transparent parts become white, 16 bits per pixel become 8."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a picture file; `kind` is Pillow's name for the format."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def data_uri(picture: Image.Image, kind: str = "PNG") -> str:
    """A picture as a data URI for JSON and <img src>. PNG is for drawn
    pictures. JPEG is for photos; it is faster and smaller.

    zlib's strategy of run lengths only is the fastest, and here it also gives the smallest files.
    """
    options = {"PNG": {"compress_type": zlib.Z_RLE}, "JPEG": {"quality": 95, "subsampling": 0}}[kind]
    return "data:image/%s;base64,%s" % (
        kind.lower(),
        base64.b64encode(encoded(picture, kind, **options)).decode(),
    )
