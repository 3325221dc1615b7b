"""A batch event in a model's function: each item is answered, and the answers go to the bucket that the batch
names.
"""

import json

import pytest

import handler
from api import batch
from models.registry import WeightsUnavailable
from tests.support.aws import NAME, bucket, s3_server  # noqa: F401, fixtures

POISON = {
    "{no JSON": 400,
    '{"pears": []}': 422,
    json.dumps({"pairs": [["x" * 60_000, "b"]]}): 413,
    '{"pairs": [["tea", "coffee"]]}': 200,
}


class Left:
    """Lambda's context with this many seconds until the time-out."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)

    def get_remaining_time_in_millis(self):
        return 1000 * (self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0])


def event(items, **told):
    told = {"bucket": NAME, "answers": "run/answers/", "route": "POST /words/similarity", **told}
    return {"BatchInput": told, "Items": items}


@pytest.fixture
def place(bucket, monkeypatch):  # noqa: F811
    """The bucket, with weights from the disk."""
    monkeypatch.delenv("WEIGHTS_BUCKET")
    return bucket


def written(place):
    return [
        json.loads(line)
        for entry in place.objects.filter(Prefix="run/answers/")
        for line in entry.get()["Body"].read().splitlines()
    ]


def test_a_bad_item_fails_alone(place):
    """Of four items, three are wrong, each in its own way. Each has its status and its sentence."""
    items = [{"id": at, "body": body} for at, body in enumerate(POISON)]
    left = handler.words(event(items), Left(900))
    assert (left["Items"], left["answered"], left["failed"]) == ([], 4, 3)
    lines = written(place)
    assert [(line["id"], line["status"]) for line in lines] == list(enumerate(POISON.values()))
    assert all(json.loads(line["body"])["detail"] for line in lines[:3])


def test_the_fields_may_come_as_a_query(place):
    """A row of a table is sent as a query; 007 stays a text."""
    item = {"id": 1, "query": "a=007&b=tea"}
    handler.words(event([item], route="GET /words/similarity"), Left(900))
    (line,) = written(place)
    assert json.loads(line["body"])["a"]["word"] == "007"


def test_a_picture_is_read_from_the_bucket(place, photo):
    """The name gives the type. The query in the route counts too."""
    place.put_object(Key="run/pictures/a b.jpg", Body=photo)
    item = {"id": "run/pictures/a b.jpg", "picture": "run/pictures/a b.jpg"}
    handler.cars(event([item], route="POST /cars/reconstruct?find=false", accept="image/png"), Left(900))
    (line,) = written(place)
    assert (line["status"], line["type"], line["base64"]) == (200, "image/png", True)


def test_what_there_is_no_time_for_is_left(place):
    """If less than a minute is left after the second item, the third goes back to the state machine."""
    items = [{"id": at, "body": '{"pairs": [["tea", "coffee"]]}'} for at in range(3)]
    left = handler.words(event(items), Left(100, 30))
    assert left["Items"] == items[2:] and left["answered"] == 2
    assert handler.words(left, Left(900))["Items"] == []
    assert sorted(line["id"] for line in written(place)) == [0, 1, 2]


def test_the_same_batch_again_writes_the_same_object(place):
    """Step Functions may send a batch twice."""
    for _ in range(2):
        handler.words(event([{"id": 1, "body": '{"pairs": [["tea", "coffee"]]}'}]), Left(900))
    assert len(written(place)) == 1


def test_weights_that_cannot_be_had_fail_the_whole_batch(place, monkeypatch):
    """The state machine can send the batch again later. Nothing is written."""
    monkeypatch.setattr(handler, "routes", lambda name: {"POST /words/similarity": unavailable})
    with pytest.raises(batch.NotNow, match="cannot be loaded"):
        handler.words(event([{"id": 1, "body": "{}"}]), Left(900))
    assert written(place) == []


def unavailable(request):
    raise WeightsUnavailable("s3 is away")


def test_a_batch_after_the_dollars_are_spent_is_refused(place):
    with pytest.raises(batch.MostDollars):
        handler.words(event([{"id": 1, "body": "{}"}], until=1.0), Left(900))


def test_a_batch_logs_one_line_and_no_text(place, log):
    """It counts the answers and quotes nothing that was sent."""
    handler.words(event([{"id": 1, "body": '{"pairs": [["tea", "marker"]]}'}]), Left(900))
    (line,) = [line for line in log.getvalue().splitlines()]
    assert json.loads(line)["answered"] == 1 and "marker" not in line


def test_the_put_is_signed_as_awss_own_library_signs_it(monkeypatch):
    """botocore gives the same PUT at the same time the same Authorization."""
    import datetime

    from botocore import auth, awsrequest, credentials
    from models.store import s3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    now = datetime.datetime(2026, 11, 21, 8, 0, 0)
    fixed = type("Fixed", (datetime.datetime,), {"utcnow": classmethod(lambda kind: now)})
    monkeypatch.setattr(auth.datetime, "datetime", fixed)
    request = awsrequest.AWSRequest("PUT", "https://b.s3.us-east-1.amazonaws.com/run/a", data=b"line\n")
    keys = credentials.Credentials("testing", "testing", "testing")
    auth.S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
    ours = s3.signed("b.s3.us-east-1.amazonaws.com", "/run/a", now.timetuple(), "PUT", b"line\n")
    assert ours["authorization"] == request.headers["Authorization"]
