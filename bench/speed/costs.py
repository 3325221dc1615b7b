"""What is sent and kept, in bytes, and what a million calls of each route cost by the milliseconds measured here and deploy/costs.py's prices."""

import json
import zipfile

from bench.speed.peers import HOUSE, ROOT, Peer, image_variables, spread
from bench.speed.requests import ROUTES
from deploy.costs import GATEWAY, MONTH, REQUEST, SECOND, WARM_SECOND, settings

WHOLE = 1769  # MB at which a function has one whole processor; with less it has a share, and its calls take longer
# A container that never sleeps, one processor and 2 GB: AWS Fargate in us-east-1, Linux on x86, by the hour, as vantage.sh/blog/fargate-pricing
# gives it. AWS's own page is aws.amazon.com/fargate/pricing: look there before you rely on it.
FARGATE = 0.04048 + 2 * 0.004445


def routed():
    """Answers any of our routes, whichever function has it."""
    import handler
    import local

    handler.logger.setLevel("ERROR")
    return lambda event: local.function_of(event)(event, None)["statusCode"]


WAYS = {"routed": routed}


def dollars(milliseconds, memory):
    """Of a million calls that take so long on a whole processor."""
    seconds = milliseconds / 1000 / min(1, memory / WHOLE)
    return 1e6 * (GATEWAY + REQUEST + seconds * memory / 1024 * SECOND)


def routes(seconds, reconstructs):
    """{route: milliseconds on one core, MB, dollars}, and the seeds' handler and containers that never sleep beside them."""
    memory, rows = {name: entry["memorySize"] for name, entry in settings()["functions"].items()}, {}
    with Peer(HOUSE, __name__, "routed", variables=image_variables()) as peer:
        for event in ROUTES:
            taken = []
            while len(taken) < 3 or sum(taken) < 1000 * seconds:
                times, status = peer.ask(event)
                taken += times
                assert status == 200, event["routeKey"]
            of = event["routeKey"].partition("/")[2].partition("/")[0]
            rows[event["routeKey"]] = {**spread(taken), "memory": memory.get(of, memory["api"])}
    rows["the seeds' handler, at the memory of ours"] = {**reconstructs["the seeds' handler"], "memory": memory["cars"]}
    for row in rows.values():
        row["dollars"] = round(dollars(row["median"], row["memory"]), 2)
    hours = MONTH / 3600
    rows["a container that never sleeps, a month, on Fargate"] = {"dollars": round(FARGATE * hours, 2)}
    rows["a Lambda container kept started, a month, without its calls"] = {"memory": memory["cars"], "dollars": round(memory["cars"] / 1024 * MONTH * WARM_SECOND, 2)}
    return rows


def packages():
    """{what: megabytes on the disk, and packed as it travels}"""
    found = json.loads((ROOT / "build" / "bench" / "sizes.json").read_text())
    for name in ("words", "api"):
        path = ROOT / "build" / (name + ".zip")
        with zipfile.ZipFile(str(path)) as archive:
            found["zip of " + name] = {"disk": sum(entry.file_size for entry in archive.infolist()), "packed": path.stat().st_size}
    for name in ("cars", "words", "translation"):
        files = json.loads((ROOT / "weights" / (name + ".json")).read_text())["files"].values()
        size = sum(entry["bytes"] for entry in files)
        found["weights of " + name] = {"disk": size, "packed": size}
    return {what: {name: round(size / 1e6, 1) for name, size in sizes.items()} for what, sizes in found.items()}
