"""What the deployment costs a month: the table of docs/deploy.md, from list prices, from serverless.yml, and from calls measured here.

    make costs      (ARGS="--cars 60 --words 3 --translation 200 --answer 20" takes milliseconds and kB from you, and measures nothing)
The free tier is left out.
"""

import argparse
import base64
import os
import pathlib
import statistics
import time

import yaml

ROOT = pathlib.Path(__file__).parent.parent
MODELS = ["cars", "words", "translation"]
# Dollars in us-east-1, x86: list prices as they have stood for years, entered by hand and not looked up again in November 2026. The pages are /lambda/pricing,
# /api-gateway/pricing, /cloudwatch/pricing, /s3/pricing, /ecr/pricing and /ec2/pricing/on-demand (traffic) of aws.amazon.com: look there before you rely on them.
GATEWAY, REQUEST = 1.00e-6, 0.20e-6  # a call of the HTTP API; of Lambda
SECOND, WARM_SECOND = 0.0000166667, 0.0000041667  # a GB-second that works; one that is kept started
LOG, TRAFFIC, FREE_TRAFFIC = 0.50, 0.09, 100  # a GB written; a GB to callers beyond so many
IMAGE, STORED, ALARM = 0.10, 0.023, 0.10  # a GB in ECR; a GB in S3; one alarm
LINE = 0.7e-6  # GB of log a call: our line, and Lambda's three
IMAGES = 0.6  # GB: the most that tests/test_deploy.py lets an image have
MONTH = 30 * 24 * 3600  # seconds


def settings():
    """serverless.yml, of which the tags of CloudFormation say nothing here."""
    class Loader(yaml.SafeLoader):
        pass
    Loader.add_multi_constructor("!", lambda loader, tag, node: None)
    return yaml.load((ROOT / "serverless.yml").read_text(), Loader)


def gigabytes():
    """The memory of each function."""
    functions = settings()["functions"]
    return {name: functions[name]["memorySize"] / 1024 for name in MODELS}


def month(calls, milliseconds, kilobytes):
    """{what: dollars} of so many calls, a third of them to each model."""
    memory = gigabytes()
    seconds = sum(memory[name] * milliseconds[name] / 1000 for name in MODELS) / len(MODELS)  # GB-seconds of a call
    stored = sum(path.stat().st_size for path in (ROOT / "weights").iterdir()) / 1e9
    return {
        "HTTP API, $1.00 a million": calls * GATEWAY,
        "Lambda requests, $0.20 a million": calls * REQUEST,
        "Lambda time, $%.10f a GB-second: calls × %.4f" % (SECOND, seconds): calls * seconds * SECOND,
        "logs, $0.50 a GB: calls × 0.7 kB": calls * LINE * LOG,
        "answers, $0.09 a GB over the first 100: calls × %.0f kB" % kilobytes: max(0, calls * kilobytes / 1e6 - FREE_TRAFFIC) * TRAFFIC,
        "images, $0.10 a GB: 2 × %.1f" % IMAGES: 2 * IMAGES * IMAGE,
        "weights, $0.023 a GB: %.2f" % stored: stored * STORED,
    }


def told(milliseconds, kilobytes):
    """The text of docs/deploy.md, as lines."""
    months = [month(calls, milliseconds, kilobytes) for calls in (0, 10_000, 1_000_000)]
    memory, options = gigabytes(), settings()["params"]["default"]
    yield "A call takes %s, and an answer has %.0f kB; a third of the calls goes to each model." % (
        ", ".join("%.0f ms of %s at %.0f MB" % (milliseconds[name], name, 1024 * memory[name]) for name in MODELS), kilobytes)
    yield ""
    yield "| | 0 calls | 10,000 calls | 1,000,000 calls |"
    yield "|---|---|---|---|"
    for what in months[0]:
        yield "| %s | %s |" % (what, " | ".join("%.2f" % one[what] for one in months))
    yield "| **together** | %s |" % " | ".join("**$%.2f**" % sum(one.values()) for one in months)
    yield ""
    yield "Four alarms are $%.2f. A container that is kept started (`warm=1`) is %s a month." % (
        4 * ALARM, ", ".join("$%.2f for %s" % (memory[name] * MONTH * WARM_SECOND, name) for name in MODELS))
    calls, busy = options["per-second"] * MONTH, options["most"] * MONTH * SECOND * sum(memory.values())
    yield "The guards bound the worst month: at %d calls a second throughout it has %.0f million calls and costs $%.0f; were all containers busy " \
          "all the time, their time would be $%.0f." % (options["per-second"], calls / 1e6, sum(month(calls, milliseconds, kilobytes).values()), busy)


def measured():
    """Milliseconds of a warm call of each model on one core, and kB of their answers: the medians of nine."""
    os.environ["OMP_NUM_THREADS"] = "1"  # as Lambda has one processor at this memory
    import handler
    import local

    handler.logger.setLevel("ERROR")
    photo = (ROOT / "static" / "examples" / "beetle-orange.jpg").read_bytes()
    text = b'{"text": "Zwei Kinder spielen im Park."}'
    calls = {"cars": ("POST", "/cars/reconstruct", {"content-type": "image/jpeg"}, photo), "words": ("GET", "/words/neighbours?word=paris", {}, b""),
             "translation": ("POST", "/translation", {"content-type": "application/json"}, text)}
    milliseconds, sizes = {}, []
    for name, call in calls.items():
        times = []
        for _ in range(10):  # the first one loads
            event = local.event_of(*call)
            began = time.perf_counter()
            answer = local.function_of(event)(event, None)
            times.append(1000 * (time.perf_counter() - began))
        milliseconds[name] = round(statistics.median(times[1:]))
        sizes.append(len(base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"]))
    return milliseconds, round(sum(sizes) / len(sizes) / 1000)


def main():
    parser = argparse.ArgumentParser(description="Print what a month costs.")
    for name in MODELS:
        parser.add_argument("--" + name, type=float, help="milliseconds of a call, instead of measuring")
    parser.add_argument("--answer", type=float, help="kB of an answer")
    given = vars(parser.parse_args())
    known = None not in given.values()
    milliseconds, kilobytes = ({name: given[name] for name in MODELS}, given["answer"]) if known else measured()
    print("\n".join(told(milliseconds, kilobytes)))


if __name__ == "__main__":
    main()
