"""The state machines of deploy/bulk.yml must be as AWS documents: checked by cfn-lint, by moto's parser of
the States Language as far as its grammar goes, and by rules that neither has.
"""

import json
import pathlib
import re
import subprocess
import sys

import pytest

from api import batch
from bulk import inputs
from tests.support import state_machine

FILE = pathlib.Path(__file__).parent.parent.parent / "deploy" / "bulk.yml"
MACHINES = ["BulkLines", "BulkPictures"]
BEYOND = ("ItemBatcher", "ToleratedFailurePercentage", "WriterConfig")  # not in moto's grammar


def states(machine):
    """(name, state) of all states, including those in the processors of maps."""
    for name, state in machine["States"].items():
        yield name, state
        yield from states(state["ItemProcessor"]) if "ItemProcessor" in state else ()


def without(value, names):
    if isinstance(value, dict):
        return {key: without(inner, names) for key, inner in value.items() if key not in names}
    return [without(inner, names) for inner in value] if isinstance(value, list) else value


@pytest.fixture(params=MACHINES)
def machine(request):
    return state_machine.definition(FILE, request.param)


def test_cfn_lint_finds_nothing_wrong(machine, tmp_path):
    """Older versions of cfn-lint expect a string as ResultWriter; today's do not."""
    properties = {"RoleArn": "arn:aws:iam::123456789012:role/a", "Definition": machine}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    (tmp_path / "template.json").write_text(json.dumps({"Resources": {"Machine": resource}}))
    command = [str(pathlib.Path(sys.executable).parent / "cfn-lint"), "--format", "parseable"]
    found = subprocess.run(
        [*command, str(tmp_path / "template.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
    ).stdout
    assert [line for line in found.splitlines() if "is not of type 'string'" not in line] == []


def test_moto_parses_what_its_grammar_has(machine):
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    known = json.dumps(without(machine, BEYOND)).replace('"JSONL"', '"JSON"')
    assert AmazonStateLanguageParser.parse(known)


def test_names_are_unique_in_the_whole_machine_and_all_are_reached(machine):
    """The States Language requires it, also across the processors of maps."""
    every = list(states(machine))
    names = [name for name, _ in every]
    assert len(names) == len(set(names))
    reached = set(re.findall(r'"(?:Next|Default|StartAt)": "(\w+)"', json.dumps(machine)))
    assert reached == set(names)


def test_a_batch_fits_into_a_state_and_the_longest_line_into_a_batch(machine):
    """A state gets at most 256 KiB. A batch must have room for one line and its envelope."""
    batcher = next(state for _, state in states(machine) if "ItemBatcher" in state)["ItemBatcher"]
    assert inputs.MOST_LINE + 10_000 < batcher["MaxInputBytesPerBatch"] < state_machine.MOST_BYTES


def test_what_is_throttled_or_cannot_be_had_is_tried_again_with_jitter(machine):
    """The names of the errors are those in api/batch.py and in the store."""
    tasks = [state for _, state in states(machine) if "lambda:invoke" in str(state.get("Resource"))]
    for task in tasks:
        (rule,) = task["Retry"]
        assert {"Lambda.TooManyRequestsException", "Lambda.ServiceException"} < set(rule["ErrorEquals"])
        assert {batch.NotNow.__name__, "WeightsUnavailable"} < set(rule["ErrorEquals"])
        assert rule["JitterStrategy"] == "FULL" and rule["MaxAttempts"] >= 5 and rule["BackoffRate"] == 2
        assert task["Catch"][0]["ErrorEquals"] == [batch.MostDollars.__name__]
    assert len(tasks) == 2


def run(machine, invoke, items, **told):
    """Run only the processor of one batch."""
    each = next(state for _, state in states(machine) if "ItemReader" in state)["ItemProcessor"]
    execution = state_machine.Execution(each, invoke, wait=told.pop("wait", lambda seconds: None))
    return execution.run({"BatchInput": {"function": "f", "answers": "a/", "bucket": "b"}, "Items": items})


def test_what_was_left_is_asked_for_again(machine, monkeypatch):
    """A function that answers two items at once is called three times for five."""
    monkeypatch.setattr(state_machine.boto3, "client", lambda name: None)
    calls = []

    def invoke(function, payload):
        calls.append(len(payload["Items"]))
        return {**payload, "Items": payload["Items"][2:]}

    run(machine, invoke, [{"id": at} for at in range(5)])
    assert calls == [5, 3, 1]


def test_throttling_waits_longer_each_time(machine, monkeypatch):
    """It waits 2, 4 and 8 seconds, before jitter. Then the batch is answered."""
    monkeypatch.setattr(state_machine.boto3, "client", lambda name: None)
    waits, refusals = [], [state_machine.Failed("Lambda.TooManyRequestsException")] * 3

    def invoke(function, payload):
        if refusals:
            raise refusals.pop()
        return {**payload, "Items": []}

    run(machine, invoke, [{"id": 1}], wait=waits.append)
    assert waits == [2, 4, 8]
