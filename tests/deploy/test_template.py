"""The template for CloudFormation, read with the eyes of an attacker and of the person who pays: roles,
bucket, limits, and the options of a stage.
"""

import json
import subprocess
import sys

import pytest

from tests.deploy import cloud
from tests.deploy.cloud import aws, of_type, sls, tree  # noqa: F401, fixtures

pytestmark = cloud.marks
MODELS = sorted(path.parent.name for path in cloud.ROOT.glob("models/*/function.yml"))


def compiled(tree, *words):  # noqa: F811
    sls(tree, "package", "--package", "build/compiled", *words)
    return json.loads(
        (tree / "build" / "compiled" / "cloudformation-template-update-stack.json").read_text()
    )["Resources"]


@pytest.fixture(scope="module")
def template(aws, tree):  # noqa: F811
    return compiled(tree)


def test_each_role_reads_its_own_weights_and_writes_its_own_log(template):
    """No actions have wildcards. There are as many roles as functions, and each function has its own."""
    functions, roles = of_type(template, "AWS::Lambda::Function"), of_type(template, "AWS::IAM::Role")
    assert len(roles) == len(functions) == len(MODELS) + 1
    for logical, function in functions.items():
        name = function["FunctionName"].split("-dev-")[1]
        role = roles[function["Role"]["Fn::GetAtt"][0]]
        statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
        granted = {
            tuple([one["Action"]] if isinstance(one["Action"], str) else one["Action"]): one["Resource"][
                "Fn::Sub"
            ]
            for one in statements
        }
        assert granted == {
            (
                "logs:CreateLogStream",
                "logs:PutLogEvents",
            ): "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/%s:*"
            % function["FunctionName"],
            ("s3:GetObject",): "${WeightsBucket.Arn}/models/%s"
            % ("*.json" if name == "api" else name + "/*"),
        }
        assert "ManagedPolicyArns" not in role and all(one["Effect"] == "Allow" for one in statements)


def test_the_bucket_is_private_versioned_and_encrypted(template):
    bucket = of_type(template, "AWS::S3::Bucket")["WeightsBucket"]
    assert (
        set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        and bucket["VersioningConfiguration"]["Status"] == "Enabled"
    )
    assert (
        bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"][
            "SSEAlgorithm"
        ]
        == "AES256"
    )
    (statement,) = of_type(template, "AWS::S3::BucketPolicy")["WeightsBucketPolicy"]["PolicyDocument"][
        "Statement"
    ]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert (
        statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and len(statement["Resource"]) == 2
    )


def test_there_are_guards_against_a_surprising_bill(template):
    """Throttling at the gateway, a limit on containers, time-outs below the gateway's 30 s, logs that expire,
    few images.
    """
    stage = of_type(template, "AWS::ApiGatewayV2::Stage")["HttpApiStage"]["DefaultRouteSettings"]
    assert 0 < int(stage["ThrottlingRateLimit"]) <= 100 and 0 < int(stage["ThrottlingBurstLimit"]) <= 200
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["Timeout"] < 30 and function["ReservedConcurrentExecutions"] == 10
    assert {log["RetentionInDays"] for log in of_type(template, "AWS::Logs::LogGroup").values()} == {14}
    assert (
        of_type(template, "AWS::CloudWatch::Alarm")["ErrorsAlarm"]
        and template["ErrorsAlarm"]["Condition"] == "Alarmed"
    )


def test_options_of_a_stage_make_alarms_and_warm_containers(aws, tree):  # noqa: F811
    """--param sets them for one deployment. The template of that deployment has them."""
    resources = compiled(
        tree, "--stage", "prod", "--param=alarm-email=a@example.com", "--param=warm=1", "--param=most=any"
    )
    assert of_type(resources, "AWS::SNS::Topic")["Alarms"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": "a@example.com"}
    ]
    assert len(of_type(resources, "AWS::CloudWatch::Alarm")) == len(MODELS) + 1
    warm = [
        entry["ProvisionedConcurrencyConfig"] for entry in of_type(resources, "AWS::Lambda::Alias").values()
    ]
    assert warm == [{"ProvisionedConcurrentExecutions": 1}] * len(MODELS)
    limits = [
        entry["ReservedConcurrentExecutions"]
        for entry in of_type(resources, "AWS::Lambda::Function").values()
    ]
    assert limits == [{"Ref": "AWS::NoValue"}] * (len(MODELS) + 1)


