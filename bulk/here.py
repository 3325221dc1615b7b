"""Bulk work on this machine: batches go to processes that run the model's function, one process per core.

If a batch ends its process, or takes longer than Lambda allows, its items are sent again one by one, so that
only the bad item fails.
"""

import collections
import contextlib
import multiprocessing
import os
import pathlib
import time
from multiprocessing import connection
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional

from api.problems import Problem, Unavailable
from bulk.inputs import Item, batches
from bulk.results import Results

SECONDS = 900  # most seconds for a batch, as in Lambda
WAITS = (1, 2, 4, 8)  # seconds before each new try if the model cannot be loaded

Batch = List[Dict[str, Any]]


class Ended(Problem):
    """The answer to an item that ended its process."""

    status, title = 500, "Internal Server Error"


class TooLong(Problem):
    status, title = 504, "Gateway Timeout"


def work(pipe: connection.Connection, model: str, told: Dict[str, Any], log: str) -> None:
    """The work of a process: take a batch, send its answers and the items that are left, until no batch
    comes.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    with open(log, "a") as file:
        os.dup2(file.fileno(), 1)
    import handler
    from api import batch

    def answer(event: Dict[str, Any]) -> Dict[str, Any]:
        return handler.serve(model, handler.routes(model), event, in_batch=True)

    def read(path: str) -> bytes:
        return pathlib.Path(path).read_bytes()

    with contextlib.suppress(EOFError):
        for items in iter(pipe.recv, None):
            try:
                event = {"BatchInput": told, "Items": items}
                lines, left = batch.some_answers(event, answer, read, lambda: False)
                pipe.send((lines, left["Items"], ""))
            except batch.NotNow as error:
                pipe.send(([], items, str(error)))


class Worker:
    """One process and its current batch."""

    def __init__(self, start: Callable[[connection.Connection], multiprocessing.Process]):
        self.start, self.batch, self.began = start, [], 0.0  # type: ignore
        self.process: Optional[multiprocessing.Process] = None

    def send(self, batch: Batch) -> None:
        if self.process is None:
            self.pipe, theirs = multiprocessing.Pipe()
            self.process = self.start(theirs)
            theirs.close()
        self.batch, self.began = batch, time.monotonic()
        self.pipe.send(batch)

    def end(self) -> None:
        if self.process:
            self.process.kill()
            self.process.join()
            self.pipe.close()
            self.process = None


class Here:
    """The processes of one run, and the batches that must be sent again."""

    def __init__(self, results: Results, model: str, told: Dict[str, Any], processes: int):
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # because there is one process per core
        context = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
        log = str(results.folder / ".bulk" / "log")

        def start(pipe: connection.Connection) -> Any:
            process = context.Process(target=work, args=(pipe, model, told, log), daemon=True)
            process.start()
            return process

        self.results, self.workers = results, [Worker(start) for _ in range(processes)]
        self.again: Deque[Batch] = collections.deque()
        self.waits = iter(WAITS)

    def run(self, items: Iterator[Item], size: int, shown: Callable[[], None]) -> None:
        """Answer all items. `shown` is called when there is something new to show."""
        fresh = ([item.sent for item in batch] for batch in batches(items, size))
        try:
            while True:
                for worker in self.workers:
                    batch = [] if worker.batch else self.next(fresh)
                    if batch:
                        worker.send(batch)
                busy = [worker for worker in self.workers if worker.batch]
                if not busy:
                    return
                ready = connection.wait([worker.pipe for worker in busy], timeout=1)
                for worker in busy:
                    if worker.pipe in ready:
                        self.received(worker)
                    elif time.monotonic() - worker.began > SECONDS:
                        self.died(worker, TooLong("This took longer than %d seconds." % SECONDS))
                shown()
        finally:
            for worker in self.workers:
                worker.end()

    def next(self, fresh: Iterator[Batch]) -> Batch:
        return self.again.popleft() if self.again else next(fresh, [])

    def received(self, worker: Worker) -> None:
        """Keep the answers of a process. The items that it left are sent again."""
        try:
            lines, left, fault = worker.pipe.recv()
        except (EOFError, OSError):
            error = Ended("The process ended while it answered this; OUTPUT/.bulk/log may say why.")
            return self.died(worker, error)
        worker.batch = []
        self.results.add(lines)
        if left:
            self.again.appendleft(left)
        if fault:
            wait = next(self.waits, None)
            if wait is None:
                raise Unavailable(fault)
            time.sleep(wait)
        elif lines:
            self.waits = iter(WAITS)

    def died(self, worker: Worker, error: Problem) -> None:
        """Send the items of a dead process again one by one. An item that was alone has failed."""
        worker.end()
        batch, worker.batch = worker.batch, []
        if len(batch) > 1:
            self.again.extend([item] for item in batch)
        else:
            self.results.refuse(batch[0]["id"], error)


def cores() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
