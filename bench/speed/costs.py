"""The bytes that are sent and stored, and the price of a million calls of each route, from milliseconds
measured here and the prices in deploy/costs.py.
"""

import json
import zipfile

from bench.speed.peers import HOUSE, ROOT, Peer, image_variables, spread
from bench.speed.requests import ROUTES
from deploy.costs import API, FUNCTIONS, GATEWAY, MONTH, REQUEST, SECOND, WARM_SECOND

# MB with which a function has one whole processor; with less, it has a share, and its calls take longer
WHOLE = 1769
# A container that runs all the time, one processor and 2 GB: AWS Fargate in us-east-1, Linux on x86, per
# hour, from vantage.sh/blog/fargate-pricing. AWS's own page is aws.amazon.com/fargate/pricing: look there
# before you rely on it.
FARGATE = 0.04048 + 2 * 0.004445


def routed():
    """A function that answers any of our routes."""
    import handler
    import local

    handler.logger.setLevel("ERROR")
    return lambda event: local.function_of(event)(event, None)["statusCode"]


WAYS = {"routed": routed}


def price(milliseconds, memory):
    """Dollars of a million calls of this many milliseconds."""
    return 1e6 * (GATEWAY + REQUEST + milliseconds / 1000 * memory / 1024 * SECOND)


def dollars(milliseconds, memory):
    """The same, of calls that take so long on a whole processor."""
    return price(milliseconds / min(1, memory / WHOLE), memory)


def routes(seconds, reconstructs):
    """{route: milliseconds on one core, MB, dollars}, with containers that run all the time for comparison,
    and with the seeds' handler where `reconstructs` are figures of the same run.
    """
    memory, rows = (
        {**{name: function["memory"] for name, function in FUNCTIONS.items()}, "api": API["memory"]},
        {},
    )
    with Peer(HOUSE, __name__, "routed", variables=image_variables()) as peer:
        for event in ROUTES:
            taken = []
            while len(taken) < 3 or sum(taken) < 1000 * seconds:
                times, status = peer.ask(event)
                taken += times
                assert status == 200, event["routeKey"]
            of = event["routeKey"].partition("/")[2].partition("/")[0]
            rows[event["routeKey"]] = {**spread(taken), "memory": memory.get(of, memory["api"])}
    if reconstructs:
        seeds = {**reconstructs["the seeds' handler"], "memory": memory["cars"]}
        rows["the seeds' handler, at the memory of ours"] = seeds
    for row in rows.values():
        row["dollars"] = round(dollars(row["median"], row["memory"]), 2)
    hours = MONTH / 3600
    rows["a container that never sleeps, a month, on Fargate"] = {"dollars": round(FARGATE * hours, 2)}
    rows["a Lambda container kept started, a month, without its calls"] = {
        "memory": memory["cars"],
        "dollars": round(memory["cars"] / 1024 * MONTH * WARM_SECOND, 2),
    }
    return rows


def packages():
    """{what: megabytes on the disk, and compressed}."""
    found = json.loads((ROOT / "build" / "bench" / "sizes.json").read_text())
    for name in [name for name, function in FUNCTIONS.items() if function["torch"] == "none"] + ["api"]:
        path = ROOT / "build" / (name + ".zip")
        with zipfile.ZipFile(str(path)) as archive:
            found["zip of " + name] = {
                "disk": sum(entry.file_size for entry in archive.infolist()),
                "packed": path.stat().st_size,
            }
    for name in FUNCTIONS:
        files = json.loads((ROOT / "weights" / (name + ".json")).read_text())["files"].values()
        size = sum(entry["bytes"] for entry in files)
        found["weights of " + name] = {"disk": size, "packed": size}
    return {
        what: {name: round(size / 1e6, 1) for name, size in sizes.items()} for what, sizes in found.items()
    }
