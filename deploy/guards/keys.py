"""Keys for a deployment that asks for them (`sls deploy --param="keys=1"`): `make keys ARGS="add anna"`.

They are in the weights bucket, as salted hashes, and not in SSM's Parameter Store. The functions read that
bucket anyway, a list of any length is one object with versions, and it costs nothing. A key is shown only
once, here.
"""

import argparse
import json
import re
import secrets
import time

import botocore.exceptions

from api import keys as serving
from deploy.guards import stack

KEY = serving.OBJECT[1:]
NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
MISSING = 'There are no keys here: deploy with --param="keys=1" first.'


class Shelf:
    """keys.json, which only one person at a time may change."""

    def __init__(self, deployed):
        self.table = deployed.resource("KeyCounts", MISSING)
        self.bucket = deployed.resource("WeightsBucket", MISSING)
        self.s3, self.counts = deployed.client("s3"), deployed.client("dynamodb")
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=KEY)
            self.entries, self.etag = json.loads(found["Body"].read())["keys"], found["ETag"]
        except self.s3.exceptions.NoSuchKey:
            self.entries, self.etag = {}, None

    def save(self):
        """Write the list. Raises Refused if somebody else has changed it since it was read."""
        condition = {"IfMatch": self.etag} if self.etag else {"IfNoneMatch": "*"}
        body = json.dumps({"keys": self.entries}, indent=1).encode()
        try:
            self.s3.put_object(
                Bucket=self.bucket, Key=KEY, Body=body, ContentType="application/json", **condition
            )
        except botocore.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise stack.Refused("Somebody else is changing the keys at this moment: try again.")
            raise

    def today(self, entry):
        """The number of calls that a key has used today."""
        key = {"id": {"S": serving.counter(entry, time.time())}}
        found = self.counts.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item", {})
        return int(found.get("calls", {"N": "0"})["N"])


def add(shelf, arguments):
    """Make a key and print it. Nobody can see it again later."""
    name = named(arguments)
    if name in shelf.entries:
        raise stack.Refused("%s has a key already: remove it first, or take another name." % name)
    key, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    shelf.entries[name] = {
        "id": secrets.token_hex(8),
        "salt": salt,
        "hash": serving.hashed(key, salt),
        "calls_a_day": arguments.calls_a_day,
        "added": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    shelf.save()
    print(
        "The key of %s, which is shown this once and works in a minute (%s):"
        % (name, limit(arguments.calls_a_day))
    )
    print(key)


def remove(shelf, arguments):
    """Remove a key. Containers stop accepting it within a minute."""
    if not shelf.entries.pop(named(arguments), None):
        raise stack.Refused(
            "There is no key of %s: `make keys ARGS=list` names those that are." % arguments.name
        )
    shelf.save()
    print("The key of %s is taken back, and stops working within a minute." % arguments.name)


def list_(shelf, arguments):
    """Print the names of the keys, their dates, and how much of today's calls they have used."""
    for name, entry in sorted(shelf.entries.items()):
        told = (name, entry["added"], shelf.today(entry), limit(entry["calls_a_day"]))
        print("%-20s since %s  %d calls today (UTC), %s" % told)
    if not shelf.entries:
        print('Nobody has a key: make one with `make keys ARGS="add anna --calls-a-day 1000"`.')


def named(arguments):
    """The name from the command line, checked."""
    if not arguments.name or not NAME.fullmatch(arguments.name):
        raise stack.Refused("Give a name of letters, digits and . _ @ -, such as anna.")
    return arguments.name


def limit(calls):
    return "no limit" if calls is None else "%d a day" % calls


def command(deployed, arguments):
    {"add": add, "remove": remove, "list": list_}[arguments.what](Shelf(deployed), arguments)


def calls(text):
    """A whole number from 1, for the command line."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("%s is no whole number from 1" % text)
    return int(text)


def main(words=None):
    parser = argparse.ArgumentParser(description="Keys of callers: add, list, remove.")
    parser.add_argument(
        "what", choices=["add", "list", "remove"], help="make a key, name all keys, or take one back"
    )
    parser.add_argument("name", nargs="?", help="whose key, such as anna")
    parser.add_argument(
        "--calls-a-day", type=calls, help="the most calls of a day (UTC); no limit without it"
    )
    stack.run(command, parser, words)


if __name__ == "__main__":
    main()
