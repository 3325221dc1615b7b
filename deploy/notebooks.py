"""Writes notebooks/NAME.ipynb for Colab from training/NAME/train.py,
if its cells have changed: `make notebooks`.
"""

import hashlib
import pathlib

import jupytext

ROOT = pathlib.Path(__file__).parent.parent


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def write(name, root=ROOT):
    """Write the notebook of a model's training. A cell's id is made from its place
    and its text, so that the same training file gives the same notebook.
    """
    target, notebook = (
        root / "notebooks" / (name + ".ipynb"),
        jupytext.read(str(root / "training" / name / "train.py")),
    )
    if target.exists() and cells(jupytext.read(str(target))) == cells(notebook):
        return
    for place, cell in enumerate(notebook.cells):
        cell["id"] = hashlib.sha256(("%d %s" % (place, cell.source)).encode()).hexdigest()[:8]
    target.parent.mkdir(exist_ok=True)
    jupytext.write(notebook, str(target), fmt="ipynb")


if __name__ == "__main__":
    for story in sorted(ROOT.glob("training/*/train.py")):
        write(story.parent.name)
