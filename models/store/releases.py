"""Versions of a model in S3: which one to serve, its files in this machine's
cache, and which version serves if the current one cannot be loaded.

models/NAME/current.json points to models/NAME/VERSION/, which has the record and the files and
never changes. WEIGHTS_VERSION fixes a version. training/publish.py writes the bucket.
"""

import json
import os
import pathlib
import re
import time
from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Tuple

from api.body import shallow
from models.store.s3 import Bucket, whole
from models.store.weights import Kept, Weights, WeightsUnavailable

# seconds for the files of a start (at 2 MB a second), and for each
# file that comes later; the function and API Gateway wait longer
PATIENCE = 12
VERSION = re.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
ABANDONED = 60  # seconds; an unfinished download this old belongs to a process that has ended


def renewed(
    name: str,
    build: Callable[[Weights], Any],
    last: Optional[Kept],
    coming: Optional[Callable[[], Weights]] = None,
) -> Kept:
    """The version to serve, built. `coming` is its download if that has begun. If the version
    cannot be loaded: `last`, or else a version from the cache.

    Raises WeightsUnavailable if there is none; its text says what was wrong with the version to serve.
    """
    looked = time.monotonic()
    try:
        with Bucket(os.environ["WEIGHTS_BUCKET"], PATIENCE) as bucket:
            weights = coming() if coming else None
            version = weights.folder.name if weights else current(name, bucket)
            if last and last.version == version and not last.folder:
                return Kept(last.value, version, looked)
            weights = weights or release(name, version, bucket)
            weights.hurried = not last
            fresh = Kept(built(build, weights), version, looked)
        discard(name, version)
        return fresh
    except WeightsUnavailable as error:
        fault = str(error)
    if last:
        return last._replace(looked=looked, fault=fault)
    for folder in cached(name):
        try:
            return Kept(built(build, Weights(name, folder)), folder.name, looked, fault, str(folder))
        except WeightsUnavailable:
            continue  # this one is incomplete
    raise WeightsUnavailable(fault)


def fetched(name: str, roles: Tuple[str, ...]) -> Weights:
    """The version to serve, with these files, or all, already read."""
    with Bucket(os.environ["WEIGHTS_BUCKET"], PATIENCE) as bucket:
        weights = release(name, current(name, bucket), bucket)
        weights.hold(*roles)
        return weights


def built(build: Callable[[Weights], Any], weights: Weights) -> Any:
    """build(weights). Any error becomes a WeightsUnavailable: the version
    passed its checks, but it is not what the code expects.
    """
    try:
        return build(weights)
    except WeightsUnavailable:
        raise
    except Exception as error:  # from torch, from numpy, or because the record lacks something
        raise WeightsUnavailable(
            "%s cannot be loaded: %s" % (weights.folder, type(error).__name__)
        ) from error


def current(name: str, bucket: Bucket) -> str:
    """The version to serve: the one in WEIGHTS_VERSION, or the one that the pointer names."""
    if os.environ.get("WEIGHTS_VERSION"):
        return os.environ["WEIGHTS_VERSION"]
    key = "models/%s/current.json" % name
    version = json_at(key, bucket).get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise WeightsUnavailable("%s names no version" % bucket.place(key))
    return version


def release(name: str, version: str, bucket: Bucket) -> Weights:
    """A version, with its record freshly read from the bucket. Its files are downloaded when needed."""
    folder, prefix = cache(name) / version, "models/%s/%s/" % (name, version)
    record = json_at(prefix + name + ".json", bucket)
    if record.get("version") != version:
        raise WeightsUnavailable(
            "%s is the record of another version" % bucket.place(prefix + name + ".json")
        )
    clear_abandoned(name)
    with whole(folder / (name + ".json")) as file:
        file.write(json.dumps(record).encode())

    def fetch(file: str, sha256: str) -> bytes:
        """Download over the connection of the start, or over a new one for a file that is needed later."""
        if bucket.open:
            return bucket.save(prefix + file, folder / file, sha256)
        with Bucket(bucket.name, PATIENCE) as later:
            return later.save(prefix + file, folder / file, sha256)

    return Weights(name, folder, fetch)


def json_at(key: str, bucket: Bucket) -> Dict[str, Any]:
    """A JSON object from the bucket. Raises WeightsUnavailable if it is not JSON."""
    try:
        value = json.loads(shallow(bucket.read(key).decode()))
    except ValueError as error:
        raise WeightsUnavailable("%s: %s" % (bucket.place(key), error)) from error
    return value if isinstance(value, dict) else {}


def cache(name: str) -> pathlib.Path:
    """The folder on this machine with one folder for each version of a model."""
    return pathlib.Path(os.environ.get("WEIGHTS_CACHE") or "/tmp/weights") / name


def cached(name: str) -> List[pathlib.Path]:
    """The versions in the cache, the last used one first. If WEIGHTS_VERSION is set, only that one."""
    used: Dict[pathlib.Path, float] = {}
    for path in cache(name).glob("*/%s.json" % name):
        with suppress(OSError):  # another process is deleting it
            used[path.parent] = path.stat().st_mtime
    newest_first = sorted(used, key=lambda folder: -used[folder])
    return [folder for folder in newest_first if os.environ.get("WEIGHTS_VERSION") in (None, "", folder.name)]


def clear_abandoned(name: str) -> None:
    """Delete unfinished downloads of ended processes, before they fill the disk."""
    with suppress(OSError):  # another process clears as well
        for part in cache(name).glob("*/*.part"):
            # also one dated in the future, in case the clock was set back
            if abs(time.time() - part.stat().st_mtime) > ABANDONED:
                part.unlink()


def discard(name: str, version: str) -> None:
    """Keep only this version, which is in use, and the one before it in the cache, because /tmp is small."""
    for folder in [folder for folder in cached(name) if folder.name != version][1:]:
        import shutil  # 4 ms, for a container that has seen three versions

        shutil.rmtree(str(folder), ignore_errors=True)
