"""HTTP: routes, errors, limits, headers and logs, by events and over a real socket."""

import http.client
import importlib
import json
import logging
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile

import pytest
import yaml

import handler
from api.request import LARGEST_SEED
from models import registry
from models.cars import service

ROOT = pathlib.Path(__file__).parent.parent.parent
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text())
SERVICES = [
    importlib.import_module("models.%s.service" % path.parent.name)
    for path in sorted(ROOT.glob("models/*/service.py"))
]
MODELS = sorted(path.stem for path in ROOT.glob("weights/*.json"))


def test_health_names_the_models(call):
    assert call("GET", "/health").json == {"status": "ok", "models": MODELS}
    assert {"cars", "words"} <= set(MODELS)


def test_the_records_are_those_in_weights(call):
    """GET /models answers all of weights/*.json unchanged, and GET /NAME each of them."""
    records = [json.loads((ROOT / "weights" / (name + ".json")).read_text()) for name in MODELS]
    assert call("GET", "/models").json == {"models": records}
    assert [call("GET", "/" + name).json for name in MODELS] == records


@pytest.mark.parametrize("name", MODELS)
def test_every_record_is_what_the_contract_promises(name):
    """A record names its files with hash and size, and has the fields that openapi.yaml requires of every
    record.
    """
    record = json.loads((ROOT / "weights" / (name + ".json")).read_text())
    assert (
        set(CONTRACT["components"]["schemas"]["Record"]["required"]) <= set(record) and record["name"] == name
    )
    promised = re.search(r"schemas/(\w*Record)\b", json.dumps(CONTRACT["paths"]["/" + name]["get"])).group(1)
    parts = CONTRACT["components"]["schemas"][promised].get("allOf", [])
    assert {field for part in parts for field in part.get("required", [])} <= set(record)
    for entry in record["files"].values():
        assert entry["bytes"] == (ROOT / "weights" / entry["file"]).stat().st_size


@pytest.mark.parametrize(
    "path, kept",
    [
        ("/health", "no-store"),
        ("/health?a=1", "no-store"),
        ("/models", "no-cache"),
        ("/?a=1", "no-cache"),
        ("/cars", "no-cache"),
    ],
)
def test_what_may_change_without_notice_is_asked_for_again(call, path, kept):
    """Records and the page have an ETag and are checked each time; health is never stored."""
    answer = call("GET", *path.split("?"))
    assert answer.headers["cache-control"] == kept
    assert ("etag" in answer.headers) == (kept == "no-cache")
    if kept == "no-cache":
        assert call("GET", *path.split("?"), headers={"If-None-Match": answer.headers["etag"]}).status == 304


def test_any_etag_is_known_where_a_caller_asks_for_any(call):
    assert call("GET", "/", headers={"If-None-Match": "*"}).status == 304
    assert call("GET", "/", headers={"If-None-Match": '"another"'}).status == 200


def test_the_page_is_served_with_its_policy_and_an_etag(call):
    """A second visit that sends the ETag gets 304."""
    first = call("GET", "/")
    assert first.status == 200 and first.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in first.headers["content-security-policy"]
    assert call("GET", "/", headers={"If-None-Match": first.headers["etag"]}).status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/../handler.py",
        "/..%2fhandler.py",
        "/static/../handler.py",
        "//etc/passwd",
        "/%00",
        "/weights/cars.pt",
    ],
)
def test_no_path_leads_out_of_the_page(call, path):
    """Only files under static/ are answered."""
    assert call("GET", path).status == 404


def test_an_unknown_path_is_told_the_routes(call):
    answer = call("GET", "/trucks")
    assert answer.status == 404 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json["detail"].startswith('There is nothing at "/trucks". The models are at /')
    assert " /cars, " in answer.json["detail"]


def test_an_unknown_path_of_a_model_is_told_its_routes(call):
    answer = call("GET", "/pictures/paint")
    assert (answer.status, answer.json["detail"]) == (
        404,
        'There is nothing at "/pictures/paint", but at /pictures, /pictures/style, /pictures/dream.',
    )


