"""The answers on the disk: each answer as it comes, and at the end the files in the order of the input.

OUTPUT/.bulk/answers.jsonl has the answers as they came. If an item has several, the last one counts. If a
killed process has left part of a line at the end, it is cut off.
"""

import base64
import collections
import fcntl
import json
import pathlib
import re
from array import array
from typing import Any, Dict, Iterator, List, Optional

from api.problems import Problem
from api.response import problem as answer_of
from bulk.inputs import Input

MISSING, ANSWERED, FAILED, AGAIN = range(4)  # AGAIN: failed by our fault (5xx), and will be sent again
ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}
PICTURE = re.compile(r"data:(image/[a-z]+);base64,")


class Results:
    """The answers to an input. It takes nine bytes of memory per item, and the answers that come at once."""

    def __init__(self, folder: pathlib.Path, source: Input):
        self.folder, self.source = folder, source
        (folder / ".bulk").mkdir(parents=True, exist_ok=True)
        self.lock = (folder / ".bulk" / "lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SystemExit(
                "Another `make bulk` is writing to %s: wait for it, or end it." % folder
            ) from None
        self.states, self.offsets = bytearray(source.count), array("Q", bytes(8 * source.count))
        self.milliseconds = 0.0  # the time that the functions have worked
        self.log = (folder / ".bulk" / "answers.jsonl").open("a+b")
        self.load()

    def load(self) -> None:
        """Read the earlier answers."""
        self.log.seek(0)
        end = 0
        for line in self.log:
            if not line.endswith(b"\n"):
                break
            self.count(json.loads(line), end)
            end += len(line)
        self.log.truncate(end)
        self.log.seek(end)

    def count(self, kept: Dict[str, Any], offset: int) -> None:
        place = self.source.place(kept["id"])
        if place is None or place >= len(self.states):
            return
        self.milliseconds += kept["milliseconds"]
        status = kept["status"]
        self.states[place] = ANSWERED if status == 200 else AGAIN if status >= 500 else FAILED
        self.offsets[place] = offset

    def add(self, lines: List[bytes]) -> int:
        """Keep these answers. Returns how many items are newly answered or have finally failed."""
        before = self.done
        for line in lines:
            answer = json.loads(line)
            place = self.source.place(answer["id"])
            if place is None or self.states[place] in (ANSWERED, FAILED):
                continue  # a duplicate
            kept = self.kept(answer, place)
            offset = self.log.tell()
            self.log.write(line_of(kept))
            self.count(kept, offset)
        self.log.flush()
        return self.done - before

    def refuse(self, said: Any, error: Problem, milliseconds: float = 0.0) -> int:
        """Keep this problem as the answer to an item."""
        body = answer_of(error).data.decode()
        line = {"id": said, "status": error.status, "base64": False, "milliseconds": milliseconds}
        return self.add([json.dumps({**line, "type": "application/problem+json", "body": body}).encode()])

    @property
    def done(self) -> int:
        return len(self.states) - self.states.count(MISSING) - self.states.count(AGAIN)

    @property
    def failed(self) -> int:
        return self.states.count(FAILED) + self.states.count(AGAIN)

    def missing(self, place: int) -> bool:
        return self.states[place] in (MISSING, AGAIN)

    def kept(self, answer: Dict[str, Any], place: int) -> Dict[str, Any]:
        """The answer with its pictures written to files, and with their names instead."""
        stem = self.stem(place)
        if answer["base64"]:
            body: Any = {"file": self.picture(stem, answer["type"], answer["body"])}
        elif "json" in answer["type"]:
            body = self.without_pictures(json.loads(answer["body"]), stem)
        else:
            body = answer["body"]
        return {**{name: answer[name] for name in ("id", "status", "milliseconds")}, "answer": body}

    def stem(self, place: int) -> str:
        """The file name of an item, without its ending: from the name of its picture, or from its line."""
        if not self.source.pictures:
            return "%07d" % (place + 1)
        parts = [part for part in pathlib.PurePosixPath(self.source.name(place)).parts if part != "/"]
        return "/".join("_" if part == ".." else part for part in parts)

    def without_pictures(self, value: Any, stem: str) -> Any:
        """The JSON value with the names of files in the place of data URIs. Writes these files."""
        if isinstance(value, dict):
            return {key: self.without_pictures(inner, "%s-%s" % (stem, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.without_pictures(inner, "%s-%d" % (stem, at)) for at, inner in enumerate(value)]
        found = PICTURE.match(value) if isinstance(value, str) else None
        return self.picture(stem, found.group(1), value[found.end() :]) if found else value

    def picture(self, stem: str, kind: str, data: str) -> str:
        """Write a picture, and return its path under OUTPUT."""
        path = self.folder / "pictures" / (stem + ENDINGS.get(kind, ".bin"))
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(base64.b64decode(data))
        part.replace(path)
        return path.relative_to(self.folder).as_posix()

    def read(self, place: int) -> Dict[str, Any]:
        self.log.seek(self.offsets[place])
        return json.loads(self.log.readline())

    def write(self) -> Dict[str, Any]:
        """Write results.jsonl and failures.jsonl in the order of the input. Returns the counts of the
        failures.
        """
        said: Dict[str, int] = collections.Counter()
        parts = [self.folder / (name + ".part") for name in ("results.jsonl", "failures.jsonl")]
        with parts[0].open("wb") as results, parts[1].open("wb") as failures:
            for place in range(len(self.states)):
                if self.states[place] == MISSING:
                    continue
                kept = self.read(place)
                told: Dict[str, Any] = {"line": place + 1}
                if self.source.pictures:
                    told["name"] = self.source.name(place)
                if self.states[place] == ANSWERED:
                    results.write(line_of({**told, "answer": kept["answer"]}))
                else:
                    said[str(kept["answer"]["status"])] += 1
                    failures.write(line_of({**told, "problem": kept["answer"]}))
        for part in parts:
            part.replace(part.with_suffix(""))
        self.log.seek(0, 2)
        return dict(said)

    def close(self) -> None:
        self.log.close()
        self.lock.close()


def line_of(value: Dict[str, Any]) -> bytes:
    """A line of JSON in UTF-8, also where a text in it has half of a surrogate pair."""
    try:
        return json.dumps(value, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value).encode() + b"\n"


def remembered(folder: pathlib.Path) -> Optional[Dict[str, Any]]:
    """The facts with which OUTPUT was begun, or None."""
    path = folder / ".bulk" / "run.json"
    return json.loads(path.read_text()) if path.exists() else None


def remember(folder: pathlib.Path, facts: Dict[str, Any]) -> None:
    """Write the facts with which OUTPUT is begun, for the next time."""
    path = folder / ".bulk" / "run.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=1))
    part.replace(path)


def agree(results: Results, facts: Dict[str, Any], version: str) -> None:
    """Remember the model's version. Raises SystemExit if OUTPUT has answers of another one."""
    before = facts.get("version", version)
    if results.done and before != version:
        raise SystemExit(
            "%s holds answers of version %s of %s, which is now at version %s: name another OUTPUT to start "
            "anew." % (results.folder, before, facts["model"], version)
        )
    facts["version"] = version
    remember(results.folder, facts)


def unanswered(source: Input, results: Results) -> Iterator[Any]:
    """The items that must still be sent. Items that can never be sent fail at once."""
    for item in source:
        if not results.missing(item.place):
            continue
        if item.problem:
            results.refuse(item.sent["id"], item.problem)
        else:
            yield item
