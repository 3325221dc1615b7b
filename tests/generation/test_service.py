"""The generation routes: names, prose, the same for a seed, and
what a caller is told who sends something else.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from models import registry
from models.generation import sampling
from models.generation.characters import known
from models.generation.model import Prose, entries, model
from models.generation.service import said_of

ROOT = pathlib.Path(__file__).parent.parent.parent
MODELS = json.loads((ROOT / "weights" / "generation.json").read_text())["models"]


def names(call, **sent):
    return call("POST", "/generation/names", json=sent).json


def prose(call, **sent):
    return call("POST", "/generation/prose", json=sent).json


def test_ten_names_have_letters_and_a_log_probability(call):
    answer = names(call)
    assert len(answer["names"]) == 10
    for entry in answer["names"]:
        assert 1 <= len(entry["name"]) <= 20 and entry["name"][0].isupper()
        assert entry["log_probability"] < 0


def test_names_begin_as_asked(call):
    """Capital or small, with an accent that no name has or without."""
    for start, begun in (("an", "An"), ("AN", "An"), ("Ãn", "An"), (" zo", "Zo")):
        told = names(call, start=start, count=3, gender="female", origin="indian")["names"]
        assert all(entry["name"].startswith(begun) for entry in told)


def test_an_accent_that_cannot_be_composed_is_left_out_of_a_start(call):
    """A Turkish capital İ has one in small letters; no letter is an x with a caron."""
    for start, begun in (("İlayda", "Ilayda"), ("x\u030ca", "Xa")):
        assert all(entry["name"].startswith(begun) for entry in names(call, start=start, count=3)["names"])


def test_a_name_of_a_seed_is_the_same_whatever_the_count(call):
    """Names one to three of 3, of 11 and of 50; another seed gives others."""
    three, eleven, fifty = (names(call, seed=7, count=count)["names"] for count in (3, 11, 50))
    assert three == eleven[:3] == fifty[:3] and eleven == fifty[:11]
    assert names(call, seed=8, count=3)["names"] != three


def test_a_seed_that_is_told_gives_the_same_again(call):
    for route, sent in (("names", {"count": 2}), ("prose", {"length": 20})):
        first = call("POST", "/generation/" + route, json=sent).json
        assert call("POST", "/generation/" + route, json={**sent, "seed": first["seed"]}).json == first


def test_gender_and_origin_change_the_names(call):
    """More Indian names of girls end in a or i than German ones of boys."""
    girls = names(call, gender="female", origin="indian", count=50, seed=1)["names"]
    boys = names(call, gender="male", origin="german", count=50, seed=1)["names"]
    assert sum(one["name"][-1] in "ai" for one in girls) > 10 + sum(one["name"][-1] in "ai" for one in boys)


def test_temperature_0_is_the_likeliest_letter_each_time(call):
    """All names are one, whose log-probability is the greedy path's."""
    told = names(call, temperature=0, count=12)["names"]
    assert len({entry["name"] for entry in told}) == 1
    answer = prose(call, prompt="The", length=30, temperature=0, choices=True)
    assert all(one["probability"] >= one["others"][0][1] for one in answer["choices"])


def test_a_name_that_the_lists_have_is_marked(call):
    served = model(entries("names")[0]["name"])
    assert served.has("emma") and served.has("divya") and not served.has("xqzzvw")
    told = names(call, count=50, temperature=0.5, seed=1)["names"]
    assert {True, False} == {entry["new"] for entry in told}


def test_prose_has_the_length_that_is_asked_and_its_choices(call):
    """Probabilities of a letter and its others are the network's: they fall, and sum to 1 at most."""
    answer = prose(call, prompt="KING HENRY:\n", length=40, choices=True, seed=3)
    assert len(answer["text"]) == len(answer["choices"]) == 40
    assert "".join(one["character"] for one in answer["choices"]) == answer["text"]
    for one in answer["choices"]:
        shares = [share for _, share in one["others"]]
        assert shares == sorted(shares, reverse=True) and len(shares) == 5
        assert one["probability"] + sum(shares) <= 1.001
    assert "choices" not in prose(call, length=5)


def test_top_k_of_one_is_greedy_and_top_p_of_0_too(call):
    greedy = prose(call, prompt="My lord", length=50, temperature=0)["text"]
    for only in ({"top_k": 1}, {"top_p": 0}):
        assert prose(call, prompt="My lord", length=50, temperature=1.5, seed=5, **only)["text"] == greedy


def test_drawing_among_the_likeliest_by_hand():
    """Of 0.5, 0.3, 0.2: half together is the first alone; two of them share 5 to 3."""
    logits = np.log([0.2, 0.5, 0.3])
    assert sampling.drawn(logits, sampling.Draw(top_p=0.5), 0.999) == 1
    assert [sampling.drawn(logits, sampling.Draw(top_k=2), chance) for chance in (0.62, 0.63)] == [1, 2]
    assert sampling.drawn(logits, sampling.Draw(temperature=1e-12), 0.999) == 1


@pytest.mark.parametrize(
    "text, told",
    [
        ("and the sea and the sea and the sea and the sea", {"from": 0, "period": 12}),
        ("Well, " + "aha " * 8, {"from": 5, "period": 4}),
        ("no no no", None),
        ("Nothing here goes round in a circle at all.", None),
    ],
)
def test_a_text_that_runs_in_circles_says_so(text, told):
    assert sampling.circle(text) == told


