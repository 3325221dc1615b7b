"""INPUT -> items of api/batch.py, one per call: lines of JSON, rows of a table, lines of text, or pictures.

A line that can never be sent fails at once: it is too long, or its picture cannot be read.
"""

import csv
import hashlib
import itertools
import json
import os
import pathlib
import urllib.parse
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, NamedTuple, Optional, TextIO

from api.body import within_limit
from api.problems import Malformed, Problem, TooLarge
from bulk.routes import Route

LINES, TABLES = (".jsonl", ".ndjson", ".json"), {".csv": ",", ".tsv": "\t"}
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
MOST_LINE = 200_000  # bytes; Step Functions carries at most 256 KiB between states

csv.field_size_limit(10 * MOST_LINE)


class Item(NamedTuple):
    """One call: its place in the input (from 0), what is sent or why it is not sent, and its picture."""

    place: int
    sent: Dict[str, Any]
    problem: Optional[Problem] = None
    name: str = ""


class Input:
    """The items in the order of the input. `count` is the number of places, of which
    some may be blank lines.
    """

    def __init__(self, path: pathlib.Path, route: Route):
        self.path, self.route = path, route
        if not path.exists():
            raise SystemExit("There is no %s: INPUT is a file or a folder." % path)
        self.pictures: List[pathlib.Path] = []
        self.kind = path.suffix.lower()
        if path.is_dir() or (self.kind == ".txt" and route.takes_pictures):
            self.pictures = pictures_of(path, route)
            self.places = {identity(self.name(at)): at for at in range(len(self.pictures))}
        self.total = self.count = 0
        for item in self:
            self.total, self.count = self.total + 1, item.place + 1
        if not self.total:
            raise SystemExit("%s has nothing to send." % path)

    def name(self, at: int) -> str:
        """The name of a picture: its path in the folder, or as the list has it."""
        path = self.pictures[at]
        return (path.relative_to(self.path) if self.path.is_dir() else path).as_posix()

    def place(self, said: Any) -> Optional[int]:
        """The place of the item with this id. None if the input no longer has it."""
        return self.places.get(said) if self.pictures else said - 1

    def __iter__(self) -> Iterator[Item]:
        if self.pictures:
            return (self.picture(at) for at in range(len(self.pictures)))
        if self.kind in TABLES:
            return self.rows()
        if self.kind == ".txt" and "text" in self.route.fields:
            return self.lines(self.text)
        if self.kind not in LINES:
            raise SystemExit(
                "%s is no input: send lines of JSON (.jsonl), a table (.csv, .tsv), a folder of pictures, "
                "or a list of them (.txt)." % self.path
            )
        return self.lines(lambda line: {"body": line})

    def picture(self, at: int) -> Item:
        path, name = self.pictures[at], self.name(at)
        sent, problem = {"id": identity(name), "picture": str(path.resolve())}, None
        try:
            within_limit(Sized(path.stat().st_size))
            path.open("rb").close()
        except OSError as error:
            problem = Malformed("%s cannot be read: %s." % (name, error.strerror))
        except Problem as error:
            problem = error
        return Item(at, sent, problem, name)

    def text(self, line: str) -> Dict[str, str]:
        if self.route.text.startswith("GET "):
            return {"query": urllib.parse.urlencode({"text": line})}
        return {"body": json.dumps({"text": line})}

    def lines(self, sent: Callable[[str], Dict[str, str]]) -> Iterator[Item]:
        """Each line that is not blank; `sent` makes what is sent of its text."""
        with self.path.open("rb") as file:
            for place, line in enumerate(file):
                line = (line[3:] if place == 0 and line.startswith(b"\xef\xbb\xbf") else line).strip()
                try:
                    if line:
                        yield checked(place, {"id": place + 1, **sent(line.decode("utf-8"))})
                except UnicodeDecodeError:
                    yield refused(place, "This line is not in UTF-8: save the file as UTF-8.")

    def table(self, file: TextIO) -> Any:
        """The rows of a table; those of .tsv have no quotes (IANA's text/tab-separated-values)."""
        quoting = csv.QUOTE_NONE if self.kind == ".tsv" else csv.QUOTE_MINIMAL
        return csv.reader(file, delimiter=TABLES[self.kind], quoting=quoting, strict=True)

    def rows(self) -> Iterator[Item]:
        """Each row under its heading: the columns that are named as fields, as a query has them."""
        heading = self.heading()
        if not self.route.fields & set(heading):
            raise SystemExit(
                "%s has no column that %s knows: name one of them %s."
                % (self.path, self.route.text, " or ".join(sorted(self.route.fields)))
            )
        with self.opened() as file:
            rows = self.table(file)
            next(rows)
            for place in itertools.count():
                before = rows.line_num
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    where = (before + 1, rows.line_num, error)
                    yield refused(place, "Lines %d to %d of the file are no row of a table: %s." % where)
                    continue
                fields = [pair for pair in zip(heading, row) if pair[0] in self.route.fields and pair[1]]
                if row:
                    query = urllib.parse.urlencode(fields, errors="surrogateescape")
                    yield checked(place, {"id": place + 1, "query": query})

    def opened(self) -> TextIO:
        return self.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")

    def heading(self) -> List[str]:
        """The names of a table's columns."""
        with self.opened() as file:
            try:
                return [name.strip() for name in next(self.table(file), [])]
            except csv.Error as error:
                raise SystemExit("%s has no heading that can be read: %s." % (self.path, error)) from None

    def left_out(self) -> List[str]:
        """The columns of a table that are not fields, for a message."""
        if self.kind not in TABLES:
            return []
        return [name for name in self.heading() if name not in self.route.fields]

    def fingerprint(self) -> Dict[str, Any]:
        """Facts that tell this input from another. For pictures it is only the kind, because each picture has
        its own name.
        """
        if self.pictures:
            return {"kind": "pictures"}
        with self.path.open("rb") as file:
            size = self.path.stat().st_size
            return {"kind": "lines", "bytes": size, "sha256": digest(file, size)}

    def begins_with(self, fingerprint: Dict[str, Any]) -> bool:
        """Whether this is the input with that fingerprint, or has grown from it."""
        if self.pictures or fingerprint["kind"] == "pictures":
            return bool(self.pictures) == (fingerprint["kind"] == "pictures")
        with self.path.open("rb") as file:
            return digest(file, fingerprint["bytes"]) == fingerprint["sha256"]


