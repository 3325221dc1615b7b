"""Handwritten digits of scikit-learn, 8 x 8 pixels: a VAE and a CVAE (the course has them on MNIST), and
deep embedded clustering (DEC) beside k-means, on the digits and on the latents of the shipped car network.
"""

import copy
import time

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, normalized_mutual_info_score
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from bench.study import car_figures as figures
from bench.study.tables import table
from models.cars.model import model as served
from training import plots
from training.cars import conditions, evaluate, train as cars
from training.cars.augmentation import tensor

# N, B pictures, P = 64 pixels, Z latent, C classes, K clusters
TITLE, MINUTES = "Digits and clusters", 0
PRIORS, CLUSTERS, CARS = "VAE and CVAE", "DEC on digits", "DEC on cars"
STEPS = {PRIORS: {}, CLUSTERS: {}, CARS: {}}
CLASSES, TESTED, LATENT = 10, 300, 8
EPOCHS, BATCH, DRAWN = 300, 100, 100  # digits that are drawn of each class
MAGNIFIED = 4  # pixels of a chart to a digit's


class DigitVAE(nn.Module):
    """A VAE (Kingma & Welling 2014, arXiv:1312.6114) of Bernoulli pixels. With a condition (B, C), both its
    halves are told the class (CVAE: Sohn et al. 2015).
    """

    def __init__(self, classes=0, latent=LATENT, width=128):
        super().__init__()
        self.classes = classes
        self.encoder = nn.Sequential(
            nn.Linear(64 + classes, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )
        self.mean, self.log_variance = nn.Linear(width, latent), nn.Linear(width, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent + classes, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 64),
        )

    def encode(self, x, condition):
        h = self.encoder(torch.cat([x, condition], dim=1))
        return self.mean(h), self.log_variance(h)  # (B, Z) each

    def decode(self, z, condition):
        return self.decoder(torch.cat([z, condition], dim=1))  # logits (B, P)

    def terms(self, x, condition):
        """Cross-entropy of the pixels and KL, in nats per digit: (B,) each."""
        mean, log_variance = self.encode(x, condition)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        pixels = F.binary_cross_entropy_with_logits(self.decode(z, condition), x, reduction="none").sum(dim=1)
        return pixels, 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=1)


