"""What the deployment costs in a month: prints the table of docs/deploy.md, from
list prices, from serverless.yml, and from calls measured on this machine.

    make costs      (ARGS="--cars-ms 60 --words-ms 3" takes your milliseconds of these; others are measured)
The free tier is not included.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import statistics
import sys
import time

import yaml

ROOT = pathlib.Path(__file__).parent.parent
FUNCTIONS = {
    path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(ROOT.glob("models/*/function.yml"))
}
API = yaml.safe_load((ROOT / "web" / "function.yml").read_text())
MODELS = list(FUNCTIONS)
# Dollars in us-east-1, x86: list prices as they have stood for years, entered by
# hand and not looked up again in November 2026. The pages are /lambda/pricing,
# /api-gateway/pricing, /cloudwatch/pricing, /s3/pricing, /ecr/pricing and
# /ec2/pricing/on-demand (traffic) of aws.amazon.com: look there before you rely on them.
GATEWAY, REQUEST = 1.00e-6, 0.20e-6  # a call of the HTTP API; of Lambda
SECOND, WARM_SECOND = 0.0000166667, 0.0000041667  # a GB-second that works; one that is kept started
LOG, TRAFFIC, FREE_TRAFFIC = 0.50, 0.09, 100  # a GB written; a GB to callers beyond so many
IMAGE, STORED, ALARM = 0.10, 0.023, 0.10  # a GB in ECR; a GB in S3; one alarm
LINE = 0.7e-6  # GB of log a call: our line, and Lambda's three
IMAGES = 0.6  # GB: the most that tests/deploy/test_deploy.py lets an image have
MONTH = 30 * 24 * 3600  # seconds


def settings():
    """The contents of serverless.yml; CloudFormation's tags are ignored."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, tag, node: None)
    return yaml.load((ROOT / "serverless.yml").read_text(), Loader)


def gigabytes():
    """{model: memory of its function in GB}"""
    return {name: function["memory"] / 1024 for name, function in FUNCTIONS.items()}


def month(calls, milliseconds, kilobytes):
    """{what: dollars} of a month with `calls` calls, split evenly among the models in `milliseconds`."""
    memory = gigabytes()
    # GB-seconds of a call
    seconds = sum(memory[name] * took / 1000 for name, took in milliseconds.items()) / len(milliseconds)
    images = sum(function["torch"] != "none" for function in map(FUNCTIONS.get, milliseconds))
    stored = sum(path.stat().st_size for path in (ROOT / "weights").iterdir()) / 1e9
    return {
        "HTTP API, $1.00 a million": calls * GATEWAY,
        "Lambda requests, $0.20 a million": calls * REQUEST,
        "Lambda time, $%.10f a GB-second: calls × %.4f" % (SECOND, seconds): calls * seconds * SECOND,
        "logs, $0.50 a GB: calls × 0.7 kB": calls * LINE * LOG,
        "answers, $0.09 a GB over the first 100: calls × %.0f kB" % kilobytes: max(
            0, calls * kilobytes / 1e6 - FREE_TRAFFIC
        )
        * TRAFFIC,
        "images, $0.10 a GB: %d × %.1f" % (images, IMAGES): images * IMAGES * IMAGE,
        "weights, $0.023 a GB: %.2f" % stored: stored * STORED,
    }


def told(milliseconds, kilobytes):
    """The lines that docs/deploy.md quotes."""
    months = [month(calls, milliseconds, kilobytes) for calls in (0, 10_000, 1_000_000)]
    memory, options = gigabytes(), settings()["params"]["default"]
    yield "A call takes %s, and an answer has %.0f kB. Each model gets the same number of calls." % (
        ", ".join(
            "%.0f ms of %s at %.0f MB" % (milliseconds[name], name, 1024 * memory[name])
            for name in milliseconds
        ),
        kilobytes,
    )
    yield ""
    yield "| | 0 calls | 10,000 calls | 1,000,000 calls |"
    yield "|---|---|---|---|"
    for what in months[0]:
        yield "| %s | %s |" % (what, " | ".join("%.2f" % one[what] for one in months))
    yield "| **together** | %s |" % " | ".join("**$%.2f**" % sum(one.values()) for one in months)
    yield ""
    alarms = len(milliseconds) + 1
    yield "The %d alarms cost $%.2f a month. A container kept running (`warm=1`) costs %s a month." % (
        alarms,
        alarms * ALARM,
        ", ".join("$%.2f for %s" % (memory[name] * MONTH * WARM_SECOND, name) for name in milliseconds),
    )
    calls, busy = (
        options["per-second"] * MONTH,
        options["most"] * MONTH * SECOND * sum(memory[name] for name in milliseconds),
    )
    yield (
        "The guards limit the worst month. With %d calls a second all the time, it has %.0f million calls "
        "and costs $%.0f. If all containers were busy all the time, their time would cost $%.0f."
        % (options["per-second"], calls / 1e6, sum(month(calls, milliseconds, kilobytes).values()), busy)
    )


def sent(call):
    """(method, target, headers, body) of the usual call that a model's
    function.yml names: with a picture, with JSON, or with only a query.
    """
    if "picture" in call:
        return (
            call["method"],
            call["path"],
            {"content-type": "image/jpeg"},
            (ROOT / call["picture"]).read_bytes(),
        )
    headers = {"content-type": "application/json"} if "json" in call else {}
    return call["method"], call["path"], headers, json.dumps(call["json"]).encode() if "json" in call else b""


def measured(given):
    """(milliseconds of a warm call of each model on one core, the median of nine, but for those that are
    given; mean kB of an answer)
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # as Lambda has one processor at this memory
    import local

    milliseconds, sizes = {}, []
    for name, function in FUNCTIONS.items():
        times, call = [], sent(function["call"])
        for _ in range(10):  # the first one loads
            event = local.event_of(*call)
            began = time.perf_counter()
            answer = local.function_of(event)(event, None)
            times.append(1000 * (time.perf_counter() - began))
        if answer["statusCode"] != 200:
            raise SystemExit(
                "%s answers %d and cannot be measured: `make export-%s` writes its weights."
                % (name, answer["statusCode"], name)
            )
        milliseconds[name] = given[name + "_ms"] or round(statistics.median(times[1:]))
        sizes.append(len(base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]))
    return milliseconds, round(sum(sizes) / len(sizes) / 1000)


@contextlib.contextmanager
def quiet():
    """Nothing is printed meanwhile, by this process or by the one of models with torch 2."""
    sys.stdout.flush()
    kept = {one: os.dup(one) for one in (1, 2)}
    try:
        with open(os.devnull, "w") as nowhere:
            for one in kept:
                os.dup2(nowhere.fileno(), one)
        yield
    finally:
        sys.stdout.flush()
        for one, copy in kept.items():
            os.dup2(copy, one)
            os.close(copy)


def parser():
    """The options; no name of a model has a hyphen, so that none can be --answer or --help."""
    options = argparse.ArgumentParser(prog="make costs", description="Print what a month costs.")
    for name in MODELS:
        options.add_argument(
            "--%s-ms" % name, type=float, help="milliseconds of a call, instead of measuring"
        )
    options.add_argument("--answer", type=float, help="kB of an answer, instead of measuring")
    return options


def main():
    given = vars(parser().parse_args())
    with quiet():
        milliseconds, kilobytes = measured(given)
    print("\n".join(told(milliseconds, given["answer"] or kilobytes)))


if __name__ == "__main__":
    main()
