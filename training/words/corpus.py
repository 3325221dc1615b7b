"""Text for training word vectors: a plain, .xz or .gz file -> sentences of tokens, one per line, read as a
stream.

The tokens are those of the serving tokenizer, in the form in which serving looks words up.
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
    """The lines of a UTF-8 text file. Raises SystemExit with a sentence if it cannot be read."""
    path = pathlib.Path(path)
    try:
        with OPENERS.get(path.suffix, open)(str(path), "rt", encoding="utf-8-sig") as file:
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


def tokenised(path, prepared, agreed=None):
    """Write the tokens of `path` into the file `prepared`, one sentence per line. Returns a Counter of the
    tokens. agreed(counts) is called before the file gets its name.
    """
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
    if agreed:
        agreed(counts)
    part.replace(prepared)
    return counts


class Sentences:
    """The sentences of a tokenised file, each a list of tokens, with a progress bar. gensim can read them
    several times.
    """

    def __init__(self, prepared, total=None, description="words"):
        self.prepared, self.total, self.description = prepared, total, description

    def __iter__(self):
        with open(self.prepared, encoding="utf-8") as file:
            for line in tqdm(file, desc=self.description, total=self.total, unit=" lines", disable=None):
                yield line.split()
