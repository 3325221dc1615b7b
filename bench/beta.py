"""What the weight of the KL changes: `python -m bench.beta` trains the car network a few minutes with each and prints a table.

Written to docs/beta.md. Short trainings: they rank the weights, and are no measure of what a long training reaches.
"""

import argparse
import dataclasses
import pathlib

import torch

from bench.cars import Judge, trained
from models import registry
from models.cars.network import CarVAE
from training import cars
from training.augmentation import tensor

ROOT = pathlib.Path(__file__).parent.parent
CHOICES = ((0.01, 0.1), (0.1, 0.1), (1.0, 0.1))  # weight, and share of the training over which it grows


def nats(network, photos):
    """Mean KL of the latents of photos, in nats a picture."""
    with torch.no_grad():
        parts = [cars.kl(*network.encode(part)) for part in tensor(photos).split(64)]
    return torch.cat(parts).mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=2, help="of training for each weight")
    minutes = parser.parse_args().minutes
    settings = cars.Settings(**registry.record("cars")["settings"])
    train, test, more = data = cars.data(settings)
    judge = Judge(train, test)
    titles = ("beta", "warm-up", "KL, nats", "PSNR from the photo, dB", "PSNR from the white picture, dB", "KID drawn from N(0, I)", "KID drawn from the density")
    lines = ["| %s |" % " | ".join(titles), "|---" * len(titles) + "|"]
    for beta, warmup in CHOICES:
        changed = dataclasses.replace(settings, beta=beta, beta_warmup=warmup, perceptual=0)
        network = trained("beta_%g_%g" % (beta, warmup), CarVAE(settings.latent), cars.loss, changed, minutes, data)
        row = judge.network(network)
        figures = (beta, warmup, "%.0f" % nats(network, test.photos), row["psnr_photo"], row["psnr_white"], row["kid"], row["kid_density"])
        lines.append("| %s |" % " | ".join(str(figure) for figure in figures))
    text = "# The weight of the KL\n\nThe same training for %g minutes each, figures on held-out photos. Written by `python -m bench.beta`.\n\n" % minutes
    (ROOT / "docs" / "beta.md").write_text(text + "\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
