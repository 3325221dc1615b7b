"""Measured figures -> the ratios with their bars, docs/performance.md and its chart; and whether a ratio is
worse than the kept one.
"""

from typing import Any, Callable, Dict, NamedTuple, Optional

from bench import callers, growth, memory
from bench.speed.changes import REJECTED
from bench.speed.peers import ROOT

WORSE = 1.15  # `make bench-check` fails if a ratio is more than this factor times the kept one

Figures = Dict[str, Any]


class Bar(NamedTuple):
    """Our time divided by a peer's. subject, task and way select the rows of the figures."""

    what: str
    subject: str
    task: str
    way: str
    peer: str
    must: Optional[float]
    target: Optional[float]


START, FIRST = "starts", "%s, warm page cache"
# ratios of medians, smaller is better: those of the design's table, then a few that only must not grow
BARS = [
    Bar(
        "cars: one request, warm, over the seeds' handler with the seeds' network",
        "cars",
        "reconstruct, 1 thread",
        "ours",
        "the seeds' handler",
        0.25,
        0.15,
    ),
    Bar(
        "cars: the same, refined",
        "cars",
        "reconstruct, 1 thread",
        "ours, refined",
        "the seeds' handler",
        None,
        None,
    ),
    Bar(
        "cars: start to first answer, over the seeds' way as deployed",
        START,
        FIRST % "cars",
        "ours, a photo",
        "the seeds' handler as deployed",
        0.25,
        None,
    ),
    Bar(
        "cars: start to first answer, over onnxruntime with boto3",
        START,
        FIRST % "cars",
        "ours, a photo",
        "onnxruntime with boto3",
        1.0,
        None,
    ),
    Bar(
        "cars: start to first answer, a form as well, over onnxruntime with boto3",
        START,
        FIRST % "cars",
        "ours, a form",
        "onnxruntime with boto3",
        None,
        None,
    ),
    Bar(
        "cars: start to first answer, over lean onnxruntime",
        START,
        FIRST % "cars",
        "ours, a photo",
        "onnxruntime, lean",
        None,
        1.0,
    ),
    Bar(
        "words: start to first answer, over bare imports",
        START,
        FIRST % "words",
        "ours, similarity",
        "bare imports",
        1.5,
        1.2,
    ),
    Bar(
        "words: 10 neighbours among 100,000, over gensim",
        "words",
        "neighbours, 100,000 words",
        "ours",
        "gensim",
        0.5,
        None,
    ),
    Bar(
        "words: 10 neighbours among 100,000, over faiss exact",
        "words",
        "neighbours, 100,000 words",
        "ours",
        "faiss",
        None,
        1.0,
    ),
    Bar(
        "translation: 12 words, greedy, over CTranslate2 float32",
        "translation",
        "12 words, greedy",
        "ours",
        "CTranslate2 float32",
        1.0,
        None,
    ),
    Bar(
        "translation: start to first answer, over lean onnxruntime",
        START,
        FIRST % "translation",
        "ours",
        "onnxruntime, lean",
        None,
        None,
    ),
    Bar(
        "translation: 12 words, beam 5, over CTranslate2 float32",
        "translation",
        "12 words, beam 5",
        "ours",
        "CTranslate2 float32",
        1.3,
        None,
    ),
    Bar(
        "translation: 32 sentences, greedy, over CTranslate2 float32",
        "translation",
        "32 sentences, greedy",
        "ours",
        "CTranslate2 float32",
        1.0,
        None,
    ),
    Bar(
        "translation: 32 sentences, beam 5, over CTranslate2 float32",
        "translation",
        "32 sentences, beam 5",
        "ours",
        "CTranslate2 float32",
        1.3,
        None,
    ),
    Bar(
        "translation: a short everyday sentence, beam 5, over CTranslate2 int8",
        "translation",
        "50 everyday sentences, one by one, beam 5",
        "ours",
        "CTranslate2 int8",
        None,
        1.0,
    ),
    Bar(
        "words: an analogy among 100,000, over gensim",
        "words",
        "analogy, 100,000 words",
        "ours",
        "gensim",
        None,
        None,
    ),
    Bar(
        "words: 1,000 similarities, over gensim",
        "words",
        "1,000 similarities, 100,000 words",
        "ours",
        "gensim",
        None,
        None,
    ),
]


def ratios(figures: Figures) -> Dict[str, float]:
    """{name: our median divided by the peer's}, for the subjects that were measured."""
    found = {}
    for bar in BARS:
        if bar.subject in figures:
            rows = figures[bar.subject][bar.task]
            found[bar.what] = round(rows[bar.way]["median"] / rows[bar.peer]["median"], 3)
    return found