def test_a_body_that_curl_sends_as_a_form_is_told_how_json_is_sent(call):
    """curl -d 'text=good' sends it so."""
    answer = call(
        "POST",
        "/classification",
        body=b"text=good",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 415
    assert """-H 'Content-Type: application/json' -d '{"name": "value"}'""" in answer.json["detail"]


def test_another_method_is_told_the_right_one(call):
    answer = call("GET", "/cars/generate")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.json == {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "/cars/generate answers POST only.",
    }


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"{", "application/json", 400),
        (b'{"count": NaN}', "application/json", 400),
        (b'{"temperature": 1e999}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[1]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"no parts", "multipart/form-data; boundary=x", 400),
        (b"no parts", "multipart/form-data", 400),
        (b"--x\r\n\r\nno name\r\n--x--\r\n", "multipart/form-data; boundary=x", 400),
        (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" * 101 + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            413,
        ),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"hello", "text/plain", 415),
    ],
)
def test_a_body_that_cannot_be_read_gets_a_sentence(call, body, kind, status):
    """Malformed is 400, the wrong shape is 422, another type is 415, too many parts are 413."""
    answer = call("POST", "/cars/generate", body=body, headers={"Content-Type": kind})
    assert answer.status == answer.json["status"] == status
    assert answer.json["detail"].endswith(".")


def test_a_form_to_a_function_that_has_no_reader_of_forms_is_a_415(call, monkeypatch):
    """The function words has no reader of forms. The contract promises forms only for functions that have
    one.
    """
    monkeypatch.setitem(sys.modules, "requests_toolbelt", None)
    body = b'--b\r\nContent-Disposition: form-data; name="pairs"\r\n\r\n[["car", "truck"]]\r\n--b--\r\n'
    answer = call(
        "POST", "/words/similarity", body=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert (answer.status, answer.json["detail"]) == (
        415,
        "A form cannot be read here. Send application/json.",
    )
    paths = yaml.safe_load((ROOT / "openapi.yaml").read_text())["paths"]
    takers = {
        path.split("/")[1]
        for path, methods in paths.items()
        if "multipart/form-data" in str(methods.get("post", ""))
    }
    assert takers == {
        path.parent.name
        for path in ROOT.glob("models/*/requirements.txt")
        if "requests-toolbelt" in path.read_text()
    }


@pytest.mark.parametrize(
    "data, status", [(b"\xff\xd8\xff" + bytes(4_500_000), 413), (b"GIF89a", 415), (b"PK\x03\x04", 415)]
)
def test_a_picture_that_cannot_be_used_gets_a_sentence(call, data, status):
    """Over 4,500,000 bytes is 413, damaged 400, another type 415."""
    answer = call("POST", "/cars/reconstruct", body=data, headers={"Content-Type": "image/jpeg"})
    assert answer.status == status, answer.json


def test_a_body_marked_as_base64_that_is_not_is_the_callers_mistake():
    """API Gateway never sends such a body; still, it is not a 500."""
    http_context = {
        "requestContext": {"http": {"method": "POST", "path": "/cars/generate"}},
        "rawPath": "/cars/generate",
    }
    event = {**http_context, "routeKey": "POST /cars/generate", "body": "%", "isBase64Encoded": True}
    assert handler.cars(event, None)["statusCode"] == 400


@pytest.mark.parametrize(
    "accept, kind",
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/html, */*;q=0.1", "json"),
        ("image/png", "png"),
        ("image/*", "png"),
        ("IMAGE/JPEG", "jpeg"),
        ("application/json, image/png;q=0.5", "json"),
        ("image/png;q=0.9, application/json;q=0.5", "png"),
        ("image/webp, image/gif;q=0.2", "webp"),
        ("image/avif, image/webp;q=0.8, image/*;q=0.5, */*;q=0.1", "webp"),
        ("image/avif, image/gif;q=0.2", "gif"),
        ("image/png;q=0", "json"),
        ("image/png;q=nan", "json"),
    ],
)
def test_accept_decides_between_json_and_a_picture(call, accept, kind):
    """The entry with the highest quality wins; of equal ones the first."""
    answer = call("POST", "/cars/generate", json={"seed": 1}, headers={"Accept": accept})
    assert answer.headers["content-type"].endswith(kind)


def test_every_answer_says_how_long_its_parts_took(call, photo):
    """Server-Timing names parse, load, forward and encode."""
    timing = call("POST", "/cars/reconstruct", parts=[("image", "car.jpg", photo)]).headers["server-timing"]
    assert [part.split(";")[0] for part in timing.split(", ")][:4] == ["parse", "load", "forward", "encode"]


