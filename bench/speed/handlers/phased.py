"""handler.NAME, whose first answer tells in a header how its start was spent: {phase: milliseconds}.

The phases are those of the main thread. Weights are fetched and hashed beside the imports, so only the time
that is waited for them counts. BEGAN is time.perf_counter() when the process was started.
"""

import builtins
import contextlib
import json
import os
import threading
import time

HEADER = "x-phases"
ENTRY = time.perf_counter()
spent = {"interpreter, runtime client": ENTRY - float(os.environ["BEGAN"])}
inner = []  # seconds of the phases within each one that is open


@contextlib.contextmanager
def phase(name):
    """Count the seconds of a block, without those of phases within it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    inner.append(0.0)
    began = time.perf_counter()
    try:
        yield
    finally:
        took = time.perf_counter() - began
        spent[name] = spent.get(name, 0.0) + took - inner.pop()
        if inner:
            inner[-1] += took


def counted(name, function):
    def call(*arguments, **named):
        with phase(name):
            return function(*arguments, **named)

    return call


def importing(name, *arguments, **named):
    """Python's import. The first one of torch is a phase of its own."""
    if name != "torch":
        return plain(name, *arguments, **named)
    builtins.__import__ = plain
    with phase("torch"):
        module = plain(name, *arguments, **named)
    module.jit.load = counted("network read", module.jit.load)
    return module


plain, builtins.__import__ = builtins.__import__, importing
with phase("handler"):
    import handler
    from api.request import Request
    from models import registry

handler.routes = counted("service's imports", handler.routes)
registry.Coming.result = counted("weights waited for", registry.Coming.result)
timed = Request.timed


@contextlib.contextmanager
def timed_phase(request, part):
    with phase("other loading" if part == "load" else part), timed(request, part):
        yield


Request.timed = timed_phase


def __getattr__(name):
    function = getattr(handler, name)

    def answer(event, context):
        found = function(event, context)
        all_of_it = time.perf_counter() - float(os.environ["BEGAN"])
        spent["the rest"] = all_of_it - sum(spent.values())
        found["headers"][HEADER] = json.dumps({name: 1000 * took for name, took in spent.items()})
        return found

    return answer
