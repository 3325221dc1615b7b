"""A story of training in double precision throughout: `python -m tests.training.double cars --epochs 2`.

In float32 the sum of two halves is rounded otherwise than the sum of the whole. Where a gradient is near 0,
as of a bias before a normalisation, that rounding is all there is of it, and Adam makes a whole step of it.
"""

import contextlib
import runpy
import sys

import torch

from training import loop

if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.float32, torch.Tensor.float = torch.float64, torch.Tensor.double
    loop.half_precision = lambda where: contextlib.nullcontext()
    runpy.run_module("training.%s.train" % sys.argv.pop(1), run_name="__main__")
