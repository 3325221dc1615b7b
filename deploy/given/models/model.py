"""The loaded TorchScript file: arrays in, arrays out, of the shapes
that the record names. The one serving module that imports torch.
"""

from typing import Any, Dict, List

import numpy as np

from models import registry

MOST_NUMBERS = 1_000_000  # of an input


class WrongInput(ValueError):
    """What was sent is not an input of this model. The text is a sentence for the caller."""


class Model:
    """The file and its record: `inputs` and `outputs` with their names, shapes and types."""

    def __init__(self, weights: registry.Weights) -> None:
        import torch  # here and not above, so that importing this module costs nothing

        self.torch, self.record = torch, weights.record
        self.network = torch.jit.load(str(weights.files("network")["network"]), map_location="cpu")

    def answer(self, arrays: List[np.ndarray]) -> List[np.ndarray]:
        """The outputs for inputs in the order of the record.
        Raises WrongInput where the file does not take them.
        """
        try:
            with self.torch.no_grad():
                return arrays_of(self.network(*map(self.torch.from_numpy, arrays)))
        except (RuntimeError, IndexError) as error:  # what torch raises inside the file
            raise WrongInput(
                "The model does not take this input. It was made for %s." % self.told()
            ) from error

    def arrays(self, sent: Any) -> List[np.ndarray]:
        """Nested lists of one input, or {name: nested lists} of several, as arrays. Raises WrongInput."""
        inputs: List[Dict[str, Any]] = self.record["inputs"]
        values = (
            [sent]
            if len(inputs) == 1
            else [sent.get(entry["name"]) for entry in inputs]
            if isinstance(sent, dict)
            else []
        )
        if len(values) != len(inputs):
            raise WrongInput("inputs must be an object with %s." % self.told())
        return [self.array(value, entry) for value, entry in zip(values, inputs)]

    def array(self, value: Any, entry: Dict[str, Any]) -> np.ndarray:
        sentence = "inputs must be lists of finite numbers with %d levels, as of %s." % (
            len(entry["shape"]),
            self.told(),
        )
        try:
            numbers = np.array(value)
        except ValueError:  # lists of different lengths
            raise WrongInput(sentence) from None
        kinds = "iu" if entry["type"].startswith("int") else "iuf"
        if (
            numbers.dtype.kind not in kinds
            or numbers.ndim != len(entry["shape"])
            or not 0 < numbers.size <= MOST_NUMBERS
        ):
            raise WrongInput(sentence)
        numbers = numbers.astype(entry["type"])
        if not np.isfinite(numbers).all():
            raise WrongInput(sentence)
        return numbers

    def told(self) -> str:
        return " and ".join(
            "%s of shape %s" % (entry["name"], entry["shape"]) for entry in self.record["inputs"]
        )


def arrays_of(value: Any) -> List[np.ndarray]:
    """A tensor, or tensors in tuples, lists and dicts, as arrays in order."""
    if isinstance(value, (tuple, list)):
        return [array for part in value for array in arrays_of(part)]
    if isinstance(value, dict):
        return [array for part in value.values() for array in arrays_of(part)]
    return [value.numpy()]


def model() -> Model:
    """The model. The first request loads it, and it is kept until another version must serve."""
    return registry.loaded("NAME", Model)
