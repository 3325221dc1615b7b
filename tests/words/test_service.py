"""The /words routes with the shipped vectors, through events as API Gateway sends them. They need numpy but
not torch: `make test-words`.
"""

import math
import pathlib
import shutil
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest

from models import registry
from models.words import model as words_model
from models.words import service
from models.words.vocabulary import Vocabulary, distances_to, ngrams

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture
def ask(call):
    """ask("neighbours", word="car") -> Reply of GET /words/neighbours?word=car."""
    return lambda route, **fields: call("GET", "/words/" + route, urllib.parse.urlencode(fields, doseq=True))


def names(entries):
    return [entry["word"] for entry in entries]


# Known words


def test_the_record_counts_its_words(call):
    """At least 100,000 words, and at most 25 MB of vectors."""
    record = call("GET", "/words").json
    assert record["name"] == "words" and record["words"] == len(words_model.model().vocabulary) >= 100_000
    assert record["files"]["vectors"]["bytes"] <= 25_000_000


def test_a_car_is_nearer_to_a_truck_than_to_a_banana(ask):
    truck, banana = (ask("similarity", a="car", b=other).json["similarity"] for other in ("truck", "banana"))
    assert -1 <= banana < 0.4 < truck <= 1


def test_similarity_is_symmetrical_and_one_with_itself(ask):
    """Also for a word that is built from its subwords."""
    for a, b in (("car", "truck"), ("carrrs", "truck")):
        assert (
            ask("similarity", a=a, b=b).json["similarity"] == ask("similarity", a=b, b=a).json["similarity"]
        )
        assert ask("similarity", a=a, b=a).json["similarity"] == 1


def test_similarities_of_pairs_are_those_of_the_words_one_by_one(call, ask):
    """They are in the same order, with null if a word has no vector."""
    pairs = [
        ["car", "truck"],
        ["tea", "coffee"],
        ["car", "\U0001f697\U0001f697"],
        ["", "car"],
        ["car", "car"],
    ]
    found = call("POST", "/words/similarity", json={"pairs": pairs}).json
    one_by_one = [ask("similarity", a=a, b=b).json["similarity"] for a, b in pairs[:2]]
    assert found["similarities"] == one_by_one + [None, None, 1]
    assert names(found["unknown"]) == ["\U0001f697\U0001f697", ""]


def test_words_looked_up_together_are_those_of_one_by_one():
    """Frequent and rare known words in callers' spellings, a phrase, a misspelling, and an empty text."""
    model = words_model.model()
    asked = [
        "car",
        "Car ",
        "naive",
        model.vocabulary.word(len(model.vocabulary) - 1),
        "new york",
        "carrrs",
        "",
        "\U0001f697",
    ]
    for some in (asked, ["car", "tea"], ["carrrs"], []):
        together = model.look_up_all(some)
        assert list(together) == some
        for text, word in together.items():
            alone = model.look_up(text)
            assert word[:4] == alone[:4]
            assert (
                np.allclose(word.vector, alone.vector, atol=1e-12)
                if word.vector is not None
                else alone.vector is None
            )


@pytest.mark.parametrize(
    "word, parts",
    [
        ("won't", ["wo", "n't"]),
        ("can't", ["ca", "n't"]),
        ("Don\u2019t", ["do", "n't"]),
        ("don`t!", ["do", "n't"]),
        ("I'm", ["i", "'m"]),
        ("John's", ["john", "'s"]),
        ("they'd've", ["they", "'d", "'ve"]),
        ("I don't know", ["i", "do", "n't", "know"]),
    ],
)
def test_a_contraction_is_built_from_its_parts(ask, word, parts):
    """The parts are the tokens of /words/tokens, and none is among the neighbours. o'clock is one word."""
    answer = ask("neighbours", word=word).json
    assert (answer["word"]["known"], answer["word"]["subwords"]) == (False, parts)
    assert len(answer["neighbours"]) == 10 and not set(parts) & set(names(answer["neighbours"]))
    assert ask("similarity", a=word, b=parts[0]).json["similarity"] > 0.4
    assert ask("vector", word="o'clock").json["word"]["known"]


def test_a_thousand_pairs_are_answered(call):
    assert (
        len(call("POST", "/words/similarity", json={"pairs": [["car", "truck"]] * 1000}).json["similarities"])
        == 1000
    )


