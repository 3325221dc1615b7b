"""Prints the table of docs/bulk.md: a million sentences and 100,000 photos on Lambda, and on a rented
machine.

python -m bulk.costs --translation 56 --cars 56      (milliseconds of a call on one core, as `make costs`
prints them)
Prices are list prices of us-east-1, x86, without the free tier, entered by hand. Today's are at
/lambda/pricing, /step-functions/pricing, /s3/pricing and /ec2/pricing/on-demand of aws.amazon.com.
"""

import argparse
from typing import Dict, NamedTuple

from bulk import cloud
from deploy.costs import SECOND, STORED, TRAFFIC, gigabytes

MOST = 50  # containers at once: bulk-most in serverless.yml
START = 15  # seconds until the first answers: the start of the execution, and cold starts
MACHINE, MACHINE_CORES, MACHINE_HOUR = "c7i.4xlarge", 8, 0.714  # 16 threads on 8 cores; dollars per hour
GPU, GPU_HOUR = "g4dn.xlarge", 0.526  # a T4


class Work(NamedTuple):
    """An amount of work: the model, the number of items, and the kB up and down per item."""

    name: str
    model: str
    items: int
    up: float
    down: float
    pictures: bool


WORKS = [
    Work("1,000,000 sentences", "translation", 1_000_000, 0.15, 0.6, False),
    Work("100,000 photos", "cars", 100_000, 40.0, 25.0, True),
]


def by_lambda(work: Work, milliseconds: float) -> Dict[str, float]:
    """{part: dollars} of the functions NAME-bulk and of the services around them."""
    batches = work.items / (cloud.PICTURES if work.pictures else cloud.LINES)
    kept = work.items * (work.up + work.down) / 1e6 * STORED / 4  # for a week
    return {
        "Lambda time": work.items * milliseconds / 1000 * gigabytes()[work.model] * SECOND,
        "Step Functions, Lambda and S3 calls": batches * cloud.BATCH
        + work.items * (cloud.PUT + cloud.GET) * work.pictures,
        "S3 for a week": kept,
        "answers to outside AWS": work.items * work.down / 1e6 * TRAFFIC,
    }


def lines(work: Work, milliseconds: float):
    """The lines of the table for one work."""
    parts, seconds = by_lambda(work, milliseconds), work.items * milliseconds / 1000
    here = seconds / MACHINE_CORES / 3600
    total = sum(parts.values())
    yield "| %s at %.0f ms | minutes | dollars |" % (work.name, milliseconds)
    yield "|---|---|---|"
    for part, dollars in parts.items():
        yield "| %s | | %.2f |" % (part, dollars)
    yield "| **`make bulk`, %d functions at once** | **%.1f** | **%.2f** |" % (
        MOST,
        (seconds / MOST + START) / 60,
        total,
    )
    yield "| `make bulk LOCAL=1` on a %s, 8 processes | %.0f | %.2f |" % (
        MACHINE,
        here * 60,
        here * MACHINE_HOUR,
    )
    yield "| the same on one core of yours | %.0f | |" % (seconds / 60)
    yield ""
    rate = work.items / (total / GPU_HOUR * 3600)
    yield (
        "A GPU (%s, $%.3f an hour) is cheaper than the functions from %.0f items a second on, and than that "
        "machine from %.0f on." % (GPU, GPU_HOUR, rate, work.items / (here * MACHINE_HOUR / GPU_HOUR * 3600))
    )
    yield ""


def main(words=None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="What bulk work costs.")
    for work in WORKS:
        parser.add_argument("--" + work.model, type=float, required=True, help="milliseconds of a call")
    given = vars(parser.parse_args(words))
    for work in WORKS:
        print("\n".join(lines(work, given[work.model])))


if __name__ == "__main__":
    main()
