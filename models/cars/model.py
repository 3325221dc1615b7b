"""The loaded car model: encode, decode, draw a latent, named directions. The one serving module that imports torch."""

from typing import Any, Callable, List, Tuple

import numpy as np

from models import registry

# Z latent, S side of the square, K components of the density, P main directions

MAIN = 8  # directions in which latents differ most, for who edits by them
FURTHEST_LATENT = 20.0  # the coordinates of training pictures stay within 6 or so


class Model:
    """The traced network, the density of the training pictures' latents, and the named directions."""

    def __init__(self, weights: registry.Weights) -> None:
        import torch  # here and not above: 0.3 s that importing this module should not cost

        files = weights.files()
        self.torch = torch
        self.record = weights.record
        self.network = torch.jit.load(str(files["network"]), map_location="cpu").float()  # on disk it has 16 bits a number
        with np.load(files["latents"], allow_pickle=False) as arrays:
            self.weights = arrays["weights"]  # (K,)
            self.means, self.factors = arrays["means"], arrays["factors"]  # (K, Z), (K, Z, Z)
            names = [direction["name"] for direction in self.record["directions"]]
            self.directions = dict(zip(names, arrays["directions"]))  # (Z,) each
        self.main = principal(self.weights, self.means, self.factors)  # (P, Z)

    def encode(self, square: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """(3, S, S) in [0, 1] -> mean and log-variance of its latent, (Z,) each."""
        mean, log_variance = self.run(self.network.encode, square)
        return rounded(mean[0].numpy()), log_variance[0].numpy()

    def decode(self, latent: np.ndarray) -> np.ndarray:
        """(Z,) -> (3, S, S) in [0, 1]. One at a time, so that a picture never depends on how many are asked for."""
        return self.run(self.network.decode, latent)[0].numpy()

    def run(self, method: Callable[[Any], Any], array: np.ndarray) -> Any:
        """What a method of the network makes of one array, as a batch of one."""
        with self.torch.no_grad(), self.torch.jit.optimized_execution(False):  # to optimise the trace takes the first answer 5 ms, and saves none
            return method(self.torch.from_numpy(array.astype(np.float32)[None]))

    def draw(self, seed: int, place: int, temperature: float) -> np.ndarray:
        """The latent (Z,) of picture `place` of a seed, from the Gaussian mixture; each has its own stream of random numbers."""
        stream = np.random.default_rng([seed, place])
        k = min(np.searchsorted(self.weights.cumsum(), stream.random()), len(self.weights) - 1)
        return rounded(self.means[k] + temperature * self.factors[k] @ stream.standard_normal(len(self.means[k])))

    def line(self, first: np.ndarray, last: np.ndarray, steps: int) -> List[np.ndarray]:
        """`steps` latents (Z,) on the straight line between two, placed so that their pictures change evenly, and not their numbers."""
        shares = np.linspace(0, 1, steps)
        album = [self.decode(first + (last - first) * share) for share in shares]
        apart = [np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(album, album[1:])]
        travelled = np.concatenate([[0], np.cumsum(apart)])
        shares = np.interp(np.linspace(0, travelled[-1], steps), travelled, shares)
        shares[-1] = 1  # also between two equal pictures
        return [rounded(first + (last - first) * share) for share in shares]


def principal(weights: np.ndarray, means: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """The directions (P, Z) in which the mixture spreads most, one standard deviation long, the number furthest from 0 positive."""
    apart = means - weights @ means  # (K, Z)
    covariance = np.einsum("k,kij,klj->il", weights, factors, factors) + (apart.T * weights) @ apart  # (Z, Z)
    variances, axes = np.linalg.eigh(covariance)  # the smallest first
    directions = (axes * np.sqrt(variances.clip(0))).T[::-1][:MAIN]  # (P, Z)
    furthest = np.abs(directions).argmax(axis=1)
    return directions * np.sign(directions[np.arange(len(directions)), furthest])[:, None]


def model() -> Model:
    """Loaded by the first request and kept for the next, until another version is to serve; a failure is not kept."""
    import torch  # noqa: F401, 0.3 s in which the weights come that handler.py has sent for

    return registry.loaded("cars", Model)


def rounded(latent: np.ndarray) -> np.ndarray:
    """To the 4 decimals and the range that JSON carries, so that a latent sent back is taken and gives the same picture."""
    return np.round(latent.astype(np.float64), 4).clip(-FURTHEST_LATENT, FURTHEST_LATENT)
