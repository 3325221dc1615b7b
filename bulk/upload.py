"""Uploads to S3 that can be continued after an interruption: lines in parts, pictures one by one."""

import hashlib
import pathlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterator, List, Tuple

from tqdm import tqdm

PART = 16 << 20  # bytes per part; S3 allows ten thousand parts, and at least 5 MiB per part
THREADS = 8


def listed(client: Any, bucket: str, prefix: str) -> Iterator[Dict[str, Any]]:
    """The objects under a prefix, a thousand per call."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def lines(client: Any, bucket: str, key: str, path: pathlib.Path) -> None:
    """Upload a file in parts. What an earlier upload has sent, the whole file or parts, is not sent again."""
    size, tags = path.stat().st_size, [hashlib.md5(chunk) for chunk in chunks(path)]
    whole_tag = hashlib.md5(b"".join(tag.digest() for tag in tags)).hexdigest()
    if any(entry["ETag"] == '"%s-%d"' % (whole_tag, len(tags)) for entry in listed(client, bucket, key)):
        return
    known = client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", [])
    upload = next((entry["UploadId"] for entry in known if entry["Key"] == key), None)
    whole = {"Bucket": bucket, "Key": key}
    whole["UploadId"] = upload or client.create_multipart_upload(**whole)["UploadId"]
    there = dict(parts(client, whole))
    done: List[Dict[str, Any]] = []
    with tqdm(total=size, unit="B", unit_scale=True, desc="upload") as bar:
        for number, chunk in enumerate(chunks(path), 1):
            tag = '"%s"' % tags[number - 1].hexdigest()
            if there.get(number) != tag:
                tag = client.upload_part(**whole, PartNumber=number, Body=chunk)["ETag"]
            done.append({"PartNumber": number, "ETag": tag})
            bar.update(len(chunk))
    client.complete_multipart_upload(**whole, MultipartUpload={"Parts": done})


def chunks(path: pathlib.Path) -> Iterator[bytes]:
    """The parts of a file."""
    with path.open("rb") as file:
        yield from iter(lambda: file.read(PART), b"")


def parts(client: Any, whole: Dict[str, str]) -> Iterator[Tuple[int, str]]:
    """The number and the ETag of each part of an upload that has arrived."""
    for page in client.get_paginator("list_parts").paginate(**whole):
        yield from ((part["PartNumber"], part["ETag"]) for part in page.get("Parts", []))


def pictures(client: Any, bucket: str, prefix: str, wanted: Dict[str, pathlib.Path]) -> None:
    """Make the pictures under the prefix exactly these, {name: file}. Others, which are answered, are
    deleted.
    """
    there = {entry["Key"][len(prefix) :]: entry["Size"] for entry in listed(client, bucket, prefix)}
    gone = [name for name in there if name not in wanted]
    for at in range(0, len(gone), 1000):
        keys = [{"Key": prefix + name} for name in gone[at : at + 1000]]
        client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    new = [(name, path) for name, path in wanted.items() if there.get(name) != path.stat().st_size]

    def put(pair: Tuple[str, pathlib.Path]) -> None:
        client.put_object(Bucket=bucket, Key=prefix + pair[0], Body=pair[1].read_bytes())

    with ThreadPoolExecutor(THREADS) as threads:
        for _ in tqdm(threads.map(put, new), total=len(new), unit=" pictures", desc="upload"):
            pass
