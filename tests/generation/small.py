"""A training of names that is over in seconds: a list of its own (tests/training)."""

from tests.generation.test_training import SMALL, list_of_names


def words(folder):
    """What its command line is given; its list goes to the folder."""
    return ["--data", list_of_names(folder), *SMALL]
