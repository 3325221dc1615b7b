"""The command line that all trainings share: bounds, help, --resume, Ctrl-C."""

import importlib
import json
import math
from dataclasses import fields
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)

import training  # noqa: E402
from training import command, export, loop  # noqa: E402

STORIES = [
    importlib.import_module("training." + name)
    for name in (
        "cars.train",
        "cars.ladder",
        "words.train",
        "translation.train",
        "classification.train",
        "classification.teacher",
        "generation.train",
        "generation.autoencoder",
        "pictures.train",
    )
]
EVERY = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)


@EVERY
def test_every_setting_has_its_comment_for_help(story):
    """--help says what each is for."""
    told = command.descriptions(story.Settings)
    assert [field.name for field in fields(story.Settings) if not told.get(field.name)] == []
    said = " ".join(command.parser_of(story.Settings, "Train.").format_help().split())
    assert "of all that is drawn at random (default: 1)" in said


@EVERY
def test_no_training_takes_a_number_that_it_cannot_use(story):
    """Each number has its bounds: none is less than 0, and a word is no number."""
    for field in fields(story.Settings):
        if isinstance(field.default, (int, float)):
            for text in ("-1", "nan", "many", ""):
                with pytest.raises(SystemExit, match="must be a.* number.*, and is"):
                    flag = "--" + field.name.replace("_", "-")
                    command.asked(story.Settings, "Train.", ["%s=%s" % (flag, text)])


