"""Errors that are reported before anything is built (names of stages, credentials, the region), and the
deployment of a single function.
"""

import io
import os
import subprocess
import zipfile

import boto3
import pytest

from tests.deploy import cloud
from tests.deploy.cloud import aws, sls, tree  # noqa: F401, fixtures

pytestmark = cloud.marks
FUNCTION = "torch-on-lambda-dev-"


def refused(tree, *words, **settings):  # noqa: F811
    """What sls prints, if it has built and sent nothing."""
    done = subprocess.run(
        [str(tree / "node_modules" / ".bin" / "sls"), *words],
        cwd=str(tree),
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert done.returncode == 1 and "zipped" not in done.stdout
    assert (
        not (tree / "build").exists() and boto3.client("cloudformation").list_stacks()["StackSummaries"] == []
    )
    return done.stdout


@pytest.mark.parametrize(
    "stage, sentence",
    [
        (
            "Prod",
            "The stage Prod cannot be deployed: the name of a stage has small letters, digits and hyphens",
        ),
        ("PROD", "The stage PROD cannot be deployed: the name of a stage has small letters"),
        ("2nd", "The stage 2nd cannot be deployed: the name of a stage has small letters"),
        ("my_stage", "Invalid stage name. Stage names may contain only"),
        ("feature-branch-of-last-november-x", "its name has 33 characters, and may have"),
    ],
)
def test_a_stage_that_cannot_be_deployed_is_told_first(aws, tree, stage, sentence):  # noqa: F811
    """A name with capitals would get the default limits. A name that begins with a digit, or is too long for
    Lambda, is refused too.
    """
    longest = max(len(path.parent.name) for path in cloud.ROOT.glob("models/*/function.yml"))
    most = 64 - len("torch-on-lambda--") - longest
    stage = stage.ljust(most + 1, "x") if "characters" in sentence else stage
    assert sentence.replace("33", str(most + 1)) in refused(tree, "deploy", "--stage", stage)


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "AWS provider credentials not found"),
        ({"AWS_REGION": "nowhere"}, "'provider.region': must be equal to one of the allowed values"),
        ({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}, "AWS cannot be reached in us-east-1: "),
    ],
)
def test_who_deploys_is_asked_first(aws, tree, settings, sentence):  # noqa: F811
    """Packages take more than a minute, which would be in vain without credentials or a region."""
    assert sentence in refused(tree, "deploy", **settings)


@pytest.mark.parametrize(
    "settings, region",
    [
        ({"AWS_REGION": None, "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-north-1"),
        ({"AWS_REGION": None, "AWS_DEFAULT_REGION": None}, "us-east-1"),
    ],
)
def test_the_region_is_that_of_either_variable(aws, tree, monkeypatch, settings, region):  # noqa: F811
    """AWS_REGION counts before AWS_DEFAULT_REGION, which `aws` and boto3 read."""
    for name, value in settings.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    assert sls(tree, "print", "--path", "provider.region").strip() == region


@pytest.fixture(scope="module")
def deployed(aws, tree):  # noqa: F811
    return sls(tree, "deploy")


def configuration(name):
    return boto3.client("lambda").get_function(FunctionName=FUNCTION + name)["Configuration"]


@pytest.mark.parametrize("name", ["words", "api"])
def test_one_function_in_a_zip_is_built_anew_and_sent(deployed, tree, name):  # noqa: F811
    """The sent zip has the new line of its code. The role is the same as before."""
    before = configuration(name)
    with (tree / "handler.py").open("a") as file:
        file.write("# changed for %s\n" % name)
    assert "Function code deployed" in sls(tree, "deploy", "function", "-f", name)
    sent = (tree / "build" / (name + ".zip")).read_bytes()
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert archive.read("handler.py").endswith(b"# changed for %s\n" % name.encode())
    found = configuration(name)
    assert found["Role"] == before["Role"] and found["CodeSha256"] != before["CodeSha256"]


def test_one_function_in_an_image_is_built_anew_and_sent(deployed, tree):  # noqa: F811
    """Its command and its role are the same as before."""
    before = configuration("cars")
    with (tree / "models" / "cars" / "service.py").open("a") as file:
        file.write("# changed\n")
    assert "Function code deployed" in sls(tree, "deploy", "function", "-f", "cars")
    found = configuration("cars")
    assert found["CodeSha256"] != before["CodeSha256"]
    assert [found[part] for part in ("Role", "ImageConfigResponse")] == [
        before[part] for part in ("Role", "ImageConfigResponse")
    ]


def test_one_function_is_not_sent_where_callers_would_not_get_it(deployed, tree):  # noqa: F811
    """With containers that are kept started, callers are sent to a published version, so the function alone
    would not reach them.
    """
    client = boto3.client("lambda")
    client.publish_version(FunctionName=FUNCTION + "words")
    client.create_alias(FunctionName=FUNCTION + "words", Name="provisioned", FunctionVersion="1")
    done = subprocess.run(
        [str(tree / "node_modules" / ".bin" / "sls"), "deploy", "function", "-f", "words"],
        cwd=str(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert done.returncode == 1 and "send all with `npx sls deploy`" in done.stdout
