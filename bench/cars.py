"""The shipped car network beside PCA of its latent size and the seeds' network, as it is and repaired: `make evaluate-cars`.

Baselines that are not in runs/bench/ yet are trained first, each for --minutes, on the same pictures with the same loop;
so is our own network, from scratch. The table is printed, and written to bench/cars.json and docs/evaluation.md.
"""

import argparse
import dataclasses
import json
import pathlib
import shutil

import numpy as np
import torch

from bench import seeds
from models.cars.model import model as served
from models.cars.network import CarVAE
from models.cars.pictures import SIZE, open_picture, to_square
from training import cars, latents, metrics, pictures, plots
from training.augmentation import tensor

# N pictures, S side of the square, Z latent
ROOT = pathlib.Path(__file__).parent.parent
COLUMNS = {
    "psnr_photo": "PSNR from the photo, dB",
    "psnr_white": "PSNR from the white picture, dB",
    "ssim_photo": "SSIM from the photo",
    "ssim_white": "SSIM from the white picture",
    "train_psnr_photo": "PSNR from the photo, training pictures, dB",
    "train_psnr_white": "PSNR from the white picture, training pictures, dB",
    "kid": "KID of generated pictures, its own way to draw",
    "kid_density": "KID of generated pictures, all by a density of the latents",
    "gflop": "GFLOP a forward",
    "megabytes": "MB of weights, 32 bits a number",
}


def trained(name, network, objective, settings, minutes, data):
    """The averaged network after `minutes` of training, from runs/bench/NAME where it was trained with these settings, or made now."""
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


class Judge:
    """Holds the pictures and the features of real cars on white, and judges one network after another."""

    def __init__(self, train, test):
        self.train, self.test = train, test
        self.some = train[np.linspace(0, len(train) - 1, min(len(train), len(test))).astype(int)]
        self.real = metrics.features(white(test))

    def network(self, network, fresh=None):
        """A row of the table. `fresh`: latents that its own way draws; N(0, I), as the seeds do, where it is not given."""
        row = cars.quality(network, self.test)
        row.update({"train_" + name: value for name, value in cars.quality(network, self.some).items()})
        means = cars.in_parts(network, "encode", tensor(self.train.photos))
        density = dict(zip(("weights", "means", "factors"), latents.density(means, 4)))
        count = len(self.test)
        own = np.random.default_rng(1).standard_normal((count, means.shape[1])) if fresh is None else fresh
        row["kid"] = self.kid(cars.in_parts(network, "decode", own))
        row["kid_density"] = self.kid(cars.in_parts(network, "decode", latents.draw(density, count, 1.0, seed=1)))
        return row

    def kid(self, generated):
        """KID of generated pictures (N, 3, S, S) against the held-out cars on white."""
        return round(float(metrics.kid(metrics.features(torch.from_numpy(generated)), self.real)[0]), 5)

    def pca(self, latent):
        """PCA fitted and fed with white pictures; photos are not asked of it."""
        project = metrics.pca(white(self.train).flatten(1).numpy(), latent)
        row = {}
        for prefix, seen in (("", self.test), ("train_", self.some)):
            picture = torch.from_numpy(project(white(seen).flatten(1).numpy()).clip(0, 1).astype(np.float32)).view(-1, 3, SIZE, SIZE)
            row[prefix + "psnr_white"] = round(metrics.psnr(picture, white(seen)).mean().item(), 3)
            row[prefix + "ssim_white"] = round(metrics.ssim(picture, white(seen)).mean().item(), 4)
        return row


def white(seen):
    """The cars of pictures on white: float (N, 3, S, S)."""
    return tensor(pictures.on_white(seen.photos, seen.alphas))


def gallery(model):
    """docs/cars.png: the page's example pictures, what the model makes of them, and cars that it draws."""
    shown = np.stack([to_square(open_picture(data)) for _, data in pictures.files(ROOT / "static" / "examples")])
    seen = [model.decode(model.encode(square)[0]) for square in shown]
    drawn = [model.decode(model.draw(1, place, model.record["temperature"])) for place in range(2 * len(shown))]
    rows = [shown, seen, drawn[: len(shown)], drawn[len(shown) :]]
    plots.sheet(rows).save(ROOT / "docs" / "cars.png")


def size(network):
    """What a network costs."""
    numbers = sum(value.numel() * value.element_size() for value in network.state_dict().values())
    return {"gflop": round(metrics.gflop(network), 3), "megabytes": round(numbers / 1e6, 1)}


