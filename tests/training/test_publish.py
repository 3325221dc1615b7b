"""Publishing weights to S3 (moto): each version only once, the pointer last, and a
sentence for each error.
"""

import base64
import hashlib
import json
import sys

import boto3
import botocore.exceptions
import pytest

from tests.support.aws import NAME, bucket, s3_server  # noqa: F401, fixtures
from training import publish, shelf


def version_in(folder, content):
    """A model with one file in a folder, as training/export.py writes it. Returns its version."""
    (folder / "tiny.npz").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    record = {
        "name": "tiny",
        "version": sha256[:12],
        "files": {"vectors": {"file": "tiny.npz", "sha256": sha256, "bytes": len(content)}},
    }
    (folder / "tiny.json").write_text(json.dumps(record))
    return sha256[:12]


@pytest.fixture
def weights(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("WEIGHTS_FOLDER", str(folder))
    return folder


@pytest.fixture
def command(bucket, monkeypatch, capsys):  # noqa: F811
    """command("tiny", "--list") -> what it prints, or its one sentence if it fails."""

    def run(*words):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # otherwise it would keep the credentials
        monkeypatch.setattr(sys, "argv", ["publish", *words])
        try:
            publish.main()
        except SystemExit as end:
            assert "\n" not in str(end)
            return str(end)
        return capsys.readouterr().out

    return run


def pointer(bucket):  # noqa: F811
    return json.loads(bucket.Object("models/tiny/current.json").get()["Body"].read())


def keys(bucket):  # noqa: F811
    return sorted(entry.key for entry in bucket.objects.all())


def test_a_model_is_under_its_version_and_the_pointer_names_it(command, bucket, weights):  # noqa: F811
    """Its file has the checksum that S3 got. The output names the current version."""
    version = version_in(weights, b"one")
    assert command("tiny") == "tiny: %s is current now; it was none.\n" % version
    assert keys(bucket) == [
        "models/tiny/%s/tiny.json" % version,
        "models/tiny/%s/tiny.npz" % version,
        "models/tiny/current.json",
    ]
    told = bucket.meta.client.get_object_attributes(
        Bucket=NAME, Key="models/tiny/%s/tiny.npz" % version, ObjectAttributes=["Checksum"]
    )
    assert base64.b64decode(told["Checksum"]["ChecksumSHA256"]) == hashlib.sha256(b"one").digest()


def test_publishing_again_changes_nothing(command, bucket, weights):  # noqa: F811
    version = version_in(weights, b"one")
    command("tiny")
    before = {entry.key: entry.last_modified for entry in bucket.objects.all()}
    assert command("tiny") == "tiny: %s is current already.\n" % version
    assert {entry.key: entry.last_modified for entry in bucket.objects.all()} == before


@pytest.mark.parametrize("file", ["tiny.npz", "tiny.json"])
def test_a_version_is_never_overwritten(command, bucket, weights, file):  # noqa: F811
    """Other content for the same version is refused, and the stored content stays."""
    version = version_in(weights, b"one")
    bucket.put_object(Key="models/tiny/%s/%s" % (version, file), Body=b"another")
    assert command("tiny").startswith("Version %s of tiny is in the bucket with another %s" % (version, file))
    assert bucket.Object("models/tiny/%s/%s" % (version, file)).get()["Body"].read() == b"another"
    assert "models/tiny/current.json" not in keys(bucket)


def test_an_upload_that_is_cut_changes_nothing_for_readers(command, bucket, weights, monkeypatch):  # noqa: F811
    """The pointer still names the first version. The next try completes the second one."""
    first = version_in(weights, b"one")
    command("tiny")
    second = version_in(weights, b"two")
    whole = shelf.Shelf.put

    def cut(self, path, version):
        if path.suffix == ".json":
            raise botocore.exceptions.ConnectionClosedError(endpoint_url="s3")
        whole(self, path, version)

    monkeypatch.setattr(shelf.Shelf, "put", cut)
    assert command("tiny").startswith("S3 cannot be reached")
    assert pointer(bucket)["version"] == first and command("tiny", "--verify") == "tiny %s: whole\n" % first
    monkeypatch.setattr(shelf.Shelf, "put", whole)
    assert command("tiny") == "tiny: %s is current now; it was %s.\n" % (second, first)


def test_rolling_back_goes_back_step_by_step(command, bucket, weights):  # noqa: F811
    """Three versions and two steps back; then no earlier one is left. A named version can be made current
    again.
    """
    versions = []
    for content in (b"one", b"two", b"three"):
        versions.append(version_in(weights, content))
        command("tiny")
    assert command("tiny", "--rollback") == "tiny: %s is current now; it was %s.\n" % (
        versions[1],
        versions[2],
    )
    command("tiny", "--rollback")
    assert pointer(bucket) == {"version": versions[0], "before": [], "rolled_back": sorted(versions[1:])}
    assert command("tiny", "--rollback") == "There is no version of tiny before the current one."
    command("tiny", "--rollback", versions[2])
    assert pointer(bucket) == {
        "version": versions[2],
        "before": [versions[0]],
        "rolled_back": sorted(versions[:2]),
    }


def test_a_deployment_keeps_a_rollback(command, bucket, weights):  # noqa: F811
    """A version that was rolled back does not become current by itself. Another version does, and so does the
    same version on request.
    """
    first, second = version_in(weights, b"one"), None
    command("tiny")
    second = version_in(weights, b"two")
    assert command("tiny", "--unless-rolled-back") == "tiny: %s is current now; it was %s.\n" % (
        second,
        first,
    )
    command("tiny", "--rollback")
    assert "rolled back" in command("tiny", "--list")
    assert command("tiny", "--unless-rolled-back").startswith(
        "tiny: %s stays current, since %s was rolled back" % (first, second)
    )
    assert pointer(bucket)["version"] == first
    third = version_in(weights, b"three")
    assert command("tiny", "--unless-rolled-back") == "tiny: %s is current now; it was %s.\n" % (third, first)
    version_in(weights, b"two")
    command("tiny")
    assert pointer(bucket) == {"version": second, "before": [first, third], "rolled_back": []}


def test_nothing_is_rolled_back_to_what_is_not_whole(command, bucket, weights):  # noqa: F811
    first = version_in(weights, b"one")
    command("tiny")
    second = version_in(weights, b"two")
    command("tiny")
    bucket.put_object(Key="models/tiny/%s/tiny.npz" % first, Body=b"altered")
    assert command("tiny", "--rollback").startswith(
        "Version %s is not whole, and the pointer stays: models/tiny/" % first
    )
    assert command("tiny", "--rollback", "none").startswith("There is no version none of tiny")
    assert pointer(bucket)["version"] == second


def test_the_list_names_versions_and_the_current_one(command, weights):
    first = version_in(weights, b"one")
    command("tiny")
    second = version_in(weights, b"two")
    command("tiny")
    lines = command("tiny", "--list").splitlines()
    assert [line.split()[1] for line in lines] == [first, second] or [line.split()[1] for line in lines] == [
        second,
        first,
    ]
    assert [line.split()[1] for line in lines if line.endswith("current")] == [second]


def test_verify_finds_what_was_altered_or_lost(command, bucket, weights):  # noqa: F811
    version = version_in(weights, b"one")
    assert command("tiny", "--verify") == "tiny has no current version."
    command("tiny")
    assert command("tiny", "--verify") == "tiny %s: whole\n" % version
    bucket.put_object(Key="models/tiny/%s/tiny.npz" % version, Body=b"altered")
    assert command("tiny", "--verify") == "Something of tiny is not as it was published."
    bucket.Object("models/tiny/%s/tiny.npz" % version).delete()
    assert command("tiny", "--verify") == "Something of tiny is not as it was published."


def test_weights_that_are_not_what_their_record_says_are_not_published(command, bucket, weights):  # noqa: F811
    version_in(weights, b"one")
    (weights / "tiny.npz").write_bytes(b"altered")
    assert "tiny.npz: its SHA-256 is" in command("tiny") and keys(bucket) == []


def test_what_is_wrong_is_one_sentence(command, bucket, weights, monkeypatch):  # noqa: F811
    """An unknown model, no bucket given, a missing bucket, a wrong name, a bucket in another region, no
    answer, no credentials.
    """
    version_in(weights, b"one")
    assert command("trucks") == "There is no model trucks in weights/: there are tiny."
    assert command("tiny", "--bucket", "").startswith("Name the bucket with --bucket")
    assert (
        command("tiny", "--bucket", "there-is-none")
        == "There is no bucket there-is-none. Deploy first, or name the right one with --bucket."
    )
    assert command("tiny", "--bucket", "no name").startswith("That is no name of a bucket")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert (
        command("tiny")
        == "The bucket %s is in us-east-1, and you are in eu-west-1: set AWS_REGION=us-east-1." % NAME
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert command("tiny").startswith("S3 cannot be reached: ")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(weights))
    assert command("tiny").startswith("There are no AWS credentials here")


@pytest.mark.parametrize(
    "code, sentence",
    [
        ("403", "You may not do this in "),
        ("AccessDenied", "You may not do this in "),
        ("301", "The bucket %s is in another region" % NAME),
        ("ExpiredToken", "Your AWS session has ended"),
        ("PreconditionFailed", "Somebody else is publishing"),
        ("SlowDown", "S3 refuses ("),
    ],
)
def test_what_s3_refuses_is_one_sentence(command, weights, monkeypatch, code, sentence):
    """Each error code of S3 about which a person can do something has its own sentence."""
    version_in(weights, b"one")

    def refuse(self, path, version):
        raise botocore.exceptions.ClientError({"Error": {"Code": code, "Message": ""}}, "PutObject")

    monkeypatch.setattr(shelf.Shelf, "put", refuse)
    assert command("tiny").startswith(sentence)


def test_another_fact_in_the_record_is_another_version(tmp_path, command, bucket, weights):  # noqa: F811
    """An export that changes only the record is published as another version. The same export again is the
    same version.
    """
    from training import export

    version_in(weights, b"one")
    record = json.loads((weights / "tiny.json").read_text())
    first = export.keep(weights, {**record, "description": "One."})["version"]
    command("tiny")
    assert export.keep(weights, {**record, "description": "One."})["version"] == first
    second = export.keep(weights, {**record, "description": "Two."})["version"]
    assert second != first and command("tiny") == "tiny: %s is current now; it was %s.\n" % (second, first)
