"""A bulk process that dies from one item, and another that never gets its model."""

import json
import os

from api import batch


def answer(item):
    """The function's answer to an item: its own text."""
    line = {"id": item["id"], "status": 200, "type": "application/json", "base64": False}
    return json.dumps({**line, "milliseconds": 1.0, "body": json.dumps({"said": item["body"]})}).encode()


def work(pipe, model, told, log):
    for items in iter(pipe.recv, None):
        if any("poison" in item["body"] for item in items):
            os._exit(1)
        pipe.send(([answer(item) for item in items], [], ""))


def never(pipe, model, told, log):
    for items in iter(pipe.recv, None):
        pipe.send(([], items, str(batch.NotNow("The model cannot be loaded right now."))))
