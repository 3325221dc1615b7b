"""docs/deploy.md and README.md have the costs that `make costs` prints, and it prints nothing else."""

import os
import pathlib
import re

import pytest

from deploy import costs

ROOT = pathlib.Path(__file__).parent.parent.parent


def test_the_document_has_the_table_of_the_command():
    """With the document's milliseconds and kilobytes, the command prints the document's lines. The size of
    the weights may differ a little.
    """
    document = re.sub(r"(?<!\n)\n(?![|\n])", " ", (ROOT / "docs" / "deploy.md").read_text())
    milliseconds = {name: float(value) for value, name in re.findall(r"(\d+) ms of (\w+) at", document)}
    kilobytes = float(re.search(r"an answer has (\d+) kB", document).group(1))
    for line in costs.told(milliseconds, kilobytes):
        assert line in document or line.startswith("| weights")
    unused, _, million = re.search(r"\*\*together\*\* \|(.*?)\|(.*?)\|(.*?)\|", document).groups()
    told = "%s unused, and %s for a million calls" % (unused.strip(" *"), million.strip(" *"))
    assert told in re.sub(r"\s+", " ", (ROOT / "README.md").read_text())


def test_a_million_calls_by_hand():
    """One second per model: gateway, requests, the mean GB-seconds of a call, logs, images, and the weights
    that are here.
    """
    parts = costs.month(1_000_000, dict.fromkeys(costs.MODELS, 1000), 10)
    seconds = sum(function["memory"] for function in costs.FUNCTIONS.values()) / 1024 / len(costs.MODELS)
    assert abs(sum(list(parts.values())[:3]) - (1.00 + 0.20 + 1_000_000 * seconds * 0.0000166667)) < 0.01
    images = sum(function["torch"] != "none" for function in costs.FUNCTIONS.values())
    assert list(parts.values())[3:6] == [0.35, 0, pytest.approx(0.06 * images)]


def test_a_model_may_have_the_name_of_an_option(monkeypatch):
    """Its milliseconds are --NAME-ms."""
    monkeypatch.setattr(costs, "MODELS", ["answer", "help"])
    given = costs.parser().parse_args(["--answer-ms", "7", "--answer", "3"])
    assert (given.answer_ms, given.answer, given.help_ms) == (7, 3, None)


def test_what_is_logged_meanwhile_is_not_seen(capfd):
    """By this process, and by those that it starts."""
    with costs.quiet():
        os.write(1, b"a line of the log\n")
        os.system("echo another; echo a third >&2")
    print("the table")
    assert capfd.readouterr() == ("the table\n", "")


def test_a_model_without_weights_is_told_and_not_measured(monkeypatch, tmp_path):
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    monkeypatch.setattr(costs, "FUNCTIONS", {"words": costs.FUNCTIONS["words"]})
    with costs.quiet(), pytest.raises(SystemExit, match="words answers 503 .* `make export-words`"):
        costs.measured({"words_ms": None})
