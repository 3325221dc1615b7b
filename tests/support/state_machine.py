"""A small Step Functions that runs the state machine of deploy/bulk.yml, state by state, with an S3.

It does what AWS documents about Distributed Map, and nothing else. An unknown field or state is an error.
Items are read from S3 as a stream, selected, put into batches by count and bytes, and given to children.
Retries, catchers, tolerated failures, the limit of 256 KiB and the files of ResultWriter are as in AWS.
"""

import json
import re
import threading
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import boto3
import yaml

MOST_BYTES = 262_144  # of a state's input and output
COMMON = {"Type", "End", "Next"}
FIELDS = {
    "Choice": {"Type", "Choices", "Default"},
    "Succeed": {"Type"},
    "Fail": {"Type", "Error", "Cause"},
    "Task": COMMON
    | {"Resource", "Parameters", "ResultPath", "OutputPath", "TimeoutSeconds", "Retry", "Catch"},
    "Map": COMMON
    | {"Label", "ItemReader", "ItemSelector", "ItemBatcher", "ItemsPath", "MaxConcurrency"}
    | {"MaxConcurrencyPath", "ToleratedFailurePercentage", "ItemProcessor", "ResultWriter"}
    | {"ResultPath", "OutputPath"},
}
RETRY = {"ErrorEquals", "IntervalSeconds", "BackoffRate", "MaxAttempts", "MaxDelaySeconds", "JitterStrategy"}
THREADS = 2  # children that run at the same time here, whatever MaxConcurrency is


class Failed(Exception):
    """An error of a state: its name, as Retry and Catch use it, and its cause."""

    def __init__(self, error, cause=""):
        super().__init__("%s: %s" % (error, cause))
        self.error, self.cause = error, cause


def definition(path, name):
    """The Definition of a state machine in a CloudFormation template. CloudFormation's tags do not matter
    here.
    """

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, tag, node: None)
    return yaml.load(path.read_text(), Loader)["Resources"][name]["Properties"]["Definition"]


def at(path, data, context):
    """The value of a reference path, or of one of three intrinsic functions."""
    function = re.fullmatch(r"States\.(Array|Format|UUID)\((.*)\)", path)
    if function:
        name, words = function.group(1), [word for word in re.split(r",\s*", function.group(2)) if word]
        values = [word[1:-1] if word[0] == "'" else at(word, data, context) for word in words]
        return {"Array": lambda: values, "UUID": lambda: str(uuid.uuid4())}.get(
            name, lambda: values[0].replace("{}", "%s") % tuple(values[1:])
        )()
    value = context if path.startswith("$$") else data
    for name, index in re.findall(r"\.([A-Za-z]+)|\[(\d+)\]", path.lstrip("$")):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            raise Failed("States.ParameterPathFailure", path) from None
    return value


def filled(template, data, context):
    """A payload template. Its fields that end in .$ are filled from the input or the context."""
    if isinstance(template, dict):
        return {
            key[:-2] if key.endswith(".$") else key: at(value, data, context)
            if key.endswith(".$")
            else filled(value, data, context)
            for key, value in template.items()
        }
    return template


def small(data):
    """A state's input or output. Raises Failed if it is over the limit."""
    if len(json.dumps(data).encode()) > MOST_BYTES:
        raise Failed("States.DataLimitExceeded", "The state's payload has more than 256 KiB.")
    return data


