"""Versions of a model in S3: which one to serve, its files in this machine's cache, and what serves while it cannot be had.

models/NAME/current.json points to models/NAME/VERSION/, where the record and the files lie and never change. WEIGHTS_VERSION
pins a version. The bucket is written by training/publish.py.
"""

import json
import os
import pathlib
import re
import time
from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Tuple

from models.registry import Kept, Weights, WeightsUnavailable
from models.s3 import Bucket, whole

PATIENCE = 12  # seconds for what a start needs, 2 MB a second, and for a file that comes later: the function and API Gateway wait longer
VERSION = re.compile("[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
ABANDONED = 60  # seconds: a download that old was cut by the end of its process


def renewed(name: str, build: Callable[[Weights], Any], last: Optional[Kept], coming: Optional[Callable[[], Weights]] = None) -> Kept:
    """The version to serve, built, which may be coming already; or `last` while that cannot be had; or else one that is in the cache.

    Raises WeightsUnavailable where there is none, which says what was wrong with the version to serve.
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
            continue  # this one was never whole
    raise WeightsUnavailable(fault)


def fetched(name: str, roles: Tuple[str, ...]) -> Weights:
    """The version to serve with these files, or with all, at hand."""
    with Bucket(os.environ["WEIGHTS_BUCKET"], PATIENCE) as bucket:
        weights = release(name, current(name, bucket), bucket)
        weights.hold(*roles)
        return weights


def built(build: Callable[[Weights], Any], weights: Weights) -> Any:
    """build(weights), where whatever is wrong with a version is one fault: it passed its checks, but is not what the code expects."""
    try:
        return build(weights)
    except WeightsUnavailable:
        raise
    except Exception as error:  # by torch, by numpy, or by what the record lacks
        raise WeightsUnavailable("%s cannot be loaded: %s" % (weights.folder, type(error).__name__)) from error


def current(name: str, bucket: Bucket) -> str:
    """The version to serve: the pinned one, or that of the pointer."""
    if os.environ.get("WEIGHTS_VERSION"):
        return os.environ["WEIGHTS_VERSION"]
    key = "models/%s/current.json" % name
    version = json_at(key, bucket).get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise WeightsUnavailable("%s names no version" % bucket.place(key))
    return version


def release(name: str, version: str, bucket: Bucket) -> Weights:
    """A version with its record new from the bucket; its files come when they are asked for."""
    folder, prefix = cache(name) / version, "models/%s/%s/" % (name, version)
    record = json_at(prefix + name + ".json", bucket)
    if record.get("version") != version:
        raise WeightsUnavailable("%s is the record of another version" % bucket.place(prefix + name + ".json"))
    clear_abandoned(name)
    with whole(folder / (name + ".json")) as file:
        file.write(json.dumps(record).encode())

    def fetch(file: str, sha256: str) -> bytes:
        """Over the connection of the start, and over another for a file that is asked for later on."""
        if bucket.open:
            return bucket.save(prefix + file, folder / file, sha256)
        with Bucket(bucket.name, PATIENCE) as later:
            return later.save(prefix + file, folder / file, sha256)

    return Weights(name, folder, fetch)


def json_at(key: str, bucket: Bucket) -> Dict[str, Any]:
    try:
        value = json.loads(bucket.read(key))
    except (ValueError, RecursionError) as error:
        raise WeightsUnavailable("%s: %s" % (bucket.place(key), error)) from error
    return value if isinstance(value, dict) else {}


def cache(name: str) -> pathlib.Path:
    """Where versions of a model lie on this machine, a folder each."""
    return pathlib.Path(os.environ.get("WEIGHTS_CACHE") or "/tmp/weights") / name


def cached(name: str) -> List[pathlib.Path]:
    """Versions that have been here, the one used last first; of a pinned model that one alone."""
    used: Dict[pathlib.Path, float] = {}
    for path in cache(name).glob("*/%s.json" % name):
        with suppress(OSError):  # another process discards it
            used[path.parent] = path.stat().st_mtime
    newest_first = sorted(used, key=lambda folder: -used[folder])
    return [folder for folder in newest_first if os.environ.get("WEIGHTS_VERSION") in (None, "", folder.name)]


def clear_abandoned(name: str) -> None:
    """Remove what an ended process left of its downloads, before they fill the disk."""
    with suppress(OSError):  # another process clears as well
        for part in cache(name).glob("*/*.part"):
            if abs(time.time() - part.stat().st_mtime) > ABANDONED:  # or of tomorrow, where the clock was put back
                part.unlink()


def discard(name: str, version: str) -> None:
    """Leave this version, which is in use, and the one before in the cache: /tmp is small."""
    for folder in [folder for folder in cached(name) if folder.name != version][1:]:
        import shutil  # 4 ms, for a container that has seen three versions

        shutil.rmtree(str(folder), ignore_errors=True)
