"""Words in other letters than usual: without umlauts, in capitals, all small; and what words mean."""

import pytest

from models.translation.words import Dictionary, Seen, Spelling, seen_words

SENTENCES = [
    "Der Käse ist heiß, und die Tür ist zu.",
    "Wir müssen die Straße zur Küche und den Tisch sehen, bitte.",
    "Ich habe keine Zeit, aber die EU und die GmbH, die GmbH.",
    "Guten Morgen, ihr guten Leute, am Morgen essen wir.",
    "Hallo, neue Leute messen die Masse, aber die Maße nicht.",
]


@pytest.fixture(scope="module")
def german():
    return Spelling("de", seen_words(SENTENCES, "de"))


@pytest.mark.parametrize(
    "written, usual",
    [
        ("Der Kaese ist heiss.", "Der Käse ist heiß."),
        ("Wir muessen auf den Kuechentisch sehen.", "Wir müssen auf den Küchentisch sehen."),
        ("Die neue Masse, die Maße", "Die neue Masse, die Maße"),
        ("GUTEN MORGEN", "Guten Morgen"),
        ("guten morgen, ihr leute", "Guten Morgen, ihr Leute"),
        ("Ich habe KEINE Zeit.", "Ich habe keine Zeit."),
        ("HAllo, die EU und die GmbH", "Hallo, die EU und die GmbH"),
        ("ODELKAMP MUSS DIE TUER SEHEN", "Odelkamp Muss die Tür sehen"),
        ("Frau Goethe sieht Israel.", "Frau Goethe sieht Israel."),
    ],
)
def test_a_sentence_is_read_in_its_usual_letters(german, written, usual):
    """Umlauts where training saw the word with them alone; capitals as words have them most often."""
    assert german.read(written, cased=True)[0] == usual


def test_capitals_stay_for_a_network_that_has_learnt_them_otherwise(german):
    assert german.read("KEIN KAESE", cased=False)[0] == "KEIN Käse"


def test_who_put_a_name_in_plain_letters_gets_it_back(german):
    """What stood there is told with each word that was set right."""
    assert german.read("Die Tuer im Kaese", cased=True)[1] == {"Tür": "Tuer", "Käse": "Kaese"}


def test_spanish_accents_are_set_right():
    spanish = Spelling("es", seen_words(["El niño dice adiós mañana.", "Y hasta mañana, señora."], "es"))
    assert spanish.read("adios, hasta manana, senora", cased=True)[0] == "Adiós, hasta mañana, señora"


def test_a_plain_spelling_that_training_saw_now_and_then_is_none_of_its_words():
    """Once Fuss among seven times Fuß; Masse and Maße are two words."""
    sentences = ["Der Fuß."] * 7 + ["Der Fuss.", "Die Masse.", "Die Maße."]
    assert seen_words(sentences, "de").decode().split("\n") == ["Der", "Die", "Fuß", "Masse", "Maße"]


def test_words_are_found_among_those_that_begin_as_they_do():
    words = ["a", "ab", "abc", "abcd", "abd", "b", "Öl", "Ölkanne"]
    seen = Seen("\n".join(sorted(words)).encode())
    assert all(word in seen for word in words)
    assert not any(word in seen for word in ("", "abce", "ac", "bc", "Ö", "Ölk", "z", "ab\nabc"))
    assert "Tür" not in Seen(b"")


LINES = "Herd\t100\t70 stove\t10 cooker\nKüche\t50\t90 kitchen\nTisch\t2\t80 table\n".encode()


@pytest.mark.parametrize(
    "word, meanings",
    [
        ("Herd", [("stove", 0.7), ("cooker", 0.1)]),
        ("KÜCHE", [("kitchen", 0.45)]),
        ("Tisch", [("table", 0.016)]),
        ("Küchentisch", [("kitchen", 0.9), ("table", 0.8)]),
        ("Her", []),
        ("Zange", []),
    ],
)
def test_a_dictionary_says_what_a_word_means(german, word, meanings):
    """With probabilities, less of what needs no hint; of a compound what its parts mean."""
    found = Dictionary(LINES, german).meanings(word)
    assert [one for one, _ in found] == [one for one, _ in meanings]
    assert [share for _, share in found] == pytest.approx([share for _, share in meanings])


def test_an_empty_dictionary_says_nothing(german):
    assert Dictionary(b"", german).meanings("Herd") == []


@pytest.mark.parametrize("word, told", [("Herd", True), ("KÜCHE", True), ("Anna", False), ("Zange", False)])
def test_a_name_is_its_own_translation(german, word, told):
    """A word that the dictionary does not have may be a name too."""
    lines = b"Anna\t100\t90 Anna\t5 said\n" + LINES
    assert Dictionary(lines, german).translates(word) == told
