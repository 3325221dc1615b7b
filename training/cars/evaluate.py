"""Compares the shipped car network with a PCA of the same latent size and with the seeds' network, in its
original form and repaired: `make evaluate-cars`.

Baselines that are not yet in runs/bench/ are trained first, each for --minutes, on the same pictures with the
same loop. Our own network is trained from scratch in the same way. The table is printed, and written to
models/cars/evaluation.json and models/cars/evaluation.md.
"""

import argparse
import dataclasses
import functools
import json
import pathlib
import shutil

import numpy as np
import torch

from bench import seeds
from models.cars.model import model as served
from models.cars.ladder import Ladder
from models.cars.network import CarVAE
from models.cars.pictures import SIZE, open_picture, to_square
from models.cars.refinement import STEPS
from training import plots
from training.cars import latents, metrics, pictures, train as cars
from training.cars.augmentation import tensor
from training.cars.street import found, made

# N pictures, S side of the square, Z latent
ROOT = pathlib.Path(__file__).parent.parent.parent
COLUMNS = {
    "psnr_photo": "PSNR from the photo, dB",
    "psnr_white": "PSNR from the white picture, dB",
    "ssim_photo": "SSIM from the photo",
    "ssim_white": "SSIM from the white picture",
    "train_psnr_photo": "PSNR from the photo, training pictures, dB",
    "train_psnr_white": "PSNR from the white picture, training pictures, dB",
    "distance": "distance of a reconstruction from its car in lite0's features",
    "distance_squeezenet": "the same in SqueezeNet's, which no loss has used",
    "distance_other": "of another car, in lite0's features",
    "distance_other_squeezenet": "of another car, in SqueezeNet's",
    "kid_squeezenet": "KID of generated pictures in SqueezeNet's features",
    "kid": "KID of generated pictures, its own way to draw",
    "kid_density": "KID of generated pictures, all by a density of the latents",
    "gflop": "GFLOP of a reconstruction",
    "megabytes": "MB of weights, 32 bits a number",
}


def trained(name, network, objective, settings, minutes, data):
    """The averaged network after `minutes` of training. It is read from runs/bench/NAME if it was trained
    with these settings; otherwise it is trained now.
    """
    folder = ROOT / "runs" / "bench" / name
    settings = dataclasses.replace(settings, folder=str(folder), minutes=minutes)
    finished, wanted = folder / "finished.json", dataclasses.asdict(settings)
    if not finished.exists() or json.loads(finished.read_text()) != wanted:
        shutil.rmtree(str(folder), ignore_errors=True)
        print("training for %g minutes: %s" % (minutes, name))
        torch.manual_seed(settings.seed)
        cars.fit(settings, *data, network, objective(settings))
        finished.write_text(json.dumps(wanted))
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    return network.cpu().eval()


class Shipped:
    """The served network with the interface that `quality` needs. A code is the latent followed by the
    detail. A code of only a latent is decoded without detail.
    """

    def __init__(self, model):
        self.model, self.latent, self.parameters = model, model.record["latent"], model.network.parameters

    def encode(self, x):
        """(B, 3, S, S) -> (B, Z + D)."""
        mean, _, *detail = self.model.network.encode(x)
        return torch.cat([mean, *(part.flatten(1) for part in detail)], dim=1)

    def decode(self, code):
        """(B, Z + D) or (B, Z) -> (B, 3, S, S)."""
        if not self.model.detail:
            return self.model.network.decode(code)
        added = (
            code[:, self.latent :]
            if code.shape[1] > self.latent
            else torch.zeros(len(code), self.model.detail)
        )
        return self.model.network.decode(code[:, : self.latent], added.reshape(len(code), *self.model.shape))


class Refined(Shipped):
    """The same, with each photo's detail refined as the service does it, one after another."""

    def encode(self, x):
        """(B, 3, S, S) -> (B, Z + D)."""
        codes = super().encode(x).numpy()
        parts = zip(x.numpy(), codes[:, : self.latent], codes[:, self.latent :])
        refined = [
            np.concatenate([mean, self.model.refine(square, mean, detail, STEPS)])
            for square, mean, detail in parts
        ]
        return torch.from_numpy(np.stack(refined).astype(np.float32))


