# %% [markdown]
# # Pictures: a photo in a painter's style, and what a network dreams
# One small network paints in eight styles: Johnson et al. 2016 (arXiv:1603.08155), with instance
# normalisation (Ulyanov et al. 2016, arXiv:1607.08022) and a scale and a shift for each style (Dumoulin et
# al. 2017, arXiv:1610.07629).
#
# From the shell: `make train-pictures ARGS="--photos my/photos"`; `--help` lists the settings.
#
# In Colab: `!git clone` this repository, `%cd` into it, `!pip install -r training/requirements.txt`,
# and give the last cell your words: `main(["--photos", "drive/photos", "--folder", "drive/run"])`.
# %%
import json
import pathlib
import sys
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from models.pictures import frames
from models.pictures.model import Dream, dreamer, painter
from models.pictures.network import LAYERS, Stylist
from training import command, loop, plots
from training.command import Amount, Count, File, Share, Whole, bounded, one_of
from training.pictures import data, optimise, scripts
from training.pictures.features import FILE, Weights, grams, parts, seen, squeezenet, state_of

# B pictures, H height, W width, S styles
SOURCE = (
    "cars (Stanford Cars), streets (LIRE, CC BY), photos of the free packages gcompris-qt-data, opencv-doc, "
    "scikit-image and mate-backgrounds, and drawn pages"
)
SHOWN = 256  # pixels: longer side of a photo on the sheets


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    photos: str = str(data.STATIC / "examples")  # folders, zips or tars, with commas between them
    source: str = SOURCE  # what they are, with their licences
    most: Count = 400  # photos of each that are kept
    features: File = str(FILE)  # SqueezeNet's weights
    folder: str = "runs/pictures"  # what this run writes
    initial: File = ""  # weights to start from: a run's state.pt, or weights/pictures-network.pt
    width: Count = 16  # channels at full size; twice and four times as many below
    blocks: Count = 5  # residual
    size: bounded(int, 32) = 128  # pixels of the squares that are trained on
    final_size: bounded(int, 32) = 256  # in the last third
    batch: Count = 2  # squares
    steps: Count = 300  # of an epoch
    epochs: Count = 60
    minutes: Amount = 0  # of training; where it is not 0, it counts and not the epochs
    content: Amount = 2.0  # how much the content counts in the loss
    layer: one_of(*LAYERS) = "fire4"  # of the content
    style: Amount = 12.0  # how much the Gram matrices count
    shade: Amount = 2.0  # how much it counts where it is light and dark
    smooth: Amount = 20.0  # how much the total variation counts
    lattice: Amount = 2000.0  # how much it counts what repeats with the network's strides
    learning_rate: Amount = 3e-3  # at its peak
    warmup: Share = 0.01  # share of the training
    decay: Share = 0.5  # share of the training, at its end
    weight_decay: Amount = 0.0
    memory: Share = 0.995  # of the averaged weights, a step
    seed: Whole = 1
    sheets: Count = 5  # epochs from one sheet to the next
    optimise: File = ""  # a photo whose own pixels are changed, the slow way, instead of a training
    painting: str = "starry-night"  # for that


# %% [markdown]
# ## Loss
# The features of each picture are held to its photo's, and their Gram matrices to its painting's. Pictures
# are moved by some pixels first: the features have strides, and what repeats with them would be seen badly.
# %%
def paintings(features, sides=None):
    """The Gram matrices of the paintings: {layer: (S, C, C)}."""
    seen_in = [
        grams(seen(features, data.painting(name, (sides or {}).get(name, side))))
        for name, *_, side in data.STYLES
    ]
    return {layer: torch.cat([found[layer] for found in seen_in]) for layer in seen_in[0]}


def one_hot(styles):
    """Numbers of styles (B,) -> weights (B, S)."""
    return F.one_hot(styles, len(data.STYLES)).float()


def weights_of(settings):
    """How much each part of the loss counts."""
    return Weights(**{field.name: getattr(settings, field.name) for field in fields(Weights)})


def loss(settings, features, wanted):
    """The loss of a batch as the shared loop calls it: (network, batch, progress) -> (scalar, figures)."""
    weights = weights_of(settings)

    def compute(network, batch, progress):
        photos, styles = batch
        painted = network(photos, torch.randn_like(photos[:, :1]), one_hot(styles).to(photos.device))
        dx, dy = torch.randint(4, (2,)).tolist()
        aims = {layer: grams_[styles] for layer, grams_ in wanted.items()}
        terms = parts(features, painted[:, :, dy:, dx:], photos[:, :, dy:, dx:], aims, weights)
        means = {name: term.mean() for name, term in terms.items()}
        return sum(means.values()), {name: mean.detach() for name, mean in means.items()}

    return compute


