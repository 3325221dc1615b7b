"""A real `sls deploy` to a fake AWS on loopback, the deployed functions answering behind an HTTP front, rollbacks, faults, `sls remove`.

Zips run from what was uploaded, on Python 3.13 with nothing beside them. Images are named here and built in test_image.py; their
functions run from the tree, on this Python.
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

import boto3
import pytest
import yaml

import local
from deployed import Deployment
from models import registry

ROOT = pathlib.Path(__file__).parent.parent
TREE = ["api", "deploy", "models", "static", "training", "weights", "Dockerfile", "Makefile", "handler.py", "openapi.yaml", "package.json",
        "package-lock.json", "requirements.txt", "serverless.yml"]
TOOLS = ["node_modules", ".uv"] + [path.name for path in ROOT.glob(".venv-*")]
PYTHON = ROOT / ".venv-3.13" / "bin" / "python"
RUNTIME = ROOT / "build" / "runtime-3.13"
MODELS = sorted(path.stem for path in ROOT.glob("weights/*.json"))
missing = [str(path.relative_to(ROOT)) for path in (PYTHON, RUNTIME, ROOT / "node_modules" / ".bin" / "sls") if not path.exists()]
pytestmark = [
    pytest.mark.deploy,
    pytest.mark.skipif(bool(missing) and not os.environ.get("CI"), reason="nothing is deployed, since there is no %s here" % ", ".join(missing)),
]


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """A fake AWS in its own process; this process and its children are led there, and docker is tests/docker."""
    folder = tmp_path_factory.mktemp("aws")
    shutil.copy(str(ROOT / "tests" / "docker"), str(folder / "docker"))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, str(ROOT / "tests" / "fake_aws.py")], stdout=subprocess.PIPE, stderr=log, universal_newlines=True)
    settings = {"AWS_ENDPOINT_URL": process.stdout.readline().strip(), "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_SESSION_TOKEN": "testing", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
                "SLS_AWS_MONITORING_FREQUENCY": "100", "NODE_NO_WARNINGS": "1", "PATH": "%s:%s" % (folder, os.environ["PATH"])}
    patch = pytest.MonkeyPatch()
    for name, value in settings.items():
        patch.setenv(name, value)
    patch.setattr(boto3, "DEFAULT_SESSION", None)
    yield
    process.terminate()
    process.wait()
    process.stdout.close()
    patch.undo()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the working tree, to deploy from and to change; environments and npm's packages are those that are here."""
    folder = tmp_path_factory.mktemp("tree")
    for name in TREE:
        path = ROOT / name
        shutil.copytree(str(path), str(folder / name)) if path.is_dir() else shutil.copy2(str(path), str(folder / name))
    for name in TOOLS:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def sls(tree, *words):
    """What a person would give in the shell; gives what it prints."""
    done = subprocess.run([str(tree / "node_modules" / ".bin" / "sls"), *words], cwd=str(tree), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, timeout=300)
    assert done.returncode == 0, done.stdout
    return done.stdout


def command_of_a_zip(handler, folder, variables):
    """Python as Lambda has it: the runtime client, the standard library, and the unpacked zip alone."""
    variables["PYTHONPATH"] = "%s:%s" % (folder, RUNTIME)
    return [str(PYTHON), "-S", "-m", "awslambdaric", handler]


def command_of_an_image(handler, folder, variables):
    """What the Dockerfile copies, with this Python's packages in place of the image's."""
    for name in ("handler.py", "api", "models"):
        (folder / name).symlink_to(ROOT / name)
    variables["OMP_NUM_THREADS"] = "1"
    return [sys.executable, "-m", "awslambdaric", handler]


class Site:
    """The deployed API over HTTP."""

    def __init__(self, folder):
        self.deployment = Deployment(folder, {"python3.13": command_of_a_zip, "Image": command_of_an_image})
        self.server = local.Server(("127.0.0.1", 0), local.Gateway)
        self.server.backend = self.deployment
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body), JSON read."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(data) if "json" in answer.headers["content-type"] else data

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.deployment.close()


