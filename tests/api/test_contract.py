"""schemathesis, which does not know our code, tests the API against openapi.yaml: it draws right and wrong
requests, and checks each answer.

schemathesis needs a newer Python than 3.8, so it has its own environment. `make contract` makes it and runs
this file.
"""

import importlib
import json
import os
import pathlib
import subprocess
import urllib.request

import pytest
import yaml
from jsonschema import Draft202012Validator

from models import registry

ROOT = pathlib.Path(__file__).parent.parent.parent
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text())
TOOL = ROOT / "build" / "schemathesis" / "bin" / "schemathesis"


def as_drawn():
    """The contract without what schemathesis cannot draw: long lists, and fields that depend on others.

    tests/NAME/drawn.py says this for a model, if it needs to. tests/NAME/test_service.py tests these fields.
    """
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    for operation in (item["post"] for item in contract["paths"].values() if "post" in item):
        # schemathesis thinks that a call without an optional body is wrong
        operation["requestBody"]["required"] = True
        form = operation["requestBody"]["content"].get("multipart/form-data", {})
        # with it references are lost, and lists are one part
        form.pop("encoding", None)
        for field in form.get("schema", {}).get("properties", {}).values():
            if "contentSchema" in field:  # tests/NAME/formats.py draws these texts
                field["format"] = field["contentSchema"]["$ref"].rpartition("/")[2]
    for path in sorted(ROOT.glob("tests/*/drawn.py")):
        narrow = importlib.import_module("tests.%s.drawn" % path.parent.name).narrow
        narrow(contract["paths"], contract["components"]["schemas"])
    return contract


@pytest.mark.contract
@pytest.mark.skipif(not TOOL.exists(), reason="there is no schemathesis here: `make contract` gets it")
def test_no_request_that_schemathesis_draws_finds_a_fault(server, tmp_path, capsys):
    """Examples, the edges of every field, random requests, and sequences of requests, with all checks."""
    (tmp_path / "openapi.json").write_text(json.dumps(as_drawn()))
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(ROOT / "tests" / "api")}
    for name in registry.names():
        urllib.request.urlopen("%s/%s" % (server, name), timeout=120).close()  # so that the models are loaded
    command = [
        str(TOOL),
        "--config-file",
        str(ROOT / "tests" / "api" / "schemathesis.toml"),
        "run",
        str(tmp_path / "openapi.json"),
        "--url",
        server,
    ]
    # the gateway's limit; on the command line, because the default there would override the file
    command += ["--request-timeout", "30"]
    done = subprocess.run(
        command,
        cwd=str(tmp_path),
        env={**os.environ, **hooks},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    with capsys.disabled():
        print(done.stdout[done.stdout.index("API Operations:") :])


def examples():
    """(method, path, query, body) of each example: the examples of an operation's parameters together, and
    each example of its body.
    """
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            sent = {
                parameter["name"]: parameter["example"]
                for parameter in operation.get("parameters", [])
                if "example" in parameter
            }
            query = "&".join(
                "%s=%s" % (name, ",".join(value) if isinstance(value, list) else value)
                for name, value in sent.items()
            )
            bodies = (
                operation.get("requestBody", {})
                .get("content", {})
                .get("application/json", {})
                .get("examples", {})
            )
            for body in [example["value"] for example in bodies.values()] or [None] * (
                "requestBody" not in operation
            ):
                yield method.upper(), path, query.replace(" ", "%20"), body


@pytest.mark.parametrize("method, path, query, body", list(examples()))
def test_every_example_of_the_contract_gets_the_answer_it_promises(call, method, path, query, body):
    """The answer is 200, and its JSON matches the operation's schema."""
    answer = call(method, path, query, json=body)
    assert answer.status == 200
    content = CONTRACT["paths"][path][method.lower()]["responses"]["200"]["content"]
    if "application/json" in content:
        Draft202012Validator(
            {**content["application/json"]["schema"], "components": CONTRACT["components"]}
        ).validate(answer.json)


def test_the_latent_of_a_reconstructed_car_can_be_edited(call, photo):
    """The contract has a link for this, which schemathesis does not follow here."""
    link = CONTRACT["paths"]["/cars/reconstruct"]["post"]["responses"]["200"]["links"]["edit"]
    assert link["requestBody"] == {"latent": "$response.body#/latent"}
    answer = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)]).json
    assert call("POST", "/cars/edit", json={"latent": answer["latent"]}).status == 200
