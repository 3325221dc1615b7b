"""The /translation routes with the shipped weights, through the event that API Gateway sends."""

import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import registry
from models.translation.answers import translated_texts
from models.translation.model import model
from models.translation.sentences import parts

LETTER = (
    "Zwei Kinder spielen im Park.\n\n"
    "Dr. Weber kommt am 3. Mai, z. B. mit dem Zug. „Wann?“ fragt sie.  Um 7 Uhr! 😀"
)


def translate(call, text, **fields):
    return call("POST", "/translation", json={"text": text, "beam": 1, **fields})


def test_a_sentence_is_translated(call):
    """German in, English out, with a score and the name of the model."""
    answer = translate(call, "Zwei Kinder spielen im Park.").json
    assert answer["translation"] == "Two children are playing in the park."
    assert (answer["source"], answer["target"], answer["model"]) == (
        "de",
        "en",
        registry.record("translation")["default"],
    )
    assert -1 < answer["score"] < 0


def test_every_model_says_what_its_record_says():
    """The golden answers of each model, token by token, with any torch."""
    record = registry.record("translation")
    for entry in record["models"]:
        for golden in record["golden"][entry["name"]]:
            found = model(entry["name"]).translate([golden["text"]], golden["beam"], 1)[0][0]
            assert found.target == golden["ids"]
            assert found.score == pytest.approx(golden["score"], abs=1e-3)


def test_get_answers_too(call):
    """Without a text, GET answers the record; with a text, the translation."""
    assert call("GET", "/translation").json == registry.record("translation")
    asked = call("GET", "/translation", "text=Guten+Morgen%21&beam=1")
    assert asked.json == translate(call, "Guten Morgen!").json
    assert asked.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "text, language",
    [
        ("The train was late again, and I had to wait for it in the rain.", "English"),
        ("Mi hermana no quiere ir al mercado porque el autobús es lento.", "Spanish"),
        ("Il fait froid et je ne trouve pas les clés de la maison.", "French"),
    ],
)
def test_a_text_in_another_language_is_answered_with_a_note(call, text, language):
    """It is translated anyway, because names and quotations come in all languages. The note names the
    language that it resembles.
    """
    assert (
        translate(call, text)
        .json["note"]
        .startswith("The text reads like %s, and this model reads German" % language)
    )


@pytest.mark.parametrize(
    "text",
    ["Der Zug war wieder zu spät.", "Hello!", "Tom in London", "C'est la vie, sagte er und ging.", "1, 2, 3"],
)
def test_german_and_what_is_too_short_to_tell_get_no_note(call, text):
    assert "note" not in translate(call, text).json


def test_texts_are_translated_in_their_order(call):
    """A list gives one translation each, the same as alone. A blank text stays blank."""
    texts = ["Guten Morgen!", "  ", "Ein Mann liest ein Buch."]
    together = translate(call, texts).json["translations"]
    assert [one["translation"] for one in together] == [
        translate(call, texts[0]).json["translation"],
        "  ",
        translate(call, texts[2]).json["translation"],
    ]
    assert together[1]["score"] is None


def test_line_breaks_and_blanks_stay(call):
    """What is between sentences is also between their translations."""
    answer = translate(call, LETTER).json["translation"]
    first, rest = answer.split("\n\n")
    assert first.endswith(".") and "  " in rest and rest.endswith(" 😀")


def test_attention_has_a_row_a_target_token_and_a_column_a_source_token(call):
    """Rows sum to 1. A second sentence does not look at the first."""
    answer = translate(call, "Ein Mann liest. Eine Frau singt.", attention=True).json
    attention = np.array(answer["attention"])
    assert attention.shape == (len(answer["target_tokens"]), len(answer["source_tokens"]))
    assert np.allclose(attention.sum(axis=1), 1, atol=0.01)
    row, column = (answer[name].index("</s>") + 1 for name in ("target_tokens", "source_tokens"))
    assert not attention[row:, :column].any() and not attention[:row, column:].any()


def test_markup_is_no_other_language(call):
    """The words in a tag say nothing about the language of the text."""
    text = '<a href="https://example.com/a?b=1&c=2" title="Hallo">Hier klicken</a> für mehr Infos.'
    assert "note" not in translate(call, text).json


