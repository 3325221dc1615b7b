"""The one preparation of pictures, shared by training and serving: bytes -> upright RGB -> the network's square, and back.

It leaves HTTP to api/ and arithmetic to network.py. A square is a float32 array (3, SIZE, SIZE) in [0, 1].
"""

import base64
import io
import re
import struct
import warnings
import zlib
from typing import Any, List

import numpy as np
from PIL import Image, UnidentifiedImageError

SIZE = 128  # pixels; the network sees every picture squeezed to SIZE x SIZE, as the seeds did
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif", "BMP": "image/bmp"}
MAX_PIXELS = 40_000_000
MAX_SCANNED = 20 * MAX_PIXELS  # pixels times scans of a progressive JPEG: 88 bytes buy 25 ms of decoding, and cameras write ten scans
MAX_READS = 10_000  # of a file: Pillow reads blocks of a GIF and chunks of a PNG one by one, and some files have a million of them
ARITHMETIC = re.compile(b"\xff[\xc9-\xcb]\0[\x0b\x11\x14]\x08")  # a JPEG's frame in the coding that no camera writes and no browser reads
ORIENTATION = 0x0112  # tag of EXIF, and what undoes its values
UPRIGHT = dict(enumerate((Image.FLIP_LEFT_RIGHT, Image.ROTATE_180, Image.FLIP_TOP_BOTTOM, Image.TRANSPOSE, Image.ROTATE_270, Image.TRANSVERSE, Image.ROTATE_90), 2))


class UnreadablePicture(ValueError):
    """These bytes cannot become a picture; `reason` is "type", "pixels" or "damaged", the text a sentence for the sender."""

    def __init__(self, reason: str, sentence: str):
        super().__init__(sentence)
        self.reason = reason


class Bounded(io.BytesIO):
    """A file that may be read so many times, and then is damaged."""

    reads = 0

    def read(self, *size: Any) -> bytes:
        self.reads += 1
        if self.reads > MAX_READS:
            raise OSError("read too often")
        return super().read(*size)


def open_picture(data: bytes) -> Image.Image:
    """Decode bytes to an upright RGB picture; transparency becomes white, of an animation the first frame stays.

    A large JPEG is decoded at a half, a quarter or an eighth, never under twice SIZE.
    Raises UnreadablePicture for another format, more than MAX_PIXELS, or damaged bytes.
    """
    # Of EXIF Pillow would read each entry, and 5,000 of them can each name the same 60 KB; of MPF likewise
    hidden = data.replace(b"Exif\0\0", b"Exif\0-").replace(b"MPF\0", b"MPF-") if data[:2] == b"\xff\xd8" else data
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's quote the file, and the log is to hold nothing of it
            picture = Image.open(Bounded(hidden), formats=list(FORMATS))
            if picture.width * picture.height > MAX_PIXELS:
                raise UnreadablePicture("pixels", "The picture has more than 40 megapixels. Shrink it and send it again.")
            refuse_toil(picture, data)
            picture.draft("RGB", (2 * SIZE, 2 * SIZE))
            picture.load()
            exif = data.partition(b"Exif\0\0")[2] if picture.format == "JPEG" else picture.info.get("exif", b"")
            return on_white(upright(picture, exif))
    except UnreadablePicture:
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture("type", "The file is none of JPEG, PNG, WebP, GIF and BMP. Save the picture as one of these and send it again.") from None
    except Image.DecompressionBombError:
        raise UnreadablePicture("pixels", "The picture has more than 40 megapixels. Shrink it and send it again.") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged bytes
        raise UnreadablePicture("damaged", "The picture is damaged or cut off. Open it, save it anew and send that.") from error


