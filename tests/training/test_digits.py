"""The study's digits: a condition that is obeyed, and clusters that find what labels would say."""

import numpy as np
import pytest

pytestmark = pytest.mark.training

import torch  # noqa: E402 (only where training's packages are)
from torch import nn  # noqa: E402

from bench.study import digits  # noqa: E402


def test_only_the_cvae_is_told_the_class():
    for classes, told in ((0, (2, 0)), (10, (2, 10))):
        network = digits.DigitVAE(classes)
        condition = digits.condition_of(network, [3, 4])
        assert condition.shape == told
        pixels, divergence = network.terms(torch.rand(2, 64), condition)
        assert pixels.shape == divergence.shape == (2,) and (divergence >= 0).all()


def test_a_digit_of_another_class_is_drawn_from_the_same_latent():
    """Two classes of one picture each: after a short training each class is its picture."""
    torch.manual_seed(1)
    network = digits.DigitVAE(10)
    x = torch.eye(64)[[5, 40]].repeat(50, 1)
    condition = digits.condition_of(network, [0, 1] * 50)
    digits.optimised(network, lambda at: sum(network.terms(x[at], condition[at])).mean(), len(x), 60)
    drawn = network.decode(torch.randn(2, digits.LATENT), condition[:2])
    assert drawn.argmax(dim=1).tolist() == [5, 40]


def test_clusters_are_counted_right_whatever_their_numbers():
    assert digits.agreement(np.array([2, 2, 0, 1]), np.array([0, 0, 1, 2])) == 100
    assert digits.agreement(np.array([0, 0, 0, 1]), np.array([0, 1, 0, 1])) == 75


def test_the_target_of_dec_is_surer_than_the_clusters_and_evens_them_out():
    """A row that is 0.8 sure becomes surer; a cluster of many weighs less (Xie et al., equation 3)."""
    q = torch.tensor([[0.8, 0.2], [0.8, 0.2], [0.4, 0.6]])
    p = digits.Clustering.target(q)
    assert p.sum(dim=1).tolist() == pytest.approx([1, 1, 1])
    assert p[0, 0] > 0.8 and p[2, 1] / p[2, 0] == pytest.approx((0.36 / 1.0) / (0.16 / 2.0))


def test_dec_finds_heaps_that_lie_apart():
    torch.manual_seed(1)
    known = np.arange(120) % 3
    x = torch.eye(3)[known] * 5 + torch.randn(120, 3) / 2
    by_means, by_dec, network = digits.clustered(nn.Linear(3, 3), x, 3, epochs=6)
    assert digits.agreement(by_dec, known) == digits.agreement(by_means, known) == 100
    assert network(x).sum(dim=1).tolist() == pytest.approx([1] * 120)
