"""A training of words that ends in seconds: a few sentences, no GloVe and no WordNet (tests/training)."""

from tests.words.test_training import SENTENCES, SMALL


def words(folder):
    """The words for its command line. Writes its text into the folder."""
    (folder / "text.txt").write_text("\n".join(SENTENCES))
    return ["--corpus", folder / "text.txt", *SMALL]
