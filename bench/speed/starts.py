"""From a process's start to its first answer under AWS's Runtime Interface Client: ours as deployed, beside the seeds' way and onnxruntime."""

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
A_ROUND, MOST = 2000, 8  # milliseconds that a way starts again for in each round, and times at most
THIRTEEN = str(ROOT / ".venv-3.13" / "bin" / "python")


class Start(NamedTuple):
    """A function as it lies on a disk: which Python, which folders it imports from, what it is asked."""

    python: str
    folders: Tuple[Any, ...]  # the first is where it starts
    handler: str
    event: str
    variables: Dict[str, str] = {}


def earlier():
    """The code of before, compiled for both Pythons, as a folder to import from first, beside its weights; none where the history does not go back so far."""
    folder = changes.code_of(changes.STARTS)
    for python in (sys.executable, THIRTEEN) if folder else ():
        trees.compiled(trees.base_of(python), folder)
    return (folder,) if folder else ()


def starts(before):
    house, peers, thirteen = trees.base_of(sys.executable), trees.base_of(PEERS), trees.base_of(THIRTEEN)
    image, torch, seeds, onnx = image_variables(), (BUILD / "torch",), {"MODEL_PATH": "seeds.pt"}, {"MODEL_PATH": "cars.onnx"}
    zipped = (HANDLERS, HANDLERS / "unpacking", BUILD / "runtime")
    words, api, runtime = ROOT / "build" / "words", ROOT / "build" / "api", ROOT / "build" / "runtime-3.13"
    return {
        "cars": {
            "ours, a photo": Start(house, torch, "handler.cars", "photo", image),
            "ours, a form": Start(house, torch, "handler.cars", "form", image),
            "onnxruntime, lean": Start(peers, (HANDLERS, BUILD / "onnx"), "onnx_cars.handler", "photo", {**onnx, "LEAN": "1"}),
            "onnxruntime with boto3": Start(peers, (HANDLERS, BUILD / "onnx"), "onnx_cars.handler", "form", onnx),
            "the seeds' handler, unpacked": Start(house, (HANDLERS, BUILD / "seeds", BUILD / "runtime"), "seeds.handler", "form", seeds),
            "the seeds' handler as deployed": Start(house, zipped, "seeds.handler", "form", {**seeds, "REQUIREMENTS_ZIP": str(BUILD / "seeds.zip")}),
            **{"ours, a %s, with whole packages" % event: Start(house, (BUILD / "seeds", BUILD / "torch"), "handler.cars", event, image) for event in ("photo", "form")},
            "ours on torch 2.13": Start(TODAY, (ROOT,), "handler.cars", "photo", image),
            **{"ours, a photo, before": Start(house, (folder,) + torch, "handler.cars", "photo", {**image, "WEIGHTS_BUCKET": folder.name}) for folder in before},
        },
        "words": {
            "ours, similarity": Start(thirteen, (words, runtime), "handler.words", "similarity"),
            "ours, neighbours": Start(thirteen, (words, runtime), "handler.words", "neighbours"),
            "bare imports": Start(thirteen, (words, runtime), "", ""),
            **{"ours, similarity, before": Start(thirteen, (folder, words, runtime), "handler.words", "similarity", {"WEIGHTS_BUCKET": folder.name}) for folder in before},
        },
        "translation": {
            "ours": Start(house, torch, "handler.translation", "sentence", image),
            "onnxruntime, lean": Start(peers, (HANDLERS, BUILD / "onnx"), "onnx_translation.handler", "sentence", {"LEAN": "1"}),
            "onnxruntime with boto3": Start(peers, (HANDLERS, BUILD / "onnx"), "onnx_translation.handler", "sentence"),
            "ours on torch 2.13": Start(TODAY, (ROOT,), "handler.translation", "sentence", image),
            **{"ours, before": Start(house, (folder,) + torch, "handler.translation", "sentence", {**image, "WEIGHTS_BUCKET": folder.name}) for folder in before},
        },
        "api": {"ours": Start(thirteen, (api, runtime), "handler.api", "health", {"MODELS": "cars,translation,words"})},
    }


def once(start, store, calls=1):
    environment = {**cloud.variables(store), "PYTHONPATH": ":".join(map(str, start.folders)), "PYTHONDONTWRITEBYTECODE": "1", **start.variables}
    if start.handler:
        return cloud.started([start.python, "-m", "awslambdaric", start.handler], start.folders[0], environment, EVENTS[start.event], calls)
    began = time.perf_counter()
    subprocess.run([start.python, "-c", "import numpy, awslambdaric, aws_lambda_powertools"], env=environment, check=True)
    return {"ready": (took := 1000 * (time.perf_counter() - began)), "answer": took, "peak": 0, "warm": []}


def measured(seconds, quick):
    """{function, cache: {way: {"median": of the first answer, …, "ready", "peak"}}}: cold and warm page cache in turn.

    The swifter a way, the more often it starts in a round, since its starts spread more beside their median. Each round has an order of its
    own, since it tells who starts after whom. The first round is not counted, since it writes what caches there are, and torch 2.13 starts with a
    warm cache alone: others may use its files.
    """
    trees.with_code(BUILD / "torch")
    before = () if quick else earlier()
    store, found, began, turn, order = cloud.server_of(cloud.Store), {}, time.monotonic(), 0 if quick else -1, random.Random(1)
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
                            cloud.dropped(*(folder for folder in start.folders if folder != ROOT), start.variables.get("REQUIREMENTS_ZIP", ""))
                        one = once(start, store)
                        kept[way][cache] += [one] if turn >= 0 else []
        turn += 1
    store.shutdown()
    return {"%s, %s page cache" % (function, cache): {way: row(kept[cache]) for way, kept in ways.items() if kept[cache]}
            for function, ways in found.items() for cache in ("warm", "cold")}


def row(taken):
    ready, peak = (round(statistics.median(one[name] for one in taken)) for name in ("ready", "peak"))
    return {**spread([one["answer"] for one in taken]), "ready": ready, "peak": peak}