def table(rows):
    """Markdown, a line a figure, a column a network."""
    lines = ["| held out, unless it says otherwise | " + " | ".join(rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for column, title in COLUMNS.items():
        lines.append("| %s | %s |" % (title, " | ".join(str(row.get(column, "")) for row in rows.values())))
    return "\n".join(lines)


def largest_steps(model, test, pairs=50, steps=16):
    """Of each interpolation between held-out photos, the largest step between pictures over the median one: (pairs,)."""
    z = cars.in_parts(model.network, "encode", tensor(test.photos[: 2 * pairs]))  # (2 * pairs, Z)
    found = []
    for first, last in zip(z[::2], z[1::2]):
        strip = cars.in_parts(model.network, "decode", np.stack(model.line(first, last, steps)))
        apart = np.sqrt(((strip[1:] - strip[:-1]) ** 2).mean(axis=(1, 2, 3)))  # (steps - 1,)
        found.append(apart.max() / np.median(apart))
    return np.array(found)


def bars(rows, record, jumps):
    """What must be reached, what was, and whether it is enough."""
    ours, pca, equal, repaired = (list(rows.values())[place] for place in (0, 1, 2, 3))
    checks = [
        ("PSNR from the white picture: PCA's", ours["psnr_white"], ">=", pca["psnr_white"]),
        ("PSNR from the photo: 1.5 dB under PCA's", ours["psnr_photo"], ">=", pca["psnr_white"] - 1.5),
        ("PSNR from the white picture, equal time: 1 dB over the seeds' repaired", equal["psnr_white"], ">=", repaired["psnr_white"] + 1),
        ("PSNR from the photo, equal time: 1 dB over the seeds' repaired", equal["psnr_photo"], ">=", repaired["psnr_photo"] + 1),
        ("PSNR of training minus held out, from the photo", ours["train_psnr_photo"] - ours["psnr_photo"], "<=", 1.5),
        ("PSNR of training minus held out, from the white picture", ours["train_psnr_white"] - ours["psnr_white"], "<=", 1.5),
        ("KID: below the seeds' repaired, the better of its two ways", ours["kid"], "<=", min(repaired["kid"], repaired["kid_density"])),
        ("GFLOP a forward", ours["gflop"], "<=", 0.8),
        ("MB of weights, as served", record["files"]["network"]["bytes"] / 1e6, "<=", 15),
        ("largest step of %d interpolations over the median step" % len(jumps), float(jumps.max()), "<=", 3),
    ]
    checks += [("median Spearman of the direction " + d["name"], d["spearman"], ">=", 0.9) for d in record["directions"]]
    lines = ["| bar | reached | asked for | enough |", "|---|---|---|---|"]
    for what, reached, sign, bound in checks:
        enough = reached >= bound if sign == ">=" else reached <= bound
        lines.append("| %s | %.4g | %s %.4g | %s |" % (what, reached, sign, bound, "yes" if enough else "NO"))
    return "\n".join(lines)


def judged(model, settings, minutes, data, kept):
    """The rows of the table: the shipped network judged, and beside it the rows that are `kept`, or all others judged anew."""
    train, test, more = data
    judge = Judge(train, test)
    drawn = np.stack([model.draw(1, place, model.record["temperature"]) for place in range(len(test))])
    rows = {"shipped": {**judge.network(model.network, drawn), **size(CarVAE(settings.latent))}}
    if kept:
        return {**kept, **rows}
    networks = {
        "ours, %g min" % minutes: trained("ours", CarVAE(settings.latent), cars.loss, settings, minutes, data),
        "seeds' repaired, %g min" % minutes: trained("repaired", seeds.RepairedSeedsVAE(), cars.loss, settings, minutes, data),
        "seeds' as it is, %g min" % minutes: trained("seeds", seeds.SeedsVAE(), seeds.loss, settings, minutes, data),
    }
    rows["PCA, %d numbers" % settings.latent] = judge.pca(settings.latent)
    rows.update({name: {**judge.network(network), **size(network)} for name, network in networks.items()})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="of training for each network that is compared at equal time")
    parser.add_argument("--keep", action="store_true", help="judge the shipped network alone, and take the others from bench/cars.json")
    arguments = parser.parse_args()
    model = served()
    settings = cars.Settings(**model.record["settings"])
    train, test, _ = data = cars.data(settings)
    kept = json.loads((ROOT / "bench" / "cars.json").read_text())["rows"] if arguments.keep else {}
    rows = judged(model, settings, arguments.minutes, data, kept)
    facts = {"version": model.record["version"], "training": len(train), "held_out": len(test), "rows": rows}
    (ROOT / "bench" / "cars.json").write_text(json.dumps(facts, indent=1) + "\n")
    text = "%d photos held out, %d to train on; weights %s. Written by `make evaluate-cars`.\n\n" % (len(test), len(train), facts["version"])
    tables = table(rows) + "\n\n" + bars(rows, model.record, largest_steps(model, test))
    (ROOT / "docs" / "evaluation.md").write_text("# Evaluation of the car network\n\n" + text + tables + "\n")
    gallery(model)
    print(tables)


if __name__ == "__main__":
    main()