def refuse_toil(picture: Image.Image, data: bytes) -> None:
    """Refuse what takes seconds to decode for its few bytes."""
    if picture.format == "JPEG" and data.count(b"\xff\xda") * picture.width * picture.height > MAX_SCANNED:
        raise UnreadablePicture("damaged", "The JPEG has too many progressive scans. Open it, save it anew and send that.")
    if picture.format == "JPEG" and ARITHMETIC.search(data):
        raise UnreadablePicture("type", "The JPEG is in arithmetic coding. Open it, save it as a usual JPEG and send that.")
    if picture.format == "BMP" and picture.tile[0][0] == "bmp_rle":  # decoded byte by byte in Python
        raise UnreadablePicture("type", "The BMP is run-length encoded. Save the picture as a PNG and send that.")


def upright(picture: Image.Image, exif: bytes) -> Image.Image:
    """The picture turned as EXIF says; where EXIF is nonsense the pixels are still good."""
    exif = exif[6:] if exif.startswith(b"Exif\0\0") else exif
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        start, = struct.unpack_from(order + "L", exif, 4)
        count, = struct.unpack_from(order + "H", exif, start)
        entries = struct.iter_unpack(order + "HHLHH", exif[start + 2 : start + 2 + 12 * count])
        value = next(value for tag, _, _, value, _ in entries if tag == ORIENTATION)
    except (TypeError, struct.error, StopIteration):
        return picture
    return picture.transpose(UPRIGHT[value]) if value in UPRIGHT else picture


def on_white(picture: Image.Image) -> Image.Image:
    """Any mode to RGB, transparent parts on white, 16 bits a pixel scaled to 8."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def squeeze(picture: Image.Image) -> Image.Image:
    """Resize to SIZE x SIZE whatever the aspect: the one decision on resizing, for training and serving."""
    return picture.resize((SIZE, SIZE), Image.BICUBIC, reducing_gap=3.0)


def to_square(picture: Image.Image) -> np.ndarray:
    """Picture -> float32 (3, SIZE, SIZE) in [0, 1]."""
    square = np.asarray(squeeze(picture), dtype=np.float32) / 255  # (SIZE, SIZE, 3)
    return np.ascontiguousarray(square.transpose(2, 0, 1))  # (3, SIZE, SIZE)


def to_picture(square: np.ndarray) -> Image.Image:
    """Float array (3, H, W) in [0, 1] -> picture."""
    planes = (square * 255).round().clip(0, 255).astype(np.uint8)  # (3, H, W)
    return Image.merge("RGB", [Image.fromarray(plane) for plane in planes])


def at_aspect(square: np.ndarray, aspect: float) -> Image.Image:
    """Undo the squeeze: (3, SIZE, SIZE) -> a picture of that width over height, its shorter side SIZE pixels."""
    width, height = (round(SIZE * aspect), SIZE) if aspect >= 1 else (SIZE, round(SIZE / aspect))
    return to_picture(square).resize((width, height), Image.BICUBIC)


def grid(album: List[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """Pictures of one size, in rows of `columns`, on white."""
    width, height = album[0].width + gap, album[0].height + gap
    rows = -(-len(album) // columns)
    sheet = Image.new("RGB", (columns * width - gap, rows * height - gap), "white")
    for place, picture in enumerate(album):
        sheet.paste(picture, (place % columns * width, place // columns * height))
    return sheet


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a picture file; `kind` is Pillow's name of the format."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def data_uri(picture: Image.Image, kind: str = "PNG") -> str:
    """A picture as it can stand in JSON and in <img src>: PNG for what is drawn, JPEG for a photo, which is sooner and smaller.

    Of zlib's strategies run lengths alone are the fastest, and here the smallest too.
    """
    options = {"PNG": {"compress_type": zlib.Z_RLE}, "JPEG": {"quality": 95, "subsampling": 0}}[kind]
    return "data:image/%s;base64,%s" % (kind.lower(), base64.b64encode(encoded(picture, kind, **options)).decode())


def animation(album: List[Image.Image], milliseconds: int = 80) -> bytes:
    """A GIF that plays the pictures there and back, for ever."""
    there_and_back = album + album[-2:0:-1]
    return encoded(there_and_back[0], "GIF", save_all=True, append_images=there_and_back[1:], duration=milliseconds, loop=0)
