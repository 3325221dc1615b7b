"""Runs what `sls deploy` put into the fake AWS: each function's package under AWS's Runtime Interface Client,
one process each.

Nothing comes from the working tree. Routes, CORS, environments, time-outs, memory and code come from the
deployed stack. local.py is the front, and `Deployment` is its backend.
"""

import http.server
import io
import json
import os
import queue
import subprocess
import threading
import time
import uuid
import zipfile

import boto3

import local

MOST_BYTES = 6 * 1024 * 1024  # of an event and of an answer; Lambda's limit
INSIDE = (
    "PATH",
    "HOME",
    "LANG",
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
)


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """Lambda's API for a function's process: GET the next event, POST its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise every call takes 40 ms longer

    def do_GET(self):
        self.server.ready.set()
        request, event, until = self.server.events.get()
        self.reply(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": request,
                "Lambda-Runtime-Deadline-Ms": str(int(until * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:local",
                "Content-Type": "application/json",
            },
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answers.put((self.path.split("/")[-1], body))
        self.reply(202, b"{}", {})

    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Container:
    """One execution environment of a function. The first event starts it. If it takes too long, it is killed,
    and the next event starts it again.
    """

    def __init__(self, command, folder, variables, seconds, ended=(), printed=None):
        """`ended`: a command that removes what is left when the process has ended. `printed`: the file for
        what it prints; by default beside the folder.
        """
        self.command, self.folder, self.variables, self.seconds, self.ended = (
            command,
            folder,
            variables,
            seconds,
            ended,
        )
        self.api = local.Server(("127.0.0.1", 0), RuntimeApi)
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.process, self.turn = None, threading.Lock()
        self.printed = printed or folder.parent / (folder.name + ".log")
        self.printed.touch()

    def start(self):
        self.api.events, self.api.answers, self.api.ready = queue.Queue(), queue.Queue(), threading.Event()
        inside = {name: os.environ[name] for name in INSIDE if name in os.environ}
        address = "127.0.0.1:%d" % self.api.server_port
        with self.printed.open("ab") as printed:
            self.process = subprocess.Popen(
                self.command,
                cwd=str(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env={**inside, "PYTHONUNBUFFERED": "1", **self.variables, "AWS_LAMBDA_RUNTIME_API": address},
            )

    @property
    def log(self):
        """What it has printed so far, over all starts. It is a file, so the log lines of an answer are there
        with the answer.
        """
        return self.printed.read_text()

    def invoke(self, event):
        """(kind, body) with kind "response" or "error" from the function, or None if the function ended or
        took too long.
        """
        with self.turn:
            if self.process is None or self.process.poll() is not None:
                self.start()
            until = time.time() + self.seconds
            self.api.events.put((uuid.uuid4().hex, event, until))
            while time.time() < until and self.process.poll() is None:
                try:
                    return self.api.answers.get(timeout=0.05)
                except queue.Empty:
                    continue
            self.stop()
            return None, b""

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            if self.ended:
                subprocess.run(self.ended, check=True, stdout=subprocess.DEVNULL)
            self.process = None


def code_of(name):
    """The Code of a function, as CloudFormation got it."""
    formation = boto3.client("cloudformation")
    resources = formation.get_template(StackName=stack())["TemplateBody"]["Resources"].values()
    return next(
        entry["Properties"]["Code"] for entry in resources if entry["Properties"].get("FunctionName") == name
    )


def stack():
    return boto3.client("cloudformation").describe_stacks()["Stacks"][0]["StackName"]


def uploaded(code):
    """The bytes of a function's zip, found in the way that CloudFormation finds them."""
    found = boto3.client("cloudformation").describe_stack_resource(
        StackName=stack(), LogicalResourceId=code["S3Bucket"]["Ref"]
    )
    return (
        boto3.resource("s3")
        .Object(found["StackResourceDetail"]["PhysicalResourceId"], code["S3Key"])
        .get()["Body"]
        .read()
    )


class Deployment:
    """The deployed functions behind the deployed routes. It is called with an event."""

    def __init__(self, folder, commands):
        """`commands`: {runtime or "Image": function that makes Container's arguments from a handler and its
        package}.
        """
        gateway, self.functions = boto3.client("apigatewayv2"), boto3.client("lambda")
        api = gateway.get_apis()["Items"][0]
        self.cors = api["CorsConfiguration"]
        targets = {
            "integrations/" + entry["IntegrationId"]: entry["IntegrationUri"]
            .split(":function:")[1]
            .split("/")[0]
            .split(":")[0]
            for entry in gateway.get_integrations(ApiId=api["ApiId"])["Items"]
        }
        self.routes = {
            entry["RouteKey"]: targets[entry["Target"]]
            for entry in gateway.get_routes(ApiId=api["ApiId"])["Items"]
        }
        self.containers = {
            name: self.container(name, folder / name, commands) for name in sorted(set(self.routes.values()))
        }

    def container(self, name, folder, commands):
        settings = self.functions.get_function(FunctionName=name)["Configuration"]
        kind = settings.get("Runtime") or "Image"
        handler = settings.get("Handler") or settings["ImageConfigResponse"]["ImageConfig"]["Command"][0]
        code = code_of(name)
        folder.mkdir(parents=True)
        if kind != "Image":
            with zipfile.ZipFile(io.BytesIO(uploaded(code))) as archive:
                archive.extractall(str(folder))
        variables = {
            **settings["Environment"]["Variables"],
            "WEIGHTS_CACHE": str(folder.parent / (folder.name + "-tmp")),
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings["MemorySize"]),
        }
        command, *ended = commands[kind](handler, folder, variables, code.get("ImageUri"))
        return Container(command, folder, variables, settings["Timeout"], *ended)

    def __call__(self, event):
        """The answer by the gateway's rules: 6 MB each way, 503 if the function ends or takes too long, 500
        if its answer is not one.
        """
        event["routeKey"] = event["routeKey"] if event["routeKey"] in self.routes else "$default"
        sent = json.dumps(event).encode()
        if len(sent) > MOST_BYTES:
            return self.own(413, "Request Entity Too Large")
        kind, body = self.containers[self.routes[event["routeKey"]]].invoke(sent)
        if kind is None:
            return self.own(503, "Service Unavailable")
        if kind != "response" or len(body) > MOST_BYTES:
            return self.own(500, "Internal Server Error")
        return json.loads(body)

    @staticmethod
    def own(status, message):
        return {
            "statusCode": status,
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"message": message}),
            "isBase64Encoded": False,
        }

    def close(self):
        for container in self.containers.values():
            container.stop()
            container.api.shutdown()
            container.api.server_close()
