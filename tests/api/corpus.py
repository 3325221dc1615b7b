"""Kept bad inputs: pictures, forms, texts, JSON and whole events. tests/api/test_fuzz.py sends each of them,
and tests/api/fuzz.py starts from them.

All are made here with a few lines each. The largest have 4.5 MB, the most that a call may carry.
"""

import base64
import io
import json
import struct
import zlib

from PIL import Image

Z = 64  # numbers of a latent


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(kind, data):
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def segment(marker, data):
    """A segment of a JPEG file."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def directory(entries, size):
    """EXIF whose entries all point to the same bytes. A reader that copies each
    entry needs entries x size.
    """
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", entries)
    tags = b"".join(struct.pack("<HHLL", 1000 + tag, 7, size, 0) for tag in range(entries))
    return (head + tags).ljust(size + 8, b"\0")


PNG, JPEG, GIF = (encoded(Image.new("RGB", (8, 8), "red"), kind) for kind in ("PNG", "JPEG", "GIF"))
TINY = encoded(Image.new("RGB", (3, 2), "red"), "PNG")
BLOCKS = 13 + 3 * 2 ** ((GIF[10] & 7) + 1)  # where the blocks of a GIF begin, after its palette


def in_png(*chunks):
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def in_jpeg(*segments):
    # without a resolution in JFIF, so that Pillow looks for it in EXIF
    return JPEG[:2] + b"".join(segments) + JPEG[20:]


def in_gif(blocks):
    return GIF[:BLOCKS] + blocks + GIF[BLOCKS:]


def sized_png(width, height, kind=2):
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def sized_bmp(width, height, body=b"", compression=0):
    """A BMP of 256 colours whose header gives this size."""
    data = encoded(Image.new("P", (8, 8)), "BMP")[:1078]
    return (
        data[:18]
        + struct.pack("<ii", width, height)
        + data[26:30]
        + struct.pack("<II", compression, len(body))
        + data[38:]
        + body
    )


def many_scans(count):
    """A progressive JPEG of 16 megapixels that repeats its last scan."""
    data = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last = data[data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda")) : -2]
    return data[:-2] + count * last + b"\xff\xd9"


def turned(value, kind="JPEG"):
    exif = Image.Exif()
    exif[0x0112] = value
    return encoded(Image.new("RGB", (6, 3), "red"), kind, exif=exif)


NOISE = encoded(Image.effect_noise((300, 300), 90), "PNG")
PICTURES = {  # {name: (why open_picture refuses it, or None; a function that makes it)}
    "nothing": ("type", lambda: b"\0"),
    "a text": ("type", lambda: b"no picture at all"),
    "SVG": ("type", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "PDF before a PNG": ("type", lambda: b"%PDF-1.4\n" + PNG),
    "EPS": ("type", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n"),
    "TIFF": ("type", lambda: encoded(Image.new("RGB", (8, 8)), "TIFF")),
    "ICO": ("type", lambda: encoded(Image.new("RGB", (16, 16)), "ICO")),
    "the beginning of a GIF": ("type", lambda: b"GIF89a"),
    "a GIF without a size": ("type", lambda: b"GIF89a\0\0\0\0\0\0\0,\0\0\0\0\0\0\0\0\0\2\0;"),
    "a BMP of no width": ("type", lambda: sized_bmp(0, 8)),
    "a truncated JPEG": ("damaged", lambda: encoded(Image.effect_noise((64, 64), 90), "JPEG")[:300]),
    "a truncated PNG": ("damaged", lambda: NOISE[:900]),
    "a PNG with a zip after it": (None, lambda: PNG + b"PK\3\4" * 100),
    "a JPEG with a script after it": (None, lambda: JPEG + b"<script>alert(1)</script>"),
    "an animation": (
        None,
        lambda: encoded(
            Image.new("RGB", (8, 8), "red"),
            "GIF",
            save_all=True,
            append_images=[Image.new("RGB", (8, 8), "blue")] * 50,
        ),
    ),
    "an animated PNG": (
        None,
        lambda: encoded(
            Image.new("RGB", (8, 8), "red"),
            "PNG",
            save_all=True,
            append_images=[Image.new("RGB", (8, 8), "blue")] * 5,
        ),
    ),
    "an animated WebP": (
        None,
        lambda: encoded(
            Image.new("RGB", (8, 8), "red"),
            "WEBP",
            save_all=True,
            append_images=[Image.new("RGB", (8, 8), "blue")] * 5,
        ),
    ),
    "CMYK": (None, lambda: encoded(Image.new("CMYK", (8, 8)), "JPEG")),
    "16 bits": (None, lambda: encoded(Image.new("I;16", (8, 8), 40_000), "PNG")),
    "a palette with transparency": (
        None,
        lambda: encoded(Image.new("P", (8, 8), 0), "PNG", transparency=b"\0\x80"),
    ),
    "grey with transparency": (None, lambda: encoded(Image.new("LA", (8, 8), (0, 128)), "PNG")),
    "black and white": (None, lambda: encoded(Image.new("1", (9, 9), 1), "PNG")),
    "one pixel": (None, lambda: encoded(Image.new("RGB", (1, 1)), "PNG")),
    "a line": (None, lambda: encoded(Image.new("RGB", (40_000, 1)), "PNG")),
    "turned by EXIF": (None, lambda: turned(6)),
    "turned by EXIF in a PNG": (None, lambda: turned(8, "PNG")),
    "turned by EXIF in a WebP": (None, lambda: turned(5, "WEBP")),
    "turned by nonsense": (None, lambda: turned(9)),
    "40 megapixels": (None, lambda: encoded(Image.new("L", (6300, 6300)), "PNG")),
    "more than 40 megapixels": ("pixels", lambda: encoded(Image.new("1", (8000, 5001)), "PNG")),
    "a PNG of 10 gigapixels": ("pixels", lambda: sized_png(100_000, 100_000)),
    "a BMP of 4 exapixels": ("pixels", lambda: sized_bmp(2**31 - 1, 2**31 - 1)),
    "a PNG without its pixels": ("damaged", lambda: sized_png(6000, 6000)),
    "a PNG of 200 MB of text": (
        "damaged",
        lambda: in_png(chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 1))),
    ),
    "a PNG of 300,000 chunks": ("damaged", lambda: in_png(chunk(b"abCd", b"") * 300_000)),
    "EXIF that names 4 MB 4,000 times": (None, lambda: in_png(chunk(b"eXIf", directory(4_000, 4_000_000)))),
    "EXIF that names 60 kB 5,000 times": (
        None,
        lambda: in_jpeg(segment(0xE1, b"Exif\0\0" + directory(5_000, 61_000))),
    ),
    "MPF that names 60 kB 5,000 times": (
        None,
        lambda: in_jpeg(segment(0xE2, b"MPF\0" + directory(5_000, 61_000))),
    ),
    "a JPEG of 2,000 scans": ("damaged", lambda: many_scans(2_000)),
    "a JPEG of a million segments": ("damaged", lambda: in_jpeg(segment(0xE5, b"") * 1_000_000)),
    "a JPEG with 4 MB between its segments": ("damaged", lambda: JPEG[:2] + b"\xff" * 4_400_000 + JPEG[2:]),
    "a JPEG in arithmetic coding": (
        "type",
        lambda: JPEG.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc9\0\x11\x08"),
    ),
    "a GIF with a comment of 2 million blocks": (
        "damaged",
        lambda: in_gif(b"!\xfe" + b"\1x" * 2_200_000 + b"\0"),
    ),
    "a GIF of 700,000 comments": ("damaged", lambda: in_gif(b"!\xfe\1x\0" * 700_000)),
    "a run-length BMP of 36 megapixels": ("type", lambda: sized_bmp(6000, 6000, b"\1\1\0\0" * 5_000, 1)),
}


def part(disposition, value, more=b""):
    return b"--x\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + value + b"\r\n"


END = b"--x--\r\n"
SEED = part(b'form-data; name="seed"', b"7")
FORMS = {  # {name: (status of POST /cars/generate with boundary x, the body)}
    "whole": (200, SEED + END),
    "with a preamble and an epilogue": (200, b"hello\r\n" + SEED + END + b"bye"),
    "without parts": (200, END),
    "unterminated": (400, SEED),
    "cut off in a value": (400, SEED[:-3]),
    "cut off in a header": (400, SEED[:30]),
    "terminated like a part": (400, SEED + b"--x\r\n"),
    "blank": (400, b"\r\n"),
    "with another boundary": (400, SEED.replace(b"--x", b"--y") + b"--y--\r\n"),
    "with bare line feeds": (400, (SEED + END).replace(b"\r\n", b"\n")),
    "without a name": (400, part(b"form-data", b"7") + END),
    "with an empty name": (422, part(b'form-data; name=""', b"7") + END),
    "with a NUL in a name": (422, part(b'form-data; name="se\0ed"', b"7") + END),
    "with a name twice": (
        200,
        part(b'form-data; name="count"', b"1") + part(b'form-data; name="count"', b"2") + END,
    ),
    "nested": (
        422,
        part(
            b"form-data; name=seed",
            b"--y\r\nContent-Disposition: file; filename=a\r\n\r\n7\r\n--y--",
            b"Content-Type: multipart/mixed; boundary=y\r\n",
        )
        + END,
    ),
    "of 10,000 parts": (413, SEED * 10_000 + END),
    "with a header of 4 MB": (400, part(b"form-data; name=seed; a=" + b"h" * 4_000_000, b"7") + END),
    "with 500,000 headers": (400, part(b"form-data; name=seed", b"7", b"A: b\r\n" * 500_000) + END),
    "with a header of 500,000 lines": (
        400,
        part(b"form-data; name=seed", b"7", b"A: b\r\n" + b" c\r\n" * 500_000) + END,
    ),
    "with headers that never end": (400, b"--x\r\n" + b"h" * 4_000_000),
    "with a name of 4 MB": (400, part(b'form-data; name="' + b"n" * 4_000_000 + b'"', b"7") + END),
    "with 4 million digits": (422, part(b'form-data; name="seed"', b"9" * 4_000_000) + END),
    "with 4 million brackets": (422, part(b'form-data; name="seed"', b"[" * 4_000_000) + END),
    "with a picture that is none": (422, part(b'form-data; name="image"; filename="a.png"', b"a") + END),
}

LATENT = ",".join(["0"] * Z)
JSONS = {  # {status of POST /cars/generate: bodies}
    200: [
        b"{}",
        b'{"count": 1.0}',
        b'{"count": 9, "count": 1}',
        b'{"seed": 4294967295}',
        b'{"temperature": 1e-320}',
        b'{"latents": [[%s]]}' % LATENT.encode(),
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
    ],
    415: [b"\x1f\x8b\x08", b"\x1f\x8b" + bytes(4_000_000)],
    400: [
        b"{",
        b" ",
        b"{}{}",
        b"{'count': 1}",
        b'{"count": 01}',
        b'{"count": NaN}',
        b'{"temperature": -Infinity}',
        b'{"count": 1}\0',
        b"\x80",
        b"[" * 4_000_000,
        b'{"a":' * 500_000,
        b'{"latents": [[' + b"NaN," * 63 + b"NaN]]}",
    ],
    422: [
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b'{"count": 0}',
        b'{"count": 65}',
        b'{"count": 1.5}',
        b'{"count": "1"}',
        b'{"count": null}',
        b'{"count": true}',
        b'{"count": [1]}',
        b'{"count": 1e999}',
        b'{"count": ' + b"9" * 4_000_000 + b"}",
        b'{"seed": -1}',
        b'{"seed": 4294967296}',
        b'{"temperature": 2.0001}',
        b'{"aspect": 0}',
        b'{"latents": []}',
        b'{"latents": [[]]}',
        b'{"latents": null}',
        b'{"latents": [[%s]]}' % LATENT.replace("0", "1e999").encode(),
        b'{"latents": [[%s]]}' % LATENT.replace("0", "1" + "0" * 400).encode(),
        b'{"latents": [[%s]]}' % LATENT.replace("0", "true").encode(),
        b'{"latents": [[%s, 0]]}' % LATENT.encode(),
        b'{"latents": [' + b"[]," * 900_000 + b"[]]}",
        b'{"\\ud800": 1}',
        b'{"\\u202e<script>": 1}',
        b'{"__proto__": 1}',
        b'{"%s": 1}' % (b"k" * 4_000_000),
        b'{"image": "x"}',
        b'{"images": null}',
        json.dumps({str(n): n for n in range(300_000)}).encode(),
    ],
}

TEXTS = [  # for words and for translations
    "",
    " ",
    "\0",
    "\n",
    "a\nb",
    "\u200b",
    "\u200b\u200b",
    "\ufeff",
    "\u00ad",
    "\u202eabc",
    "\u2066abc",
    "\u202e",
    "\ud800",
    "Hallo \ud800 Welt.",
    "\udfff\ud800",
    "\u0627\u0644\u0633\u0644\u0627\u0645",
    "\u05e9\u05dc\u05d5\u05dd Welt",
    "\u0301" * 1000,
    "a\u0301" * 900,
    "\ufdfa" * 300,
    "I\u0307",
    "\u1e9e",
    "\uff43\uff41\uff52",
    "\U0001d520\U0001d51e\U0001d52f",
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 50,
    "\uffff",
    "\U0010ffff",
    "\u034f",
    "\u2581\u2581",
    "true",
    "null",
    "007",
    "[1]",
    '["a", "b"]',
    '{"a": 1}',
    "1e999",
    "-0",
    "NaN",
    "<script>alert(1)</script>",
    "</s> <s> <unk> <0x0A>",
    "%s %d {} {0} ${x}",
    "../../etc/passwd",
    "'; DROP TABLE words; --",
    "_",
    "__",
    "-",
    "'",
    "...",
    ",",
    ",,",
    "." * 2000,
    "a " * 1000,
    "A. " * 666,
    "x" * 2000,
    "x" * 2001,
    "\n" * 2000,
    "Z" * 81,
    "Hallo\r\nWelt\u2028x\x85y",
    "\u00df" * 80,
    "9" * 2000,
    "((((((((((" * 200,
    "\\" * 2000,
    '"' * 2000,
]


def event(route, query="", body=None, kind="application/json", headers=None, encoded=False):
    """An event of HTTP API v2, as the gateway sends it. `route` is a known one such as GET /health, or
    $default for any other path.
    """
    method, _, path = route.partition(" ")
    path = path or "/nothing"
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "cookies": ["a=b", "c=d"],
        "headers": {"content-type": kind, "host": "x", **(headers or {})},
        "requestContext": {
            "http": {
                "method": method if path != "/nothing" else "GET",
                "path": path,
                "sourceIp": "127.0.0.1",
            },
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode() if encoded and body is not None else body,
        "isBase64Encoded": encoded,
    }


def bare(route):
    """An event with only the keys that the gateway always sends."""
    method, _, path = route.partition(" ")
    return {
        "routeKey": route,
        "rawPath": path or "/",
        "requestContext": {"http": {"method": method if path else "GET", "path": path or "/"}},
    }


GENERATE = "POST /cars/generate"
EVENTS = {  # {name: (status, event)}
    "no body": (200, {**event(GENERATE), "body": None}),
    "no body, and base64": (200, {**event(GENERATE), "isBase64Encoded": True}),
    "an empty body": (200, event(GENERATE, body="")),
    "a body that is not base64": (200, event(GENERATE, body='{"seed": 1}')),
    "a body in base64": (200, event(GENERATE, body=b'{"seed": 1}', encoded=True)),
    "a body that says it is base64": (400, {**event(GENERATE, body='{"seed": 1}'), "isBase64Encoded": True}),
    "upper-case headers": (
        200,
        {
            **event(GENERATE, body='{"seed": 1}'),
            "headers": {"CONTENT-TYPE": "APPLICATION/JSON", "ACCEPT": "IMAGE/PNG"},
        },
    ),
    "no headers": (415, {**event(GENERATE, body="x"), "headers": {}}),
    "headers that are null": (200, {**bare("GET /words"), "headers": None}),
    "no query, headers and body": (200, bare("GET /health")),
    "a query that is null": (200, {**bare("GET /words"), "rawQueryString": None}),
    "a query alone": (200, {**bare("GET /words/vector"), "rawQueryString": "word=car"}),
    "a query and a body": (422, event("POST /words/similarity", "a=b", '{"pairs": [["a", "b"]]}')),
    "a picture as it is": (200, event("POST /cars/reconstruct", body=TINY, kind="image/png", encoded=True)),
    "a picture that is text": (415, event("POST /cars/reconstruct", body="GIF89a", kind="image/gif")),
    "a lone surrogate in a body": (400, event(GENERATE, body='{"\ud800": 1}')),
    "a path that is no text": (404, {**event("$default"), "rawPath": "/\udcff\u202e"}),
    "a folder above": (404, {**event("$default"), "rawPath": "/../handler.py"}),
    "a wrong method": (405, {**event("$default"), "rawPath": "/cars"}),
    "an Accept of 200,000 entries": (200, event(GENERATE, headers={"accept": "a/b;q=0.1," * 200_000})),
    "an If-None-Match of 4 MB": (200, event("GET /words", headers={"if-none-match": '"x",' * 1_000_000})),
    "a query of 100,000 fields": (
        413,
        event("GET /words/vector", "&".join("f%d=1" % n for n in range(100_000))),
    ),
    "a query of one field 100,000 times": (413, event("GET /words/vector", "word=a&" * 100_000)),
}


FIELDS = {  # {route: a body with a text in it}
    "POST /words/similarity": lambda text: {"pairs": [[text, "car"]]},
    "POST /translation": lambda text: {"text": [text, "Hallo."], "beam": 1, "attention": True},
    "POST /cars/edit": lambda text: {"latent": [0] * Z, "attributes": {text: 1}},
}


def whole():
    """Everything in this file as whole requests."""
    yield from (
        event("POST /cars/reconstruct", body=made(), kind="image/png", encoded=True)
        for _, made in PICTURES.values()
    )
    yield from (
        event(GENERATE, body=body, kind="multipart/form-data; boundary=x", encoded=True)
        for _, body in FORMS.values()
    )
    yield from (event(GENERATE, body=body, encoded=True) for bodies in JSONS.values() for body in bodies)
    yield from (
        event(route, body=json.dumps(filled(text))) for route, filled in FIELDS.items() for text in TEXTS
    )
    yield from (shape for _, shape in EVENTS.values())
