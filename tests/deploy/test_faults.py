"""Faults of the machine: a process killed during a download, several that fill one cache, a wrong clock, a
full disk, missing variables.

Each fault is one line in the log and a 503 for the caller, and the next request is answered. test_s3.py has
the faults of S3, test_registry.py those of published versions.
"""

import calendar
import json
import os
import pathlib
import shutil
import threading
import time
from contextlib import suppress

import pytest

from tests.support import broken_s3
import handler  # noqa: F401, before caplog, because its logger would silence caplog's handler
from tests.support.container import Container
from models import registry
from models.store import releases

ROOT = pathlib.Path(__file__).parent.parent.parent
VERSION = json.loads((ROOT / "weights" / "words.json").read_text())["version"]
FIRST, REST, NGRAMS = "words-vectors.npz", "words-rest.npz", "words-ngrams.npz"
# files of a start; the others come with the first question that needs them
FILES = [FIRST, "words.json"]


def published(call):
    """S3's answers if the words of weights/ are published."""
    name = call.path.rpartition("/")[2]
    broken_s3.send(
        json.dumps({"version": VERSION}).encode()
        if name == "current.json"
        else (ROOT / "weights" / name).read_bytes()
    )(call)


def in_halves(between):
    """The same, but the file of vectors is sent in two halves, with `between` called between them."""

    def conduct(call):
        if not call.path.endswith(FIRST):
            return published(call)
        data = (ROOT / "weights" / FIRST).read_bytes()
        half = len(data) // 2
        with suppress(OSError):  # if the reader was killed
            broken_s3.send(data[:half], len(data))(call)
            between()
            call.wfile.write(data[half:])

    return conduct