def regressions(before: Dict[str, float], now: Dict[str, float]):
    """{name: a sentence} for each ratio that is more than WORSE times the kept one."""
    return {
        what: "%s: %.3f, and it was %.3f." % (what, now[what], kept)
        for what, kept in before.items()
        if what in now and now[what] > WORSE * kept
    }


def bars_table(found):
    yield "| ours over a peer | reached | must | target | |"
    yield "|---|---|---|---|---|"
    for bar in BARS:
        said = [
            name
            for name, bound in (("must", bar.must), ("target", bar.target))
            if bound is not None and found[bar.what] <= bound
        ]
        missed = [
            name
            for name, bound in (("must", bar.must), ("target", bar.target))
            if bound is not None and found[bar.what] > bound
        ]
        verdict = (
            ", ".join(name + " reached" for name in said)
            + (", " if said and missed else "")
            + ", ".join("**%s missed**" % name for name in missed)
        )
        yield "| %s | %.2f | %s | %s | %s |" % (
            bar.what,
            found[bar.what],
            bar.must or "",
            bar.target or "",
            verdict,
        )


def milliseconds(row):
    if "low" not in row:
        return shown(row["median"])
    return "%s (%s to %s)" % tuple(shown(row[name]) for name in ("median", "low", "high"))


def shown(number):
    return "%.0f" % number if number >= 100 else "%.3g" % number


def table(rows, columns: Dict[str, Callable[[Any], str]], first=""):
    yield "| %s | %s |" % (first, " | ".join(columns))
    yield "|---" * (len(columns) + 1) + "|"
    for name, row in rows.items():
        yield "| %s | %s |" % (name, " | ".join(column(row) for column in columns.values()))


def field(name, form="%s"):
    return lambda row: form % row[name] if name in row else ""


def text(results):
    """docs/performance.md, line by line."""
    figures = results["figures"]
    yield from opening(results)
    yield from bars_table(results["ratios"])
    yield "\n![Ours and the peers](performance.png)"
    yield from starts_text(figures["starts"])
    if "phases" in figures:
        yield "\n**Where a start goes**\n"
        yield (
            "Each function is asked its usual call, with a warm page cache. The phases are those of the main "
            "thread: weights are fetched and hashed beside the imports, and only the time that is waited for "
            "them counts.\n"
        )
        yield from phases_table(figures["phases"])
    yield from cars_text(figures["cars"])
    yield "\n## Words\n"
    yield (
        "recall: the share of the ten that faiss's exact search finds; "
        "of similarities the largest difference.\n"
    )
    yield from tables(figures["words"], {"milliseconds": milliseconds, "recall": field("recall", "%.4g")})
    yield "\n## Translation\n"
    yield (
        "From text to text; CTranslate2 has the same weights. "
        "same: the share of the sentences that read as ours.\n"
    )
    yield from tables(figures["translation"], {"milliseconds": milliseconds, "same": field("same", "%.2f")})
    yield "\n## What is sent\n"
    yield from table(figures["packages"], {"MB on the disk": field("disk"), "MB packed": field("packed")})
    yield from costs_text(figures["costs"])
    if "callers" in figures:
        yield "\n## Over HTTP\n"
        yield (
            "Through the local server, and through the gateway of a stack in a fake AWS on this machine. "
            "Each on a connection that is kept and on a new one for each call. The way is the time of a call "
            "without the handler's own milliseconds, which Server-Timing names.\n"
        )
        yield from callers.table(figures["callers"])
    if "growth" in figures:
        yield "\n## How it grows\n"
        yield (
            "From a small call to the largest that the API takes, on one core: milliseconds in the median, "
            "the most memory that the function had in the largest, and the memory that it gets. The slope is "
            "the exponent p of time ~ size^p over the upper half of the sizes: 1 is linear, and less means "
            "that a fixed part counts. Callers share two cores.\n"
        )
        yield from growth.table(figures["growth"])
        yield "\n![How time grows](growth.png)"
    if figures.get("memory"):
        yield "\n## How much memory a function should have\n"
        yield (
            "The usual call at each setting, with the share of a processor that Lambda gives for it (a quota "
            "of a control group), and the price of a million such calls. A call that ends before its share "
            "of 20 ms is spent is not slowed. Best: the least product of time and price, where there is room "
            "for the largest call.\n"
        )
        yield from memory.table(figures["memory"])
    yield from changes_text(figures["changes"])


def tables(tasks, columns):
    """A table per task, under the task's name."""
    for task, rows in tasks.items():
        yield "\n**%s**\n" % task
        yield from table(rows, columns)