@pytest.fixture(scope="module")
def deployed(aws, tree):
    """What the first deployment printed."""
    began = time.monotonic()
    printed = sls(tree, "deploy")
    print("\n" + "\n".join(re.findall(r"^(?:build/.*|weights: .*|address: .*)$", printed, re.M)))
    print("sls deploy: %.0f s" % (time.monotonic() - began))
    return printed


@pytest.fixture(scope="module")
def site(deployed, tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("lambda"))
    yield site
    site.close()


@pytest.fixture(scope="module")
def template(deployed, tree):
    """What CloudFormation was given."""
    return json.loads((tree / ".serverless" / "cloudformation-template-update-stack.json").read_text())["Resources"]


def bucket():
    return next(entry for entry in boto3.resource("s3").buckets.all() if "weightsbucket" in entry.name)


def of_type(template, kind):
    return {name: entry["Properties"] for name, entry in template.items() if entry["Type"] == kind}


def test_the_output_is_one_address(deployed):
    """Packages with their sizes, what is current in the bucket, and the address."""
    assert len(re.findall(r"^address: https://\S+$", deployed, re.M)) == 1
    assert re.search(r"^build/words.zip: [\d.]+ MB zipped, [1-5]?\d\.\d MB unzipped$", deployed, re.M)
    for name in MODELS:
        assert re.search(r"^%s: \w+ is current now; it was none.$" % name, deployed, re.M)


def test_the_routes_are_those_of_the_contract(site):
    """Each goes to its model's function; everything else to api."""
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"]
    promised = {"%s %s" % (method.upper(), path) for path, item in contract.items() for method in item} - {"GET /"}
    assert set(site.deployment.routes) == promised | {"$default"}
    for route, function in site.deployment.routes.items():
        assert function.split("-dev-")[1] == local.function_of({"routeKey": route}).__name__


def test_cors_is_that_of_the_local_server(site):
    """What a page elsewhere may send and read."""
    cors = site.deployment.cors
    assert ", ".join(cors["ExposeHeaders"]) == local.CORS["access-control-expose-headers"] and cors["AllowOrigins"] == ["*"]
    assert ", ".join(cors["AllowMethods"]) == local.PREFLIGHT["access-control-allow-methods"] and "AllowCredentials" not in cors
    assert str(cors["MaxAge"]) == local.PREFLIGHT["access-control-max-age"]


def test_the_page_and_the_records_are_served(site):
    status, headers, body = site.ask("GET", "/")
    assert status == 200 and b"<title>" in body and "default-src 'self'" in headers["content-security-policy"]
    assert site.ask("GET", "/health")[2] == {"status": "ok", "models": ["cars", "translation", "words"]}
    assert site.ask("GET", "/trucks")[0] == 404 and site.ask("DELETE", "/cars")[0] == 405


def test_a_picture_goes_in_and_comes_out(site, photo):
    """A raw JPEG in, the car as PNG out, both through base64."""
    status, headers, body = site.ask("POST", "/cars/reconstruct", photo, Content_Type="image/jpeg", Accept="image/png")
    assert status == 200 and body.startswith(b"\x89PNG")


def test_a_word_is_answered_by_the_deployed_zip(site):
    status, _, body = site.ask("GET", "/words/neighbours?word=paris&count=3")
    assert status == 200 and len(body["neighbours"]) == 3


@pytest.mark.skipif("translation" not in MODELS, reason="weights/ has no translation yet")
def test_a_sentence_is_translated(site):
    status, _, body = site.ask("POST", "/translation", json.dumps({"text": "Ein Hund."}), Content_Type="application/json")
    assert status == 200 and "dog" in body["translation"].lower()


def test_a_body_over_6_mb_is_refused(site):
    status, _, body = site.ask("POST", "/cars/reconstruct", bytes(6_000_000), Content_Type="image/jpeg")
    assert status == 413 and body["status"] == 413


def test_nothing_that_a_caller_sends_is_logged(site, photo):
    """One JSON line a call, which names the version that answered; not the marker that was sent."""
    site.ask("GET", "/words/similarity?a=marker&b=marker", X_Marker="marker")
    log = b"".join(site.deployment.containers["torch-on-lambda-dev-words"].log).decode()
    assert '"message":"answered"' in log and "marker" not in log
    assert registry.Weights("words", ROOT / "weights").record["version"] in log


