"""The arithmetic of the benchmark, the protocol of its peers, and the start that it times. Tests do not check
speeds.
"""

import contextlib
import datetime
import json
import pathlib
import sys
import time

import pytest

from bench import callers, phases
from bench.speed import cloud, costs, report, requests
from bench.speed import __main__ as speed
from bench.speed.__main__ import checked
from bench.speed.peers import Peer, image_variables, side_by_side, spread
from models import registry

ROOT = pathlib.Path(__file__).parent.parent.parent


def told(question):
    return [question, question]


WAYS = {"twice": lambda: told, "noisy": lambda: lambda question: print("a library's word") or question}


@pytest.fixture
def peers(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "house"))
    with Peer(sys.executable, "test_bench", "twice") as twice, Peer(
        sys.executable, "test_bench", "noisy", turn=1
    ) as noisy:
        yield {"twice": twice, "noisy": noisy}


def test_peers_answer_every_question_in_turn(peers):
    """Each peer is asked all questions as often as requested. What a library prints is not an answer."""
    found = side_by_side(peers, ["a", "b"], seconds=0, fewest=2)
    assert found["twice"]["answers"] == {0: ["a", "a"], 1: ["b", "b"]} and found["noisy"]["answers"] == {
        0: "a",
        1: "b",
    }
    assert len(found["twice"]["milliseconds"]) == 4 * 3 and len(found["noisy"]["milliseconds"]) == 4


def test_a_peer_that_cannot_start_ends_the_benchmark():
    """The error names the peer."""
    with pytest.raises(SystemExit, match="no_such_module"):
        Peer(sys.executable, "no_such_module", "way")


def test_spread_is_median_and_quartiles():
    """The numbers 1 to 7 give 4, with quartiles 2 and 6."""
    assert spread([7, 1, 6, 2, 5, 3, 4]) == {"median": 4, "low": 2, "high": 6, "count": 7}


def test_a_ratio_that_is_a_sixth_worse_fails_the_check():
    """1.0 may become 1.15 but not 1.17. A new ratio, or one that is gone, is not a regression."""
    assert report.regressions({"a": 1.0, "b": 1.0, "gone": 1.0}, {"a": 1.15, "b": 1.17, "new": 9.0}) == {
        "b": "b: 1.170, and it was 1.000."
    }


@pytest.mark.parametrize("second, ends", [(1.1, False), (1.2, True)])
def test_the_check_measures_again_what_seems_worse(second, ends, capsys):
    """Only translation is worse, so only it is measured again. It fails if it is worse twice."""
    bars = {bar.what: bar for bar in report.BARS}
    worse = next(what for what, bar in bars.items() if bar.subject == "translation")

    def again(subjects):
        assert subjects == {"translation"}
        rows = {}
        for bar in bars.values():
            if bar.subject == "translation":
                rows.setdefault(bar.task, {}).update(
                    {
                        bar.peer: {"median": 100},
                        bar.way: {"median": 100 * (second if bar.what == worse else 1)},
                    }
                )
        return {"translation": rows}

    with pytest.raises(SystemExit, match="twice") if ends else contextlib.nullcontext():
        checked({what: 1.0 for what in bars}, {**{what: 1.0 for what in bars}, worse: 1.3}, again)
    assert worse in capsys.readouterr().out


def test_every_bar_says_whether_it_is_reached():
    """A must of 0.25 and a target of 0.15, with a ratio of 0.2: the must is reached, and the target is
    missed.
    """
    lines = list(report.bars_table({bar.what: 0.2 for bar in report.BARS}))
    assert (
        len(lines) == 2 + len(report.BARS)
        and "| 0.20 | 0.25 | 0.15 | must reached, **target missed** |" in lines[2]
    )


def test_a_million_calls_cost_what_the_price_list_says():
    """100 ms on one processor with 1,769 MB: gateway 1.00, requests 0.20, time 2.88. With a quarter of the
    memory, the price of the time is the same.
    """
    assert (
        costs.dollars(100, 1769)
        == pytest.approx(1.00 + 0.20 + 2.88, abs=0.01)
        == costs.dollars(100, 1769 / 4)
    )


def test_the_image_variables_are_the_dockerfiles():
    """All variables of the Dockerfile, with its values."""
    assert image_variables()["OMP_NUM_THREADS"] == "1" and len(image_variables()) == 4


