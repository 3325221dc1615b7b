"""The arithmetic of refinement, and its gain on a photo of the page."""

import numpy as np
import pytest
import torch

from models.cars import pictures, refinement
from models.cars.model import model


def test_a_white_car_is_a_car_up_to_its_outline():
    """A white place between coloured ones belongs to the car, one beside them does not."""
    picture = np.ones((3, 9, 9), np.float32)
    picture[:, 2:7, 2] = picture[:, 2:7, 6] = picture[:, 2, 2:7] = picture[:, 6, 2:7] = 0.2
    expected = np.zeros((9, 9), np.float32)
    expected[2:7, 2:7] = 1
    assert np.array_equal(refinement.car_in(picture), expected)


def test_the_mean_around_a_corner_is_of_the_pixels_that_there_are():
    """Of ones it is one everywhere."""
    assert torch.equal(refinement.mean_around(torch, torch.ones(1, 1, 8, 8)), torch.ones(1, 1, 8, 8))


def test_descent_arrives_at_the_bottom():
    """Of a bowl, from either side."""
    bottom = np.array([[1.5, -2.0]], np.float32)
    arrived = refinement.descended(lambda place: 2 * (place - bottom), np.zeros((1, 2), np.float32), 200)
    assert arrived.dtype == np.float32 and np.allclose(arrived, bottom, atol=0.05)


@pytest.mark.parametrize("steps, share", [(4, 0.9), (12, 0.8)])
def test_more_steps_bring_the_picture_nearer_to_its_target(photo, steps, share):
    """A photo on white is its own target: the squared error falls."""
    cars, square = model(), pictures.to_square(pictures.open_picture(photo))
    latent, _, detail = cars.encode(square)
    before, after = (
        np.mean((cars.decode(latent, added) - square) ** 2)
        for added in (detail, cars.refine(square, latent, detail, steps))
    )
    assert after < share * before


def test_nothing_is_refined_by_no_steps():
    """The detail comes back as it is."""
    detail = np.arange(512.0)
    assert model().refine(np.ones((3, 128, 128), np.float32), np.zeros(64), detail, 0) is detail
