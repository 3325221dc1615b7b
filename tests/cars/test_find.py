"""The search for the car: boxes, cuts, scenes with a known box, and the two-level network that is served."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from models.cars import pictures as prepared
from models.cars.ladder import DETAIL, Cars, Finder, Ladder
from models.cars.network import CarVAE
from models.cars.service import located
from training import export
from training.cars import find, ladder, metrics, pictures, scenes

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def photos():
    """Four photos of a grey street. Each has a red car in the middle, 64 pixels wide and 32 high."""
    photo, alpha = np.full((128, 128, 3), 90, np.uint8), np.zeros((128, 128), np.uint8)
    photo[48:80, 32:96], alpha[48:80, 32:96] = (200, 20, 20), 255
    return pictures.Pictures(
        list("abcd"),
        np.stack([photo] * 4),
        np.stack([alpha] * 4),
        np.ones(4, bool),
        np.full(4, 2.0),
        np.zeros((4, 64), bool),
    )


def test_the_box_of_a_mask_is_in_shares_of_the_frame(photos):
    """A car from x = 32 to 96 and y = 48 to 80 of 128 pixels."""
    assert scenes.box(photos.alphas[0]).tolist() == [0.25, 0.375, 0.75, 0.625]


def test_overlap_is_one_where_boxes_are_equal_and_a_third_where_half_is_shared():
    """Two boxes of area 0.5 that share 0.25 have a union of 0.75."""
    left, middle = torch.tensor([[0, 0, 0.5, 1.0]]), torch.tensor([[0.25, 0, 0.75, 1.0]])
    assert find.iou(left, left)[0].item() == pytest.approx(1, abs=1e-4)
    assert find.iou(left, middle)[0].item() == pytest.approx(1 / 3, abs=1e-4)


def test_boxes_that_do_not_meet_are_still_told_how_far_they_are_apart():
    """IoU is 0 for both pairs, but the generalised IoU falls with the distance."""
    box, near, far = (
        torch.tensor([[0, 0, 0.1, 1.0]]),
        torch.tensor([[0.2, 0, 0.3, 1.0]]),
        torch.tensor([[0.8, 0, 0.9, 1.0]]),
    )
    assert find.iou(box, far)[1] < find.iou(box, near)[1] < 0


def test_a_scene_holds_its_car_where_its_box_says(photos):
    """Only cars are red here: at least nine tenths of the red is inside the box."""
    uploads = scenes.Uploads(photos, dataclasses.replace(scenes.UPLOADS, repaint=0))
    for seed in range(40):
        scene, alpha = uploads.with_car(
            np.full((128, 128, 3), 90, np.uint8), 0.5, np.random.default_rng(seed), 1.5
        )
        red = (scene[..., 0].astype(int) - scene[..., 1]) > 60
        left, top, right, bottom = (128 * scenes.box(alpha)).astype(int)
        assert red[top:bottom, left:right].sum() >= 0.9 * red.sum() > 0


def test_a_scene_without_a_car_shows_none(photos):
    """Only cars are red here, and no texture or street: not one scene without a car has red in it. Some
    scenes with a car are grey.
    """
    white = np.zeros((200, 300, 3), np.uint8)
    white[50:150, 100:200] = 200
    uploads = scenes.Uploads(photos, textures=[white])
    generator = np.random.default_rng(1)
    made = [uploads.scene(generator) for _ in range(200)]
    without = [scene for scene, _, car in made if not car]
    assert 25 < len(without) < 60 and not any(box.any() for _, box, car in made if not car)
    for scene in [uploads.without_car(generator) for _ in range(40)]:
        assert (scene[..., 0].astype(int) - scene[..., 1] > 120).mean() < 0.05
    grey = [np.ptp(scene.astype(int), axis=2).max() == 0 for scene, _, car in made if car]
    assert 0 < np.mean(grey) < 0.3


def test_a_finder_goes_on_from_the_served_one(tmp_path):
    """It answers as the file does, although its normalisations are merged there."""
    torch.manual_seed(1)
    network, photos = Cars().eval(), torch.rand(16, 3, 128, 128)
    with torch.no_grad():
        network.finder.train()(photos)
        expected = network.eval().find(photos)
        examples = {"encode": (photos[:1],), "decode": (torch.randn(1, 64),), "find": (photos[:1],)}
        traced = export.trace(export.fused(network), examples)
        traced.save(str(tmp_path / "cars.pt"))
        again = Finder()
        ladder.take_over(find.served_finder(str(tmp_path / "cars.pt")), again, photos)
        assert torch.allclose(again.eval()(photos), expected, atol=1e-4)


def test_the_same_seed_makes_the_same_scenes(photos):
    """The same pictures, boxes and answers whether there is a car."""
    one, two = (find.scenes(scenes.Uploads(photos), 6, 3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, two))


def test_a_photo_is_cut_to_its_box_and_a_little_around_it():
    """A box of 100 by 50 pixels has a margin of 4 and of 2 on each side."""
    cut = prepared.cut(Image.new("RGB", (400, 200)), np.array([0.25, 0.25, 0.5, 0.5]))
    assert cut.size == (108, 54)


def test_a_photo_that_is_cropped_already_stays_whole():
    """Its box almost fills the photo."""
    photo = Image.new("RGB", (400, 200))
    assert prepared.cut(photo, np.array([0.05, 0.1, 0.95, 0.95])) is photo


class Looks:
    """A model that finds what it is told to, look by look, and keeps what it looked at."""

    def __init__(self, *answers):
        self.answers, self.squares = list(answers), []

    def find(self, square):
        self.squares.append(square)
        box, sure = self.answers.pop(0)
        return np.array(box), sure


def test_a_small_car_is_looked_for_again_where_it_is_larger():
    """The second look is at the box of the first and 0.3 of its sides around it; its answer is in shares of
    the photo, and the confidence is that of the first.
    """
    photo = Image.new("RGB", (400, 200))
    photo.paste(
        (255, 0, 0), (60, 60, 140, 140)
    )  # the box of 50 x 50 that the first look found, and 15 around it
    looks = Looks(([0.1875, 0.375, 0.3125, 0.625], 0.9), ([0.25, 0.25, 0.75, 0.5], 0.7))
    box, sure = located(looks, photo)
    assert sure == 0.9 and len(looks.squares) == 2
    assert looks.squares[1].mean(axis=(1, 2)) == pytest.approx([1, 0, 0], abs=0.01)
    assert box == pytest.approx([0.2, 0.4, 0.3, 0.5], abs=1e-6)


@pytest.mark.parametrize("box, sure", [([0.05, 0.1, 0.95, 0.95], 0.9), ([0.2, 0.2, 0.4, 0.4], 0.3)])
def test_one_look_is_enough_where_the_car_fills_the_photo_or_is_none(box, sure):
    """What the first look says is the answer."""
    found = located(Looks((box, sure)), Image.new("RGB", (400, 200)))
    assert np.array_equal(found[0], box) and found[1] == sure


def test_the_network_of_two_levels_costs_what_it_may():
    """About 1 GFLOP per reconstruction as it is served, and less than 25 MB in 16 bits."""
    network = Cars()
    assert metrics.gflop(export.fused(Cars().eval())) == pytest.approx(0.85, abs=0.01)
    assert 2 * sum(value.numel() for value in network.state_dict().values()) < 25e6


@pytest.mark.parametrize("kind", [CarVAE, Ladder])
def test_a_training_starts_with_what_a_served_network_knows(kind):
    """The same latents and pictures, although layers are merged in the served file. Where it has one level,
    a photo adds no detail yet.
    """
    torch.manual_seed(1)
    served, two, photos = kind(8, widths=(8,) * 5), Ladder(8, widths=(8,) * 5), torch.rand(16, 3, 128, 128)
    with torch.no_grad():
        if kind is Ladder:
            torch.nn.init.normal_(served.posterior[1].weight)
            torch.nn.init.normal_(served.fine[1].second[1].weight)
        served.train()(photos)  # statistics that are not 0 and 1
        mean, log_variance, *detail = served.eval().encode(photos)
        expected = served.decode(mean, *detail)
        ladder.start_from(export.fused(served).state_dict(), two, photos)
        found = two.eval().encode(photos)
        assert torch.allclose(found[0], mean, atol=1e-4) and torch.allclose(found[1], log_variance, atol=1e-4)
        assert torch.allclose(found[2], detail[0] if detail else torch.zeros(()), atol=1e-4)
        assert torch.allclose(two.decode(mean, found[2]), expected, atol=1e-4)


def test_the_trace_of_two_levels_is_the_network():
    """Encode, decode with a detail, and find, with another batch size than in the trace."""
    torch.manual_seed(1)
    network, photo = Cars().eval(), torch.rand(2, 3, 128, 128)
    inputs = {
        "encode": [photo],
        "decode": [(torch.randn(2, 64), torch.randn(2, DETAIL, 8, 8))],
        "find": [photo],
    }
    traced = export.trace(
        network,
        {name: tuple(each[:1] for each in export.outputs(values[0])) for name, values in inputs.items()},
    )
    assert export.furthest_apart(network, traced, inputs) < 1e-5


def test_a_latent_without_a_detail_is_decoded_with_the_one_that_is_expected():
    """No detail is the same as a difference of 0 from the prior's mean."""
    network, z = Cars().eval(), torch.randn(1, 64)
    with torch.no_grad():
        assert not torch.equal(network.decode(z), network.decode(z, torch.ones(1, DETAIL, 8, 8)))
        assert torch.equal(network.decode(z), network.decode(z, torch.zeros(1, DETAIL, 8, 8)))
