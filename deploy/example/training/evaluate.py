"""The shipped network on fresh series, beside a moving average:
`make evaluate-NAME`. Writes models/NAME/evaluation.md.
"""

import pathlib

from models.NAME.model import model
from training.NAME import train

PAGE = pathlib.Path(__file__).parent.parent.parent / "models" / "NAME" / "evaluation.md"
SEED = 100  # of series that no training sees


def main():
    served = model()
    settings = train.Settings(**{**served.record["settings"], "seed": SEED})
    figures = train.quality(settings, served.network)
    lines = ["| series that were not trained on | mean squared error |", "|---|---|"]
    lines += [
        "| %s | %.4f |" % (name.replace("_", " "), figures[name])
        for name in ("noisy", "moving_average", "network")
    ]
    head = (
        "# Evaluation of NAME\n\nVersion %s. Written by `make evaluate-NAME`.\n\n" % served.record["version"]
    )
    PAGE.write_text(head + "\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