def digits():
    """(pixels (N, P) in [0, 1], classes (N,)) to train on, and to test on."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))
    x, y = torch.from_numpy(x[order] / 16).float(), y[order]
    return (x[TESTED:], y[TESTED:]), (x[:TESTED], y[:TESTED])


def condition_of(network, classes):
    """(N, C) of classes (N,); (N, 0) for a network without a condition."""
    told = torch.from_numpy(conditions.one_hot(np.asarray(classes), CLASSES))
    return told[:, : network.classes]


def optimised(network, loss, count, epochs, rate=1e-3):
    """Train a network by Adam; loss(places (B,)) is of a batch of `count` examples."""
    optimiser = torch.optim.Adam(network.parameters(), rate)
    for _ in range(epochs):
        for places in torch.randperm(count).split(BATCH):
            optimiser.zero_grad()
            loss(places).backward()
            optimiser.step()
    return network.eval()


def of_priors(charts):
    """Markdown: a VAE and a CVAE on digits: their loss, and whether a drawn digit is the one asked for."""
    (x, y), (unseen, known) = digits()
    judge = KNeighborsClassifier(3).fit(x.numpy(), y)
    rows, lines = {}, {}
    for name, classes in (("VAE", 0), ("CVAE", CLASSES)):
        torch.manual_seed(1)
        network, began = DigitVAE(classes), time.process_time()
        condition = condition_of(network, y)
        optimised(
            network,
            lambda places: sum(network.terms(x[places], condition[places])).mean(),
            len(x),
            EPOCHS,
        )
        seconds = time.process_time() - began
        wanted = np.repeat(np.arange(CLASSES), DRAWN)
        with torch.no_grad():
            pixels, divergence = network.terms(unseen, condition_of(network, known))
            z = torch.randn(DRAWN, LATENT).repeat(CLASSES, 1)  # the same latents under each class
            drawn = torch.sigmoid(network.decode(z, condition_of(network, wanted))).numpy()
        found = judge.predict(drawn)
        rows[name] = {
            "CPU seconds": "%.0f" % seconds,
            "pixels, nats": "%.2f" % float(pixels.mean()),
            "KL, nats": "%.2f" % float(divergence.mean()),
            "drawn as asked, %": "%.0f" % (100 * np.mean(found == wanted)) if classes else "",
            "digits among %d drawn" % DRAWN: "" if classes else len(set(found[:DRAWN])),
        }
        shown = drawn.reshape(CLASSES, DRAWN, 64)[:, :12]
        lines.update(
            {"CVAE, %d" % digit: shown[digit] for digit in range(CLASSES)} if classes else {"VAE": shown[0]}
        )
    plots.strips({name: pictures(row) for name, row in lines.items()}, charts / "study-digits.png")
    return [
        "### A condition on digits",
        "Two layers of 128 to either side of %d latents, %d epochs over %d digits; pixels and KL of %d "
        "digits that neither saw. What a drawn digit is, its three nearest training digits say (they know "
        "%.0f %% of the unseen ones)."
        % (LATENT, EPOCHS, len(x), TESTED, 100 * judge.score(unseen.numpy(), known)),
        table(rows),
        "The VAE's draws, then the CVAE's: a column is one latent under each class, so that its slant and "
        "its stroke go through the column.",
        "![digits drawn by a VAE and a CVAE](study-digits.png)",
    ]


def pictures(rows):
    """Digits (N, P) in [0, 1] -> dark on white with a margin, (N, 3, S, S)."""
    framed = np.pad(rows.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    large = np.kron(framed, np.ones((1, MAGNIFIED, MAGNIFIED)))
    return np.repeat(1 - large[:, None], 3, axis=1)


class Clustering(nn.Module):
    """Deep embedded clustering (Xie et al. 2016, arXiv:1511.06335): an encoder and K centres (K, Z) learn
    together. q (N, K) is Student's t around the centres; its target p sharpens q and evens the sizes out.
    """

    def __init__(self, encoder, centres):
        super().__init__()
        self.encoder, self.centres = encoder, nn.Parameter(centres)

    def forward(self, x):
        apart = ((self.encoder(x)[:, None] - self.centres) ** 2).sum(dim=2)  # (N, K)
        q = 1 / (1 + apart)
        return q / q.sum(dim=1, keepdim=True)

    @staticmethod
    def target(q):
        p = q**2 / q.sum(dim=0)
        return p / p.sum(dim=1, keepdim=True)


def clustered(encoder, x, count, epochs=60):
    """(clusters by k-means of encoded x (N,), clusters by DEC that begins with them, the DEC)."""
    with torch.no_grad():
        z = encoder(x)
    begun = KMeans(count, n_init=20, random_state=1).fit(z.numpy())
    torch.manual_seed(1)
    network = Clustering(
        copy.deepcopy(encoder), torch.from_numpy(begun.cluster_centers_).to(z) / spread_of(z)
    )
    network.encoder = nn.Sequential(network.encoder, Scaled(spread_of(z)))
    for _ in range(epochs // 3):  # the target is made anew every three epochs
        with torch.no_grad():
            aims = Clustering.target(network(x))
        optimised(
            network,
            lambda places: F.kl_div(network(x[places]).log(), aims[places], reduction="batchmean"),
            len(x),
            3,
        )
    with torch.no_grad():
        return begun.labels_, network(x).argmax(dim=1).numpy(), network


class Scaled(nn.Module):
    """Divides by a number: distances of one are what Student's t is made for."""

    def __init__(self, by):
        super().__init__()
        self.by = by

    def forward(self, x):
        return x / self.by


