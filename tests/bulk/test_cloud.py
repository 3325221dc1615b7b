"""`make bulk` in AWS, as real as possible on this machine: S3 and the stack come from the fake AWS, Step
Functions runs deploy/bulk.yml, and the functions are handler.py. The client and the state machine are killed.
"""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

import boto3
import pytest

from bulk import __main__ as bulk, cloud, upload
from deploy.guards.stack import Stack
from tests.bulk import step_functions

ROOT = pathlib.Path(__file__).parent.parent.parent
ROUTE, NAME, WEIGHTS = step_functions.ECHO, "bulk-of-a-test", "weights-of-a-test"
POISON = [  # (a bad line, the status of its answer)
    ("{no JSON", 400),
    ('{"txt": "wrong field"}', 422),
    (json.dumps({"text": "x" * 2001}), 413),
    ('{"text": "takes long"}', 200),
]
ENDS = '{"text": "ends the function"}'


def started(words, **settings):
    """A server in its own process, and the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
    )
    return process, process.stdout.readline().strip()


def ended(process):
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture(scope="module")
def aws():
    """S3, and a stack with the outputs of deploy/bulk.yml."""
    process, address = started(["tests/deploy/fake_aws.py"])
    patch = pytest.MonkeyPatch()
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    regions = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**dict.fromkeys(keys, "testing"), **regions, "AWS_ENDPOINT_URL": address}.items():
        patch.setenv(name, value)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setattr(boto3, "DEFAULT_SESSION", None)
    outputs = {"BulkBucket": NAME, "BulkMost": "4"}
    outputs.update(
        {"Bulk" + kind.capitalize(): step_functions.MACHINE + kind for kind in ("lines", "pictures")}
    )
    buckets = {"BulkBucket": NAME, "WeightsBucket": WEIGHTS}
    template = {
        "Resources": {
            logical: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
            for logical, name in buckets.items()
        },
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    boto3.client("cloudformation").create_stack(
        StackName="torch-on-lambda-dev", TemplateBody=json.dumps(template)
    )
    for name in ("cars", "words"):
        publish(name, "first")
    patch.setattr(cloud, "LOOK", 0.1)
    yield patch
    ended(process)
    patch.undo()


def publish(name, version):
    """Move the pointer, as `make publish` does."""
    body = json.dumps({"version": version}).encode()
    boto3.client("s3").put_object(Bucket=WEIGHTS, Key="models/%s/current.json" % name, Body=body)


class Machine:
    """Step Functions in its own process, which can be killed and started again."""

    def __init__(self, folder, patch):
        self.folder, self.patch, self.process = folder, patch, None
        folder.mkdir()

    def __enter__(self):
        self.process, address = started(["-m", "tests.bulk.step_functions", str(self.folder)])
        self.patch.setenv("AWS_ENDPOINT_URL_SFN", address)
        return self

    def __exit__(self, *raised):
        ended(self.process)


@pytest.fixture
def machine(aws, tmp_path):
    return Machine(tmp_path / "executions", aws)


def words(source, folder, *more, route=ROUTE):
    return ["--route", route, "--input", str(source), "--output", str(folder), *more]


def read(folder, name="results.jsonl"):
    with (folder / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def poisoned(path, count):
    """`count` lines. One in a hundred is bad, and two end the function."""
    with path.open("w") as file:
        for at in range(count):
            text, _ = poison_of(at, count) or (json.dumps({"text": "line %d" % at}), 200)
            print(text, file=file)


def poison_of(at, count):
    if at in (count // 3, count // 2):
        return ENDS, 500
    return POISON[at // 100 % 4] if at % 100 == 50 else None


def killed(machine, arguments, log, enough):
    """Run the command until it has this many answers, then kill it and the state machine."""
    with machine:
        process = subprocess.Popen(
            [sys.executable, "-m", "bulk", *arguments], cwd=str(ROOT), stderr=subprocess.DEVNULL
        )
        while not log.exists() or log.read_bytes().count(b"\n") < enough:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return log.read_bytes().count(b"\n")


@pytest.mark.parametrize("count", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_poisoned_lines_killed_twice(machine, tmp_path, count):
    """Nothing is lost or done twice, every failure is named, the order is kept, and memory stays flat."""
    poisoned(tmp_path / "in.jsonl", count)
    arguments, out = words(tmp_path / "in.jsonl", tmp_path / "out", "--batch", "100"), tmp_path / "out"
    log = out / ".bulk" / "answers.jsonl"
    done = [killed(machine, arguments, log, count * part // 10) for part in (3, 6)]
    assert done[0] < done[1] < count
    with machine:
        # the two that end the function must be tried again, and the exit status says so
        assert subprocess.call([sys.executable, "-m", "bulk", *arguments], cwd=str(ROOT)) == 1
    results, failures = read(out), read(out, "failures.jsonl")
    assert sorted(entry["line"] for entry in results + failures) == list(range(1, count + 1))
    for entries in (results, failures):
        assert [entry["line"] for entry in entries] == sorted(entry["line"] for entry in entries)
    assert all(
        entry["answer"]["said"] in ("line %d" % (entry["line"] - 1), "takes long") for entry in results
    )
    wrong = [(at + 1, (poison_of(at, count) or ("", 200))[1]) for at in range(count)]
    told = [(entry["line"], entry["problem"]["status"]) for entry in failures]
    assert told == [(line, status) for line, status in wrong if status != 200]
    if count == 100_000:  # kB, of the functions too; no other test has had processes before
        assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 400_000


def test_pictures_go_up_and_come_back_as_files(machine, tmp_path):
    """The objects of a prefix. If a picture is added later, only it is sent."""
    (tmp_path / "photos").mkdir()
    for name in ("beetle-orange.jpg", "coupe-green.jpg"):
        shutil.copy(str(ROOT / "static" / "examples" / name), str(tmp_path / "photos" / name))
    (tmp_path / "photos" / "torn.png").write_bytes(b"no picture")
    arguments = words(tmp_path / "photos", tmp_path / "out", route="POST /cars/reconstruct?find=false")
    with machine:
        assert bulk.main(arguments) == 0
        shutil.copy(str(ROOT / "static" / "examples" / "saloon-gold.jpg"), str(tmp_path / "photos" / "a.jpg"))
        assert bulk.main(arguments) == 0
    results = read(tmp_path / "out")
    assert [entry["name"] for entry in results] == ["a.jpg", "beetle-orange.jpg", "coupe-green.jpg"]
    assert (tmp_path / "out" / results[0]["answer"]["image"]).read_bytes().startswith(b"\x89PNG")
    (failure,) = read(tmp_path / "out", "failures.jsonl")
    assert failure["name"] == "torn.png" and failure["problem"]["status"] == 415
    prefix = json.loads((tmp_path / "out" / ".bulk" / "run.json").read_text())["run"] + "/pictures/"
    objects = boto3.resource("s3").Bucket(NAME).objects.filter(Prefix=prefix)
    assert [entry.key.rpartition("/")[2] for entry in objects] == ["a.jpg"]


def test_it_is_left_running_and_come_back_to(machine, tmp_path, monkeypatch, capsys):
    """After Ctrl-C without a terminal, it keeps running. --attach with only OUTPUT sees the end."""
    poisoned(tmp_path / "in.jsonl", 400)
    monkeypatch.setattr(cloud.Cloud, "collect", interrupted)
    with machine:
        bulk.main(words(tmp_path / "in.jsonl", tmp_path / "out"))
        assert "--attach" in capsys.readouterr().out
        monkeypatch.undo()
        assert bulk.main(["--output", str(tmp_path / "out"), "--attach"]) == 1
    assert len(read(tmp_path / "out")) + len(read(tmp_path / "out", "failures.jsonl")) == 400


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_it_is_stopped_where_ctrl_c_is_answered_so(machine, tmp_path, monkeypatch, capsys):
    """The execution is aborted. The next run does what is missing."""
    poisoned(tmp_path / "in.jsonl", 3000)
    answers = iter("sgggggggggggggggggggg")
    monkeypatch.setattr(cloud, "choose", lambda: next(answers, "g"))
    own, calls = cloud.Cloud.collect, iter([interrupted])
    monkeypatch.setattr(cloud.Cloud, "collect", lambda *told: next(calls, own)(*told))
    with machine:
        assert bulk.main(words(tmp_path / "in.jsonl", tmp_path / "out", "--batch", "20")) == 1
        assert "ended as ABORTED" in capsys.readouterr().out
        bulk.main(words(tmp_path / "in.jsonl", tmp_path / "out"))
    assert len(read(tmp_path / "out")) + len(read(tmp_path / "out", "failures.jsonl")) == 3000


def test_answers_of_two_published_versions_are_not_mixed(machine, tmp_path, monkeypatch):
    """Once another version is current, OUTPUT takes no more answers. A version that the deployment fixes
    counts before the pointer.
    """
    poisoned(tmp_path / "in.jsonl", 10)
    arguments = words(tmp_path / "in.jsonl", tmp_path / "out")
    with machine:
        bulk.main(arguments)
        monkeypatch.setattr(Stack, "template", lambda stack: {"Words": function("second")})
        with pytest.raises(SystemExit, match="answers of version first of words, .* version second: name an"):
            bulk.main(arguments)
        monkeypatch.setattr(Stack, "template", lambda stack: {"Words": function("")})
        assert bulk.main(arguments) == 1


def function(version):
    """What the template has of the function for bulk work of words."""
    variables = {"WEIGHTS_VERSION": version}
    name = "torch-on-lambda-dev-words-bulk"
    return {"Properties": {"FunctionName": name, "Environment": {"Variables": variables}}}


def test_most_dollars_stop_it(machine, tmp_path, capsys):
    """The functions refuse batches when the paid time is over, even if nobody looks."""
    (tmp_path / "in.jsonl").write_text('{"text": "takes long"}\n' * 200)
    with machine:
        arguments = words(tmp_path / "in.jsonl", tmp_path / "out", "--batch", "5", "--most-dollars", "0.0001")
        assert bulk.main(arguments) == 1
    printed = capsys.readouterr().out
    assert "ended as" in printed and "are still to be done" in printed
    assert "--most-dollars pays for is over" in printed


def test_lines_go_up_in_parts_and_only_what_is_missing(aws, tmp_path, monkeypatch):
    """An interrupted upload continues with the second part. A complete one is not touched."""
    monkeypatch.setattr(upload, "PART", 5 << 20)
    (tmp_path / "lines").write_bytes(b"x" * (12 << 20))
    client, sent = boto3.client("s3"), []
    own = client.upload_part
    monkeypatch.setattr(
        client, "upload_part", lambda **told: (sent.append(told["PartNumber"]), own(**told))[1]
    )
    monkeypatch.setattr(client, "complete_multipart_upload", interrupted)
    with pytest.raises(KeyboardInterrupt):
        upload.lines(client, NAME, "lines", tmp_path / "lines")
    monkeypatch.setattr(client, "complete_multipart_upload", boto3.client("s3").complete_multipart_upload)
    for _ in range(2):
        upload.lines(client, NAME, "lines", tmp_path / "lines")
    assert sent == [1, 2, 3]
    assert client.head_object(Bucket=NAME, Key="lines")["ContentLength"] == 12 << 20


def test_without_a_deployment_it_says_how_to_have_one(aws, tmp_path):
    poisoned(tmp_path / "in.jsonl", 10)
    with pytest.raises(SystemExit, match="make deploy ARGS=--param=bulk=1"):
        bulk.main(words(tmp_path / "in.jsonl", tmp_path / "out", "--stage", "prod"))