@pytest.mark.parametrize("name", ["de-en-transformer", "es-en-transformer"])
def test_what_is_served_is_what_is_measured(call, name):
    """The translation that the model chose, with its names and numbers, and not that of the best score; also
    of two sentences together.
    """
    rows = pathlib.Path("training/translation/everyday.%s.tsv" % name[:2]).read_text(encoding="utf-8")
    texts = [row.split("\t")[1].replace("\\n", "\n") for row in rows.splitlines()[1::12]]
    texts += [" ".join(texts[:2]), "Ab Gleis 22.", "Ab 33 Jahren"]
    measured = translated_texts(model(name), texts, 5)
    for text, wanted in zip(texts, measured):
        assert translate(call, text, beam=5, alternatives=2, model=name).json["translation"] == wanted


@pytest.mark.parametrize(
    "text, translation",
    [
        ("Zweite Zeile.", "Second line."),
        ("| Montag | 9 Uhr |", "| Monday | 9 o'clock |"),
        ("# Die Katze schläft.", "# The cat "),
        ("1. Wasser, Milch und Brot kaufen", "1. "),
        ("Größe: XL", "Size: XL"),
        ("1.-3. Mai geschlossen", "1-3 May"),
    ],
)
def test_what_surrounds_words_stays(call, text, translation):
    """Capital letters at the beginning, the lines of a table, headings, and the numbers of a list."""
    answer = translate(call, text, beam=5, tokens=True).json
    assert translation in answer["translation"]
    assert all(token.strip() in answer["translation"] for token in answer["target_tokens"] if token != "</s>")


def test_alternatives_come_with_scores_the_best_first(call):
    """Three others, all different from the translation. What reads best comes first, whatever its score."""
    answer = translate(call, "Der Hund läuft über die Wiese.", beam=4, alternatives=3).json
    texts, scores = zip(*((one["text"], one["score"]) for one in answer["alternatives"]))
    assert len({answer["translation"], *texts}) == 4
    assert list(scores) == sorted(scores, reverse=True)


def test_a_wider_beam_finds_what_is_at_least_as_probable(call):
    """The likeliest of a beam of ten is at least as likely as what greedy search finds for this sentence."""
    narrow, wide = (
        translate(call, "Drei Männer tragen ein Boot zum See.", beam=beam, alternatives=beam - 1).json
        for beam in (1, 10)
    )
    assert max(one["score"] for one in [wide, *wide["alternatives"]]) >= narrow["score"]


def test_a_model_may_be_asked_for_by_name_architecture_or_languages(call):
    """All of them give the same model."""
    name = registry.record("translation")["models"][-1]["name"]
    source, target, architecture = name.split("-")
    for fields in ({"model": name}, {"source": source, "target": target, "model": architecture}):
        assert translate(call, "Ja.", **fields).json["model"] == name


def named(texts):
    """Test cases with short names, because some texts have 2,000 characters."""
    return [pytest.param(text, id=ascii(text[:12])) for text in texts]


@pytest.mark.parametrize(
    "text",
    named(
        [
            "?!",
            " \t.\n",
            "😀👍🏽",
            "\ud83d",
            "\x00",
            "مرحبا بالعالم",
            "你好，世界！",
            "a" * 2000,
            "1234567890" * 200,
            "👩‍💻" * 600,
            "." * 2000,
        ]
    ),
)
def test_what_is_no_sentence_stays_as_it_is(call, text):
    """Punctuation, pictures, other scripts and an endless word come back at once, unchanged and without a
    score.
    """
    answer = translate(call, text, beam=10)
    assert answer.status == (422 if not text.strip() else 200)
    assert answer.json["translation"] == text and answer.json["score"] is None


@pytest.mark.parametrize(
    "text",
    named(
        [
            "ab " * 666,
            "a1b2 " * 400,
            "Donaudampfschifffahrtsgesellschaftskapitän" + " und so weiter, " * 120,
            "ß" * 80,
            "Ångström ğüzel Łódź " * 100,
            "Ja. " * 500,
            "x, " * 666,
            "Le chat est assis sur la table.",
            "\u202eEin Mann\u202c geht.",
            "A\u0308pfel sind gut.",
            "Ein\x00Mann",
            "<b>fett</b> &amp;",
        ]
    ),
)
def test_strange_texts_are_answered(call, text):
    """They give no error and no endless output."""
    answer = translate(call, text, beam=5, alternatives=5)
    assert answer.status == 200 and len(answer.json["translation"]) < 4 * len(text) + 200, text[:20]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_the_pieces_of_a_text_are_the_text(text):
    """Splitting loses and adds nothing. No piece is over the limit unless it is one character."""
    pieces = parts(text, len, 40)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(len(piece) <= 40 for piece, spoken in pieces if spoken)


