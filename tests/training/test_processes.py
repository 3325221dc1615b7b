"""Two processes under torch's launcher end where one does, for three stories, on each torch that is here."""

import json
import pathlib
import sys

import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)
from torch import nn  # noqa: E402

from bench import processes  # noqa: E402
from training.processes import SharedNorm  # noqa: E402

ROOT = pathlib.Path(__file__).parent.parent.parent
TODAY = ROOT / ".venv-3.11"
PYTHONS = [sys.executable] + ([str(TODAY / "bin" / "python")] if (TODAY / "training").exists() else [])
SMALL = {  # settings in which nothing is drawn at random while training: each process draws for itself
    "cars": "--masks= --table= --more= --latent 4 --width 0.03125 --variational 0 --noise 0 --perceptual 0 "
    "--batch 6",
    "classification": "--embeddings none --dimensions 8 --width 4 --dropout 0 --word-dropout 0 --batch 120",
    "translation": "--tests= --vocabulary 330 --width 64 --encoder 1 --decoder 1 --dropout 0 --tokens 200 "
    "--bpe-dropout 0 --grammar 0 --epoch-pairs 40 --held-out 0.2",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """What each story reads, as words of its command line."""
    return processes.data(tmp_path_factory.mktemp("data"), 30)


def trained(python, name, words, folder, count, epochs=2):
    """The state that a story leaves, in double precision."""
    asked = [*words, *SMALL[name].split(), "--folder", str(folder), "--epochs", str(epochs)]
    said = processes.printed(python, ["tests.training.double", name], asked, count)
    assert said.count("Look at the pictures") == 1  # one of them writes
    return torch.load(str(folder / "checkpoint.pt"), map_location="cpu")


def apart(one, other):
    """The largest difference of two networks' weights."""
    pairs = [(one[part][name], other[part][name]) for part in ("network", "average") for name in one[part]]
    return max(float((a.double() - b.double()).abs().max()) for a, b in pairs)


def slow(*words):
    return pytest.param(*words, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "python, name",
    [(sys.executable, "classification")]
    + [
        slow(python, name)
        for python in PYTHONS
        for name in SMALL
        if (python, name) != (PYTHONS[0], "classification")
    ],
)
def test_two_processes_end_where_one_does(python, name, data, tmp_path):
    """The same batches, of which each process has a half: the same weights, and the same log.

    In double precision, whose rounding is far under what is compared; double.py says why not in float32.
    """
    found = [trained(python, name, data[name], tmp_path / str(count), count) for count in (1, 2)]
    assert apart(*found) < 1e-8
    texts = [(tmp_path / str(count) / "log.jsonl").read_text() for count in (1, 2)]
    logs = [[json.loads(line) for line in text.splitlines()] for text in texts]
    for one, two in zip(*logs):
        one.pop("minutes"), two.pop("minutes")
        assert two == pytest.approx(one, rel=0.01, abs=0.01)


@pytest.mark.slow
def test_a_training_goes_on_with_another_number_of_processes(data, tmp_path):
    """An epoch by one and one by two is two epochs by one."""
    words, found = data["classification"], []
    for count in (1, 2):
        folder = tmp_path / str(count)
        trained(sys.executable, "classification", words, folder, 1, epochs=1)
        found.append(trained(sys.executable, "classification", [*words, "--resume"], folder, count))
    assert found[0]["epoch"] == found[1]["epoch"] == 2 and apart(*found) < 1e-8


def test_normalisation_by_all_processes_is_that_of_torch_where_there_is_one():
    """Outputs, gradients and running statistics, also of pictures of one pixel."""
    for shape in ((6, 3, 5, 7), (6, 3, 1, 1)):
        x, gradient = torch.randn(shape) * 2 + 3, torch.randn(shape)
        found = []
        for kind in (nn.BatchNorm2d, SharedNorm):
            norm, given = nn.BatchNorm2d(3), x.clone().requires_grad_()
            norm.__class__ = kind
            y = norm(given)
            y.backward(gradient)
            found.append(
                [y, given.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var]
            )
        for one, other in zip(*found):
            assert torch.allclose(one, other, atol=1e-5)