@pytest.mark.parametrize("route", ["/words", "/cars", "/models"])
def test_how_long_a_cold_start_takes_is_told(site, route):
    """Printed: process start to the first answer, weights downloaded and loaded; then warm."""
    container = site.deployment.containers[site.deployment.routes["GET " + route]]
    container.stop()
    shutil.rmtree(container.variables["WEIGHTS_CACHE"], ignore_errors=True)
    times = []
    for _ in range(2):
        began = time.perf_counter()
        status, headers, _ = site.ask("GET", route)
        times.append(1000 * (time.perf_counter() - began))
        assert status == (200 if set(MODELS) >= {"translation"} or route != "/models" else 503)
    print("\nGET %s: start to first answer %.0f ms, warm %.0f ms" % (route, *times))


def point(name, version):
    bucket().put_object(Key="models/%s/current.json" % name, Body=json.dumps({"version": version, "before": []}).encode())


def another_version(name, version, altered=False):
    """A model's files in the bucket under another version; altered, so that the record does not know them, or not."""
    record = registry.Weights(name, ROOT / "weights").record
    for entry in record["files"].values():
        data = (ROOT / "weights" / entry["file"]).read_bytes()
        bucket().put_object(Key="models/%s/%s/%s" % (name, version, entry["file"]), Body=data[:-1] if altered else data)
    bucket().put_object(Key="models/%s/%s/%s.json" % (name, version, name), Body=json.dumps({**record, "version": version}).encode())
    return version


@pytest.fixture
def impatient(site):
    """The words function looks at its pointer at every call: a minute is long."""
    container = site.deployment.containers["torch-on-lambda-dev-words"]
    registry_there = container.folder / "models" / "registry.py"
    text = registry_there.read_text()
    registry_there.write_text(text.replace("LOOK = 30", "LOOK = 0"))
    for compiled in container.folder.glob("models/__pycache__/registry*"):
        compiled.unlink()
    container.stop()
    yield container
    registry_there.write_text(text)
    container.stop()


def test_a_moved_pointer_is_picked_up_and_rolled_back(site, impatient, tree):
    """No deployment in between: the next look at the pointer is enough."""
    first = site.ask("GET", "/words")[2]["version"]
    another_version("words", "second")
    environment = {**os.environ, "WEIGHTS_BUCKET": bucket().name}
    publish = [sys.executable, "-m", "training.publish", "words", "--rollback"]
    subprocess.run(publish + ["second"], cwd=str(ROOT), env=environment, check=True, stdout=subprocess.DEVNULL)
    assert site.ask("GET", "/words")[2]["version"] == "second"
    subprocess.run(publish, cwd=str(ROOT), env=environment, check=True, stdout=subprocess.DEVNULL)
    assert site.ask("GET", "/words")[2]["version"] == first


def test_a_broken_version_leaves_the_last_good_one_in_place(site, impatient):
    """The answer and the log say so; and once the pointer is right, nothing is left of it."""
    first = site.ask("GET", "/words")[2]["version"]
    point("words", another_version("words", "third", altered=True))
    status, headers, body = site.ask("GET", "/words/similarity?a=tea&b=coffee")
    assert status == 200 and 'fallback;desc="words %s"' % first in headers["server-timing"]
    assert "its SHA-256 is" in b"".join(impatient.log).decode()
    point("words", first)
    assert "fallback" not in site.ask("GET", "/words")[1]["server-timing"]


def test_a_container_that_has_nothing_says_come_back(site):
    """503 with Retry-After and a sentence, one line in the log; the next call after the repair is answered."""
    container = site.deployment.containers["torch-on-lambda-dev-words"]
    first = registry.Weights("words", ROOT / "weights").record["version"]
    container.stop()
    shutil.rmtree(container.variables["WEIGHTS_CACHE"])
    bucket().Object("models/words/current.json").delete()
    status, headers, body = site.ask("GET", "/words")
    assert (status, headers["retry-after"]) == (503, "5") and body["detail"].startswith("The model cannot be loaded right now")
    assert "current.json: 404 NoSuchKey" in b"".join(container.log).decode()
    point("words", first)
    assert site.ask("GET", "/words")[0] == 200


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
    policy = of_type(template, "AWS::S3::BucketPolicy")["WeightsBucketPolicy"]["PolicyDocument"]["Statement"]
    assert [one["Effect"] for one in policy] == ["Deny"]


