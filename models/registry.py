"""The only reader of records and weights: a model's record, and its files once their SHA-256 is what the record says.

They lie in weights/ beside the code, or in WEIGHTS_FOLDER; where WEIGHTS_BUCKET is set they come from S3 (releases.py), version
by version. Nothing that fails its check reaches a deserialiser.
"""

import hashlib
import json
import os
import pathlib
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, TypeVar

NEWEST_ARCHIVE = 2  # of TorchScript, written by torch 1.5.1; torch 2.13 writes 3, on which 1.5.1 ends the process
LOOK = 30  # seconds after which a container asks again which version to serve

T = TypeVar("T")


class WeightsUnavailable(Exception):
    """A record or a weight file is missing, altered, cut off, too slow or too new; the text says which, for the log."""


class Weights:
    """One version of a model: its record, and its files, each checked before it is handed out."""

    def __init__(self, name: str, folder: pathlib.Path, fetch: Optional[Callable[[str, str], bytes]] = None):
        """fetch(file, sha256) brings a file into the folder that is not there yet, or not as the record has it, and gives its bytes."""
        self.folder, self.fetch = folder, fetch
        self.hurried = True  # as a start is; False where another version serves, which this one may replace once its reader has all it wants
        self.held: Dict[str, bytes] = {}
        self.record = read_record(name, folder)

    def files(self, *roles: str) -> Dict[str, pathlib.Path]:
        """Paths by their role in the record, fit for torch 1.5.1; of all files, or of these."""
        paths = {}
        for role, path, sha256 in self.listed(roles):
            self.data(path, sha256)
            if path.suffix == ".pt":
                check_archive(path)
            paths[role] = path
        return paths

    def contents(self, *roles: str) -> Dict[str, bytes]:
        """Bytes by their role in the record: read once, so that what was checked is what is used."""
        return {role: self.data(path, sha256) for role, path, sha256 in self.listed(roles)}

    def hold(self, *roles: str) -> None:
        """Have the bytes of these files at hand for who asks first."""
        self.held = {path.name: self.data(path, sha256) for _, path, sha256 in self.listed(roles)}

    def listed(self, roles: Tuple[str, ...]) -> Iterator[Tuple[str, pathlib.Path, str]]:
        """Role, path and SHA-256 of each file in the record, or of those with these roles."""
        try:
            entries = self.record["files"]
            chosen = [(role, entries[role]["file"], entries[role]["sha256"]) for role in roles or entries]
            yield from [(role, self.folder / pathlib.PurePath(file).name, sha256) for role, file, sha256 in chosen]
        except (KeyError, TypeError, AttributeError) as error:
            raise WeightsUnavailable("%s: the record does not list its files" % self.folder) from error

    def data(self, path: pathlib.Path, sha256: str) -> bytes:
        """The bytes of a file, if they have this SHA-256."""
        if path.name in self.held:
            return self.held.pop(path.name)
        try:
            return verified(path, sha256)
        except WeightsUnavailable:
            if not self.fetch:
                raise
            return self.fetch(path.name, sha256)


class Kept(NamedTuple):
    """What was built from a version, and why that is not the version asked for, if it is not."""

    value: Any
    version: str
    looked: float = float("inf")  # when, by time.monotonic
    fault: Optional[str] = None
    folder: str = ""  # on this machine, where it does not come from S3


kept: Dict[Tuple[Any, ...], Kept] = {}


def loaded(name: str, build: Callable[..., T], *arguments: str) -> T:
    """build(weights, *arguments) of the version to serve: built once, and again when that is another.

    Raises WeightsUnavailable where it cannot be had, nor one from before.
    """
    key = (name, build) + arguments
    last = kept.get(key)
    if not os.environ.get("WEIGHTS_BUCKET"):
        if last is None or last.folder != str(folder()):
            weights = Weights(name, folder())
            last = kept[key] = Kept(build(weights, *arguments), weights.record["version"], folder=str(folder()))
    elif last is None or time.monotonic() - last.looked >= LOOK:
        from models import releases  # http, ssl: 30 ms that are the cloud's alone

        coming = kept.pop((name, ahead), None)
        last = kept[key] = releases.renewed(name, lambda weights: build(weights, *arguments), last, coming.value if coming else None)
    return last.value


