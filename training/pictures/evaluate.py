"""How good the shipped weights are: `make evaluate-pictures` prints it, and writes
models/pictures/evaluation.md, a sheet of all styles beside it (gallery.png), and what each layer likes
(static/pictures/layers/).

The photos come with scikit-learn and matplotlib or ship with the page: no training saw them, but for two
streets.
"""

import pathlib
import statistics
import subprocess
import sys
import time

import matplotlib
import numpy as np
import sklearn.datasets
import torch
from PIL import Image, ImageDraw

from models import registry
from models.pictures import frames, service
from models.pictures.model import Dream, dreamer, painter
from models.pictures.network import LAYERS
from training.cars.metrics import early, lite0
from training.pictures import data
from training.pictures.features import grams, seen, squeezenet
from training.pictures.losses import gram, style_distance
from training.pictures.scripts import usual_dream

# B pictures, C channels, S styles

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "models/pictures/evaluation.md"
GALLERY = PAGE.parent / "gallery.png"
LIKES = ROOT / "static/pictures/layers"
SIDE, TOLD, BAR = 512, 384, 0.9  # pixels of timings; of the pictures that are told apart; share that must be
SHEET = 160  # pixels of a picture in the gallery
LARGEST = {"style": 768, "dream": 512}
# a call of its own process, and the most memory that it took, in MB
CALL = """
import pathlib, re, sys
import local
kind, target, file = sys.argv[1:]
headers = {"content-type": kind, "accept": "image/png"}
event = local.event_of("POST", target, headers, pathlib.Path(file).read_bytes())
answer = local.function_of(event)(event, None)
most = re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
print(answer["statusCode"], int(most.group(1)) / 1024)
"""


def photos():
    """{name: picture} to try the styles on: people, a temple, a flower, cars, streets, a page, grey."""
    scenes = pathlib.Path(sklearn.datasets.__file__).parent / "images"
    person = Image.open(pathlib.Path(matplotlib.get_data_path()) / "sample_data/grace_hopper.jpg")
    found = {"person": person.convert("RGB"), "grey": person.convert("L").convert("RGB")}
    found.update((name, Image.open(scenes / (name + ".jpg")).convert("RGB")) for name in ("china", "flower"))
    for name in ("street-black", "street-red", "beetle-orange", "coupe-green", "saloon-gold"):
        found[name] = Image.open(data.STATIC / "examples" / (name + ".jpg")).convert("RGB")
    return {**found, "page": data.page(np.random.default_rng(3), 512)}


def painted(network, picture, style):
    """A picture in a style."""
    return frames.to_picture(network.paint(frames.to_array(picture), {style: 1.0}))


def told_apart(network, album):
    """The share of pictures whose nearest painting is the one of their style, in features of two networks.

    SqueezeNet's are those that training made small; EfficientNet-lite0's no loss has used.
    """
    squeezed, light = squeezenet(), lite0()
    views = {
        "SqueezeNet": lambda x: grams(seen(squeezed, x)),
        "EfficientNet-lite0": lambda x: dict(enumerate(map(gram, early(light, x)))),
    }
    found = {name: [] for name in views}
    with torch.no_grad():
        aims = {
            name: [view(data.painting(style, side)) for style, *_, side in data.STYLES]
            for name, view in views.items()
        }
        for picture in album.values():
            for number, style in enumerate(network.styles):
                x = data.tensor(painted(network, frames.fitted(picture, TOLD), style))[None]
                for name, view in views.items():
                    seen_here = view(x)
                    apart = [
                        sum(float(style_distance(seen_here[layer], aim[layer])) for layer in aim)
                        for aim in aims[name]
                    ]
                    found[name].append(int(np.argmin(apart)) == number)
    return found


def milliseconds(work, calls=3):
    """The median of a warm call, of processor time: others may want the processor too."""
    times = []
    for _ in range(calls + 1):
        began = time.process_time()
        work()
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times[1:])


def timings(network, dreams):
    """{what: milliseconds} on one core, of the networks alone."""
    photo = {side: frames.to_array(photos()["china"].resize((side, side))) for side in (256, 512, 768)}
    found = {
        "style, %d x %d" % (side, side): milliseconds(lambda: network.paint(photo[side], {"wave": 1.0}))
        for side in photo
    }
    found["dream, 512 x 512, as usual"] = milliseconds(lambda: dreams.dream(photo[512], usual_dream()), 1)
    most = usual_dream()._replace(
        layer=len(LAYERS) - 1, steps=service.MOST_STEPS, octaves=service.MOST_OCTAVES
    )
    found["dream, 512 x 512, the longest"] = milliseconds(lambda: dreams.dream(photo[512], most), 1)
    return found