def test_every_answer_of_a_model_names_its_version(call):
    """Server-Timing has the name and the version of the model. A refusal has none,
    because no model gave it.
    """
    version = json.loads((ROOT / "weights" / "words.json").read_text())["version"]
    assert (
        'model;desc="words %s"' % version
        in call("GET", "/words/similarity", "a=tea&b=coffee").headers["server-timing"]
    )
    known = call("GET", "/words", headers={"If-None-Match": "*"})
    assert known.status == 304 and 'model;desc="words %s"' % version in known.headers["server-timing"]
    assert (
        "model;"
        not in call("GET", "/words/similarity").headers["server-timing"]
        + call("GET", "/health").headers["server-timing"]
    )


def test_our_own_fault_is_a_constant_for_the_caller_and_a_traceback_in_the_log(call, monkeypatch, caplog):
    """The type and the place of the error are in the log. Its text may quote the
    caller, so nobody gets it.
    """
    monkeypatch.setitem(service.ROUTES, "GET /cars", lambda request: 1 / 0)
    logging.getLogger("inference").propagate = True
    answer = call("GET", "/cars")
    assert (
        answer.status == 500
        and answer.json["detail"] == "Something went wrong on our side. It has been logged."
    )
    assert "ZeroDivisionError" in [getattr(line, "error", None) for line in caplog.records]


def test_nothing_that_a_caller_sends_is_logged(call, log):
    """A marker in body, query, field name, file name and headers is in no line of the log."""
    parts = [("image", "marker.jpg", b"marker"), ("marker", "marker")]
    call(
        "POST",
        "/cars/reconstruct",
        "marker=marker",
        parts=parts,
        headers={"X-Marker": "marker", "Accept": "marker"},
    )
    call("POST", "/cars/generate", body=b'{"marker', headers={"Content-Type": "application/json"})
    call("GET", "/marker")
    lines = log.getvalue().lower()
    assert "answered" in lines and "marker" not in lines


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A copy of weights/ that may be damaged. Models are loaded from it, and
    afterwards from the real ones.
    """
    folder = tmp_path / "weights"
    shutil.copytree(str(ROOT / "weights"), str(folder))
    monkeypatch.setenv("WEIGHTS_FOLDER", str(folder))
    yield folder


def flip_a_byte(folder):
    path = folder / "cars.pt"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_off(folder):
    path = folder / "cars.npz"
    path.write_bytes(path.read_bytes()[:-100])


def written_by_a_newer_torch(folder):
    """An archive version that no torch here reads, with its hash in the record."""
    with zipfile.ZipFile(str(folder / "cars.pt"), "w") as archive:
        archive.writestr("archive/version", "99\n")
        archive.writestr("archive/constants.pkl", b"")
    record = json.loads((folder / "cars.json").read_text())
    import hashlib

    record["files"]["network"]["sha256"] = hashlib.sha256((folder / "cars.pt").read_bytes()).hexdigest()
    (folder / "cars.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte,
        cut_off,
        written_by_a_newer_torch,
        lambda folder: (folder / "cars.pt").unlink(),
        lambda folder: (folder / "cars.json").write_text("{"),
        lambda folder: (folder / "cars.json").write_text("{}"),
    ],
)
def test_weights_that_fail_their_check_are_a_503_until_they_are_whole_again(call, weights, damage):
    """torch gets no damaged file. After the repair, the next request is answered."""
    damage(weights)
    answer = call("GET", "/cars")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    shutil.rmtree(str(weights))
    shutil.copytree(str(ROOT / "weights"), str(weights))
    assert call("GET", "/cars").status == 200


def test_every_route_of_the_contract_is_served_and_no_other():
    """openapi.yaml and the services' tables name the same routes."""
    from web import service as site

    promised = {
        "%s %s" % (method.upper(), path) for path, item in CONTRACT["paths"].items() for method in item
    }
    served = (
        {route for model in SERVICES for route in model.ROUTES} | set(site.ROUTES) - {"$default"} | {"GET /"}
    )
    assert promised == served


def test_the_contract_is_valid_openapi():
    from openapi_spec_validator import validate

    validate(CONTRACT)


