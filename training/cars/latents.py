"""Describes the latents of trained pictures: a density to draw new ones from, directions that change one
property each, and a map in two dimensions.

Properties are measured on decoded pictures (N, 3, S, S) in [0, 1], cars on white. Of a network only its
methods encode and decode are used.
"""

import functools
import pathlib

import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import RidgeCV
from sklearn.manifold import TSNE
from sklearn.mixture import GaussianMixture

from models.cars.map import sheet_of
from training import plots
from training.cars import pictures
from training.cars.augmentation import tensor

# N pictures, S side, Z latent, P properties, K components, M cars on the map
ON_MAP = 150  # cars; with more, each would be too small to be recognised
FEWEST = 8  # latents that t-SNE can lay out
DESCRIPTIONS = {
    "colour": "paint from blue to red",
    "brightness": "paint from dark to light",
    "size": "how much of the frame the car fills",
    "view": "nose from left to right",
}


def cover(pictures):
    """How much of each pixel is car: (N, 3, S, S) -> (N, S, S) in [0, 1]. A pixel that is a tenth darker than
    white counts in full.
    """
    return ((0.98 - pictures.min(axis=1)) * 10).clip(0, 1)


def properties(pictures, view=None):
    """Colour (red minus blue) and brightness (luma) of the car's pixels, size (share of the frame), and view
    if it is measured: (N, P).
    """
    car = cover(pictures)  # (N, S, S)
    area = car.sum(axis=(1, 2)) + 1e-6  # (N,)
    red, green, blue = ((pictures[:, i] * car).sum(axis=(1, 2)) / area for i in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue  # ITU-R BT.601
    measured = [red - blue, luma, car.mean(axis=(1, 2))] + ([view(pictures)] if view else [])
    return np.stack(measured, axis=1)  # (N, P)


def outline(pictures):
    """A small grey copy with mean 0: (N, 3, S, S) -> (N, 1024). It shows which way a car looks, and little of
    its paint.
    """
    grey = pictures.mean(axis=1)  # (N, S, S)
    # (N, 1024)
    small = grey.reshape(len(grey), 32, grey.shape[1] // 32, 32, -1).mean(axis=(2, 4)).reshape(len(grey), -1)
    small = small - small.mean(axis=1, keepdims=True)
    return small / (small.std(axis=1, keepdims=True) + 1e-6)


def view_measure(pictures, noses):
    """A measure of the side to which a car looks. It is learned from labels -1 (left) and 1 (right) by ridge
    regression on outlines.

    Mirrored pictures are added, so that the measure of a mirrored picture is the negative.
    """
    both = np.concatenate([outline(pictures), outline(pictures[..., ::-1])])  # (2N, 1024)
    ridge = RidgeCV(alphas=(1e2, 1e3, 1e4), fit_intercept=False).fit(both, np.concatenate([noses, -noses]))
    return lambda seen: outline(seen) @ ridge.coef_


def deviation(measured):
    """The standard deviation of each property, to divide by: (N, P) -> (P,). 1 if a
    property does not vary.
    """
    spread = measured.std(axis=0)  # (P,)
    return np.where(spread > 1e-6, spread, 1)


def directions(latents, measured):
    """For each property, the shortest direction in the latents' own spread that raises it by one standard
    deviation and leaves the others.

    latents (N, Z), measured (N, P) -> (P, Z). W is the ridge regression of properties on latents, and C the
    latents' covariance. The directions are the rows of (W C W^T)^-1 W C: the least Mahalanobis length under W
    d = one property. A property that does not vary has the direction 0.
    """
    scaled = (measured - measured.mean(axis=0)) / deviation(measured)  # (N, P)
    w = RidgeCV(alphas=(1.0, 10.0, 100.0)).fit(latents, scaled).coef_  # (P, Z)
    wc = w @ np.cov(latents, rowvar=False)  # (P, Z)
    return np.linalg.pinv(wc @ w.T) @ wc  # (P, Z)


def density(latents, components, seed=0):
    """A Gaussian mixture of full covariance, fitted to the means of training pictures (RAE, Ghosh et al.
    2020, arXiv:1903.12436).

    latents (N, Z) -> weights (K,), means (K, Z), factors (K, Z, Z) with factor @ factor.T the covariance.
    """
    components = min(components, len(latents))
    mixture = GaussianMixture(components, reg_covar=1e-2 * latents.var(), random_state=seed, n_init=2).fit(
        latents
    )
    return mixture.weights_, mixture.means_, np.linalg.cholesky(mixture.covariances_)


def draw(arrays, count, temperature, seed):
    """New latents (count, Z) from the arrays {weights, means, factors} of a density.

    `temperature` multiplies its spread.
    """
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(arrays["weights"]), count, p=arrays["weights"] / arrays["weights"].sum())
    noise = generator.standard_normal((count, arrays["means"].shape[1]))
    return arrays["means"][chosen] + temperature * np.einsum("nij,nj->ni", arrays["factors"][chosen], noise)


def monotony(decode, latents, measure, ways, furthest=3.0, steps=9):
    """How well each direction works, measured on the decoded pictures of latents (N, Z).

    Returns two arrays. The first, (P,), is the median over pictures of Spearman's rank correlation between
    the amount and the direction's own property; 0 if nothing changes. The second, (P, P), is the mean
    absolute change of every property (column) along every direction (row) from -furthest to furthest, in
    standard deviations over these pictures.
    """
    amounts = np.linspace(-furthest, furthest, steps)
    scale = deviation(measure(decode(latents)))  # (P,)
    medians, drifts = [], []
    for p, way in enumerate(ways):
        measured = np.stack([measure(decode(latents + amount * way)) for amount in amounts])  # (steps, N, P)
        ranks = [
            spearmanr(amounts, column).correlation if np.ptp(column) else 0.0
            for column in measured[:, :, p].T
        ]
        medians.append(np.median(ranks))
        drifts.append(np.abs(measured[-1] - measured[0]).mean(axis=0) / scale)
    return np.array(medians), np.array(drifts)


def on_a_map(latents, most=ON_MAP, seed=0):
    """Lay out latents (N, Z) in two dimensions, and pick at most `most` of them that are spread evenly there.

    Returns their places (M, 2) in [0, 1] and their latents (M, Z), or None for too few latents. Similar
    latents are near each other (t-SNE, van der Maaten & Hinton 2008, JMLR 9). The first k of the M are spread
    evenly too, for any k, so that a small map can show fewer.
    """
    if len(latents) < FEWEST:
        return None
    perplexity = min(30, (len(latents) - 1) / 3)  # about how many neighbours each latent has
    layout = TSNE(init="pca", learning_rate="auto", perplexity=perplexity, random_state=seed)
    places = layout.fit_transform(latents.astype(np.float32))  # (N, 2)
    places = (places - places.min(axis=0)) / np.ptp(places, axis=0)  # (N, 2)
    chosen = spread(places, most)
    return places[chosen], latents[chosen]


def spread(places, most):
    """At most `most` of the places (N, 2), each as far as possible from all before it: their indices (M,).

    The first is the one nearest to the middle. A distance is the larger one of across and down, because what
    is drawn at a place is a rectangle: rectangles of that size do not overlap (farthest-point sampling,
    Gonzalez 1985).
    """
    chosen = [int(np.abs(places - 0.5).max(axis=1).argmin())]
    apart = np.full(len(places), np.inf)  # of each place from the nearest one that is chosen
    while len(chosen) < min(most, len(places)):
        apart = np.minimum(apart, np.abs(places - places[chosen[-1]]).max(axis=1))  # (N,)
        chosen.append(int(apart.argmax()))
    return np.array(chosen)


def in_parts(network, method, array, *condition, size=64):
    """The network's encode or decode over many rows (N, ...), with a condition (N, K) if any. Returns the
    mean (N, Z) or the pictures (N, 3, S, S) in numpy.
    """
    where = next(network.parameters()).device
    parts = []
    with torch.no_grad():
        for at in range(0, len(array), size):
            rows = (
                torch.as_tensor(each[at : at + size], dtype=torch.float32, device=where)
                for each in (array, *condition)
            )
            result = getattr(network, method)(*rows)
            parts.append((result[0] if isinstance(result, tuple) else result).cpu().numpy())
    return np.concatenate(parts)


def latent_space(settings, network, train, test):
    """The arrays that are served with the network, and the facts about them for the record."""
    decode = functools.partial(in_parts, network, "decode")
    means = in_parts(network, "encode", tensor(train.photos))  # (N, Z)
    unseen = in_parts(network, "encode", tensor(test.photos))  # (M, Z)
    noses = pictures.noses(settings.table, train.names) if settings.table else None
    white = tensor(pictures.on_white(train.photos, train.alphas)).numpy()
    view = view_measure(white, noses) if noses is not None else None
    measure = functools.partial(properties, view=view)
    ways = directions(means, measure(decode(means)))
    ranks, drifts = monotony(decode, unseen, measure, ways)
    names = list(DESCRIPTIONS)[: len(ways)]
    weights, centres, factors = density(means, settings.components, settings.seed)
    arrays = {"weights": weights, "means": centres, "factors": factors, "directions": ways}
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    arrays.update(map_of(decode, means, float(np.median(train.aspects)), settings.seed))
    listed = [
        {
            "name": name,
            "description": DESCRIPTIONS[name],
            "spearman": round(float(rank), 3),
            "change": dict(zip(names, np.round(drift, 2).tolist())),
        }
        for name, rank, drift in zip(names, ranks, drifts)
    ]
    return arrays, listed


def map_of(decode, means, aspect, seed):
    """The arrays of the map of latents (N, Z): places (M, 2), latents (M, Z), and a sheet of what `decode`
    makes of these. There are none if there are too few latents.
    """
    laid_out = on_a_map(means, seed=seed)
    if laid_out is None:
        return {}
    places, chosen = (array.astype(np.float32) for array in laid_out)
    sheet = sheet_of(decode(chosen), aspect)
    return {"map_places": places, "map_latents": chosen, "map_sheet": sheet}


def show(settings, network, arrays, test):
    """Draw the pictures that people look at first, in the run's folder."""
    folder = pathlib.Path(settings.folder)
    shown = test[np.arange(min(len(test), 16))]
    photos = tensor(shown.photos).numpy()
    z = in_parts(network, "encode", photos)
    white = tensor(pictures.on_white(shown.photos, shown.alphas)).numpy()
    plots.sheet([photos, in_parts(network, "decode", z), white]).save(folder / "reconstructions.png")
    fresh = in_parts(network, "decode", draw(arrays, 64, settings.temperature, settings.seed))
    plots.sheet(fresh.reshape((4, 16) + fresh.shape[1:])).save(folder / "generated.png")
    pairs = list(zip(z, np.roll(z, -1, axis=0)))[:6]  # each with the next one, the last with the first
    line = [in_parts(network, "decode", a + (b - a) * np.linspace(0, 1, 12)[:, None]) for a, b in pairs]
    plots.sheet(line).save(folder / "interpolation.png")
    edits = [
        in_parts(network, "decode", z[0] + way * np.linspace(-3, 3, 9)[:, None])
        for way in arrays["directions"]
    ]
    plots.sheet(edits).save(folder / "edits.png")
    plots.curves(folder)
    plots.film(folder / "frames", folder / "epochs.mp4")
