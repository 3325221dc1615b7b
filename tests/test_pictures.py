"""Every kind of picture that people upload, and what they are told when it is none."""

import io
import struct

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


def bomb():
    """A PNG that says it has 100,000 x 100,000 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    import zlib

    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("data, reason", [
    (b"", "type"),
    (b"no picture at all", "type"),
    (b"%PDF-1.4", "type"),
    (encoded(Image.new("RGB", (8, 8)), "TIFF"), "type"),
    (encoded(Image.new("RGB", (64, 64), "red"), "JPEG")[:300], "damaged"),
    (encoded(Image.effect_noise((64, 64), 90), "PNG")[:900], "damaged"),
    (bomb(), "pixels"),
    (encoded(Image.new("1", (8000, 5001)), "PNG"), "pixels"),
])
def test_what_is_no_picture_says_why(data, reason):
    """Another type, damaged bytes, and more than 40 megapixels are told apart."""
    with pytest.raises(pictures.UnreadablePicture) as caught:
        pictures.open_picture(data)
    assert caught.value.reason == reason
