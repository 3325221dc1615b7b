"""Words as points in the plane, to look at: t-SNE, van der Maaten & Hinton 2008."""

import matplotlib
import numpy as np
from sklearn.manifold import TSNE

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402 (the backend comes first: no screen is needed)

# N words, D embedding
PROBES = {
    "vehicles": "car truck bus train bicycle motorcycle ship boat airplane helicopter",
    "animals": "dog cat horse cow sheep lion tiger elephant eagle salmon",
    "food": "bread cheese butter apple orange rice soup beer wine coffee",
    "countries": "france germany italy spain poland japan china india brazil egypt",
    "capitals": "paris berlin rome madrid warsaw tokyo beijing delhi brasilia cairo",
    "feelings": "happy glad sad angry afraid proud ashamed jealous calm anxious",
    "professions": "doctor nurse teacher lawyer engineer farmer painter singer soldier judge",
    "numbers": "one two three four five six seven eight nine ten",
    "music": "piano violin guitar drums orchestra song melody concert opera jazz",
    "motion": "walk run jump swim fly walking running jumping swimming flying",
}


def probed(index, groups=None):
    """[(group, word, row)] of the probe words that have a vector."""
    return [
        (group, word, index[word])
        for group, line in (groups or PROBES).items()
        for word in line.split()
        if word in index
    ]


def plane(vectors, seed=1):
    """Unit rows (N, D) -> points (N, 2) by t-SNE. Its neighbourhoods use the cosine."""
    return TSNE(
        perplexity=min(12, (len(vectors) - 1) / 3), init="pca", learning_rate=100.0, random_state=seed
    ).fit_transform(vectors)


def scatter(index, vectors, path, groups=None):
    """Write a picture of the probe words, with one colour per group."""
    found = probed(index, groups)
    if len(found) < 5:
        return
    points = plane(vectors[[row for *_, row in found]])  # (N, 2)
    names = list(dict.fromkeys(group for group, *_ in found))
    colours = pyplot.get_cmap("tab10")
    figure, axis = pyplot.subplots(figsize=(11, 8))
    for place, name in enumerate(names):
        here = np.array([group == name for group, *_ in found])
        axis.scatter(*points[here].T, s=14, color=colours(place % 10), label=name)
    for (group, word, _), point in zip(found, points):
        axis.annotate(
            word,
            point,
            xytext=(3, 2),
            textcoords="offset points",
            fontsize=8,
            color=colours(names.index(group) % 10),
        )
    axis.set(xticks=[], yticks=[])
    axis.legend(fontsize=8, ncol=5, loc="upper center", bbox_to_anchor=(0.5, 1.06), frameon=False)
    figure.savefig(str(path), dpi=80, bbox_inches="tight")
    pyplot.close(figure)
