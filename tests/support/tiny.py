"""A model with one small file. It is published to a bucket as by
training/publish.py, and served from there.
"""

import hashlib
import json

from models import registry


def put(bucket, content, archive=None):
    """Write a version of the model "tiny" and the pointer to it, as training/publish.py does. Returns the
    version.
    """
    files = {"numbers": ("tiny.npz", content)}
    if archive is not None:
        files["network"] = ("tiny.pt", archive)
    hashes = {role: hashlib.sha256(data).hexdigest() for role, (_, data) in files.items()}
    version = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()[:12]
    record = {
        "name": "tiny",
        "version": version,
        "files": {role: {"file": file, "sha256": hashes[role]} for role, (file, _) in files.items()},
    }
    for file, data in [*files.values(), ("tiny.json", json.dumps(record).encode())]:
        bucket.put_object(Key="models/tiny/%s/%s" % (version, file), Body=data)
    point(bucket, version)
    return version


def point(bucket, version):
    bucket.put_object(Key="models/tiny/current.json", Body=json.dumps({"version": version}).encode())


def content(weights):
    """What the model of these tests is built from: the bytes of files that can be loaded."""
    return b"".join(path.read_bytes() for path in weights.files().values())


def tiny():
    return registry.loaded("tiny", content)
