"""How much sooner a training ends in several processes: `python -m bench.processes` (`--processes 1 2 4`).

Each is the real story under torch's launcher, on data that is made here; a process has one core. The time is
the training's own, drawing included, without start and evaluation.
"""

import argparse
import itertools
import os
import pathlib
import re
import runpy
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

from bench.speed.peers import ROOT
from training import loop

STORIES = {  # the usual networks, without what others' data is needed for
    "cars": "--masks= --table= --more= --perceptual 0",
    "classification": "--embeddings none",
    "translation": "--tests= --vocabulary 330 --bpe-dropout 0 --grammar 0 --epoch-pairs 1000 --held-out 0.2",
}
PICTURES, EPOCHS = 150, 2


def data(folder, count):
    """{story: words of its command line} of `count` pictures of noise, twice as many texts, and 24 pairs."""
    drawn = np.random.RandomState(1)
    (folder / "cars").mkdir()
    for at in range(count):
        pixels = drawn.randint(0, 255, (6, 6, 3)).astype(np.uint8)
        picture = Image.fromarray(pixels).resize((128, 128), Image.BICUBIC)
        picture.save(str(folder / "cars" / ("%04d.png" % at)))
    rows = ["my %s is number %d,%s" % (word, at, word) for at in range(count) for word in ("a", "b")]
    (folder / "texts.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    words = ("Hund dog|Katze cat|Ball ball|Haus house", "rot red|blau blue|neu new", "heute today|oft often")
    choices = [[pair.split() for pair in part.split("|")] for part in words]
    lines = [
        "The %s is %s %s.\tDer %s ist %s %s." % (a[1], b[1], c[1], a[0], c[0], b[0])
        for a, b, c in itertools.product(*choices)
    ]
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "cars": ["--pictures", str(folder / "cars")],
        "classification": ["--data", str(folder / "texts.csv")],
        "translation": ["--pairs", str(folder / "pairs.tsv")],
    }


def printed(python, module, words, processes):
    """What a module (its name and first words) prints, run as `make train-NAME PROCESSES=` runs a story."""
    today = ".venv-3.11" in python
    launcher = ["run", "--standalone"] if today else ["launch", "--use_env", "--master_port", "29513"]
    start = ["-m", "torch.distributed." + launcher[0], *launcher[1:], "--nproc_per_node", str(processes)]
    done = subprocess.run(
        [python, *(start if processes > 1 else []), "-m", *module, *words],
        cwd=str(ROOT),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if done.returncode:
        raise SystemExit(done.stdout)
    return done.stdout


class Counted:
    """The batches of an epoch, whose examples are counted as they are drawn."""

    examples = 0

    def __init__(self, batches):
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        for batch in self.batches:
            Counted.examples += len(batch[0])
            yield batch


def told(name):
    """Run a story; what was trained on, and how long, is printed at the end of its training."""
    fit = loop.fit

    def timed(network, loss, batches, *others, **named):
        found = fit(network, loss, lambda epoch: Counted(batches(epoch)), *others, **named)
        print("%d examples in %.3f minutes" % (Counted.examples, found[1]), flush=True)
        return found

    loop.fit = timed
    runpy.run_module("training.%s.train" % name, run_name="__main__")


def a_second(name, words, processes):
    """Examples a second."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [*words, *STORIES[name].split(), "--folder", folder, "--epochs", str(EPOCHS)]
        said = printed(sys.executable, ["bench.processes", "--story", name], asked, processes)
    examples, minutes = re.search(r"(\d+) examples in ([\d.]+) minutes", said).groups()
    return int(examples) / (60 * float(minutes))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--stories", nargs="+", choices=STORIES, default=list(STORIES))
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    settings = parser.parse_args()
    print("| story | processes | examples a second | of those of one |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        words = data(pathlib.Path(folder), PICTURES)
        for name in settings.stories:
            first = None
            for processes in settings.processes:
                speed = a_second(name, words[name], processes)
                first = first or speed
                print("| %s | %d | %.1f | %.2f |" % (name, processes, speed, speed / first), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--story"]:
        name = sys.argv.pop(2)
        del sys.argv[1]
        told(name)
    else:
        main()
