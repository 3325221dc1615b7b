"""The bar of bulk work, and the summary at its end."""

import json
import sys
import time
from typing import Any, Dict, Optional

from tqdm import tqdm

from bulk.results import AGAIN, Results


class Progress:
    """Prints the items done of all, the failures, items per second, the time left, and dollars if the work
    costs any.
    """

    def __init__(self, results: Results, dollars: float = -1.0):
        self.results, self.dollars, self.began, self.before = results, dollars, time.time(), results.done
        self.bar = tqdm(
            total=results.source.total,
            initial=self.before,
            unit=" calls",
            file=sys.stderr,
            mininterval=0.2 if sys.stderr.isatty() else 10,
            dynamic_ncols=True,
        )
        self.show()

    def show(self, dollars: Optional[float] = None) -> None:
        self.dollars = self.dollars if dollars is None else dollars
        told = {"failed": self.results.failed}
        if self.dollars >= 0:
            told["dollars"] = "%.4f" % self.dollars
        self.bar.set_postfix(told, refresh=False)
        self.bar.update(self.results.done - self.bar.n)

    def end(self) -> Dict[str, Any]:
        """Write the files, and print, save and return the summary."""
        self.bar.refresh()
        self.bar.close()
        results, seconds = self.results, time.time() - self.began
        failures = results.write()
        total, failed = results.source.total, results.failed
        answered = results.done + results.states.count(AGAIN) - failed
        summary = {
            "route": results.source.route.text,
            "items": total,
            "answered": answered,
            "failed": failed,
            "missing": total - answered - failed,
            "failures": failures,
            "seconds": round(seconds, 1),
            "per_second": round((results.done - self.before) / seconds, 2) if seconds else 0,
            "milliseconds_an_item": round(results.milliseconds / max(1, answered + failed), 2),
            **({"dollars": round(self.dollars, 4)} if self.dollars >= 0 else {}),
        }
        (results.folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
        print(told(summary, results))
        return summary


def told(summary: Dict[str, Any], results: Results) -> str:
    """The summary in sentences."""
    folder = results.folder
    lines = ["%(answered)d of %(items)d answered, in the order of the input: " % summary]
    lines[0] += "%s/results.jsonl" % folder
    if summary["failed"]:
        kinds = ", ".join("%s: %d" % kind for kind in sorted(summary["failures"].items()))
        lines.append("%d failed (%s), each named in %s/failures.jsonl" % (summary["failed"], kinds, folder))
    left = results.source.total - results.done
    if left:
        lines.append("%d are still to be done: run the same command again." % left)
    lines.append("%.0f seconds, %.1f a second" % (summary["seconds"], summary["per_second"]))
    if "dollars" in summary:
        lines[-1] += ", $%.4f at list prices" % summary["dollars"]
    return "\n".join(lines)