def ahead(name: str, *roles: str) -> None:
    """Let a version come from S3 with these files, or with all, while the caller imports what will read them; the first `loaded` takes it."""
    if os.environ.get("WEIGHTS_BUCKET") and not any(key[0] == name for key in kept):
        from models import releases

        kept[name, ahead] = Kept(Coming(lambda: releases.fetched(name, roles)).result, "")


class Coming(threading.Thread):
    """What a function gives, in a thread of its own. concurrent.futures can do more, and a start would have to import it."""

    def __init__(self, function: Callable[[], Any]):
        super().__init__(daemon=True)
        self.function, self.found = function, None
        self.error: Optional[Exception] = None
        self.start()

    def run(self) -> None:
        try:
            self.found = self.function()
        except Exception as error:
            self.error = error

    def result(self) -> Any:
        self.join()
        if self.error:
            raise self.error
        return self.found


def serving() -> Dict[str, Dict[str, Any]]:
    """Of each model from S3 the version that serves, and the fault for which that is the last good one, where it is."""
    return {key[0]: {"version": entry.version, "fault": entry.fault} for key, entry in kept.items() if entry.looked < float("inf")}


def version(name: str) -> Optional[str]:
    """The version of a model that answers here, where one is loaded."""
    return next((entry.version for key, entry in kept.items() if key[0] == name), None) or None


def folder() -> pathlib.Path:
    """Where records and weights lie on this machine."""
    return pathlib.Path(os.environ.get("WEIGHTS_FOLDER") or pathlib.Path(__file__).parent.parent / "weights")


def names() -> List[str]:
    """The models that have a record here, or that the deployment names."""
    deployed = os.environ.get("MODELS")
    return sorted(deployed.split(",") if deployed else (path.stem for path in folder().glob("*.json")))


def record(name: str) -> Dict[str, Any]:
    """What is known of a model: version, files and their hashes, settings, data and its licence, metrics."""
    return loaded(name, told) if os.environ.get("WEIGHTS_BUCKET") else read_record(name, folder())


def told(weights: Weights) -> Dict[str, Any]:
    return weights.record


def read_record(name: str, folder: pathlib.Path) -> Dict[str, Any]:
    try:
        return json.loads((folder / (name + ".json")).read_text())
    except (OSError, ValueError) as error:
        here = "" if os.environ.get("WEIGHTS_BUCKET") else ", looked for here since the environment variable WEIGHTS_BUCKET is missing"
        raise WeightsUnavailable("record of %s: %s%s" % (name, error, here)) from error


def verified(path: pathlib.Path, sha256: str) -> bytes:
    """The bytes of the file, if they have this SHA-256."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsUnavailable("%s: %s" % (path.name, error)) from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsUnavailable("%s: its SHA-256 is %s, the record says %s" % (path.name, found, sha256))
    return data


def check_archive(path: pathlib.Path) -> None:
    """Refuse a TorchScript archive that is newer than torch 1.5.1 can read."""
    import zipfile  # 2 ms, for models of torch alone

    try:
        with zipfile.ZipFile(path) as archive:
            entry = next(entry for entry in archive.namelist() if entry.endswith("/version"))
            version = int(archive.read(entry))
    except (StopIteration, ValueError, zipfile.BadZipFile) as error:
        raise WeightsUnavailable("%s: no TorchScript archive" % path.name) from error
    if version > NEWEST_ARCHIVE:
        raise WeightsUnavailable("%s: archive version %d, the newest readable is %d" % (path.name, version, NEWEST_ARCHIVE))
