"""The project's own everyday sentences, which a translator learns from, beside the lists that test it."""

import pathlib

import pytest

from training.translation import everyday
from training.translation.grammar import LANGUAGES, MADE, SLOT
from training.translation.pairs import key

pytestmark = pytest.mark.training

FOLDER = pathlib.Path(everyday.__file__).parent
FILES = sorted((FOLDER / "sentences").glob("*.tsv"))
SLOTS = {*MADE, *(path.stem for path in (FOLDER / "slots").glob("*.tsv"))}


@pytest.fixture(scope="module")
def rows():
    return [line.split("\t") for file in FILES for line in file.read_text(encoding="utf-8").splitlines()]


def test_each_sentence_stands_once_in_three_languages(rows):
    assert all(len(row) == len(LANGUAGES) and all(cell == cell.strip() != "" for cell in row) for row in rows)
    assert len({tuple(row[:2]) for row in rows}) == len(rows) > 9000


def test_slots_are_the_same_in_each_language_and_can_be_filled(rows):
    for row in rows:
        slots = [sorted(SLOT.findall(cell)) for cell in row]
        assert slots[0] == slots[1] == slots[2], row
        assert {name for name, _ in slots[0]} <= SLOTS, row


@pytest.mark.parametrize("language", ["de", "es"])
def test_no_sentence_of_a_check_list_is_learned(rows, language):
    learned = {key(row[LANGUAGES.index(language)]) for row in rows}
    asked = [line[1] for line in everyday.read(FOLDER / ("everyday.%s.tsv" % language))]
    assert [sentence for sentence in asked if key(sentence) in learned] == []
