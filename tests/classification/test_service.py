"""The /classification routes: the sentiment of a sentence, the subject of a question, and the sentences for
wrong input.
"""

import json
import pathlib

import pytest

from models import registry
from models.classification.model import shares

ROOT = pathlib.Path(__file__).parent.parent.parent
MODELS = [
    entry["name"] for entry in json.loads((ROOT / "weights" / "classification.json").read_text())["models"]
]


def test_praise_is_positive_and_complaint_is_negative(call):
    """A plain sentence of each kind. The probabilities sum to 1."""
    for text, label in (
        ("A wonderful, moving film.", "positive"),
        ("A dull, pointless waste of time.", "negative"),
    ):
        answer = call("POST", "/classification", json={"text": text}).json
        assert answer["label"] == label
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)


def test_a_question_has_a_kind_and_a_fine_kind(call):
    """ "How many" asks for a number, more exactly for a count."""
    answer = call(
        "POST", "/classification", json={"text": "How many moons does Saturn have?", "task": "question"}
    ).json
    assert answer["label"] == "number"
    assert answer["fine"]["label"] == "number:count"
    assert len(answer["probabilities"]) == 6


def test_the_word_that_decides_has_the_largest_influence(call):
    answer = call("POST", "/classification", json={"text": "The film was terrible .", "explain": True}).json
    assert [word["text"] for word in answer["words"]] == ["The", "film", "was", "terrible", "."]
    assert max(answer["words"], key=lambda word: word["influence"])["text"] == "terrible"


def test_an_influence_is_what_striking_the_word_takes_away(call):
    """The probability of the answer without the word is the probability minus the influence."""
    whole = call("POST", "/classification", json={"text": "A truly awful mess", "explain": True}).json
    left = call("POST", "/classification", json={"text": "A truly mess"}).json
    fall = whole["probability"] - left["probabilities"][whole["label"]]
    assert whole["words"][2]["influence"] == pytest.approx(fall, abs=2e-4)


def test_an_answer_does_not_depend_on_its_company(call):
    """Alone, or between a long and a short text, the answer is the same."""
    text = "Not bad at all."
    alone = call("POST", "/classification", json={"text": text}).json
    together = call("POST", "/classification", json={"text": ["word " * 300, text, "No."]}).json
    assert together["answers"][1] == {name: alone[name] for name in together["answers"][1]}


def test_get_answers_a_text_and_the_record_without_one(call):
    assert call("GET", "/classification", "text=I+loved+it.").json["label"] == "positive"
    assert [entry["name"] for entry in call("GET", "/classification").json["models"]] == MODELS


def test_another_method_answers_where_its_name_is_sent(call):
    """The n-grams alone answer, by the name of the model or of the method."""
    sent = {"text": "A dull, pointless waste of time.", "task": "sentiment"}
    named = [
        call("POST", "/classification", json={**sent, "model": name}).json
        for name in ("sentiment-ngrams", "nb-svm")
    ]
    assert named[0] == named[1]
    assert (named[0]["model"], named[0]["label"]) == ("sentiment-ngrams", "negative")


@pytest.mark.parametrize(
    "text, label", [("wonderful", "positive"), ("awful", "negative"), ("I loved it.", "positive")]
)
def test_ngrams_alone_are_sure_of_a_short_text(call, text, label):
    """Beside a network a short text's n-grams count less; alone they do not."""
    answer = call("POST", "/classification", json={"text": text, "model": "sentiment-ngrams"}).json
    assert answer["label"] == label and answer["probability"] > 0.6 and "note" not in answer


def test_the_share_of_a_short_text_by_hand():
    """Two words and their pair are three n-grams of twelve; a word said twice counts once."""
    assert shares([[4, 5], [4, 4], [4] + [5, 6] * 30, list(range(2, 30))], 12)[:, 0] == pytest.approx(
        [1 / 4, 1 / 6, 1 / 2, 1]
    )


@pytest.mark.parametrize(
    "text",
    [
        "Not bad at all.",
        "It is never boring.",
        "The story is thin, but the acting is wonderful.",
    ],
)
def test_a_negation_or_a_contrast_that_praises_is_positive(call, text):
    assert call("POST", "/classification", json={"text": text}).json["label"] == "positive"


def test_a_fine_kind_is_told_in_words(call):
    answer = call(
        "POST", "/classification", json={"text": "What film is about a shark ?", "task": "question"}
    ).json
    assert answer["fine"]["label"] == "entity:creative work"


