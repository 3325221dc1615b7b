"""A real `sls deploy` to a fake AWS on loopback. The deployed functions answer over HTTP and in a browser,
use new versions, and survive faults.

Zips run as they were uploaded, on Python 3.13 with nothing else. podman builds and runs the images.
test_faults.py breaks S3.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import boto3
import pytest
import yaml

from tests.support import broken_s3
from tests.deploy import cloud
from tests.deploy import engine
import local
from tests.support.browsing import Cars, Page, visiting
from tests.deploy.cloud import ROOT, Site, aws, bucket, sls, tree  # noqa: F401, fixtures
from tests.deploy.deployed import code_of
from models import registry

MODELS = sorted(path.stem for path in ROOT.glob("weights/*.json"))
pytestmark = cloud.marks


@pytest.fixture(scope="module")
def images(aws, tmp_path_factory):  # noqa: F811
    """Build images if podman is there; CI has it."""
    if engine.missing:
        assert not os.environ.get("CI"), engine.MISSING
        print("\n" + engine.MISSING)
    else:
        began = time.monotonic()
        engine.prepare(tmp_path_factory.mktemp("engine"), aws.setenv)
        print("\nbase and wheels of the images: %.0f s" % (time.monotonic() - began))


@pytest.fixture(scope="module")
def deployed(aws, images, tree):  # noqa: F811
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


def test_the_output_is_one_address(deployed):
    """The packages with their sizes, the current versions in the bucket, and the address."""
    assert len(re.findall(r"^address: https://\S+$", deployed, re.M)) == 1
    assert re.search(r"^build/words.zip: [\d.]+ MB zipped, [1-5]?\d\.\d MB unzipped$", deployed, re.M)
    for name in MODELS:
        assert re.search(r"^%s: \w+ is current now; it was none.$" % name, deployed, re.M)


def test_the_routes_are_those_of_the_contract(site):
    """Each route goes to its model's function. HEAD goes where GET goes. Everything else goes to api."""
    contract = yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"]
    promised = {"%s %s" % (method.upper(), path) for path, item in contract.items() for method in item} - {
        "GET /"
    }
    promised |= {route.replace("GET", "HEAD") for route in promised if route.startswith("GET")}
    assert set(site.deployment.routes) == promised | {"$default"}
    for route, function in site.deployment.routes.items():
        assert function.split("-dev-")[1] == local.function_of({"routeKey": route}).__name__


def test_cors_is_that_of_the_local_server(site):
    """The methods and headers that a page of another origin may send and read."""
    cors = site.deployment.cors
    assert ", ".join(cors["ExposeHeaders"]) == local.CORS["access-control-expose-headers"] and cors[
        "AllowOrigins"
    ] == ["*"]
    assert (
        ", ".join(cors["AllowMethods"]) == local.PREFLIGHT["access-control-allow-methods"]
        and "AllowCredentials" not in cors
    )
    assert str(cors["MaxAge"]) == local.PREFLIGHT["access-control-max-age"]


def test_the_page_and_the_records_are_served(site):
    status, headers, body = site.ask("GET", "/")
    assert status == 200 and b"<title>" in body and "default-src 'self'" in headers["content-security-policy"]
    assert site.ask("GET", "/health")[2] == {"status": "ok", "models": MODELS}
    assert site.ask("GET", "/trucks")[0] == 404 and site.ask("DELETE", "/cars")[0] == 405


def test_a_picture_goes_in_and_comes_out(site, photo):
    """A raw JPEG is sent and a PNG of the car comes back, both through base64."""
    status, headers, body = site.ask(
        "POST", "/cars/reconstruct", photo, Content_Type="image/jpeg", Accept="image/png"
    )
    assert status == 200 and body.startswith(b"\x89PNG")


def test_a_word_is_answered_by_the_deployed_zip(site):
    status, _, body = site.ask("GET", "/words/neighbours?word=paris&count=3")
    assert status == 200 and len(body["neighbours"]) == 3


@pytest.mark.skipif("translation" not in MODELS, reason="weights/ has no translation yet")
def test_a_sentence_is_translated(site):
    status, _, body = site.ask(
        "POST", "/translation", json.dumps({"text": "Ein Hund."}), Content_Type="application/json"
    )
    assert status == 200 and "dog" in body["translation"].lower()


def test_a_body_over_6_mb_is_refused(site):
    status, _, body = site.ask("POST", "/cars/reconstruct", bytes(6_000_000), Content_Type="image/jpeg")
    assert status == 413 and body["status"] == 413


