"""The refinement of a reconstruction: the detail of the latent is fitted to the photo itself by a few steps
of gradient descent (semi-amortized VAE: Kim et al. 2018, arXiv:1802.02550).

The network guesses the detail at one glance; the photo says what it missed. The photo has a background, and
the picture has none, so only places count where the network drew the car, and drew it much as the photo has
it.
"""

from typing import Any, Callable

import numpy as np

# D numbers of a detail, S side of the square

STEPS = 12  # of a reconstruction, unless the caller says otherwise
MOST_STEPS = 24
WHITE = 0.9  # a pixel whose three colours are all above is background
AROUND = 5  # pixels; the side of the squares over which places are compared and the car's edge is softened
TRUSTED = 0.17  # a difference of photo and picture at which a place counts 1 / sqrt(e)
RATE = 0.3  # of Adam (Kingma & Ba 2015), whose decays follow; chosen with them on 48 held-out photos
DECAYS = (0.6, 0.9)


def refined(network: Any, torch: Any, square: np.ndarray, latent: Any, detail: Any, steps: int) -> np.ndarray:
    """The detail after some steps: (D,).

    square: the photo (3, S, S) in [0, 1]; latent (Z,); detail: a tensor (1, channels, height, width), from
    which the steps start.
    """
    photo, latent = (torch.from_numpy(array.astype(np.float32)[None]) for array in (square, latent))
    with torch.no_grad():
        seen = network.decode(latent, detail)  # (1, 3, S, S)
        share = torch.from_numpy(car_in(seen[0].numpy()))[None, None]  # (1, 1, S, S)
        smoothed = [mean_around(torch, picture) for picture in (photo - seen, share)]
        share = smoothed[1] * ((smoothed[0] ** 2).mean(1, keepdim=True) / (-2 * TRUSTED**2)).exp()
        target = share * photo + (1 - share) * seen

    def slope(tried: np.ndarray) -> np.ndarray:
        with torch.enable_grad():
            leaf = torch.from_numpy(tried).requires_grad_(True)
            error = ((network.decode(latent, leaf) - target) ** 2).sum()
            return torch.autograd.grad(error, leaf)[0].numpy()

    return descended(slope, detail.numpy(), steps).ravel()


def descended(slope: Callable[[np.ndarray], np.ndarray], start: np.ndarray, steps: int) -> np.ndarray:
    """Where Adam arrives from `start` after some steps down the slope."""
    place, mean, square = start, np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        gradient = slope(place)
        mean = DECAYS[0] * mean + (1 - DECAYS[0]) * gradient
        square = DECAYS[1] * square + (1 - DECAYS[1]) * gradient**2
        length = np.sqrt(square / (1 - DECAYS[1] ** step)) + 1e-8
        place = (place - RATE * mean / (1 - DECAYS[0] ** step) / length).astype(start.dtype)
    return place


def car_in(picture: np.ndarray) -> np.ndarray:
    """1 where a picture (3, S, S) has the car and 0 where it is white, float32 (S, S): a place between two
    coloured ones of its row, and of its column as well, belongs to the car, be it white or not.
    """
    coloured = picture.min(axis=0) < WHITE  # (S, S)
    between = [
        np.logical_or.accumulate(coloured, axis)
        & np.flip(np.logical_or.accumulate(np.flip(coloured, axis), axis), axis)
        for axis in (0, 1)
    ]
    return (between[0] & between[1]).astype(np.float32)


def mean_around(torch: Any, picture: Any) -> Any:
    """The mean of the AROUND x AROUND pixels around each, of those that there are."""
    return torch.nn.functional.avg_pool2d(picture, AROUND, 1, AROUND // 2, False, False)