@pytest.mark.parametrize(
    "text, sentences",
    [
        ("Er kam am 3. Mai. Dann ging er.", ["Er kam am 3. Mai.", "Dann ging er."]),
        (
            "Dr. Weber wohnt z. B. in Ulm. J. S. Bach nicht.",
            ["Dr. Weber wohnt z. B. in Ulm.", "J. S. Bach nicht."],
        ),
        ("„Was?“ fragte er. „Komm!“ Sie kam.", ["„Was?“ fragte er.", "Komm!", "Sie kam."]),
        ("Seit 1990. Nun 3,5 Mio. Euro.", ["Seit 1990.", "Nun 3,5 Mio. Euro."]),
        ("¿Qué pasa? ¡Nada! El Sr. Ruiz duerme.", ["¿Qué pasa?", "¡Nada!", "El Sr. Ruiz duerme."]),
        ("Eins\nzwei", ["Eins", "zwei"]),
        ("Gut 😀 nicht?", ["Gut", "nicht?"]),
    ],
)
def test_sentences_are_told_apart(text, sentences):
    """Abbreviations, ordinals and quoted questions do not end a sentence."""
    assert [piece for piece, spoken in parts(text, len, 100) if spoken] == sentences


def test_a_long_sentence_is_broken_where_it_reads_best():
    """At a clause or a comma near its middle."""
    text = "Sie ging in das alte Haus, und er blieb vor der Tür stehen"
    assert [piece for piece, spoken in parts(text, len, 40) if spoken] == [
        "Sie ging in das alte Haus,",
        "und er blieb vor der Tür stehen",
    ]


@pytest.mark.parametrize(
    "fields, status, sentence",
    [
        ({"text": ""}, 422, "text is empty: send a sentence, or a list of up to 32 texts."),
        ({"text": ["", " "]}, 422, "text is empty: send a sentence, or a list of up to 32 texts."),
        ({"text": []}, 422, "text is empty: send a sentence, or a list of up to 32 texts."),
        ({}, 422, "text is missing: send it as a text."),
        ({"text": None}, 422, "text must be a text, in quotation marks."),
        ({"text": ["a", 5]}, 422, "Entry 2 of text must be a text, in quotation marks."),
        ({"text": "a", "prefix": ["b", None]}, 422, "Entry 2 of prefix must be a text, in quotation marks."),
        (
            {"text": ["a", "a" * 2001]},
            413,
            "Entry 2 of text: a text may have 2000 characters, and here are 2001. Shorten it and send it "
            "again.",
        ),
        (
            {"text": "a" * 2001},
            413,
            "text: a text may have 2000 characters, and here are 2001. Shorten it and send it again.",
        ),
        (
            {"text": ["a" * 2000] * 5},
            413,
            "text may have 8000 characters in all, and here are 10000. Send fewer.",
        ),
        (
            {"text": ["a"] * 33},
            413,
            "text may be 32 texts at most, and here are 33. Send them in several calls.",
        ),
        ({"text": "a", "beam": 11}, 422, "beam must be a whole number from 1 to 10."),
        (
            {"text": "a", "beam": 2, "alternatives": 3},
            422,
            "alternatives must be a whole number from 0 to 2, the width of the beam.",
        ),
        ({"text": "a", "attention": 1}, 422, "attention must be true or false."),
        (
            {"text": "a", "language": "de"},
            422,
            'There is no field "language" here. The fields are: '
            "text, source, target, model, beam, alternatives, attention, tokens, tree, prefix.",
        ),
    ],
)
def test_a_mistake_gets_a_sentence(call, fields, status, sentence):
    """The sentence names the field and says what to do."""
    answer = call("POST", "/translation", json=fields)
    assert (answer.status, answer.json["detail"]) == (status, sentence)


