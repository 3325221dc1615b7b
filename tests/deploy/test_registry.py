"""Weights from S3 (moto): which version serves, what is wrong with a broken one, and what serves meanwhile.
test_s3.py has the faults of S3 itself.
"""

import io
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.support.aws import NAME, bucket, s3_server  # noqa: F401, fixtures
from models import registry
from models.store import releases
from models.words import service
from tests.support.tiny import content, point, put, tiny

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture
def minute(monkeypatch):
    """minute() lets a minute pass, so that a container looks at the pointer again."""
    passed = [0.0]
    real = time.monotonic
    monkeypatch.setattr(registry.time, "monotonic", lambda: real() + passed[0])
    return lambda: passed.__setitem__(0, passed[0] + 60)


def another_process():
    """Forget what this process has loaded. The machine's cache stays."""
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
    """Before the time to look, nothing changes. Then the new version serves, and other versions leave the
    cache. After a rollback, the old one serves.
    """
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
    """Whatever the pointer says, and even without a pointer."""
    first = put(bucket, b"one")
    put(bucket, b"two")
    monkeypatch.setenv("WEIGHTS_VERSION", first)
    bucket.Object("models/tiny/current.json").delete()
    assert tiny() == b"one"


def test_a_pinned_version_gives_way_to_no_other(bucket, monkeypatch):  # noqa: F811
    """A version in the cache is not the one that was asked for."""
    put(bucket, b"one")
    tiny()
    another_process()
    monkeypatch.setenv("WEIGHTS_VERSION", "0123456789ab")
    with pytest.raises(registry.WeightsUnavailable, match="404 NoSuchKey"):
        tiny()


def lose_pointer(bucket, version):  # noqa: F811
    bucket.Object("models/tiny/current.json").delete()


