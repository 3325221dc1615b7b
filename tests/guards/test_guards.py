"""A stage with keys and a budget, deployed to the fake AWS: who is let in, and what happens when the budget
is spent.
"""

import os
import pathlib
import re
import subprocess
import sys

import boto3
import pytest
from botocore.stub import Stubber

from deploy.guards import budget, keys, stop
from tests.deploy import cloud
from tests.deploy.cloud import ROOT, Site, aws, of_type, sls, tree  # noqa: F401, fixtures
from tests.deploy.test_template import compiled

pytestmark = cloud.marks
GUARDED = ["--param=keys=1", "--param=budget=10", "--param=alarm-email=a@example.com"]
FUNCTIONS = ["torch-on-lambda-dev-" + path.parent.name for path in sorted(ROOT.glob("models/*/function.yml"))]
FUNCTIONS = sorted([*FUNCTIONS, "torch-on-lambda-dev-api"])


@pytest.fixture(scope="module")
def deployed(aws, tree):  # noqa: F811
    return sls(tree, "deploy", *GUARDED)


@pytest.fixture(scope="module")
def site(deployed, tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("lambda"))
    yield site
    site.close()


@pytest.fixture
def told(capsys):
    """told(keys, "list") -> the lines that the command prints."""

    def words(command, *line):
        capsys.readouterr()
        command.main(list(line))
        return capsys.readouterr().out.splitlines()

    return words


def test_a_key_with_three_calls_opens_the_deployed_api_three_times(site, told):
    """Over HTTP. A wrong key is 401. The page needs no key. The log has no key."""
    key = told(keys, "add", "anna", "--calls-a-day", "3")[-1]
    path = "/words/similarity?a=tea&b=coffee"
    assert [site.ask("GET", path, x_api_key=key)[0] for _ in range(4)] == [200] * 3 + [429]
    assert (site.ask("GET", path)[0], site.ask("GET", path, x_api_key="wrong" + key)[0]) == (401, 401)
    assert (site.ask("GET", "/")[0], site.ask("GET", "/health")[0], site.ask("HEAD", "/words")[0]) == (
        200,
        200,
        401,
    )
    log = site.deployment.containers["torch-on-lambda-dev-words"].log
    assert log.count('"message":"answered"') >= 7 and key not in log and "wrong" not in log
    assert re.match("anna .* 3 calls today", told(keys, "list")[0])


def test_each_function_reads_the_hashes_and_counts_and_no_more(aws, tree):  # noqa: F811
    """Without these params, the template has nothing about keys or a budget."""
    guarded, plain = compiled(tree, *GUARDED), compiled(tree)
    new = set(guarded) - set(plain)
    assert {"KeyCounts", "Budget", "BudgetStop"} <= new and not set(plain) - set(guarded)
    assert not re.search("KEYS_TABLE|dynamodb|budgets|keys[.]json", str(plain))
    for name, role in of_type(guarded, "AWS::IAM::Role").items():
        actions = re.findall("dynamodb:[A-Za-z]+|keys[.]json", str(role))
        assert actions == (
            [] if name in ("ApiRole", "BudgetStopRole") else ["keys.json", "dynamodb:UpdateItem"]
        )
    table = of_type(guarded, "AWS::DynamoDB::Table")["KeyCounts"]
    assert table["BillingMode"] == "PAY_PER_REQUEST" and "ProvisionedThroughput" not in table


def test_the_budget_mails_at_50_80_and_100_percent_and_stops_at_100(deployed):
    """The budget is ten dollars a month. At 100 %, it also notifies the topic that calls the function."""
    client, account = boto3.client("budgets"), "123456789012"
    (found,) = client.describe_budgets(AccountId=account)["Budgets"]
    assert (found["BudgetLimit"]["Amount"], found["TimeUnit"]) == ("10", "MONTHLY")
    told = client.describe_notifications_for_budget(AccountId=account, BudgetName=found["BudgetName"])
    assert [entry["Threshold"] for entry in told["Notifications"]] == [50, 80, 100]
    (subscription,) = boto3.client("sns").list_subscriptions()["Subscriptions"][-1:]
    assert subscription["Endpoint"].endswith("torch-on-lambda-dev-budget-stop")


