"""Which version of a model is served, and what was built from it. Other code uses store/ through this file.

Records and files are in weights/ beside the code, or in WEIGHTS_FOLDER. If
WEIGHTS_BUCKET is set, they come from S3 (store/releases.py), version by version.
"""

import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar

from models.store.weights import (  # noqa: F401, for those who import them from here
    NEWEST_ARCHIVE,
    Kept,
    Weights,
    WeightsUnavailable,
    archive_version,
    check_archive,
    folder,
    read_record,
    torch_of,
    unpacked,
)

LOOK = 30  # seconds after which a container checks again which version to serve
OBJECT = 30  # seconds that an object of bulk work may take

T = TypeVar("T")

kept: Dict[Tuple[Any, ...], Kept] = {}
locks: Dict[str, threading.Lock] = {}  # by model: threads that ask at the same time would each load it


def loaded(name: str, build: Callable[..., T], *arguments: str) -> T:
    """build(weights, *arguments) for the version to serve. It is built once, and again for each new version.

    Raises WeightsUnavailable if neither this version nor an earlier one can be loaded.
    """
    with locks.setdefault(name, threading.Lock()):
        return current(name, build, *arguments)


def current(name: str, build: Callable[..., T], *arguments: str) -> T:
    """What `loaded` gives, for one thread at a time."""
    key = (name, build) + arguments
    last = kept.get(key)
    if not os.environ.get("WEIGHTS_BUCKET"):
        if last is None or last.folder != str(folder()):
            weights = Weights(name, folder())
            last = kept[key] = Kept(
                build(weights, *arguments), weights.record["version"], folder=str(folder())
            )
    elif last is None or time.monotonic() - last.looked >= LOOK:
        from models.store import releases  # imports http and ssl, 30 ms, needed only in the cloud

        coming = kept.pop((name, ahead), None)
        last = kept[key] = releases.renewed(
            name, lambda weights: build(weights, *arguments), last, coming.value if coming else None
        )
    return last.value


def ahead(name: str, *roles: str) -> None:
    """Start to download a version from S3 with these files, or with all, while the
    caller imports the modules that will read them. The first `loaded` uses it.
    """
    if os.environ.get("WEIGHTS_BUCKET") and not any(key[0] == name for key in kept):
        from models.store import releases

        kept[name, ahead] = Kept(Coming(lambda: releases.fetched(name, roles)).result, "")


class Coming(threading.Thread):
    """The result of a function that runs in its own thread. concurrent.futures
    can do more, but a start would have to import it.
    """

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


def read_object(bucket: str, key: str) -> bytes:
    """An object of another bucket than the weights', for bulk work. Raises WeightsUnavailable."""
    from models.store.s3 import Bucket

    with Bucket(bucket, OBJECT) as opened:
        return opened.read(key)


def write_object(bucket: str, key: str, data: bytes) -> None:
    """Put an object of bulk work into its bucket. Raises WeightsUnavailable."""
    from models.store.s3 import Bucket

    with Bucket(bucket, OBJECT) as opened:
        opened.write(key, data)


def serving() -> Dict[str, Dict[str, Any]]:
    """The version that serves, for each model from S3. If that is the last good
    version, `fault` says what is wrong with the current one.
    """
    return {
        key[0]: {"version": entry.version, "fault": entry.fault}
        for key, entry in list(kept.items())  # others load meanwhile
        if entry.looked < float("inf")
    }


def version(name: str) -> Optional[str]:
    """The version of a model that is loaded here, or None."""
    return next((entry.version for key, entry in list(kept.items()) if key[0] == name), None) or None


def names() -> List[str]:
    """The models that the deployment names, or else those that have a record here."""
    deployed = os.environ.get("MODELS")
    return sorted(deployed.split(",") if deployed else (path.stem for path in folder().glob("*.json")))


def record(name: str) -> Dict[str, Any]:
    """The record of a model: version, files and their hashes, settings, data and its licence, metrics."""
    return loaded(name, told) if os.environ.get("WEIGHTS_BUCKET") else read_record(name, folder())


def told(weights: Weights) -> Dict[str, Any]:
    """Only the record of a version."""
    return weights.record
