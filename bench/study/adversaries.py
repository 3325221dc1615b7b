"""Cars with and without an adversary, of one level and of two, beside a plain DCGAN. All see the same cars as
often.

The VAEs are models/cars/ladder.py, trained by training/cars/ladder.py. The DCGAN is below, to be read beside
its paper.
"""

import json
import pathlib
import time
from dataclasses import asdict

import torch
import torch.nn.functional as F
from torch import nn

from bench.study import car_figures as figures
from bench.study.cars import renders
from bench.study.tables import as_asked, folder_of, table
from training import loop, plots
from training.cars import ladder, metrics
from training.cars.augmentation import tensor
from training.cars.evaluate import Judge, white

# B batch, N pictures, S side of the square (128), Z latent
TITLE, MINUTES = "Cars and adversaries", 0  # minutes 0: the epochs below, whatever the machine's speed
ALL = (
    "--width 0.5 --epochs 10 --batch 16 --learning-rate 2e-3 --memory 0.997 --beta 0.1 --beta-detail 0.01 "
    "--judge-every 10"
)
NEVER = 1000  # an epoch that does not come
ONE, PLAIN = "--detail-from %d " % NEVER, "--adversarial-from %d" % NEVER
STEPS = {
    "VAE, one level": ONE + PLAIN,
    "VAE/GAN, one level": ONE + "--adversarial-from 4",
    "VAE, two levels": "--detail-from 2 --detail-ramp 2 " + PLAIN,
    "DCGAN": "",
}
SQUEEZENET = "../shared/data/features/squeezenet1_1.f16.pt"  # features that no loss uses
SHOWN = 10  # pictures in a row
RATE, BETAS = 2e-4, (0.5, 0.999)  # of Adam, as in the DCGAN's paper


# DCGAN


def initialised(network):
    """All convolutions from N(0, 0.02), all scales of normalisation from N(1, 0.02), as in the paper."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1, 0.02)
    return network


class Generator(nn.Module):
    """The DCGAN's generator (Radford et al. 2016, arXiv:1511.06434): each step doubles the side."""

    def __init__(self, latent, channels=(256, 128, 64, 32, 16)):
        super().__init__()
        self.latent = latent
        layers = [nn.ConvTranspose2d(latent, channels[0], 4, bias=False)]  # (B, 256, 4, 4)
        for inputs, outputs in zip(channels, channels[1:]):
            layers += [
                nn.BatchNorm2d(inputs),
                nn.ReLU(),
                nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
            ]
        layers += [nn.BatchNorm2d(channels[-1]), nn.ReLU()]
        layers += [nn.ConvTranspose2d(channels[-1], 3, 4, stride=2, padding=1), nn.Tanh()]
        self.layers = initialised(nn.Sequential(*layers))

    def forward(self, z):
        """Latent (B, Z) -> picture (B, 3, S, S) in [0, 1]."""
        return (self.layers(z[:, :, None, None]) + 1) / 2