def test_the_contracts_limits_are_those_of_the_code():
    """The numbers in openapi.yaml and in the services are the same."""
    schemas = CONTRACT["components"]["schemas"]
    assert schemas["Seed"]["maximum"] == LARGEST_SEED
    assert (schemas["Aspect"]["minimum"], schemas["Aspect"]["maximum"]) == service.ASPECTS
    assert schemas["Latent"]["items"]["maximum"] == service.FURTHEST_LATENT
    generate = CONTRACT["paths"]["/cars/generate"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]["properties"]
    assert generate["count"]["maximum"] == generate["latents"]["maxItems"] == service.MOST_PICTURES
    assert schemas["Latent"]["maxItems"] == registry.record("cars")["latent"]
    assert schemas["Attributes"]["additionalProperties"]["maximum"] == service.FURTHEST_EDIT
    assert (schemas["Main"]["maxItems"], schemas["Main"]["items"]["maximum"]) == (
        service.MAIN,
        service.FURTHEST_EDIT,
    )


def test_a_real_server_answers_with_cors_and_keeps_the_connection(server):
    """Two calls on one connection. A page of another origin may read Server-Timing."""
    connection = http.client.HTTPConnection(server.split("//")[1])
    for _ in range(2):
        connection.request(
            "POST", "/cars/generate", json.dumps({"seed": 1}), {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        assert answer.status == 200 and json.loads(answer.read())["seed"] == 1
        assert answer.headers["access-control-allow-origin"] == "*"
    connection.request("OPTIONS", "/cars/generate")
    assert connection.getresponse().status == 204
    connection.close()


def test_a_body_that_the_gateway_would_refuse_is_refused_here(server):
    """10 MB are answered with 413 before they are read."""
    connection = http.client.HTTPConnection(server.split("//")[1])
    connection.putrequest("POST", "/cars/reconstruct")
    connection.putheader("Content-Length", str(10_000_000))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and json.loads(answer.read())["status"] == 413
    connection.close()


def test_a_taken_port_is_one_sentence(server):
    """The second server prints one sentence that names another port."""
    port = server.rsplit(":", 1)[1]
    second = subprocess.run(
        [sys.executable, "local.py", "--port", port],
        cwd=str(ROOT),
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert second.returncode == 1
    assert second.stderr.startswith("Port %s is taken" % port) and second.stderr.count("\n") == 1


def test_importing_the_handler_imports_no_heavy_library():
    """api needs no torch, numpy or Pillow; no service needs torchvision, OpenCV or boto3."""
    code = (
        "import sys, handler; assert not {'torch', 'numpy', 'PIL', 'boto3', 'requests_toolbelt', 'yaml'} & "
        "set(sys.modules); "
        "from models.cars import service; assert not {'torch', 'torchvision', 'cv2', 'boto3'} & "
        "set(sys.modules); "
        "from models.words import service; assert not {'torch', 'torchvision', 'cv2', 'boto3', 'gensim'} & "
        "set(sys.modules); "
        "from models.cars.model import model; model(); assert not {'torchvision', 'cv2', 'boto3'} & "
        "set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), check=True)


def test_no_serving_module_deserialises_but_those_behind_the_check():
    """Only model.py calls torch.jit.load and numpy.load, and translation's ranking.py numpy.load, behind the
    registry. Nothing uses pickle.
    literal_eval reads data and runs nothing.
    """
    serving = (
        [ROOT / "handler.py", ROOT / "local.py"]
        + sorted((ROOT / "api").glob("*.py"))
        + sorted((ROOT / "web").glob("*.py"))
        + sorted((ROOT / "models").rglob("*.py"))
    )
    calls = ("jit.load", "torch.load", "np.load", "pickle.", "marshal.", "yaml.load", "eval(", "exec(")
    texts = {
        path: path.read_text().replace(".eval()", "").replace("ast.literal_eval(", "") for path in serving
    }
    found = {(path.name, name) for path, text in texts.items() for name in calls if name in text}
    assert found == {("model.py", "jit.load"), ("model.py", "np.load"), ("ranking.py", "np.load")}


def test_the_page_over_a_socket_is_the_page(server):
    with urllib.request.urlopen(server + "/") as answer:
        assert b"<title>" in answer.read()


def test_a_start_looks_for_no_garbage_and_later_answers_do():
    code = """import gc, handler, local
print(gc.isenabled())
handler.api(local.event_of('GET', '/health', {}, b''), None)
print(gc.isenabled())"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    ).stdout.splitlines()
    assert (told[0], told[-1]) == ("False", "True")
