"""A training of pictures that is over in seconds: three drawn photos, three steps (tests/training)."""

from tests.pictures.test_training import SMALL, photos_in


def words(folder):
    """What its command line is given; its photos go to the folder."""
    return ["--photos", photos_in(folder), *SMALL]
