"""Names and numbers that a translation must keep: what is repaired, what is hidden behind stand-ins, what is
not changed.
"""

import numpy as np
import pytest

from models import registry
from models.translation.model import model
from models.translation.names.copies import restored, said_once, words
from models.translation.words import WORD
from models.translation.names.stand_ins import PERSONS, PLACES, VARIANTS, Variant


@pytest.fixture(scope="module")
def german():
    return model(registry.record("translation")["default"])


def looking(tokenizer, source, target, pairs):
    """The ids of both sentences, and an attention (T, S) in which each word of the target looks at the source
    word that `pairs` gives.
    """
    theirs, ours = tokenizer.ids([source, target])
    heard, said = words(tokenizer, theirs), words(tokenizer, ours)
    attention = np.full((len(ours), len(theirs)), 0.01)
    for ours_at, theirs_at in pairs.items():
        attention[
            said[ours_at].first : said[ours_at].last, heard[theirs_at].first : heard[theirs_at].last
        ] = 1
    return theirs, ours, attention / attention.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "source, said, once",
    [
        ("Die Frist ist kurz.", "The period period period is short.", "The period is short."),
        ("Bis zum Ende.", "To the end end", "To the end"),
        ("Er hatte es gehabt.", "He had had that that day.", "He had had that that day."),
        ("Nein nein, geh weg!", "No, go away away!", "No, go away away!"),
        ("Ja.", "Well, well. It is is so.", "Well, well. It is is so."),
    ],
)
def test_a_word_that_runs_in_circles_is_said_once(german, source, said, once):
    """Unless the source has one twice; each token that stays keeps its attention."""
    theirs, ours, attention = looking(german.tokenizer, source, said, {})
    target, rows = said_once(german.tokenizer, words(german.tokenizer, theirs), ours, attention)
    assert german.tokenizer.text(target) == once and len(rows) == len(target)


@pytest.mark.parametrize(
    "source, garbled, pairs, right",
    [
        (
            "Odelkamp wohnt in Brunsheide.",
            "Odelkam lives in Brunshide.",
            {0: 0, 3: 3},
            "Odelkamp lives in Brunsheide.",
        ),
        ("Das Haus von Odelkamp.", "Odelkam's house.", {0: 3}, "Odelkamp's house."),
        ("Es kostet 28734 Euro.", "It costs 28,734 euros.", {2: 2}, "It costs 28734 euros."),
        ("Um 17:45 kam BK-7702.", "At 17:54 came BK-772.", {1: 1, 3: 3}, "At 17:45 came BK-7702."),
    ],
)
def test_a_garbled_copy_becomes_its_original(german, source, garbled, pairs, right):
    """A word that resembles the name or number at which it looks is replaced by it. Its attention still sums
    to 1.
    """
    theirs, ours, attention = looking(german.tokenizer, source, garbled, pairs)
    ids, looked = restored(
        german.tokenizer, words(german.tokenizer, theirs), ours, attention, german.dictionary.translates
    )
    assert german.tokenizer.text(ids) == right
    assert looked.shape == (len(ids), len(theirs)) and np.allclose(looked.sum(axis=1), 1)


@pytest.mark.parametrize(
    "source, translation, pairs",
    [
        ("Am Montag sprach er Englisch.", "On Monday he spoke English.", {1: 1, 4: 4}),
        ("Das kostet 3,5 Millionen.", "That costs 3.5 million.", {2: 2, 3: 3}),
        ("Es ist 15 Uhr.", "It is 3 p.m.", {2: 2}),
        ("Odelkamp traf Maresch.", "Odelkamp met Maresch.", {0: 2, 2: 0}),
        ("Hallo Anna, eine Warnung.", "Hello Anna, a warning.", {0: 0, 3: 3}),
        ("Sehr geehrte Frau Wagner,", "Dear Mrs Wagner,", {0: 0}),
    ],
)
def test_what_is_translated_is_left_alone(german, source, translation, pairs):
    """Days, languages, decimals and times have English forms. What is already there is not repeated."""
    theirs, ours, attention = looking(german.tokenizer, source, translation, pairs)
    assert (
        german.tokenizer.text(
            restored(
                german.tokenizer,
                words(german.tokenizer, theirs),
                ours,
                attention,
                german.dictionary.translates,
            )[0]
        )
        == translation
    )


