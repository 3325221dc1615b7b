"""A training of a classifier that ends in seconds: tickets in three classes (tests/training)."""

from tests.classification.test_training import PARTS


def words(folder):
    """The words for its command line. Writes its texts into the folder."""
    known = [(label, word) for label, all_ in PARTS.items() for word in all_.split()]
    lines = ["my %s is here as number %d,%s" % (word, n, label) for n in range(20) for label, word in known]
    (folder / "tickets.csv").write_text("text,label\n" + "\n".join(lines) + "\n")
    small = ["--embeddings", "none", "--dimensions", 16, "--width", 8, "--epochs", 2]
    return ["--data", folder / "tickets.csv", *small]
