"""How time and memory grow with what is asked: length of a text, number of texts, width of the beam, pixels,
words, callers. `python -m bench.growth` prints the table that docs/performance.md has and draws its chart.

A curve's slope is the exponent p of time ~ size^p, fitted to its upper half. 1 is linear; less means that a
fixed part counts. A slope above STEEP needs a reason, which the table tells.
"""

import http.client
import io
import itertools
import math
import re
import sys
import threading
import time
from typing import Any, Callable, NamedTuple, Tuple

from PIL import Image

from bench.callers import CALLS, loaded, served
import local
from bench.speed import costs
from bench.speed.peers import HOUSE, ROOT, Peer, image_variables, spread
from bench.speed.requests import PHOTO, got, posted
from deploy.costs import FUNCTIONS

STEEP = 1.15
CHART = ROOT / "docs" / "growth.png"
# of a page about a film, and of a German letter: as much of them as a size asks for
REVIEW = "The plot is thin, but the actors are warm and funny, and I did not look at the clock once. "
LETTER = (ROOT / "bench" / "speed" / "german.txt").read_text().replace("\n", " ")
LONG = "Der Mann mit dem grünen Hut und die Frau mit dem roten Mantel und das Kind mit dem Ball und "
WORDS = "tea coffee car truck paris london king queen dog cat red blue small large run walk eat drink".split()
DOUBLINGS = (1, 2, 4, 8, 16, 32)


class Curve(NamedTuple):
    """What grows, from the smallest size to the largest that the API takes. event(size) asks for it."""

    model: str
    grows: str
    unit: str
    sizes: Tuple[int, ...]
    event: Callable[[int], Any]
    because: str = ""  # why it is steeper than linear
    power: int = 1  # 2: the size is a side, and its square is what is counted