class Judge:
    """Judges networks with the same pictures and the same features of real cars on white."""

    def __init__(self, train, test, squeezenet=""):
        self.train, self.test = train, test
        self.some = train[np.linspace(0, len(train) - 1, min(len(train), len(test))).astype(int)]
        self.features = {"": metrics.features}
        if squeezenet:
            self.features["_squeezenet"] = functools.partial(metrics.squeezed, file=squeezenet)
        self.real = {name: features(white(test)) for name, features in self.features.items()}

    def network(self, network, fresh=None):
        """One row of the table. `fresh`: latents drawn in the network's own way. Without it, N(0, I) is used,
        as the seeds do.
        """
        row = self.truth(network)
        means = cars.in_parts(network, "encode", tensor(self.train.photos))[
            :, : getattr(network, "latent", None)
        ]
        density = dict(zip(("weights", "means", "factors"), latents.density(means, 4)))
        count = len(self.test)
        own = np.random.default_rng(1).standard_normal((count, means.shape[1])) if fresh is None else fresh
        row.update(self.kids(cars.in_parts(network, "decode", own)))
        row["kid_density"] = self.kids(
            cars.in_parts(network, "decode", latents.draw(density, count, 1.0, seed=1))
        )["kid"]
        return row

    def truth(self, network):
        """How true its reconstructions are, of held-out pictures and of some that were trained on."""
        row = cars.quality(network, self.test)
        row.update({"train_" + name: value for name, value in cars.quality(network, self.some).items()})
        row.update(self.distances(torch.from_numpy(cars.reconstructed(network, tensor(self.test.photos)))))
        return row

    def kids(self, generated):
        """KID of generated pictures (N, 3, S, S) against the held-out cars on white, for each kind of
        features.
        """
        generated = torch.from_numpy(generated)
        return {
            "kid" + name: round(float(metrics.kid(features(generated), self.real[name])[0]), 5)
            for name, features in self.features.items()
        }

    def kid(self, generated):
        """KID of generated pictures (N, 3, S, S) with lite0's features."""
        return self.kids(generated)["kid"]

    def distances(self, made):
        """How far reconstructions (N, 3, S, S) are from their own cars, and other cars from them, for each
        kind of features.
        """
        row = {}
        for name, features in self.features.items():
            real = self.real[name]
            row["distance" + name] = round((features(made) - real).norm(dim=1).mean().item(), 3)
            row["distance_other" + name] = round((real.roll(1, 0) - real).norm(dim=1).mean().item(), 3)
        return row

    def pca(self, latent):
        """The row of a PCA. It is fitted on white pictures and gets only white pictures."""
        project = metrics.pca(white(self.train).flatten(1).numpy(), latent)
        row = {}
        for prefix, seen in (("", self.test), ("train_", self.some)):
            picture = torch.from_numpy(
                project(white(seen).flatten(1).numpy()).clip(0, 1).astype(np.float32)
            ).view(-1, 3, SIZE, SIZE)
            row[prefix + "psnr_white"] = round(metrics.psnr(picture, white(seen)).mean().item(), 3)
            row[prefix + "ssim_white"] = round(metrics.ssim(picture, white(seen)).mean().item(), 4)
        return row


def white(seen):
    """The cars of pictures on white: float (N, 3, S, S)."""
    return tensor(pictures.on_white(seen.photos, seen.alphas))


def gallery(model):
    """Draw models/cars/gallery.png: the page's example pictures, cut to their
    cars, their reconstructions, and generated cars.
    """
    examples = [open_picture(data) for _, data in pictures.files(ROOT / "static" / "examples")]
    shown = np.stack([to_square(found(model, picture)[0]) for picture in examples])
    seen = [made(model, square)[0] for square in shown]
    drawn = [
        model.decode(model.draw(1, place, model.record["temperature"])) for place in range(2 * len(shown))
    ]
    rows = [shown, seen, drawn[: len(shown)], drawn[len(shown) :]]
    plots.sheet(rows).save(ROOT / "models" / "cars" / "gallery.png")