def opening(results):
    """What was measured, when, and on which machine."""
    machine = results["machine"]
    yield "# Performance\n"
    yield "Written by `make bench%s` on %s: %s, %d cores; Python %s, torch %s. %s\n" % (
        " QUICK=1" if results["quick"] else "",
        results["date"],
        machine["processor"],
        machine["cores"],
        machine["python"],
        machine["torch"],
        "Milliseconds: median (quartiles) of single calls, ours and the peers asked in turn in one run, one "
        "thread unless it says otherwise. "
        "The load average was %.1f at the start and %.1f at the end."
        % (machine["load"][0], machine["load"][1]),
    )
    if results.get("since"):
        later = ", ".join("%s on %s" % told for told in results["since"].items())
        yield (
            "Measured anew since, with `python -m bench.speed --only`: %s. Milliseconds of another day may "
            "be of another machine; ratios are of one run.\n" % later
        )


def starts_text(starts):
    """The times of starts, and how they were measured."""
    yield "\n## From a process's start to its first answer\n"
    yield (
        "Under AWS's own runtime client, weights and networks fetched from an S3 on this machine, so that "
        "the way to AWS's comes on top for all alike. Warm: the "
        "files are in the page cache. Cold: the packages' and the code's files were dropped from it by "
        "posix_fadvise, those of Python itself were not. The seeds' "
        "handler is their course's: boto3, torchvision and requests-toolbelt at import; as deployed, its "
        "packages are unpacked from a zip at each start, and "
        "nothing is compiled. All with torch 1.5.1 have it without CUDA. Ours is as in the image: with "
        "deploy/torch_serving.py for its own modules, its libraries bound, and of requests-toolbelt the "
        "decoder. The rows that say whole packages have them whole. Translation in onnxruntime is the "
        "same network with the same subwords, in two graphs, greedy; ours searches with a beam of 5.\n"
    )
    columns = {"ready": field("ready", "%d"), "peak memory, MB": field("peak", "%d")}
    yield from tables(starts, {"first answer": milliseconds, **columns})


def phases_table(phases):
    """A row for each phase of a start, a column for each model."""
    return table(phases, {name: field(name) for name in phases["together"]}, "milliseconds")


def cars_text(cars):
    """The times of reconstructions, with their parts, and of drawn pictures."""
    yield "\n## Cars\n"
    for task, rows in cars.items():
        parts = ("parse", "decode", "forward", "encode") if "reconstruct" in task else ()
        yield from tables(
            {task: rows}, {"milliseconds": milliseconds, **{part: field(part) for part in parts}}
        )


def costs_text(costs):
    """The price of a million calls of each route."""
    yield (
        "\n## A million calls\n\nBy list prices of us-east-1 (deploy/costs.py says from where and when): "
        "gateway, requests and time, without what is stored and sent. A function "
        "with less than one processor takes longer by as much.\n"
    )
    yield from table(
        costs,
        {
            "milliseconds on one core": lambda row: milliseconds(row) if "median" in row else "",
            "MB": field("memory"),
            "dollars": field("dollars", "%.2f"),
        },
    )


def changes_text(changes):
    """The effect of each change that made it faster, and what was tried and rejected."""
    if changes:
        yield "\n## What made it faster\n"
        yield (
            "Before and after in this run: the code of before, the packages as they come, "
            "or the environment without the variable.\n"
        )
        yield from table(
            changes,
            {
                "before, ms": lambda row: milliseconds(row["before"]),
                "after, ms": lambda row: milliseconds(row["after"]),
                "after over before": lambda row: "%.2f" % (row["after"]["median"] / row["before"]["median"]),
            },
        )
    yield "\nTried, and left:\n"
    yield from ("- " + line for line in REJECTED)


def chart(results):
    """docs/performance.png: each ratio that has a bar, on a logarithmic scale. 1 is the peer."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = [bar.what for bar in BARS][::-1]
    values = [results["ratios"][name] for name in names]
    figure, axes = plt.subplots(figsize=(10, 0.42 * len(names) + 1))
    axes.barh(names, values, color=["#2a78a8" if value <= 1 else "#c9822b" for value in values])
    axes.set_xscale("log")
    axes.set_xticks([0.1, 0.2, 0.5, 1, 2, 5])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.axvline(1, color="black", linewidth=1)
    for bar in BARS:
        for bound, style in ((bar.must, "|"), (bar.target, ".")):
            if bound is not None:
                axes.plot([bound], [bar.what], style, color="black", markersize=16 if style == "|" else 8)
    axes.set_xlabel("ours over the peer (line: must, dot: target)")
    figure.tight_layout()
    figure.savefig(str(ROOT / "docs" / "performance.png"), dpi=110, bbox_inches="tight")
