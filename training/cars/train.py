# %% [markdown]
# # A VAE that reconstructs, generates and edits cars
# The input is a photo of a car, and the output is the car alone on white: Auto-Encoding Variational Bayes,
# Kingma & Welling 2013, arXiv:1312.6114.
#
# From the shell: `make train-cars`, or `python -m training.cars.train --pictures cars.zip --masks masks.zip`;
# `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r
# training/requirements.txt`, and give the last cell your words:
# `main(["--pictures", "drive/cars.zip", "--masks", "", "--table", "",
# "--more", "", "--folder", "drive/run", "--resume"])`.
# %%
import functools
import json
import pathlib
import sys
from dataclasses import asdict, dataclass

import numpy as np
import torch

from models.cars.model import model
from models.cars.network import WIDTHS, CarVAE
from models.cars.pictures import SIZE
from training import command, export, loop, plots, processes
from training.command import Amount, Count, Factor, Share, Switch, Whole, bounded, one_of
from training.cars import augmentation, conditions, ladder, pictures
from training.cars.augmentation import tensor
from training.cars.latents import in_parts, latent_space, show
from training.cars.metrics import kl, perceptual, psnr, ssim
from training.cars.pictures import STANFORD

# B batch, N pictures, S side of the square, Z latent, K numbers of a condition


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    pictures: str = "../shared/data/cars/cars_front.tar"  # folder, zip or tar
    # the cars' alpha under the same names; empty: a picture is its own target
    masks: str = "../shared/data/cars/cars_masks.tar"
    # file, confidence, coverage, nose of each picture; empty: all masks are good
    table: str = "../shared/data/cars/cars_front.csv"
    # pictures that are already on white, and so are their own targets; empty: none
    more: str = "../shared/data/cars/cars_rendered.tar"
    more_share: Amount = 0.1  # pictures of `more` per epoch, as a share of the photos
    source: str = STANFORD  # of the pictures, with their licence
    folder: str = "runs/cars"  # for everything that this run writes
    latent: Count = 64  # dimensions
    width: bounded(float, 1 / min(WIDTHS)) = 1  # factor for the network's channels: 0.5 halves them
    variational: Switch = 1  # 0: a plain autoencoder, which does not sample and has no KL
    # condition of a CVAE, only for the study: "body" (from the table's label) or "colour" (measured)
    condition: one_of("", *conditions.CLASSES) = ""
    # largest standard deviation of the Gaussian noise on inputs: a denoising
    # autoencoder (Vincent et al. 2008; Gaussian noise: 2010, JMLR 11)
    noise: Amount = 0
    # weight of the squared error; 0, with perceptual_from 0: DFC-VAE (Hou et al. 2017, arXiv:1610.00291)
    pixels: Amount = 1
    # weight of the KL, divided by pixels and channels, as in the seeds' code; docs/study.md compares values
    beta: Amount = 0.1
    beta_warmup: Share = 0.1  # share of the training over which beta grows from 0
    perceptual: Amount = 0.015  # weight of the perceptual distance
    perceptual_from: Share = 0.5  # share of the training after which it joins
    perceptual_share: Share = 0.25  # share of each batch; for the whole batch, it costs more than the network
    epochs: Count = 105
    minutes: Amount = 0  # length of the training; 0: epochs count instead
    batch: Count = 32  # pictures
    learning_rate: Amount = 1e-3  # at its peak
    warmup: Share = 0.01  # share of the training, at its start
    decay: Share = 0.3  # share of the training, at its end
    weight_decay: Amount = 0.01
    memory: Share = 0.999  # of the averaged weights, per step
    components: Count = 4  # of the Gaussian mixture from which new latents are drawn
    temperature: Factor = 0.8  # default spread of new latents for callers
    seed: Whole = 1


# %% [markdown]
# ## Data
# One picture in ten is held out and never trained on. Near-duplicates are held out together.
# %%
def data(settings):
    """The training photos, the held-out photos, and more pictures to train on."""
    photos = pictures.load(settings.pictures, settings.masks, settings.table)
    apart = pictures.held_out(photos)
    if apart.all() or not apart.any():
        raise SystemExit(
            "%s needs two pictures at least that are no near-duplicates: one is held out." % settings.pictures
        )
    more = pictures.load(settings.more) if settings.more else photos[:0]
    return photos[~apart], photos[apart], more[~pictures.held_out(more)]