class Execution:
    """One run of a machine. `invoke(function, payload)` returns an answer or raises Failed."""

    def __init__(self, machine, invoke, wait=time.sleep):
        self.machine, self.invoke, self.wait, self.stopped = machine, invoke, wait, threading.Event()
        self.s3, self.counts = boto3.client("s3"), {"total": 0, "succeeded": 0, "failed": 0}
        self.ended = []  # (status, ResultWriter's entry for the child)

    def run(self, data):
        return self.states(self.machine, data, {})

    def states(self, machine, data, context):
        """Run from StartAt to an end, and return the output."""
        name = machine["StartAt"]
        while True:
            state = machine["States"][name]
            unknown = set(state) - FIELDS[state["Type"]]
            assert not unknown, "%s has fields that this does not know: %s" % (name, unknown)
            data, name = getattr(self, state["Type"].lower())(state, small(data), context)
            if name is None:
                return data

    def choice(self, state, data, context):
        for rule in state["Choices"]:
            try:
                value = at(rule["Variable"], data, context)
            except Failed:
                continue  # as with IsPresent: false
            if rule.get("IsPresent") or ("StringEquals" in rule and value == rule["StringEquals"]):
                return data, rule["Next"]
        return data, state["Default"]

    def succeed(self, state, data, context):
        return data, None

    def fail(self, state, data, context):
        raise Failed(state["Error"], state["Cause"])

    def task(self, state, data, context):
        tries = 0
        while True:
            try:
                result = small(self.resource(state, data, context))
                break
            except Failed as failed:
                rule = matching(state.get("Retry", []), failed.error)
                if rule and tries < rule["MaxAttempts"]:
                    assert set(rule) <= RETRY and rule["JitterStrategy"] in ("FULL", "NONE")
                    pause = rule["IntervalSeconds"] * rule["BackoffRate"] ** tries
                    tries += 1
                    self.wait(min(pause, rule["MaxDelaySeconds"]))
                    continue
                caught = matching(state.get("Catch", []), failed.error)
                if caught is None:
                    raise
                told = {"Error": failed.error, "Cause": failed.cause}
                return put(caught.get("ResultPath", "$"), data, told), caught["Next"]
        return self.onward(state, data, result, context)

    def onward(self, state, data, result, context):
        data = put(state.get("ResultPath", "$"), data, result)
        return at(state.get("OutputPath", "$"), data, context), state.get("Next")

    def resource(self, state, data, context):
        """The two services that tasks call."""
        parameters = filled(state["Parameters"], data, context)
        if self.stopped.is_set():
            raise Failed("States.Runtime", "stopped")
        if state["Resource"] == "arn:aws:states:::lambda:invoke":
            answer = self.invoke(parameters["FunctionName"], small(parameters["Payload"]))
            return {"StatusCode": 200, "Payload": answer}
        assert state["Resource"] == "arn:aws:states:::aws-sdk:s3:putObject"
        return self.s3.put_object(**{**parameters, "Body": json.dumps(parameters["Body"]).encode()})["ETag"]

    def map(self, state, data, context):
        if state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "INLINE":
            results = [
                self.states(state["ItemProcessor"], filled(state["ItemSelector"], data, item), item)
                for item in map(in_context, at(state["ItemsPath"], data, context))
            ]
            return self.onward(state, data, results, context)
        assert state["MaxConcurrencyPath"] and at(state["MaxConcurrencyPath"], data, context) > 0
        children = self.distributed(state, data)
        self.write(state["ResultWriter"], data, children)
        failed = [item for child in children["FAILED"] for item in child["input"]["Items"]]
        if len(failed) * 100 > state["ToleratedFailurePercentage"] * self.counts["total"]:
            raise Failed(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold"
            )
        return self.onward(state, data, {"MapRunArn": "arn", "ResultWriterDetails": {}}, context)

    def distributed(self, state, data):
        """Run the children of a Distributed Map. Returns them by status."""
        children, running, done = {"SUCCEEDED": [], "FAILED": []}, set(), set()
        with ThreadPoolExecutor(THREADS) as threads:
            for batch in self.batches(state, data):
                if self.stopped.is_set():
                    break
                self.counts["total"] += len(batch["Items"])
                running.add(threads.submit(self.child, state["ItemProcessor"], batch))
                if len(running) >= 2 * THREADS:
                    some, running = wait(running, return_when=FIRST_COMPLETED)
                    done |= some
        for future in done | running:
            future.result()  # an error of this runner itself must reach the test
        for status, child in self.ended:
            children[status].append(child)
        return children

    def child(self, processor, batch):
        """Run a child execution. Its failure is counted and kept."""
        try:
            output, status, reason = self.states(processor, batch, {}), "SUCCEEDED", {}
        except Failed as failed:
            output, status, reason = None, "FAILED", {"error": failed.error, "cause": failed.cause}
        self.counts[status.lower()] += len(batch["Items"])
        self.ended.append((status, {"input": batch, "output": output, **reason}))

    def batches(self, state, data):
        """{"BatchInput": …, "Items": […]}, the event of a batched map in AWS's documentation."""
        batcher = state["ItemBatcher"]
        told = filled(batcher["BatchInput"], data, {})
        most = at(batcher["MaxItemsPerBatchPath"], data, {})
        room = batcher["MaxInputBytesPerBatch"] - len(json.dumps(told))
        batch, size = [], 0
        for item in self.items(state["ItemReader"], data):
            if "ItemSelector" in state:
                item = filled(state["ItemSelector"], data, in_context(item))
            length = len(json.dumps(item)) + 2
            assert length <= room, "States.ItemReaderFailed: an item is larger than a batch"
            if batch and (len(batch) == most or size + length > room):
                yield {"BatchInput": told, "Items": batch}
                batch, size = [], 0
            batch, size = batch + [item], size + length
        if batch:
            yield {"BatchInput": told, "Items": batch}

    def items(self, reader, data):
        where = filled(reader["Parameters"], data, {})
        if reader["Resource"] == "arn:aws:states:::s3:listObjectsV2":
            for page in self.s3.get_paginator("list_objects_v2").paginate(**where):
                names = ("Key", "Size", "StorageClass")
                for entry in page.get("Contents", []):
                    yield {"Etag": entry["ETag"], **{name: entry[name] for name in names}}
            return
        assert reader["Resource"] == "arn:aws:states:::s3:getObject"
        assert reader["ReaderConfig"] == {"InputType": "JSONL"}
        for line in self.s3.get_object(**where)["Body"].iter_lines():
            yield json.loads(line)  # a line that is not JSON fails the whole map

    def write(self, writer, data, children):
        """Write PREFIX/UUID/manifest.json and one file per status."""
        assert writer["WriterConfig"] == {"Transformation": "NONE", "OutputType": "JSONL"}
        where = filled(writer["Parameters"], data, {})
        prefix, files = (
            "%s/%s/" % (where["Prefix"], uuid.uuid4()),
            {"SUCCEEDED": [], "FAILED": [], "PENDING": []},
        )
        for status, ones in children.items():
            if ones:
                lines = [
                    json.dumps(
                        {"Status": status, "Input": json.dumps(one["input"]), "Error": one.get("error")}
                    )
                    for one in ones
                ]
                key = prefix + status + "_0.jsonl"
                self.s3.put_object(Bucket=where["Bucket"], Key=key, Body="\n".join(lines).encode())
                files[status].append({"Key": key})
        manifest = json.dumps({"DestinationBucket": where["Bucket"], "MapRunArn": "", "ResultFiles": files})
        self.s3.put_object(Bucket=where["Bucket"], Key=prefix + "manifest.json", Body=manifest.encode())


def in_context(item):
    return {"Map": {"Item": {"Value": item}}}


def matching(rules, error):
    """The first rule that fits this error. States.ALL fits every error except those that AWS excludes."""
    for rule in rules:
        every = "States.ALL" in rule["ErrorEquals"] and error not in (
            "States.DataLimitExceeded",
            "States.Runtime",
        )
        if error in rule["ErrorEquals"] or every:
            return rule
    return None


def put(path, data, result):
    """ResultPath: the result replaces everything, or becomes one field, or is dropped."""
    if path is None:
        return data
    return result if path == "$" else {**data, path[2:]: result}
