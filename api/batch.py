"""Bulk work: a batch of items -> one API Gateway event per item -> their answers, one by one.

A batch is `{"BatchInput": {…}, "Items": […]}`. A Distributed Map of Step Functions sends it
(deploy/bulk.yml), and bulk/ sends the same to its own processes. An item has an `id`, and a `body` (JSON as
text), a `query`, or the name of a `picture`.
"""

import base64
import json
import mimetypes
import time
from typing import Any, Callable, Dict, Iterator, List, Tuple

Item = Dict[str, Any]

MOST_BYTES = 16_000_000  # of the answers to one batch; the items after that are left for the next call


class NotNow(Exception):
    """The model cannot be loaded now. The whole batch must be sent again later."""


class MostDollars(Exception):
    """The time that the dollars of this bulk work pay for is over."""


def event_of(told: Dict[str, Any], item: Item, read: Callable[[str], bytes]) -> Dict[str, Any]:
    """The event that API Gateway would send for this item. `told` is the BatchInput; its route may have a
    query.
    """
    method, _, target = told["route"].partition(" ")
    path, _, query = target.partition("?")
    headers = {"accept": told.get("accept") or "application/json", "content-type": "application/json"}
    body = item.get("body")
    if "picture" in item:
        headers["content-type"] = picture_type(item["picture"])
        body = base64.b64encode(read(item["picture"])).decode()
    return {
        "version": "2.0",
        "routeKey": "%s %s" % (method, path),
        "rawPath": path,
        "rawQueryString": "&".join(filter(None, [query, item.get("query")])),
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}},
        "body": body,
        "isBase64Encoded": "picture" in item,
    }


def picture_type(name: str) -> str:
    """The media type for a file of this name. Its real type is read from its bytes later."""
    kind = mimetypes.guess_type(name)[0] or ""
    return kind if kind.startswith("image/") else "application/octet-stream"


def answers(
    told: Dict[str, Any],
    items: List[Item],
    answer: Callable[[Dict[str, Any]], Dict[str, Any]],
    read: Callable[[str], bytes],
) -> Iterator[Tuple[Item, Dict[str, Any]]]:
    """Each item with its answer: {id, status, type, base64, body, milliseconds}. Raises NotNow at a 503."""
    for item in items:
        began = time.perf_counter()
        said = answer(event_of(told, item, read))
        if said["statusCode"] == 503:
            raise NotNow(json.loads(said["body"])["detail"])
        yield (
            item,
            {
                "id": item["id"],
                "status": said["statusCode"],
                "type": said["headers"]["content-type"],
                "base64": said["isBase64Encoded"],
                "body": said["body"],
                "milliseconds": round(1000 * (time.perf_counter() - began), 1),
            },
        )


def some_answers(
    event: Dict[str, Any],
    answer: Callable[[Dict[str, Any]], Dict[str, Any]],
    read: Callable[[str], bytes],
    over: Callable[[], bool],
) -> Tuple[List[bytes], Dict[str, Any]]:
    """Answer as many items as there is time and room for: (lines of answers, a message for the state
    machine).

    The message is the event again with the items that are left, and the counts of the answered ones. Raises
    MostDollars after the time `until` (seconds since 1970) in BatchInput.
    """
    told, items = event["BatchInput"], event["Items"]
    if time.time() > told.get("until", float("inf")):
        raise MostDollars("The time that the dollars pay for is over.")
    lines: List[bytes] = []
    failed = size = 0
    for _, line in answers(told, items, answer, read):
        lines.append(json.dumps(line, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
        failed += line["status"] != 200
        size += len(lines[-1])
        if size > MOST_BYTES or over():
            break
    return lines, {"BatchInput": told, "Items": items[len(lines) :], "answered": len(lines), "failed": failed}
