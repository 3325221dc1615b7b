"""The choice among translations: what was counted, and what it chooses."""

import numpy as np
import pytest

from models.translation import ranking
from models.translation.model import model
from models.translation.ranking import END, Ranking

SIZE = 12
DER, DIE, HUND, KATZE, THE, DOG, CAT = range(4, 11)


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
    best = counted.fluency([THE, DOG])
    assert best > counted.fluency([DOG, THE]) and best > counted.fluency([THE, DOG, DOG])
    assert counted.fluency([THE, DOG, END]) == best


@pytest.mark.training
def test_a_translation_that_says_all_is_more_faithful(counted):
    """Than one that leaves a word out, and than one that says another."""
    whole = counted.faithfulness([DER, HUND, END], [THE, DOG])
    assert whole > counted.faithfulness([DER, HUND, END], [THE])
    assert whole > counted.faithfulness([DER, HUND, END], [THE, CAT])


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
