"""Pictures: optimisation beside one pass of a network, two normalisations, content from shallow and deep
layers, and dreams by layer. All on the photos that ship with the page.
"""

import json
import time

import numpy as np
import torch
from matplotlib import pyplot
from PIL import Image
from torch import nn
import torch.nn.functional as F

from bench.study.tables import as_asked, folder_of, table
from models.pictures import frames
from models.pictures.model import Dream, dreamer, painter
from models.pictures.network import LAYERS, StyleNorm
from training.pictures import data, train
from training.pictures.features import Weights, grams, parts, seen, squeezenet
from training.pictures.optimise import optimised

# B pictures, C channels, H height, W width, S styles
TITLE, MINUTES = "Pictures", 1
SLOW, NORMS = "optimisation beside a network", {"instance normalisation": False, "batch normalisation": True}
DEEP, DREAMS = "content from shallow and deep layers", "dreams by layer"
STEPS = {SLOW: {}, **NORMS, DEEP: {}, DREAMS: {}}
SMALL = {"width": 8, "blocks": 3, "size": 96, "final_size": 96, "batch": 4, "epochs": 100, "sheets": 1000}
PHOTOS = data.STATIC / "pictures/examples"
PHOTO, STYLE, SIDE = "temple", "starry-night", 192  # pixels
CLIMB = 200  # steps of an optimisation
CONTENT = ("conv1", "fire3", "fire5", "fire7", "fire9")


class BatchStyleNorm(nn.Module):
    """Batch normalisation (Ioffe & Szegedy 2015) with the scale and shift of a style."""

    def __init__(self, channels, styles):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(styles, channels))
        self.shift = nn.Parameter(torch.zeros(styles, channels))
        self.norm = nn.BatchNorm2d(channels, affine=False)

    def forward(self, x, style):
        scale, shift = style @ self.scale, style @ self.shift  # (B, C) each
        return self.norm(x) * scale[:, :, None, None] + shift[:, :, None, None]  # (B, C, H, W)


def with_batches(network):
    """The network with batch instead of instance normalisation."""
    for layer in network.modules():
        if isinstance(getattr(layer, "norm", None), StyleNorm):
            styles, channels = layer.norm.scale.shape
            layer.norm = BatchStyleNorm(channels, styles)
    return network


def lesson():
    """(features of SqueezeNet, the photo (1, 3, H, W), the painting's Gram matrices)."""
    features = squeezenet()
    photo = data.tensor(frames.fitted(Image.open(PHOTOS / (PHOTO + ".jpg")), SIDE))[None]
    side = next(side for name, *_, side in data.STYLES if name == STYLE)
    with torch.no_grad():
        return features, photo, grams(seen(features, data.painting(STYLE, side)))


def row_of(pictures, path):
    """A PNG of pictures (1, 3, H, W) side by side."""
    sheet = frames.to_picture(torch.cat(pictures, dim=3)[0].numpy())
    sheet.quantize(192, dither=Image.NONE).save(str(path), optimize=True)


def of_optimisation(charts):
    """Markdown: the loss over the seconds of an optimisation, from the photo and from the network's painting,
    and where the network is after one pass.
    """
    features, photo, wanted = lesson()
    weights = train.weights_of(train.Settings())
    network, array = painter(), photo[0].numpy()
    network.paint(array, {STYLE: 1.0})
    began = time.process_time()
    painted = torch.from_numpy(network.paint(array, {STYLE: 1.0}))[None]
    pass_seconds = time.process_time() - began

    def loss(picture):
        with torch.no_grad():
            return float(sum(parts(features, picture, photo, wanted, weights).values()))

    figure, axis = pyplot.subplots(figsize=(7, 4))
    rows = {
        "the photo": {"seconds": 0, "loss": "%.2f" % loss(photo)},
        "one pass of the network": {"seconds": "%.2f" % pass_seconds, "loss": "%.2f" % loss(painted)},
    }
    ends = []
    for name, begun in (("from the photo", None), ("from the network's painting", painted)):
        torch.manual_seed(1)
        steps = list(optimised(photo, wanted, features, weights, CLIMB, begun))
        axis.plot([seconds for *_, seconds in steps], [value for _, value, _ in steps], label=name)
        ends.append(steps[-1][0])
        rows["%d steps %s" % (CLIMB, name)] = {
            "seconds": "%.1f" % steps[-1][2],
            "loss": "%.2f" % loss(steps[-1][0]),
        }
        if begun is None:
            passed = next((seconds for picture, _, seconds in steps if loss(picture) < loss(painted)), None)
    axis.axhline(loss(painted), color="0.5", linestyle="--", label="one pass, %.2f s" % pass_seconds)
    axis.set(xlabel="seconds on one core", ylabel="loss", title="%d pixels, %s" % (SIDE, STYLE))
    axis.legend()
    figure.tight_layout()
    figure.savefig(str(charts / "study-pictures-loss.png"), dpi=80)
    pyplot.close(figure)
    row_of([photo, painted, *ends], charts / "study-pictures-slow.png")
    told = "never in these steps" if passed is None else "after %.1f s" % passed
    return [
        "### Optimisation beside one pass",
        "Gatys's way changes the pixels of one photo, here by Adam; the loss is the one that the network was "
        "trained with. From the photo it is under the network's %s." % told,
        table(rows),
        "![loss over seconds](study-pictures-loss.png)",
        "The photo, one pass, and both optimisations:",
        "![the photo and three paintings](study-pictures-slow.png)",
    ]