@pytest.mark.parametrize("text", ["xqzv wvvq zzkx", "Der Film war leider viel zu lang und sehr langweilig"])
def test_what_the_model_cannot_read_has_a_note(call, text):
    assert call("POST", "/classification", json={"text": text}).json["note"]


@pytest.mark.parametrize("task", ["sentiment", "question"])
@pytest.mark.parametrize("text", ["Best movie ever!!!", "couldn't have been better", "10/10"])
def test_short_english_is_taken_for_english(call, text, task):
    """Also without one of the most frequent words; a mark alone says something of a film."""
    note = call("POST", "/classification", json={"text": text, "task": task}).json.get("note", "")
    assert "English" not in note and ("known" not in note or task == "question")


@pytest.mark.parametrize("task", ["sentiment", "question"])
@pytest.mark.parametrize(
    "text",
    [
        "Ce film est nul",
        "Una película maravillosa.",
        "Una película horrible y aburrida.",
        "Was ist das?",
        "Wer hat in dem Film die Hauptrolle?",
        "¿Quién inventó la imprenta?",
        "C'est un chef-d'oeuvre, vraiment.",
        "Non mi è piaciuto per niente.",
        "Dat was een hele mooie avond.",
        "On ne s'ennuie pas une minute.",
    ],
)
def test_a_few_words_of_another_language_have_a_note(call, text, task):
    assert "English" in call("POST", "/classification", json={"text": text, "task": task}).json["note"]


@pytest.mark.parametrize("task", ["sentiment", "question"])
@pytest.mark.parametrize(
    "text",
    [
        "Great acting, Mr Herrero!",
        "Do cats purr?",
        "Happy birthday, Lena!",
        "Call me back on 0170 5558243.",
        "Butter now costs €2.49.",
        "Was it in Los Angeles?",
        "Die Hard 2, a sequel in name only.",
        "Who wrote La Vita Nuova?",
        "We had a naïve, charming host in Zürich.",
        "Herr Schulze met Señora Ríos at Café Einstein.",
        "Loved it!",
        "no war, no die, no son",
    ],
)
def test_english_with_names_numbers_and_shared_words_is_english(call, text, task):
    """A name, a number, or a word that another language spells alike does not make a text foreign."""
    note = call("POST", "/classification", json={"text": text, "task": task}).json.get("note", "")
    assert "English" not in note


@pytest.mark.parametrize("bare, text", [("isnt good", "isn't good"), ("I dont like it", "I don't like it")])
def test_a_negation_needs_no_apostrophe(call, bare, text):
    said = [call("POST", "/classification", json={"text": one}).json for one in (bare, text)]
    assert said[0] == said[1] and said[0]["label"] == "negative"


@pytest.mark.parametrize(
    "sent, status, said",
    [
        ({"text": "  "}, 422, "text is empty"),
        ({"text": []}, 422, "text is empty"),
        ({"text": ["a", ""]}, 422, "Entry 2 of text is empty"),
        ({"text": ["a"] * 33}, 413, "32 texts at most"),
        ({"text": "a", "task": "spam"}, 422, "The models are"),
        ({"text": "a", "model": "bert"}, 422, "The models are"),
        ({"text": ", " * 501, "explain": True}, 413, "500 words and signs, and here are 501"),
        ({"text": ["a-b " * 125, "c d " * 126], "explain": True}, 413, "here are 502"),
        ({"text": ["good", 5]}, 422, "Entry 2 of text must be a text, in quotation marks."),
        ({"text": [["good"]]}, 422, "Entry 1 of text must be a text"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(call, sent, status, said):
    reply = call("POST", "/classification", json=sent)
    assert reply.status == status
    assert said in reply.json["detail"]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_says_what_it_said_when_it_was_exported(call, name):
    """With any torch, to three decimals."""
    for golden in registry.record("classification")["golden"][name]:
        said = call("POST", "/classification", json={"text": golden["text"], "model": name}).json[
            "probabilities"
        ]
        assert said == pytest.approx(golden["probabilities"], abs=2e-3)


def test_both_tasks_are_small():
    """At most 25 MB on the disk. Tasks of your own do not count."""
    files = [
        path for task in ("sentiment", "question") for path in ROOT.glob("weights/classification-%s*" % task)
    ]
    assert 0 < sum(path.stat().st_size for path in files) <= 25e6
