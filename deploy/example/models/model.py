"""The loaded network: a noisy series -> the series without its
noise. The one serving module that imports torch.
"""

from typing import List

import numpy as np

from models import registry

# T numbers of a series

DECIMALS = 4  # of the numbers in answers


class Model:
    """The traced network and its record."""

    def __init__(self, weights: registry.Weights) -> None:
        import torch  # here and not above, so that importing this module costs nothing

        self.torch, self.record = torch, weights.record
        self.network = torch.jit.load(str(weights.files("network")["network"]), map_location="cpu")

    def clean(self, series: List[float]) -> List[float]:
        """T numbers of any size -> T numbers. The network sees them
        with mean 0 and standard deviation 1, as in training.
        """
        values = np.array(series)  # (T,)
        mean, spread = values.mean(), values.std() or 1.0
        scaled = self.torch.from_numpy(((values - mean) / spread).astype(np.float32)[None])  # (1, T)
        with self.torch.no_grad():
            cleaned = self.network(scaled)[0].numpy()  # (T,)
        return np.round(mean + spread * cleaned.astype(np.float64), DECIMALS).tolist()


def model() -> Model:
    """The model. The first request loads it, and it is kept until another version must serve."""
    return registry.loaded("NAME", Model)
