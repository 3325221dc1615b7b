"""The part of AWS that a start needs, on this machine: S3 for reading, and the runtime API, which starts a
function and asks it.

Both answer faster than AWS. The time of the real S3 and of the network must be added, for us and for the
peers alike.
"""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
from functools import lru_cache

from bench.speed.peers import ROOT
from models import registry

BUCKET = "weights"
BEFORE = ROOT / "build" / "bench" / "before"  # code and weights of earlier commits, one folder each


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise every call takes 40 ms longer

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Store(Quiet):
    """GET for the published weights, with the paths of training/publish.py, and for the files made for the
    peers.

    A bucket with the name of an earlier commit has the weights of that commit.
    """

    def do_GET(self):
        path = pathlib.PurePosixPath(self.path.partition("?")[0])
        before = BEFORE / path.parts[1] / "weights"
        weights = before if before.exists() else registry.folder()
        if path.name == "current.json":
            return self.reply(
                200,
                json.dumps({"version": registry.read_record(path.parent.name, weights)["version"]}).encode(),
            )
        found = [
            folder / path.name
            for folder in (weights, ROOT / "build" / "bench")
            if (folder / path.name).exists()
        ]
        return self.reply(200, contents(found[0])) if found else self.reply(404, b"")


@lru_cache(maxsize=None)
def contents(path):
    """The bytes of a file. Read only once, because reading takes time that S3's answer would not."""
    return path.read_bytes()


class Runtime(Quiet):
    """Lambda's API for a function's process: GET the next event, POST its answer.
    The times of both are kept.
    """

    def do_GET(self):
        self.server.asked.append(time.perf_counter())
        if len(self.server.asked) > self.server.calls:
            return self.server.done.wait()
        return self.reply(
            200,
            self.server.event,
            Lambda_Runtime_Aws_Request_Id=len(self.server.asked),
            Content_Type="application/json",
            Lambda_Runtime_Deadline_Ms=int(1000 * (time.time() + 60)),
            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:local:1:function:local",
        )

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answered.append(time.perf_counter())
        self.server.answers.append((self.path, body))
        if len(self.server.answers) == self.server.calls:
            self.server.finished.set()
        self.reply(202, b"{}")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A killed function hangs up, which is not an error. After any other error, the function stays
        without an answer.
        """


def server_of(kind):
    server = Server(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def variables(store):
    """The environment that Lambda would give: credentials, region and bucket. S3 is `store`."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:%d" % store.server_port,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "WEIGHTS_BUCKET": BUCKET,
        "S3_BUCKET": BUCKET,
        "OMP_NUM_THREADS": "1",
    }


def started(command, folder, environment, event, calls=1, seconds=120):
    """Start a function under AWS's Runtime Interface Client, ask it `calls` times, and end it.

    Returns the milliseconds from the start of the process until it asks for work ("ready") and until its
    first answer ("answer"), those of later calls ("warm"), the peak memory in MB, and the answers.
    """
    runtime = server_of(Runtime)
    runtime.asked, runtime.answered, runtime.answers, runtime.calls = [], [], [], calls
    runtime.event, runtime.finished, runtime.done = (
        json.dumps(event).encode(),
        threading.Event(),
        threading.Event(),
    )
    address = "127.0.0.1:%d" % runtime.server_port
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryFile("w+") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=str(folder),
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={
                **environment,
                "AWS_LAMBDA_RUNTIME_API": address,
                "WEIGHTS_CACHE": empty,
                "REQUIREMENTS_FOLDER": empty,
            },
        )
        until = time.monotonic() + seconds
        while not runtime.finished.wait(0.05) and process.poll() is None and time.monotonic() < until:
            continue
        peak = ["VmHWM: 0 kB"]
        if process.poll() is None:  # what has ended tells no more of itself than its log
            status = pathlib.Path("/proc/%d/status" % process.pid).read_text()
            peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        runtime.done.set()
        runtime.shutdown()
        runtime.server_close()
        log.seek(0)
        bad = [
            body
            for path, body in runtime.answers
            if not path.endswith("/response") or json.loads(body)["statusCode"] != 200
        ]
        if len(runtime.answers) < calls or bad:
            raise SystemExit("%s did not answer: %s\n%s" % (" ".join(command), bad[:1], log.read()[-2000:]))
    took = [1000 * (end - begin) for begin, end in zip(runtime.asked, runtime.answered)]
    return {
        "ready": 1000 * (runtime.asked[0] - began),
        "answer": 1000 * (runtime.answered[0] - began),
        "warm": took[1:],
        "peak": int(peak[0].split()[1]) / 1024,
        "answers": [json.loads(body) for _, body in runtime.answers],
    }


def dropped(*folders):
    """Remove the files of folders from the page cache, except those that a process has mapped."""
    for folder in folders:
        for path in [pathlib.Path(folder), *pathlib.Path(folder).rglob("*")] if folder else []:
            if path.is_file() and not path.is_symlink():
                handle = os.open(str(path), os.O_RDONLY)
                os.fdatasync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(handle)
