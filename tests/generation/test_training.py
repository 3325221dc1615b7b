"""Training on a list of one's own, as a newcomer would; numpy says what torch says."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)

from models import registry  # noqa: E402
from models.generation.model import Model  # noqa: E402
from models.generation.sampling import Draw  # noqa: E402
from training.generation import data, train  # noqa: E402
from training.generation.architectures import ARCHITECTURES  # noqa: E402

SMALL = ["--width", "16", "--layers", "2", "--heads", "2", "--batch", "32", "--epochs", "2"]


def list_of_names(folder):
    """The path of a list of 300 words, made of syllables."""
    parts = ["as", "sam", "dar", "jee", "ling", "oo", "long", "sen", "cha", "pu"]
    path = folder / "teas.txt"
    path.write_text("\n".join(a + b + c for a in parts for b in parts for c in parts[:3]) + "\n")
    return path


@pytest.fixture
def teas(tmp_path):
    return list_of_names(tmp_path)


def trained(folder, *words):
    train.main(["--folder", str(folder), *SMALL, *words])
    return json.loads((folder / "facts.json").read_text())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_numpy_says_what_torch_says(architecture):
    """Also beyond the Transformer's window, of which torch is shown the last letters alone."""
    settings = train.Settings(architecture=architecture, width=16, layers=1, heads=2, context=8)
    network = train.network_of(settings, 11, (3, 4)).eval()
    ids, condition = torch.randint(1, 11, (2, 8)), torch.tensor([[1, 2], [0, 3]])
    arrays = {name: array.numpy() for name, array in network.state_dict().items()}
    found = train.last_logits(arrays, settings, ids.numpy(), condition.numpy())
    assert np.allclose(found, network(ids, condition)[:, -1].detach().numpy(), atol=1e-5)


def test_a_window_slides_where_the_text_is_longer():
    """With one layer, letters that have left the window change nothing: places are relative."""
    settings = train.Settings(architecture="transformer", width=16, layers=1, heads=2, context=8)
    arrays = {name: array.numpy() for name, array in train.network_of(settings, 11, ()).state_dict().items()}
    ids, condition = np.random.default_rng(1).integers(1, 11, (1, 30)), np.zeros((1, 0), np.int64)
    long = train.last_logits(arrays, settings, ids, condition)
    assert np.allclose(long, train.last_logits(arrays, settings, ids[:, -8:], condition), atol=1e-5)


@pytest.mark.parametrize("architecture", ["bigram", "gru", "transformer"])
def test_a_list_of_ones_own_is_trained_exported_and_served(teas, tmp_path, architecture):
    """From 300 words to words that begin as asked."""
    trained(tmp_path / "runs" / "teas", "--data", str(teas), "--architecture", architecture)
    train.publish(tmp_path / "weights", tmp_path / "runs")
    served = Model(registry.Weights("generation", tmp_path / "weights"), "teas")
    found = served.names(served.wanted("either", "any", "sam", Draw(), 1), 12)
    assert len(found) == 12 and all(name.letters.startswith("sam") for name, _ in found)
    assert served.has("asasas") and not served.has("lipton")


def test_a_text_of_ones_own_is_trained_exported_and_served(tmp_path):
    """Two hundred lines: the network writes their letters, and a copied passage is told."""
    (tmp_path / "mine.txt").write_text("The cat sat on the mat, and the rat sat on the cat.\n" * 200)
    words = ["--kind", "prose", "--context", "32", "--data", str(tmp_path / "mine.txt")]
    assert trained(tmp_path / "runs" / "mine", *words)["metrics"]["nats"] < 3
    train.publish(tmp_path / "weights", tmp_path / "runs")
    served = Model(registry.Weights("generation", tmp_path / "weights"), "mine")
    assert served.prose("The cat", 50, Draw(), 1).text.strip()
    assert served.longest_copied("A dog sat on the mat") == len(" sat on the mat") - 1


def test_an_export_leaves_networks_alone_that_were_not_trained_anew(teas, tmp_path):
    """The first stays what serves by default, with its file; the same list's hashes are written once."""
    words = ["--data", str(teas), "--architecture", "gru"]
    trained(tmp_path / "first" / "teas", *words)
    before = train.publish(tmp_path / "weights", tmp_path / "first")
    (tmp_path / "mine.txt").write_text("The cat sat on the mat, and the rat sat on the cat.\n" * 200)
    trained(tmp_path / "second" / "coffees", *words, "--seed", "2")
    text = ["--kind", "prose", "--context", "32", "--data", str(tmp_path / "mine.txt")]
    trained(tmp_path / "second" / "mine", *text)
    after = train.publish(tmp_path / "weights", tmp_path / "second")
    assert [entry["name"] for entry in after["models"]] == ["teas", "coffees", "mine"]
    assert after["models"][0] == before["models"][0] and after["models"][1]["known"] == "teas-known"
    assert set(after["files"]) == {"teas", "teas-known", "coffees", "mine", "mine-known"}
    assert after["files"]["teas"] == before["files"]["teas"]
    again = train.publish(tmp_path / "weights", tmp_path / "second")
    assert [entry["name"] for entry in again["models"]] == ["teas", "coffees", "mine"]
    for name in ("teas", "coffees", "mine"):
        assert Model(registry.Weights("generation", tmp_path / "weights"), name).alphabet