# %% [markdown]
# ## Fit
# Large squares cost time, and early on small ones teach as much: the last third has larger ones.
# %%
@torch.no_grad()
def sheet(network, photos, path):
    """A picture of the photos, one a row, in each style."""
    rows = []
    for photo in photos:
        x = data.tensor(photo)[None]
        x = x[:, :, : x.shape[2] // 4 * 4, : x.shape[3] // 4 * 4]
        grain = torch.from_numpy(frames.grain(*x.shape[2:]))[None]
        painted = [network(x, grain, one_hot(torch.tensor([style]))) for style in range(len(data.STYLES))]
        rows.append(torch.cat([F.pad(y, (0, SHOWN - y.shape[3])) for y in [x] + painted], dim=3))
    whole = torch.cat(rows, dim=2)[0]  # (3, rows, 9 * SHOWN)
    Image.fromarray((whole * 255).round().byte().permute(1, 2, 0).numpy()).save(path)


def network_of(settings):
    """The network before training: untrained, or with the weights that `initial` names."""
    torch.manual_seed(settings.seed)
    network = Stylist(len(data.STYLES), settings.width, settings.blocks)
    if settings.initial:
        network.load_state_dict(state_of(settings.initial))
    return network


def fit(network, settings, pictures, shown, resume=False):
    """(averaged network, minutes). Every so many epochs a sheet goes to the folder."""
    folder = pathlib.Path(settings.folder)
    features = squeezenet(settings.features)
    wanted = {layer: value.to(loop.device()) for layer, value in paintings(features).items()}
    features.to(loop.device())

    def batches(epoch):
        done = progress_of(folder, settings) if settings.minutes else (epoch - 1) / settings.epochs
        size = settings.size if done < 2 / 3 else settings.final_size
        return data.Batches(pictures, size, settings.batch, settings.steps, settings.seed * 1000 + epoch)

    def after_epoch(averaged, epoch):
        if epoch % settings.sheets == 0:
            sheet(averaged, shown, folder / ("sheet-%03d.png" % epoch))
        return {}

    return loop.fit(network, loss(settings, features, wanted), batches, settings, folder, resume, after_epoch)


def progress_of(folder, settings):
    """The share of the minutes that the log tells."""
    log = folder / "log.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return json.loads(lines[-1])["minutes"] / settings.minutes if lines else 0.0


# %% [markdown]
# ## Export
# `make export-pictures` scripts both networks with torch 1.5.1 and keeps 16 bits a number.
# %%
def publish(weights, folder):
    """Write what the run in `folder` trained, and SqueezeNet's features, into the folder `weights`."""
    found = json.loads((folder / "facts.json").read_text())
    settings = Settings(**found["settings"])
    network = network_of(replace(settings, initial="")).eval()
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    return scripts.publish(weights, network, squeezenet(settings.features), found)


def golden():
    """The mean colour of drawn waves in each style, and of their dream, from 0 to 255."""
    y, x = np.mgrid[:96, :128] / 10
    waves = np.stack([np.sin(x + y), np.cos(x * y / 10), np.sin(x) * np.cos(y)]) / 2 + 0.5
    waves, network = waves.astype(np.float32), painter()
    told = {name: network.paint(waves, {name: 1.0}) for name in network.styles}
    told["dream"] = dreamer().dream(waves, Dream(LAYERS.index("fire5"), None, 2, 1, 0.5))
    return {name: [round(float(255 * c), 2) for c in found.mean(axis=(1, 2))] for name, found in told.items()}


# %% [markdown]
# ## The whole story
# %%
def facts(settings, pictures, network, minutes):
    """What the record says of this training."""
    return {
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "data": {
            "paintings": "seven of which the authors died before 1956 (public domain), and one drawn by code",
            "photos": len(pictures),
            "source": command.source(settings, "source", "photos"),
            "features": "SqueezeNet 1.1 (Iandola et al. 2016), BSD-2",
        },
        "settings": asdict(settings),
        "training": {
            "device": loop.device_name(),
            "hours": round(minutes / 60, 2),
            "torch": torch.__version__,
        },
    }


@command.interruptible
def main(words=None):
    """Train as the words of a command line say."""
    settings, resume = command.asked(Settings, "Train a network that paints.", words)
    if settings.size % 4 or settings.final_size % 4:  # the network halves them twice
        raise SystemExit("--size and --final-size must be multiples of 4.")
    if settings.optimise:
        return optimise.main(settings, weights_of(settings))
    folder = pathlib.Path(settings.folder)
    command.refuse_another(folder, resume)
    pictures = data.photos(settings.photos.split(","), settings.most)
    command.begin(folder, resume, (picture.tobytes() for picture in pictures))
    shown = [frames.fitted(picture, SHOWN) for picture in data.photos([str(data.STATIC / "examples")], 4)]
    print("%d photos, %d styles" % (len(pictures), len(data.STYLES)), flush=True)
    network, minutes = fit(network_of(settings), settings, pictures, shown, resume)
    loop.save(folder / "state.pt", network.cpu().state_dict())
    (folder / "facts.json").write_text(json.dumps(facts(settings, pictures, network, minutes), indent=1))
    plots.curves(folder)
    print("Look at the sheets in %s, then: make export-pictures" % folder)


if __name__ == "__main__":
    main([] if "ipykernel" in sys.modules else None)  # a notebook's own command line is none of ours
