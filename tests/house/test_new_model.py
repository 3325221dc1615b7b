"""Your own model: docs/your-model.md step by step in a copy of the repository. git then says what has
changed.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
import torch

from deploy import look, new_model
from models import registry

pytestmark = pytest.mark.training
ROOT = pathlib.Path(__file__).parent.parent.parent


def free(name):
    """The name, or one like it that no model of yours has."""
    while (ROOT / "models" / name).exists():
        name += "_"
    return name


NAME = free("probe")
TODAY = ROOT / ".venv-3.11" / "bin" / "python"
DOCUMENT = re.sub(r"\bprobe\b", NAME, (ROOT / "docs" / "your-model.md").read_text())
STEPS = re.findall(r"^ {4}(make .*|curl .*)$", DOCUMENT, re.M)
SAVED = """
import sys, torch
torch.manual_seed(0)
numbers = sys.argv[1] == "numbers"
network = torch.nn.Linear(3, 2) if numbers else torch.nn.Conv2d(3, 3, 3, padding=1)
example = torch.rand(1, 3) if numbers else torch.rand(1, 3, 32, 32)
torch.jit.trace(network.eval(), example).save(sys.argv[2])
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The repository as git has it, with the environments that are here. ARGS and similar variables do not
    come from the shell.
    """
    folder = tmp_path_factory.mktemp("copy")
    files = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=str(ROOT),
        universal_newlines=True,
    )
    for line in filter(lambda line: (ROOT / line).exists(), files.splitlines()):
        (folder / line).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(str(ROOT / line), str(folder / line))
    for name in [".uv", "node_modules", *(path.name for path in ROOT.glob(".venv-*"))]:
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(str(ROOT / "static" / "vendor"), str(folder / "static" / "vendor"))
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--message=x"],
    ):
        subprocess.run(["git", *words], cwd=str(folder), check=True)
    return folder


def shell(folder, line):
    """Run a line as a user would type it. Returns what it prints."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "MAKE", "ARGS"))
    }
    done = subprocess.run(
        line,
        shell=True,
        cwd=str(folder),
        env={**environment, "OMP_NUM_THREADS": "1"},
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def changed(folder):
    """The paths in the copy that differ or are new, by git."""
    lines = subprocess.check_output(
        ["git", "status", "--porcelain"], cwd=str(folder), universal_newlines=True
    ).splitlines()
    return sorted(line[3:] for line in lines)


@pytest.fixture(scope="module")
def probe(copy):
    """Steps 1 and 2 of the document with the example, and with fewer epochs, which its bar allows."""
    for line in ("make new-model NAME=" + NAME, "make train-" + NAME, "make export-" + NAME):
        assert line in STEPS
        shell(copy, line + (' ARGS="--epochs 6"' if "train" in line else ""))
    return copy


def test_nothing_but_the_models_own_has_changed(probe):
    """New folders, its weights, and files that make writes; no line of any other file."""
    assert changed(probe) == [
        "models/%s/" % NAME,
        "notebooks/%s.ipynb" % NAME,
        "openapi.yaml",
        "static/%s/" % NAME,
        "tests/%s/" % NAME,
        "training/%s/" % NAME,
        "weights/%s-network.pt" % NAME,
        "weights/%s.json" % NAME,
    ]


def test_the_model_is_served_by_the_copy(probe):
    """Step 3: it is in the records, in the contract and on the page, and the call in the document is
    answered.
    """
    code = (
        "import json, local\nfor method, path, body in json.loads(input()):\n event = local.event_of(method, "
        "path, {'content-type': 'application/json'}, body.encode())"
        "\n answer = local.function_of(event)(event, None)\n print('ANSWER', answer['statusCode'], "
        "answer['body'][:60000])"
    )
    (line,) = [line for line in STEPS if line.startswith("curl")]
    body = re.search(r"-d '([^']*)'", line).group(1)
    asked = json.dumps(
        [
            ["GET", "/models", ""],
            ["GET", "/openapi.yaml", ""],
            ["GET", "/%s/view.js" % NAME, ""],
            ["POST", "/" + NAME, body],
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=str(probe),
        input=asked,
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    )
    answers = [line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.startswith("ANSWER")]
    assert [status for status, _ in answers] == ["200"] * 4
    assert '"name": "%s"' % NAME in answers[0][1] and len(json.loads(answers[3][1])["series"]) == 8


def test_its_own_tests_and_those_of_the_house_pass(probe):
    """Step 4: the tests of the service, of the contract and of the layout. Nothing is left to be written."""
    assert "make contract-file notebooks" in STEPS and "make test ARGS=tests/" + NAME in STEPS
    shell(probe, "make contract-file notebooks")
    tests = "tests/%s/test_service.py tests/house/test_layout.py tests/api/test_contract.py" % NAME
    shell(
        probe,
        "%s -m pytest -q -p no:cacheprovider -m 'not contract' -k 'not page' %s" % (sys.executable, tests),
    )
    assert len(changed(probe)) == 8


@pytest.mark.parametrize(
    "kind, example, shape",
    [
        ("numbers", "[[1, 2, 3]]", "[1, 3]"),
        ("picture", "static/examples/beetle-orange.jpg", "[1, 3, 128, 128]"),
    ],
)
def test_a_file_of_ones_own_is_served_as_it_is(copy, tmp_path, kind, example, shape):
    """It is tried with the example, exported, and compared with its first answer."""
    name, path = free("own_" + kind), tmp_path / "model.pt"
    subprocess.run([sys.executable, "-W", "ignore", "-c", SAVED, kind, str(path)], check=True)
    told = shell(copy, "make new-model NAME=%s FROM=%s EXAMPLE='%s'" % (name, path, example))
    assert "takes float32 %s and gives" % shape in told
    shell(copy, "make train-%s && make export-%s" % (name, name))
    shell(copy, "%s -m pytest -q -p no:cacheprovider tests/%s/test_service.py" % (sys.executable, name))


@pytest.mark.skipif(
    not TODAY.exists(), reason="there is no torch 2 here: `make test-serving PYTHON=3.11` gets it"
)
@pytest.mark.skipif(
    sys.version_info >= (3, 9), reason="this is torch 2 already, and no other process is needed"
)
def test_a_file_of_todays_torch_is_served_by_a_process_of_its_own(copy, tmp_path):
    """It has the same address as the others, which stay with torch 1.5.1."""
    name, path = free("recent"), tmp_path / "model.pt"
    subprocess.run([str(TODAY), "-W", "ignore", "-c", SAVED, "numbers", str(path)], check=True)
    told = shell(copy, "make new-model NAME=%s FROM=%s EXAMPLE='[[1, 2, 3]]'" % (name, path))
    assert "served by torch 2" in told
    shell(copy, "%s -m training.export %s" % (TODAY, name))
    shell(copy, "%s -m pytest -q -p no:cacheprovider tests/%s/test_service.py" % (sys.executable, name))
    shell(copy, "sed -i 's/^torch: 2/torch: 1.5.1/' models/%s/function.yml" % name)
    code = "from training import publish, shelf; publish.publish(shelf.Shelf(None, 'none', %r))" % name
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=str(copy), stderr=subprocess.PIPE, universal_newlines=True
    ).stderr
    assert (
        "%s.pt: archive version 3, the newest that torch 1.5.1 reads is 2; `torch: 2` in the model's "
        "function.yml serves it" % name in said
    )


def archive(path, version):
    """The start of a TorchScript archive with this version."""
    with zipfile.ZipFile(str(path), "w") as file:
        file.writestr("model/version", str(version))
        file.writestr("model/constants.pkl", "")
    return path


def test_a_file_that_is_too_new_for_its_torch_is_refused_by_name(tmp_path):
    """The sentence also says what to do."""
    registry.check_archive(archive(tmp_path / "model.pt", 3), "2")
    with pytest.raises(
        registry.WeightsUnavailable,
        match="model.pt: archive version 3, .* torch 1.5.1 reads is 2; "
        "`torch: 2` in the model's function.yml",
    ):
        registry.check_archive(tmp_path / "model.pt", "1.5.1")
    with pytest.raises(new_model.Refused, match="of archive version 99, and no torch here reads that"):
        new_model.given("faces", archive(tmp_path / "model.pt", 99), "[1]")


@pytest.mark.parametrize(
    "name, says",
    [
        ("cars", "taken"),
        ("store", "taken"),
        ("loop", "training/loop.py"),
        ("registry", "models/registry.py"),
        ("api", "taken"),
        ("gc", "handler.py has it"),
        ("health", "openapi.yaml"),  # a path of the API
        ("street", "training/cars/rules.mk"),  # make evaluate-street
        ("state", "static/index.html"),  # an id on the page
        ("2faces", "no model's name"),
        ("Faces", "no model's name"),
        ("my-faces", "no model's name"),
        ("", "no model's name"),
        ("class", "no model's name"),
        ("f" * 31, "no model's name"),
        ("../faces", "no model's name"),
    ],
)
def test_a_name_that_is_taken_or_no_identifier_is_one_sentence(name, says):
    with pytest.raises(new_model.Refused, match=says):
        new_model.checked(name)


def test_what_is_no_file_is_told():
    with pytest.raises(new_model.Refused, match="There is no file none.pt"):
        new_model.given("faces", pathlib.Path("none.pt"), "[1]")


def test_a_file_without_an_example_asks_for_one(tmp_path):
    with pytest.raises(new_model.Refused, match="Say with EXAMPLE"):
        new_model.given("faces", archive(tmp_path / "model.pt", 2), "")


def test_an_example_without_a_file_is_not_ignored():
    with pytest.raises(SystemExit, match="EXAMPLE is for a file of your own: name it with FROM"):
        new_model.main([free("faces"), "--example", "[1]"])


@pytest.mark.parametrize("python", [sys.executable, str(TODAY)])
@pytest.mark.parametrize("what", ["network", "network.state_dict()"])
def test_what_torch_saves_without_code_is_no_model(tmp_path, python, what):
    """A pickled network or its state, of either torch; the sentence says what to do instead."""
    if not pathlib.Path(python).exists():
        pytest.skip("there is no torch 2 here: `make test-serving PYTHON=3.11` gets it")
    path = tmp_path / "model.pt"
    code = "import sys, torch; network = torch.nn.Linear(3, 2); torch.save(%s, sys.argv[1])" % what
    subprocess.run([python, "-W", "ignore", "-c", code, str(path)], check=True)
    with pytest.raises(new_model.Refused, match="is no TorchScript file: .* torch.jit.trace.model.eval"):
        new_model.given("faces", path, "[[1, 2, 3]]")


@pytest.mark.parametrize("name", ["model.pkl", "model.onnx", "model.safetensors", "model.h5"])
def test_what_other_libraries_save_is_no_model(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x89HDF\r\n")
    with pytest.raises(new_model.Refused, match="%s is no TorchScript file: .* torch.jit.trace" % name):
        new_model.given("faces", tmp_path / name, "[[1, 2, 3]]")


def test_a_picture_that_fits_in_no_shape_is_told_once(tmp_path):
    """Twelve shapes are tried. Errors that differ only in their numbers are one."""
    torch.jit.trace(torch.nn.Linear(5, 2), torch.rand(1, 5)).save(str(tmp_path / "model.pt"))
    with pytest.raises(ValueError, match="none of these shapes .*1, 3, 224, 224.*, .1, 1, 28, 28") as raised:
        look.looked(tmp_path / "model.pt", str(ROOT / "static" / "examples" / "beetle-orange.jpg"))
    assert str(raised.value).count("Error") == 1


def test_a_network_in_training_mode_is_not_taken(tmp_path):
    """Batch normalisation would answer by what else is in the call."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3), torch.nn.BatchNorm2d(3))
    torch.jit.script(network).save(str(tmp_path / "model.pt"))
    with pytest.raises(ValueError, match=r"it is in training mode: call network.eval\(\)"):
        look.looked(tmp_path / "model.pt", str(ROOT / "static" / "examples" / "beetle-orange.jpg"))


def test_the_classes_of_pixels_are_numbers_and_no_picture(tmp_path):
    """As a picture, every class but 0 would be white."""

    class Classes(torch.nn.Module):
        def forward(self, photo):
            return photo.argmax(1, keepdim=True)  # (1, 1, H, W)

    torch.jit.trace(Classes().eval(), torch.rand(1, 3, 32, 32)).save(str(tmp_path / "model.pt"))
    found = look.looked(tmp_path / "model.pt", str(ROOT / "static" / "examples" / "beetle-orange.jpg"))
    assert not found["picture_out"] and found["outputs"][0]["type"] == "int64"
