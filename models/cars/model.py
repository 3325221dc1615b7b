"""The loaded car model: find, encode, refine, decode, draw a latent, named
directions. No other serving module of cars imports torch.
"""

from typing import Any, Callable, List, Optional, Tuple

import numpy as np

from models import registry
from models.cars import refinement
from models.cars.map import map_in

# Z latent, D numbers of a detail, S side of the square, K components of the density, P main directions

MAIN = 8  # number of directions in which latents differ most, for editing
Point = Tuple[np.ndarray, np.ndarray]  # latent (Z,), detail (D,)
Details = Tuple[Optional[np.ndarray], Optional[np.ndarray]]
FURTHEST_LATENT = 20.0  # the coordinates of training pictures stay within about 6


class Model:
    """The traced network, the density of the training pictures' latents, and the named directions."""

    def __init__(self, weights: registry.Weights) -> None:
        import torch  # here and not above: it takes 0.3 s, which importing this module should not cost

        files = weights.files()
        self.torch = torch
        self.record = weights.record
        # on disk each number has 16 bits
        self.network = torch.jit.load(str(files["network"]), map_location="cpu").float()
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)
        with np.load(files["latents"], allow_pickle=False) as arrays:
            self.weights = arrays["weights"]  # (K,)
            self.means, self.factors = arrays["means"], arrays["factors"]  # (K, Z), (K, Z, Z)
            names = [direction["name"] for direction in self.record["directions"]]
            self.directions = dict(zip(names, arrays["directions"]))  # (Z,) each
            self.map = map_in(arrays)
        # shape of the detail's maps; a network with one level has none
        self.shape = tuple(self.record.get("detail", ()))
        self.detail = int(np.prod(self.shape)) if self.shape else 0  # D
        self.main = principal(self.weights, self.means, self.factors)  # (P, Z)

    def find(self, square: np.ndarray) -> Tuple[Optional[np.ndarray], float]:
        """A whole photo (3, S, S) in [0, 1] -> the box of its car, as shares of the
        frame (left, top, right, bottom), and the confidence, 0 to 1.

        The box is None if the network has no finder.
        """
        if "finder" not in self.record:
            return None, 0.0
        found = self.run(self.network.find, square)[0].numpy().astype(np.float64)  # (5,)
        return found[:4], round(float(found[4]), 4)

    def encode(self, square: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(3, S, S) in [0, 1] -> mean and log-variance of its latent,
        each (Z,), and the detail that the photo adds, (D,).
        """
        mean, log_variance, *detail = self.run(self.network.encode, square)
        return (
            rounded(mean[0].numpy()),
            log_variance[0].numpy(),
            rounded(detail[0].numpy().ravel() if detail else np.zeros(0), 3),
        )

    def refine(self, square: np.ndarray, latent: np.ndarray, detail: np.ndarray, steps: int) -> np.ndarray:
        """The detail (D,) of a photo (3, S, S), fitted to it by some steps of gradient descent, so that the
        picture is truer to the photo. refinement.py says how. A network without a detail has none to refine.
        """
        if not steps or not self.detail:
            return detail
        start = self.torch.from_numpy(detail.astype(np.float32).reshape((1, *self.shape)))
        with self.torch.jit.optimized_execution(False):
            return rounded(refinement.refined(self.network, self.torch, square, latent, start, steps), 3)

    def decode(self, latent: np.ndarray, detail: Optional[np.ndarray] = None) -> np.ndarray:
        """A latent (Z,), and the detail (D,) of a photo if any -> (3, S, S) in [0, 1].
        One at a time, so that a picture never depends on the count.
        """
        if not self.detail:
            return self.run(self.network.decode, latent)[0].numpy()
        added = np.zeros(self.detail) if detail is None else detail
        return self.run(self.network.decode, latent, added.reshape(self.shape))[0].numpy()

    def run(self, method: Callable[..., Any], *arrays: np.ndarray) -> Any:
        """Call a method of the network with arrays, each as a batch of one."""
        # optimising the trace costs the first answer 5 ms, and saves nothing
        with self.torch.no_grad(), self.torch.jit.optimized_execution(False):
            return method(*(self.torch.from_numpy(array.astype(np.float32)[None]) for array in arrays))

    def draw(self, seed: int, place: int, temperature: float) -> np.ndarray:
        """The latent (Z,) of picture `place` of a seed, drawn from the Gaussian
        mixture. Each picture has its own stream of random numbers.
        """
        stream = np.random.default_rng([seed, place])
        k = min(np.searchsorted(self.weights.cumsum(), stream.random()), len(self.weights) - 1)
        return rounded(
            self.means[k] + temperature * self.factors[k] @ stream.standard_normal(len(self.means[k]))
        )

    def line(
        self, first: np.ndarray, last: np.ndarray, steps: int, details: Details = (None, None)
    ) -> List[Point]:
        """`steps` points (latent, detail) on the straight line between two latents (Z,),
        spaced so that the pictures change evenly, not the numbers.
        """

        def point(share: float) -> Point:
            return rounded(first + (last - first) * share), self.faded(details, share)

        shares = np.linspace(0, 1, steps)
        album = [self.decode(*point(share)) for share in shares]
        apart = [np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(album, album[1:])]
        travelled = np.concatenate([[0], np.cumsum(apart)])
        shares = np.interp(np.linspace(0, travelled[-1], steps), travelled, shares)
        shares[-1] = 1  # also between two equal pictures
        return [point(share) for share in shares]

    def faded(self, details: Details, share: float) -> np.ndarray:
        """The detail at a share of the way. It is that of the first picture in the first half and that of the
        last in the second half. It fades to none in the middle, where both together would look like ghosts.
        """
        first, last = (np.zeros(self.detail) if detail is None else detail for detail in details)
        return rounded(max(0.0, 1 - 2 * share) * first + max(0.0, 2 * share - 1) * last, 3)


def principal(weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """The directions (P, Z) in which the mixture spreads most. Each is one standard
    deviation long, with the sign that makes its number furthest from 0 positive.
    """
    apart = means - weights @ means  # (K, Z)
    covariance = np.einsum("k,kij,klj->il", weights, factors, factors) + (apart.T * weights) @ apart  # (Z, Z)
    variances, axes = np.linalg.eigh(covariance)  # the smallest first
    directions = (axes * np.sqrt(variances.clip(0))).T[::-1][:MAIN]  # (P, Z)
    furthest = np.abs(directions).argmax(axis=1)
    return directions * np.sign(directions[np.arange(len(directions)), furthest])[:, None]


def model() -> Model:
    """The model. The first request loads it, and it is kept until
    another version must serve. A failure is not kept.
    """
    import torch  # noqa: F401, takes 0.3 s, while the weights that handler.py requested arrive

    return registry.loaded("cars", Model)


def rounded(latent: np.ndarray, decimals: int = 4) -> np.ndarray:
    """A latent with the decimals and the range that JSON carries, so that a
    latent that is sent back is accepted and gives the same picture.
    """
    return np.round(latent.astype(np.float64), decimals).clip(-FURTHEST_LATENT, FURTHEST_LATENT)
