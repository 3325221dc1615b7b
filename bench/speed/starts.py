"""The time from the start of a process to its first answer under AWS's Runtime Interface Client: ours as
deployed, the seeds' way, and onnxruntime.
"""

import random
import statistics
import subprocess
import sys
import time
from typing import Any, Dict, NamedTuple, Tuple

from bench.speed import changes, cloud, trees
from bench.speed.peers import PEERS, ROOT, TODAY, image_variables, spread
from bench.speed.requests import EVENTS

BUILD, HANDLERS = trees.BUILD, trees.HANDLERS
# a way starts again in each round until this many milliseconds have passed, at most MOST times
A_ROUND, MOST = 2000, 8
THIRTEEN = str(ROOT / ".venv-3.13" / "bin" / "python")
RUNTIME = ROOT / "build" / "runtime-3.13"  # Lambda's runtime client for THIRTEEN
ONNX = (HANDLERS, BUILD / "onnx")


class Start(NamedTuple):
    """A function on the disk: its Python, the folders that it imports from, and its question."""

    python: str
    folders: Tuple[Any, ...]  # it starts in the first one
    handler: str
    event: str
    variables: Dict[str, str] = {}


def earlier():
    """(folder,) of the earlier code, compiled for both Pythons, with its weights. Empty if git's history does
    not go back that far.
    """
    folder = changes.code_of(changes.STARTS)
    for python in (sys.executable, THIRTEEN) if folder else ():
        trees.compiled(trees.base_of(python), folder)
    return (folder,) if folder else ()


def starts(before):
    """{function: {way: Start}}. `before`: what `earlier` returns."""
    api = (ROOT / "build" / "api", RUNTIME)
    variables = {"MODELS": "cars,translation,words"}
    return {
        "cars": cars_starts(before),
        "words": words_starts(before),
        "translation": translation_starts(before),
        "api": {"ours": Start(trees.base_of(THIRTEEN), api, "handler.api", "health", variables)},
    }


def cars_starts(before):
    house, torch, image = trees.base_of(sys.executable), BUILD / "torch", image_variables()
    ways = {
        "ours, a photo": Start(house, (torch,), "handler.cars", "photo", image),
        "ours, a form": Start(house, (torch,), "handler.cars", "form", image),
        "ours, refined": Start(house, (torch,), "handler.cars", "refined", image),
        **peers_of_cars(house),
    }
    for event in ("photo", "form"):
        ways["ours, a %s, with whole packages" % event] = Start(
            house, (BUILD / "seeds", torch), "handler.cars", event, image
        )
    ways["ours on torch 2.13"] = Start(TODAY, (ROOT,), "handler.cars", "photo", image)
    for folder in before:
        ways["ours, a photo, before"] = Start(
            # code of before there was refinement, which has no such field
            house,
            (folder, torch),
            "handler.cars",
            "refined",
            {**image, "WEIGHTS_BUCKET": folder.name},
        )
    return ways


def peers_of_cars(house):
    peers, seeds = trees.base_of(PEERS), {"MODEL_PATH": "seeds.pt"}
    onnx, runtime = {"MODEL_PATH": "cars.onnx"}, BUILD / "runtime"
    zipped = {**seeds, "REQUIREMENTS_ZIP": str(BUILD / "seeds.zip")}
    return {
        "onnxruntime, lean": Start(peers, ONNX, "onnx_cars.handler", "photo", {**onnx, "LEAN": "1"}),
        "onnxruntime with boto3": Start(peers, ONNX, "onnx_cars.handler", "form", onnx),
        "the seeds' handler, unpacked": Start(
            house, (HANDLERS, BUILD / "seeds", runtime), "seeds.handler", "form", seeds
        ),
        "the seeds' handler as deployed": Start(
            house, (HANDLERS, HANDLERS / "unpacking", runtime), "seeds.handler", "form", zipped
        ),
    }


