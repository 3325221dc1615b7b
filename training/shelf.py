"""The versions of one model in an S3 bucket, each written only once, and
the pointer to the current one. publish.py has the commands.
"""

import base64
import hashlib
import json

import botocore.exceptions
import tqdm


class Refused(Exception):
    """Publishing cannot continue; the text is a sentence for the user."""


class Shelf:
    """The versions of one model in a bucket, and the pointer to the current one."""

    def __init__(self, s3, bucket, name):
        self.s3, self.bucket, self.name, self.prefix = s3, bucket, name, "models/%s/" % name

    def pointer(self):
        """The pointer and its ETag; {} and None if there is none.

        {"version", "before": [versions that were current, the latest
        last], "rolled_back": [versions that were rolled back]}
        """
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=self.prefix + "current.json")
        except self.s3.exceptions.NoSuchKey:
            return {}, None
        try:
            return dict(json.loads(answer["Body"].read())), answer["ETag"]
        except (ValueError, TypeError):
            raise Refused("%scurrent.json is no pointer: delete it, and publish again." % self.prefix)

    def move(self, pointer, etag):
        """Write the pointer, unless it has moved since it was read."""
        body = json.dumps(pointer).encode()
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        self.s3.put_object(
            Bucket=self.bucket,
            Key=self.prefix + "current.json",
            Body=body,
            ContentType="application/json",
            **condition,
        )

    def sha256(self, key):
        """The SHA-256 that S3 keeps for an object, or else that of its bytes; None if there is no object."""
        try:
            kept = self.s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED").get(
                "ChecksumSHA256"
            )
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "404":
                return None
            raise
        return base64.b64decode(kept).hex() if kept else self.hashed(key)

    def hashed(self, key):
        """The SHA-256 of an object's bytes."""
        digest = hashlib.sha256()
        for chunk in self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].iter_chunks(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()

    def put(self, path, version):
        """Upload a file unless it is there already. A file is never replaced, and S3 checks what arrives."""
        key, data = "%s%s/%s" % (self.prefix, version, path.name), path.read_bytes()
        expected = hashlib.sha256(data)
        found = self.sha256(key)
        if found is None:
            with Watched(path, "%s %s" % (version, path.name), len(data)) as body:
                self.s3.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=base64.b64encode(expected.digest()).decode(),
                )
            found = self.sha256(key)
        if found != expected.hexdigest():
            raise Refused(
                "Version %s of %s is in the bucket with another %s, and a version is never overwritten: "
                "export the model again, which gives it another." % (version, self.name, path.name)
            )

    def record(self, version):
        try:
            body = self.s3.get_object(
                Bucket=self.bucket, Key="%s%s/%s.json" % (self.prefix, version, self.name)
            )["Body"]
        except self.s3.exceptions.NoSuchKey:
            raise Refused(
                "There is no version %s of %s in %s: --list names those that are."
                % (version, self.name, self.bucket)
            )
        return json.loads(body.read())

    def faults(self, version):
        """The files of a version that are not what its record says. This reads all of them."""
        entries = self.record(version)["files"].values()
        keys = {"%s%s/%s" % (self.prefix, version, entry["file"]): entry["sha256"] for entry in entries}
        return [key for key, sha256 in keys.items() if self.sha256(key) is None or self.hashed(key) != sha256]

    def versions(self):
        """{version: time of its record}, the oldest first. Without a record, a version is incomplete."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        objects = [entry for page in pages for entry in page.get("Contents", [])]
        came = {
            entry["Key"].split("/")[2]: entry["LastModified"]
            for entry in objects
            if entry["Key"].endswith("/%s.json" % self.name)
        }
        return dict(sorted(came.items(), key=lambda item: item[1]))


class Watched:
    """A file that moves a progress bar when S3's client reads it, which may start again."""

    def __init__(self, path, label, length):
        self.file = path.open("rb")
        self.bar = tqdm.tqdm(desc=label, total=length, unit="B", unit_scale=True)

    def read(self, count=-1):
        data = self.file.read(count)
        self.bar.update(len(data))
        return data

    def seek(self, *place):
        self.bar.n = self.file.seek(*place)
        return self.bar.n

    def tell(self):
        return self.file.tell()

    def __enter__(self):
        return self

    def __exit__(self, *raised):
        self.bar.close()
        self.file.close()