def test_nothing_that_a_caller_sends_is_logged(site, photo):
    """Each call is one JSON line with the version that answered. The marker that was sent is not in it."""
    site.ask("GET", "/words/similarity?a=marker&b=marker", X_Marker="marker")
    log = site.deployment.containers["torch-on-lambda-dev-words"].log
    assert '"message":"answered"' in log and "marker" not in log
    assert registry.Weights("words", ROOT / "weights").record["version"] in log


def emptied(site, name):
    """End a function's container, and empty its /tmp."""
    container = site.deployment.containers["torch-on-lambda-dev-" + name]
    container.stop()
    shutil.rmtree(container.variables.get("WEIGHTS_CACHE", "none"), ignore_errors=True)
    return container


@pytest.mark.parametrize("route", ["/" + name for name in MODELS] + ["/models"])
def test_how_long_a_cold_start_takes_is_told(site, route):
    """It prints the time from process start to ready and to the first answer, with the weights downloaded and
    loaded, and of a warm call.
    """
    container = emptied(site, "api" if route == "/models" else route[1:])
    began = time.perf_counter()
    container.start()
    assert container.api.ready.wait(60)
    times = [1000 * (time.perf_counter() - began)]
    status, headers, _ = site.ask("GET", route)
    times.append(1000 * (time.perf_counter() - began))
    assert status == 200 and "cold" in headers["server-timing"]
    began = time.perf_counter()
    assert site.ask("GET", route)[0] == 200
    times.append(1000 * (time.perf_counter() - began))
    print("\nGET %s: start to ready %.0f ms, to the first answer %.0f ms; warm %.0f ms" % (route, *times))


def test_the_page_works_in_a_browser(site, browser):
    """A car is reconstructed, a word gets its neighbours, a sentence its translation. The console has no
    errors.
    """
    with visiting(browser):
        Cars(browser, site.address).take_example()
    with visiting(browser):
        page = Page(browser, site.address + "/#words?word=paris", "words")
        page.reaches(".neighbours .state", "answered")
        assert page.all(".neighbours .bar")
    with visiting(browser):
        page = Page(browser, site.address + "/#translation?text=Ein+Hund.", "translation")
        page.reaches(".result .state", "answered")
        assert "dog" in page.one(".translated").text.lower()


def point(name, version):
    bucket().put_object(
        Key="models/%s/current.json" % name, Body=json.dumps({"version": version, "before": []}).encode()
    )


def another_version(name, version, altered=False):
    """A model's files in the bucket as another version. `altered`: whether a file no longer matches the
    record.
    """
    record = registry.Weights(name, ROOT / "weights").record
    for entry in record["files"].values():
        data = (ROOT / "weights" / entry["file"]).read_bytes()
        bucket().put_object(
            Key="models/%s/%s/%s" % (name, version, entry["file"]), Body=data[:-1] if altered else data
        )
    bucket().put_object(
        Key="models/%s/%s/%s.json" % (name, version, name),
        Body=json.dumps({**record, "version": version}).encode(),
    )
    return version


@pytest.fixture
def impatient(site):
    """The words function that checks its pointer at every call, because a minute is long."""
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
    """Nothing is deployed: the next look at the pointer is enough."""
    first = site.ask("GET", "/words")[2]["version"]
    another_version("words", "second")
    environment = {**os.environ, "WEIGHTS_BUCKET": bucket().name}
    publish = [sys.executable, "-m", "training.publish", "words", "--rollback"]
    subprocess.run(
        publish + ["second"], cwd=str(ROOT), env=environment, check=True, stdout=subprocess.DEVNULL
    )
    assert site.ask("GET", "/words")[2]["version"] == "second"
    subprocess.run(publish, cwd=str(ROOT), env=environment, check=True, stdout=subprocess.DEVNULL)
    assert site.ask("GET", "/words")[2]["version"] == first


def test_a_broken_version_leaves_the_last_good_one_in_place(site, impatient):
    """The answer and the log say so. When the pointer is right again, nothing of it is left."""
    first = site.ask("GET", "/words")[2]["version"]
    point("words", another_version("words", "third", altered=True))
    status, headers, body = site.ask("GET", "/words/similarity?a=tea&b=coffee")
    assert status == 200 and 'fallback;desc="words %s"' % first in headers["server-timing"]
    assert "its SHA-256 is" in impatient.log
    point("words", first)
    assert "fallback" not in site.ask("GET", "/words")[1]["server-timing"]


def test_a_container_that_has_nothing_says_come_back(site):
    """503 with Retry-After and a sentence, and one line in the log. After the repair, the next call is
    answered.
    """
    container = emptied(site, "words")
    first = registry.Weights("words", ROOT / "weights").record["version"]
    bucket().Object("models/words/current.json").delete()
    status, headers, body = site.ask("GET", "/words")
    assert (status, headers["retry-after"]) == (503, "5") and body["detail"].startswith(
        "The model cannot be loaded right now"
    )
    assert "current.json: 404 NoSuchKey" in container.log
    point("words", first)
    assert site.ask("GET", "/words")[0] == 200