def of_norms(folder, names, minutes, charts):
    """Markdown: two small networks, alike but for their normalisation, trained for the same time."""
    rows, shown = {}, []
    photo = data.tensor(frames.fitted(Image.open(PHOTOS / (PHOTO + ".jpg")), SIDE).crop((0, 0, SIDE, 128)))[
        None
    ]
    features = squeezenet()
    for name in names:
        place = folder_of(folder, name)
        asked = {**SMALL, "minutes": minutes, "photos": str(PHOTOS), "folder": str(place)}
        as_asked(place, asked)
        settings = train.Settings(**asked)
        network = train.network_of(settings)
        network = with_batches(network) if NORMS[name] else network
        if not (place / "state.pt").exists():
            pictures = data.photos([str(PHOTOS)], 10)
            fitted, _ = train.fit(network, settings, pictures, [])
            torch.save(fitted.state_dict(), str(place / "state.pt"))
            (place / "settings.json").write_text(json.dumps(asked))
        network.load_state_dict(torch.load(str(place / "state.pt")))
        network.eval()
        wanted = train.paintings(features)
        grain = torch.from_numpy(frames.grain(*photo.shape[2:]))[None]
        terms = []
        for style in range(len(data.STYLES)):
            with torch.no_grad():
                painted = network(photo, grain, train.one_hot(torch.tensor([style])))
                aims = {layer: matrices[style : style + 1] for layer, matrices in wanted.items()}
                terms.append(parts(features, painted, photo, aims, train.weights_of(settings)))
            if style in (0, 2, 7):
                shown.append(painted)
        told = {part: "%.2f" % np.mean([float(term[part]) for term in terms]) for part in terms[0]}
        steps = sum(1 for _ in open(place / "log.jsonl")) * settings.steps
        rows[name] = {"steps": "about %d" % steps, **told}
    row_of(shown, charts / "study-pictures-norms.png")
    return [
        "### Instance and batch normalisation",
        "Two small networks, of %g min of the clock each, on the photos of the page. The terms of the "
        "loss, each with its weight, as means over the styles on one photo:" % minutes,
        table(rows),
        "![three styles by each](study-pictures-norms.png)",
    ]


def of_content(charts):
    """Markdown: the same optimisation with the content of one layer after the other."""
    features, photo, wanted = lesson()
    rows, shown = {}, [photo]
    for layer in CONTENT:
        weights = Weights(20.0, layer, 3.0, 0.0, 20.0, 0.0)
        torch.manual_seed(1)
        noise = 0.5 + 0.1 * torch.randn_like(photo)
        *_, (picture, value, _) = optimised(photo, wanted, whole(features), weights, CLIMB, noise)
        shown.append(picture)
        error = float(((picture - photo) ** 2).mean())
        rows[layer] = {"loss": "%.2f" % value, "dB from the photo": "%.1f" % (-10 * np.log10(error))}
    row_of(shown, charts / "study-pictures-content.png")
    return [
        "### Content from shallow and deep layers",
        "Begun with noise, %d steps each: the deeper the layer, the less of the photo's own edges and "
        "colours is kept." % CLIMB,
        table(rows, "layer"),
        "![content of each layer](study-pictures-content.png)",
    ]


def whole(features):
    """SqueezeNet that looks at all layers, however many it is asked for."""
    return lambda pictures, layers: features(pictures, len(LAYERS))


def of_dreams(charts):
    """Markdown: what each layer makes of the same photo, and how far from it that is."""
    _, photo, _ = lesson()
    rows, shown = {}, [photo]
    for number, layer in enumerate(LAYERS):
        began = time.process_time()
        dreamt = torch.from_numpy(dreamer().dream(photo[0].numpy(), Dream(number, None, 8, 3, 0.5)))[None]
        shown.append(dreamt)
        rows[layer] = {
            "seconds": "%.2f" % (time.process_time() - began),
            "dB from the photo": "%.1f" % (-10 * np.log10(float(((dreamt - photo) ** 2).mean()))),
        }
    height = photo.shape[2]
    grid = torch.cat([torch.cat(shown[:5], dim=3), torch.cat(shown[5:], dim=3)], dim=2)
    row_of([F.pad(grid, (0, 0, 0, 2 * height - grid.shape[2]))], charts / "study-pictures-dreams.png")
    return [
        "### Dreams by layer",
        "Eight steps in each of three octaves, at strength 0.5, of %d pixels:" % SIDE,
        table(rows, "layer"),
        "The photo, then %s:" % ", ".join(LAYERS),
        "![the photo and nine dreams](study-pictures-dreams.png)",
    ]


def study(folder, steps, minutes, charts):
    """Markdown of these steps, its charts in the folder `charts`."""
    charts.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    text = of_optimisation(charts) if SLOW in steps else []
    norms = [step for step in steps if step in NORMS]
    text += of_norms(folder, norms, minutes, charts) if norms else []
    text += of_content(charts) if DEEP in steps else []
    return "\n\n".join(text + (of_dreams(charts) if DREAMS in steps else []))
