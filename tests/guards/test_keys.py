"""Keys of a deployment that asks for them: who is let in, how often a day, what is
logged, and `make keys`.
"""

import json
import subprocess
import sys

import boto3
import pytest

import handler
from api import keys as serving
from deploy.guards import keys
from deploy.guards.stack import Stack
from tests.conftest import ROOT, Reply, gateway_event
from tests.support.aws import s3_server  # noqa: F401, fixture

STACK = {
    "WeightsBucket": {"Type": "AWS::S3::Bucket"},
    "KeyCounts": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    },
}
ROUTES = {"GET /words": lambda request: {"version": "1"}, "GET /words/vector": lambda request: {"vector": []}}


@pytest.fixture
def stack(s3_server, monkeypatch):  # noqa: F811
    """A stack with a bucket and a table of counts, and a function that asks for keys."""
    settings = {"AWS_ENDPOINT_URL": s3_server, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        settings["AWS_" + name] = "testing"
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    formation = boto3.client("cloudformation")
    formation.create_stack(StackName="torch-on-lambda-dev", TemplateBody=json.dumps({"Resources": STACK}))
    for variable, logical in (("WEIGHTS_BUCKET", "WeightsBucket"), ("KEYS_TABLE", "KeyCounts")):
        found = formation.describe_stack_resource(StackName="torch-on-lambda-dev", LogicalResourceId=logical)
        monkeypatch.setenv(variable, found["StackResourceDetail"]["PhysicalResourceId"])
    bucket = boto3.resource("s3").Bucket(serving.os.environ["WEIGHTS_BUCKET"])
    serving.keys.cache_clear()
    yield formation
    serving.keys.cache_clear()
    bucket.objects.all().delete()
    formation.delete_stack(StackName="torch-on-lambda-dev")


@pytest.fixture
def make_keys(stack, capsys):
    """make_keys("add", "anna") -> the lines that it prints."""

    def words(*line):
        capsys.readouterr()
        keys.main(list(line))
        return capsys.readouterr().out.splitlines()

    return words


def ask(key=None, method="GET", path="/words", query="", header="X-Api-Key"):
    event = gateway_event(method, path, query, None, {header: key} if key else {})
    return Reply(handler.serve("words", ROUTES, event))


@pytest.mark.parametrize(
    "variables, region",
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-north-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, "eu-north-1"),
        ({}, "us-east-1"),
    ],
)
def test_commands_look_where_the_deployment_is(monkeypatch, variables, region):
    """As serverless.yml has it, whatever region a profile names."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Stack("dev").client("s3").meta.region_name == region


def test_a_call_without_a_key_is_told_to_send_one(stack):
    answer = ask()
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'ApiKey header="x-api-key"')
    assert answer.json["detail"].startswith("This API asks for a key: send it in the header x-api-key.")


def test_a_known_key_is_let_in_and_a_wrong_one_is_not(make_keys):
    """The case of the header's name does not matter. A key without its last letter is wrong."""
    key = make_keys("add", "anna")[-1]
    assert ask(key).status == ask(key, header="x-API-key").status == ask(key, "HEAD").status == 200
    for wrong in (key[:-1], key + "x", key.swapcase(), "caf\u00e9", "\ud800", "x" * 5000):
        answer = ask(wrong)
        assert (answer.status, answer.headers["retry-after"]) == (401, "60")
        assert answer.json["detail"].startswith("This key is not known here.")


def test_a_key_with_three_calls_a_day_has_three(make_keys, monkeypatch):
    """Also if another container answers. On the next day it has three again. Other keys are not affected."""
    key, other = make_keys("add", "anna", "--calls-a-day", "3")[-1], make_keys("add", "ben")[-1]
    assert [ask(key).status for _ in range(3)] == [200] * 3
    serving.keys.cache_clear()
    answer = ask(key)
    assert answer.status == 429 and 0 < int(answer.headers["retry-after"]) <= 86_400
    assert answer.json["detail"].startswith("The 3 calls that this key may make a day are used up.")
    assert ask(other).status == 200
    tomorrow = serving.time.time() + 86_400
    monkeypatch.setattr(serving.time, "time", lambda: tomorrow)
    assert [ask(key).status for _ in range(4)] == [200] * 3 + [429]


def test_a_key_that_is_taken_back_stops_working_within_a_minute(make_keys, monkeypatch):
    """A new key also works within a minute, because the list is read again after a minute."""
    key = make_keys("add", "anna")[-1]
    assert ask(key).status == 200
    make_keys("remove", "anna")
    new = make_keys("add", "ben")[-1]
    assert (ask(key).status, ask(new).status) == (200, 401)
    later = serving.time.monotonic() + 61
    monkeypatch.setattr(serving.time, "monotonic", lambda: later)
    assert (ask(key).status, ask(new).status) == (401, 200)