@pytest.mark.parametrize(
    "sentence, unseen",
    [
        ("Herr Odelkamp wohnt seit 1987 in Vlotrup.", ["Odelkamp", "1987", "Vlotrup"]),
        ("Der Zug QX 4071 kommt um 17:45 an Gleis 3 an.", ["QX 4071", "17:45"]),
        ("Das Apfelbaumblatt liegt auf dem Küchentisch.", []),
        ("Mein DVD-Spieler ist kaputt.", []),
        ("Das Wasser eines Schwimmbads, das Ufer des alten Gebirgsbachs.", []),
        ("Herr Mareschs und Frau Odelkamps treffen Zarvins.", ["Mareschs", "Odelkamps", "Zarvins"]),
        ("Ein Mann und Tom fahren nach Berlin.", ["Tom", "Berlin"]),
        ("Im Park spielt Johann, nicht im Wald.", ["Johann"]),
        ("Er nahm Vitamin C. Das half.", []),
        ("Im Dorf Quellmoos spielt die Band Nachtvolt.", ["Quellmoos", "Nachtvolt"]),
        ("Eine Gruppe Kinder trinkt ein Glas Apfelbaumsaft.", []),
        ("Verschlafen öffnete Maresch die Tür.", ["Maresch"]),
        ("Frau Vogel fragt Herrn Klein, der Vogel ist klein.", ["Vogel", "Klein"]),
        ("Der Tisch ist auf den Namen Fuchs reserviert.", ["Fuchs"]),
        ("Frau Ministerin, Herr Professor, guten Tag!", []),
        ("Anna Fischer kauft Brot, Uwe Stein auch.", ["Anna Fischer", "Uwe Stein"]),
        ("Gestern kam ein Koch, der Bauer und ein Fuchs.", []),
    ],
)
def test_names_are_told_from_german_nouns(german, sentence, unseen):
    """All German nouns have capital letters. A name is a word that English has too, or one that
    training never saw and that does not consist of known words.
    """
    pieces = WORD.split(sentence)
    assert [
        "".join(pieces[first : last + 1]) for first, last in german.stand_ins.spans(pieces, True)
    ] == unseen


def test_a_name_that_the_network_drops_is_said(german):
    """With any beam, the sentence is translated again with stand-ins, which the translation must contain."""
    sentence = "Der Richter Kunolf Eberding sprach mit dem Zeugen."
    assert "Kunolf Eberding" in german.translate([sentence], 5, 1)[0][0].text


def test_names_that_training_never_saw_hide_behind_stand_ins(german):
    """Names in a row share one stand-in, and places get places. None that is in the sentence is used."""
    hidden, behind = german.stand_ins.hidden(
        "Tom traf Wendra Kolfing am Montag in Ostervall.", Variant(known=True)
    )
    tom, person, place = behind
    assert hidden == "%s traf %s am Montag in %s." % (tom, person, place)
    assert behind == {tom: "Tom", person: "Wendra Kolfing", place: "Ostervall"}
    assert {tom, person} < set(PERSONS) - {"Tom"} and place in PLACES


@pytest.mark.parametrize(
    "sentence, kept",
    [
        ("Gestern hat Thomas angerufen.", "Thomas"),
        ("Ich habe Jan gestern getroffen.", "Jan"),
        ("Frau Schwarz und Herr Grün sind verheiratet.", "Mr Grün"),
        ("Johann Sebastian Bach wurde in Eisenach geboren.", "Johann Sebastian Bach"),
    ],
)
def test_a_name_that_training_knows_and_a_title_are_not_lost(german, sentence, kept):
    assert kept in german.translate([sentence], 5, 5)[0][0].text


def test_names_come_back_on_both_sides(german):
    """The translation has the names again. Its attention has a column for each token of the original
    sentence.
    """
    sentence = "Wendra Kolfing lebt in Ostervall."
    hidden, behind = german.stand_ins.hidden(sentence, VARIANTS[0])
    person, place = behind
    source, target = german.tokenizer.ids([hidden, "%s's home is %s." % (person, place)])
    attention = np.full((len(target), len(source)), 1 / len(source))
    original = german.tokenizer.ids([sentence])[0]
    ids, looked = german.stand_ins.put_back(behind, source, target, attention, original)
    assert german.tokenizer.text(ids) == "Wendra Kolfing's home is Ostervall."
    assert looked.shape == (len(ids), len(original)) and np.allclose(looked.sum(axis=1), 1)


def test_a_name_behind_a_noun_hides_between_commas(german):
    """If a network drops a name there, it keeps it in an apposition. The attention has no columns for the
    commas.
    """
    sentence = "Der Händler Yussuf Karamdeh verkauft Teppiche."
    hidden, behind = german.stand_ins.hidden(sentence, Variant(commas=True))
    assert hidden == "Der Händler, Tom, verkauft Teppiche." and behind == {"Tom": "Yussuf Karamdeh"}
    source, target, original = german.tokenizer.ids([hidden, "The dealer, Tom, sells carpets.", sentence])
    attention = np.full((len(target), len(source)), 1 / len(source))
    ids, looked = german.stand_ins.put_back(behind, source, target, attention, original)
    assert german.tokenizer.text(ids) == "The dealer, Yussuf Karamdeh, sells carpets."
    assert looked.shape == (len(ids), len(original)) and np.allclose(looked.sum(axis=1), 1)


def test_a_stand_in_that_is_lost_brings_nothing_back(german):
    """The translation without stand-ins is used."""
    hidden, behind = german.stand_ins.hidden("Odelkamp schläft.", VARIANTS[0])
    source, target = german.tokenizer.ids([hidden, "He sleeps."])
    assert (
        german.stand_ins.put_back(behind, source, target, np.ones((len(target), len(source))), source) is None
    )