@pytest.mark.parametrize(
    "fields, sentence",
    [
        ({"beam": 10}, "The text has "),
        (
            {"beam": 1, "attention": True},
            "The attention would have over a million numbers. Ask for it with less text, or send "
            "attention=false.",
        ),
    ],
)
def test_what_would_take_too_long_or_too_much_room_is_refused(call, fields, sentence):
    """Four long texts of words with many digits get 413 before anything is translated."""
    texts = [
        " ".join("%d%s" % (number, "xyz"[place % 3]) for number in range(100 * place, 100 * place + 400))[
            :2000
        ]
        for place in range(1, 5)
    ]
    answer = translate(call, texts, **fields)
    assert answer.status == 413 and answer.json["detail"].startswith(sentence)


def test_a_pair_that_is_not_there_gets_a_list_of_those_that_are(call):
    """422 with every model and its languages."""
    answer = translate(call, "Bonjour", source="fr", target="tlh")
    assert answer.status == 422
    assert answer.json["detail"].startswith(
        'There is no translation with source "fr", target "tlh". The models are: '
    )
    assert all(entry["name"] in answer.json["detail"] for entry in registry.record("translation")["models"])


# Tokens and prefix


def test_each_token_says_how_sure_the_model_was(call):
    """Probabilities are from 0 to 1. The likeliest others at each place are all different. The tokens are
    those of the translation.
    """
    answer = call(
        "POST", "/translation", json={"text": "Ein Mann liest. Eine Frau singt.", "tokens": True}
    ).json
    assert [token["text"] for token in answer["tokens"]] == answer["target_tokens"]
    assert [token["sentence"] for token in answer["tokens"]] == sorted(
        token["sentence"] for token in answer["tokens"]
    )
    for token in answer["tokens"]:
        told = [token["probability"]] + [other["probability"] for other in token["others"]]
        assert all(0 <= p <= 1 for p in told) and sum(told) <= 1.001 and len(told) >= 5
        assert token["text"] not in [other["text"] for other in token["others"]]


def test_a_translation_goes_on_from_a_beginning(call):
    """For one sentence or for each: the second begins with its prefix, and the first
    as it would without one.
    """
    text = "Ein Mann liest ein Buch. Eine Frau singt."
    plain = call("POST", "/translation", json={"text": text}).json["translation"]
    assert (
        call("POST", "/translation", json={"text": text, "prefix": "One man"})
        .json["translation"]
        .startswith("One man")
    )
    begun = call("POST", "/translation", json={"text": text, "prefix": ["", "The lady"]}).json["translation"]
    assert begun.startswith(plain.split(".")[0]) and ". The lady" in begun


def test_a_greedy_search_goes_on_from_a_beginning(call):
    assert (
        call("POST", "/translation", json={"text": "Ein Mann liest.", "prefix": "One", "beam": 1})
        .json["translation"]
        .startswith("One")
    )


@pytest.mark.parametrize(
    "fields, sentence",
    [
        (
            {"text": ["Ja.", "Nein."], "prefix": "Yes"},
            "prefix goes with one text, and text is a list. Send the text alone.",
        ),
        ({"text": "Ja.", "prefix": ["Yes", "No"]}, "prefix has 2 beginnings, and the text has 1 sentences."),
        (
            {"text": "Ja.", "prefix": "word " * 40},
            "prefix is longer than a translation of its sentence may be.",
        ),
    ],
)
def test_a_beginning_that_cannot_be_is_told(fields, sentence, call):
    problem = call("POST", "/translation", json=fields)
    assert problem.status == 422 and problem.json["detail"] == sentence


def test_the_tree_of_a_search_ends_in_its_translation(call):
    """Each node comes after the node that it continues, with at most twice the beam per step. A finished one
    is the translation.
    """
    answer = call(
        "POST", "/translation", json={"text": "Ein Mann liest ein Buch. Ja.", "tree": True, "beam": 3}
    )
    first, second = answer.json["tree"]
    depths, texts = [], []
    for node in first:
        before = node["parent"]
        depths.append(1 if before is None else depths[before] + 1)
        texts.append(node["text"] if before is None else texts[before] + node["text"])
    ended = [place for place, node in enumerate(first) if node["fate"] == "ended"]
    assert answer.json["translation"].startswith(
        tuple(texts[place].replace("</s>", "").strip() for place in ended)
    )
    assert max(depths.count(depth) for depth in depths) <= 6 and second


def test_the_tree_of_a_search_goes_on_from_a_beginning(call):
    asked = {"text": "Ein Mann liest.", "prefix": "One", "tree": True, "beam": 2}
    (tree,) = call("POST", "/translation", json=asked).json["tree"]
    assert [node["text"] for node in tree if node["parent"] is None] == [" One"]
