"""One version of a model: its record, and its files, which are given out
only if their SHA-256 is what the record says.

A file that fails its check never reaches a deserialiser. registry.py decides
which version serves; s3.py and releases.py bring versions from S3.
"""

import hashlib
import json
import os
import pathlib
import re
import sys
import zlib
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Tuple

MODELS = pathlib.Path(__file__).parent.parent
HERE = "1.5.1" if sys.version_info < (3, 9) else "2"  # the torch of this Python, by requirements.txt
# newest TorchScript archive that each torch reads; 2.13 writes version 3, which ends the process of 1.5.1
NEWEST_ARCHIVE = {"1.5.1": 2, "2": 10}


class WeightsUnavailable(Exception):
    """A record or a weight file is missing, altered, cut off, too
    slow or too new. The text says which, for the log.
    """


class Weights:
    """One version of a model: its record and its files. Each file is checked before it is given out."""

    def __init__(self, name: str, folder: pathlib.Path, fetch: Optional[Callable[[str, str], bytes]] = None):
        """fetch(file, sha256) downloads a file into the folder and gives its bytes. It is called
        if the file is missing, or is not the one that the record lists.
        """
        self.folder, self.fetch = folder, fetch
        # True at a start. False if another version still serves, so that
        # this one may be read whole before it replaces that one.
        self.hurried = True
        self.held: Dict[str, bytes] = {}
        self.record = read_record(name, folder)

    def files(self, *roles: str, torch: str = HERE) -> Dict[str, pathlib.Path]:
        """{role: path} of these files, or of all. TorchScript files are checked to suit this torch."""
        paths = {}
        for role, path, sha256 in self.listed(roles):
            self.data(path, sha256)
            if path.suffix == ".pt":
                check_archive(path, torch)
            paths[role] = path
        return paths

    def contents(self, *roles: str) -> Dict[str, bytes]:
        """{role: bytes} of these files, or of all. Read only once: what was checked is what is used."""
        return {role: self.data(path, sha256) for role, path, sha256 in self.listed(roles)}

    def hold(self, *roles: str) -> None:
        """Keep the bytes of these files in memory until they are first asked for."""
        self.held = {path.name: self.data(path, sha256) for _, path, sha256 in self.listed(roles)}

    def listed(self, roles: Tuple[str, ...]) -> Iterator[Tuple[str, pathlib.Path, str]]:
        """(role, path, SHA-256) of the files with these roles, or of all files in the record."""
        try:
            entries = self.record["files"]
            chosen = [(role, entries[role]["file"], entries[role]["sha256"]) for role in roles or entries]
            yield from [
                (role, self.folder / pathlib.PurePath(file).name, sha256) for role, file, sha256 in chosen
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise WeightsUnavailable("%s: the record does not list its files" % self.folder) from error

    def data(self, path: pathlib.Path, sha256: str) -> bytes:
        """The bytes of a file. Raises WeightsUnavailable if they do not have this SHA-256."""
        if path.name in self.held:
            return self.held.pop(path.name)
        try:
            return verified(path, sha256)
        except WeightsUnavailable:
            if not self.fetch:
                raise
            return self.fetch(path.name, sha256)


class Kept(NamedTuple):
    """What was built from a version. `fault` says why it is not the version asked for, if it is not."""

    value: Any
    version: str
    looked: float = float("inf")  # time.monotonic() of the last check for another version
    fault: Optional[str] = None
    folder: str = ""  # on this machine, if it does not come from S3


def folder() -> pathlib.Path:
    """The folder of records and weights on this machine."""
    return pathlib.Path(
        os.environ.get("WEIGHTS_FOLDER") or pathlib.Path(__file__).parent.parent.parent / "weights"
    )


def read_record(name: str, folder: pathlib.Path) -> Dict[str, Any]:
    """The record NAME.json in a folder. Raises WeightsUnavailable if it cannot be read."""
    try:
        return json.loads((folder / (name + ".json")).read_text())
    except (OSError, ValueError) as error:
        here = (
            ""
            if os.environ.get("WEIGHTS_BUCKET")
            else ", looked for here since the environment variable WEIGHTS_BUCKET is missing"
        )
        raise WeightsUnavailable("record of %s: %s%s" % (name, error, here)) from error


def verified(path: pathlib.Path, sha256: str) -> bytes:
    """The bytes of the file. Raises WeightsUnavailable if they do not have this SHA-256."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsUnavailable("%s: %s" % (path.name, error)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsUnavailable("%s: its SHA-256 is %s, the record says %s" % (path.name, found, sha256))
    return data


def unpacked(data: bytes) -> bytes:
    """The bytes in a gzip, which is read four times as fast as the xz of earlier exports."""
    if data.startswith(b"\xfd7zXZ\0"):
        import lzma  # only for earlier exports

        return lzma.decompress(data)
    return zlib.decompress(data, 31)  # 31: with the head of gzip


def check_archive(path: pathlib.Path, torch: str = HERE) -> None:
    """Raise WeightsUnavailable if a TorchScript archive is too new for this torch."""
    version, newest = archive_version(path), NEWEST_ARCHIVE[torch]
    if version > newest:
        hint = "; `torch: 2` in the model's function.yml serves it" if version <= NEWEST_ARCHIVE["2"] else ""
        told = (path.name, version, torch, newest, hint)
        raise WeightsUnavailable("%s: archive version %d, the newest that torch %s reads is %d%s" % told)


def archive_version(path: pathlib.Path) -> int:
    """The version of a TorchScript archive, read without loading it: 2 by torch 1.5.1, 3 by torch 2.13."""
    import zipfile  # 2 ms, only for models that use torch

    try:
        with zipfile.ZipFile(path) as archive:
            # torch.save writes a version too, but no constants; until torch 1.3 they were in model.json
            marks = (re.fullmatch("([^/]+/)(constants.pkl|model.json)", name) for name in archive.namelist())
            return int(archive.read(next(filter(None, marks)).group(1) + "version"))
    except (StopIteration, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsUnavailable("%s is no TorchScript file" % path.name) from error


def torch_of(name: str) -> str:
    """The torch that a model's function.yml asks for: 1.5.1, 2
    or none. The default is 1.5.1.
    """
    file = MODELS / name / "function.yml"
    # PyYAML would take 25 ms
    found = re.search(r"^torch: *(\S+)", file.read_text(), re.M) if file.exists() else None
    return found.group(1) if found else "1.5.1"
