"""`make bulk … LOCAL=1`: files in, files out, in order. It can be killed and run again, and it says what is
wrong.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

from bulk import __main__ as bulk, here, inputs, routes
from models import registry
from tests.bulk import dying

ROOT = pathlib.Path(__file__).parent.parent.parent
PAIR = '{"pairs": [["tea", "coffee"]]}'


def run(source, folder, *words, route="POST /words/similarity"):
    """Run the command with one process, as a person would in the shell. Returns the exit status."""
    return bulk.main(
        ["--route", route, "--input", str(source), "--output", str(folder), "--local", "--processes", "1"]
        + list(words)
    )


def read(folder, name="results.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def lines(tmp_path, *texts):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"".join(text if isinstance(text, bytes) else text.encode() + b"\n" for text in texts))
    return path


def test_each_line_has_its_answer_or_its_problem(tmp_path, capsys):
    """Of five lines, one is blank and two are answered. The summary counts them."""
    source = lines(tmp_path, PAIR, "{no JSON", "", b'{"pairs": [["M\xe4dchen", "b"]]}\n', PAIR)
    assert run(source, tmp_path / "out") == 0
    assert [entry["line"] for entry in read(tmp_path / "out")] == [1, 5]
    failures = read(tmp_path / "out", "failures.jsonl")
    assert [(entry["line"], entry["problem"]["status"]) for entry in failures] == [(2, 400), (4, 400)]
    assert "2 of 4 answered" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["failures"] == {"400": 2}


def test_a_second_run_does_only_what_is_missing(tmp_path, monkeypatch):
    """It does nothing if nothing is missing, and two lines if the input has grown by two."""
    source = lines(tmp_path, PAIR, "{no JSON")
    run(source, tmp_path / "out")
    sent = []
    original = here.Worker.send
    monkeypatch.setattr(
        here.Worker, "send", lambda self, batch: (sent.extend(batch), original(self, batch))[1]
    )
    run(source, tmp_path / "out")
    assert sent == []
    source.write_text(source.read_text() + PAIR + "\n" + PAIR + "\n")
    run(source, tmp_path / "out")
    assert [item["id"] for item in sent] == [3, 4]
    assert [entry["line"] for entry in read(tmp_path / "out")] == [1, 3, 4]


def test_killed_twice_it_loses_nothing_and_does_nothing_twice(tmp_path):
    """The command and its processes get SIGKILL halfway, twice. The third run finishes the work, in order."""
    source = lines(tmp_path, *[json.dumps({"pairs": [["tea", "word%d" % at]]}) for at in range(1500)])
    log, words = tmp_path / "out" / ".bulk" / "answers.jsonl", [sys.executable, "-m", "bulk", "--local"]
    words += ["--route", "POST /words/similarity", "--input", str(source), "--output", str(tmp_path / "out")]
    for enough in (300, 700):
        process = subprocess.Popen(words, cwd=str(ROOT), stderr=subprocess.DEVNULL, start_new_session=True)
        while not log.exists() or log.read_bytes().count(b"\n") < enough:
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = log.read_bytes().count(b"\n")
        with log.open("ab") as file:
            file.write(b'{"id": 9, "status')  # as if it was killed in the middle of a line
    assert before < 1500
    assert subprocess.call(words, cwd=str(ROOT), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) == 0
    assert [entry["line"] for entry in read(tmp_path / "out")] == list(range(1, 1501))
    assert log.read_bytes().count(b"\n") == 1500


def test_pictures_of_a_folder_come_back_as_files(tmp_path):
    """Each keeps its name. A file that is not a picture fails alone, and so does one that is too large."""
    (tmp_path / "photos" / "more").mkdir(parents=True)
    for name in ("beetle-orange.jpg", "more/coupe-green.jpg"):
        shutil.copy(
            str(ROOT / "static" / "examples" / pathlib.Path(name).name), str(tmp_path / "photos" / name)
        )
    (tmp_path / "photos" / "a torn one.png").write_bytes(b"no picture")
    (tmp_path / "photos" / "large.jpg").write_bytes(bytes(4_500_001))
    out = tmp_path / "out"
    assert run(tmp_path / "photos", out, route="POST /cars/reconstruct?find=false") == 0
    assert [entry["name"] for entry in read(out)] == ["beetle-orange.jpg", "more/coupe-green.jpg"]
    assert (out / read(out)[1]["answer"]["image"]).read_bytes().startswith(b"\x89PNG")
    failures = {entry["name"]: entry["problem"]["status"] for entry in read(out, "failures.jsonl")}
    assert failures == {"a torn one.png": 415, "large.jpg": 413}


def test_a_list_of_pictures_names_one_that_is_missing(tmp_path):
    """The others are answered, here with the picture itself."""
    there = ROOT / "static" / "examples" / "beetle-orange.jpg"
    (tmp_path / "list.txt").write_text("%s\nnowhere.jpg\n" % there)
    run(tmp_path / "list.txt", tmp_path / "out", "--accept", "image/png", route="POST /cars/reconstruct")
    (entry,) = read(tmp_path / "out")
    assert (tmp_path / "out" / entry["answer"]["file"]).suffix == ".png"
    (failure,) = read(tmp_path / "out", "failures.jsonl")
    assert "nowhere.jpg cannot be read" in failure["problem"]["detail"]


def test_a_table_has_a_field_a_column(tmp_path, capsys):
    """Other columns are left out and named. A text that looks like a number stays a text."""
    (tmp_path / "in.tsv").write_text("id\ta\tb\n1\t007\ttea\n2\ttea\t\n")
    run(tmp_path / "in.tsv", tmp_path / "out", route="GET /words/similarity")
    assert [entry["answer"]["a"]["word"] for entry in read(tmp_path / "out")] == ["007"]
    assert read(tmp_path / "out", "failures.jsonl")[0]["line"] == 2
    assert "no fields of GET /words/similarity: id" in capsys.readouterr().out


def test_the_fields_of_a_route_are_those_of_all_its_shapes():
    """POST /cars/edit takes a picture or a latent, GET /words/similarity what its query has."""
    assert {"latent", "attributes", "main"} <= routes.route("cars", "POST /cars/edit").fields
    assert {"latents", "steps"} <= routes.route("", "POST /cars/interpolate").fields
    assert {"a", "b"} <= routes.route("words", "GET /words/similarity").fields


def test_a_row_that_is_none_fails_alone(tmp_path):
    """A quote that is never closed takes the lines after it with it: they are named."""
    text = 'a,b\n"tea" and,x\ncat,dog\n"tea,coffee\nnever,read\n'
    (tmp_path / "in.csv").write_text(text)
    run(tmp_path / "in.csv", tmp_path / "out", route="GET /words/similarity")
    assert [entry["line"] for entry in read(tmp_path / "out")] == [2]
    failures = read(tmp_path / "out", "failures.jsonl")
    assert [entry["line"] for entry in failures] == [1, 3]
    assert "Lines 4 to 5 of the file are no row" in failures[1]["problem"]["detail"]


def test_quotes_in_a_tsv_are_signs_like_others(tmp_path):
    """As IANA has it: none takes the rows after it with it."""
    (tmp_path / "in.tsv").write_text('a\tb\n"tea\tcoffee\ncat\tdog\n')
    run(tmp_path / "in.tsv", tmp_path / "out", route="GET /words/similarity")
    assert [entry["answer"]["a"]["asked"] for entry in read(tmp_path / "out")] == ['"tea', "cat"]


def test_a_line_of_text_that_is_no_utf_8_fails_alone(tmp_path):
    """A sign in the place of what cannot be read would be answered."""
    (tmp_path / "in.txt").write_bytes(b"\xef\xbb\xbfGood day\r\nM\xe4dchen\r\n\r\nGood night")
    run(tmp_path / "in.txt", tmp_path / "out", route="GET /words/tokens")
    assert [entry["answer"]["tokens"][1] for entry in read(tmp_path / "out")] == ["day", "night"]
    assert [entry["line"] for entry in read(tmp_path / "out")] == [1, 4]
    assert "not in UTF-8" in read(tmp_path / "out", "failures.jsonl")[0]["problem"]["detail"]


def test_the_files_are_utf_8_whatever_was_sent(tmp_path):
    """Half of a surrogate pair comes back as JSON can say it."""
    run(lines(tmp_path, r'{"pairs": [["tea", "\ud83d"]]}'), tmp_path / "out")
    for file in ("results.jsonl", "failures.jsonl"):
        (tmp_path / "out" / file).read_bytes().decode()


def test_a_picture_may_have_any_name(tmp_path):
    """Bytes that are no UTF-8, in a folder and in a list that begins with a byte order mark."""
    folder = os.fsencode(str(tmp_path)) + b"/caf\xe9.jpg"
    shutil.copy(str(ROOT / "static" / "examples" / "beetle-orange.jpg"), os.fsdecode(folder))
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbf" + folder + b"\r\n")
    listed = inputs.Input(tmp_path / "list.txt", routes.route("cars", ""))
    assert [item.problem for item in listed] == [None]
    found = inputs.Input(tmp_path, routes.route("cars", ""))
    assert [os.fsencode(item.name) for item in found] == [b"caf\xe9.jpg"]


@pytest.mark.parametrize("name", ["file", "file/out", "full/out"])
def test_an_output_that_cannot_be_written_is_told(tmp_path, name):
    """A file in its place, and a disk that takes nothing: a sentence."""
    (tmp_path / "file").write_text("")
    (tmp_path / "full").symlink_to("/proc/self/fd")
    with pytest.raises(SystemExit, match="When that is mended, run the same command again"):
        run(lines(tmp_path, PAIR), tmp_path / name)


def test_a_folder_without_pictures_is_told(tmp_path):
    lines(tmp_path, PAIR)
    with pytest.raises(SystemExit, match="holds no picture"):
        run(tmp_path, tmp_path / "out", route="POST /cars/reconstruct")


def test_a_line_that_cannot_be_carried_is_a_failure_of_its_own(tmp_path):
    run(lines(tmp_path, json.dumps({"pairs": "x" * 200_000}), PAIR), tmp_path / "out")
    (failure,) = read(tmp_path / "out", "failures.jsonl")
    assert failure["line"] == 1 and "200000 are the most" in failure["problem"]["detail"]


def test_what_ends_a_process_fails_alone(tmp_path, monkeypatch):
    """Its batch is sent again item by item. The next run tries the item once more."""
    monkeypatch.setattr(here, "work", dying.work)
    source = lines(tmp_path, *["poison" if at == 17 else "line %d" % at for at in range(40)])
    assert run(source, tmp_path / "out", "--batch", "10") == 1
    assert [entry["line"] - 1 for entry in read(tmp_path / "out")] == [at for at in range(40) if at != 17]
    (failure,) = read(tmp_path / "out", "failures.jsonl")
    assert failure["problem"]["status"] == 500 and "process ended" in failure["problem"]["detail"]


def test_a_model_that_cannot_be_loaded_is_told_and_loses_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(here, "work", dying.never)
    monkeypatch.setattr(here, "WAITS", (0, 0))
    assert run(lines(tmp_path, PAIR), tmp_path / "out") == 1
    assert "cannot be loaded" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, sentence",
    [
        ({"route": "POST /trucks"}, "There is no model trucks"),
        ({"route": "POST /words/similar"}, "words has no route POST /words/similar: ROUTE is one of"),
    ],
)
def test_a_route_that_there_is_not_is_told(tmp_path, words, sentence):
    with pytest.raises(SystemExit, match=sentence):
        run(lines(tmp_path, PAIR), tmp_path / "out", **words)


def test_answers_of_two_versions_of_a_model_are_not_mixed(tmp_path, monkeypatch):
    """After an export the command is refused where OUTPUT has answers, and says what to do; without answers
    the new version begins.
    """
    source = lines(tmp_path, PAIR)
    run(source, tmp_path / "out")
    here_now = registry.record("words")
    monkeypatch.setattr(registry, "record", lambda name: {**here_now, "version": "newer"})
    sentence = "holds answers of version %s of words, .* version newer: name another OUTPUT"
    with pytest.raises(SystemExit, match=sentence % here_now["version"]):
        run(source, tmp_path / "out")
    (tmp_path / "out" / ".bulk" / "answers.jsonl").write_text("")
    assert run(source, tmp_path / "out") == 0


def test_a_model_without_weights_is_told_before_anything_is_sent(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    with pytest.raises(SystemExit, match="words cannot be loaded: record of words"):
        run(lines(tmp_path, PAIR), tmp_path / "out")


def test_results_of_another_input_are_not_written_over(tmp_path):
    """The same holds for files that do not come from bulk work."""
    run(lines(tmp_path, PAIR), tmp_path / "out")
    with pytest.raises(SystemExit, match="another input"):
        run(lines(tmp_path, '{"pairs": []}', PAIR), tmp_path / "out")
    with pytest.raises(SystemExit, match="is not empty"):
        run(lines(tmp_path, PAIR), tmp_path)
