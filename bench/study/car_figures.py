"""The figures for the steps of the cars, on held-out photos that no step was trained on."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from sklearn.linear_model import RidgeClassifierCV
from sklearn.neighbors import NearestNeighbors

from training.cars.evaluate import white
from models.cars.network import CarVAE
from training.cars import conditions, latents, metrics, pictures, train as cars
from training.cars.augmentation import tensor

# N, M pictures, S side of the square, Z latent, K classes of a condition
NOISES = (0.1, 0.2, 0.4)  # standard deviations; pictures are in [0, 1]
BLURS = (0.5, 1, 1.5, 2, 3, 4)  # pixels, of Gaussian filters; for each noise the best one counts
NEAREST, KNOWN = 10, 1500  # neighbours, among at most KNOWN training photos
TOLD = 40  # cars that are drawn under each condition


@dataclass
class Step:
    """A trained network, and the latents of the photos on which it is judged."""

    settings: cars.Settings
    network: CarVAE
    known: np.ndarray  # (N, Z) of training photos
    unseen: np.ndarray  # (M, Z) of held-out photos

    def decode(self, z, *condition):
        return cars.in_parts(self.network, "decode", z, *condition)

    def prior(self, count):
        """Latents from the VAE's prior N(0, I): (count, Z)."""
        return np.random.default_rng(1).standard_normal((count, self.known.shape[1]))

    def drawn(self, count):
        """Latents from a density fitted to those of the training photos: (count, Z)."""
        fitted = latents.density(self.known, self.settings.components, self.settings.seed)
        return latents.draw(dict(zip(("weights", "means", "factors"), fitted)), count, 1.0, seed=1)


def some(seen, most):
    """At most `most` pictures, evenly spaced."""
    return seen[np.linspace(0, len(seen) - 1, min(len(seen), most)).astype(int)]


def step_of(settings, network, train, test):
    known, unseen = (
        cars.in_parts(network, "encode", tensor(seen.photos), *cars.told(settings, seen))
        for seen in (some(train, KNOWN), test)
    )
    return Step(settings, network, known, unseen)


@torch.no_grad()
def nats(step, test):
    """The mean KL of the latents of photos, in nats per picture; None if the network is not variational."""
    if not step.settings.variational:
        return ""
    parts = zip(*(each.split(64) for each in (tensor(test.photos), *cars.told(step.settings, test))))
    return round(torch.cat([cars.kl(*step.network.encode(*part)) for part in parts]).mean().item())


def distances(step, judge):
    """KID against held-out cars on white, for pictures decoded from four kinds of latents, as many of each as
    there are held-out photos.
    """
    told = cars.told(step.settings, judge.test)
    kinds = {
        "of the photos": step.unseen,
        "midway between two": (step.unseen + np.roll(step.unseen, 1, axis=0)) / 2,
        "of the density": step.drawn(len(step.unseen)),
        "of N(0, I)": step.prior(len(step.unseen)),
    }
    return {kind: round(judge.kid(step.decode(z, *told)), 2) for kind, z in kinds.items()}


def classes(settings, seen):
    """{label: the class of each picture, (N,), -1 if unknown}."""
    sides = pictures.noses(settings.table, seen.names)
    return {
        "nose": np.full(len(seen), -1) if sides is None else (sides > 0).astype(int),
        "colour": conditions.colours(white(seen).numpy()),
        "body": conditions.bodies(settings.table, seen.names),
    }


def overlap(step, train, test):
    """How many of the training latents nearest to a held-out one have another label: {label: (per cent of the
    nearest, per cent of all)}.
    """
    nearest = NearestNeighbors(n_neighbors=min(NEAREST, len(step.known))).fit(step.known)
    places = nearest.kneighbors(step.unseen, return_distance=False)  # (M, NEAREST)
    ours, theirs, shares = classes(step.settings, test), classes(step.settings, some(train, KNOWN)), {}
    for label, asked in ours.items():
        known = theirs[label]  # (N,)
        other, sure = known != asked[:, None], (known >= 0) & (asked[:, None] >= 0)  # (M, N) each
        near = np.take_along_axis(other, places, 1)[np.take_along_axis(sure, places, 1)]
        shares[label] = [round(100 * float(each.mean())) if len(each) else "" for each in (near, other[sure])]
    return shares


def recall(found, wanted):
    """The share of each wanted class that is found, as the mean over classes in per cent: (N,), (N,) ->
    scalar.
    """
    return round(
        100 * float(np.mean([(found[wanted == one] == one).mean() for one in np.unique(wanted[wanted >= 0])]))
    )


def body_judge(train, table):
    """A judge of bodies that knows no network: ridge regression on small grey copies of real cars on white,
    and on their mirror images.

    It loses little on soft pictures. A judge on EfficientNet-lite0's features is right for 7 of 10 real cars,
    but for soft pictures only as often as by chance.
    """
    bodies = conditions.bodies(table, train.names)
    seen, bodies = white(train[bodies >= 0]).numpy(), bodies[bodies >= 0]
    ridge = RidgeClassifierCV(alphas=(1e2, 1e3, 1e4), class_weight="balanced")
    ridge.fit(
        np.concatenate([latents.outline(seen), latents.outline(seen[..., ::-1])]),
        np.concatenate([bodies, bodies]),
    )
    return lambda shown: ridge.predict(latents.outline(shown))


def by_condition(step, z):
    """Each latent decoded under each condition: (N, Z) -> pictures (K * N, 3, S, S), and their classes (K *
    N,).
    """
    count = len(conditions.CLASSES[step.settings.condition])
    wanted = np.repeat(np.arange(count), len(z))
    return step.decode(np.tile(z, (count, 1)), conditions.one_hot(wanted, count)), wanted


def obeyed(step, train, test):
    """How often a judge finds the condition that the network was given, in per cent."""
    settings = step.settings
    judge = conditions.colours if settings.condition == "colour" else body_judge(train, settings.table)
    own = classes(settings, test)[settings.condition]
    row = {
        "by chance": round(100 / len(conditions.CLASSES[settings.condition])),
        "held-out cars": recall(judge(white(test).numpy()), own),
        "their reconstructions": recall(judge(step.decode(step.unseen, *cars.told(settings, test))), own),
    }
    for kind, z in (("the density", step.drawn(TOLD)), ("N(0, I)", step.prior(TOLD))):
        shown, wanted = by_condition(step, z)
        row["drawn from " + kind] = recall(judge(shown), wanted)
    return row


def cleaned(network, test):
    """{noise: PSNR in dB of noisy held-out cars on white, of the best Gaussian
    filter, and of the network}.
    """
    clean, rows = white(test), {}
    quality = lambda seen: round(metrics.psnr(torch.as_tensor(seen), clean).mean().item(), 2)
    for noise in NOISES:
        torch.manual_seed(1)
        noisy = cars.noisy(clean, noise)
        # (M, S, S, 3)
        blurred = [
            np.stack([cv2.GaussianBlur(each, (0, 0), blur) for each in noisy.permute(0, 2, 3, 1).numpy()])
            for blur in BLURS
        ]
        filtered = max(quality(seen.transpose(0, 3, 1, 2)) for seen in blurred)
        rows[noise] = [quality(noisy), filtered, quality(cars.reconstructed(network, noisy))]
    return rows