def limits():
    client = boto3.client("lambda")
    found = [client.get_function_concurrency(FunctionName=name) for name in FUNCTIONS]
    return [entry.get("ReservedConcurrentExecutions") for entry in found]


def test_a_spent_budget_closes_every_function_and_resume_opens_them(deployed, told):
    """The deployed function runs with its own variables. `make budget` reports what it did."""
    settings = boto3.client("lambda").get_function(FunctionName="torch-on-lambda-dev-budget-stop")
    variables = settings["Configuration"]["Environment"]["Variables"]
    assert sorted(variables["FUNCTIONS"].split(",")) == FUNCTIONS
    resources = boto3.client("cloudformation").get_template(StackName="torch-on-lambda-dev")["TemplateBody"]
    code = resources["Resources"]["BudgetStop"]["Properties"]["Code"]["ZipFile"]
    subprocess.run(
        [sys.executable, "-c", code + "\nhandler({}, None)"], env={**os.environ, **variables}, check=True
    )
    assert limits() == [0] * len(FUNCTIONS)
    assert told(budget)[1] == "Closed: %s." % ", ".join(FUNCTIONS)
    assert told(budget, "resume")[0] == FUNCTIONS[0] + " is open, with 10 containers at most"
    assert limits() == [10] * len(FUNCTIONS) and told(budget)[1] == "All functions are open."
    assert told(budget)[0].startswith("$0.00 of $10.00 are spent this month")


def test_containers_that_are_kept_started_end_first(deployed):
    """They cost money, and Lambda does not accept a limit below their number."""
    client = boto3.client("lambda")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:cars:provisioned"
    with Stubber(client) as stub:
        stub.add_response(
            "list_provisioned_concurrency_configs", {"ProvisionedConcurrencyConfigs": [{"FunctionArn": arn}]}
        )
        stub.add_response(
            "delete_provisioned_concurrency_config", {}, {"FunctionName": "cars", "Qualifier": "provisioned"}
        )
        stub.add_response(
            "put_function_concurrency", {}, {"FunctionName": "cars", "ReservedConcurrentExecutions": 0}
        )
        assert stop.close(client, "cars") == []
        stub.assert_no_pending_responses()


def test_a_function_that_cannot_be_closed_leaves_no_other_open(deployed, monkeypatch):
    """All functions are tried. Then the fault is raised, so that AWS tries again."""
    monkeypatch.setenv("FUNCTIONS", "none," + ",".join(FUNCTIONS))
    with pytest.raises(RuntimeError, match="none: "):
        stop.handler({}, None)
    assert limits() == [0] * len(FUNCTIONS)
    budget.main(["resume"])


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["--param=budget=10"], 'A budget mails: give --param="alarm-email=you@example.com" with it.'),
        (["--param=budget=ten", "--param=alarm-email=a@b.c"], "A budget is dollars a month, such as"),
        (["--param=budget=-1", "--param=alarm-email=a@b.c"], "A budget is dollars a month, such as"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_told_first(aws, tree, words, sentence):  # noqa: F811
    done = subprocess.run(
        [str(pathlib.Path(tree) / "node_modules" / ".bin" / "sls"), "package", *words],
        cwd=str(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert done.returncode == 1 and sentence in done.stdout and "zipped" not in done.stdout


def test_removing_leaves_nothing_of_the_guards(site, tree):  # noqa: F811
    """No table, budget, topic or function is left."""
    sls(tree, "remove", *GUARDED)
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []
    assert boto3.client("budgets").describe_budgets(AccountId="123456789012")["Budgets"] == []
    assert boto3.client("sns").list_topics()["Topics"] == []
    assert boto3.client("lambda").list_functions()["Functions"] == []