def test_there_are_guards_against_a_surprising_bill(template):
    """Throttling at the gateway, a limit on containers, time-outs under the gateway's 30 s, logs that end, few images."""
    stage = of_type(template, "AWS::ApiGatewayV2::Stage")["HttpApiStage"]["DefaultRouteSettings"]
    assert 0 < int(stage["ThrottlingRateLimit"]) <= 100 and 0 < int(stage["ThrottlingBurstLimit"]) <= 200
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert function["Timeout"] < 30 and function["ReservedConcurrentExecutions"] == 10
    assert {log["RetentionInDays"] for log in of_type(template, "AWS::Logs::LogGroup").values()} == {14}
    name = boto3.client("ecr").describe_repositories()["repositories"][0]["repositoryName"]
    rules = json.loads(boto3.client("ecr").get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])["rules"]
    assert rules[0]["selection"]["countNumber"] == 6
    assert of_type(template, "AWS::CloudWatch::Alarm")["ErrorsAlarm"] and template["ErrorsAlarm"]["Condition"] == "Alarmed"


def test_a_second_deployment_changes_what_has_changed_and_no_more(site, tree, tmp_path):
    """A new line of the page is served; the words function, which has not changed, stays as it is."""
    functions = boto3.client("lambda")
    before = functions.get_function(FunctionName="torch-on-lambda-dev-words")["Configuration"]["CodeSha256"]
    with (tree / "static" / "style.css").open("a") as file:
        file.write("/* changed */\n")
    printed = sls(tree, "deploy")
    assert "words: %s is current already." % registry.Weights("words", ROOT / "weights").record["version"] in printed
    again = Site(tmp_path)
    try:
        assert again.ask("GET", "/style.css")[2].endswith(b"/* changed */\n")
    finally:
        again.close()
    assert functions.get_function(FunctionName="torch-on-lambda-dev-words")["Configuration"]["CodeSha256"] == before


def test_options_of_a_stage_make_alarms_and_warm_containers(aws, tree):
    """--param sets them for once; the template that would be deployed has them."""
    sls(tree, "package", "--stage", "prod", "--param=alarm-email=a@example.com", "--param=warm=1", "--param=most=any", "--package", "build/prod")
    resources = json.loads((tree / "build" / "prod" / "cloudformation-template-update-stack.json").read_text())["Resources"]
    assert of_type(resources, "AWS::SNS::Topic")["Alarms"]["Subscription"] == [{"Protocol": "email", "Endpoint": "a@example.com"}]
    assert len(of_type(resources, "AWS::CloudWatch::Alarm")) == 4
    warm = [entry["ProvisionedConcurrencyConfig"] for entry in of_type(resources, "AWS::Lambda::Alias").values()]
    assert warm == [{"ProvisionedConcurrentExecutions": 1}] * 3
    limits = [entry["ReservedConcurrentExecutions"] for entry in of_type(resources, "AWS::Lambda::Function").values()]
    assert limits == [{"Ref": "AWS::NoValue"}] * 4


def test_remove_leaves_nothing(aws, deployed, tree):
    """No function, bucket, role, log, image or API."""
    sls(tree, "remove")
    client = boto3.client
    assert client("lambda").list_functions()["Functions"] == [] and client("s3").list_buckets()["Buckets"] == []
    assert client("iam").list_roles()["Roles"] == [] and client("logs").describe_log_groups()["logGroups"] == []
    left = [entry["repositoryName"] for entry in client("ecr").describe_repositories()["repositories"]]
    assert not any(name.endswith("-dev") for name in left) and client("apigatewayv2").get_apis()["Items"] == []  # packaging made one for prod
