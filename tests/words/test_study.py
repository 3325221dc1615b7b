"""The words' part of the study, on our own text and sets of questions."""

import pathlib
import re

import numpy as np
import pytest

from bench.speed.peers import PEERS
from bench.study import neighbours, words
from tests.words.test_training import SENTENCES
from training.words import similarity
from training.words.train import Settings

pytestmark = pytest.mark.training
KNOWN = ["king", "queen", "man", "woman", "car", "truck", "bus", "horse"]


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A text, its words as probes, and a folder with the three sets."""
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES))
    for file in similarity.PAIRS.values():
        (tmp_path / file).write_text("king\tqueen\t9\ncar\ttruck\t8\nking\tcar\t1\n")
    (tmp_path / similarity.ANALOGIES).write_text(
        ": people\nman king woman queen\n: gram1\ndrives car sees truck\n"
    )
    monkeypatch.setattr(similarity, "folder", lambda: tmp_path)
    monkeypatch.setattr(words, "CORPUS", str(tmp_path / "text.txt"))
    monkeypatch.setattr(words, "ALL", {"size": 12, "least": 1, "window": 5, "sample": 1})
    monkeypatch.setattr(words, "PROBES", KNOWN)
    monkeypatch.setattr(words, "MAPPED", {"people": " ".join(KNOWN[:4]), "things": " ".join(KNOWN[4:])})
    return tmp_path


def test_the_methods_are_trained_once_and_stand_side_by_side(small):
    """A row for each, neighbours of each probe, a chart. A second study trains nothing and gives the same."""
    first = words.study(small / "run", list(words.METHODS), 0.002, small / "charts")
    kept = {path: path.stat().st_mtime_ns for path in (small / "run").glob("*/*.kv")}
    assert len(kept) == 4 and (small / "charts" / "study-words.png").stat().st_size > 10000
    assert re.findall(r"^\| ([\w-]+) \| +[\d.]+ \|", first, re.M) == list(words.METHODS)
    assert re.findall(r"^\| (\w+) \| (?:\w+, ){4}\w+ \| (?:\w+, ){4}\w+ \|", first, re.M) == KNOWN
    assert words.study(small / "run", list(words.METHODS), 0.002, small / "charts") == first
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())


@pytest.mark.parametrize("step", words.METHODS)
def test_every_method_gets_the_same_time(step):
    """0.6 seconds and not a second more, for as many epochs as fit."""
    text = [sentence.split() for sentence in SENTENCES]
    _, seconds, epochs = words.fitted(Settings(size=12, least=1, sample=1, **words.METHODS[step]), text, 0.01)
    assert 0.6 <= seconds < 1.6 and epochs >= 1


def test_the_nearest_words_are_those_of_the_highest_cosine():
    """Lengths do not matter, and the word itself is left out. An unknown word has no neighbours."""
    vectors = np.array([[1, 0], [9, 1], [0, 5], [-1, 0.0]])
    assert words.nearest(["a", "b", "c", "d"], vectors, "a", 2) == ["b", "c"]
    assert words.nearest(["a", "b", "c", "d"], vectors, "unknown") == []


@pytest.mark.skipif(
    not (pathlib.Path(PEERS).parents[1] / "annoy").exists(),
    reason="faiss and Annoy are not there: `make peers` gets them",
)
def test_what_finds_neighbours_is_measured_among_the_same_words():
    """Among a thousand words, exact search finds all neighbours, ours nearly all, and few trees not all. A
    file of 32-bit vectors has over 4 bytes per number.
    """
    ways = ["numpy, as it is served", neighbours.EXACT, "Annoy, 10 trees"]
    rows = neighbours.compared(1000, ways, questions=20)
    recall = [rows[way]["recall@10"] for way in ways]
    assert recall[1] == 1 and recall[0] > 0.95 and 0.2 < recall[2] <= 1
    assert (
        rows[neighbours.EXACT]["MB"] == pytest.approx(1000 * 152 * 4 / 1e6, abs=0.1)
        and rows[ways[0]]["MB"] < 0.3
    )
    assert all(row["ms a question"] > 0 for row in rows.values())
