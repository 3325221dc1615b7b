"""The text autoencoder: what its vector holds, and the page that it writes."""

import string

import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)

from training.generation import autoencoder  # noqa: E402

SMALL = ["--embedding", "8", "--width", "24", "--latent", "8", "--batch", "8", "--learning-rate", "0.01"]
LETTERS = "\0 abcdefghijklmnopqrstuvwxyz."


@pytest.fixture
def text(tmp_path):
    """The path of 130 lines, each of one letter: `aaaa aaaa aaaa`."""
    path = tmp_path / "letters.txt"
    lines = [" ".join([letter * size] * 3) for letter in string.ascii_lowercase for size in range(4, 9)]
    path.write_text("\n".join(lines))
    return path


def network():
    torch.manual_seed(1)
    return autoencoder.Autoencoder(len(LETTERS), autoencoder.Settings(width=16, latent=8, embedding=8)).eval()


def test_batches_have_every_line_once_and_no_padding():
    """Lines of three lengths: END stands before and behind, and nowhere else."""
    lines = ["the cat sat", "a dog", "a cat", "the rat ran", "a fox", "no"]
    found = autoencoder.batches(lines, LETTERS, 2, seed=3)
    rows = [row for (ids,) in found for row in ids.tolist()]
    assert sorted("".join(LETTERS[one] for one in row[1:-1]) for row in rows) == sorted(lines)
    assert all(row[0] == row[-1] == autoencoder.END for row in rows)
    assert max(len(ids) for (ids,) in found) == 2


def test_a_line_has_one_vector_whatever_stands_beside_it():
    """In a batch and alone; numbers lie in -1..1."""
    lines, made, together = ["the cat sat", "the rat ran", "a dog"], network(), {}
    for (ids,) in autoencoder.batches(lines, LETTERS, 3):
        together.update(zip(map(str, ids[:, 1:].tolist()), made.encode(ids[:, 1:])))
    for line in lines:
        ids = autoencoder.batches([line], LETTERS, 1)[0][0][:, 1:]
        z = made.encode(ids)[0]
        assert torch.allclose(z, together[str(ids[0].tolist())], atol=1e-6)
        assert z.abs().max() <= 1


def test_the_loss_by_hand():
    """A network that holds all letters for equally likely has ln 29 nats."""
    made = network()
    for part in (made.out.weight, made.out.bias):
        torch.nn.init.zeros_(part)
    (batch,) = autoencoder.batches(["a dog"], LETTERS, 1)
    assert autoencoder.loss(made, batch, 0)[1]["loss"] == pytest.approx(3.3673, abs=1e-3)


def test_between_two_lines_lie_five_that_begin_and_end_with_what_they_become():
    made = network()
    steps = autoencoder.between(made, "the cat sat", "a dog", LETTERS)
    assert len(steps) == autoencoder.STEPS
    assert [steps[0], steps[-1]] == [
        autoencoder.between(made, line, line, LETTERS)[2] for line in ("the cat sat", "a dog")
    ]


def test_it_learns_a_text_of_ones_own_and_tells_what_comes_back(text, tmp_path):
    """The page has each part, and letters come back more often than by chance."""
    folder = tmp_path / "run"
    autoencoder.main(["--data", str(text), "--folder", str(folder), *SMALL, "--epochs", "20"])
    page = (folder / "autoencoder.md").read_text()
    assert "## Between two lines" in page and "| line | as it comes back |" in page
    figures = page.partition("| 12 to 32 |")[2].partition("\n")[0]
    _, _, share, chance = map(float, figures.strip(" |").split(" | "))
    assert share > chance > 0


def test_letters_in_their_places_by_hand():
    """Of six letters four; a line that is cut off lacks the rest."""
    assert autoencoder.in_place(["abc", "def"], ["abd", "de"]) == pytest.approx(100 * 4 / 6)
    assert autoencoder.neighbours(["abc", "de", "xyz"]) == {"abc": "xyz", "xyz": "abc", "de": "de"}


def test_a_text_that_is_too_short_is_a_sentence(tmp_path):
    (tmp_path / "short.txt").write_text("One line that is long enough.\n")
    with pytest.raises(SystemExit, match="too few lines"):
        autoencoder.main(["--data", str(tmp_path / "short.txt"), "--folder", str(tmp_path / "run")])
