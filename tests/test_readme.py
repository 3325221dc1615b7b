"""What README and the other documents say is so."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CURLS = re.findall(r"^ {4}(curl .*)$", README, re.M)


def test_there_are_curl_lines_to_try():
    assert len(CURLS) >= 4


@pytest.mark.parametrize("line", CURLS)
def test_every_curl_line_of_the_readme_answers(server, tmp_path, line):
    """Run as it stands, but for the server's address and the folder of what it saves."""
    line = line.replace("http://127.0.0.1:8000", server).replace("-o ", "-o %s/" % tmp_path)
    result = subprocess.run(line.replace("curl ", "curl --silent --show-error --fail ", 1), shell=True, cwd=str(ROOT), stdout=subprocess.PIPE)
    assert result.returncode == 0
    assert result.stdout or [path for path in tmp_path.iterdir() if path.stat().st_size > 1000]


@pytest.mark.parametrize("document", sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    """Links to files of this repository exist."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_the_words_that_the_readme_names_are_the_makefiles():
    """Every `make word` in README is a target."""
    words = set(re.findall(r"make ([a-z]+(?:-[a-z]+)*)", README))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert words - targets == set()


def test_make_alone_lists_its_words():
    """One line a word, `run` and `test` first of those that do something."""
    words = [line.split()[0] for line in subprocess.check_output(["make", "--no-print-directory"], cwd=str(ROOT), universal_newlines=True).splitlines()]
    assert words[:3] == ["help", "run", "test"]


def test_every_shipped_example_is_named_with_its_licence():
    """static/examples/README.md lists the files that are there."""
    listed = set(re.findall(r"^\| (\S+\.jpg) \|", (ROOT / "static" / "examples" / "README.md").read_text(), re.M))
    assert listed == {path.name for path in (ROOT / "static" / "examples").glob("*.jpg")}


@pytest.mark.training
@pytest.mark.parametrize("name", ["cars", "translation", "words"])
def test_the_notebook_is_the_script(name):
    """notebooks/NAME.ipynb has the cells of training/NAME.py; `make notebooks` writes it."""
    import jupytext

    script, notebook = (jupytext.read(str(ROOT / path)) for path in ("training/%s.py" % name, "notebooks/%s.ipynb" % name))
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in script.cells]
