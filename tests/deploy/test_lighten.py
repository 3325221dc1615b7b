"""What deploy/lighten.py makes of this environment's torch (with links to its libraries instead of copies)
and requests-toolbelt, and of a library built here.
"""

import ast
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import requests
import torch

from tests.conftest import gateway_event
from deploy import lighten

# the image has torch 1.5.1, and so does the environment of `make test-deploy`
pytestmark = pytest.mark.deploy
ROOT = pathlib.Path(__file__).parent.parent.parent
ASK = """
import json, sys
import handler, torch
answers = [getattr(handler, function)(event, None) for function, event in json.load(sys.stdin)]
told = {"file": torch.__file__, "modules": len(sys.modules)}
told["answers"] = [[each["statusCode"], each["body"]] for each in answers]
json.dump(told, open(sys.argv[1], "w"))
"""
SOURCE = """
extern "C" {
int shared = 1;
int one() { return shared; }
int two() { return one() + one(); }
int (*pointed)() = two;
}
"""


@pytest.fixture
def package(tmp_path):
    """The installed torch as links, with the __init__.py of the image."""
    installed, package = pathlib.Path(torch.__file__).parent, tmp_path / "torch"
    package.mkdir()
    for path in installed.iterdir():
        if path.name not in ("__init__.py", "__pycache__"):
            (package / path.name).symlink_to(path)
    shutil.copy(str(installed / "__init__.py"), str(package))
    lighten.without_training(package)
    return package


def asked(events, folders, written):
    """The answers of a process that imports from these folders first."""
    environment = {**os.environ, "PYTHONPATH": ":".join(map(str, folders)), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-c", ASK, str(written)],
        input=json.dumps(events).encode(),
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(written.read_text())


def test_the_images_torch_gives_the_answers_of_the_whole_one_with_far_fewer_modules(package, photo, tmp_path):
    def event(path, body):
        return gateway_event(
            "POST", path, body=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )

    picture = gateway_event(
        "POST",
        "/cars/reconstruct",
        "sample=true&seed=3",
        photo,
        {"Content-Type": "image/jpeg", "Accept": "application/json"},
    )
    refined = gateway_event("POST", "/cars/reconstruct", "refine=2", photo, {"Content-Type": "image/jpeg"})
    dream = gateway_event("POST", "/pictures/dream", "size=64&steps=2", photo, {"Content-Type": "image/jpeg"})
    german = {"text": "Das Auto steht vor dem Haus.", "beam": 5, "alternatives": 2, "attention": True}
    events = [
        ["cars", picture],
        ["cars", refined],
        ["cars", event("/cars/generate", {"count": 2, "seed": 7})],
        ["translation", event("/translation", german)],
        ["cars", event("/cars/generate", {"count": "many"})],
        ["pictures", dream],
        ["classification", event("/classification", {"text": "A warm film.", "explain": True})],
    ]
    whole = asked(events, [ROOT], tmp_path / "whole.json")
    light = asked(events, [tmp_path, ROOT], tmp_path / "light.json")
    assert [status for status, _ in whole["answers"]] == [200, 200, 200, 200, 422, 200, 200]
    assert light["answers"] == whole["answers"]
    assert light["file"] == str(package / "__init__.py") and light["modules"] < whole["modules"] - 100


def test_the_images_decoder_of_forms_reads_them_as_the_whole_one_does(photo, tmp_path):
    installed = pathlib.Path(requests.__file__).parent.parent
    for name in ("requests", "requests_toolbelt", *lighten.CLIENTS):
        shutil.copytree(str(installed / name), str(tmp_path / name))
    lighten.main(tmp_path)
    form = b"\r\n".join(
        [
            b"--b",
            b'Content-Disposition: form-data; name="image"; filename="car.jpg"',
            b"Content-Type: image/jpeg",
            b"",
            photo,
            b"--b",
            b'Content-Disposition: form-data; name="sample"',
            b"",
            b"true",
            b"--b--",
            b"",
        ]
    )
    headers, broken = {"Content-Type": "multipart/form-data; boundary=b"}, b"--b\r\nno header\r\n--b--\r\n"
    events = [
        ["cars", gateway_event("POST", "/cars/reconstruct", "seed=3", body, headers)]
        for body in (form, broken)
    ]
    whole, light = (
        asked(events, [ROOT], tmp_path / "whole.json"),
        asked(events, [tmp_path, ROOT], tmp_path / "light.json"),
    )
    assert [status for status, _ in whole["answers"]] == [200, 400]
    assert light["answers"] == whole["answers"] and light["modules"] < whole["modules"] - 100


def test_all_that_serving_uses_of_torch_is_in_the_images():
    offered = {
        node.name
        for node in ast.walk(ast.parse((ROOT / "deploy" / "torch_serving.py").read_text()))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    offered |= {"from_numpy", "tensor"}
    for path in (ROOT / "models").glob("*/model.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and getattr(
                node.value, "attr", getattr(node.value, "id", "")
            ) in ("torch", "jit"):
                assert node.attr in offered, "%s uses torch's %s" % (path, node.attr)


@pytest.mark.skipif(not shutil.which("g++"), reason="no g++ here, which builds the library of this test")
def test_a_bound_library_calls_its_own_functions_and_shares_its_variables(tmp_path):
    (tmp_path / "source.cpp").write_text(SOURCE)
    library = tmp_path / "library.so"
    subprocess.run(
        ["g++", "-shared", "-fPIC", "-O0", "-o", str(library), str(tmp_path / "source.cpp")], check=True
    )

    def by_name():
        listed = subprocess.run(
            ["readelf", "-W", "-r", str(library)], stdout=subprocess.PIPE, universal_newlines=True, check=True
        ).stdout
        return {
            name
            for name in ("shared", "one", "two")
            if any(line.split()[4:5] == [name] for line in listed.splitlines())
        }

    assert by_name() == {"shared", "one", "two"}
    assert lighten.bind(library) == 2
    assert by_name() == {"shared"}
    loaded = ctypes.CDLL(str(library))
    ctypes.c_int.in_dll(loaded, "shared").value = 21
    assert loaded.two() == 42
    assert ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.c_void_p.in_dll(loaded, "pointed").value)() == 42
