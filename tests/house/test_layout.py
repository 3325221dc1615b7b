"""The layout: each model has one folder in each wing, found without a list; folders are small; imports go in
one direction.
"""

import ast
import pathlib
import subprocess

import pytest
import yaml

import handler
from deploy import contract

ROOT = pathlib.Path(__file__).parent.parent.parent
MODELS = sorted(path.parent.name for path in ROOT.glob("models/*/function.yml"))
FILES = {
    "models": [
        "README.md",
        "__init__.py",
        "service.py",
        "model.py",
        "requirements.txt",
        "function.yml",
        "openapi.yaml",
    ],
    "training": ["train.py", "evaluate.py"],
    "static": ["view.html", "view.js"],
    "tests": ["test_service.py", "test_page.py"],
}
ALLOWED = {  # {wing: what it may import of this project}
    "handler.py": {"api", "models", "web"},
    "local.py": {"api", "handler", "models", "web"},
    "api": {"api"},
    "models": {"api", "models"},
    "web": {"api", "models", "web"},
    "bulk": {"api", "bulk", "deploy", "handler", "models"},
    "training": {"bench", "models", "training"},
    "deploy": {"api", "deploy", "handler", "local", "models"},
}
MOST_FILES = 12


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_same_files_in_each_wing_as_all_others(name):
    for wing, files in FILES.items():
        assert [file for file in files if not (ROOT / wing / name / file).exists()] == []


@pytest.mark.parametrize("name", MODELS)
def test_a_model_serves_the_routes_of_its_own_contract(name):
    """handler finds the function by its folder, and the service's ROUTES are those of
    models/NAME/openapi.yaml.
    """
    paths = yaml.safe_load((ROOT / "models" / name / "openapi.yaml").read_text())["paths"]
    assert getattr(handler, name).__name__ == name
    assert set(handler.routes(name)) == {
        "%s %s" % (method.upper(), path) for path, item in paths.items() for method in item
    }


def test_a_function_that_has_no_folder_is_none():
    with pytest.raises(AttributeError, match="no function trucks"):
        handler.trucks


def test_the_contract_is_what_its_parts_say():
    """`make contract-file` writes openapi.yaml from web/openapi.yaml and models/*/openapi.yaml."""
    assert contract.joined(contract.parts()) == (ROOT / "openapi.yaml").read_text()


def test_a_path_in_two_parts_of_the_contract_is_refused(tmp_path):
    parts = contract.parts()
    twice = tmp_path / "openapi.yaml"
    twice.write_text(parts[1].read_text())
    with pytest.raises(ValueError, match="rename one of them"):
        contract.joined([*parts, twice])


def test_no_folder_has_more_code_than_one_remembers():
    """A folder has at most twelve files of code. Empty files do not count."""
    files = [
        ROOT / line
        for line in subprocess.check_output(
            ["git", "ls-files"], cwd=str(ROOT), universal_newlines=True
        ).splitlines()
    ]
    code = [
        path.parent
        for path in files
        if path.suffix in (".py", ".js", ".html", ".css", ".cpp") and path.exists() and path.stat().st_size
    ]
    assert {str(folder): code.count(folder) for folder in code if code.count(folder) > MOST_FILES} == {}


def imported(path):
    """The top-level packages that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        yield from (name.partition(".")[0] for name in names)


@pytest.mark.parametrize("wing", ALLOWED)
def test_imports_point_one_way(wing):
    """handler imports api, models and web; web imports api and models; training imports models, and its
    evaluations bench/seeds.py.
    """
    ours = {"api", "bench", "bulk", "deploy", "handler", "local", "models", "tests", "training", "web"}
    place = ROOT / wing
    templates = {"example", "given"}  # templates of deploy/new_model.py for other wings
    files = (
        [place]
        if place.is_file()
        else [path for path in place.rglob("*.py") if not templates & set(path.parts)]
    )
    assert {
        (path.name, name) for path in files for name in imported(path) if name in ours - ALLOWED[wing]
    } == set()


def test_the_store_is_entered_by_its_door_and_imports_run_one_way():
    """weights.py <- s3.py <- releases.py. Except for registry.py and publishing,
    nothing imports the store.
    """
    assert "models.store" not in (ROOT / "models" / "store" / "weights.py").read_text()
    assert "releases" not in (ROOT / "models" / "store" / "s3.py").read_text()
    files = [
        path
        for wing in ("api", "web", "training", "models")
        for path in (ROOT / wing).rglob("*.py")
        if path.parent.name != "store"
    ]
    assert [path.name for path in files if "models.store" in path.read_text()] == ["registry.py"]
