"""`sls deploy` with bulk=1 to the fake AWS, then `make bulk` against it. The zip of the words function runs
as it was uploaded, under AWS's runtime client, with only the variables that the stack gives it.
"""

import os
import json
import threading

import boto3
import pytest

from bulk import __main__ as bulk, cloud as client
from tests.bulk import step_functions
from tests.deploy import cloud
from tests.deploy.cloud import aws, sls, tree  # noqa: F401, fixtures
from tests.deploy.deployed import Deployment
from tests.support import state_machine

pytestmark = cloud.marks


@pytest.fixture(scope="module")
def deployed(aws, tree, tmp_path_factory):  # noqa: F811
    """The stack, and a Step Functions that starts the container of words-bulk."""
    sls(tree, "deploy", "--param=bulk=1")
    commands = {"python3.13": cloud.command_of_a_zip, "Image": cloud.command_of_an_image}
    folder = tmp_path_factory.mktemp("lambda")
    deployment = Deployment(folder, commands)
    name = "torch-on-lambda-dev-words-bulk"
    container = deployment.container(name, folder / name, commands)

    def invoke(function, payload):
        assert function == name
        kind, body = container.invoke(json.dumps(payload).encode())
        if kind != "response":
            raise state_machine.Failed(json.loads(body)["errorType"] if body else "Runtime.ExitError")
        return json.loads(body)

    server = step_functions.StepFunctions(tmp_path_factory.mktemp("states"), invoke)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    aws.setenv("AWS_ENDPOINT_URL_SFN", "http://127.0.0.1:%d" % server.server_port)
    aws.setattr(client, "LOOK", 0.2)
    yield container
    server.shutdown()
    server.server_close()
    container.stop()
    deployment.close()


def test_lines_go_through_the_deployed_function(deployed, tmp_path):
    """Three lines, one of them bad, go through the deployed zip. Its log has one line for the batch."""
    lines = ['{"pairs": [["tea", "marker"]]}', "{no JSON", '{"pairs": [["tea", "tea"]]}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    words = ["--route", "POST /words/similarity", "--input", str(tmp_path / "in.jsonl")]
    assert bulk.main([*words, "--output", str(tmp_path / "out")]) == 0
    answers = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert [entry["line"] for entry in answers] == [1, 3] and answers[1]["answer"]["similarities"] == [1.0]
    assert '"message":"batch"' in deployed.log and "marker" not in deployed.log


def test_the_machines_are_there_as_the_template_has_them(deployed):
    machines = boto3.client("stepfunctions", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    found = machines.list_state_machines()["stateMachines"]
    assert {entry["name"].rpartition("-")[2] for entry in found} == {"lines", "pictures"}


def test_removing_it_empties_the_bucket_of_bulk_work_too(deployed, tree):  # noqa: F811
    sls(tree, "remove")
    assert list(boto3.resource("s3").buckets.all()) == []
