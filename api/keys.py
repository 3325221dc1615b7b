"""Who may call, if a deployment asks for keys (KEYS_TABLE is set). A caller sends the key in the header
x-api-key.

keys.json in the weights bucket has a salted hash of each key. It is read at the start and every minute.
DynamoDB counts the calls of each key per day, for all containers together. deploy/guards/keys.py writes
keys.json. A key reaches no log, no answer and no file.
"""

import hmac
import http.client
import json
import os
import time
from functools import lru_cache
from typing import Any, Dict, Optional

from aws_lambda_powertools import Logger

from api.aws import Service, Unset
from api.body import shallow
from api.problems import TooManyRequests, Unauthorized, Unavailable
from api.request import Request

LOOK = 60  # seconds after which the list is read again
OBJECT = "/keys.json"
DAY = 86_400  # seconds
KEPT = 40 * DAY  # DynamoDB keeps a count for 40 days
FAULTS = (OSError, http.client.HTTPException, Unset, ValueError)
NONE = "This API asks for a key: send it in the header x-api-key. The operator of this API gives out keys."
WRONG = "This key is not known here. Check the header x-api-key; a new key is known after a minute."
logger = Logger(service="inference", level="INFO")


def admit(request: Request) -> None:
    """Let a call with a known key through, and count it.

    Raises Unauthorized, TooManyRequests, and Unavailable if the keys cannot be read.
    """
    key = request.headers.get("x-api-key", "").strip()
    if not key:
        raise Unauthorized(NONE, WWW_Authenticate='ApiKey header="x-api-key"')
    with request.timed("key"):
        entry = keys().find(key)
        if entry is None:
            raise Unauthorized(WRONG, WWW_Authenticate='ApiKey header="x-api-key"', Retry_After=str(LOOK))
        keys().count(entry, time.time())
    request.keyed = True


def hashed(key: str, salt: str) -> str:
    """HMAC-SHA-256 of a key. A key has 256 random bits, so a slower hash would not protect it better."""
    return hmac.digest(bytes.fromhex(salt), key.encode("utf-8", "surrogatepass"), "sha256").hex()


def counter(entry: Dict[str, Any], now: float) -> str:
    """The name of the counter for one key and one day (UTC)."""
    return "%s %s" % (entry["id"], time.strftime("%Y-%m-%d", time.gmtime(now)))


class Keys:
    """The list of keys, and their counts per day."""

    def __init__(self) -> None:
        self.bucket = Service("s3", os.environ.get("WEIGHTS_BUCKET", ""))
        self.counts, self.table = Service("dynamodb"), os.environ["KEYS_TABLE"]
        self.listed: Optional[Dict[str, Dict[str, Any]]] = None
        self.looked = float("-inf")  # time of the last look, by time.monotonic

    def find(self, key: str) -> Optional[Dict[str, Any]]:
        """The entry of a key, or None. All entries are compared, each in constant time, so the time tells
        nothing.
        """
        found = None
        for entry in self.current().values():
            if hmac.compare_digest(hashed(key, entry["salt"]), entry["hash"]):
                found = entry
        return found

    def current(self) -> Dict[str, Dict[str, Any]]:
        """{name: entry}. If they cannot be read again, the entries of the last time."""
        if time.monotonic() - self.looked >= LOOK:
            try:
                self.listed, self.looked = self.read(), time.monotonic()
            except FAULTS as error:
                logger.error("keys unavailable", reason="%s %s" % (type(error).__name__, error))
                if self.listed is None:
                    raise Unavailable(
                        "The keys cannot be read right now. Try again in a few seconds.", Retry_After="5"
                    ) from error
                self.looked = time.monotonic()
        return self.listed or {}

    def read(self) -> Dict[str, Dict[str, Any]]:
        """Read keys.json. If it does not exist, nobody has a key yet: S3 says 404, or 403 if we may not list
        the bucket.
        """
        status, body = self.bucket.ask("GET", OBJECT)
        if status == 200:
            return checked(json.loads(shallow(body.decode())))
        if status in (403, 404) and self.listed is None:
            logger.error("no keys", reason="s3 answers %d: no key has been added" % status)
            return {}
        raise OSError("s3 answers %d" % status)

    def count(self, entry: Dict[str, Any], now: float) -> None:
        """Add one call to the key's day. Raises TooManyRequests if the day is full.

        If the call cannot be counted, it is let through: the limits of the gateway still hold, and the API
        keeps answering.
        """
        most = entry.get("calls_a_day")
        question = {
            "TableName": self.table,
            "Key": {"id": {"S": counter(entry, now)}},
            "UpdateExpression": "ADD calls :one SET ends = :ends",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":ends": {"N": str(int(now + KEPT))}},
        }
        if most is not None:
            question["ConditionExpression"] = "attribute_not_exists(calls) OR calls < :most"
            question["ExpressionAttributeValues"][":most"] = {"N": str(most)}
        try:
            status, body = self.counts.ask(
                "POST",
                "/",
                json.dumps(question).encode(),
                content_type="application/x-amz-json-1.0",
                x_amz_target="DynamoDB_20120810.UpdateItem",
            )
        except FAULTS as error:
            logger.error("calls not counted", reason="%s %s" % (type(error).__name__, error))
            return
        if b"ConditionalCheckFailedException" in body:
            raise TooManyRequests(
                "The %d calls that this key may make a day are used up. The day ends at midnight UTC: try "
                "again then." % most,
                Retry_After=str(int(DAY - now % DAY) + 1),
            )
        if status != 200:
            logger.error("calls not counted", reason="dynamodb answers %d" % status)


def checked(found: Any) -> Dict[str, Dict[str, Any]]:
    """The entries of keys.json. Raises ValueError if they are not as deploy/guards/keys.py writes them."""
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise ValueError("keys.json lists no keys")
    for entry in entries.values():
        whole = all(isinstance(entry.get(part), str) for part in ("id", "salt", "hash"))
        if not whole or not isinstance(entry.get("calls_a_day"), (int, type(None))):
            raise ValueError("an entry of keys.json is not whole")
        bytes.fromhex(entry["salt"])
    return entries


@lru_cache(maxsize=None)
def keys() -> Keys:
    """The keys, created by the first call and kept."""
    return Keys()