def spread_of(z):
    """The root of the mean squared distance of two latents of (N, Z), times a quarter."""
    return float((2 * z.var(dim=0).sum()).sqrt()) / 4


def agreement(found, known):
    """Accuracy in per cent, with each cluster named for the class that suits all best (Hungarian method)."""
    counts = confusion_matrix(known, found)
    return 100 * counts[linear_sum_assignment(-counts)].sum() / len(found)


def of_clusters():
    """Markdown: k-means and DEC on digits, beside their classes."""
    (x, y), _ = digits()
    torch.manual_seed(1)
    encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, LATENT))
    decoder = nn.Sequential(nn.Linear(LATENT, 128), nn.ReLU(), nn.Linear(128, 64))
    whole = nn.Sequential(encoder, decoder)
    optimised(whole, lambda places: F.mse_loss(whole(x[places]), x[places]), len(x), EPOCHS)
    by_means, by_dec, _ = clustered(encoder, x, CLASSES)
    ways = {
        "k-means of pixels": KMeans(CLASSES, n_init=20, random_state=1).fit(x.numpy()).labels_,
        "k-means of latents": by_means,
        "DEC": by_dec,
    }
    rows = {
        name: {
            "accuracy, %": "%.1f" % agreement(found, y),
            "NMI": "%.3f" % normalized_mutual_info_score(y, found),
        }
        for name, found in ways.items()
    }
    return [
        "### Clusters without labels",
        "An autoencoder of %d latents, its latents in %d clusters, and the same encoder trained further by "
        "DEC. Accuracy: each cluster named for the digit that suits best; NMI: normalised mutual information."
        % (LATENT, CLASSES),
        table(rows),
    ]


def of_cars(charts):
    """Markdown: k-means and DEC on the shipped network's latents of training photos, beside what a label or a
    measure says of them.
    """
    settings, _ = cars.asked([])
    photos = cars.data(settings)[0]
    network = evaluate.Shipped(served())
    codes = cars.in_parts(network, "encode", tensor(photos.photos))[:, : network.latent]  # (N, Z)
    latents = torch.from_numpy(codes).float()
    same = nn.Linear(network.latent, network.latent)
    with torch.no_grad():  # DEC begins with the latents as they are
        same.weight.copy_(torch.eye(network.latent))
        same.bias.zero_()
    by_means, by_dec, dec = clustered(same, latents, CLASSES)
    known = figures.classes(settings, photos)
    rows = {
        name: {
            "smallest and largest": "%d, %d" % (np.bincount(found).min(), np.bincount(found).max()),
            **{
                "NMI with " + label: "%.3f" % normalized_mutual_info_score(of[of >= 0], found[of >= 0])
                for label, of in known.items()
            },
        }
        for name, found in (("k-means", by_means), ("DEC", by_dec))
    }
    with torch.no_grad():
        surest = dec(latents).topk(8, dim=0).indices.numpy()  # (8, K)
    shown = {
        "%d cars" % count: cars.in_parts(network, "decode", latents[surest[:, cluster]])
        for cluster, count in enumerate(np.bincount(by_dec, minlength=CLASSES))
    }
    lines = {"%d: %s" % (place + 1, name): row for place, (name, row) in enumerate(shown.items())}
    plots.strips(lines, charts / "study-digits-cars.png")
    return [
        "### Clusters of cars",
        "The shipped network's latents of %d training photos in %d clusters. NMI with the nose's side, the "
        "colour and the body, which none of them was told." % (len(photos), CLASSES),
        table(rows),
        "DEC's clusters, each by the eight cars that it is surest of, as the decoder draws them:",
        "![clusters of cars](study-digits-cars.png)",
    ]


def study(folder, steps, minutes, charts):
    """Markdown of these steps, its charts in the folder `charts`."""
    charts.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    text = of_priors(charts) if PRIORS in steps else []
    text += of_clusters() if CLUSTERS in steps else []
    return "\n\n".join(text + (of_cars(charts) if CARS in steps else []))