@pytest.mark.parametrize(
    "word, likely",
    [
        ("paris", {"france", "french", "parisian", "brussels", "marseille", "amsterdam", "london", "lyon"}),
        ("car", {"cars", "truck", "vehicle", "automobile", "suv", "jeep", "minivan"}),
    ],
)
def test_neighbours_are_what_a_person_would_name(ask, word, likely):
    """Three likely words are among the ten neighbours. They are sorted, and the word itself is left out."""
    found = ask("neighbours", word=word).json["neighbours"]
    cosines = [entry["similarity"] for entry in found]
    assert len(found) == 10 and len(likely & set(names(found))) >= 3
    assert cosines == sorted(cosines, reverse=True) and word not in names(found)


def test_neighbours_are_those_of_exact_arithmetic(ask):
    """At least 99 of the ten nearest of ten words are found. Their cosines are those of /words/similarity."""
    words = words_model.model()
    vectors = words.vectors.astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    same = 0
    for row in range(200, 10_200, 1000):
        word = words.vocabulary.word(row)
        found = ask("neighbours", word=word).json["neighbours"]
        exact = [words.vocabulary.word(best) for best in np.argsort(-(vectors @ vectors[row]))[:20]]
        same += len(
            set(names(found)) & set([one for one in exact if one in names(found) or one != word][:11])
        )
        assert found[0]["similarity"] == pytest.approx(
            ask("similarity", a=word, b=found[0]["word"]).json["similarity"], abs=2e-6
        )
    assert same >= 99


def test_fewer_neighbours_are_the_first_of_more(ask):
    three, hundred = (ask("neighbours", word="tree", count=count).json["neighbours"] for count in (3, 100))
    assert len(hundred) == 100 and hundred[:3] == three


def test_king_less_man_plus_woman_is_queen(ask):
    """No word of the question is an answer."""
    found = ask("analogy", positive="king,woman", negative="man", count=5).json
    assert found["answers"][0]["word"] == "queen"
    assert not {"king", "woman", "man"} & set(names(found["answers"]))
    assert (names(found["positive"]), names(found["negative"])) == (["king", "woman"], ["man"])


def test_a_list_may_have_commas_or_come_in_more_than_one_parameter(ask):
    """Spaces around a word, and commas with nothing between them, do not count."""
    commas, repeated, both = (
        ask("analogy", positive=sent, negative="france")
        for sent in ("paris,germany", ["paris", "germany"], [" paris ,,", "germany"])
    )
    assert commas.json["answers"] == repeated.json["answers"] == both.json["answers"]
    assert commas.json["answers"][0]["word"] == "berlin"


def test_an_analogy_that_cancels_itself_has_no_answers(ask):
    assert ask("analogy", positive="king", negative="king").json["answers"] == []


def test_cereal_is_no_meal(ask):
    """Each similarity is the mean cosine to the three others."""
    sent = ["breakfast", "cereal", "lunch", "dinner"]
    found = ask("odd-one-out", words=",".join(sent)).json
    others = [
        ask("similarity", a="cereal", b=other).json["similarity"]
        for other in ("breakfast", "lunch", "dinner")
    ]
    assert found["word"] == "cereal" and names(found["words"]) == sent
    assert found["similarities"][1] == pytest.approx(sum(others) / 3, abs=2e-6)


def test_a_word_without_a_vector_is_not_compared(ask):
    """With three other words there is an odd one; with two there is none."""
    three, two = (
        ask("odd-one-out", words=sent + ",\U0001f697").json for sent in ("car,truck,banana", "car,truck")
    )
    assert three["word"] == "banana" and three["similarities"][3] is None
    assert two["word"] is None and two["similarities"] == [None, None, None]


def test_a_vector_has_length_one(ask):
    vector = ask("vector", word="car").json["vector"]
    assert len(vector) == registry.record("words")["dimensions"]
    assert math.sqrt(sum(number**2 for number in vector)) == pytest.approx(1, abs=1e-4)


def test_a_map_puts_cars_apart_from_fruit(ask):
    """The first coordinate separates them. The points are around zero."""
    points = ask("map", words="car,truck,apple,pear").json["points"]
    car, truck, apple, pear = (point["x"] for point in points)
    assert (car > 0) == (truck > 0) != (apple > 0) == (pear > 0)
    assert sum(point["y"] for point in points) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("sent, x", [("car", [0]), ("car,car", [0, 0])])