def test_no_key_reaches_the_log_or_the_bucket(make_keys, log):
    """Neither the right key nor a wrong one. The list has a salted hash."""
    key = make_keys("add", "anna", "--calls-a-day", "1")[-1]
    for sent in (key, key, "wrong-" + key, "wrong-marker"):
        ask(sent)
    lines = log.getvalue()
    assert lines.count('"message":"answered"') == 4 and '"status":401' in lines and '"status":429' in lines
    assert key not in lines and "wrong" not in lines and "anna" not in lines
    listed = boto3.client("s3").get_object(Bucket=serving.os.environ["WEIGHTS_BUCKET"], Key="keys.json")
    text = listed["Body"].read().decode()
    assert key not in text and json.loads(text)["keys"]["anna"]["calls_a_day"] == 1


def test_an_answer_that_a_key_opened_is_kept_by_its_caller_alone(make_keys, monkeypatch):
    """A cache in between would give it to callers without a key."""
    key = make_keys("add", "anna")[-1]
    assert ask(key, "GET", "/words/vector", "word=tea").headers["cache-control"] == "private, max-age=3600"
    monkeypatch.delenv("KEYS_TABLE")
    assert ask(None, "GET", "/words/vector", "word=tea").headers["cache-control"] == "public, max-age=3600"


def test_while_the_keys_cannot_be_read_those_known_are_let_in(make_keys, monkeypatch, log):
    """If no key is known yet, it is a 503 with Retry-After. Each failure is a line in the log."""
    key = make_keys("add", "anna")[-1]
    assert ask(key).status == 200
    monkeypatch.setattr(serving, "LOOK", 0)
    monkeypatch.setattr(serving.keys().bucket, "host", "127.0.0.1:9")
    monkeypatch.setattr(serving.keys().bucket, "connection", None)
    assert ask(key).status == 200 and "keys unavailable" in log.getvalue()
    monkeypatch.setattr(serving.keys(), "listed", None)
    answer = ask(key)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.json["detail"].startswith("The keys cannot be read right now.")


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"keys": {"a": 1}}', b'{"keys": {"a": {"id": "1"}}}'])
def test_a_damaged_list_of_keys_opens_nothing(stack, body, log):
    bucket = serving.os.environ["WEIGHTS_BUCKET"]
    boto3.client("s3").put_object(Bucket=bucket, Key="keys.json", Body=body)
    assert ask("marker").status == 503 and "marker" not in log.getvalue()


def test_where_calls_cannot_be_counted_they_are_answered_and_logged(make_keys, monkeypatch, log):
    key = make_keys("add", "anna", "--calls-a-day", "1")[-1]
    monkeypatch.setattr(serving.keys(), "table", "another")
    assert ask(key).status == 200 and "dynamodb answers 400" in log.getvalue()
    monkeypatch.setattr(serving.keys().counts, "host", "127.0.0.1:9")
    monkeypatch.setattr(serving.keys().counts, "connection", None)
    assert ask(key).status == 200 and "ConnectionRefusedError" in log.getvalue()


def test_without_keys_nothing_of_them_is_even_imported():
    code = """import sys, handler, local
event = local.event_of('GET', '/words/vector?word=tea', {}, b'')
assert handler.words(event, None)['statusCode'] == 200
assert not {'api.keys', 'api.aws', 'boto3'} & set(sys.modules)"""
    subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), check=True, stdout=subprocess.DEVNULL)


def test_the_page_and_the_records_ask_for_no_key(stack, monkeypatch):
    """The routes of the function api need none: whoever opens the page may see what exists."""
    monkeypatch.setenv("MODELS", "")
    monkeypatch.delenv("WEIGHTS_BUCKET")
    for path in ("/", "/health", "/openapi.yaml"):
        assert handler.api(gateway_event("GET", path), None)["statusCode"] == 200


def test_keys_are_listed_with_what_they_have_used(make_keys):
    """The list has no key."""
    assert make_keys("list") == [
        'Nobody has a key: make one with `make keys ARGS="add anna --calls-a-day 1000"`.'
    ]
    told = make_keys("add", "anna", "--calls-a-day", "1000")
    assert told[0].startswith("The key of anna, which is shown this once") and len(told[1]) == 43
    make_keys("add", "ben")
    ask(told[1]), ask(told[1])
    lines = make_keys("list")
    assert lines[0].endswith("2 calls today (UTC), 1000 a day") and lines[1].endswith(
        "0 calls today (UTC), no limit"
    )
    assert told[1] not in "".join(lines)


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["add", "anna"], "anna has a key already: remove it first, or take another name."),
        (["add", "a b"], "Give a name of letters, digits and . _ @ -, such as anna."),
        (["add"], "Give a name of letters, digits and . _ @ -, such as anna."),
        (["remove", "ben"], "There is no key of ben: `make keys ARGS=list` names those that are."),
        (["list", "--stage", "prod"], 'There are no keys here: deploy with --param="keys=1" first.'),
    ],
)
def test_what_cannot_be_done_is_one_sentence(make_keys, words, sentence):
    make_keys("add", "anna")
    with pytest.raises(SystemExit) as ended:
        keys.main(words)
    assert str(ended.value).startswith(sentence)


def test_two_who_change_the_keys_at_once_do_not_overwrite_each_other(make_keys):
    one, other = (keys.Shelf(keys.stack.Stack("dev")) for _ in range(2))
    one.save()
    with pytest.raises(keys.stack.Refused, match="try again"):
        other.save()