def by_its_clock(hours):
    """The same from an S3 whose clock is this many hours ahead. Like the real one, it refuses signatures that
    differ by more than 15 minutes.
    """

    def conduct(call):
        signed = calendar.timegm(time.strptime(call.headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
        apart = abs(time.time() + 3600 * hours - signed)
        (published if apart <= 900 else broken_s3.refuse(403, "RequestTimeTooSkewed"))(call)

    return conduct


@pytest.fixture
def s3(monkeypatch, tmp_path):
    """An S3 that does what its `conduct` says. This process and its children use it, and the machine's cache
    is empty.
    """
    server = broken_s3.Server()
    server.conduct = published
    for name in [name for name in os.environ if name.startswith(("AWS_", "WEIGHTS_"))]:
        monkeypatch.delenv(name)
    settings = {
        "AWS_ENDPOINT_URL": server.address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "WEIGHTS_BUCKET": "a-bucket",
        "WEIGHTS_CACHE": str(tmp_path / "cache"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    registry.kept.clear()
    yield server
    registry.kept.clear()
    server.close()


def cache():
    """The names of the files in the cache."""
    return sorted(path.name for path in releases.cache("words").rglob("*.*") if path.is_file())


def assert_answered(reply):
    assert (reply.status, reply.faults) == (200, [])
    assert reply.json["similarity"] > 0.5


def assert_refused(reply, fault):
    """The log has one line with the fault. The caller is told to come back, and nothing else."""
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert len(reply.faults) == 1 and fault in reply.faults[0]
    assert reply.json["detail"] == "The model cannot be loaded right now. Try again in a few seconds."


def test_a_process_killed_in_the_middle_of_a_download_does_no_harm(s3):
    """This happens twice, some time apart. The second process removes what the first one left. The third has
    the right weights, and the cache has no partial file.
    """
    for _ in range(2):
        half = threading.Event()
        s3.conduct = in_halves(lambda: (half.set(), time.sleep(4)))
        with Container() as container:
            container.send()
            assert half.wait(60)
        (part,) = releases.cache("words").rglob("*.part")
        assert FIRST not in cache() and part.stat().st_size < (ROOT / "weights" / FIRST).stat().st_size
        os.utime(str(part), (time.time() - 120,) * 2)
    s3.conduct = published
    with Container() as container:
        assert_answered(container.ask())
    assert cache() == FILES


@pytest.mark.parametrize("killed", [0, 1])
def test_processes_that_fill_one_cache_at_once_do_not_disturb_each_other(s3, killed):
    """Both processes have half of the same file. Then both continue, or one is killed. The one that lives has
    the right weights, and so does a later one.
    """
    together = threading.Barrier(3, timeout=60)  # the two downloads and this test
    s3.conduct = in_halves(lambda: (together.wait(), together.wait()))
    with Container() as first, Container() as second:
        first.send()
        second.send()
        together.wait()
        assert [name.endswith(".part") for name in cache()].count(True) == 2
        if killed:
            first.kill()
        together.wait()
        for container in [first, second][killed:]:
            assert_answered(container.receive())
    assert [name for name in cache() if not name.endswith(".part")] == FILES and len(cache()) == len(
        FILES
    ) + killed
    s3.conduct = broken_s3.refuse(503, "SlowDown")  # so this answer comes from the cache
    with Container() as later:
        assert later.ask().status == 200


def test_a_clock_that_is_wrong_is_told_and_answers_come_once_it_is_right(s3):
    """If the clock is late or early, S3 refuses the signature. The same process tries again with the next
    request.
    """
    with Container() as container:
        for hours in 3, -3:
            s3.conduct = by_its_clock(hours)
            assert_refused(
                container.ask(), "s3://a-bucket/models/words/current.json: 403 RequestTimeTooSkewed"
            )
        s3.conduct = by_its_clock(0)
        assert_answered(container.ask())


def test_a_clock_that_was_put_back_costs_nothing(s3):
    """The cache has files from tomorrow. The version in use, which seems the oldest, stays. A killed
    process's partial file is removed.
    """
    for version in "1", "2":
        old = releases.cache("words") / version
        old.mkdir(parents=True)
        for name in "words.json", "words.json.0.part":
            (old / name).write_text("{}")
            os.utime(str(old / name), (time.time() + 86_400,) * 2)
    with Container() as container:
        assert_answered(container.ask())
    assert sorted(path.name for path in (releases.cache("words") / VERSION).iterdir()) == FILES
    assert len(list(releases.cache("words").iterdir())) == 2  # one of the old ones, as a reserve
    assert not [name for name in cache() if name.endswith(".part")]


def test_a_full_disk_is_told_leaves_nothing_behind_and_answers_come_once_there_is_room(s3):
    """The disk is full before the record, then before the weights. Later, the same process has room."""
    with Container() as container:
        assert_refused(container.ask(room=0), "words.json cannot be written: [Errno 27] File too large")
        assert cache() == []
        assert_refused(container.ask(room=1_000_000), FIRST + " cannot be written: [Errno 27] File too large")
        assert cache() == ["words.json"]
        assert_answered(container.ask())
    assert cache() == FILES


@pytest.mark.parametrize(
    "path, more",
    [
        ("/words/vector?word=unheardofword", [NGRAMS]),
        ("/words/vector?word=croissant", [REST]),
        ("/words/neighbours?word=car", [REST]),
        ("/words", [REST]),
    ],
)
def test_what_a_start_does_without_comes_with_the_first_question_that_needs_it(call, s3, path, more):
    """An unknown word needs the n-grams. A rare word, neighbours, and the page, which warms the model, need
    the other vectors. While S3 refuses, only these questions are a 503. They are answered when S3 works
    again.
    """
    path, _, query = path.partition("?")

    def statuses():
        return [
            call("GET", *asked).status for asked in (("/words/similarity", "a=car&b=truck"), (path, query))
        ]

    assert call("GET", "/words/similarity", "a=car&b=truck").status == 200 and cache() == FILES
    s3.conduct = broken_s3.refuse(503, "SlowDown")
    assert statuses() == [200, 503]
    s3.conduct = published
    assert statuses() == [200, 200] and cache() == sorted(FILES + more)


def test_what_a_start_from_the_cache_lacks_comes_once_s3_is_well(call, s3, monkeypatch):
    """The cache has the version without its other files, and S3 refuses. Frequent words are answered, and
    later the others too.
    """
    with Container() as container:
        assert_answered(container.ask())
    s3.conduct = broken_s3.refuse(503, "SlowDown")
    assert [call("GET", "/words/vector", "word=" + word).status for word in ("car", "croissant")] == [
        200,
        503,
    ]
    s3.conduct = published
    monkeypatch.setattr(registry, "LOOK", 0)
    assert call("GET", "/words/vector", "word=croissant").status == 200


def test_a_version_whose_rest_is_altered_replaces_none_that_serves(call, s3, monkeypatch):
    """The version in service continues, and the answer says so. For a start, which needs fewer files, the new
    version is good enough.
    """
    record = json.loads((ROOT / "weights" / "words.json").read_text())
    record["version"], record["files"]["rest"]["sha256"] = "altered", "0" * 64

    def altered(call):
        name = call.path.rpartition("/")[2]
        found = {"current.json": {"version": "altered"}, "words.json": record}.get(name)
        (broken_s3.send(json.dumps(found).encode()) if found else published)(call)

    def version():
        return (
            call("GET", "/words/similarity", "a=car&b=truck")
            .headers["server-timing"]
            .rpartition('desc="words ')[2]
        )

    monkeypatch.setattr(registry, "LOOK", 0)
    assert version() == VERSION + '"'
    s3.conduct = altered
    assert (
        version() == VERSION + '"'
        and "words-rest.npz: its SHA-256 is" in registry.serving()["words"]["fault"]
    )
    registry.kept.clear()
    assert version() == 'altered"'


@pytest.fixture
def ask(call, caplog):
    """ask() asks the words function in this process. The answer's `faults` are the faults in the log."""

    def once():
        caplog.clear()
        reply = call("GET", "/words/similarity", "a=car&b=truck")
        reply.faults = [getattr(line, "reason", None) for line in caplog.records if line.levelname != "INFO"]
        return reply

    return once


VARIABLES = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "WEIGHTS_BUCKET"]
MISTAKES = [
    *[
        (name, value, "the environment variable %s is missing" % name)
        for name in VARIABLES
        for value in (None, "")
    ],
    *[
        (name, "marker\n", "the environment variable %s has a space" % name)
        for name in VARIABLES[:3] + ["AWS_SESSION_TOKEN"]
    ],
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:port", "is no address: nonnumeric port"),
    ("AWS_ENDPOINT_URL", "https://[", "is no address: Invalid IPv6"),
]


@pytest.mark.parametrize("variable, value, says", MISTAKES)
def test_a_missing_or_mistyped_variable_is_named_and_answers_come_once_it_is_set(
    s3, ask, monkeypatch, tmp_path, variable, value, says
):
    """There are no weights beside the code, as in Lambda's zip. A secret that was pasted with its line break
    does not reach the log.
    """
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setenv(variable, value) if value is not None else patch.delenv(variable)
        reply = ask()
        assert_refused(reply, says)
        assert "marker" not in reply.faults[0]
    assert_answered(ask())


def test_a_record_that_goes_away_ends_no_process_that_has_its_model(call, s3, monkeypatch, tmp_path):
    """The answer names the version of the loaded model, whatever the disk says now."""
    monkeypatch.setenv("MODELS", "words")
    monkeypatch.delenv("WEIGHTS_BUCKET")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    for name in FILES + [REST]:
        shutil.copy(str(ROOT / "weights" / name), str(tmp_path))
    assert call("GET", "/words").status == 200
    (tmp_path / "words.json").unlink()
    reply = call("GET", "/words")
    assert reply.status == 200 and 'model;desc="words %s"' % VERSION in reply.headers["server-timing"]


def test_an_empty_environment_is_enough_where_the_weights_are_beside_the_code():
    """It needs no variable of Lambda's (such as LAMBDA_TASK_ROOT), no HOME and no PATH."""
    with Container(environment={}) as container:
        assert_answered(container.ask())