def test_a_map_of_one_place_is_its_middle(ask, sent, x):
    assert [point["x"] for point in ask("map", words=sent).json["points"]] == x


def test_two_words_are_mapped_on_a_line_and_one_without_a_vector_nowhere(ask):
    one, other, none = ask("map", words="car,truck,\U0001f697").json["points"]
    assert one["x"] == -other["x"] != 0 and one["y"] == pytest.approx(0, abs=1e-6)
    assert none["x"] is none["y"] is None


def test_the_seeds_example_has_five_tokens(ask):
    """Known tokens have the row of their vector."""
    found = ask("tokens", text="This is Anil Bhatt !").json
    assert found["tokens"] == ["This", "is", "Anil", "Bhatt", "!"]
    assert found["ids"][0] == words_model.model().vocabulary.index["this"]


def test_a_token_that_is_not_in_the_vocabulary_has_no_id(ask):
    assert ask("tokens", text="qqqzzzqqq").json == {"tokens": ["qqqzzzqqq"], "ids": [None]}
    assert ask("tokens", text="").json == {"tokens": [], "ids": []}


# How a word may be written


@pytest.mark.parametrize(
    "asked, taken",
    [
        ("CAR", "car"),
        ("  car ", "car"),
        ("cár", "car"),
        ("\uff43\uff41\uff52", "car"),
        ("c\u200bar", "car"),
        ("\u202ecar", "car"),
        ("“car!”", "car"),
        ("car.", "car"),
    ],
)
def test_a_word_is_known_however_it_is_written(ask, asked, taken):
    """Case, accents, full-width and invisible characters, and quotation marks do not matter. The answer says
    which word was used.
    """
    word = ask("neighbours", word=asked, count=1).json["word"]
    assert word == {"word": taken, "asked": asked, "known": True, "subwords": [], "suggestions": []}


@pytest.mark.parametrize(
    "asked", ["true", "True", "null", "123", "007", "[1]", "{}", "1e3", '"car"', "a&b", "a+b", "100%"]
)
def test_a_word_of_the_query_is_taken_as_it_stands(ask, asked):
    """What would be JSON in other fields is a word here, also in a list."""
    assert ask("similarity", a=asked, b="car").json["a"]["asked"] == asked
    assert [point["asked"] for point in ask("map", words=[asked, "car"]).json["points"]] == [asked, "car"]


def test_accents_are_forgiven_in_both_directions():
    """cafe finds café if the vocabulary has only café, and the other way round. If it has both, each finds
    itself.
    """
    for words, asked, row in (
        ("the\ncafé", "cafe", 1),
        ("the\ncafe", "Café", 1),
        ("the\nusa", "U.S.A.", 1),
        ("the\nstrasse", "Straße", 1),
        ("cafe\ncafé", "cafe", 0),
        ("cafe\ncafé", "CAFÉ", 1),
    ):
        assert Vocabulary(words.encode()).find(asked) == row


def test_a_phrase_is_built_from_its_words(ask):
    """Its neighbours are not its own words. A compound of them is suggested but not used."""
    found = ask("neighbours", word="New  york", count=5).json
    assert (found["word"]["known"], found["word"]["subwords"]) == (False, ["new", "york"])
    assert found["neighbours"] and not {"new", "york"} & set(names(found["neighbours"]))
    ice_cream = Vocabulary(b"ice\ncream\nice-cream")
    assert ice_cream.find("ice cream") is None and ice_cream.near("ice cream", 5) == ["ice-cream"]


def test_a_word_is_found_by_its_text_and_by_the_index():
    """The first few questions scan the text. The answers are the same."""
    vocabulary = Vocabulary("the\nof\nsão\nas\nabc".encode())
    asked = ["the", "of", "são", "as", "abc", "a", "th", "", "the\nof", "\ud800", "e\no"]
    scanned = [vocabulary.row(word) for word in asked]
    vocabulary.scans = 10**6
    assert scanned == [vocabulary.row(word) for word in asked] == [0, 1, 2, 3, 4] + [None] * 6
    assert [vocabulary.word(row) for row in range(len(vocabulary))] == ["the", "of", "são", "as", "abc"]


# Unknown words