def test_every_route_of_the_models_is_timed():
    """Each route in openapi.yaml, except the page."""
    from web import contract

    there = {
        "%s %s" % (method.upper(), path) for path, methods in contract.methods().items() for method in methods
    }
    assert there - {event["routeKey"] for event in requests.ROUTES} <= {"GET /"}


@pytest.fixture
def store(monkeypatch):
    server = cloud.server_of(cloud.Store)
    for name, value in cloud.variables(server).items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()


def test_the_published_record_and_its_files_come_over_one_connection(store):
    """S3 keeps a connection open, and Python 3.8 must not think that it is busy
    after an object has arrived.
    """
    from models.store.s3 import Bucket

    with Bucket(cloud.BUCKET, 20) as bucket:
        version = json.loads(bucket.read("models/words/current.json"))["version"]
        first = bucket.connection.sock
        record = json.loads(bucket.read("models/words/%s/words.json" % version))
        assert record["version"] == version == registry.read_record("words", registry.folder())["version"]
        assert bucket.connection.sock is first


def test_a_start_is_timed_under_the_runtime_client(store):
    """The words function: ready after its imports, then its first answer, then a second one with the weights
    in memory.
    """
    folder = {"PYTHONPATH": str(ROOT)}
    found = cloud.started(
        [sys.executable, "-m", "awslambdaric", "handler.words"],
        ROOT,
        {**cloud.variables(store), **folder},
        requests.EVENTS["similarity"],
        2,
    )
    assert 0 < found["ready"] < found["answer"] and len(found["warm"]) == 1 and found["peak"] > 10
    assert all(json.loads(answer["body"])["a"]["word"] == "car" for answer in found["answers"])


def test_the_phases_of_a_start_are_all_of_it(store):
    """Each part of a start is in one phase, and what is in none is told as the rest."""
    began = time.perf_counter()
    event = requests.EVENTS["similarity"]
    found = phases.once("words", store, sys.executable, (ROOT,), {}, event)
    assert {"handler", "service's imports", "other loading", "the rest"} <= set(found)
    assert 0 < sum(found.values()) < 1000 * (time.perf_counter() - began)
    assert all(took >= 0 for took in found.values())


def test_calls_over_http_are_timed_both_ways():
    """With a real local.py, a call takes longer than the handler reports."""
    with callers.served() as address:
        found = callers.rows({"local.py": address}, callers.CALLS["GET /words/neighbours"], 0)
    assert list(found) == ["local.py, kept connection", "local.py, new connection"]
    for row in found.values():
        assert row["count"] >= 20 and 0 < row["own"] < row["median"] and row["way"] > 0


def test_the_way_of_a_call_has_a_must():
    """The median is at most two milliseconds. If it is more, the table says so."""
    row = {"median": 7.0, "own": 5.5}
    lines = list(callers.table({"GET /a": {"kept": {**row, "way": 1.5}, "new": {**row, "way": 2.5}}}))
    assert lines[2:] == [
        "| GET /a, kept | 7.0 | 5.5 | 1.50 | 2 | must reached |",
        "| GET /a, new | 7.0 | 5.5 | 2.50 | 2 | **must missed** |",
    ]


def test_a_subject_that_is_measured_anew_is_told_with_its_day(tmp_path, monkeypatch):
    """Its figures replace the old ones, in the file as well. All others stay."""
    results = json.loads((ROOT / "bench" / "results.json").read_text())
    monkeypatch.setattr(speed, "RESULTS", tmp_path / "results.json")
    others = {name: figures for name, figures in results["figures"].items() if name != "packages"}
    told = speed.renewed(results, {"packages": {"cars": {"disk": "1", "packed": "1"}}})
    assert told == json.loads((tmp_path / "results.json").read_text())
    assert told["figures"].pop("packages") == {"cars": {"disk": "1", "packed": "1"}}
    assert told["figures"] == others
    assert "packages on %s" % datetime.date.today() in "".join(report.opening(told))


def test_the_document_is_what_was_measured():
    """docs/performance.md is written from bench/results.json, and not edited by hand."""
    results = json.loads((ROOT / "bench" / "results.json").read_text())
    assert "\n".join(report.text(results)) + "\n" == (ROOT / "docs" / "performance.md").read_text()
    assert results["ratios"] == report.ratios(results["figures"])
