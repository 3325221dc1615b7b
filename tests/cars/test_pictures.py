"""Every kind of picture that people upload, and the sentences for files that are none."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from models.cars import pictures


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def seen(picture, kind, **options):
    """What open_picture makes of a picture saved in a format: uint8 (H, W, 3)."""
    return np.asarray(pictures.open_picture(encoded(picture, kind, **options)))


@pytest.mark.parametrize("kind", list(pictures.FORMATS))
def test_every_promised_format_is_read(kind):
    """A red picture comes back red."""
    assert np.abs(seen(Image.new("RGB", (40, 30), (200, 10, 10)), kind).astype(int) - (200, 10, 10)).max() < 6


def test_a_phone_held_upright_gives_an_upright_picture():
    """EXIF orientation 6 turns the picture by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    assert seen(Image.new("RGB", (40, 30)), "JPEG", exif=exif).shape == (40, 30, 3)


def test_transparency_becomes_white():
    """A fully transparent PNG is white."""
    assert seen(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG").min() == 255


def test_a_palette_with_transparency_becomes_white():
    """A GIF's transparent colour is white as well."""
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    assert seen(picture, "GIF", transparency=0).min() == 255


def test_sixteen_bits_are_scaled_and_not_cut():
    """Half of 65535 is mid-grey."""
    picture = Image.fromarray(np.full((8, 8), 32768, np.uint16))
    assert abs(int(seen(picture, "PNG")[0, 0, 0]) - 127) <= 1


def test_cmyk_is_read_as_colour():
    """A CMYK JPEG of no ink is white."""
    assert seen(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG").min() > 250


def test_an_animation_shows_its_first_frame():
    """The first of two frames, red and blue, is red."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    assert tuple(seen(frames[0], "GIF", save_all=True, append_images=frames[1:])[0, 0]) == (255, 0, 0)


def test_squeezing_and_undoing_it_keeps_the_aspect():
    """A picture of 300 x 100 comes back three times as wide as high."""
    square = pictures.to_square(Image.new("RGB", (300, 100), "blue"))
    assert square.shape == (3, 128, 128) and square.dtype == np.float32
    assert pictures.at_aspect(square, 3).size == (384, 128)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\xff\xff",
        b"garbage",
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nonsense_in_exif_is_no_reason_to_refuse(kind, exif):
    """The pixels are still good. Pillow's warnings, which are errors here, do not get out."""
    assert seen(Image.new("RGB", (8, 8), "white"), kind, exif=exif).min() > 250


def test_a_palette_with_a_transparency_for_each_colour_becomes_white():
    """Colour 0 is transparent in a PNG's table of bytes."""
    assert seen(Image.new("P", (8, 8), 0), "PNG", transparency=b"\0\x80").min() == 255


def test_half_transparent_black_on_white_is_grey():
    assert abs(int(seen(Image.new("LA", (2, 2), (0, 128)), "PNG")[0, 0, 0]) - 127) <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1)])
def test_a_line_of_pixels_is_a_picture(size):
    assert pictures.to_square(pictures.open_picture(encoded(Image.new("RGB", size), "PNG"))).shape == (
        3,
        128,
        128,
    )


def chunk(kind, data):
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def text_bomb():
    """A PNG of one pixel with 200 MB of compressed text."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + head
        + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 1))
        + chunk(b"IEND", b"")
    )


def scan_bomb():
    """A progressive JPEG of 16 megapixels that repeats its last scan 2,000 times: 20 s of decoding."""
    data = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = data[data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda")) : -2]
    return data[:-2] + 2000 * last + b"\xff\xd9"


def flat(width, height):
    """A BMP whose header gives this size."""
    data = bytearray(encoded(Image.new("RGB", (8, 8)), "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def bomb():
    """A PNG whose header gives 100,000 x 100,000 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "type"),
        (b"no picture at all", "type"),
        (b"%PDF-1.4", "type"),
        (encoded(Image.new("RGB", (8, 8)), "TIFF"), "type"),
        (encoded(Image.new("RGB", (64, 64), "red"), "JPEG")[:300], "damaged"),
        (encoded(Image.effect_noise((64, 64), 90), "PNG")[:900], "damaged"),
        (bomb(), "pixels"),
        (encoded(Image.new("1", (8000, 5001)), "PNG"), "pixels"),
        (encoded(Image.new("1", (12_000, 10_000)), "PNG"), "pixels"),
        (text_bomb(), "damaged"),
        (scan_bomb(), "damaged"),
        (flat(2**31 - 1, 2**31 - 1), "pixels"),
        (flat(6000, 6000), "damaged"),
        (flat(0, 8), "type"),
        (b"GIF89a\0\0\0\0\0\0\0,\0\0\0\0\0\0\0\0\0\2\0;", "type"),
    ],
)
def test_what_is_no_picture_says_why(data, reason):
    """Another type, damaged bytes, and more than 40 megapixels have different reasons."""
    with pytest.raises(pictures.UnreadablePicture) as caught:
        pictures.open_picture(data)
    assert caught.value.reason == reason
