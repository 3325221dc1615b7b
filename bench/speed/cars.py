"""One warm reconstruct in its parts, compared with the seeds' handler and onnxruntime; generated pictures;
and the lower limit that the arithmetic sets.
"""

import importlib
import statistics
import sys
import time
from contextlib import ExitStack

from bench.speed import cloud
from bench.speed.peers import HOUSE, PEERS, ROOT, Peer, image_variables, spread

PARTS = {  # {part: functions whose time belongs to it}; the rest of the time is "encode"
    "ours": {
        "parse": ["api.request.read"],
        "decode": ["models.cars.pictures.open_picture", "models.cars.pictures.to_square"],
        "forward": [
            "models.cars.model.Model.find",
            "models.cars.model.Model.encode",
            "models.cars.model.Model.refine",
            "models.cars.model.Model.decode",
        ],
    },
    "seeds": {"parse": ["seeds.picture_in"], "decode": ["seeds.transform_image"], "forward": ["seeds.model"]},
    "onnx_cars": {
        "parse": ["onnx_cars.picture_in"],
        "decode": ["onnx_cars.square_of"],
        "forward": ["onnx_cars.drawn"],
    },
}


def watched(parts):
    """Make each of these functions add its milliseconds to its part. Returns {part: milliseconds}, which
    fills up.
    """
    spent = {}

    def wrap(place, part):
        *path, last = place.split(".")
        target, left = None, []
        while target is None:  # the longest prefix that is a module
            try:
                target = importlib.import_module(".".join(path))
            except ImportError:
                left.insert(0, path.pop())
        for name in left:
            target = getattr(target, name)
        function = getattr(target, last, None)
        if function is None:  # in code of an earlier day
            return

        def timed(*arguments, **named):
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent[part] = spent.get(part, 0) + 1000 * (time.perf_counter() - began)

        setattr(target, last, timed)

    for part, places in parts.items():
        for place in places:
            wrap(place, part)
    return spent


def served(answer, parts):
    """A function from an event to (the milliseconds of each part, whether it was answered)."""
    spent = watched(parts)

    def ask(event):
        spent.clear()
        began = time.perf_counter()
        status = answer(event, None)["statusCode"]
        total = 1000 * (time.perf_counter() - began)
        return {**spent, "encode": total - sum(spent.values()), "status": status}

    return ask


def ours(threads):
    import torch

    import handler

    torch.set_num_threads(threads)
    return served(handler.cars, PARTS["ours"])


def peer(name):
    sys.path.insert(0, str(ROOT / "bench" / "speed" / "handlers"))
    return served(importlib.import_module(name).handler, PARTS[name])


def arithmetic(threads):
    """This core's fastest product of two float32 matrices in GFLOP/s, and the GFLOP of both networks, ours as
    it is served.
    """
    import torch

    from bench.seeds import SeedsVAE
    from bench.speed.trees import served_cars
    from training.cars.metrics import gflop

    torch.set_num_threads(threads)
    a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
    networks = {
        "ours": gflop(served_cars()),
        "the seeds'": gflop(SeedsVAE()),
    }

    def ask(_):
        times = []
        for _ in range(20):
            began = time.perf_counter()
            torch.mm(a, b)
            times.append(time.perf_counter() - began)
        return {"gflop_a_second": 2 * 1024**3 / min(times) / 1e9, **networks}

    return ask


WAYS = {"ours": ours, "peer": peer, "arithmetic": arithmetic}


def waysof(threads, store):
    """{way: (peer, the event that it understands)}."""
    # imported here: the peers read this file, but do not have all packages of our handler
    from bench.speed.requests import EVENTS

    aws = cloud.variables(store)
    house = dict(threads=threads, variables=image_variables())
    return {
        "ours": (Peer(HOUSE, __name__, "ours", threads, **house), EVENTS["photo"]),
        "ours, a form": (Peer(HOUSE, __name__, "ours", threads, **house), EVENTS["form"]),
        "ours, refined": (Peer(HOUSE, __name__, "ours", threads, **house), EVENTS["refined"]),
        "the seeds' handler": (
            Peer(
                HOUSE, __name__, "peer", "seeds", threads=threads, variables={**aws, "MODEL_PATH": "seeds.pt"}
            ),
            EVENTS["form"],
        ),
        "onnxruntime": (
            Peer(
                PEERS,
                __name__,
                "peer",
                "onnx_cars",
                threads=threads,
                variables={**aws, "MODEL_PATH": "cars.onnx", "LEAN": "1"},
            ),
            EVENTS["photo"],
        ),
    }


def reconstructed(threads, seconds):
    """{way: spread, with the median of each part}, and the lower limit for both networks."""
    store, found = cloud.server_of(cloud.Store), {}
    with ExitStack() as stack:
        ways = waysof(threads, store)
        floor = stack.enter_context(
            Peer(HOUSE, __name__, "arithmetic", threads, threads=threads, variables=image_variables(), turn=1)
        )
        for peer, _ in ways.values():
            stack.enter_context(peer)
        peak = [floor.ask(0)[1]]
        began = time.monotonic()
        while len(peak) < 4 or time.monotonic() - began < seconds:
            for way, (peer, event) in ways.items():
                taken, parts = peer.ask(event)
                kept = found.setdefault(way, {"milliseconds": [], "parts": []})
                kept["milliseconds"] += taken
                kept["parts"].append(parts)
            peak.append(floor.ask(0)[1])
    store.shutdown()
    rows = {
        way: {
            **spread(one["milliseconds"]),
            **{
                part: round(statistics.median(parts.get(part, 0) for parts in one["parts"]), 2)
                for part in ("parse", "decode", "forward", "encode")
            },
        }
        for way, one in found.items()
    }
    speed = max(one["gflop_a_second"] for one in peak)
    for network, name in (("ours", "our"), ("the seeds'", "the seeds'")):
        rows["the floor of %s network: %.3f GFLOP at %.0f GFLOP/s" % (name, peak[0][network], speed)] = {
            "median": round(1000 * peak[0][network] / speed, 2)
        }
    return rows


def drawn(seconds):
    """{count: spread of the time of one picture}."""
    from bench.speed.requests import generate

    with Peer(HOUSE, __name__, "ours", 1, variables=image_variables(), turn=1) as peer:
        found, began = {count: [] for count in (1, 16, 64)}, time.monotonic()
        while len(found[64]) < 3 or time.monotonic() - began < seconds:
            for count in found:
                found[count] += [took / count for took in peer.ask(generate(count))[0]]
    return {"%d picture%s" % (count, "s" * (count > 1)): spread(times) for count, times in found.items()}


def measured(seconds):
    found = {
        "reconstruct, %d thread%s" % (threads, "s" * (threads > 1)): reconstructed(threads, seconds)
        for threads in (1, 2)
    }
    return {**found, "generate, a picture": drawn(seconds)}
