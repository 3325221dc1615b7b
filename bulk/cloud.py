"""Bulk work in AWS: upload, an execution of a state machine in deploy/bulk.yml, and its answers as they come.

The functions write their answers to S3 batch by batch, and this fetches them from there. So answers are kept
even if the execution fails, and the progress bar counts every failure.
"""

import argparse
import json
import pathlib
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Set

from api.response import problem
from bulk import routes, upload
from bulk.here import Ended, TooLong
from bulk.progress import Progress
from bulk.results import AGAIN, Results, agree, remember, unanswered
from deploy.costs import REQUEST, SECOND

LOOK = 2.0  # seconds between two looks at the answers
LINES, PICTURES = 200, 20  # most items per batch
# list prices in dollars, in addition to those in deploy/costs.py: a state transition, a PUT and a GET of S3
TRANSITION, PUT, GET = 25e-6, 5e-6, 0.4e-6
BATCH = (
    REQUEST + 4 * TRANSITION + PUT + GET
)  # the start of a child, its states Answer, Left and Done; and its answers


class Cloud:
    """The deployment of a stage, and the names that it has for the bulk work of one OUTPUT."""

    def __init__(self, stage: str, facts: Dict[str, Any]):
        from deploy.guards.stack import Stack  # with boto3, which work on this machine does not need

        self.stack = stack = Stack(stage)
        outputs = stack.outputs()
        if "BulkBucket" not in outputs:
            raise SystemExit(
                "The stack %s has no bulk work: deploy it with `make deploy ARGS=--param=bulk=1`, or stay on "
                "this machine with LOCAL=1." % stack.name
            )
        self.s3, self.states = stack.client("s3"), stack.client("stepfunctions")
        self.machines = {kind: outputs["Bulk" + kind.capitalize()] for kind in ("lines", "pictures")}
        self.bucket = outputs["BulkBucket"]
        self.most = int(outputs["BulkMost"])
        self.facts = facts
        self.function = "%s-%s-bulk" % (stack.name, facts["model"])
        self.dollars_a_second = routes.function(facts["model"])["memory"] / 1024 * SECOND

    def place(self, name: str) -> str:
        return "%s/%s" % (self.facts["run"], name)

    def running(self) -> bool:
        """Whether the execution that OUTPUT remembers is still running."""
        arn = self.facts.get("execution")
        return bool(arn) and self.states.describe_execution(executionArn=arn)["status"] == "RUNNING"

    def version(self) -> str:
        """The version that the functions serve: the one that the deployment fixes, or the current one."""
        properties = [entry.get("Properties", {}) for entry in self.stack.template().values()]
        for own in [entry for entry in properties if entry.get("FunctionName") == self.function]:
            if own["Environment"]["Variables"]["WEIGHTS_VERSION"]:
                return own["Environment"]["Variables"]["WEIGHTS_VERSION"]
        bucket = self.stack.resource(
            "WeightsBucket", "There are no weights here: `make deploy` uploads them."
        )
        key = "models/%s/current.json" % self.facts["model"]
        return json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())["version"]

    def start(self, results: Results, batch: int, dollars: float) -> bool:
        """Upload what is missing and start an execution. Returns False if nothing is missing."""
        folder, pictures = results.folder, bool(results.source.pictures)
        agree(results, self.facts, self.version())
        self.facts.setdefault("run", "%s-%s" % (self.facts["model"], secrets.token_hex(4)))
        self.facts.setdefault("attempt", 1)
        remember(folder, self.facts)
        lines = self.place("lines-%d.jsonl" % self.facts["attempt"])
        if pictures:
            wanted = {
                item.sent["id"]: pathlib.Path(item.sent["picture"])
                for item in unanswered(results.source, results)
            }
            count = len(wanted)
            upload.pictures(self.s3, self.bucket, self.place("pictures/"), wanted)
        else:
            count = written(results, folder / ".bulk" / "lines.jsonl")
            if count:
                upload.lines(self.s3, self.bucket, lines, folder / ".bulk" / "lines.jsonl")
        if not count:
            return False
        told = {
            "bucket": self.bucket,
            "lines": lines,
            "pictures": self.place("pictures/"),
            "answers": self.place("answers/%d/" % self.facts["attempt"]),
            "written": self.place("written"),
            "function": self.function,
            "route": self.facts["route"],
            "accept": self.facts["accept"],
            "batch": batch or max(1, min(PICTURES if pictures else LINES, -(-count // self.most))),
            "most": self.most,
            "until": int(time.time() + dollars / (self.most * self.dollars_a_second)),
        }
        self.facts["until"] = told["until"]
        name = "%s-%d" % (self.facts["run"], self.facts["attempt"])
        machine = self.machines["pictures" if pictures else "lines"]
        self.facts["execution"] = self.begun(machine, name, told)
        self.facts["attempt"] += 1
        remember(folder, self.facts)
        return True

    def begun(self, machine: str, name: str, told: Dict[str, Any]) -> str:
        """The ARN of the execution with this name. It may have been started before
        this command was killed.
        """
        try:
            return self.states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(told))[
                "executionArn"
            ]
        except self.states.exceptions.ExecutionAlreadyExists:
            return "%s:%s" % (machine.replace(":stateMachine:", ":execution:"), name)

    def stop(self) -> None:
        self.states.stop_execution(executionArn=self.facts["execution"], cause="stopped by make bulk")

    def collect(self, results: Results, seen: Set[str]) -> None:
        """Fetch the answers that are new."""
        keys = [
            entry["Key"]
            for entry in upload.listed(self.s3, self.bucket, self.place("answers/"))
            if entry["Key"] not in seen
        ]
        with ThreadPoolExecutor(upload.THREADS) as threads:
            for at in range(0, len(keys), upload.THREADS):  # this many are in memory at once
                some = keys[at : at + upload.THREADS]
                for body in threads.map(self.fetched, some):
                    results.add([self.answer(line) for line in body.splitlines() if line])
                seen.update(some)

    def fetched(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def answer(self, line: bytes) -> bytes:
        """A line of the functions with the id that the item has in the input. A line of the state Named
        becomes an answer.
        """
        said = json.loads(line)
        if isinstance(said["id"], str):
            said["id"] = said["id"][len(self.place("pictures/")) :]
        if "error" in said:
            error: Any = Ended("The function ended while it answered this: %s." % said["error"])
            if "imeout" in said["error"] or "imedout" in said["error"]:
                error = TooLong("The function took too long: %s." % said["error"])
            told = problem(error)
            said = {"id": said["id"], "status": told.status, "type": told.type, "base64": False}
            said.update(milliseconds=0.0, body=told.data.decode())
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def dollars(self, results: Results, batches: int) -> float:
        """The cost of the answers so far, at list prices."""
        once = (PUT + GET) * results.done if results.source.pictures else 0.0
        return results.milliseconds / 1000 * self.dollars_a_second + batches * BATCH + once


def written(results: Results, path: pathlib.Path) -> int:
    """Write the missing items, one per line, as the state machine reads them. Returns their number."""
    count = 0
    with path.open("w") as file:
        for item in unanswered(results.source, results):
            print(json.dumps(item.sent), file=file)
            count += 1
    return count


def run(asked_for: argparse.Namespace, results: Results, facts: Dict[str, Any]) -> int:
    """Upload, start an execution or return to it, and follow it. Returns 0 if everything is done."""
    with told_in_a_sentence():
        cloud = Cloud(asked_for.stage, facts)
        seen: Set[str] = set()
        running = cloud.running()  # before it collects: the rest of what ends meanwhile is not missed
        if "run" in facts:
            cloud.collect(results, seen)
        if asked_for.stop and running:
            cloud.stop()
        elif asked_for.attach and not running:
            print("Nothing is running any more.")
        elif not running and not asked_for.stop:
            left = asked_for.most_dollars - cloud.dollars(results, len(seen))
            if left <= 0:
                raise SystemExit("The dollars are spent: give more, as ARGS='--most-dollars 20'.")
            running = cloud.start(results, asked_for.batch, left)
        progress = Progress(results, cloud.dollars(results, len(seen)))
        try:
            if running and not followed(cloud, results, seen, progress, asked_for.most_dollars):
                print(
                    "\nIt goes on running. Come back with: make bulk OUTPUT=%s ARGS=--attach" % results.folder
                )
        finally:
            summary = progress.end()
        return int(summary["missing"] + results.states.count(AGAIN) > 0)


def followed(cloud: Cloud, results: Results, seen: Set[str], progress: Progress, most: float) -> bool:
    """Look until the execution has ended. Returns False if it was left running."""
    while True:
        try:
            found = cloud.states.describe_execution(executionArn=cloud.facts["execution"])
            cloud.collect(results, seen)
            progress.show(cloud.dollars(results, len(seen)))
            if found["status"] != "RUNNING":
                told(found, time.time() > cloud.facts.get("until", time.time()))
                return True
            if progress.dollars > most:
                cloud.stop()
                print("\n$%.2f are spent, and it is stopped." % progress.dollars)
            time.sleep(LOOK)
        except KeyboardInterrupt:
            choice = choose()
            if choice == "l":
                return False
            if choice == "s":
                cloud.stop()


def choose() -> str:
    """The answer to Ctrl-C: s, l or g. Without a terminal, the execution is left running."""
    if not sys.stdin.isatty():
        return "l"
    try:
        said = input("\nStop the execution (s), leave it running (l), or go on looking (g)? ")
    except (KeyboardInterrupt, EOFError):
        return "l"
    return said.strip().lower()[:1] or "g"


def told(found: Dict[str, Any], spent: bool) -> None:
    """Print why an execution has ended early."""
    if found["status"] != "SUCCEEDED" and spent:
        print("\nThe time that --most-dollars pays for is over; the functions answer no more of it.")
    if found["status"] != "SUCCEEDED":
        reasons: List[str] = [found[name] for name in ("error", "cause") if found.get(name)]
        print("\nThe execution has ended as %s. %s" % (found["status"], ": ".join(reasons)))


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """Turn what AWS refuses, or an AWS that cannot be reached, into one sentence."""
    from botocore.exceptions import BotoCoreError, ClientError
    from deploy.guards.stack import Refused

    try:
        yield
    except Refused as error:
        raise SystemExit(str(error)) from None
    except (BotoCoreError, ClientError) as error:
        raise SystemExit(
            "AWS: %s\nWhat was answered is kept; run the same command again to go on." % error
        ) from None
