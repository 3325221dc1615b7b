# %% [markdown]
# # NAME: a network that removes the noise from a series
# The network predicts the noise and subtracts it (residual learning, Zhang et al.
# 2017, arXiv:1608.03981). It is trained on series of numbers that this file makes.
#
# From the shell: `make train-NAME`, or `python -m training.NAME.train`; `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip
# install -r training/requirements.txt`, and run all cells.
# %%
import json
import pathlib
import sys
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F

from models.NAME.model import model
from models.NAME.network import Denoiser
from training import command, export, loop
from training.command import Amount, Count, Share, Whole

# B batch, T numbers of a series
SINES = 3  # in a series
KEEP = 0.9  # a network ships if its error is under this share of the moving average's


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    folder: str = "runs/NAME"  # everything that this run writes
    channels: Count = 32  # of each layer of the network
    length: Count = 64  # numbers of a series
    noise: Amount = 0.5  # standard deviation of the noise; the series itself has 1
    epochs: Count = 12
    minutes: Amount = 0  # length of the training; if it is 0, `epochs` is the length
    batches: Count = 60  # in an epoch
    batch: Count = 64  # series
    learning_rate: Amount = 2e-3  # at its peak
    warmup: Share = 0.05  # share of the training
    decay: Share = 0.3  # share of the training
    weight_decay: Amount = 0.0
    memory: Share = 0.99  # of the averaged weights
    seed: Whole = 1


# %% [markdown]
# ## Data
# Sums of sines, each with a standard deviation of 1. The network gets them with noise.
# %%
def series(settings, seed, count):
    """Noisy series, and the same without noise: each float32 (count, T)."""
    random = np.random.default_rng(seed)
    time = np.arange(settings.length)
    waves = random.uniform(0.02, 0.5, (count, SINES, 1)) * time + random.uniform(
        0, 2 * np.pi, (count, SINES, 1)
    )
    clean = (random.uniform(0.2, 1, (count, SINES, 1)) * np.sin(waves)).sum(axis=1)  # (count, T)
    clean /= clean.std(axis=1, keepdims=True)
    noisy = clean + settings.noise * random.standard_normal(clean.shape)
    spread = noisy.std(axis=1, keepdims=True)  # as serving scales its input
    return [torch.from_numpy((part / spread).astype(np.float32)) for part in (noisy, clean)]


def batches(settings, epoch):
    return [
        series(settings, [settings.seed, epoch, number], settings.batch) for number in range(settings.batches)
    ]


# %% [markdown]
# ## Loss
# %%
def loss(network, batch, progress):
    """The mean squared error, and its name for the log."""
    noisy, clean = [part.to(next(network.parameters()).device) for part in batch]  # (B, T) each
    error = F.mse_loss(network(noisy), clean)
    return error, {"error": error.item()}


# %% [markdown]
# ## Evaluate
# The network is compared with the best moving average, on series that training did not use.
# %%
def quality(settings, network, count=2000):
    """Mean squared errors: of the noisy series, of the best moving average, of the network."""
    noisy, clean = series(settings, [settings.seed, 0], count)
    averages = [
        F.avg_pool1d(noisy[:, None], width, 1, width // 2, count_include_pad=False)[:, 0]
        for width in (3, 5, 7)
    ]
    with torch.no_grad():
        found = network.cpu()(noisy)
    errors = {"noisy": noisy, "network": found}
    figures = {name: round(F.mse_loss(value, clean).item(), 4) for name, value in errors.items()}
    return {**figures, "moving_average": round(min(F.mse_loss(value, clean).item() for value in averages), 4)}


# %% [markdown]
# ## Export
# `make export-NAME` traces the network. It refuses a trace that
# differs from the network, and a network that is not better than a
# moving average.
# %%
def publish(weights, folder):
    """Write the traced network and its record into the folder `weights`; returns the record."""
    export.need_torch_of("NAME")
    facts = json.loads((folder / "facts.json").read_text())
    settings = Settings(**facts["settings"])
    if facts["metrics"]["network"] > KEEP * facts["metrics"]["moving_average"]:
        raise SystemExit(
            "The network is hardly better than a moving average (%s): train it for longer." % facts["metrics"]
        )
    network = Denoiser(settings.channels).eval()
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    traced = export.trace(network, {"forward": (torch.randn(1, settings.length),)})
    fresh = {"forward": [torch.randn(1, length) for length in (8, 100, 512)]}

    def agrees(loaded):
        return export.furthest_apart(network, loaded, fresh) <= export.TOLERANCE

    return export.publish_scripts(weights, "NAME", {"network": (traced, agrees)}, {}, facts)


def golden():
    """What the served model answers to a sine."""
    wave = np.round(np.sin(np.arange(32) / 3), 4).tolist()
    return {"series": wave, "cleaned": model().clean(wave)}


# %% [markdown]
# ## The whole story
# %%
@command.interruptible
def main(words=None):
    """Train as the words of a command line say."""
    settings, resume = command.asked(Settings, "Train NAME.", words)
    command.refuse_another(settings.folder, resume)
    torch.manual_seed(settings.seed)
    network = Denoiser(settings.channels)
    network, minutes = loop.fit(
        network, loss, lambda epoch: batches(settings, epoch), settings, settings.folder, resume
    )
    folder, figures = pathlib.Path(settings.folder), quality(settings, network)
    loop.save(folder / "state.pt", network.state_dict())
    (folder / "facts.json").write_text(
        json.dumps(
            {
                "description": "Give it a series of numbers with noise, and it gives you the series without.",
                "metrics": figures,
                "data": {"source": "sums of sines with noise, made by training/NAME/train.py"},
                "settings": asdict(settings),
                "training": {
                    "device": loop.device_name(),
                    "hours": round(minutes / 60, 2),
                    "torch": torch.__version__,
                },
            },
            indent=1,
        )
    )
    print("Mean squared errors on series that were held out: %s. Next: make export-NAME" % figures)


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is none of ours
