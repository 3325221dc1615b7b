"""THIRD_PARTY.md names what ships and is not ours: the page's libraries, their versions, every package of a function, the examples."""

import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parent.parent
NAMED = (ROOT / "THIRD_PARTY.md").read_text()
PACKAGES = sorted({line for path in [ROOT / "api" / "requirements.txt", *ROOT.glob("models/*/requirements.txt")] for line in path.read_text().split()})


@pytest.mark.parametrize("name, version", sorted(json.loads((ROOT / "package.json").read_text()).get("dependencies", {}).items()))
def test_every_library_of_the_page_is_named_with_its_version(name, version):
    assert re.search(r"^\| %s %s \|.*\| MIT" % (re.escape(name), re.escape(version.strip("^~"))), NAMED, re.M | re.I)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_of_a_function_is_named_with_its_licence(package):
    """As `torch 1.5.1 (BSD; ...)`, or several before one licence."""
    assert re.search(r"\b%s\b[^()]{0,60}\(" % re.escape(package), NAMED, re.I)


def test_no_file_of_another_lies_in_the_tree_unnamed():
    """Libraries, fonts, archives and binary files that git has stand in weights/, static/examples/ or docs/, of which THIRD_PARTY tells."""
    known = ("weights/", "static/examples/", "docs/")
    found = subprocess.check_output(["git", "ls-files"], cwd=str(ROOT), universal_newlines=True).split("\n")
    foreign = re.compile(r"\.min\.|\.(woff2?|ttf|otf|zip|gz|whl|so|jar|pt|npz|bin|jpe?g|png|gif|webp|ico)$")
    assert [path for path in found if foreign.search(path) and not path.startswith(known)] == []
    assert all(folder in NAMED for folder in known)


def test_the_weaknesses_that_security_lists_are_those_of_the_pins():
    """A pin that moves wants its line in SECURITY.md read again."""
    pins = dict(re.findall(r'^([a-z-]+)==([0-9.]+); python_version < "3.9"', (ROOT / "requirements.txt").read_text(), re.M))
    listed = re.findall(r"^\| (torch|Pillow) ([0-9.]+) \|", (ROOT / "SECURITY.md").read_text(), re.M)
    assert listed and all(pins[name.lower()] == version for name, version in listed)
