"""openapi.yaml held to by a stranger: schemathesis draws requests, right and wrong, from it, and checks each answer against it.

schemathesis needs a newer Python than 3.8, and has an environment of its own: `make contract` makes it and runs this.
"""

import json
import os
import pathlib
import subprocess
import urllib.request

import pytest
import yaml
from jsonschema import Draft202012Validator

from models import registry

ROOT = pathlib.Path(__file__).parent.parent
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text())
TOOL = ROOT / "build" / "schemathesis" / "bin" / "schemathesis"


def as_drawn():
    """The contract, with names that the records hold, and without what schemathesis cannot draw: long lists, and fields that hang on each other.

    These are in tests/test_cars.py, test_words.py, test_translation.py and test_requests.py.
    """
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    schemas = contract["components"]["schemas"]
    amount = schemas["Attributes"]["additionalProperties"]
    schemas["Attributes"].update(additionalProperties=False, properties={entry["name"]: amount for entry in registry.record("cars")["directions"]})
    schemas["DrawnLatent"] = {"enum": [[0.0] * 64, [1.5] * 64]}
    for operation in (item["post"] for item in contract["paths"].values() if "post" in item):
        operation["requestBody"] = json.loads(json.dumps(operation["requestBody"]).replace("schemas/Latent", "schemas/DrawnLatent"))
        operation["requestBody"]["required"] = True  # it takes a call without an optional body for a wrong one
        operation["requestBody"]["content"].get("multipart/form-data", {}).pop("encoding", None)  # with it references are lost, and lists are one part
    del contract["paths"]["/cars/reconstruct"]["post"]["responses"]["200"]["links"]  # such a latent is none of the drawn ones
    record = registry.record("translation")
    default = next(entry for entry in record["models"] if entry["name"] == record["default"])
    operations = contract["paths"]["/translation"]
    del operations["get"]["parameters"][1:]  # what asks for more hangs on the text
    content = operations["post"]["requestBody"]["content"]
    fields = content["application/json"]["schema"]["properties"]
    fields.update(source={"enum": [default["source"]]}, target={"enum": [default["target"]]}, model={"enum": [default["name"], default["architecture"]]})
    del fields["alternatives"]  # at most as many as the beam is wide
    del content["multipart/form-data"]  # a form has no types, and an empty list in it is no part
    properties = contract["paths"]["/cars/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    del properties["latents"]["maxItems"]
    del contract["paths"]["/words/similarity"]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]["pairs"]["maxItems"]
    for form in contract["paths"]["/cars/edit"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"].values():
        form.update({"format": form["contentSchema"]["$ref"].rpartition("/")[2]} if "contentSchema" in form else {})
    return contract


@pytest.mark.contract
@pytest.mark.skipif(not TOOL.exists(), reason="there is no schemathesis here: `make contract` gets it")
def test_no_request_that_schemathesis_draws_finds_a_fault(server, tmp_path, capsys):
    """Examples, the edges of every field, random requests, and sequences of them; all checks."""
    (tmp_path / "openapi.json").write_text(json.dumps(as_drawn()))
    hooks = {"SCHEMATHESIS_HOOKS": "drawn", "PYTHONPATH": str(ROOT / "tests")}
    for name in registry.names():
        urllib.request.urlopen("%s/%s" % (server, name), timeout=120).close()  # warm
    command = [str(TOOL), "--config-file", str(ROOT / "tests" / "schemathesis.toml"), "run", str(tmp_path / "openapi.json"), "--url", server]
    command += ["--request-timeout", "30"]  # the gateway's; its own default goes before that of the file
    done = subprocess.run(command, cwd=str(tmp_path), env={**os.environ, **hooks}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    assert done.returncode == 0, done.stdout[-20_000:]
    with capsys.disabled():
        print(done.stdout[done.stdout.index("API Operations:"):])


def examples():
    """(method, path, query, body) of every operation: the examples of its parameters together, and each of its body's."""
    for path, item in CONTRACT["paths"].items():
        for method, operation in item.items():
            sent = {parameter["name"]: parameter["example"] for parameter in operation.get("parameters", []) if "example" in parameter}
            query = "&".join("%s=%s" % (name, ",".join(value) if isinstance(value, list) else value) for name, value in sent.items())
            bodies = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
            for body in [example["value"] for example in bodies.values()] or [None] * ("requestBody" not in operation):
                yield method.upper(), path, query.replace(" ", "%20"), body


@pytest.mark.parametrize("method, path, query, body", list(examples()))
def test_every_example_of_the_contract_gets_the_answer_it_promises(call, method, path, query, body):
    """200, and JSON of the schema of that operation."""
    answer = call(method, path, query, json=body)
    assert answer.status == 200
    content = CONTRACT["paths"][path][method.lower()]["responses"]["200"]["content"]
    if "application/json" in content:
        Draft202012Validator({**content["application/json"]["schema"], "components": CONTRACT["components"]}).validate(answer.json)


def test_the_latent_of_a_reconstructed_car_can_be_edited(call, photo):
    """As the link in the contract says, which schemathesis does not follow here."""
    link = CONTRACT["paths"]["/cars/reconstruct"]["post"]["responses"]["200"]["links"]["edit"]
    assert link["requestBody"] == {"latent": "$response.body#/latent"}
    answer = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)]).json
    assert call("POST", "/cars/edit", json={"latent": answer["latent"]}).status == 200
