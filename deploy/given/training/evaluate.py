"""How long the served file takes: `make evaluate-NAME`. Writes models/NAME/evaluation.md.
How good it is, only its test data can say: take them here.
"""

import pathlib
import statistics
import time

import torch

from models.NAME.model import model
from training.NAME import train

PAGE = pathlib.Path(__file__).parent.parent.parent / "models" / "NAME" / "evaluation.md"
CALLS = 20


def main():
    served = model()
    arrays, taken = train.example(served.record), []
    torch.set_num_threads(1)  # as Lambda has one processor at this memory
    for _ in range(CALLS):
        began = time.perf_counter()
        served.answer(arrays)
        taken.append(1000 * (time.perf_counter() - began))
    line = "One call takes %.1f ms on one core (median of %d)." % (statistics.median(taken), CALLS)
    PAGE.write_text(
        "# Evaluation of NAME\n\nVersion %s. Written by `make evaluate-NAME`.\n\n%s\n"
        % (served.record["version"], line)
    )
    print(line)


if __name__ == "__main__":
    main()
