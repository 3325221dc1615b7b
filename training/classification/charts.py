"""Pictures of classifiers: the confusion matrix, the ladder, accuracy over the number of texts."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first: no screen is needed)


def confusion(table, names, path):
    """A heat map of the confusion matrix (C, C): rows are the true classes, columns the predicted ones. The
    share of each row gives the colour.
    """
    figure, axis = pyplot.subplots(figsize=(2 + 0.7 * len(names), 2 + 0.7 * len(names)))
    axis.imshow(table / table.sum(axis=1, keepdims=True).clip(min=1), cmap="Blues", vmin=0, vmax=1)
    for row, line in enumerate(table):
        for column, count in enumerate(line):
            axis.text(
                column,
                row,
                str(count),
                ha="center",
                va="center",
                color="white" if 2 * count > line.sum() else "black",
            )
    axis.set(xticks=range(len(names)), yticks=range(len(names)), xlabel="said", ylabel="true")
    axis.set_xticklabels(names, rotation=45, ha="right")
    axis.set_yticklabels(names)
    figure.tight_layout()
    figure.savefig(str(path), dpi=80)
    pyplot.close(figure)


def ladder(rows, path):
    """One bar per rung with its 95 % interval: {test: [(name, accuracy, (low, high))]}."""
    figure, axes = pyplot.subplots(1, len(rows), figsize=(5 * len(rows), 4), squeeze=False)
    for axis, (test, bars) in zip(axes[0], rows.items()):
        names, heights, intervals = zip(*bars)
        reach = [
            [height - low for height, (low, _) in zip(heights, intervals)],
            [high - height for height, (_, high) in zip(heights, intervals)],
        ]
        axis.barh(range(len(bars)), heights, xerr=reach, color="C0", ecolor="0.4")
        axis.set(
            yticks=range(len(bars)),
            title=test,
            xlabel="accuracy, %",
            xlim=(min(map(min, intervals)) - 3, 100),
        )
        axis.set_yticklabels(names)
        axis.invert_yaxis()
    figure.tight_layout()
    figure.savefig(str(path), dpi=80)
    pyplot.close(figure)