def test_an_unknown_word_is_built_from_its_subwords(ask):
    """Misspelt or run together, it is near similar words. The answer says what it was built from, and what
    may be meant.
    """
    for asked, meant in (("automobilse", "automobiles"), ("internationaly", "internationally")):
        found = ask("neighbours", word=asked).json
        assert found["word"]["known"] is False and meant in found["word"]["suggestions"]
        assert set(found["word"]["subwords"]) <= set(ngrams(asked, 1, 10))
    found = ask("similarity", a="automobilse", b="car").json["similarity"]
    assert found > ask("similarity", a="automobilse", b="banana").json["similarity"]


def test_unknown_words_do_analogies_and_stand_on_maps(ask):
    """No route refuses them."""
    for route, fields in (
        ("analogy", {"positive": "automobilse"}),
        ("map", {"words": "automobilse,car"}),
        ("odd-one-out", {"words": "automobilse,car,banana"}),
        ("vector", {"word": "automobilse"}),
    ):
        assert ask(route, **fields).status == 200


def test_n_grams_of_cat():
    assert ngrams("cat", 3, 4) == ["<ca", "cat", "at>", "<cat", "cat>"]


@pytest.mark.parametrize(
    "one, other, distance",
    [
        ("cat", "cat", 0),
        ("cat", "cut", 1),
        ("cat", "act", 1),
        ("cat", "at", 1),
        ("cat", "cats", 1),
        ("cat", "dog", 3),
        ("teh", "the", 1),
        ("recieve", "receive", 1),
        ("ca", "abc", 3),
        ("word", "wordly", 2),
    ],
)
def test_the_distance_counts_letters_changed_left_out_added_and_swapped(one, other, distance):
    """Optimal string alignment. Beyond two, it only has to be more than two."""
    letters = (
        np.array([other.ljust(10, "\0")], dtype="U10").view(np.uint32).reshape(1, 10).T.astype(np.uint16)
    )
    found = distances_to(one, letters, np.array([len(other)]), 2)[0]
    assert min(found, 3) == min(distance, 3)


def test_near_spellings_are_the_nearest_then_the_most_frequent():
    """Of words at the same distance, the one that is earlier in the vocabulary comes first."""
    vocabulary = Vocabulary(b"the\ncare\ncard\ncar\nbanana\ncabbage")
    assert vocabulary.near("carr", 5) == ["care", "card", "car"]
    assert vocabulary.near("cbabage", 5) == ["cabbage"]
    assert vocabulary.near("x", 5) == vocabulary.near("x" * 100, 5) == vocabulary.near("the care", 5) == []


# What may be kept


def test_the_same_question_has_the_same_answer_and_may_be_kept(call):
    """It may be kept for an hour, and then gives 304. Another question has another ETag."""
    first, again, other = (
        call("GET", "/words/similarity", "a=car&b=" + b) for b in ("truck", "truck", "tea")
    )
    assert first.headers["cache-control"] == "public, max-age=3600"
    assert first.headers["etag"] == again.headers["etag"] != other.headers["etag"]
    kept = call("GET", "/words/similarity", "a=car&b=truck", headers={"If-None-Match": first.headers["etag"]})
    assert (kept.status, kept.body, kept.headers["etag"]) == (304, b"", first.headers["etag"])


def test_the_record_is_asked_for_each_time(call):
    """Asking for it warms the model; a kept answer would not."""
    record = call("GET", "/words")
    assert record.headers["cache-control"] == "no-cache"
    assert call("GET", "/words", headers={"If-None-Match": record.headers["etag"]}).status == 304


def test_errors_and_answers_to_post_are_not_kept(call):
    for answer in (
        call("GET", "/words/vector"),
        call("POST", "/words/similarity", json={"pairs": [["a", "b"]]}),
    ):
        assert answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers


# What cannot be


PAIRS = 'pairs must be a list of 1 to 1000 pairs, such as [["car", "truck"], ["tea", "coffee"]].'


