"""THIRD_PARTY.md names everything that ships and is not ours: the page's libraries with their versions, every
package of a function, the examples.
"""

import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
NAMED = (ROOT / "THIRD_PARTY.md").read_text()
PACKAGES = sorted(
    {
        line
        for path in [ROOT / "web" / "requirements.txt", *ROOT.glob("models/*/requirements.txt")]
        for line in path.read_text().split()
    }
)


@pytest.mark.parametrize(
    "name, version", sorted(json.loads((ROOT / "package.json").read_text()).get("dependencies", {}).items())
)
def test_every_library_of_the_page_is_named_with_its_version(name, version):
    assert re.search(
        r"^\| %s %s \|.*\| MIT" % (re.escape(name), re.escape(version.strip("^~"))), NAMED, re.M | re.I
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_of_a_function_is_named_with_its_licence(package):
    """Such as `torch 1.5.1 (BSD; ...)`, or several packages with one licence. A model's README may name those
    that only this model needs.
    """
    users = [
        path.parent for path in ROOT.glob("models/*/requirements.txt") if package in path.read_text().split()
    ]
    named = NAMED if len(users) != 1 else NAMED + (users[0] / "README.md").read_text()
    assert re.search(r"\b%s\b[^()]{0,60}\(" % re.escape(package), named, re.I)


def test_no_file_of_another_lies_in_the_tree_unnamed():
    """Libraries, fonts, archives and binary files in git are only in weights/, docs/ or models/, or in a
    folder that THIRD_PARTY names. It describes all of these.
    """
    known = ("weights/", "docs/", "models/")
    found = subprocess.check_output(["git", "ls-files"], cwd=str(ROOT), universal_newlines=True).split("\n")
    foreign = re.compile(r"\.min\.|\.(woff2?|ttf|otf|zip|gz|whl|so|jar|pt|npz|bin|jpe?g|png|gif|webp|ico)$")
    elsewhere = [path for path in found if foreign.search(path) and not path.startswith(known)]
    folders = {str(pathlib.PurePath(path).parent) + "/" for path in elsewhere}
    assert [folder for folder in folders if not re.search(re.escape(folder) + r"(?![\w.])", NAMED)] == []
    assert all(folder in NAMED for folder in known)


def test_the_weaknesses_that_security_lists_are_those_of_the_pins():
    """If a pin changes, its line in SECURITY.md must be read again."""
    pins = dict(
        re.findall(
            r'^([a-z-]+)==([0-9.]+); python_version < "3.9"', (ROOT / "requirements.txt").read_text(), re.M
        )
    )
    listed = re.findall(r"^\| (torch|Pillow) ([0-9.]+) \|", (ROOT / "SECURITY.md").read_text(), re.M)
    assert listed and all(pins[name.lower()] == version for name, version in listed)
