"""Text to train word vectors on: a file, plain, .xz or .gz -> sentences of tokens, one a line, read as a stream.

The tokens are the serving tokenizer's, in the form in which serving looks words up.
"""

import collections
import gzip
import lzma
import pathlib
import zlib

from tqdm import tqdm

from models.words.tokenizer import normal, tokens

OPENERS = {".xz": lzma.open, ".gz": gzip.open}


def lines(path):
    """The lines of a text file in UTF-8; a sentence for the caller where it cannot be read."""
    path = pathlib.Path(path)
    try:
        with OPENERS.get(path.suffix, open)(str(path), "rt", encoding="utf-8") as file:
            for line in file:
                if "\0" in line:
                    raise SystemExit("%s is no text: a plain, .xz or .gz file in UTF-8 is needed." % path)
                yield line
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise SystemExit("%s cannot be read (%s): name a text file with --corpus." % (path, error.strerror))
    except UnicodeDecodeError:
        raise SystemExit("%s is no text: a plain, .xz or .gz file in UTF-8 is needed." % path)
    except (lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise SystemExit("%s is damaged or not what its name says: %s." % (path, error))


def tokenised(path, prepared):
    """Write the tokens of `path`, a sentence a line, into the file `prepared`; returns how often each occurs (Counter)."""
    counts = collections.Counter()
    part = prepared.with_suffix(".part")
    with open(part, "w", encoding="utf-8") as out:
        for line in tqdm(lines(path), desc="tokens", unit=" lines", disable=None):
            found = tokens(normal(line))
            if found:
                counts.update(found)
                out.write(" ".join(found) + "\n")
    if not counts:
        raise SystemExit("%s holds no words." % path)
    part.replace(prepared)
    return counts


class Sentences:
    """What gensim reads, as often as it likes: the sentences of a tokenised file, each a list of tokens, with a bar of their progress."""

    def __init__(self, prepared, total=None, description="words"):
        self.prepared, self.total, self.description = prepared, total, description

    def __iter__(self):
        with open(self.prepared, encoding="utf-8") as file:
            for line in tqdm(file, desc=self.description, total=self.total, unit=" lines", disable=None):
                yield line.split()
