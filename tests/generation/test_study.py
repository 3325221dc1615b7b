"""The generators' part of the study, on names and a text that are written here."""

import re

import pytest

pytestmark = pytest.mark.training

from bench.study import generation as study  # noqa: E402 (only where training's packages are)
from models import registry  # noqa: E402
from models.generation.model import Model  # noqa: E402
from models.generation.sampling import Draw  # noqa: E402
from tests.generation.test_training import list_of_names  # noqa: E402
from training.generation import data, train  # noqa: E402

RUNGS = ["bigram", "gru", "transformer"]


@pytest.fixture
def small(monkeypatch, tmp_path):
    """300 words as the names, and a text of some lines; networks of 16 numbers."""
    (tmp_path / "mine.txt").write_text("The cat sat on the mat, and the rat sat on the cat.\n" * 200)
    rows = [(name, "either", "american") for name, _, _ in data.own_names(list_of_names(tmp_path))]
    text = data.prose(tmp_path / "mine.txt")
    monkeypatch.setattr(data, "names", lambda: rows)
    monkeypatch.setattr(data, "makemore", lambda: [name for name, _, _ in rows])
    monkeypatch.setattr(data, "prose", lambda path: text)
    words = ["--width", "16", "--layers", "1", "--heads", "2", "--context", "16", "--epochs", "1"]
    monkeypatch.setattr(study, "STEPS", dict.fromkeys(RUNGS, words))
    return tmp_path


def test_the_rungs_are_trained_once_and_stand_side_by_side(small):
    """A row each of figures, of names and of prose, a chart; the second study trains nothing."""
    first = study.study(small / "run", RUNGS, 0, small / "charts")
    kept = {path: path.stat().st_mtime_ns for path in (small / "run").glob("*/state.pt")}
    assert len(kept) == 6 and (small / "charts" / "study-generation.png").stat().st_size > 5000
    assert (
        re.findall(r"^\| (\w+) \| [\d,]+ \| \d+ \| [\d.]+ \| [\d.]+ \| [\d.]+ \| [\d,]+ \|", first, re.M)
        == RUNGS
    )
    assert re.findall(r"^\| (\w+) \| (?:\w+, ){9}\w+ \|", first, re.M) == RUNGS
    assert study.study(small / "run", RUNGS, 0, small / "charts") == first
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    with pytest.raises(SystemExit, match="other settings: minutes"):
        study.study(small / "run", RUNGS, 1, small / "charts")


def test_the_rungs_are_served_after_what_was_trained_to_serve(small):
    """A run comes before the study's rungs, which follow the best first; the rung of its name is told of."""
    study.study(small / "study" / "generation", RUNGS, 0, small / "charts")
    train.main(["--folder", str(small / "generation" / "names-gru"), "--architecture", "gru", "--width", "16",
                "--epochs", "1"])  # fmt: skip
    record = train.publish(small / "weights", small / "generation")
    found = [entry["name"] for entry in record["models"]]
    assert found[0] == "names-gru" and sorted(found[1:]) == [
        "names-bigram", "names-transformer", "prose-bigram", "prose-gru", "prose-transformer"
    ]  # fmt: skip
    assert [entry["architecture"] for entry in record["ladder"]] == ["gru"]
    nats = [train.nats_told(entry) for entry in record["models"][1:]]
    assert nats == sorted(nats)
    served = Model(registry.Weights("generation", small / "weights"), "prose-transformer")
    assert len(served.prose("The cat", 30, Draw(), 1).text) == 30
