"""The ladder of car networks, from the plain autoencoder to the extensions of the VAE. All have the same
architecture and the same pictures.

car_figures.py computes the figures. The charts show renders of TORCS car models that no step was trained on,
and cars that the networks generate.
"""

import json
import math
import pathlib
import time
from dataclasses import asdict

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from training.cars.evaluate import Judge
from bench.study import car_figures as figures
from bench.study.tables import as_asked, folder_of, table
from models.cars.pictures import SIZE
from training import plots
from training.cars import conditions, pictures, train as cars
from training.cars.augmentation import tensor

# N pictures, S side of the square, Z latent
# minutes per training; 0: the epochs below, which are the same on any machine, however busy
TITLE, MINUTES = "Cars", 0
ALL = "--width 0.5 --epochs 25 --batch 16 --learning-rate 2e-3 --memory 0.997 --perceptual 0"
STEPS = {
    "autoencoder": "--variational 0",
    "VAE, beta 0": "--beta 0",
    "VAE, beta 0.1": "--beta 0.1",
    "VAE, beta 1": "--beta 1",
    "VAE, beta 4": "--beta 4",
    "DFC-VAE": "--pixels 0 --perceptual 0.1 --perceptual-from 0 --perceptual-share 0.5",
    "CVAE, colour": "--condition colour --beta 1",
    "CVAE, body": "--condition body --beta 1",
    "denoising autoencoder": "--variational 0 --noise 0.5",
}
PLANE = ("autoencoder", "VAE, beta 0.1", "VAE, beta 4")  # steps whose latents are drawn in the plane
SHOWN = 10  # pictures in a row
# under the Free Art License; static/examples names the authors
FREE = ("baja-bug", "car1-stock1", "car1-trb3", "car2-trb1", "car4-trb1", "car8-trb1")


def trained(folder, words, minutes, judge, more):
    """A step and its facts. It is trained and judged first, unless its folder has the result."""
    settings, _ = cars.asked(
        ["--folder", str(folder), "--minutes", str(minutes)] + ALL.split() + words.split()
    )
    as_asked(folder, asdict(settings))
    path, network = folder / "facts.json", cars.built(settings)
    if not path.exists():
        before, resume = time.process_time(), (folder / "checkpoint.pt").exists()
        network, taken = cars.fit(
            settings, judge.train, judge.test, more, network, cars.loss(settings), resume
        )
        spent = (time.process_time() - before) / 60
        path.write_text(
            json.dumps(
                {**cars.facts(settings, network, judge.train, judge.test, [], taken), "cpu_minutes": spent},
                indent=1,
            )
        )
    facts = json.loads(path.read_text())
    network.load_state_dict(torch.load(str(folder / "state.pt"), map_location="cpu"))
    step = figures.step_of(settings, network.cpu().eval(), judge.train, judge.test)
    if "study" not in facts:
        facts["study"] = judged(step, judge)
        path.write_text(json.dumps(facts, indent=1))
    return step, facts


def judged(step, judge):
    """All figures of a step that its training does not give."""
    found = {
        "nats": figures.nats(step, judge.test),
        "kid": figures.distances(step, judge),
        "overlap": figures.overlap(step, judge.train, judge.test),
    }
    if step.settings.condition:
        found["obeyed"] = figures.obeyed(step, judge.train, judge.test)
    if not step.settings.variational:
        found["cleaned"] = figures.cleaned(step.network, judge.test)
    return found


def compared(name, step, facts, log):
    """A row of the first table."""
    held_out = facts["metrics"]["held_out"]
    return {
        "million weights": round(sum(each.numel() for each in step.network.parameters()) / 1e6, 2),
        "epochs": json.loads(log.read_text().splitlines()[-1])["epoch"],
        "CPU minutes": round(facts["cpu_minutes"], 1),
        "PSNR from the photo, dB": "%.2f" % held_out["psnr_photo"],
        "PSNR from the white picture, dB": "%.2f" % held_out["psnr_white"],
        "SSIM from the photo": "%.3f" % held_out["ssim_photo"],
        "KL, nats": facts["study"]["nats"],
        "flags of training/cars/train.py": "`%s`" % STEPS[name],
    }


