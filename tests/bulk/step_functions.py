"""A fake Step Functions on loopback, for `make bulk`: it serves the state machines of deploy/bulk.yml to
boto3 over HTTP.

python -m tests.bulk.step_functions FOLDER     prints its address, and serves until it is ended
Functions run in this process, started as Lambda starts them. FOLDER remembers executions. If this process is
killed, its running execution is ABORTED afterwards.
"""

import http.server
import json
import os
import pathlib
import sys
import threading
import time

import handler
from api import batch
from models.registry import WeightsUnavailable
from tests.support import state_machine

ROOT = pathlib.Path(__file__).parent.parent.parent
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:torch-on-lambda-dev-bulk-"  # lines, pictures
ECHO = "POST /words/similarity"  # the route of these tests takes its place
LONG = 0.2  # seconds for the text `takes long`


class Context:
    def get_remaining_time_in_millis(self):
        return 900_000


def echo(request):
    """A route for these tests. It answers with the text, but may end the function or take long."""
    request.only("text")
    text = request.text("text")
    if text == "ends the function":
        raise SystemExit
    if text == "takes long":
        time.sleep(LONG)
    return {"said": text}


class Functions:
    """Lambda with the function NAME-bulk of each model. The first `throttled` calls are refused."""

    def __init__(self, throttled=3):
        self.throttled, self.models = throttled, {}
        own = handler.routes
        handler.routes = lambda name: {**own(name), **({ECHO: echo} if name == "words" else {})}

    def __call__(self, function, payload):
        name = function.split("-")[-2]
        if self.throttled:
            self.throttled -= 1
            raise state_machine.Failed("Lambda.TooManyRequestsException", "Rate Exceeded.")
        try:
            return getattr(handler, name)(payload, Context())
        except (batch.MostDollars, batch.NotNow, WeightsUnavailable) as error:
            raise state_machine.Failed(type(error).__name__, str(error)) from None
        except SystemExit:
            raise state_machine.Failed("Runtime.ExitError", "RequestId: Error: Runtime exited") from None


class StepFunctions(http.server.ThreadingHTTPServer):
    """StartExecution, DescribeExecution and StopExecution for the two machines."""

    daemon_threads = True

    def __init__(self, folder, functions, port=0):
        super().__init__(("127.0.0.1", port), Call)
        self.folder, self.functions, self.executions = folder, functions, {}
        self.machines = {
            MACHINE + kind: state_machine.definition(ROOT / "deploy" / "bulk.yml", "Bulk" + kind.capitalize())
            for kind in ("lines", "pictures")
        }

    def known(self, arn):
        path = self.folder / (arn.rpartition(":")[2] + ".json")
        told = json.loads(path.read_text()) if path.exists() else {"status": "ABORTED"}
        if told["status"] == "RUNNING" and arn not in self.executions:
            told["status"] = "ABORTED"
        return {"executionArn": arn, "startDate": 1.0, **told}

    def keep(self, arn, **told):
        path = self.folder / (arn.rpartition(":")[2] + ".json")
        path.with_suffix(".part").write_text(json.dumps(told))
        os.replace(str(path.with_suffix(".part")), str(path))

    def start_execution(self, asked):
        arn = "%s:%s" % (asked["stateMachineArn"].replace(":stateMachine:", ":execution:"), asked["name"])
        execution = self.executions[arn] = state_machine.Execution(
            self.machines[asked["stateMachineArn"]], self.functions, wait=lambda seconds: None
        )
        self.keep(arn, status="RUNNING")

        def run():
            try:
                execution.run(json.loads(asked["input"]))
                self.keep(arn, status="ABORTED" if execution.stopped.is_set() else "SUCCEEDED")
            except state_machine.Failed as failed:
                status = "ABORTED" if execution.stopped.is_set() else "FAILED"
                self.keep(arn, status=status, error=failed.error, cause=failed.cause)

        threading.Thread(target=run, daemon=True).start()
        return {"executionArn": arn, "startDate": 1.0}

    def describe_execution(self, asked):
        return self.known(asked["executionArn"])

    def stop_execution(self, asked):
        self.executions[asked["executionArn"]].stopped.set()
        return {"stopDate": 1.0}


class Call(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = self.headers["x-amz-target"].rpartition(".")[2]
        method = "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)[1:]
        body = json.dumps(getattr(self.server, method)(asked)).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def main():
    handler.logger.setLevel("ERROR")
    server = StepFunctions(pathlib.Path(sys.argv[1]), Functions())
    print("http://127.0.0.1:%d" % server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