class Sized:
    """An object of this length, to check a limit without the bytes."""

    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return self.size


def pictures_of(path: pathlib.Path, route: Route) -> List[pathlib.Path]:
    """The pictures of a folder, or of a list with one path per line."""
    if not route.takes_pictures:
        raise SystemExit("%s takes no pictures: INPUT must be lines of JSON or a table." % route.text)
    if path.is_dir():
        found = sorted(
            file for file in path.rglob("*") if file.suffix.lower() in PICTURES and not file.is_dir()
        )
        if not found:
            raise SystemExit("%s holds no picture (%s)." % (path, ", ".join(PICTURES)))
        return found
    listed = path.read_text("utf-8-sig", "surrogateescape")
    return [pathlib.Path(line.strip()) for line in listed.splitlines() if line.strip()]


def identity(name: str) -> str:
    """The id of a picture, by its name: what it is called in S3 too."""
    return "%s/%s" % (hashlib.sha256(os.fsencode(name)).hexdigest()[:16], name.rpartition("/")[2])


def refused(place: int, sentence: str) -> Item:
    """What cannot be read of the input, and so is never sent."""
    return Item(place, {"id": place + 1}, Malformed(sentence))


def checked(place: int, sent: Dict[str, Any]) -> Item:
    """The item. If it is too long, it has a problem instead of what is sent."""
    size = len(json.dumps(sent))
    if size <= MOST_LINE:
        return Item(place, sent)
    return Item(
        place,
        {"id": sent["id"]},
        TooLarge(
            "This line has %d bytes, and %d are the most in bulk work. Send pictures as files: INPUT is "
            "their folder." % (size, MOST_LINE)
        ),
    )


def digest(file: BinaryIO, size: int) -> str:
    """The SHA-256 of the first `size` bytes."""
    sha256 = hashlib.sha256()
    while size > 0:
        chunk = file.read(min(1 << 20, size))
        if not chunk:
            return ""
        sha256.update(chunk)
        size -= len(chunk)
    return sha256.hexdigest()


def batches(items: Iterator[Item], size: int) -> Iterator[List[Item]]:
    """Lists of `size` items; the last one may be shorter."""
    while True:
        batch = list(itertools.islice(items, size))
        if not batch:
            return
        yield batch