# %% [markdown]
# ## Loss
# The loss is the squared error of the picture, plus the divergence of the latent from N(0, I), plus a
# perceptual distance.
# %%
def loss(settings):
    """The loss of a batch, as the shared loop calls it: (network, (photo, target), progress) -> (scalar,
    figures to log).
    """

    def compute(network, batch, progress):
        photo, target, *condition = batch
        if settings.noise:
            photo = noisy(photo, settings.noise * torch.rand(len(photo), 1, 1, 1, device=photo.device))
        picture, mean, log_variance = network(photo, *condition)
        error = ((picture.float() - target) ** 2).mean()
        value, figures = settings.pixels * error, {"error": error.detach()}
        if settings.variational:
            divergence = kl(mean.float(), log_variance.float()).mean()
            figures["kl"] = divergence.detach()
            beta = settings.beta * min(1, progress / settings.beta_warmup if settings.beta_warmup else 1)
            value = value + beta * divergence / target[0].numel()
        if settings.perceptual and progress > settings.perceptual_from:
            some = max(1, int(len(target) * settings.perceptual_share))
            value = value + settings.perceptual * perceptual(picture[:some], target[:some])
        return value, figures

    return compute


def noisy(pictures, deviation):
    """Pictures with Gaussian noise: (B, 3, S, S) in [0, 1] -> the same shape. `deviation`: a number, or one
    per picture.
    """
    return (pictures + deviation * torch.randn_like(pictures)).clamp(0, 1)


# %% [markdown]
# ## What a network makes of pictures
# %%
def told(settings, seen):
    """The condition of these pictures: a list of one tensor (N, K), or an empty list."""
    return conditions.told(
        settings.condition, settings.table, seen.names, tensor(pictures.on_white(seen.photos, seen.alphas))
    )


def reconstructed(network, fed, *condition):
    """Pictures (N, 3, S, S), and a condition (N, K) if any -> their reconstructions from the mean, (N, 3, S,
    S) in numpy.
    """
    return in_parts(network, "decode", in_parts(network, "encode", fed, *condition), *condition)


def quality(network, seen, *condition):
    """Mean PSNR (dB) and SSIM against the car on white, for photos and for white pictures."""
    photos, white = tensor(seen.photos), tensor(pictures.on_white(seen.photos, seen.alphas))
    figures = {}
    for name, fed in (("photo", photos), ("white", white)):
        picture = torch.from_numpy(reconstructed(network, fed, *condition))
        figures["psnr_" + name] = round(psnr(picture, white).mean().item(), 3)
        figures["ssim_" + name] = round(ssim(picture, white).mean().item(), 4)
    return figures


# %% [markdown]
# ## Fit
# %%
def built(settings):
    """A new network. It is the same at every call."""
    torch.manual_seed(settings.seed)
    told = len(conditions.CLASSES.get(settings.condition, []))
    return CarVAE(
        settings.latent, [int(settings.width * width) for width in WIDTHS], bool(settings.variational), told
    )


def fit(settings, train, test, more, network, objective, resume=False):
    """Train any network with this interface on the pairs. After each epoch, write a frame of the film and
    measure the held-out figures.
    """
    folder = pathlib.Path(settings.folder)
    command.begin(folder, resume, pictures.bytes_of(train + more))
    with processes.first_alone():
        for stale in ("facts.json", "latents.npz"):  # they belong to the state that this training replaces
            if (folder / stale).exists():
                (folder / stale).unlink()
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    augmenter = augmentation.Augmenter(train + more)
    seen = train[np.linspace(0, len(train) - 1, min(len(train), 200)).astype(int)]
    shown = test[np.arange(min(len(test), 8))]

    def after_epoch(averaged, epoch):
        loop.save(folder / "state.pt", averaged.state_dict())
        picture = reconstructed(averaged, tensor(shown.photos), *told(settings, shown))
        plots.sheet([tensor(shown.photos).numpy(), picture]).save(folder / "frames" / ("%04d.png" % epoch))
        if epoch % 5:
            return {}
        trained = {
            "train_" + name: figure for name, figure in quality(averaged, seen, *told(settings, seen)).items()
        }
        return {**quality(averaged, test, *told(settings, test)), **trained}

    def batches(epoch):
        some = min(len(more), int(settings.more_share * len(train)))
        condition = functools.partial(conditions.told, settings.condition, settings.table)
        return augmentation.Batches(
            augmenter, len(train), some, settings.batch, [settings.seed, epoch], condition
        )

    return loop.fit(network, objective, batches, settings, folder, resume, after_epoch)