def test_likeliest_letters_that_run_in_circles_are_told_of(call):
    answer = prose(call, prompt="the ", length=1000, temperature=0)
    assert answer["circle"]["period"] >= 1
    assert "repeats its last" in answer["note"]


def test_a_circle_of_one_character_is_told_in_the_singular():
    """And no way out is told of where letters are drawn."""
    for text, said in (("S" + "o" * 40, "repeats its last character."), ("la " * 20, "last 3 characters.")):
        found = Prose(text, [], [], 0, 0)
        assert said_of(found, sampling.Draw(), 128)["note"].endswith(said)
        assert "raise the temperature" in said_of(found, sampling.Draw(0), 128)["note"]


@pytest.mark.parametrize("name, reach", [("prose-lstm", 256), ("prose-gru", 128)])
def test_what_stands_too_far_back_in_a_prompt_is_told_of(call, name, reach):
    """What is not read changes no letter."""
    before, end = "Now is the winter. " * 10, "a " * (reach // 2)
    whole = prose(call, prompt=before + end, length=20, seed=1, model=name)
    told = whole.pop("note")
    assert "looks back %d characters" % reach in told and "first 190 of the prompt" in told
    assert prose(call, prompt=end, length=20, seed=1, model=name) == whole


def test_a_network_without_gender_and_origin_says_so(call):
    """Where they are asked for."""
    asked = {"gender": "female"}, {"origin": "indian"}
    assert all("neither gender" in names(call, model="names-bigram", **one)["note"] for one in asked)
    assert "note" not in names(call, model="names-bigram")
    assert "note" not in names(call, gender="female", origin="indian")


def test_a_passage_of_the_training_text_is_not_new():
    served = model(entries("prose")[0]["name"])
    passage = served.training[1000:1100]
    assert served.longest_copied(passage) == 100


@pytest.mark.parametrize("prompt", ["", " " * 500, "1234567890", "äöüß", "😀😀", "\ud800", "\0", "مرحبا"])
def test_an_odd_prompt_is_gone_on_from(call, prompt):
    """What the network does not know is left out, and told of."""
    answer = prose(call, prompt=prompt, length=20, seed=1)
    assert len(answer["text"]) == 20
    if prompt in ("😀😀", "مرحبا"):
        assert "does not know" in answer["note"]


def test_what_a_prompt_is_read_as():
    """A sign of a typewriter for that of a printer, a letter without its accent, the rest left out."""
    letters = "abcdefghijklmnopqrstuvwxyz'- "
    assert known("“café”—ß’s", letters) == ("cafe--ss's", ["“", "”"])


def test_an_accent_that_no_letter_has_composed_is_dropped():
    """Behind a letter; alone it is left out as any sign is. An alphabet that has it keeps it."""
    assert known("x\u030c\u0301i\u0307", "ix") == ("xi", [])
    assert known("\u0307x", "x") == ("x", ["\u0307"])
    assert known("x\u030c", "x\u030c") == ("x\u030c", [])


@pytest.mark.parametrize(
    "route, sent, status, said",
    [
        ("names", {"start": "R2D2"}, 422, "start has what no name here has: 2"),
        ("names", {"start": "\u0307a"}, 422, "start has what no name here has: U+0307."),
        ("names", {"start": "Anna Maria"}, 422, "start has what no name here has: a space."),
        ("names", {"start": "a" * 16}, 413, "15 letters"),
        ("names", {"gender": "none"}, 422, "either, female, male"),
        ("names", {"origin": "martian"}, 422, "indian"),
        ("names", {"count": 51}, 422, "1 to 50"),
        ("names", {"temperature": 2.1}, 422, "0 to 2"),
        ("names", {"start": ["A"]}, 422, "start must be a text"),
        ("names", {"model": "gpt"}, 422, "The models are"),
        ("prose", {"prompt": "a" * 501}, 413, "500 characters"),
        ("prose", {"length": 0}, 422, "1 to 1000"),
        ("prose", {"top_k": 0}, 422, "whole number from 1"),
        ("prose", {"top_p": 1.1}, 422, "0 to 1"),
        ("prose", {"text": "a"}, 422, "The fields are"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(call, route, sent, status, said):
    reply = call("POST", "/generation/" + route, json=sent)
    assert reply.status == status
    assert said in reply.json["detail"]


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry["name"])
def test_a_network_writes_what_it_wrote_when_it_was_exported(call, entry):
    """On any Python and numpy, letter by letter."""
    golden = registry.record("generation")["golden"][entry["name"]]
    if entry["kind"] == "names":
        told = names(call, seed=1, count=5, model=entry["name"])["names"]
        assert [one["name"].lower() for one in told] == golden
    else:
        assert prose(call, prompt="To be", length=40, seed=1, model=entry["name"])["text"] == golden


def test_the_record_names_every_network(call):
    record = call("GET", "/generation").json
    assert [entry["name"] for entry in record["models"]] == [entry["name"] for entry in MODELS]
    assert {entry["kind"] for entry in record["models"]} == {"names", "prose"}


def test_generation_imports_no_torch():
    """It is deployed as a zip without it."""
    program = "import sys, models.generation.service; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=str(ROOT)).returncode == 0
