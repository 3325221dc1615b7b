# %% [markdown]
# # NAME: a network that was trained elsewhere
# runs/NAME/model.pt is the TorchScript file. runs/NAME/facts.json has
# what was found out when the file was run with an example.
#
# From the shell: `make train-NAME` runs it again, `make export-NAME`
# copies it to weights/. To serve a newer file, replace this one, or
# move its training here; training/cars/train.py is an example.
# %%
import argparse
import json
import pathlib
import shutil
import sys

import numpy as np
import torch

from models.NAME.model import arrays_of, model
from training import export


# %% [markdown]
# ## Try
# %%
def example(facts):
    """The inputs that the file was tried with, as arrays; for a picture, all grey."""
    if facts["picture"]:
        return [np.full(facts["inputs"][0]["shape"], 0.5, dtype=np.float32)]
    sent = (
        [facts["example"]]
        if len(facts["inputs"]) == 1
        else [facts["example"][entry["name"]] for entry in facts["inputs"]]
    )
    return [np.array(value, dtype=entry["type"]) for value, entry in zip(sent, facts["inputs"])]


def answers(path, arrays):
    """The outputs of a TorchScript file for arrays."""
    with torch.no_grad():
        return arrays_of(torch.jit.load(str(path), map_location="cpu")(*map(torch.from_numpy, arrays)))


# %% [markdown]
# ## Export
# %%
def publish(weights, folder):
    """Copy the file and write its record into the folder `weights`; returns the record."""
    export.need_torch_of("NAME")
    facts, given, kept = (
        json.loads((folder / "facts.json").read_text()),
        folder / "model.pt",
        weights / "NAME.pt",
    )
    pairs = zip(*(answers(given, example(facts)) for _ in range(2)))
    if not all(np.allclose(one, other, equal_nan=True) for one, other in pairs):
        raise SystemExit(
            "The model answers the same question twice in two ways: call eval() before you save it."
        )
    weights.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(given), str(kept))
    return export.write_record(weights, "NAME", {"network": kept}, facts, {"torch": torch.__version__})


def golden():
    """The first numbers of the served model's answer to the example, and how many there are."""
    served = model()
    outputs = served.answer(example(served.record))
    return [
        {"first": [float(number) for number in output.ravel()[:8]], "count": int(output.size)}
        for output in outputs
    ]


# %% [markdown]
# ## The whole story
# %%
def main(words=None):
    """Run the file, and print its inputs and outputs."""
    parser = argparse.ArgumentParser(description="Try the TorchScript file of NAME.")
    parser.add_argument("--folder", default="runs/NAME", help="where model.pt and facts.json are")
    folder = pathlib.Path(parser.parse_args(words).folder)
    if not (folder / "model.pt").exists():
        sys.exit("There is no %s: put your TorchScript file there." % (folder / "model.pt"))
    facts = json.loads((folder / "facts.json").read_text())
    shapes = [list(output.shape) for output in answers(folder / "model.pt", example(facts))]
    print(
        "%s: %s -> %s. Next: make export-NAME"
        % (folder / "model.pt", [entry["shape"] for entry in facts["inputs"]], shapes)
    )


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is not for this file
