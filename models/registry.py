"""The only reader of records and weights: a model's record, and its files once their SHA-256 is what the record says.

Weights come from weights/ beside the code, or from WEIGHTS_FOLDER. Nothing that fails its check reaches a deserialiser.
"""

import hashlib
import json
import os
import pathlib
import zipfile
from typing import Any, Dict, List

NEWEST_ARCHIVE = 2  # of TorchScript, written by torch 1.5.1; torch 2.13 writes 3, on which 1.5.1 ends the process


class WeightsUnavailable(Exception):
    """A record or a weight file is missing, altered, cut off or too new; the text says which, for the log."""


def folder() -> pathlib.Path:
    """Where records and weights lie."""
    return pathlib.Path(os.environ.get("WEIGHTS_FOLDER") or pathlib.Path(__file__).parent.parent / "weights")


def names() -> List[str]:
    """The models that have a record here."""
    return sorted(path.stem for path in folder().glob("*.json"))


def record(name: str) -> Dict[str, Any]:
    """What is known of a model: version, files and their hashes, settings, data and its licence, metrics."""
    try:
        return json.loads((folder() / (name + ".json")).read_text())
    except (OSError, ValueError) as error:
        raise WeightsUnavailable("record of %s: %s" % (name, error)) from error


def files(name: str) -> Dict[str, pathlib.Path]:
    """Paths of a model's files by their role in the record, each checked against its SHA-256."""
    try:
        listed = {role: (folder() / entry["file"], entry["sha256"]) for role, entry in record(name)["files"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsUnavailable("record of %s lists no files" % name) from error
    return {role: verified(*entry) for role, entry in listed.items()}


def verified(path: pathlib.Path, sha256: str) -> pathlib.Path:
    """The path, if the file there has this SHA-256 and is, where it is a .pt, an archive that torch 1.5.1 can read."""
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsUnavailable("%s: %s" % (path.name, error)) from error
    if found != sha256:
        raise WeightsUnavailable("%s: its SHA-256 is %s, the record says %s" % (path.name, found, sha256))
    if path.suffix == ".pt":
        check_archive(path)
    return path


def check_archive(path: pathlib.Path) -> None:
    """Refuse a TorchScript archive that is newer than torch 1.5.1 can read."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = next(entry for entry in archive.namelist() if entry.endswith("/version"))
            version = int(archive.read(entry))
    except (StopIteration, ValueError, zipfile.BadZipFile) as error:
        raise WeightsUnavailable("%s: no TorchScript archive" % path.name) from error
    if version > NEWEST_ARCHIVE:
        raise WeightsUnavailable("%s: archive version %d, the newest readable is %d" % (path.name, version, NEWEST_ARCHIVE))
