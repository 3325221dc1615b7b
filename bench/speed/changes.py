"""Measures each change that made it faster again: the old code, or the environment without the change, side
by side with the present.
"""

import shutil
import subprocess

from bench.speed import cars, cloud, translation, words
from bench.speed.peers import HOUSE, ROOT, Peer, image_variables, side_by_side, spread
from bench.speed.requests import EVENTS, generate

CODE = [  # (the change, the commit before it, the peer's arguments, its question, its environment)
    (
        "Words: a spelling is tried when the one before it is not found, and vectors are brought to length 1 "
        "together: 1,000 pairs",
        "10fcb8b",
        (words.__name__, "ours", 10_000),
        lambda: words.tasks(10_000)["1,000 similarities"][0],
        lambda: {"WEIGHTS_FOLDER": str(words.folder_of(10_000))},
    ),
    (
        "Cars: upsampling and the convolution after it are one transposed convolution, and PNG has run "
        "lengths: 16 pictures drawn",
        "1b2a272",
        (cars.__name__, "ours", 1),
        lambda: generate(16),
        image_variables,
    ),
]
# the commit before these changes: weights came after the modules, as a whole, and were read and hashed twice
STARTS = "1b2a272"
STARTED = [  # (the change, the function, its way to start with the change, and without it)
    (
        "Cars: torch's own modules make way for deploy/torch_serving.py, its libraries' calls of themselves "
        "are bound",
        "cars",
        "ours, a photo",
        "ours, a photo, with whole packages",
    ),
    (
        "Cars: the same, and of requests-toolbelt the decoder stays; a form",
        "cars",
        "ours, a form",
        "ours, a form, with whole packages",
    ),
    (
        "Cars: weights come while modules are imported, are hashed once, and have 16 bits a number",
        "cars",
        "ours, a photo",
        "ours, a photo, before",
    ),
    (
        "Words: the same, and of the vectors those of frequent words come first",
        "words",
        "ours, similarity",
        "ours, similarity, before",
    ),
    (
        "Translation: weights are hashed once, and one search is compiled, not both",
        "translation",
        "ours",
        "ours, before",
    ),
]
# the purpose of the image's variables; OMP_NUM_THREADS is for Lambda's share of a processor, which is not
# measured here
ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": "memory stays with the process",
    "MALLOC_MMAP_THRESHOLD_": "and is not mapped anew",
    "MKL_DEBUG_CPU_TYPE": "MKL's AVX2 kernels on AMD too",
}
REJECTED = [
    "A network prepacked for oneDNN: no torch without oneDNN, such as that of a Mac, could load its trace; "
    "packed at the load, a call gains little, a start loses more.",
    "Weights in channels-last order: torch 1.5.1 brings them back into the order of before in each call, "
    "which takes longer.",
    "Pictures decoded in batches: some pixels then depend on how many are asked for.",
    "A transposed convolution as the four phases of a smaller one: hardly faster.",
    "Translation's weights sent for while torch is imported: no sooner, and more memory.",
    "Translation's linear layers in eight bits: torch takes one range for all rows of a batch, so that a "
    "translation depends on what else is asked.",
    "hnswlib for neighbours: its index takes longer to build or to read than a start may take, and it misses "
    "some words.",
]


def code_of(commit):
    """The code and the weights of a commit, with the present benchmark. None if git's history does not go
    back that far.
    """
    folder = cloud.BEFORE / commit
    shutil.rmtree(str(folder), ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "archive", commit, "models", "api", "handler.py", "local.py", "openapi.yaml", "weights"],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
    )
    if archive.returncode:
        return None
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    shutil.copytree(str(ROOT / "bench"), str(folder / "bench"))
    return folder


def compared(before, after, question, seconds):
    with before, after:
        taken = side_by_side({"before": before, "after": after}, [question], seconds)
    return {name: spread(one["milliseconds"]) for name, one in taken.items()}


def measured(seconds, starts):
    """{change: {"before", "after"}}, measured in the same run."""
    found = {}
    for title, function, after, before in STARTED:
        rows = starts["%s, warm page cache" % function]
        if before in rows:
            found[title + "; start to first answer"] = {"before": rows[before], "after": rows[after]}
    for title, commit, (module, way, argument), question, variables in CODE:
        folder = code_of(commit)
        if folder:
            peers = [
                Peer(HOUSE, module, way, argument, folder=place, variables=variables())
                for place in (folder, ROOT)
            ]
            found[title] = compared(*peers, question(), seconds)
    everything = image_variables()
    for name, why in ENVIRONMENT.items():
        without = {key: value for key, value in everything.items() if key != name}
        for subject, words_, question in (
            ("a reconstruct", (cars.__name__, "ours", 1), EVENTS["photo"]),
            ("a sentence, greedy", (translation.__name__, "ours", 1), translation.TASKS["12 words"][0]),
        ):
            peers = [Peer(HOUSE, *words_, variables=variables) for variables in (without, everything)]
            found["`%s=%s` (%s): %s" % (name, everything[name], why, subject)] = compared(
                *peers, question, seconds
            )
    return found
