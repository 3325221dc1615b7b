"""What callers wait for beside the handler's own work: calls over HTTP, through a local.py in its own
process and through the gateway of a deployed stack, on a connection that is kept and on a new one each.

`python -m bench.callers` prints the table that `make bench` has. The handler's own milliseconds are those
that each answer names in Server-Timing (total). The rest is the way: the connection, head and body, the
event, and the thread or the process that answers. The stack is in the fake AWS of the tests: no network.
"""

import contextlib
import http.client
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from bench.speed.peers import ROOT, spread

MUST = 2.0  # milliseconds of way at most, in the median
CALLS = {
    "GET /words/neighbours": ("GET", "/words/neighbours?word=car", None),
    "POST /cars/generate": ("POST", "/cars/generate", b'{"seed": 1}'),
}
WAYS = ("kept connection", "new connection")
FEWEST = 20  # calls of each way in a row
STARTS = 6


@contextlib.contextmanager
def address_of(*words):
    """Start a server in its own process, whose threads do not take turns with ours; gives its host and port.
    local.py ends by a signal, a stack where its input ends.
    """
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=str(ROOT),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
    )
    found = next(filter(None, (re.search(r"http://([\d.:]+)", line) for line in process.stdout)), None)
    if not found:
        raise SystemExit("%s ended before it told its address." % " ".join(words))
    with open("/dev/null", "w") as nowhere:
        drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=nowhere)  # or the pipe would fill
    try:
        yield found.group(1)
    finally:
        process.stdin.close()
        if words[0] == "local.py":
            process.terminate()
        process.wait()
        drain.wait()
        process.stdout.close()


def served():
    """A local.py."""
    return address_of("local.py", "--port", "0")


def deployed():
    """The gateway of a deployed stack."""
    return address_of("-m", "bench.callers", "--stack")


def stack():
    """Deploy a stack by `sls deploy` to a fake AWS, print the address of its gateway, and remove it where the
    input ends. Zips run under Lambda's runtime client as they were sent; images, from this tree.
    """
    from tests.deploy import cloud

    with tempfile.TemporaryDirectory() as name, cloud.fake_aws(pathlib.Path(name)):
        tree = pathlib.Path(name) / "tree"
        tree.mkdir()
        cloud.sls(cloud.copied(tree), "deploy")
        site = cloud.Site(pathlib.Path(name) / "lambda")
        try:
            print(site.address, flush=True)
            sys.stdin.read()
        finally:
            site.close()


def loaded(connection, method, path, body):
    """The first call loads the model, which on a busy machine may take longer than the gateway waits."""
    for _ in range(STARTS):
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 503:
            return


def asked(connection, method, path, body):
    """Milliseconds of a call, to the last byte of its answer, and the handler's own of these."""
    began = time.perf_counter()
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    answer.read()
    took = 1000 * (time.perf_counter() - began)
    if answer.status != 200:
        raise SystemExit("%s %s is answered %d." % (method, path, answer.status))
    return took, float(re.search(r"total;dur=([\d.]+)", answer.headers["server-timing"]).group(1))


def rows(addresses, call, seconds):
    """{place, way: {median, low, high, count, own, way}}: calls one after the other, as a page or a script
    makes them; places and ways take turns.
    """
    kept = {place: http.client.HTTPConnection(address) for place, address in addresses.items()}
    found = {"%s, %s" % (place, way): [] for place in addresses for way in WAYS}
    for connection in kept.values():
        loaded(connection, *call)
    until = time.monotonic() + seconds
    while time.monotonic() < until or not all(found.values()):
        for place, address in addresses.items():
            for _ in range(FEWEST):
                found["%s, %s" % (place, WAYS[0])].append(asked(kept[place], *call))
            for _ in range(FEWEST):
                new = http.client.HTTPConnection(address)
                found["%s, %s" % (place, WAYS[1])].append(asked(new, *call))
                new.close()
    for connection in kept.values():
        connection.close()
    return {
        name: {
            **spread([took for took, _ in times]),
            "own": round(spread([own for _, own in times])["median"], 3),
            "way": round(spread([took - own for took, own in times])["median"], 3),
        }
        for name, times in found.items()
    }


def measured(seconds):
    """{call: {place, way: figures}}, each call for so many seconds."""
    with served() as here, deployed() as gateway:
        addresses = {"local.py": here, "deployed": gateway}
        return {name: rows(addresses, call, seconds) for name, call in CALLS.items()}


def table(figures):
    """Markdown: milliseconds, and whether the way keeps to its must."""
    yield "| over HTTP | milliseconds | the handler's own | the way | must | |"
    yield "|---|---|---|---|---|---|"
    for call, ways in figures.items():
        for way, row in ways.items():
            verdict = "must reached" if row["way"] <= MUST else "**must missed**"
            told = (call, way, row["median"], row["own"], row["way"], MUST, verdict)
            yield "| %s, %s | %.1f | %.1f | %.2f | %g | %s |" % told


if __name__ == "__main__":
    if sys.argv[1:] == ["--stack"]:
        stack()
    else:
        print("\n".join(table(measured(float(sys.argv[1]) if sys.argv[1:] else 5))))