def memories(folder):
    """{what: MB} that a process of its own takes at most: a photo at the largest sizes, and 40 megapixels."""
    square, huge = folder / "square.png", folder / "huge.jpg"
    photo = photos()["china"]
    photo.resize((1024, 1024)).save(str(square))
    photo.resize((7000, 5700)).save(str(huge), quality=50)
    calls = {
        "style, 768 x 768": ("/pictures/style?style=wave&size=768", square),
        "style, 768 pixels of 40 megapixels": ("/pictures/style?style=wave&size=768", huge),
        "dream, 512 x 512": ("/pictures/dream?size=512&steps=2", square),
    }
    found = {}
    for name, (target, file) in calls.items():
        words = [sys.executable, "-c", CALL, "image/" + file.suffix[1:], target, str(file)]
        out = subprocess.run(
            words, cwd=str(ROOT), stdout=subprocess.PIPE, universal_newlines=True, check=True
        )
        status, most = out.stdout.split()[-2:]
        found[name] = float(most) if status == "200" else "answered %s" % status
    return found


def strength_nought(album):
    """The lowest PSNR in dB of JPEG answers at strength 0 from the photo at the answer's size."""
    found = []
    for picture in album.values():
        photo = frames.fitted(picture, SIDE)
        data_ = frames.encoded(photo, "JPEG", quality=95, subsampling=0)
        again = frames.open_picture(data_, SIDE)
        found.append(-10 * np.log10(np.mean((frames.to_array(again) - frames.to_array(photo)) ** 2) + 1e-10))
    return min(found)


def gallery(network, album):
    """The paintings, and a row a photo in each style, into GALLERY."""
    names = ("person", "street-black", "beetle-orange", "china")
    rows = [[None] + [Image.open(data.PAINTINGS / (style + ".jpg")) for style in network.styles]]
    for name in names:
        photo = frames.fitted(album[name], 320)
        rows.append([photo] + [painted(network, photo, style) for style in network.styles])
    sheet = Image.new("RGB", (len(rows[0]) * SHEET, len(rows) * SHEET), "white")
    for down, row in enumerate(rows):
        for right, picture in enumerate(row):
            if picture is None:
                continue
            small = frames.fitted(picture.convert("RGB"), SHEET - 6)
            place = (right * SHEET + (SHEET - small.width) // 2, down * SHEET + (SHEET - small.height) // 2)
            sheet.paste(small, place)
    ImageDraw.Draw(sheet).line((0, SHEET, sheet.width, SHEET), fill="lightgrey")
    sheet.quantize(192, dither=Image.NONE).save(str(GALLERY), optimize=True)


def likes(dreams):
    """What each layer makes of plain grey with some noise: a picture a layer in LIKES, if it is not there."""
    LIKES.mkdir(exist_ok=True)
    noise = np.random.RandomState(1).standard_normal((3, 192, 192)).astype(np.float32)
    for number, layer in enumerate(dreams.record["layers"]):
        path = LIKES / (layer["name"] + ".jpg")
        if not path.exists():
            dreamt = dreams.dream((0.5 + 0.05 * noise).clip(0, 1), Dream(number, None, 20, 3, 0.7))
            frames.to_picture(dreamt).crop((16, 16, 176, 176)).save(str(path), quality=85)


def main():
    torch.set_num_threads(1)
    network, dreams, album = painter(), dreamer(), photos()
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    gallery(network, album)
    likes(dreams)
    told = told_apart(network, album)
    record = registry.record("pictures")
    lines = [
        "# How good the pictures are",
        "",
        "Written by `make evaluate-pictures`, version %s, on %d photos in each of %d styles."
        % (record["version"], len(album), len(network.styles)),
        "",
        "![each style on four photos](gallery.png)",
        "",
        "| | |",
        "|---|---|",
    ]
    lines += [
        "| told from %d styles by Gram matrices of %s | %d of %d |"
        % (len(data.STYLES), name, sum(hits), len(hits))
        for name, hits in told.items()
    ]
    lines.append("| strength 0, least like the photo, as JPEG | %.1f dB |" % strength_nought(album))
    lines += [
        "| %s, one core, processor time | %.0f ms |" % entry for entry in timings(network, dreams).items()
    ]
    lines += [
        "| most memory, %s | %s |" % (name, most if isinstance(most, str) else "%.0f MB" % most)
        for name, most in memories(folder).items()
    ]
    sizes = {role: entry["bytes"] for role, entry in record["files"].items()}
    lines.append(
        "| files | %s |" % ", ".join("%s %.2f MB" % (role, size / 1e6) for role, size in sizes.items())
    )
    page = "\n".join(lines) + "\n"
    PAGE.write_text(page)
    print(page)
    if np.mean(told["SqueezeNet"]) < BAR:
        print("Fewer than %d %% are told apart: train longer." % (100 * BAR))


if __name__ == "__main__":
    main()
