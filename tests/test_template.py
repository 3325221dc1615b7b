"""The template that CloudFormation is given, read as an attacker and as who pays would: roles, bucket, limits, and the options of a stage."""

import json

import pytest

import cloud
from cloud import aws, of_type, sls, tree  # noqa: F401, fixtures

pytestmark = cloud.marks


def compiled(tree, *words):  # noqa: F811
    sls(tree, "package", "--package", "build/compiled", *words)
    return json.loads((tree / "build" / "compiled" / "cloudformation-template-update-stack.json").read_text())["Resources"]


@pytest.fixture(scope="module")
def template(aws, tree):  # noqa: F811
    return compiled(tree)


def test_each_role_reads_its_own_weights_and_writes_its_own_log(template):
    """No wildcard actions; four roles, each of one function."""
    functions, roles = of_type(template, "AWS::Lambda::Function"), of_type(template, "AWS::IAM::Role")
    assert len(roles) == len(functions) == 4
    for logical, function in functions.items():
        name = function["FunctionName"].split("-dev-")[1]
        role = roles[function["Role"]["Fn::GetAtt"][0]]
        statements = [one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]]
        granted = {tuple([one["Action"]] if isinstance(one["Action"], str) else one["Action"]): one["Resource"]["Fn::Sub"] for one in statements}
        assert granted == {
            ("logs:CreateLogStream", "logs:PutLogEvents"): "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/lambda/%s:*" % function["FunctionName"],
            ("s3:GetObject",): "${WeightsBucket.Arn}/models/%s" % ("*.json" if name == "api" else name + "/*"),
        }
        assert "ManagedPolicyArns" not in role and all(one["Effect"] == "Allow" for one in statements)


def test_the_bucket_is_private_versioned_and_encrypted(template):
    bucket = of_type(template, "AWS::S3::Bucket")["WeightsBucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True} and bucket["VersioningConfiguration"]["Status"] == "Enabled"
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    statement, = of_type(template, "AWS::S3::BucketPolicy")["WeightsBucketPolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} and len(statement["Resource"]) == 2


def test_there_are_guards_against_a_surprising_bill(template):
    """Throttling at the gateway, a limit on containers, time-outs under the gateway's 30 s, logs that end, few images."""
    stage = of_type(template, "AWS::ApiGatewayV2::Stage")["HttpApiStage"]["DefaultRouteSettings"]
    assert 0 < int(stage["ThrottlingRateLimit"]) <= 100 and 0 < int(stage["ThrottlingBurstLimit"]) <= 200
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["Timeout"] < 30 and function["ReservedConcurrentExecutions"] == 10
    assert {log["RetentionInDays"] for log in of_type(template, "AWS::Logs::LogGroup").values()} == {14}
    assert of_type(template, "AWS::CloudWatch::Alarm")["ErrorsAlarm"] and template["ErrorsAlarm"]["Condition"] == "Alarmed"


def test_options_of_a_stage_make_alarms_and_warm_containers(aws, tree):  # noqa: F811
    """--param sets them for once; the template that would be deployed has them."""
    resources = compiled(tree, "--stage", "prod", "--param=alarm-email=a@example.com", "--param=warm=1", "--param=most=any")
    assert of_type(resources, "AWS::SNS::Topic")["Alarms"]["Subscription"] == [{"Protocol": "email", "Endpoint": "a@example.com"}]
    assert len(of_type(resources, "AWS::CloudWatch::Alarm")) == 4
    warm = [entry["ProvisionedConcurrencyConfig"] for entry in of_type(resources, "AWS::Lambda::Alias").values()]
    assert warm == [{"ProvisionedConcurrentExecutions": 1}] * 3
    limits = [entry["ReservedConcurrentExecutions"] for entry in of_type(resources, "AWS::Lambda::Function").values()]
    assert limits == [{"Ref": "AWS::NoValue"}] * 4