class Discriminator(nn.Module):
    """The DCGAN's discriminator: each step halves the side."""

    def __init__(self, channels=(16, 32, 64, 128, 256)):
        super().__init__()
        layers = [nn.Conv2d(3, channels[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for inputs, outputs in zip(channels, channels[1:]):
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        self.layers = initialised(nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4), nn.Flatten(0)))

    def forward(self, pictures):
        """Picture (B, 3, S, S) in [0, 1] -> logit that it is real, (B,)."""
        return self.layers(2 * pictures - 1)


def played(parts, real):
    """One step of both players on real pictures (B, 3, S, S); returns both losses, in nats."""
    generator, discriminator = parts["generator"], parts["discriminator"]
    fake = generator(torch.randn(len(real), generator.latent))
    told, fooled = discriminator(real), discriminator(fake.detach())
    against = F.binary_cross_entropy_with_logits(told, torch.ones_like(told))
    against = against + F.binary_cross_entropy_with_logits(fooled, torch.zeros_like(fooled))
    parts["discriminator_optimiser"].zero_grad()
    against.backward()
    parts["discriminator_optimiser"].step()
    fooled = discriminator(fake)
    loss = F.binary_cross_entropy_with_logits(fooled, torch.ones_like(fooled))
    parts["generator_optimiser"].zero_grad()
    loss.backward()
    parts["generator_optimiser"].step()
    return against.item(), loss.item()


def dcgan(settings, train):
    """The generator after settings.epochs over the cars of `train` on white, each mirrored half of the time.
    Goes on from the folder's checkpoint.
    """
    torch.manual_seed(settings.seed)
    parts = {"generator": Generator(settings.latent), "discriminator": Discriminator()}
    for name in tuple(parts):
        parts[name + "_optimiser"] = torch.optim.Adam(parts[name].parameters(), RATE, BETAS)
    checkpoint, done = pathlib.Path(settings.folder) / "checkpoint.pt", {"epoch": 0}
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        done = loop.restored(checkpoint, parts, "cpu")
    pictures = white(train)
    while done["epoch"] < settings.epochs:
        done["epoch"] += 1
        torch.manual_seed(settings.seed * 100000 + done["epoch"])
        for places in torch.randperm(len(pictures)).split(settings.batch):
            if len(places) > 1:  # a batch of one has no statistics
                real = pictures[places]
                mirrored = (torch.rand(len(places)) < 0.5)[:, None, None, None]
                losses = played(parts, torch.where(mirrored, real.flip(3), real))
        print("epoch %d: losses %.2f and %.2f" % (done["epoch"], *losses), flush=True)
        loop.save(checkpoint, {**{name: part.state_dict() for name, part in parts.items()}, **done})
    return parts["generator"].eval()


@torch.no_grad()
def generated(generator, count):
    """New cars of the DCGAN: float (count, 3, S, S)."""
    z = torch.randn(count, generator.latent, generator=torch.Generator().manual_seed(1))
    return torch.cat([generator(part) for part in z.split(64)]).numpy()


# The steps


def fitted(settings, train, test, more):
    """The VAE of a step. It goes on from the folder's checkpoint."""
    resume = (pathlib.Path(settings.folder) / "checkpoint.pt").exists()
    return ladder.fit(settings, train, test, more, resume).eval()


def drawn(settings, network, train, count):
    """New cars of a VAE, as the API draws them: from a density of the training photos' latents, with the
    mean of the detail's prior. Float (count, 3, S, S).
    """
    known = ladder.seen_means(network, tensor(figures.some(train, figures.KNOWN).photos)).numpy()
    step = figures.Step(settings, network, known, known[:0])
    with torch.no_grad():
        z = torch.from_numpy(step.drawn(count)).float()
        return torch.cat([network.decode(part) for part in z.split(64)]).numpy()


def judged(settings, network, new, judge):
    """The figures of a VAE, or of the DCGAN (network None) from its new cars alone."""
    row = {"kid of new " + name: kid for name, kid in judge.kids(new).items()}
    if network is None:
        return row
    photos, known = tensor(judge.test.photos), white(judge.test)
    _, _, full, alone = ladder.seen(network, photos)
    row.update(judge.distances(full))
    row.update({"kid of made " + name: kid for name, kid in judge.kids(full.numpy()).items()})
    for name, made in (("psnr", full), ("psnr_alone", alone)):
        row[name] = metrics.psnr(made, known).mean().item()
    row["ssim"] = metrics.ssim(full, known).mean().item()
    return row


def trained(folder, words, data, judge):
    """The network of a step (a Ladder, or a Generator), its new cars, and its figures. It is trained and
    judged first, unless its folder has the result.
    """
    settings, _, _ = ladder.asked(["--folder", str(folder)] + ALL.split() + words.split())
    path, began = folder / "judged.json", time.process_time()
    as_asked(folder, asdict(settings))
    folder.mkdir(parents=True, exist_ok=True)
    plain = not words
    if plain:
        (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    network = dcgan(settings, data[0]) if plain else fitted(settings, *data)
    spent = (time.process_time() - began) / 60
    count = len(judge.test)
    new = generated(network, count) if plain else drawn(settings, network, data[0], count)
    if not path.exists():
        row = judged(settings, None if plain else network, new, judge)
        row["cpu_minutes"] = spent
        row["weights"] = sum(each.numel() for each in network.parameters())
        path.write_text(json.dumps(row, indent=1))
    return network, new, json.loads(path.read_text())


# The page


def compared(row, epochs):
    """A line of the table. The DCGAN reconstructs nothing."""
    number = lambda name, form: form % row[name] if name in row else ""
    return {
        "million weights": round(row["weights"] / 1e6, 2),
        "epochs": epochs,
        "CPU minutes": number("cpu_minutes", "%.0f"),
        "PSNR from the photo, dB": number("psnr", "%.2f"),
        "of the global latent alone": number("psnr_alone", "%.2f"),
        "SSIM": number("ssim", "%.3f"),
        "distance, SqueezeNet": number("distance_squeezenet", "%.1f"),
        "KID of reconstructions": number("kid of made kid", "%.2f"),
        "KID of new cars": number("kid of new kid", "%.2f"),
        "KID of new cars, SqueezeNet": number("kid of new kid_squeezenet", "%.0f"),
    }


def study(folder, steps, minutes, charts):
    """Train the steps that are not yet trained, and compare all. Returns Markdown; the charts go to the
    folder `charts`.
    """
    settings, _, _ = ladder.asked(ALL.split())
    data = ladder.data(settings)
    judge = Judge(data[0], data[1], SQUEEZENET if pathlib.Path(SQUEEZENET).exists() else "")
    _, fed = renders(settings.more)
    rows, remade, new = {}, {"render": fed.numpy()}, {}
    for name in steps:
        print("%s: %s" % (TITLE, name), flush=True)
        network, cars, row = trained(folder_of(folder, name), STEPS[name], data, judge)
        rows[name], new[name] = compared(row, settings.epochs), cars[:SHOWN]
        if STEPS[name]:
            remade[name] = ladder.seen(network, fed)[2].numpy()
    charts.mkdir(parents=True, exist_ok=True)
    plots.strips(remade, charts / "study-adversaries-reconstructions.png")
    plots.strips(new, charts / "study-adversaries-drawn.png")
    return "\n\n".join(
        [
            "%d photos, %d held out; half the shipped network's channels; batches of %d. The VAEs have the "
            "same decoder, squared error and perceptual distance. A VAE/GAN also has a patch adversary from "
            "epoch 4 on (training/cars/adversary.py; Larsen et al. 2016). Two levels have a detail of 8 x 8 "
            "places beside the 64 numbers of the global latent; the network that ships has both. The DCGAN "
            "(Radford et al. 2016) sees only cars on white; it draws, and reconstructs nothing."
            % (len(data[0]), len(data[1]), settings.batch),
            table(rows),
            "KID: against held-out cars on white, in features of EfficientNet-lite0, whose first blocks the "
            "perceptual distance and the adversary use, and of SqueezeNet, which no loss uses. SqueezeNet's "
            "distance: of a reconstruction from the car of its photo; another car is %.1f away."
            % judge.distances(white(judge.test)).get("distance_other_squeezenet", float("nan")),
            "![reconstructions](study-adversaries-reconstructions.png)",
            "New cars:\n\n![new cars](study-adversaries-drawn.png)",
        ]
    )
