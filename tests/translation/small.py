"""A training of a translation that ends in seconds: our own pairs, one epoch (tests/training)."""

from tests.translation.test_training import SENTENCES


def words(folder):
    """The words for its command line. Writes its pairs into the folder."""
    lines = ["%s\t%s\n" % (target, source) for source, target in SENTENCES]
    (folder / "pairs.tsv").write_text("".join(lines))
    data = ["--pairs", folder / "pairs.tsv", "--tests", "", "--held-out", 0.1, "--epoch-pairs", 0]
    return data + ["--grammar", 0, "--vocabulary", 320, "--width", 32, "--epochs", 1]