def test_a_training_goes_on_where_it_ended(teas, tmp_path):
    words = ["--data", str(teas), "--architecture", "rnn"]
    whole = trained(tmp_path / "whole", *words)
    trained(tmp_path / "broken", *words, "--epochs", "2")
    with pytest.raises(SystemExit, match="go on with --resume"):
        trained(tmp_path / "broken", *words)
    again = trained(tmp_path / "broken", *words, "--resume")
    assert again["metrics"] == whole["metrics"]
    assert "Epoch 2" in (tmp_path / "whole" / "samples.txt").read_text()


def test_a_training_goes_on_with_its_own_data_alone(teas, tmp_path):
    """Another list leaves every file of the folder as it is."""
    trained(tmp_path / "run", "--data", str(teas))
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with teas.open("a") as file:
        file.write("oolong\n")
    with pytest.raises(SystemExit, match="began with other data"):
        trained(tmp_path / "run", "--data", str(teas), "--epochs", "3", "--resume")
    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_a_line_that_is_no_name_is_left_out_and_counted(tmp_path, capsys):
    """A quote opens nothing: what follows are names too."""
    (tmp_path / "list.txt").write_text('anna\n"bob\n%s\ncarla\tfemale\n' % ("x" * 5000))
    rows = data.own_names(tmp_path / "list.txt")
    assert [name for name, _, _ in rows] == ["anna", "bob", "carla"]
    assert "1 of 4 names are left out, the first is xxx" in capsys.readouterr().out


def test_names_with_a_letter_that_is_rare_in_a_long_list_are_left_out(tmp_path):
    """4,001 names, of which one has an ø."""
    (tmp_path / "list.txt").write_text("anna\n" * 4000 + "bjørn\n", encoding="utf-8")
    assert {name for name, _, _ in data.own_names(tmp_path / "list.txt")} == {"anna"}


def test_a_training_starts_from_a_served_network(teas, tmp_path, monkeypatch):
    """Without a learning rate its figures stay, but for the 16 bits; one of another width is refused."""
    words = ["--data", str(teas), "--architecture", "gru"]
    before = trained(tmp_path / "runs" / "teas", *words)["metrics"]["nats"]
    train.publish(tmp_path / "weights", tmp_path / "runs")
    served = registry.Weights("generation", tmp_path / "weights")
    monkeypatch.setattr(train, "model", lambda name: Model(served, name))
    monkeypatch.setattr(train, "entries", lambda: [{"name": "teas"}])
    words += ["--initial", "teas", "--epochs", "1", "--learning-rate", "0"]
    after = trained(tmp_path / "again", *words)["metrics"]["nats"]
    assert after == pytest.approx(before, abs=2e-3)
    with pytest.raises(SystemExit, match="leave --initial out"):
        trained(tmp_path / "other", *words, "--width", "32")


def test_an_epoch_has_makemores_names_as_often_as_asked():
    """Three times the one of neither gender; the girl's name once."""
    rows = [("anna", "either", "american"), ("dina", "female", "american")]
    sets = rows, [], "\0adin", ["any", "american"]
    found = [row for ids, _ in train.batches(train.Settings(repeated=3), sets, 1) for row in ids.tolist()]
    assert sorted(found) == [[0, 1, 4, 4, 1, 0]] * 3 + [[0, 2, 3, 4, 1, 0]]


def test_a_name_in_two_lists_is_held_out_of_both():
    """About a tenth of all spellings, whatever list they stand in."""
    spelt = ["name%d" % number for number in range(2000)]
    assert 0.08 < sum(map(data.held_out, spelt)) / 2000 < 0.12
    assert data.spelt(" Zoë-Ann ") == "zoëann"


@pytest.mark.parametrize(
    "text, said", [("anna\twoman\n", "is no gender"), ("", "too few names"), (b"\xff\xfe\xff", "not UTF-8")]
)
def test_a_list_that_cannot_be_read_is_a_sentence(tmp_path, text, said):
    path = tmp_path / "list.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SystemExit, match=said):
        trained(tmp_path / "run", "--data", str(path))


def test_weights_that_numpy_reads_otherwise_are_not_exported(teas, tmp_path, monkeypatch):
    trained(tmp_path / "runs" / "teas", "--data", str(teas), "--architecture", "gru")
    monkeypatch.setattr(train, "last_logits", lambda *given: np.full((2, 1), np.nan))
    with pytest.raises(SystemExit, match="differ from torch"):
        train.publish(tmp_path / "weights", tmp_path / "runs")
    assert not (tmp_path / "weights" / "generation.json").exists()
