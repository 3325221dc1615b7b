"""Weights from S3: which version serves, the faults of S3 and of the disk, and what serves meanwhile. S3 is moto's or a broken one of ours."""

import errno
import hashlib
import http.server
import io
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from aws import NAME, bucket, s3_server  # noqa: F401, fixtures
from models import registry, releases, s3
from models.words import service

ROOT = pathlib.Path(__file__).parent.parent


def put(bucket, content, archive=None):  # noqa: F811
    """A version of the model "tiny" and the pointer to it, as training/publish.py writes them; gives the version."""
    files = {"numbers": ("tiny.npz", content)}
    if archive is not None:
        files["network"] = ("tiny.pt", archive)
    hashes = {role: hashlib.sha256(data).hexdigest() for role, (_, data) in files.items()}
    version = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()[:12]
    record = {"name": "tiny", "version": version, "files": {role: {"file": file, "sha256": hashes[role]} for role, (file, _) in files.items()}}
    for file, data in [*files.values(), ("tiny.json", json.dumps(record).encode())]:
        bucket.put_object(Key="models/tiny/%s/%s" % (version, file), Body=data)
    point(bucket, version)
    return version


def point(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/current.json", Body=json.dumps({"version": version}).encode())


def content(weights):
    """What the model of these tests is built from: files that are fit to load, as bytes."""
    return b"".join(path.read_bytes() for path in weights.files().values())


def tiny():
    return registry.loaded("tiny", content)


@pytest.fixture
def minute(monkeypatch):
    """minute() lets a minute pass, after which a container looks at the pointer again."""
    passed = [0.0]
    real = time.monotonic
    monkeypatch.setattr(registry.time, "monotonic", lambda: real() + passed[0])
    return lambda: passed.__setitem__(0, passed[0] + 60)


def another_process():
    """Forget what this process has loaded; the cache of the machine stays."""
    registry.kept.clear()


def fault():
    return registry.serving()["tiny"]["fault"]


def test_the_version_of_the_pointer_serves_and_lies_in_the_cache(bucket):  # noqa: F811
    version = put(bucket, b"one")
    assert tiny() == b"one" and registry.serving() == {"tiny": {"version": version, "fault": None}}
    folder = releases.cache("tiny") / version
    assert sorted(path.name for path in folder.iterdir()) == ["tiny.json", "tiny.npz"]
    assert registry.record("tiny")["version"] == version


def test_a_moved_pointer_is_picked_up_within_a_minute_and_back_again(bucket, minute):  # noqa: F811
    """Not before it is time to look; then the new one, whose neighbours leave the cache; then the old one by a rollback."""
    first = put(bucket, b"one")
    tiny()
    second = put(bucket, b"two")
    assert tiny() == b"one"
    minute()
    assert tiny() == b"two" and registry.serving()["tiny"]["version"] == second
    point(bucket, first)
    minute()
    assert tiny() == b"one"
    put(bucket, b"three")
    minute()
    assert tiny() == b"three"
    assert second not in {path.name for path in releases.cache("tiny").iterdir()}


def test_a_version_that_has_not_moved_is_not_built_again(bucket, minute):  # noqa: F811
    put(bucket, b"one")
    first = tiny()
    minute()
    assert tiny() is first


def test_weights_version_pins_one(bucket, minute, monkeypatch):  # noqa: F811
    """Whatever the pointer says, and with none at all."""
    first = put(bucket, b"one")
    put(bucket, b"two")
    monkeypatch.setenv("WEIGHTS_VERSION", first)
    bucket.Object("models/tiny/current.json").delete()
    assert tiny() == b"one"


def test_a_pinned_version_gives_way_to_no_other(bucket, monkeypatch):  # noqa: F811
    """What lies in the cache is not what was asked for."""
    put(bucket, b"one")
    tiny()
    another_process()
    monkeypatch.setenv("WEIGHTS_VERSION", "0123456789ab")
    with pytest.raises(registry.WeightsUnavailable, match="404 NoSuchKey"):
        tiny()


def test_the_signature_is_that_of_awss_own_library(bucket, monkeypatch):  # noqa: F811
    """botocore signs the same request at the same time to the same Authorization, session token included."""
    import datetime

    from botocore import auth, awsrequest, credentials

    now = datetime.datetime(2026, 11, 21, 8, 0, 0)
    request = awsrequest.AWSRequest("GET", "https://b.s3.us-east-1.amazonaws.com/models/a%20b/current.json")
    monkeypatch.setattr(auth.datetime, "datetime", type("Fixed", (datetime.datetime,), {"utcnow": classmethod(lambda kind: now)}))
    auth.S3SigV4Auth(credentials.Credentials("testing", "testing", "testing"), "s3", "us-east-1").add_auth(request)
    ours = s3.signed("b.s3.us-east-1.amazonaws.com", "/models/a%20b/current.json", now.timetuple())
    assert ours["authorization"] == request.headers["Authorization"]


def test_a_cold_path_needs_no_boto3(bucket):  # noqa: F811
    """From an empty process to the weights without botocore or requests."""
    put(bucket, b"one")
    code = ("import sys; from models import registry; registry.record('tiny'); "
            "assert not {'boto3', 'botocore', 'requests', 'urllib3', 'numpy'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), check=True)


def lose_pointer(bucket, version):  # noqa: F811
    bucket.Object("models/tiny/current.json").delete()


def break_pointer(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/current.json", Body=b"{")


def lead_out(bucket, version):  # noqa: F811
    point(bucket, "../../etc")


def lose_record(bucket, version):  # noqa: F811
    bucket.Object("models/tiny/%s/tiny.json" % version).delete()


def swap_record(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/%s/tiny.json" % version, Body=b'{"version": "another"}')


def lose_file(bucket, version):  # noqa: F811
    bucket.Object("models/tiny/%s/tiny.npz" % version).delete()


def alter_file(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/%s/tiny.npz" % version, Body=b"tw0")


def lose_bucket(bucket, version):  # noqa: F811
    os.environ["WEIGHTS_BUCKET"] = "another-bucket"


FAULTS = [
    (lose_pointer, "current.json: 404 NoSuchKey"), (break_pointer, "current.json: Expecting"), (lead_out, "names no version"),
    (lose_record, "tiny.json: 404 NoSuchKey"), (swap_record, "record of another version"), (lose_file, "tiny.npz: 404 NoSuchKey"),
    (alter_file, "tiny.npz: its SHA-256 is"), (lose_bucket, "404 NoSuchBucket"),
]


@pytest.mark.parametrize("damage, says", FAULTS)
def test_a_fault_is_told_and_mended_by_the_next_request(bucket, damage, says):  # noqa: F811
    """A container that has nothing says which fault it is; as soon as it is gone, the next request is answered."""
    damage(bucket, put(bucket, b"two"))
    with pytest.raises(registry.WeightsUnavailable, match=says):
        tiny()
    os.environ["WEIGHTS_BUCKET"] = NAME
    put(bucket, b"two")
    assert tiny() == b"two"


@pytest.mark.parametrize("again", [lambda: None, another_process], ids=["warm", "new process"])
@pytest.mark.parametrize("damage, says", FAULTS)
def test_the_last_good_version_serves_meanwhile(bucket, minute, damage, says, again):  # noqa: F811
    """In a warm container, and in a new process on a machine whose cache has it; once mended, the new one serves."""
    first = put(bucket, b"one")
    tiny()
    damage(bucket, put(bucket, b"two"))
    minute()
    again()
    assert tiny() == b"one" and says in fault() and registry.serving()["tiny"]["version"] == first
    os.environ["WEIGHTS_BUCKET"] = NAME
    put(bucket, b"two")
    minute()
    assert tiny() == b"two" and fault() is None


def test_a_newer_torch_archive_gives_way_to_the_last_good_version(bucket, minute):  # noqa: F811
    """torch never sees it."""
    import zipfile

    put(bucket, b"one")
    tiny()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/version", "3\n")
    put(bucket, b"two", archive.getvalue())
    minute()
    assert tiny() == b"one" and "archive version 3" in fault()


def test_a_version_that_cannot_be_built_gives_way_as_well(bucket, minute):  # noqa: F811
    """It is as published, but not what the code expects."""
    def numbers(weights):
        return np.load(io.BytesIO(weights.contents()["numbers"]), allow_pickle=False)["numbers"]

    good = io.BytesIO()
    np.savez(good, numbers=np.arange(3))
    put(bucket, good.getvalue())
    first = registry.loaded("tiny", numbers)
    put(bucket, b"no arrays at all")
    minute()
    assert registry.loaded("tiny", numbers) is first and "cannot be loaded: ValueError" in fault()


def test_a_good_record_of_a_broken_version_does_not_cost_the_last_good_one(bucket, minute):  # noqa: F811
    """A new process has read the new record alone; when its files turn out altered, the old ones are still there."""
    put(bucket, b"one")
    tiny()
    another_process()
    version = put(bucket, b"two")
    alter_file(bucket, version)
    assert registry.record("tiny")["version"] == version
    assert tiny() == b"one"


def test_a_full_disk_is_a_fault_that_leaves_nothing_behind(bucket, monkeypatch):  # noqa: F811
    """The download is refused by the disk; nothing partial stays."""
    put(bucket, b"one")
    chunks = s3.Bucket.chunks

    def full(self, key):
        yield from chunks(self, key)
        if key.endswith(".npz"):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(s3.Bucket, "chunks", full)
    with pytest.raises(registry.WeightsUnavailable, match="No space left on device"):
        tiny()
    assert [path.name for path in releases.cache("tiny").rglob("*.*")] == ["tiny.json"]
    monkeypatch.setattr(s3.Bucket, "chunks", chunks)
    assert tiny() == b"one"


def test_what_is_altered_in_the_cache_is_fetched_again(bucket):  # noqa: F811
    version = put(bucket, b"one")
    tiny()
    another_process()
    (releases.cache("tiny") / version / "tiny.npz").write_bytes(b"altered")
    assert tiny() == b"one"


def test_a_download_that_was_killed_leaves_no_trace_for_long(bucket, minute):  # noqa: F811
    """Its part is never read, and is cleared before the next download."""
    version = put(bucket, b"one")
    part = releases.cache("tiny") / version / "tiny.npz.01234567.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"on")
    os.utime(str(part), (0, 0))
    assert tiny() == b"one" and not part.exists()


def test_two_processes_may_write_the_same_cache(bucket):  # noqa: F811
    """Four at once, and each has the whole file."""
    data = bytes(1_000_000)
    put(bucket, data)
    code = ("from models import registry; "
            "assert len(registry.loaded('tiny', lambda weights: weights.contents()['numbers'])) == 1000000")
    together = [subprocess.Popen([sys.executable, "-c", code], cwd=str(ROOT)) for _ in range(4)]
    assert [process.wait(60) for process in together] == [0] * 4
    assert not list(releases.cache("tiny").rglob("*.part"))


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_missing_variable_is_named(bucket, monkeypatch, variable):  # noqa: F811
    put(bucket, b"one")
    monkeypatch.delenv(variable)
    with pytest.raises(registry.WeightsUnavailable, match="environment variable %s is missing" % variable):
        tiny()


class Broken(http.server.BaseHTTPRequestHandler):
    """An S3 that does what `conduct` says."""

    def do_GET(self):
        self.server.conduct(self)

    def log_message(self, *arguments):
        pass


def refuse(call):
    call.send_error(403)


def be_told_another_time(call):
    call.send_response(403)
    call.end_headers()
    call.wfile.write(b"<Error><Code>RequestTimeTooSkewed</Code></Error>")


def be_silent(call):
    time.sleep(1)


def trickle(call):
    call.send_response(200)
    call.send_header("Content-Length", "1000")
    call.end_headers()
    try:
        for _ in range(100):
            call.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        pass  # the reader has had enough


def cut(call):
    call.send_response(200)
    call.send_header("Content-Length", "1000")
    call.end_headers()
    call.wfile.write(b"{")


def hang_up(call):
    call.connection.close()


def babble(call):
    call.wfile.write(b"no HTTP at all\r\n\r\n")


@pytest.mark.parametrize("conduct, says", [
    (refuse, "403 Forbidden"), (be_told_another_time, "403 RequestTimeTooSkewed"), (be_silent, "timed out"), (trickle, "time-out after"), (cut, "cut off after 1 of 1000 bytes"), (hang_up, "RemoteDisconnected"), (babble, "BadStatusLine"),
])
def test_an_s3_that_misbehaves_is_a_fault_in_time(bucket, monkeypatch, conduct, says):  # noqa: F811
    """Refused, for a wrong clock too, silent, too slow, cut off, gone, or no HTTP: each is told, and none takes longer than its time."""
    monkeypatch.setattr(s3, "SILENCE", 0.4)
    monkeypatch.setattr(releases, "PATIENCE", 0.8)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    server.conduct = conduct
    threading.Thread(target=server.serve_forever).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:%d" % server.server_port)
    began = time.monotonic()
    with pytest.raises(registry.WeightsUnavailable, match=says):
        tiny()
    assert time.monotonic() - began < 3
    server.shutdown()
    server.server_close()


def test_a_caller_is_told_to_come_back_and_the_log_says_why(bucket, call, minute, monkeypatch):  # noqa: F811
    """503 with Retry-After; then the answer; then, with a broken new version, the answer of the last good one, which says so."""
    monkeypatch.setitem(service.ROUTES, "GET /words", lambda request: {"bytes": len(tiny())})
    answer = call("GET", "/words")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    version = put(bucket, b"one")
    assert call("GET", "/words").json == {"bytes": 3}
    alter_file(bucket, put(bucket, b"two"))
    minute()
    answer = call("GET", "/words")
    assert answer.status == 200 and 'fallback;desc="tiny %s"' % version in answer.headers["server-timing"]
    assert "its SHA-256 is" in fault()


def test_the_words_model_comes_from_s3_as_published(bucket, call, monkeypatch):  # noqa: F811
    """python -m training.publish words, then the real model, through the handler."""
    from training import publish

    monkeypatch.setattr(sys, "argv", ["publish", "words"])
    publish.main()
    monkeypatch.setenv("MODELS", "words")
    assert call("GET", "/words").json == json.loads((ROOT / "weights" / "words.json").read_text())
    assert call("GET", "/models").json["models"] == [call("GET", "/words").json]
    assert registry.serving()["words"]["fault"] is None