def words_starts(before):
    thirteen, packages = trees.base_of(THIRTEEN), (ROOT / "build" / "words", RUNTIME)
    ways = {
        "ours, similarity": Start(thirteen, packages, "handler.words", "similarity"),
        "ours, neighbours": Start(thirteen, packages, "handler.words", "neighbours"),
        "bare imports": Start(thirteen, packages, "", ""),
    }
    for folder in before:
        ways["ours, similarity, before"] = Start(
            thirteen, (folder, *packages), "handler.words", "similarity", {"WEIGHTS_BUCKET": folder.name}
        )
    return ways


def translation_starts(before):
    house, peers = trees.base_of(sys.executable), trees.base_of(PEERS)
    torch, image = BUILD / "torch", image_variables()
    ways = {
        "ours": Start(house, (torch,), "handler.translation", "sentence", image),
        "onnxruntime, lean": Start(peers, ONNX, "onnx_translation.handler", "sentence", {"LEAN": "1"}),
        "onnxruntime with boto3": Start(peers, ONNX, "onnx_translation.handler", "sentence"),
        "ours on torch 2.13": Start(TODAY, (ROOT,), "handler.translation", "sentence", image),
    }
    for folder in before:
        ways["ours, before"] = Start(
            house,
            (folder, torch),
            "handler.translation",
            "sentence",
            {**image, "WEIGHTS_BUCKET": folder.name},
        )
    return ways


def once(start, store, calls=1):
    environment = {
        **cloud.variables(store),
        "PYTHONPATH": ":".join(map(str, start.folders)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **start.variables,
    }
    if start.handler:
        return cloud.started(
            [start.python, "-m", "awslambdaric", start.handler],
            start.folders[0],
            environment,
            EVENTS[start.event],
            calls,
        )
    began = time.perf_counter()
    subprocess.run(
        [start.python, "-c", "import numpy, awslambdaric, aws_lambda_powertools"], env=environment, check=True
    )
    return {"ready": (took := 1000 * (time.perf_counter() - began)), "answer": took, "peak": 0, "warm": []}


def measured(seconds, quick):
    """{function, cache: {way: {"median": of the first answer, …, "ready", "peak"}}}, with cold and warm page
    cache in turn.

    A fast way starts more often per round, because its times vary more relative to their median. Each round
    has a random order, because the way before it may influence a start. The first round is not counted,
    because it fills the caches. torch 2.13 starts only with a warm cache, because other processes may use its
    files.
    """
    trees.with_code(BUILD / "torch")
    before = () if quick else earlier()
    store, found, began, turn, order = (
        cloud.server_of(cloud.Store),
        {},
        time.monotonic(),
        0 if quick else -1,
        random.Random(1),
    )
    while turn < (2 if quick else 3) or time.monotonic() - began < seconds:
        for function, ways in starts(before).items():
            kept = found.setdefault(function, {way: {"warm": [], "cold": []} for way in ways})
            for way in order.sample(list(ways), len(ways)):
                start = ways[way]
                if quick and (start.python == TODAY or way.endswith("whole packages")):
                    continue
                for cache in ("warm",) if start.python == TODAY or (quick and turn) else ("cold", "warm"):
                    last = kept[way][cache][-1]["answer"] if kept[way][cache] else A_ROUND
                    for _ in range(min(max(int(A_ROUND / last), 1), MOST)):
                        if cache == "cold":
                            cloud.dropped(
                                *(folder for folder in start.folders if folder != ROOT),
                                start.variables.get("REQUIREMENTS_ZIP", ""),
                            )
                        one = once(start, store)
                        kept[way][cache] += [one] if turn >= 0 else []
        turn += 1
    store.shutdown()
    return {
        "%s, %s page cache" % (function, cache): {
            way: row(kept[cache]) for way, kept in ways.items() if kept[cache]
        }
        for function, ways in found.items()
        for cache in ("warm", "cold")
    }


def row(taken):
    ready, peak = (round(statistics.median(one[name] for one in taken)) for name in ("ready", "peak"))
    return {**spread([one["answer"] for one in taken]), "ready": ready, "peak": peak}
