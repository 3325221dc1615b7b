"""Pictures of a training, in its run's folder: curves, rows of pictures, and a film over its epochs."""

import json
import pathlib

import cv2
import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first: no screen is needed)

PAINT = {
    "red": "C3",
    "yellow": "gold",
    "green": "C2",
    "blue": "C0",
    "purple": "C4",
    "dark": "black",
    "grey": "0.55",
    "light": "0.8",
}


def curves(folder):
    """curves.png: every figure of log.jsonl over the epochs, each in its own small chart."""
    rows = [json.loads(line) for line in (pathlib.Path(folder) / "log.jsonl").read_text().splitlines()]
    names = [
        name
        for name in dict.fromkeys(name for row in rows for name in row)
        if name not in ("epoch", "minutes")
    ]
    figure, axes = pyplot.subplots(1, len(names), figsize=(4 * len(names), 3), squeeze=False)
    for axis, name in zip(axes[0], names):
        points = [(row["epoch"], row[name]) for row in rows if name in row]
        axis.plot(*zip(*points))
        axis.set(title=name, xlabel="epoch")
    figure.tight_layout()
    figure.savefig(pathlib.Path(folder) / "curves.png", dpi=80)
    pyplot.close(figure)


def attention(sentences, path, titles=()):
    """One heat map per sentence, with target tokens down and source tokens across. A sentence is (weights (T,
    S), source tokens, target tokens).
    """
    figure, axes = pyplot.subplots(1, len(sentences), figsize=(6 * len(sentences), 6), squeeze=False)
    for axis, (weights, source, target) in zip(axes[0], sentences):
        axis.imshow(weights.numpy(), cmap="Blues", vmin=0, vmax=1)
        axis.set_xticks(range(len(source)))
        axis.set_xticklabels(source, rotation=90)
        axis.set_yticks(range(len(target)))
        axis.set_yticklabels(target)
    for axis, title in zip(axes[0], titles):
        axis.set_title(title)
    figure.tight_layout()
    figure.savefig(str(path), dpi=80)
    pyplot.close(figure)


def sheet(rows):
    """Rows of pictures, float (N, 3, S, S) in [0, 1] each -> one picture of all rows."""
    lines = [np.concatenate(list(row), axis=2) for row in rows]  # (3, S, N * S)
    whole = np.concatenate(lines, axis=1).transpose(1, 2, 0)  # (R * S, N * S, 3)
    return Image.fromarray((whole * 255).round().clip(0, 255).astype(np.uint8))


def strips(rows, path):
    """One line of pictures per name: {name: float (N, 3, S, S) in [0, 1]}."""
    most = max(len(row) for row in rows.values())
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(most, len(rows)), squeeze=False)
    for axis, (name, row) in zip(axes[:, 0], rows.items()):
        axis.imshow(np.concatenate(list(row), axis=2).transpose(1, 2, 0).clip(0, 1))  # (S, N * S, 3)
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_frame_on(False)
    figure.subplots_adjust(0, 0, 1, 1, hspace=0)
    figure.savefig(str(path), dpi=80, bbox_inches="tight")
    pyplot.close(figure)


def dots(rows, path):
    """Rows of panels with points, one colour per class. A panel is (title, points (N, 2), classes (N,), their
    names, radius of a circle or 0).
    """
    figure, axes = pyplot.subplots(
        len(rows), len(rows[0]), figsize=(3.5 * len(rows[0]), 3.5 * len(rows)), squeeze=False
    )
    for axis, (title, points, classes, names, radius) in zip(
        axes.ravel(), [panel for row in rows for panel in row]
    ):
        for number, name in enumerate(names):
            x, y = points[classes == number].T
            axis.scatter(x, y, s=7, color=PAINT.get(name, "C%d" % number), label=name)
        if radius:
            axis.add_patch(pyplot.Circle((0, 0), radius, fill=False))
        axis.set(title=title, xticks=[], yticks=[], aspect="equal" if radius else "auto")
    for row in axes:
        row[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(str(path), dpi=80, bbox_inches="tight")
    pyplot.close(figure)


def film(frames, path, per_second=6):
    """PNG files of the same size, in the order of their names -> an mp4 that holds its last frame for two
    seconds.
    """
    names = sorted(pathlib.Path(frames).glob("*.png"))
    if not names:
        return
    height, width = cv2.imread(str(names[0])).shape[:2]
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), per_second, (width, height))
    for name in names + names[-1:] * 2 * per_second:
        video.write(cv2.imread(str(name)))
    video.release()
