"""`make bulk`: sends every line or picture of INPUT through one route of a model, and writes the answers to
OUTPUT.

python -m bulk --model translation --route "POST /translation" --input lines.jsonl --output results/
Without --local it runs in your AWS account (deploy/bulk.yml). If it is run again, it does only what is
missing.
"""

import argparse
import pathlib
import signal
import sys
from typing import Any, Dict

from api.problems import Unavailable
from bulk import here, routes
from bulk.inputs import Input
from bulk.progress import Progress
from bulk.results import AGAIN, Results, agree, remember, remembered, unanswered
from models import registry

BATCH = 50  # most items that a local process gets at once


def asked(words=None) -> argparse.Namespace:
    """The options from the words of a command line."""
    parser = argparse.ArgumentParser(
        prog="make bulk", description="Send a file or a folder through a model, call by call."
    )
    add = parser.add_argument
    add("--model", default="", help="the model; by default that of the route")
    add(
        "--route",
        default="",
        help="such as 'POST /cars/reconstruct?find=false'; by default the model's usual one",
    )
    add("--input", default="", help="JSON lines, a CSV or TSV, a folder of pictures, or a list of them")
    add("--output", default="", help="a folder for results, failures, pictures and the summary")
    add("--accept", default="", help="a media type to ask for, such as image/png")
    add("--local", action="store_true", help="use this machine instead of AWS")
    add("--processes", type=int, default=here.cores(), help="for --local; by default one per core")
    add("--stage", default="dev", help="of the deployment")
    add("--batch", type=int, default=0, help="items per batch; 0: the usual number")
    add("--most-dollars", type=float, default=10.0, help="stop when the answers have cost this much")
    add("--attach", action="store_true", help="follow an execution that was left running")
    add("--stop", action="store_true", help="stop an execution that was left running")
    return parser.parse_args(words)


def completed(asked_for: argparse.Namespace) -> Dict[str, Any]:
    """The facts of this run. What the options leave out comes from OUTPUT."""
    if not asked_for.output:
        raise SystemExit("Say where the results go: OUTPUT=results/")
    before = remembered(pathlib.Path(asked_for.output)) or {}
    facts = {name: getattr(asked_for, name) or before.get(name, "") for name in ("model", "route", "input")}
    facts["accept"] = asked_for.accept or before.get("accept", "")
    if not facts["input"]:
        raise SystemExit("Say what is to be sent: INPUT=lines.jsonl, or a folder of pictures.")
    return {**before, **facts}


def opened(asked_for: argparse.Namespace, facts: Dict[str, Any]) -> Results:
    """INPUT and OUTPUT. Raises SystemExit with a sentence if OUTPUT holds something else."""
    folder, route = pathlib.Path(asked_for.output), routes.route(facts["model"], facts["route"])
    source = Input(pathlib.Path(facts["input"]), route)
    before = remembered(folder)
    now = {"model": route.model, "route": route.text, "accept": facts["accept"]}
    if before and (
        {name: before[name] for name in now} != now or not source.begins_with(before["fingerprint"])
    ):
        raise SystemExit(
            "%s holds the results of another input, route or ACCEPT: name another OUTPUT." % folder
        )
    if not before and folder.exists() and any(folder.iterdir()):
        raise SystemExit("%s is not empty, and holds no bulk work: name another OUTPUT." % folder)
    results = Results(folder, source)
    facts.update(now, fingerprint=source.fingerprint())
    remember(folder, facts)
    if source.left_out():
        print("Columns that are no fields of %s: %s" % (route.text, ", ".join(source.left_out())))
    return results


def run_here(asked_for: argparse.Namespace, results: Results, facts: Dict[str, Any]) -> int:
    """Do the work on this machine. Returns 0 if everything is done."""
    try:
        agree(results, facts, registry.record(facts["model"])["version"])
    except registry.WeightsUnavailable as error:
        raise SystemExit("%s cannot be loaded: %s." % (facts["model"], error)) from None
    told = {"route": facts["route"], "accept": facts["accept"]}
    processes = max(1, asked_for.processes)
    work = here.Here(results, facts["model"], told, processes)
    left = results.source.total - results.done
    size = asked_for.batch or max(1, min(BATCH, left // (4 * processes)))
    progress = Progress(results)
    try:
        work.run(unanswered(results.source, results), size, progress.show)
    except KeyboardInterrupt:
        print("\nStopped; what was answered is kept.")
    except Unavailable as error:
        print("\n%s" % error.detail)
    summary = progress.end()
    return int(summary["missing"] + results.states.count(AGAIN) > 0)


def ended(*_: Any) -> None:
    """Handle SIGTERM like Ctrl-C."""
    raise KeyboardInterrupt


def main(words=None) -> int:
    """Do what the command line says. Returns 0 if nothing is left to do."""
    asked_for = asked(words)
    try:
        return done(asked_for)
    except OSError as error:
        raise SystemExit(
            "%s: %s. When that is mended, run the same command again; what was answered is kept."
            % (error.filename or asked_for.output, error.strerror)
        ) from None


def done(asked_for: argparse.Namespace) -> int:
    """The work itself. Raises OSError where INPUT cannot be read, or OUTPUT not be written."""
    facts = completed(asked_for)
    results = opened(asked_for, facts)
    try:
        if asked_for.local:
            return run_here(asked_for, results, facts)
        from bulk import cloud

        return cloud.run(asked_for, results, facts)
    except KeyboardInterrupt:
        print("\nStopped before anything was started; run the same command again to go on.")
        return 1
    finally:
        results.close()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, ended)
    sys.exit(main())
