"""The ladder as a picture."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first: no screen is needed)


def ladder(entries, path):
    """A bar a network, one panel a kind; entries are the record's, those with the most nats first."""
    kinds = list(dict.fromkeys(entry["kind"] for entry in entries))
    figure, axes = pyplot.subplots(1, len(kinds), figsize=(5 * len(kinds), 3), squeeze=False)
    for axis, kind in zip(axes[0], kinds):
        rungs = [entry for entry in entries if entry["kind"] == kind][::-1]
        nats = [entry["metrics"].get("makemore_nats", entry["metrics"]["nats"]) for entry in rungs]
        axis.barh(range(len(rungs)), nats, color="C0")
        axis.set_yticks(range(len(rungs)))
        axis.set_yticklabels([entry["architecture"] for entry in rungs])
        for place, value in enumerate(nats):
            axis.text(value, place, " %.2f" % value, va="center")
        axis.set(title=kind, xlabel="nats a character", xlim=(1, max(nats) + 0.4))
    figure.tight_layout()
    figure.savefig(str(path), dpi=80)
    pyplot.close(figure)
