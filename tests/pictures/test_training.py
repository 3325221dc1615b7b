"""The losses by hand, the network, and a training on photos of one's own that is exported and served."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)
from PIL import Image  # noqa: E402

from models import registry  # noqa: E402
from models.pictures.model import Dream, Dreamer, Painter  # noqa: E402
from models.pictures.network import SqueezeNet, Stylist  # noqa: E402
from training.pictures import data, losses, train, woodcut  # noqa: E402

SMALL = [
    "--epochs",
    "1",
    "--steps",
    "3",
    "--size",
    "48",
    "--final-size",
    "48",
    "--width",
    "8",
    "--sheets",
    "1",
]


def photos_in(folder):
    """The path of a folder of three drawn photos."""
    (folder / "photos").mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((160, 120), Image.BICUBIC)
        picture.save(str(folder / "photos" / ("%d.png" % number)))
    return folder / "photos"


def test_a_gram_matrix_by_hand():
    """Two channels at two places, (1, 3) and (2, 0): products 10, 2 and 4, averaged over the places."""
    features = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    assert losses.gram(features).tolist() == [[[5.0, 1.0], [1.0, 2.0]]]


def test_a_gram_matrix_does_not_mind_where_things_are():
    features = torch.rand(2, 5, 6, 4)
    moved = torch.roll(features, (2, 1), (2, 3))
    assert torch.allclose(losses.gram(features), losses.gram(moved), atol=1e-6)


def test_distances_by_hand():
    """Nothing from itself is 0; nothing at all is 1 from anything; twice as much is 1 as well."""
    grams = torch.tensor([[[2.0, 0.0], [0.0, 4.0]]])
    assert losses.style_distance(grams, grams).item() == 0
    assert (
        losses.style_distance(0 * grams, grams).item() == losses.style_distance(2 * grams, grams).item() == 1
    )
    features = torch.tensor([[[[1.0, 2.0]]]])
    assert losses.content_distance(features + 1, features).item() == pytest.approx(2 / 5)


def test_total_variation_by_hand():
    """A step of 1 between two columns: its square is 1 to the right and 0 down; a plain picture has none."""
    step = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    assert losses.total_variation(step).item() == 1
    assert losses.total_variation(torch.ones(1, 3, 4, 4)).item() == 0


def test_what_repeats_with_the_strides_by_hand():
    """A checkerboard of 0 and 1 is as far from its mean as can be, 0.25; one that has grown to cells of 4 is
    the same at each place of a cell on the whole, and so is a plain picture.
    """
    board = (torch.arange(16)[:, None] + torch.arange(16)).fmod(2).float()[None, None]
    assert losses.lattice(board).item() == 0.25
    large = board[:, :, :4, :4].repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert losses.lattice(large).item() == losses.lattice(torch.ones(1, 3, 9, 9)).item() == 0


def test_light_and_dark_by_hand():
    """A bright half and a dark one, 16 pixels wide: any two colours in the same order are 0 apart, and turned
    round 2; a plain picture says nothing of either.
    """
    photo = torch.zeros(1, 3, 8, 16)
    photo[..., 8:] = 1
    assert losses.shade_distance(0.3 + 0.5 * photo, photo).item() == pytest.approx(0, abs=1e-4)
    assert losses.shade_distance(1 - photo, photo).item() == pytest.approx(2, abs=1e-4)
    assert losses.shade_distance(0 * photo, photo).item() == pytest.approx(1)


def test_styles_differ_by_their_own_numbers_alone():
    """A network whose styles are alike paints alike; once one is changed, its pictures alone are."""
    torch.manual_seed(0)
    network, picture = Stylist(2, 8, 1).eval(), torch.rand(1, 3, 32, 48)
    first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    grain = torch.zeros(1, 1, 32, 48)
    with torch.no_grad():
        before = network(picture, grain, first)
        assert before.shape == picture.shape and torch.allclose(before, network(picture, grain, second))
        network.last.norm.shift[1] += 1
        assert torch.allclose(network(picture, grain, first), before)
        assert not torch.allclose(network(picture, grain, second), before, atol=0.01)


def test_a_picture_is_painted_as_if_it_were_alone():
    """Instance normalisation knows nothing of the other pictures of a batch."""
    torch.manual_seed(0)
    network, pictures = Stylist(2, 8, 1).eval(), torch.rand(2, 3, 32, 32)
    grain, style = torch.randn(2, 1, 32, 32), torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    with torch.no_grad():
        both = network(pictures, grain, style)
        alone = network(pictures[1:], grain[1:], style[1:])
    assert torch.allclose(both[1:], alone, atol=1e-5)


def test_squeezenet_looks_at_as_many_layers_as_it_is_asked_for():
    found = SqueezeNet().eval()(torch.rand(1, 3, 64, 64), 5)
    assert [maps.shape[1] for maps in found] == [64, 128, 128, 256, 256]


def test_squares_are_cut_at_some_scale_and_pages_drawn(tmp_path):
    """Always as large as asked, whatever the photo; the same for a seed."""
    photos = [Image.new("RGB", (30, 200), "red"), Image.new("RGB", (640, 480), "blue")]
    one, two = (list(data.Batches(photos, 40, 4, 3, seed=5)) for _ in range(2))
    assert all(batch[0].shape == (4, 3, 40, 40) for batch in one)
    assert all(torch.equal(a, b) for first, second in zip(one, two) for a, b in zip(first, second))
    assert sorted(torch.cat([styles for _, styles in one[:2]]).tolist()) == list(range(8))


def test_the_woodcut_is_lines_of_two_colours():
    """Ink and paper, and little between them; the file that ships is that of seed 1."""
    drawn = woodcut.drawing()
    light = drawn.mean(axis=2)
    assert ((light < 60) | (light > 200)).mean() > 0.6
    shipped = np.asarray(Image.open(woodcut.FILE), float)
    assert abs(shipped - drawn).mean() < 6


def test_optimisation_lowers_the_loss(tmp_path):
    """Gatys's way, by the flag: the loss falls, and the picture is written."""
    photo = sorted(photos_in(tmp_path).iterdir())[0]
    train.main(
        ["--optimise", str(photo), "--painting", "wave", "--steps", "6", "--folder", str(tmp_path / "slow")]
    )
    curve = json.loads((tmp_path / "slow" / "loss.json").read_text())
    assert curve[-1]["loss"] < curve[0]["loss"] and (tmp_path / "slow" / "wave.png").exists()
    with pytest.raises(SystemExit, match="no painting monet"):
        train.main(["--optimise", str(photo), "--painting", "monet"])


