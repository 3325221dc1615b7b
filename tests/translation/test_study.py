"""The study of all steps of the course: its command, and the ladder of translation networks on our own
sentences.
"""

import re

import pytest

from bench.study import __main__ as command
from bench.study import tables, translation
from tests.translation.test_training import SENTENCES

pytestmark = pytest.mark.training


class Part:
    """A part of a study that trains nothing."""

    MINUTES, STEPS = 3, {"low": "", "high": ""}

    def __init__(self, title):
        self.TITLE, self.asked = title, []

    def study(self, folder, steps, minutes, charts):
        self.asked.append((folder.name, steps, minutes))
        return "%s: %s" % (self.TITLE, ", ".join(steps))


@pytest.fixture
def parts(monkeypatch, tmp_path):
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "PARTS", {"birds": Part("Birds"), "fish": Part("Fish")})
    return command.PARTS


def told(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["study", *words])
    command.main()


def test_a_part_studied_again_leaves_the_others_in_the_document(parts, monkeypatch, tmp_path):
    """The parts keep their order and come once each, whichever was studied last."""
    told(monkeypatch, "fish")
    told(monkeypatch)
    told(monkeypatch, "birds", "--minutes", "1")
    text = (tmp_path / "docs" / "study.md").read_text()
    assert re.findall("## (.*)\n\n(.*)\n", text) == [
        ("Birds", "Birds: low, high"),
        ("Fish", "Fish: low, high"),
    ]
    assert parts["birds"].asked == [("birds", ["low", "high"], 3), ("birds", ["low", "high"], 1)]


def test_some_steps_alone_are_printed_and_not_written(parts, monkeypatch, tmp_path, capsys):
    told(monkeypatch, "fish", "--only", "high")
    assert "Fish: high" in capsys.readouterr().out and not (tmp_path / "docs" / "study.md").exists()


@pytest.mark.parametrize("words", [["whales"], ["fish", "--only", "middle"]])
def test_a_step_that_there_is_not_is_answered_with_those_that_there_are(parts, monkeypatch, capsys, words):
    with pytest.raises(SystemExit):
        told(monkeypatch, *words)
    assert words[-1] in capsys.readouterr().err and not any(part.asked for part in parts.values())


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")  # an untrained network gives bytes
def test_a_rung_is_trained_once_and_judged(monkeypatch, tmp_path):
    """There are a table, charts and a picture of the attention. A second study trains nothing and gives the
    same, except for milliseconds.
    """
    (tmp_path / "pairs.tsv").write_text(
        "".join("%s\t%s\n" % (target, source) for source, target in SENTENCES)
    )
    (tmp_path / "test.tsv").write_text("The dog sees Tom.\tDer Hund sieht Tom.\n")
    monkeypatch.setattr(
        translation,
        "ALL",
        "--pairs %s/pairs.tsv --grammar 0 --epoch-pairs 0 --tests= --held-out 0.1 --vocabulary 320 --width 16"
        % tmp_path,
    )
    monkeypatch.setattr(translation, "TEST", str(tmp_path / "test.tsv"))
    first = translation.study(tmp_path, ["GRU with attention"], 0.02, tmp_path)
    state = tmp_path / "gru-with-attention" / "state.pt"
    trained = state.stat().st_mtime_ns
    assert (
        re.search(r"\| GRU with attention \| 0\.0 \| \d+ \|", first)
        and "beam, of the GRU with attention" in first
    )
    assert all((tmp_path / name).stat().st_size > 1000 for name in re.findall(r"\((.*png)\)", first))
    second = translation.study(tmp_path, ["GRU with attention"], 0.02, tmp_path)
    assert (
        re.sub(r"[\d.]+ \|", "|", second) == re.sub(r"[\d.]+ \|", "|", first)
        and trained == state.stat().st_mtime_ns
    )


def test_a_step_of_other_settings_is_not_compared(tmp_path):
    tables.as_asked(tmp_path, {"minutes": 10.0})  # nothing is trained yet, so any settings fit
    (tmp_path / "settings.json").write_text('{"minutes": 2.0, "width": 128, "folder": "elsewhere"}')
    tables.as_asked(tmp_path, {"minutes": 2.0, "width": 128, "folder": "here", "later": 1})
    with pytest.raises(SystemExit, match="minutes is 2.0 and not 10.0"):
        tables.as_asked(tmp_path, {"minutes": 10.0, "width": 128, "folder": "here"})