class Decoder(torch.nn.Module):
    """A network's decoder alone, to count its operations."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network.decode(torch.zeros(len(x), self.network.mean.out_features))


def size(network):
    """The GFLOP and the megabytes of a network."""
    numbers = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    return {"gflop": round(metrics.gflop(network), 3), "megabytes": round(numbers / 1e6, 1)}


def table(rows):
    """A Markdown table: one line per figure, one column per network."""
    lines = [
        "| held out, unless it says otherwise | " + " | ".join(rows) + " |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for column, title in COLUMNS.items():
        lines.append("| %s | %s |" % (title, " | ".join(str(row.get(column, "")) for row in rows.values())))
    return "\n".join(lines)


def largest_steps(model, test, pairs=50, steps=16):
    """For each interpolation between two held-out photos, the largest step between pictures divided by the
    median step: (pairs,).
    """
    network = Shipped(model)
    # (2 * pairs, Z)
    z = cars.in_parts(network, "encode", tensor(test.photos[: 2 * pairs]))[:, : network.latent]
    ratios = []
    for first, last in zip(z[::2], z[1::2]):
        strip = cars.in_parts(
            network, "decode", np.stack([latent for latent, _ in model.line(first, last, steps)])
        )
        apart = np.sqrt(((strip[1:] - strip[:-1]) ** 2).mean(axis=(1, 2, 3)))  # (steps - 1,)
        ratios.append(apart.max() / np.median(apart))
    return np.array(ratios)


def bars(rows, record, jumps):
    """Markdown: each bar, what was reached, and whether it is enough."""
    ours, repaired = row_of(rows, "shipped"), row_of(rows, "seeds' repaired")
    checks = quality_checks(ours, record) + peer_checks(rows)
    for picture, psnr in (("photo", "psnr_photo"), ("white picture", "psnr_white")):
        what = "PSNR of training minus held out, from the " + picture
        checks.append((what, ours["train_" + psnr] - ours[psnr], "<=", 1.5))
    seeds = min(repaired["kid"], repaired["kid_density"])
    checks += [
        ("KID: below the seeds' repaired, the better of its two ways", ours["kid"], "<=", seeds),
        ("GFLOP of a reconstruction, refined", ours["gflop"], "<=", 2),
        ("GFLOP of a reconstruction, refine=0", rows.get("shipped, refine=0", ours)["gflop"], "<=", 2),
        ("MB of weights, as served", record["files"]["network"]["bytes"] / 1e6, "<=", 25),
        ("largest step of %d interpolations over the median step" % len(jumps), float(jumps.max()), "<=", 3),
    ]
    checks += edition_checks(ours, rows.get("first edition", ours))
    checks += [
        ("median Spearman of the direction " + d["name"], d["spearman"], ">=", 0.9)
        for d in record["directions"]
    ]
    lines = ["| bar | reached | asked for | enough |", "|---|---|---|---|"]
    for what, reached, sign, bound in checks:
        enough = reached >= bound if sign == ">=" else reached <= bound
        lines.append("| %s | %.4g | %s %.4g | %s |" % (what, reached, sign, bound, "yes" if enough else "NO"))
    return "\n".join(lines)


def row_of(rows, start):
    """The first row whose name starts so; the rest of a name is its size or its minutes."""
    return next(row for name, row in rows.items() if name.startswith(start))


def quality_checks(ours, record):
    """(bar, reached, sign, bound) of the figures that have a bound of their own."""
    overlap = record.get("finder", {}).get("iou_median", 0)
    return [
        ("PSNR from the photo", ours["psnr_photo"], ">=", 18.9),
        ("SSIM from the photo", ours["ssim_photo"], ">=", 0.60),
        ("PSNR from the white picture", ours["psnr_white"], ">=", 19.4),
        ("KID of generated cars, lite0's features", ours["kid"], "<=", 0.13),
        ("median overlap of the box that is found, held-out scenes", overlap, ">=", 0.7),
    ]


def peer_checks(rows):
    """(bar, reached, sign, bound) of the comparisons with PCA, and with the seeds' repaired network after the
    same training time.
    """
    ours, pca, equal, repaired = (
        row_of(rows, name) for name in ("shipped", "PCA", "ours", "seeds' repaired")
    )
    what = "PSNR from the %s, equal time: 1 dB over the seeds' repaired"
    return [
        ("PSNR from the white picture: PCA's", ours["psnr_white"], ">=", pca["psnr_white"]),
        ("PSNR from the photo: 1.5 dB under PCA's", ours["psnr_photo"], ">=", pca["psnr_white"] - 1.5),
        (what % "white picture", equal["psnr_white"], ">=", repaired["psnr_white"] + 1),
        (what % "photo", equal["psnr_photo"], ">=", repaired["psnr_photo"] + 1),
    ]


def edition_checks(ours, before):
    """(bar, reached, sign, bound) of the comparisons with `before`, the first edition's network of one level.

    Empty without SqueezeNet's figures.
    """
    if "distance_squeezenet" not in ours:
        return []
    distance, kid = 0.65 * before["distance_squeezenet"], 0.5 * before["kid_squeezenet"]
    what = "distance from its car, SqueezeNet's features: 35 % under the first edition's"
    return [
        (what, ours["distance_squeezenet"], "<=", distance),
        ("KID, SqueezeNet's features: half of the first edition's", ours["kid_squeezenet"], "<=", kid),
    ]


def judged(model, settings, minutes, data, kept, squeezenet):
    """The rows of the table: the shipped network, and the rows in `kept`. Without `kept`, all other networks
    are judged now.
    """
    train, test, more = data
    judge = Judge(train, test, squeezenet)
    drawn = np.stack([model.draw(1, place, model.record["temperature"]) for place in range(len(test))])
    plain = judge.network(Shipped(model), drawn)
    if model.detail:
        ladder = size(Ladder(settings.latent))
        # a step is the decoder forwards and backwards; one more run of it comes before the first
        more = round((2 * STEPS + 1) * metrics.gflop(Decoder(Ladder(settings.latent))), 3)
        rows = {
            "shipped": {**plain, **judge.truth(Refined(model)), **ladder, "gflop": ladder["gflop"] + more},
            "shipped, refine=0": {**plain, **ladder},
        }
    else:
        rows = {"shipped": {**plain, **size(CarVAE(settings.latent))}}
        rows["first edition"] = rows["shipped"]
    if kept:
        return {**rows, **{name: row for name, row in kept.items() if name not in rows}}
    networks = {
        "ours, %g min" % minutes: trained(
            "ours", CarVAE(settings.latent), cars.loss, settings, minutes, data
        ),
        "seeds' repaired, %g min" % minutes: trained(
            "repaired", seeds.RepairedSeedsVAE(), cars.loss, settings, minutes, data
        ),
        "seeds' as it is, %g min" % minutes: trained(
            "seeds", seeds.SeedsVAE(), seeds.loss, settings, minutes, data
        ),
    }
    rows["PCA, %d numbers" % settings.latent] = judge.pca(settings.latent)
    rows.update({name: {**judge.network(network), **size(network)} for name, network in networks.items()})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--minutes",
        type=float,
        default=10,
        help="of training for each network that is compared at equal time",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="measure only the shipped network, and read the others from models/cars/evaluation.json",
    )
    parser.add_argument(
        "--squeezenet",
        default="../shared/data/features/squeezenet1_1.f16.pt",
        help="its weights; empty: without its features",
    )
    arguments = parser.parse_args()
    model = served()
    known = {field.name for field in dataclasses.fields(cars.Settings)}
    settings = cars.Settings(
        **{name: value for name, value in model.record["settings"].items() if name in known}
    )
    train, test, _ = data = cars.data(settings)
    kept = (
        json.loads((ROOT / "models" / "cars" / "evaluation.json").read_text())["rows"]
        if arguments.keep
        else {}
    )
    rows = judged(model, settings, arguments.minutes, data, kept, arguments.squeezenet)
    facts = {"version": model.record["version"], "training": len(train), "held_out": len(test), "rows": rows}
    (ROOT / "models" / "cars" / "evaluation.json").write_text(json.dumps(facts, indent=1) + "\n")
    text = "%d photos held out, %d to train on; weights %s. Written by `make evaluate-cars`.\n\n" % (
        len(test),
        len(train),
        facts["version"],
    )
    tables = table(rows) + "\n\n" + bars(rows, model.record, largest_steps(model, test))
    (ROOT / "models" / "cars" / "evaluation.md").write_text(
        "# Evaluation of the car network\n\n" + text + tables + "\n"
    )
    gallery(model)
    print(tables)


if __name__ == "__main__":
    main()