def test_photos_of_ones_own_are_trained_on_exported_and_served(tmp_path):
    """Three steps, a sheet, two scripts, and a painting and a dream from them."""
    folder = tmp_path / "run"
    train.main(["--photos", str(photos_in(tmp_path)), "--folder", str(folder), *SMALL])
    assert (folder / "sheet-001.png").exists() and (folder / "curves.png").exists()
    with pytest.raises(SystemExit, match="go on with --resume"):
        train.main(["--photos", str(tmp_path / "photos"), "--folder", str(folder), *SMALL])
    train.main(["--photos", str(tmp_path / "photos"), "--folder", str(folder), "--resume", *SMALL])
    record = train.publish(tmp_path / "weights", folder)
    weights = registry.Weights("pictures", tmp_path / "weights")
    picture = np.random.default_rng(0).random((3, 50, 70)).astype(np.float32)
    painted = Painter(weights).paint(picture, {"wave": 1.0})
    dreamt = Dreamer(weights).dream(picture, Dream(2, None, 1, 1, 1.0))
    assert painted.shape == dreamt.shape == (3, 50, 70) and record["data"]["photos"] == 3


def test_a_folder_without_photos_is_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="There are no photos in"):
        train.main(["--photos", str(tmp_path), "--folder", str(tmp_path / "run")])


def test_a_training_starts_from_what_ships_or_from_another_training(tmp_path):
    """The first picture is that of the weights it starts from, rounded to 16 bits where they ship."""
    file = str(registry.folder() / "pictures-network.pt")
    shipped = train.network_of(train.Settings(initial=file)).eval()
    torch.save(shipped.state_dict(), str(tmp_path / "state.pt"))
    again = train.network_of(train.Settings(initial=str(tmp_path / "state.pt"))).eval()
    inputs = torch.rand(1, 3, 32, 32), torch.rand(1, 1, 32, 32), train.one_hot(torch.tensor([2]))
    with torch.no_grad():
        assert torch.equal(shipped(*inputs), again(*inputs))
        served = torch.jit.load(file).float()
        assert torch.allclose(served(*inputs), shipped(*inputs), atol=1e-5)
