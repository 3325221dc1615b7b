"""Runs each notebook from top to bottom in a real Jupyter, with small settings: `make test-notebooks`.

The last cell gets words, as the notebook's head says: those of tests/NAME/small.py, or one epoch if there is
none.
"""

import importlib
import pathlib
import re

import pytest

pytestmark = [pytest.mark.training, pytest.mark.notebooks]
ROOT = pathlib.Path(__file__).parent.parent.parent
SECONDS = 540  # for each cell


def small(name, folder):
    """The words for a training that ends in seconds. Everything that it writes goes into the folder."""
    given = []
    if (ROOT / "tests" / name / "small.py").exists():
        given = importlib.import_module("tests.%s.small" % name).words(folder)
    return [str(word) for word in ("--epochs", 1, *given, "--folder", folder / "run")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("path", sorted(ROOT.glob("notebooks/*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    """Every cell runs without an error. At the end there is a state, and the output says how to export it."""
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(str(path), as_version=4)
    last = [cell for cell in notebook.cells if cell.cell_type == "code"][-1]
    assert "main([] if" in last.source
    last.source = re.sub(r"main\(\[\] if .*", "main(%r)" % small(path.stem, tmp_path), last.source)
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    said = "".join(output.get("text", "") for output in last.outputs)
    assert "make export-%s" % path.stem in said and (tmp_path / "run" / "facts.json").exists()