@pytest.mark.parametrize(
    "route, query, status, sentence",
    [
        ("neighbours", "", 422, "word is missing: send it as a text."),
        ("neighbours", "word=a&word=b", 422, "word was sent 2 times: send it once."),
        ("neighbours", "word=%20", 422, "word is empty: send a word."),
        (
            "neighbours",
            "word=" + "a" * 2001,
            413,
            "word: a text may have 2000 characters, and here are 2001. Shorten it and send it again.",
        ),
        ("neighbours", "word=car&count=0", 422, "count must be a whole number from 1 to 100."),
        ("neighbours", "word=car&count=101", 422, "count must be a whole number from 1 to 100."),
        ("neighbours", "word=car&count=ten", 422, "count must be a whole number from 1 to 100."),
        ("neighbours", "wrd=car", 422, 'There is no field "wrd" here. The fields are: word, count.'),
        ("similarity", "a=car", 422, "b is missing: send it as a text."),
        (
            "analogy",
            "negative=man",
            422,
            "positive must have 1 to 10 entries, with commas between them: here are 0.",
        ),
        (
            "analogy",
            "positive=" + "a," * 11,
            422,
            "positive must have 1 to 10 entries, with commas between them: here are 11.",
        ),
        (
            "odd-one-out",
            "words=car,,truck",
            422,
            "words must have 3 to 50 entries, with commas between them: here are 2.",
        ),
        (
            "map",
            "words=" + "a," * 201,
            422,
            "words must have 1 to 200 entries, with commas between them: here are 201.",
        ),
        (
            "map",
            ("words=" + "a" * 1999 + "&") * 5,
            413,
            "words may have 8000 characters in all, and here are 9995. Send fewer.",
        ),
        (
            "tokens",
            "text=" + "a" * 2001,
            413,
            "text: a text may have 2000 characters, and here are 2001. Shorten it and send it again.",
        ),
        ("tokens", "", 422, "text is missing: send it as a text."),
    ],
)
def test_a_question_that_cannot_be_gets_a_sentence(call, route, query, status, sentence):
    """Missing, empty or out of range is 422; too long is 413."""
    answer = call("GET", "/words/" + route, query)
    assert (answer.status, answer.json["detail"]) == (status, sentence)


@pytest.mark.parametrize(
    "pairs, status, sentence",
    [
        (None, 422, PAIRS),
        ([], 422, PAIRS),
        ([["a", "b"]] * 1001, 422, PAIRS),
        ("a,b", 422, PAIRS),
        ([["a"]], 422, 'Entry 1 of pairs must be two words, such as ["car", "truck"].'),
        ([["a", "b"], ["a", 1]], 422, 'Entry 2 of pairs must be two words, such as ["car", "truck"].'),
        (
            [["a", "b" * 2001]],
            413,
            "A word may have 2000 characters, and all pairs together 50000. Send fewer.",
        ),
        (
            [["a" * 999, "b"]] * 51,
            413,
            "A word may have 2000 characters, and all pairs together 50000. Send fewer.",
        ),
    ],
)
def test_pairs_that_cannot_be_get_a_sentence(call, pairs, status, sentence):
    answer = call("POST", "/words/similarity", json={"pairs": pairs})
    assert (answer.status, answer.json["detail"]) == (status, sentence)


UGLY = [
    "!!!",
    "\U0001f642",
    "a" * 2000,
    "\ud800",
    "\u202e\u202e",
    "\u200b",
    "\0",
    "é" * 2000,
    "\ufdfa" * 2000,
    "ab " * 666,
    "שלום",
    "a\nb",
    "%",
    "<script>",
    "-" * 2000,
    "a" + "\u2026" * 1998 + "a",
    "z̷̢" * 600,
]


@pytest.mark.parametrize("asked", UGLY, ids=range(len(UGLY)))
def test_an_ugly_word_gets_an_honest_answer(call, asked):
    """If the word or a part of it is known, it gets neighbours. The query and JSON give the same answer."""
    for sent in (
        {"query": urllib.parse.urlencode({"word": asked}, errors="surrogatepass")},
        {"json": {"word": asked}},
    ):
        answer = call("GET", "/words/neighbours", **sent)
        assert answer.status == 200 and answer.json["word"]["known"] in (True, False)
        assert bool(answer.json["neighbours"]) == (
            answer.json["word"]["known"] or bool(answer.json["word"]["subwords"])
        )


@pytest.mark.parametrize(
    "text",
    UGLY + [":(" * 1000, "$1" * 1000, "(sic" * 500, "a.b" * 600, "'s" * 1000],
    ids=lambda text: str(len(text)),
)
def test_an_ugly_text_has_tokens_and_as_many_ids(call, text):
    found = call("GET", "/words/tokens", urllib.parse.urlencode({"text": text}, errors="surrogatepass")).json
    assert len(found["tokens"]) == len(found["ids"])