def length_of(text, size):
    """The first `size` characters of a text that is repeated."""
    return (text * (size // len(text) + 1))[:size]


def photo(side):
    """A JPEG of the example's beetle, `side` pixels on its longer side."""
    picture = Image.open(io.BytesIO(PHOTO)).convert("RGB")
    factor = side / max(picture.size)
    file = io.BytesIO()
    picture.resize([round(factor * length) for length in picture.size], Image.BICUBIC).save(file, "JPEG")
    return local.event_of("POST", "/cars/reconstruct", {"content-type": "image/jpeg"}, file.getvalue())


def picture(path):
    body = (ROOT / "static" / "examples" / "street-red.jpg").read_bytes()
    return local.event_of("POST", path, {"content-type": "image/jpeg"}, body)


CURVES = (
    Curve(
        "translation",
        "length of a text of many sentences",
        "characters",
        (62, 125, 250, 500, 1000, 2000),
        lambda size: posted("/translation", text=length_of(LETTER, size)),
    ),
    Curve(
        "translation",
        "length of one sentence",
        "characters",
        (25, 50, 100, 200, 400),
        lambda size: posted("/translation", text=length_of(LONG, size)),
        "each further word of a translation looks at all words before it and at all of the source",
    ),
    Curve(
        "translation",
        "number of texts",
        "texts",
        DOUBLINGS,
        lambda size: posted("/translation", text=list(itertools.islice(LETTER.split(". "), size))),
    ),
    Curve(
        "translation",
        "width of the beam",
        "hypotheses",
        (1, 2, 4, 8, 10),
        lambda size: posted("/translation", text=LETTER[:67], beam=size),
    ),
    Curve(
        "cars",
        "number of new cars",
        "cars",
        DOUBLINGS + (64,),
        lambda size: posted("/cars/generate", count=size, seed=1),
    ),
    Curve(
        "cars",
        "steps of an interpolation",
        "pictures",
        DOUBLINGS[1:] + (64,),
        lambda size: posted("/cars/interpolate", latents=[[0.5] * 64, [-0.5] * 64], steps=size),
    ),
    Curve("cars", "size of a photo", "pixels", (128, 256, 512, 1024, 2048, 4096), photo, power=2),
    Curve(
        "words",
        "number of pairs",
        "pairs",
        (1, 10, 100, 1000),
        lambda size: posted(
            "/words/similarity",
            pairs=list(itertools.islice(itertools.cycle(itertools.product(WORDS, WORDS)), size)),
        ),
    ),
    Curve(
        "words",
        "number of neighbours",
        "words",
        (1, 10, 100),
        lambda size: got("/words/neighbours?word=car&count=%d" % size),
    ),
    Curve(
        "classification",
        "length of a text",
        "characters",
        (62, 125, 250, 500, 1000, 2000),
        lambda size: posted("/classification", text=length_of(REVIEW, size)),
    ),
    Curve(
        "classification",
        "length of a text, with the influence of each word",
        "characters",
        (60, 120, 240, 480, 960, 1920),
        lambda size: posted("/classification", text=length_of(REVIEW, size), explain=True),
        "the text is read again without each of its words, so it is a square",
    ),
    Curve(
        "classification",
        "number of texts",
        "texts",
        DOUBLINGS,
        lambda size: posted("/classification", text=[REVIEW + str(number) for number in range(size)]),
    ),
    Curve(
        "generation",
        "number of names",
        "names",
        (1, 5, 10, 25, 50),
        lambda size: posted("/generation/names", count=size, seed=1),
    ),
    Curve(
        "generation",
        "length of prose",
        "characters",
        (62, 125, 250, 500, 1000),
        lambda size: posted("/generation/prose", prompt="To be, ", length=size, seed=1),
    ),
    Curve(
        "pictures",
        "size of a painting",
        "pixels",
        (96, 192, 384, 768),
        lambda size: picture("/pictures/style?style=wave&size=%d" % size),
        power=2,
    ),
    Curve(
        "pictures",
        "size of a dream",
        "pixels",
        (128, 256, 512),
        lambda size: picture("/pictures/dream?size=%d" % size),
        power=2,
    ),
)


def watched():
    """A function that answers [event, whether to tell the peak]: the status, and the MB of memory that the
    process had at most meanwhile.
    """
    answer = costs.routed()

    def asked(question):
        event, tell = question
        if tell:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")  # the peak begins anew (proc(5))
        status = answer(event)
        if not tell:
            return status, 0
        with open("/proc/self/status") as file:
            return status, int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024

    return asked


WAYS = {"watched": watched}


def rows(curve, seconds):
    """{size: figures} of a curve, in one process; sizes take turns. `seconds` is at least for each size."""
    taken = {size: [] for size in curve.sizes}
    with Peer(HOUSE, __name__, "watched", variables=image_variables(), turn=1) as peer:
        events = {size: curve.event(size) for size in curve.sizes}
        peaks = {size: peer.ask([event, True])[1][1] for size, event in events.items()}
        until = time.monotonic() + seconds * len(events)
        while time.monotonic() < until or any(len(times) < 3 for times in taken.values()):
            for size, event in events.items():
                times, (status, _) = peer.ask([event, False])
                if status != 200:
                    raise SystemExit("%s, %s of %d: answered %d." % (curve.model, curve.grows, size, status))
                taken[size] += times
    return {size: {**spread(times), "peak": round(peaks[size])} for size, times in taken.items()}


def slope(sizes, milliseconds):
    """The exponent p of time ~ size^p, by least squares over the upper half of the sizes, on logarithms."""
    count = max(2, (len(sizes) + 1) // 2)
    pairs = [(math.log(x), math.log(y)) for x, y in zip(sizes[-count:], milliseconds[-count:])]
    x, y = (sum(values) / count for values in zip(*pairs))
    return sum((a - x) * (b - y) for a, b in pairs) / sum((a - x) ** 2 for a, _ in pairs)


def callers(seconds):
    """{callers: figures}: so many at once ask a local.py for neighbours, each for `seconds`."""
    found, call = {}, CALLS["GET /words/neighbours"]
    with served() as address:
        loaded(http.client.HTTPConnection(address), *call)
        for count in DOUBLINGS:
            taken, until = [], time.monotonic() + seconds

            def calling():
                connection = http.client.HTTPConnection(address)
                while time.monotonic() < until:
                    began = time.perf_counter()
                    connection.request(*call)
                    answer = connection.getresponse()
                    answer.read()
                    taken.append(1000 * (time.perf_counter() - began) if answer.status == 200 else None)
                connection.close()

            threads = [threading.Thread(target=calling) for _ in range(count)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if None in taken:
                raise SystemExit("Of %d callers at once, not all were answered 200." % count)
            found[count] = {**spread(taken), "peak": None}
    return found


def measured(seconds):
    """[{model, grows, unit, sizes, milliseconds, peaks, slope, because}], a second of each size or more."""
    curves = [(curve, rows(curve, seconds)) for curve in CURVES]
    waiting = Curve(
        "words", "callers at once, over HTTP", "callers", DOUBLINGS, got, "a core answers one after the other"
    )
    curves.append((waiting, callers(max(1, seconds))))
    return [
        {
            "model": curve.model,
            "grows": curve.grows,
            "unit": curve.unit,
            "sizes": [size**curve.power for size in curve.sizes],
            "milliseconds": [round(row["median"], 3) for row in found.values()],
            "peaks": [row["peak"] for row in found.values()],
            "slope": round(
                slope([size**curve.power for size in found], [row["median"] for row in found.values()]), 2
            ),
            "because": curve.because,
        }
        for curve, found in curves
    ]


def table(curves):
    """Markdown: from the smallest to the largest, and what the slope means."""
    yield "| what grows | from | to | ms | ms | MB | of | slope | |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for curve in curves:
        ends = ["{:,} {}".format(curve["sizes"][place], curve["unit"]) for place in (0, -1)]
        times = [
            ("%.0f" if ms >= 100 else "%.3g") % ms for ms in curve["milliseconds"][:: len(curve["sizes"]) - 1]
        ]
        peak, memory = curve["peaks"][-1], FUNCTIONS[curve["model"]]["memory"]
        yield "| %s: %s | %s | %s | %s | %.2f | %s |" % (
            curve["model"],
            curve["grows"],
            " | ".join(ends),
            " | ".join(times),
            "%d | %d" % (peak, memory) if peak else " | ",
            curve["slope"],
            curve["because"] if curve["slope"] > STEEP else "",
        )


def chart(curves):
    """docs/growth.png: a curve a model, on logarithmic scales, beside a line of slope 1."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = 4
    figure, places = plt.subplots(-(-len(curves) // columns), columns, figsize=(13, 12))
    for axes, curve in itertools.zip_longest(places.flat, curves):
        if curve is None:
            axes.axis("off")
            continue
        sizes, times = curve["sizes"], curve["milliseconds"]
        axes.loglog(sizes, times, "o-", color="#2a78a8")
        axes.loglog(sizes, [times[-1] * size / sizes[-1] for size in sizes], ":", color="grey")
        axes.set_title("%s: %s" % (curve["model"], curve["grows"]), fontsize=8, wrap=True)
        axes.set_xlabel(curve["unit"], fontsize=8)
        axes.set_ylim(min(times) / 2, max(times) * 2)
        axes.tick_params(which="both", labelsize=7)
    figure.supylabel("milliseconds (dotted: linear)", fontsize=9) if hasattr(figure, "supylabel") else None
    figure.tight_layout()
    figure.savefig(str(CHART), dpi=100)


if __name__ == "__main__":
    print("\n".join(table(measured(float(sys.argv[1]) if sys.argv[1:] else 1))))