def test_bulk_work_is_there_where_a_stage_asks_for_it(template, aws, tree):  # noqa: F811
    """Without bulk=1 the template has nothing of it. With it, each model has one more function, with its own
    share of containers.
    """
    assert not [name for name in template if "ulk" in name]
    resources = compiled(tree, "--param=bulk=1", "--param=bulk-most=70")
    functions = of_type(resources, "AWS::Lambda::Function")
    bulk = {name: one for name, one in functions.items() if one["FunctionName"].endswith("-bulk")}
    assert {one["FunctionName"] for one in bulk.values()} == {
        "torch-on-lambda-dev-%s-bulk" % name for name in MODELS
    }
    for function in bulk.values():
        assert (function["Timeout"], function["ReservedConcurrentExecutions"]) == (900, 70)
        page = functions[logical_of(functions, function["FunctionName"][: -len("-bulk")])]
        assert page["ReservedConcurrentExecutions"] == 10 and page["Code"] == function["Code"]
    assert not [
        route
        for route in of_type(resources, "AWS::ApiGatewayV2::Integration").values()
        if "Dashbulk" in json.dumps(route)
    ]


def logical_of(functions, name):
    return next(logical for logical, one in functions.items() if one["FunctionName"] == name)


def test_bulk_work_may_do_what_it_must_and_no_more(aws, tree):  # noqa: F811
    """Its state machines start its functions. The functions read pictures, write answers, and read their own
    weights.
    """
    resources = compiled(tree, "--param=bulk=1")
    roles = of_type(resources, "AWS::IAM::Role")
    granted = {}
    for one in roles["BulkRole"]["Policies"][0]["PolicyDocument"]["Statement"]:
        actions = [one["Action"]] if isinstance(one["Action"], str) else one["Action"]
        granted.update(dict.fromkeys(actions, one["Resource"]))
    invoked = {entry["Fn::GetAtt"][0] for entry in granted["lambda:InvokeFunction"]}
    functions = of_type(resources, "AWS::Lambda::Function")
    assert {functions[name]["FunctionName"].endswith("-bulk") for name in invoked} == {True}
    assert len(invoked) == len(MODELS)
    assert [
        action for action, place in granted.items() if place == "*" and not action.startswith("logs:")
    ] == []
    own = roles["WordsBulkRole"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [(one["Action"], one["Resource"]["Fn::Sub"]) for one in own[1:]] == [
        ("s3:GetObject", "${WeightsBucket.Arn}/models/words/*"),
        ("s3:GetObject", "${BulkBucket.Arn}/*/pictures/*"),
        ("s3:PutObject", "${BulkBucket.Arn}/*/answers/*"),
    ]
    rule = of_type(resources, "AWS::S3::Bucket")["BulkBucket"]["LifecycleConfiguration"]["Rules"][0]
    assert rule["ExpirationInDays"] == 7 and rule["AbortIncompleteMultipartUpload"]


def test_a_new_model_has_its_own_function_routes_image_and_role(aws, tree):  # noqa: F811
    """Its folders are enough. Here they are those of the example, with a function that needs torch 2. A
    version of it can be pinned.
    """
    name = max(MODELS) + "_"  # no model of yours has this name
    logical = name.capitalize().replace("_", "Underscore")
    subprocess.run(
        [sys.executable, "-m", "deploy.new_model", name],
        cwd=str(tree),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    file = tree / "models" / name / "function.yml"
    file.write_text(file.read_text().replace("torch: 1.5.1", "torch: 2"))
    resources = compiled(tree, "--param=%s-version=abc" % name)
    function = of_type(resources, "AWS::Lambda::Function")[logical + "LambdaFunction"]
    assert (
        function["ImageConfig"]["Command"] == ["handler." + name]
        and function["Environment"]["Variables"]["WEIGHTS_VERSION"] == "abc"
    )
    routes = {entry["RouteKey"] for entry in of_type(resources, "AWS::ApiGatewayV2::Route").values()}
    assert (
        {"GET /" + name, "POST /" + name} <= routes
        and logical + "Role" in resources
        and logical + "DurationAlarm" in resources
    )
