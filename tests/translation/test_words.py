"""Words in other letters than usual: without umlauts, in capitals, all small; what words mean; and which
translation reads best.
"""

import numpy as np
import pytest

from models.translation import ranking
from models.translation.model import model
from models.translation.ranking import END, Ranking
from models.translation.words import Dictionary, Seen, Spelling, seen_words

SIZE = 12  # of a vocabulary
DER, DIE, HUND, KATZE, THE, DOG, CAT = range(4, 11)

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
    assert german.read(written)[0] == usual


@pytest.mark.parametrize("word", ["aeiou" * 16, "AEIOU" * 400, "ae" * 40])
def test_a_word_that_is_none_is_read_at_once(word):
    """Not with each of its letters in each spelling, of which there are millions."""
    for language in ("de", "es"):
        assert Spelling(language, b"ja\nsi").in_usual_letters(word, True)


def test_who_put_a_name_in_plain_letters_gets_it_back(german):
    """What stood there is told with each word that was set right."""
    assert german.read("Die Tuer im Kaese")[1] == {"Tür": "Tuer", "Käse": "Kaese"}


def test_spanish_accents_are_set_right():
    spanish = Spelling("es", seen_words(["El niño dice adiós mañana.", "Y hasta mañana, señora."], "es"))
    assert spanish.read("adios, hasta manana, senora")[0] == "Adiós, hasta mañana, señora"


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


class Subwords:
    """A tokenizer whose sentences are lists of ids already."""

    def __len__(self):
        return SIZE

    def ids(self, sentences):
        return [[*sentence, END] for sentence in sentences]


@pytest.fixture(scope="module")
def counted():
    """A ranking that was counted in ten sentences of a dog and ten of a cat."""
    from training.translation import lexicon

    return Ranking(lexicon.ranking(Subwords(), [((DER, HUND), (THE, DOG)), ((DIE, KATZE), (THE, CAT))] * 10))


@pytest.mark.training
def test_what_was_said_reads_better_than_what_never_was(counted):
    """The words in their order, and not the other way round or with one of them twice."""
    best, other_way, twice, ended = counted.fluency(
        [[THE, DOG], [DOG, THE], [THE, DOG, DOG], [THE, DOG, END]]
    )
    assert best > other_way and best > twice
    assert ended == best


@pytest.mark.training
def test_a_translation_that_says_all_is_more_faithful(counted):
    """Than one that leaves a word out, and than one that says another."""
    whole, half, other = counted.faithfulness([DER, HUND, END], [[THE, DOG], [THE], [THE, CAT]])
    assert whole > half and whole > other
    assert counted.faithfulness([DER, HUND, END], [[THE, DOG]]) == pytest.approx([whole])


@pytest.mark.training
def test_the_probabilities_behind_a_context_sum_to_one():
    """Those that were kept, and the share that is left for the shorter context."""
    from training.translation import lexicon

    keys = np.random.RandomState(0).randint(0, 40, 400)
    kept, p, left = lexicon.discounted(keys, 10, 4, 9)
    assert 0 < len(kept) < 40
    assert np.bincount(kept // 10, p, 4) + left == pytest.approx(np.ones(4))


@pytest.mark.training
def test_eight_bits_keep_a_probability_to_four_percent():
    """From one down to a millionth."""
    from training.translation import lexicon

    p = np.geomspace(1, 1e-6, 50)
    assert np.exp(lexicon.quantised(p) / -ranking.FINENESS) == pytest.approx(p, rel=0.04)


def test_a_key_that_is_not_there_is_not_found():
    """Below, between and above those that are."""
    _, there = ranking.found(np.array([2, 5]), np.array([1, 2, 3, 5, 9]))
    assert there.tolist() == [False, True, False, True, False]


@pytest.mark.parametrize(
    "sentence, better, worse",
    [
        ("Vorsicht, bissiger Hund!", "Beware of the dog!", "Beware of your dog!"),
        ("Viel Glück bei der Prüfung!", "Good luck with the exam!", "Good luck at the exam!"),
        ("Darf ich mich vorstellen?", "May I introduce myself?", "May I introduce me?"),
        ("Gute Besserung!", "Get well soon!", "Good knife!"),
        ("Die Heizung funktioniert nicht.", "The heating doesn't work.", "The heating works."),
    ],
)
def test_the_shipped_ranking_knows_good_english(sentence, better, worse):
    """Of two translations that the network thinks about as likely."""
    german = model("de-en-transformer")
    source, *targets = german.tokenizer.ids([sentence, better, worse])
    first, second = german.ranking.worth(source, targets)
    assert first > second


def test_the_api_says_what_reads_best(call):
    """By the network alone it was “Beware of your dog!” and “Good luck at the exam!”."""
    asked = ["Vorsicht, bissiger Hund!", "Viel Glück bei der Prüfung!"]
    answers = call("POST", "/translation", json={"text": asked}).json["translations"]
    assert [answer["translation"] for answer in answers] == ["Beware of the dog!", "Good luck with the exam!"]