def test_nothing_that_is_asked_of_words_is_logged(call, log):
    """A marker in every field of every route, right and wrong, is in no line of the log."""
    for route in service.ROUTES:
        method, path = route.split(" ")
        for field in ("word", "a", "b", "words", "positive", "negative", "text", "count", "marker"):
            call(method, path, field + "=marker,marker,marker", headers={"If-None-Match": "marker"})
    call("POST", "/words/similarity", json={"pairs": [["marker", "marker"]]})
    lines = log.getvalue().lower()
    assert "answered" in lines and "marker" not in lines


def test_the_contracts_limits_are_those_of_the_code():
    """The numbers in openapi.yaml and in the service are the same."""
    yaml = pytest.importorskip("yaml")
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    schemas, paths = contract["components"]["schemas"], contract["paths"]
    assert (schemas["Count"]["maximum"], schemas["Added"]["maxItems"]) == (
        service.MOST_NEIGHBOURS,
        service.MOST_ADDED,
    )
    assert (
        schemas["Text"]["maxLength"] == service.MAX_TEXT
        and schemas["Word"]["properties"]["suggestions"]["maxItems"] == service.MOST_SUGGESTED
    )
    for path, most in (("/words/map", service.MOST_MAPPED), ("/words/odd-one-out", service.MOST_COMPARED)):
        assert paths[path]["get"]["parameters"][0]["schema"]["maxItems"] == most
    pairs = paths["/words/similarity"]["post"]["requestBody"]["content"]["application/json"]["schema"][
        "properties"
    ]["pairs"]
    assert pairs["maxItems"] == service.MOST_PAIRS


# The function and its weights


def test_the_words_function_imports_numpy_and_nothing_heavier():
    """From import to answer it needs no torch, Pillow, OpenCV, boto3 or gensim. Its requirements name what it
    needs.
    """
    code = (
        "import sys, json, handler; "
        "event = {'routeKey': 'GET /words/neighbours', 'rawPath': '/words/neighbours', 'rawQueryString': "
        "'word=automobilse', "
        "'requestContext': {'http': {'method': 'GET', 'path': '/words/neighbours'}}}; "
        "assert handler.words(event, None)['statusCode'] == 200; "
        "heavy = {'torch', 'torchvision', 'cv2', 'PIL', 'boto3', 'botocore.session', 'gensim', 'scipy', "
        "'yaml', 'requests_toolbelt'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), check=True, stdout=subprocess.DEVNULL)
    assert set((ROOT / "models" / "words" / "requirements.txt").read_text().split()) == {
        "numpy",
        "aws-lambda-powertools",
    }


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
        lambda path: path.unlink(),
        lambda path: path.with_name("words.json").write_text("{}"),
    ],
)
def test_vectors_that_fail_their_check_are_a_503_until_they_are_whole_again(
    call, tmp_path, monkeypatch, damage
):
    """Cut off, altered, missing, or without a record. After the repair, the next request is answered."""
    kept = registry.folder()
    for path in kept.glob("words*"):
        shutil.copy(str(path), str(tmp_path))
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    damage(tmp_path / "words-vectors.npz")
    answer = call("GET", "/words")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(kept))
    assert call("GET", "/words").status == 200


def test_damaged_ngrams_are_a_503_for_unknown_words_alone(call, tmp_path, monkeypatch):
    """The n-grams are read with the first unknown word. Known words are answered."""
    for path in registry.folder().glob("words*"):
        shutil.copy(str(path), str(tmp_path))
    (tmp_path / "words-ngrams.npz").write_bytes(b"damaged")
    monkeypatch.setenv("WEIGHTS_FOLDER", str(tmp_path))
    statuses = [call("GET", "/words/vector", "word=" + word).status for word in ("car", "automobilse", "car")]
    assert statuses == [200, 503, 200]


def test_the_golden_answers_of_the_record_are_given(ask):
    """The answers that training recorded about neighbours and about king - man + woman, with any numpy."""
    golden = registry.record("words")["golden"]
    told = [
        (ask("neighbours", word=asked).json["neighbours"], expected)
        for asked, expected in golden.get("neighbours", {}).items()
    ]
    told.append(
        (ask("analogy", positive="king,woman", negative="man").json["answers"], golden.get("analogy", []))
    )
    for found, expected in told:
        assert names(found)[: len(expected)] == [word for word, _ in expected]
        assert [entry["similarity"] for entry in found][: len(expected)] == pytest.approx(
            [cosine for _, cosine in expected], abs=1e-4
        )
