"""The story of NAME, told in seconds."""

import json

import pytest

from tests.support.shell import python

pytestmark = pytest.mark.training


def test_the_story_trains_a_network_that_beats_the_noise(tmp_path):
    """Two short epochs: a state, and facts with the errors of series that were held out."""
    said = python("training.NAME.train", "--folder", tmp_path, "--epochs", 2, "--batches", 20)
    metrics = json.loads((tmp_path / "facts.json").read_text())["metrics"]
    assert (
        "make export-NAME" in said
        and (tmp_path / "state.pt").exists()
        and metrics["network"] < metrics["noisy"]
    )


def test_a_network_that_learned_nothing_is_not_exported(tmp_path):
    """The export says why, and writes nothing."""
    from training.NAME import train

    (tmp_path / "facts.json").write_text(
        json.dumps({"settings": {}, "metrics": {"network": 1.0, "moving_average": 0.2}})
    )
    with pytest.raises(SystemExit, match="train it for longer"):
        train.publish(tmp_path / "weights", tmp_path)