# %% [markdown]
# ## Export
# `python -m training.export cars` traces the network under torch 1.5.1, so that both 1.5.1 and today's torch
# load it.
# %%
def to_export(folder):
    """Network, examples to trace with, fresh inputs for the check, arrays, and facts of the record."""
    facts = json.loads((folder / "facts.json").read_text())
    if facts["settings"].get("condition") or not facts["settings"].get("variational", 1):
        raise SystemExit(
            "%s holds a network of the study: no request tells a condition, and a plain autoencoder has "
            "nothing to sample." % folder
        )
    network = built(Settings(**facts["settings"]))
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    fresh = {
        "encode": [torch.rand(n, 3, SIZE, SIZE) for n in (1, 5)],
        "decode": [torch.randn(n, facts["latent"]) for n in (1, 5)],
    }
    examples = {name: inputs[0] for name, inputs in fresh.items()}
    with np.load(folder / "latents.npz") as saved:
        arrays = dict(saved)
    return network, examples, fresh, arrays, facts


def publish(weights, folder):
    """Write the traced network, its arrays and its record into the folder `weights`; returns the record."""
    export.need_old_torch()
    story = ladder.to_export if (folder / "finder.pt").exists() else to_export
    *network, arrays, facts = story(folder)
    mapped = {"map": len(arrays["map_places"])} if "map_places" in arrays else {}
    return export.publish_locally(weights, "cars", *network, arrays, {**facts, **mapped})


def golden():
    """The served model's answers to seed 7: the first coordinates of its latents, and the mean of each
    picture.
    """
    served = model()
    drawn = [served.draw(7, place, 1.0) for place in range(3)]
    return {
        "seed": 7,
        "latents": [z[:4].tolist() for z in drawn],
        "means": [round(float(served.decode(z).mean()), 6) for z in drawn],
    }


def facts(settings, network, train, test, directions, minutes):
    """The facts that the record has about this training."""
    some = train[np.linspace(0, len(train) - 1, min(len(train), 400)).astype(int)]
    return {
        "description": "Give it a photo of a car, taken on any street, and it shows you the car alone, on "
        "white, as it understood it.",
        "latent": settings.latent,
        "temperature": settings.temperature,
        "aspect": round(float(np.median(train.aspects)), 3),
        "directions": directions,
        "metrics": {
            "held_out": quality(network, test, *told(settings, test)),
            "training": quality(network, some, *told(settings, some)),
        },
        "data": {
            "source": command.source(settings, "source", "pictures", "more"),
            "training": len(train),
            "held_out": len(test),
        },
        "settings": asdict(settings),
        "augmentation": asdict(augmentation.Augmentation()),
        "good_masks": {"confidence_over": pictures.CONFIDENCE, "coverage_between": pictures.COVERAGE},
        "training": {
            "device": loop.device_name(),
            "hours": round(minutes / 60, 2),
            "torch": torch.__version__,
        },
    }


def asked(words=None):
    """The settings from the words of a command line, or from the shell's, and whether to resume."""
    return command.asked(Settings, "Train the car VAE.", words)


@command.interruptible
def main(words=None):
    """Train with the settings of a command line."""
    settings, resume = asked(words)
    command.refuse_another(settings.folder, resume)  # before the minutes that reading takes
    processes.start()
    train, test, more = data(settings)
    print(
        "%d photos and %d more pictures to train on, %d photos held out, on %s"
        % (len(train), len(more), len(test), loop.device())
    )
    network, minutes = fit(settings, train, test, more, built(settings), loss(settings), resume)
    folder, arrays, directions = pathlib.Path(settings.folder), {}, []
    if not settings.condition:  # with a condition, the latent is only one part of the decoder's input
        arrays, directions = latent_space(settings, network, train, test)
        np.savez(folder / "latents.npz", **arrays)
        show(settings, network, arrays, test)
    (folder / "facts.json").write_text(
        json.dumps(facts(settings, network, train, test, directions, minutes), indent=1)
    )
    print("Look at the pictures in %s, then: make export-cars" % folder)


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is not for this file