def renders(source):
    """Renders of free car models that no step was trained on: the pictures, and float (N, 3, S, S)."""
    more = pictures.load(source)
    free = np.array([pathlib.Path(name).name.rpartition("_")[0] in FREE for name in more.names])
    seen = figures.some(more[pictures.held_out(more) & free], SHOWN)
    return seen, tensor(seen.photos)


def sheets(steps, source, charts):
    """Charts with one row per step: reconstructions of renders, pictures of random latents, and pictures
    between two renders.
    """
    seen, fed = renders(source)
    plain = {name: step for name, step in steps.items() if not step.settings.condition}
    remade = {
        name: cars.reconstructed(step.network, fed, *cars.told(step.settings, seen))
        for name, step in steps.items()
    }
    plots.strips({"render": fed.numpy(), **remade}, charts / "study-cars-reconstructions.png")
    if plain:
        drawn = {
            name: step.decode(np.concatenate([step.prior(SHOWN // 2), step.drawn(SHOWN // 2)]))
            for name, step in plain.items()
        }
        plots.strips(drawn, charts / "study-cars-drawn.png")
        # (2, Z) each
        ends = {name: cars.in_parts(step.network, "encode", fed[[0, -1]]) for name, step in plain.items()}
        lines = {
            name: plain[name].decode(a + (b - a) * np.linspace(0, 1, SHOWN)[:, None])
            for name, (a, b) in ends.items()
        }
        plots.strips(lines, charts / "study-cars-between.png")
    exact = {name: step for name, step in plain.items() if not step.settings.variational}
    if exact:
        torch.manual_seed(1)
        noisy = cars.noisy(fed, figures.NOISES[-1])
        cleaned = {name: cars.reconstructed(step.network, noisy) for name, step in exact.items()}
        plots.strips(
            {"noisy": noisy.numpy(), **cleaned, "render": fed.numpy()}, charts / "study-cars-noise.png"
        )


def conditions_sheet(step, charts):
    """The same latents under each condition, one row per condition."""
    names = conditions.CLASSES[step.settings.condition]
    shown, wanted = figures.by_condition(step, step.drawn(SHOWN))
    plots.strips(
        {name: shown[wanted == number] for number, name in enumerate(names)},
        charts / ("study-cars-%s.png" % step.settings.condition),
    )


def plane(steps, test, charts):
    """Latents of held-out photos in the plane: by PCA, with a circle of two deviations of N(0, I), and by
    t-SNE (van der Maaten & Hinton 2008).
    """
    ways = {
        "PCA": lambda z: z @ PCA(2).fit(z).components_.T,  # not centred, so that N(0, I) stays around 0
        "t-SNE": lambda z: TSNE(init="random", random_state=1, perplexity=min(30, len(z) / 4)).fit_transform(
            z
        ),
    }
    labels = {"nose": ["left", "right"], "colour": conditions.CLASSES["colour"]}
    rows = []
    for (way, reduced), (label, names) in zip(ways.items(), labels.items()):
        known = figures.classes(next(iter(steps.values())).settings, test)[label]
        rows.append(
            [
                ("%s, %s" % (name, way), reduced(step.unseen), known, names, 2 if way == "PCA" else 0)
                for name, step in steps.items()
            ]
        )
    plots.dots(rows, charts / "study-cars-latents.png")


def text(rows, found, settings, known, unseen):
    """Markdown: tables of what was found, and the pictures beside them."""
    parts = network_text(rows, settings, known, unseen)
    parts += latents_text({name: each["kid"] for name, each in found.items()})
    parts += overlap_text({name: each["overlap"] for name, each in found.items()})
    told = {name: each["obeyed"] for name, each in found.items() if "obeyed" in each}
    if told:
        parts += condition_text(told, [settings[name].condition for name in told])
    cleaned = {name: each["cleaned"] for name, each in found.items() if "cleaned" in each}
    if cleaned:
        parts += noise_text(cleaned)
    return "\n\n".join(parts)


def network_text(rows, settings, known, unseen):
    """The first table, with what all networks share and how their losses differ."""
    betas = [
        "%g: %.2f" % (each.beta, math.sqrt(each.beta / 2))
        for each in settings.values()
        if each.variational and each.beta
    ]
    return [
        "%d photos to train on, %d held out; one network of half the shipped one's channels, the same "
        "batches and epochs for all (`ALL` in bench/study/cars.py). "
        "How far more of both goes, models/cars/evaluation.md shows." % (known, unseen),
        table(rows),
        "The KL is divided by the %d numbers of a picture, so that a nat costs beta / %d of squared error. "
        "Except for the DFC-VAE, which has no squared error of "
        "pixels, this is the VAE whose decoder is a Gaussian of standard deviation √(beta / 2), of pixels "
        "from 0 to 1 (%s). The CVAEs' prior stays N(0, I), "
        "whatever the condition. The DFC-VAE's distance is between features of EfficientNet-lite0, each of "
        "unit length, where Hou et al. take VGG-19's as they "
        "are, and half of each batch pays for it."
        % (3 * SIZE**2, 3 * SIZE**2, "; ".join(dict.fromkeys(betas))),
        "![reconstructions](study-cars-reconstructions.png)",
    ]


def latents_text(kids):
    """What the decoders make of four kinds of latents."""
    return [
        "### What the decoder makes of latents",
        "KID (features of EfficientNet-lite0, which the DFC-VAE was trained on: it is in its favour) against "
        "held-out cars on white, of as many pictures decoded from latents: of held-out photos, midway "
        "between two of "
        "them, drawn from a density fitted to latents of training photos, and drawn from N(0, I).",
        table(kids),
        "Left half N(0, I), right half the density:\n\n![drawn](study-cars-drawn.png)",
        "Between two renders:\n\n![between](study-cars-between.png)",
    ]


def overlap_text(overlaps):
    """How many near latents have another label: {step: {label: (of the nearest, of any)}}."""
    rows = {
        name: {label + ", %": near for label, (near, _) in each.items()} for name, each in overlaps.items()
    }
    chances = next(iter(overlaps.values()))
    rows["any photos"] = {label + ", %": chance for label, (_, chance) in chances.items()}
    return [
        "### How far classes overlap",
        "Of the %d training latents nearest to a held-out photo's, the share of another class: of the nose's "
        "side, of the colour, of the body." % figures.NEAREST,
        table(rows),
        "![latents](study-cars-latents.png)\n\nThe circle: two deviations of N(0, I).",
    ]


def condition_text(told, conditions):
    """How often the condition of each step is found in its pictures."""
    return [
        "### What a condition is worth",
        "How often the condition that was told is found, in per cent, each class alike: a colour by the "
        "measure that training is told, a body by a ridge regression on "
        "small grey copies of real training cars, which is often wrong itself: of real held-out cars it "
        "finds what the second column says.",
        table(told),
        *["![%s](study-cars-%s.png)" % (condition, condition) for condition in conditions],
    ]


def noise_text(cleaned):
    """PSNR under noise: {step: {noise: (as it is, best filter, through the network)}}."""
    lines = {
        "noise of %s" % noise: {
            "as it is": before,
            "best Gaussian filter": filtered,
            **{name: rows[noise][2] for name, rows in cleaned.items()},
        }
        for noise, (before, filtered, _) in next(iter(cleaned.values())).items()
    }
    return [
        "### Noise in, clean out",
        "PSNR in dB of held-out cars on white under Gaussian noise, clipped to what a pixel can be.",
        table(lines),
        "![noise](study-cars-noise.png)",
    ]


def study(folder, steps, minutes, charts):
    """Train the steps that are not yet trained, and compare all. Returns Markdown; the charts go to the
    folder `charts`.
    """
    settings, _ = cars.asked(ALL.split())
    train, test, more = cars.data(settings)
    judge, found, facts = Judge(train, test), {}, {}
    for name in steps:
        print("%s: %s" % (TITLE, name), flush=True)
        found[name], facts[name] = trained(folder_of(folder, name), STEPS[name], minutes, judge, more)
    charts.mkdir(parents=True, exist_ok=True)
    sheets(found, settings.more, charts)
    plane({name: step for name, step in found.items() if name in PLANE} or found, test, charts)
    for step in found.values():
        if step.settings.condition:
            conditions_sheet(step, charts)
    rows = {
        name: compared(name, step, facts[name], folder_of(folder, name) / "log.jsonl")
        for name, step in found.items()
    }
    settings_of = {name: step.settings for name, step in found.items()}
    return text(
        rows, {name: each["study"] for name, each in facts.items()}, settings_of, len(train), len(test)
    )