def test_every_fault_of_s3_is_told_in_time(site):
    """503 with Retry-After and a line in the log for each fault of S3. The next request is answered. One
    container survives all faults.
    """
    container, server = emptied(site, "words"), broken_s3.Server()
    container.variables["AWS_ENDPOINT_URL_S3"] = server.address
    slowest = 0
    for name, (server.conduct, says) in broken_s3.CONDUCTS.items():
        began, before = time.monotonic(), len(container.log)
        status, headers, body = site.ask("GET", "/words")
        slowest = max(slowest, time.monotonic() - began)
        assert (status, headers["retry-after"]) == (503, "5"), name
        (line,) = [line for line in container.log[before:].splitlines() if "weights unavailable" in line]
        assert says in line, name
    print("\nfaults of S3: the slowest is told after %.1f s" % slowest)
    assert slowest < 25
    server.conduct = broken_s3.forward(os.environ["AWS_ENDPOINT_URL"])
    assert site.ask("GET", "/words")[0] == 200
    server.close()
    del container.variables["AWS_ENDPOINT_URL_S3"]
    container.stop()


def test_a_second_deployment_changes_what_has_changed_and_no_more(site, tree, tmp_path):  # noqa: F811
    """A new line of the page is served. The words function has not changed and stays as it is, and so does a
    rollback.
    """
    functions = boto3.client("lambda")
    before = functions.get_function(FunctionName="torch-on-lambda-dev-words")["Configuration"]["CodeSha256"]
    with (tree / "static" / "style.css").open("a") as file:
        file.write("/* changed */\n")
    version = registry.Weights("words", ROOT / "weights").record["version"]
    bucket().put_object(
        Key="models/words/current.json",
        Body=json.dumps({"version": "second", "before": [], "rolled_back": [version]}).encode(),
    )
    printed = sls(tree, "deploy")
    assert "words: second stays current, since %s was rolled back" % version in printed and re.search(
        r"^cars: \w+ is current already.$", printed, re.M
    )
    assert (
        json.loads(bucket().Object("models/words/current.json").get()["Body"].read())["version"] == "second"
    )
    again = Site(tmp_path)
    try:
        assert again.ask("GET", "/style.css")[2].endswith(b"/* changed */\n")
    finally:
        again.close()
    assert (
        functions.get_function(FunctionName="torch-on-lambda-dev-words")["Configuration"]["CodeSha256"]
        == before
    )


@pytest.mark.skipif(bool(engine.missing), reason=engine.MISSING)
@pytest.mark.parametrize("name", [name for name in MODELS if registry.torch_of(name) == "1.5.1"])
def test_an_image_is_small_compiled_and_without_cuda(site, name):
    """At most 400 MB with Python and torch, without weights. Every module has its .pyc. CUDA's libraries are
    stubs of some kilobytes.
    """
    image = code_of("torch-on-lambda-dev-" + name)["ImageUri"].rpartition("sha256:")[2]
    size = int(engine.podman("image", "inspect", "--format", "{{.Size}}", image))
    print("\nimage of %s: %.0f MB" % (name, size / 1e6))
    assert size <= 400_000_000
    code = (
        "import pathlib; files = list(pathlib.Path('/srv').rglob('*.py')); "
        "print(sum(not list((path.parent / '__pycache__').glob(path.stem + '.*.pyc')) for path in files), "
        "max([path.stat().st_size for path in pathlib.Path('/srv/torch/lib').glob('*cuda*')], default=0))"
    )
    lines = engine.podman("run", "--rm", "--entrypoint", "python", image, "-c", code).split()
    assert int(lines[-2]) == 0 and int(lines[-1]) < 100_000


def test_images_in_use_outlive_those_before(site):
    """The registry keeps images with a tag, and four without, so it does not grow."""
    client = boto3.client("ecr")
    name = client.describe_repositories()["repositories"][0]["repositoryName"]
    (rule,) = json.loads(client.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])["rules"]
    assert rule["selection"] == {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 4}


def test_remove_leaves_nothing(aws, deployed, tree):  # noqa: F811
    """No function, bucket, role, log, image or API is left."""
    sls(tree, "remove")
    client = boto3.client
    assert (
        client("lambda").list_functions()["Functions"] == [] and client("s3").list_buckets()["Buckets"] == []
    )
    assert (
        client("iam").list_roles()["Roles"] == [] and client("logs").describe_log_groups()["logGroups"] == []
    )
    assert (
        client("ecr").describe_repositories()["repositories"] == []
        and client("apigatewayv2").get_apis()["Items"] == []
    )