@pytest.mark.parametrize(
    "name, words, sentence",
    [
        ("generation", "--epochs 0", "--epochs must be a whole number of at least 1, and is 0"),
        ("cars", "--width 0", "--width must be a number of at least 0.03125, and is 0"),
        ("translation", "--dropout 1.5", "--dropout must be a number from 0 to 1, and is 1.5"),
        ("classification", "--features foo", "--features must be one of counts, tfidf, and is foo"),
        ("classification", "--embeddings glove", "--embeddings must be one of words, none"),
        ("classification", "--initial nowhere", "--initial must name the folder of a network"),
        ("classification", "--taught nowhere", "--taught must name a file, and there is no nowhere"),
        ("classification", "--task a/b", "--task must have only letters"),
        ("generation", "--initial nowhere", "no served network nowhere.*choose one of names-lstm"),
        ("generation", "--folder runs/a,b", "name of the model, and must have only letters.*is a,b"),
        ("translation", "--initial nowhere", "no served model nowhere"),
        ("translation", "--shares 3,abc", "--shares must be a number above 0, and is abc"),
        ("translation", "--units syllable", "--units must be one of bpe, word, char"),
        ("cars", "--epoch-s 1", "unrecognized arguments: --epoch-s 1"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_a_sentence(name, words, sentence):
    story = importlib.import_module("training.%s.train" % name)
    with pytest.raises(SystemExit, match=sentence):
        story.asked(words.split())


def test_the_bounds_themselves_are_taken():
    assert [command.Share(text) for text in ("0", "1")] == [0, 1]
    assert command.Count("1") == 1 and command.Whole("0") == 0 and command.File("") == ""


def test_a_training_goes_on_with_the_same_data_alone(tmp_path):
    """With other data it is refused before anything is written; of an earlier version nothing is known."""
    command.begin(tmp_path / "run", False, ["a", "b"])
    (tmp_path / "run" / "checkpoint.pt").touch()
    kept = (tmp_path / "run" / "data.sha256").read_text()
    command.begin(tmp_path / "run", True, [b"a", "b"])
    with pytest.raises(SystemExit, match="began with other data"):
        command.begin(tmp_path / "run", True, ["a", "c"])
    assert (tmp_path / "run" / "data.sha256").read_text() == kept
    (tmp_path / "run" / "data.sha256").unlink()
    command.begin(tmp_path / "run", True, ["a", "c"])


def test_what_was_derived_from_other_data_goes_with_them(tmp_path):
    """A training that was stopped before its first checkpoint may begin anew with other data."""
    subwords = tmp_path / "subwords.model"
    subwords.touch()
    for text, left in (("a", True), ("a", True), ("b", False)):
        command.begin(tmp_path, False, [text], derived=[subwords.name])
        assert subwords.exists() == left


def test_another_network_does_not_go_on_from_a_checkpoint(tmp_path):
    parts = {"network": torch.nn.Linear(2, 2)}
    torch.save({"network": torch.nn.Linear(2, 3).state_dict()}, str(tmp_path / "checkpoint.pt"))
    with pytest.raises(SystemExit, match="began with another network"):
        loop.restored(tmp_path / "checkpoint.pt", parts, "cpu")


@pytest.mark.parametrize("half", [b"", b"\x80\x02", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_a_sentence(tmp_path, half):
    (tmp_path / "checkpoint.pt").write_bytes(half)
    with pytest.raises(SystemExit, match="checkpoint.pt is damaged"):
        loop.restored(tmp_path / "checkpoint.pt", {}, "cpu")


def test_a_training_that_diverges_ends_and_keeps_the_epoch_before(tmp_path):
    """The second epoch's loss is no number: the checkpoint is that of the first one."""
    usual = dict(
        learning_rate=0.1, warmup=0, decay=0, weight_decay=0, memory=0.9, seed=1, epochs=3, minutes=0
    )

    def loss(network, batch, progress):
        value = network(batch[0]).mean() * (1 if progress < 1 / 3 else math.nan)
        return value, {"loss": value.detach()}

    with pytest.raises(SystemExit, match="Epoch 2 diverged.*smaller --learning-rate"):
        loop.fit(
            torch.nn.Linear(2, 1),
            loss,
            lambda epoch: [[torch.ones(1, 2)]],
            SimpleNamespace(**usual),
            tmp_path,
        )
    assert torch.load(str(tmp_path / "checkpoint.pt"))["epoch"] == 1


def test_a_training_without_a_checkpoint_is_not_written_over_either(tmp_path):
    """Naive Bayes is fitted at once, and has its facts alone."""
    (tmp_path / "facts.json").touch()
    command.refuse_another(tmp_path, True)
    with pytest.raises(SystemExit, match="holds a training already"):
        command.refuse_another(tmp_path, False)


def test_what_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(SystemExit, match="File exists: .*run"):
        command.interruptible(lambda words: (tmp_path / "run").mkdir())()


def test_ctrl_c_during_the_imports_is_a_line_too(capsys):
    training.ended(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr() == ("\nStopped.\n", "")


def test_the_record_tells_of_data_of_your_own_and_not_of_ours():
    settings = importlib.import_module("training.translation.train").Settings
    assert command.source(settings(), "data", "pairs").startswith("Multi30k")
    assert command.source(settings(pairs="/home/anna/a.tsv,b.tsv"), "data", "pairs") == "a.tsv, b.tsv"
    assert command.source(settings(pairs="a.tsv", data="ours, CC0"), "data", "pairs") == "ours, CC0"


def test_ctrl_c_is_a_line_that_tells_how_to_go_on(capsys):
    @command.interruptible
    def main(words=None):
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130 and "with --resume goes on" in capsys.readouterr().out


def test_small_data_come_several_times_in_an_epoch():
    """Four batches come eight times; forty come once."""
    assert loop.enough(lambda again: [again] * 4) == [again for again in range(8) for _ in range(4)]
    assert loop.enough(lambda again: [again] * 40) == [0] * 40


# Export


@pytest.mark.parametrize("name", ["cars", "words", "translation", "classification", "generation", "pictures"])
def test_an_export_without_a_training_says_which_command_is_missing(name, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["export", name, "--folder", str(tmp_path), "--weights", str(tmp_path)])
    monkeypatch.setattr(export, "need_old_torch", lambda: None)
    with pytest.raises(
        SystemExit, match="There is no .*, which a training writes .*make train-%s first" % name
    ):
        export.main()
    assert list(tmp_path.iterdir()) == []


def test_an_export_of_no_model_names_those_that_there_are(monkeypatch):
    monkeypatch.setattr("sys.argv", ["export", "nope"])
    with pytest.raises(SystemExit, match="There is no model nope: there are cars, "):
        export.main()


def test_a_record_tells_no_folders_of_the_machine_that_trained(tmp_path):
    """Only the last part of a path outside of the project; what is in it stays."""
    settings = {
        "data": "/home/anna/tickets.csv",
        "pairs": "/home/anna/a.de:/home/anna/a.en,~/b.tsv,../../c.tsv,../shared/data/d.tsv,runs/e.tsv",
        "folder": "runs/tickets",
        "epochs": 3,
    }
    facts = {"models": [{"settings": settings, "data": {"source": "/home/anna/tickets.csv", "training": 9}}]}
    told = export.write_record(tmp_path, "tiny", {}, facts, {})["models"][0]
    assert told["settings"] == {
        "data": "tickets.csv",
        "pairs": "a.de:a.en,b.tsv,c.tsv,../shared/data/d.tsv,runs/e.tsv",
        "folder": "runs/tickets",
        "epochs": 3,
    }
    assert told["data"] == {"source": "tickets.csv", "training": 9}


def test_a_record_has_null_for_what_is_no_finite_number(tmp_path):
    """JSON has no NaN, and GET /models could not answer."""
    record = export.write_record(tmp_path, "tiny", {}, {"metrics": {"nats": math.nan}}, {})
    export.keep(tmp_path, {**record, "golden": [-math.inf, 1.5]})
    told = json.loads((tmp_path / "tiny.json").read_text())
    assert told["metrics"] == {"nats": None} and told["golden"] == [None, 1.5]


def test_the_same_files_and_facts_leave_a_record_as_it_is(tmp_path, monkeypatch):
    """By another commit too; with another fact it is another version."""
    (tmp_path / "tiny.npz").write_bytes(b"numbers")
    files = {"numbers": tmp_path / "tiny.npz"}
    record = export.write_record(tmp_path, "tiny", files, {"shape": (1, 2)}, {"numpy": "1"})
    export.keep(tmp_path, {**record, "golden": [1]})
    before = (tmp_path / "tiny.json").read_bytes()
    monkeypatch.setattr(export, "commit", lambda: "another")
    again = export.write_record(tmp_path, "tiny", files, {"shape": (1, 2)}, {"numpy": "2"})
    assert (tmp_path / "tiny.json").read_bytes() == before and again == json.loads(before)
    other = export.write_record(tmp_path, "tiny", files, {"shape": (1, 3)}, {"numpy": "2"})
    assert other["version"] != record["version"]