def break_pointer(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/current.json", Body=b"{")


def lead_out(bucket, version):  # noqa: F811
    point(bucket, "../../etc")


def nest_pointer(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/current.json", Body=b"[" * 100_000)


def empty_pointer(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/current.json", Body=b"")


def point_to_none(bucket, version):  # noqa: F811
    point(bucket, "0123456789ab")


def lose_record(bucket, version):  # noqa: F811
    bucket.Object("models/tiny/%s/tiny.json" % version).delete()


def swap_record(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/%s/tiny.json" % version, Body=b'{"version": "another"}')


def empty_record(bucket, version):  # noqa: F811
    bucket.put_object(
        Key="models/tiny/%s/tiny.json" % version, Body=json.dumps({"version": version}).encode()
    )


def lose_file(bucket, version):  # noqa: F811
    bucket.Object("models/tiny/%s/tiny.npz" % version).delete()


def alter_file(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/%s/tiny.npz" % version, Body=b"tw0")


def shorten_file(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/%s/tiny.npz" % version, Body=b"tw")


def lengthen_file(bucket, version):  # noqa: F811
    bucket.put_object(Key="models/tiny/%s/tiny.npz" % version, Body=b"two" * 1000)


def put_a_page_in_its_place(bucket, version):  # noqa: F811
    bucket.put_object(
        Key="models/tiny/%s/tiny.npz" % version,
        Body=b"<!doctype html><title>Sign in</title>",
        ContentType="text/html",
    )


def lose_bucket(bucket, version):  # noqa: F811
    os.environ["WEIGHTS_BUCKET"] = "another-bucket"


FAULTS = [
    (lose_pointer, "current.json: 404 NoSuchKey"),
    (break_pointer, "current.json: Expecting"),
    (lead_out, "names no version"),
    (lose_record, "tiny.json: 404 NoSuchKey"),
    (swap_record, "record of another version"),
    (lose_file, "tiny.npz: 404 NoSuchKey"),
    (nest_pointer, "current.json: more than 200 arrays"),
    (empty_pointer, "current.json: Expecting"),
    (point_to_none, "0123456789ab/tiny.json: 404"),
    (empty_record, "does not list its files"),
    (shorten_file, "its SHA-256 is"),
    (lengthen_file, "its SHA-256 is"),
    (put_a_page_in_its_place, "its SHA-256 is"),
    (alter_file, "tiny.npz: its SHA-256 is"),
    (lose_bucket, "404 NoSuchBucket"),
]


@pytest.mark.parametrize("damage, says", FAULTS)
def test_a_fault_is_told_and_mended_by_the_next_request(bucket, damage, says):  # noqa: F811
    """A container without any version reports the fault. When the fault is gone, the next request is
    answered.
    """
    damage(bucket, put(bucket, b"two"))
    with pytest.raises(registry.WeightsUnavailable, match=says):
        tiny()
    os.environ["WEIGHTS_BUCKET"] = NAME
    put(bucket, b"two")
    assert tiny() == b"two"


@pytest.mark.parametrize("again", [lambda: None, another_process], ids=["warm", "new process"])
@pytest.mark.parametrize("damage, says", FAULTS)
def test_the_last_good_version_serves_meanwhile(bucket, minute, damage, says, again):  # noqa: F811
    """In a warm container, and in a new process on a machine whose cache has it. After the repair, the new
    version serves.
    """
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


def test_a_file_may_be_asked_for_long_after_the_start(bucket, monkeypatch):  # noqa: F811
    """The file comes when it is needed. After that, S3 may go away. An altered file without S3 is a fault,
    and never a wrong answer.
    """
    version = put(bucket, b"one")
    weights = registry.loaded("tiny", lambda weights: weights)
    file = releases.cache("tiny") / version / "tiny.npz"
    assert not file.exists()
    assert weights.contents("numbers") == {"numbers": b"one"} and file.read_bytes() == b"one"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert weights.contents("numbers") == {"numbers": b"one"}
    file.write_bytes(b"altered")
    with pytest.raises(registry.WeightsUnavailable, match="Connection refused"):
        weights.contents("numbers")


@pytest.mark.parametrize("roles", [(), ("numbers",)], ids=["all", "named"])
def test_a_version_sent_for_ahead_is_the_one_that_is_loaded(bucket, monkeypatch, roles):  # noqa: F811
    """It comes in another thread with its files, and S3 gets no other request."""
    put(bucket, b"one")
    registry.ahead("tiny", *roles)
    assert registry.kept["tiny", registry.ahead].value().held == {"tiny.npz": b"one"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert tiny() == b"one" and fault() is None and list(registry.kept) == [("tiny", content)]


def test_what_is_served_is_not_sent_for_ahead(bucket):  # noqa: F811
    put(bucket, b"one")
    tiny()
    registry.ahead("tiny")
    assert list(registry.kept) == [("tiny", content)]


@pytest.mark.parametrize("damage, says", FAULTS)
def test_a_fault_of_what_was_sent_for_ahead_is_told_and_mended_too(bucket, damage, says):  # noqa: F811
    damage(bucket, put(bucket, b"two"))
    registry.ahead("tiny")
    with pytest.raises(registry.WeightsUnavailable, match=says):
        tiny()
    os.environ["WEIGHTS_BUCKET"] = NAME
    put(bucket, b"two")
    registry.ahead("tiny")
    assert tiny() == b"two"


def test_a_newer_torch_archive_gives_way_to_the_last_good_version(bucket, minute):  # noqa: F811
    """torch never sees the file."""
    import zipfile

    put(bucket, b"one")
    tiny()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("archive/version", "99\n")
        file.writestr("archive/constants.pkl", "")
    put(bucket, b"two", archive.getvalue())
    minute()
    assert tiny() == b"one" and "archive version 99" in fault()


def test_a_version_that_cannot_be_built_gives_way_as_well(bucket, minute):  # noqa: F811
    """It is exactly as published, but not what the code expects."""

    def numbers(weights):
        return np.load(io.BytesIO(weights.contents()["numbers"]), allow_pickle=False)["numbers"]

    good = io.BytesIO()
    np.savez(good, numbers=np.arange(3))
    put(bucket, good.getvalue())
    first = registry.loaded("tiny", numbers)
    for bad, error in (b"no arrays at all", "ValueError"), (good.getvalue()[:-9], "BadZipFile"):
        put(bucket, bad)
        minute()
        assert registry.loaded("tiny", numbers) is first and "cannot be loaded: " + error in fault()


def test_a_good_record_of_a_broken_version_does_not_cost_the_last_good_one(bucket, minute):  # noqa: F811
    """A new process has read only the new record. When its files are found to be altered, the old version is
    still there.
    """
    put(bucket, b"one")
    tiny()
    another_process()
    version = put(bucket, b"two")
    alter_file(bucket, version)
    assert registry.record("tiny")["version"] == version
    assert tiny() == b"one"


def test_what_is_altered_in_the_cache_is_fetched_again(bucket):  # noqa: F811
    version = put(bucket, b"one")
    tiny()
    another_process()
    (releases.cache("tiny") / version / "tiny.npz").write_bytes(b"altered")
    assert tiny() == b"one"


def test_a_download_that_was_killed_leaves_no_trace_for_long(bucket, minute):  # noqa: F811
    """Its partial file is never read, and is removed before the next download."""
    version = put(bucket, b"one")
    part = releases.cache("tiny") / version / "tiny.npz.01234567.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"on")
    os.utime(str(part), (0, 0))
    assert tiny() == b"one" and not part.exists()


def test_two_processes_may_write_the_same_cache(bucket):  # noqa: F811
    """Four processes at once: each has the complete file."""
    data = bytes(1_000_000)
    put(bucket, data)
    code = (
        "from models import registry; "
        "assert len(registry.loaded('tiny', lambda weights: weights.contents()['numbers'])) == 1000000"
    )
    together = [subprocess.Popen([sys.executable, "-c", code], cwd=str(ROOT)) for _ in range(4)]
    assert [process.wait(60) for process in together] == [0] * 4
    assert not list(releases.cache("tiny").rglob("*.part"))


def test_a_caller_is_told_to_come_back_and_the_log_says_why(bucket, call, minute, monkeypatch):  # noqa: F811
    """503 with Retry-After, and then the answer. With a broken new version, the last good version answers and
    says so.
    """
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


def test_the_records_that_are_there_are_told_and_the_missing_one_is_named(bucket, call, monkeypatch):  # noqa: F811
    """GET /models with one of two models published. With none, it is 503."""
    monkeypatch.setenv("MODELS", "tiny,words")
    assert call("GET", "/models").status == 503
    version = put(bucket, b"one")
    answer = call("GET", "/models")
    assert answer.status == 200 and [record["version"] for record in answer.json["models"]] == [version]
    assert [entry["name"] for entry in answer.json["unavailable"]] == ["words"]


def test_the_words_model_comes_from_s3_as_published(bucket, call, monkeypatch):  # noqa: F811
    """python -m training.publish words, then the real model through the handler."""
    from training import publish

    monkeypatch.setattr(sys, "argv", ["publish", "words"])
    publish.main()
    monkeypatch.setenv("MODELS", "words")
    assert call("GET", "/words").json == json.loads((ROOT / "weights" / "words.json").read_text())
    assert call("GET", "/models").json["models"] == [call("GET", "/words").json]
    assert registry.serving()["words"]["fault"] is None
