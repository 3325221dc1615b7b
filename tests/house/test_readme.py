"""Checks what README and the other documents say."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
MODELS = sorted(path.parent.name for path in ROOT.glob("models/*/function.yml"))
README = (ROOT / "README.md").read_text()
CURLS = re.findall(r"^ {4}(curl (?:.*\\\n)*.*)$", README, re.M)


def test_there_are_curl_lines_to_try():
    assert len(CURLS) >= 4


@pytest.mark.parametrize("line", CURLS)
def test_every_curl_line_of_the_readme_answers(server, tmp_path, line):
    """Each line runs unchanged, except for the server's address and the folder for its files."""
    line = line.replace("http://127.0.0.1:8000", server).replace("-o ", "-o %s/" % tmp_path)
    result = subprocess.run(
        line.replace("curl ", "curl --silent --show-error --fail ", 1),
        shell=True,
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
    )
    assert result.returncode == 0
    assert result.stdout or [path for path in tmp_path.iterdir() if path.stat().st_size > 1000]


@pytest.mark.parametrize(
    "document",
    sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")) + sorted(ROOT.glob("models/*/*.md")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_link_leads_somewhere(document):
    """The files of this repository to which links lead exist."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize(
    "document",
    [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "docs" / "your-model.md"],
    ids=lambda path: path.name,
)
def test_lines_have_at_most_110_columns(document):
    """Except for a line with only a picture, which is one link."""
    assert [
        line for line in document.read_text().splitlines() if len(line) > 110 and not line.startswith("[<img")
    ] == []


def test_the_words_that_the_readme_names_are_the_makefiles():
    """Every `make word` in README is a target."""
    words = set(re.findall(r"make ([a-z]+(?:-[a-z]+)*)", README))
    makefiles = "\n".join(path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("training/*/rules.mk")])
    targets = set(re.findall(r"^([a-z-]+):", makefiles, re.M))
    targets |= {
        "%s-%s" % (word, name)
        for word in re.findall(r"^([a-z]+)-%:", makefiles, re.M)
        for name in MODELS + ["faces"]
    }
    assert words - targets == set()


def test_make_alone_lists_its_words():
    """One line per word. `run` and `test` come first."""
    words = [
        line.split()[0]
        for line in subprocess.check_output(
            ["make", "--no-print-directory"], cwd=str(ROOT), universal_newlines=True
        ).splitlines()
    ]
    assert words[:3] == ["help", "run", "test"]


def test_every_shipped_example_is_named_with_its_licence():
    """static/examples/README.md lists the files that are there."""
    listed = set(
        re.findall(r"^\| (\S+\.jpg) \|", (ROOT / "static" / "examples" / "README.md").read_text(), re.M)
    )
    assert listed == {path.name for path in (ROOT / "static" / "examples").glob("*.jpg")}


@pytest.mark.training
@pytest.mark.parametrize("name", MODELS)
def test_the_notebook_is_the_script(name):
    """notebooks/NAME.ipynb has the cells of training/NAME/train.py. `make notebooks` writes it."""
    import jupytext

    script, notebook = (
        jupytext.read(str(ROOT / path))
        for path in ("training/%s/train.py" % name, "notebooks/%s.ipynb" % name)
    )
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in script.cells]
