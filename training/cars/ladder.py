# %% [markdown]
# # A two-level VAE of cars, with an adversary
# A global latent predicts the prior of a spatial detail: models/cars/ladder.py. The losses are squared error,
# perceptual distance, and a hinge GAN that joins after the pixels have settled (VAE/GAN: Larsen et al. 2016,
# arXiv:1512.09300).
#
# `python -m training.cars.ladder --folder runs/cars`; `--resume` goes on. `--epochs` may be raised before the
# learning rate starts to fall.
# %%
import json
import pathlib
import time
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import nn

from models.cars.ladder import DETAIL, Cars, Ladder
from models.cars.network import WIDTHS
from models.cars.pictures import SIZE
from training import command, loop, plots
from training.command import Amount, Count, Factor, File, Share, Whole, bounded
from training.cars import augmentation, metrics, pictures
from training.cars.adversary import Adversary, hinge, perceptual, realness, stages
from training.cars.augmentation import tensor
from training.cars.latents import latent_space, show
from training.cars.metrics import kl
from training.cars.pictures import STANFORD
from training.cars.scenes import UPLOADS, Uploads

# B batch, N pictures, S side, Z global latent, D channels of the detail, M mixed latents in a batch


# %% [markdown]
# ## Settings
# %%
@dataclass(frozen=True)
class Settings:
    pictures: str = "../shared/data/cars/cars_front.tar"  # folder, zip or tar
    masks: str = "../shared/data/cars/cars_masks.tar"  # the cars' alpha under the same names
    table: str = "../shared/data/cars/cars_front.csv"  # file, confidence, coverage, nose of each picture
    more: str = "../shared/data/cars/cars_rendered.tar"  # pictures that are already on white; empty: none
    source: str = STANFORD  # of the pictures, and their licence
    more_share: Amount = 0.06  # pictures of `more` per epoch, as a share of the photos
    folder: str = "runs/cars"  # everything that this run writes
    # a served network to start from, such as weights/cars.pt; empty: start from nothing
    initial: File = ""
    latent: Count = 64  # dimensions of the global latent
    width: bounded(float, 1 / min(WIDTHS)) = 1  # of the network: its channels are multiplied by this
    beta: Amount = 0.05  # weight of the global KL, in units of 1 over the numbers of a picture
    beta_detail: Amount = 0.05  # weight of the detail's KL, in the same unit
    detail_from: Whole = 5  # epochs in which only the global latent learns
    detail_ramp: Whole = 4  # epochs over which beta_detail falls from five times its value to its value
    # share of each batch that is then decoded with the prior's mean, so that the global latent still learns
    alone: Share = 0.25
    # norm of the perceptual gradient on the picture; the squared error's is 1 (Défossez et al. 2022)
    perceptual: Amount = 0.5
    perceptual_from: Whole = 3  # epochs
    adversarial: Amount = 0.35  # norm of the adversary's gradient
    adversarial_from: Whole = 14  # epochs; the adversary starts to learn one epoch earlier
    # share of each batch for perceptual distance and realness; for all, they cost more than the network
    judged: Share = 0.25
    # cars decoded from mixed latents and the prior, only for the adversary, as a share of the batch
    mixed: Amount = 0.2
    epochs: Count = 300
    minutes: Amount = 0  # not used: epochs are the length
    batch: Count = 48  # pictures
    learning_rate: Amount = 1e-3  # at its peak
    adversary_rate: Amount = 3e-4  # the learning rate of the adversary
    warmup: Share = 0.002  # share of the training, at its start
    decay: Share = 0.25  # share of the training, at its end
    weight_decay: Amount = 0.01
    memory: Share = 0.999  # of the averaged weights, per step
    components: Count = 4  # of the Gaussian mixture from which new latents are drawn
    temperature: Factor = 0.8  # default spread of new latents for callers
    judge_every: Count = 3  # epochs between the held-out figures
    seed: Whole = 1


# %% [markdown]
# ## Data
# One picture in ten is held out and never trained on. Near-duplicates are held out together.
# %%
def data(settings):
    """The training photos, the held-out photos, and more pictures to train on."""
    photos = pictures.load(settings.pictures, settings.masks, settings.table)
    apart = pictures.held_out(photos)
    more = pictures.load(settings.more) if settings.more else photos[:0]
    return photos[~apart], photos[apart], more[~pictures.held_out(more)] if len(more) else more


# %% [markdown]
# ## Loss
# %%
def kl_over_prior(difference, log_variance, prior_log_variance):
    """KL of the detail from its prior, in nats: difference of the means and both log-variances (B, D, 8, 8)
    -> (B,).
    """
    ratio = log_variance - prior_log_variance
    return 0.5 * (ratio.exp() + difference**2 / prior_log_variance.exp() - 1 - ratio).sum(dim=(1, 2, 3))


def sampled(mean, log_variance):
    """One sample from a Gaussian, by the reparametrisation trick."""
    return mean + torch.exp(log_variance / 2) * torch.randn_like(mean)


def decoded(settings, network, photo, epoch):
    """Pictures of a batch (B + M, 3, S, S), and both KLs (B,). The last M pictures come from mixed latents
    and the prior.
    """
    features, mean, log_variance = (part.float() for part in network.seen(photo))
    z = sampled(mean, log_variance)  # (B, Z)
    some = max(1, int(settings.mixed * len(z))) if epoch > settings.adversarial_from else 0
    share = torch.rand(some, 1)
    mixed = (share * z[:some] + (1 - share) * z.flip(0)[:some]).detach()  # (M, Z)
    y, prior, prior_variance = network.expected(torch.cat([z, mixed]))  # (B + M, ...)
    prior, prior_variance = prior.float(), prior_variance.float()
    count = len(z)
    if epoch <= settings.detail_from:
        return network.drawn(y, prior).float(), kl(mean, log_variance), torch.zeros(count)
    difference, variance = (part.float() for part in network.difference(features, y[:count]))
    detail = sampled(prior[:count] + difference, variance)
    alone = (torch.rand(count) < settings.alone)[:, None, None, None]
    detail = torch.where(alone, prior[:count], detail)
    detail = torch.cat([detail, sampled(prior[count:], prior_variance[count:])])  # (B + M, D, 8, 8)
    return (
        network.drawn(y, detail).float(),
        kl(mean, log_variance),
        kl_over_prior(difference, variance, prior_variance[:count]),
    )


def balanced(settings, adversary, picture, target, epoch):
    """The gradient on the pictures (B + M, 3, S, S), in which each loss has its norm; the adversary's own
    loss; figures.
    """
    leaf = picture.detach().requires_grad_()
    count = len(target)
    error = ((leaf[:count] - target) ** 2).mean()
    (gradient,) = torch.autograd.grad(error, leaf)
    figures, loss = {"error": error.item()}, None
    if epoch <= settings.perceptual_from:
        return gradient, loss, figures
    few = max(1, int(settings.judged * count))
    judged = torch.cat([leaf[:few], leaf[count:]])
    last = 10 if epoch >= settings.adversarial_from else 4
    with torch.no_grad():
        wanted = stages(target[:few], last)
    found = stages(judged, last)
    distance = perceptual([map[:few] for map in found], wanted)
    size = gradient[:few].norm()
    (added,) = torch.autograd.grad(distance, leaf, retain_graph=True)
    gradient = gradient + settings.perceptual * size / (added.norm() + 1e-12) * added
    figures["perceptual"] = distance.item()
    if epoch >= settings.adversarial_from:
        with loop.half_precision(torch.device("cpu")):
            real = adversary(target[:few], wanted)
            loss = hinge(real, adversary(judged.detach(), [map.detach() for map in found]))
        figures["hinge"] = loss.item()
        if epoch > settings.adversarial_from:
            adversary.requires_grad_(False)
            (added,) = torch.autograd.grad(-realness(adversary(judged, found)), leaf)
            adversary.requires_grad_(True)
            gradient = gradient + settings.adversarial * size / (added[:few].norm() + 1e-12) * added
    return gradient, loss, figures


def step(settings, parts, batch, epoch):
    """One step of both networks; returns figures."""
    network, adversary = parts["network"], parts["adversary"]
    photo, target = (side.contiguous(memory_format=torch.channels_last) for side in batch)
    with loop.half_precision(torch.device("cpu")):
        picture, divergence, apart = decoded(settings, network, photo, epoch)
    gradient, loss, figures = balanced(settings, adversary, picture, target, epoch)
    ramp = 1 + 4 * max(0, 1 - (epoch - 1 - settings.detail_from) / settings.detail_ramp)
    price = (settings.beta * divergence.mean() + settings.beta_detail * ramp * apart.mean()) / target[
        0
    ].numel()
    parts["optimiser"].zero_grad()
    torch.autograd.backward([picture, price], [gradient, torch.ones(())])
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    parts["optimiser"].step()
    if loss is not None:
        parts["adversary_optimiser"].zero_grad()
        loss.backward()
        parts["adversary_optimiser"].step()
    return {**figures, "kl": divergence.mean().item(), "kl_detail": apart.mean().item()}


# %% [markdown]
# ## What a network makes of pictures
# %%
@torch.no_grad()
def seen(network, fed, size=64):
    """Pictures (N, 3, S, S) -> global means (N, Z), detail differences (N, D, 8, 8), pictures with detail,
    and pictures of only the global latent.
    """
    rows = []
    for part in fed.split(size):
        mean, _, difference = network.encode(part)
        rows.append(
            (
                mean,
                difference,
                network.decode(mean, difference),
                network.decode(mean, torch.zeros_like(difference)),
            )
        )
    return [torch.cat(column) for column in zip(*rows)]


@torch.no_grad()
def generated(network, latents, size=64):
    """Global latents (N, Z) -> pictures (N, 3, S, S) with a detail drawn from its prior."""
    made = []
    for z in latents.split(size):
        y, mean, log_variance = network.expected(z)
        made.append(network.drawn(y, mean + 0.7 * (sampled(mean, log_variance) - mean)))
    return torch.cat(made)


def quality(network, test):
    """Held-out PSNR (dB) and SSIM against the car on white: for photos, for white pictures, and for only the
    global latent.
    """
    photos, white = tensor(test.photos), tensor(pictures.on_white(test.photos, test.alphas))
    figures = {}
    for name, fed in (("photo", photos), ("white", white)):
        _, _, full, alone = seen(network, fed)
        figures["psnr_" + name] = round(metrics.psnr(full, white).mean().item(), 3)
        figures["ssim_" + name] = round(metrics.ssim(full, white).mean().item(), 4)
        figures["psnr_%s_alone" % name] = round(metrics.psnr(alone, white).mean().item(), 3)
    return figures


def drawn_near(means, count, seed=1, temperature=0.8):
    """New latents (count, Z) from a Gaussian fitted to means (N, Z). They are good enough to look at during
    training.
    """
    noise = torch.randn(count, means.shape[1], generator=torch.Generator().manual_seed(seed))
    centred = means - means.mean(dim=0)
    covariance = centred.t() @ centred / len(means) + 1e-4 * torch.eye(means.shape[1])
    factor = torch.from_numpy(np.linalg.cholesky(covariance.numpy()))  # torch 1.5.1 has no linalg
    return means.mean(dim=0) + temperature * noise @ factor.t()


def looked_at(network, train, test, folder, epoch):
    """Write frames/EPOCH.png (held-out photos, targets on white, only the global latent, with detail) and
    generated/EPOCH.png (new cars). Returns the figures that take longer.
    """
    shown = test[np.linspace(0, len(test) - 1, 14).astype(int)]
    photos, white = tensor(shown.photos), tensor(pictures.on_white(shown.photos, shown.alphas))
    _, _, full, alone = seen(network, photos)
    plots.sheet([side.numpy() for side in (photos, white, alone, full)]).save(
        folder / "frames" / ("%04d.png" % epoch)
    )
    means = seen_means(network, tensor(train.photos[:: max(1, len(train) // 300)]))
    made = generated(network, drawn_near(means, 42)).numpy()
    plots.sheet(made.reshape((3, 14) + made.shape[1:])).save(folder / "generated" / ("%04d.png" % epoch))
    return means


@torch.no_grad()
def seen_means(network, fed, size=64):
    """Pictures (N, 3, S, S) -> their global means (N, Z)."""
    return torch.cat([network.seen(part)[1] for part in fed.split(size)])


def distances(network, means, test):
    """With lite0's features: distance of held-out reconstructions to the cars of their photos, and KID of
    generated cars.
    """
    photos, white = tensor(test.photos), tensor(pictures.on_white(test.photos, test.alphas))
    real, made = metrics.features(white), metrics.features(seen(network, photos)[2])
    fresh = metrics.features(generated(network, drawn_near(means, len(test))))
    return {
        "distance": round((made - real).norm(dim=1).mean().item(), 3),
        "kid_made": round(metrics.kid(made, real)[0], 4),
        "kid": round(metrics.kid(fresh, real)[0], 4),
    }


# %% [markdown]
# ## Start
# A served network knows shapes and colours already. In its file, batch normalisations and upsamplings are
# merged into the convolutions.
# %%
def apart(kernel):
    """The 3x3 kernel (outputs, inputs, 3, 3) of which training.export.doubling made a 4x4 kernel (inputs,
    outputs, 4, 4), by least squares.
    """
    shifts = torch.eye(4)[:, :3] + torch.eye(4)[:, 1:]  # (4, 3)
    inverse = torch.pinverse(shifts)  # (3, 4)
    return (inverse @ kernel @ inverse.t()).flip(2, 3).transpose(0, 1)


def start_from(served, network, photos):
    """Give a Ladder the weights {name: tensor} of a served Ladder, or of a CarVAE, which has no second level;
    photos (N, 3, S, S).
    """
    second = (network.fine[1], network.fine[3], network.prior, network.posterior, network.join)
    new = set() if "join.weight" in served else {layer for part in second for layer in part.modules()}
    take_over(served, network, photos, new)


@torch.no_grad()
def take_over(served, network, photos, new=()):
    """Give a network the weights {name: tensor} of its served form, but for the layers in `new`.

    Each batch normalisation gets the statistics of the photos (N, 3, S, S), and then only adds
    the served bias.
    """
    names = [name[: -len(".weight")] for name in served if name.endswith(".weight")]
    theirs = iter([(served[name + ".weight"], served.get(name + ".bias")) for name in names])
    biases, bias = {}, None
    for layer in network.modules():
        if layer in new:
            continue
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            weight, bias = next(theirs)
            layer.weight.copy_(weight if weight.shape == layer.weight.shape else apart(weight))
            if layer.bias is not None:
                layer.bias.copy_(bias)
        elif isinstance(layer, nn.BatchNorm2d):
            biases[layer] = bias

    def calibrate(layer, inputs):
        mean, variance = inputs[0].mean(dim=(0, 2, 3)), inputs[0].var(dim=(0, 2, 3), unbiased=False)
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(variance)
        layer.weight.copy_((variance + layer.eps).sqrt())
        layer.bias.copy_(mean + biases[layer])

    hooks = [layer.register_forward_pre_hook(calibrate) for layer in biases]
    network.eval()(photos)
    for hook in hooks:
        hook.remove()


# %% [markdown]
# ## Fit
# %%
def widths(settings):
    """The channels of the network at each side."""
    return [int(settings.width * width) for width in WIDTHS]


def begun(settings, photos):
    """The networks before they are trained and their optimisers {name: part}, and the average of the main
    network.
    """
    torch.manual_seed(settings.seed)
    network = Ladder(settings.latent, widths=widths(settings))
    if settings.initial:
        served = torch.jit.load(settings.initial, map_location="cpu").float()
        start_from(served.state_dict(), network, tensor(photos))
    network = network.to(memory_format=torch.channels_last)
    adversary = Adversary().to(memory_format=torch.channels_last)
    average = loop.Average(network, settings.memory)
    parts = {"network": network, "adversary": adversary, "average": average.network}
    parts["optimiser"] = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    parts["adversary_optimiser"] = torch.optim.Adam(
        adversary.parameters(), lr=settings.adversary_rate, betas=(0.5, 0.99)
    )
    return parts, average


def one_epoch(settings, parts, average, batches, epoch):
    """Train on every batch once; returns the means of the figures."""
    sums = {}
    parts["network"].train()
    for number, batch in enumerate(batches):
        progress = (epoch - 1 + number / len(batches)) / settings.epochs
        for optimiser, rate in (
            ("optimiser", settings.learning_rate),
            ("adversary_optimiser", settings.adversary_rate),
        ):
            for group in parts[optimiser].param_groups:
                group["lr"] = loop.learning_rate(progress, rate, settings.warmup, settings.decay)
        for name, figure in step(settings, parts, batch, epoch).items():
            sums[name] = sums.get(name, 0) + figure / len(batches)
        average.update(parts["network"])
    return {name: round(figure, 5) for name, figure in sums.items()}


def fit(settings, train, test, more, resume):
    """Train until settings.epochs. Each epoch writes a checkpoint, a line of log.jsonl and two contact
    sheets; every few epochs there are held-out figures.
    """
    folder = pathlib.Path(settings.folder)
    command.begin(folder, resume, pictures.bytes_of(train + more))
    for name in ("frames", "generated"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1))
    parts, average = begun(settings, train.photos[:: max(1, len(train) // 300)])
    done = {"epoch": 0, "minutes": 0.0, "steps": 0}
    if resume:
        done.update(loop.restored(checkpoint, parts, "cpu"))
        average.steps = done["steps"]
    augmenter = Uploads(train + more)
    some = int(settings.more_share * len(train)) if len(more) else 0
    while done["epoch"] < settings.epochs:
        epoch, began = done["epoch"] + 1, time.time()
        torch.manual_seed(settings.seed * 100000 + epoch)
        batches = augmentation.Batches(augmenter, len(train), some, settings.batch, [settings.seed, epoch])
        figures = one_epoch(settings, parts, average, batches, epoch)
        done.update(epoch=epoch, minutes=done["minutes"] + (time.time() - began) / 60, steps=average.steps)
        loop.save(checkpoint, {**{name: part.state_dict() for name, part in parts.items()}, **done})
        loop.save(folder / "state.pt", average.network.state_dict())
        means = looked_at(average.network, train, test, folder, epoch)
        if epoch % settings.judge_every == 0:
            figures.update(quality(average.network, test))
            figures.update(distances(average.network, means, test))
        with open(folder / "log.jsonl", "a") as log:
            log.write(json.dumps({"epoch": epoch, "minutes": round(done["minutes"], 2), **figures}) + "\n")
        print(epoch, "%.1f min" % done["minutes"], figures, flush=True)
    return average.network


# %% [markdown]
# ## Export
# `--finish` makes everything that the record says about the current state of a training, at any time. Then
# run `make export-cars`.
# %%
def trained(settings):
    """The averaged network of a run's folder together with its finder."""
    folder, network = pathlib.Path(settings.folder), Cars(settings.latent, widths=widths(settings))
    state = torch.load(str(folder / "state.pt"), map_location="cpu")
    finder = torch.load(str(folder / "finder.pt"), map_location="cpu")
    network.load_state_dict({**state, **{"finder." + name: value for name, value in finder.items()}})
    return network.eval()


def finish(settings, train, test):
    """Write latents.npz, facts.json and pictures of the state in the folder."""
    folder, network = pathlib.Path(settings.folder), trained(settings)
    arrays, directions = latent_space(settings, network, train, test)
    np.savez(folder / "latents.npz", **arrays)
    show(settings, network, arrays, test)
    some = train[np.linspace(0, len(train) - 1, min(len(train), 400)).astype(int)]
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    facts = {
        "description": "Give it a photo of a car, taken on any street, and it shows you the car alone, on "
        "white, as it understood it.",
        "latent": settings.latent,
        "detail": [DETAIL, 8, 8],
        "finder": json.loads((folder / "finder.json").read_text()),
        "temperature": settings.temperature,
        "aspect": round(float(np.median(train.aspects)), 3),
        "directions": directions,
        "metrics": {"held_out": quality(network, test), "training": quality(network, some)},
        "data": {"source": settings.source, "training": len(train), "held_out": len(test)},
        "settings": asdict(settings),
        "augmentation": asdict(UPLOADS),
        "good_masks": {"confidence_over": pictures.CONFIDENCE, "coverage_between": pictures.COVERAGE},
        "training": {
            "device": loop.device_name(),
            "epochs": log[-1]["epoch"],
            "hours": round(log[-1]["minutes"] / 60, 2),
            "torch": torch.__version__,
        },
    }
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


def to_export(folder):
    """Network, examples to trace with, fresh inputs for the check, arrays, and facts of the record."""
    facts = json.loads((folder / "facts.json").read_text())
    settings = Settings(**{**facts["settings"], "folder": str(folder)})
    with np.load(folder / "latents.npz") as saved:
        arrays = dict(saved)
    photos, latents = (
        [torch.rand(n, 3, SIZE, SIZE) for n in (1, 5)],
        [(torch.randn(n, settings.latent), torch.randn(n, DETAIL, 8, 8)) for n in (1, 5)],
    )
    fresh = {"encode": photos, "decode": latents, "find": photos}
    return trained(settings), {name: inputs[0] for name, inputs in fresh.items()}, fresh, arrays, facts


def asked(words=None):
    """The settings from the command line, whether to resume, and whether to finish."""
    parser = command.parser_of(Settings, "Train the two-level car VAE.")
    command.resuming(parser)
    parser.add_argument(
        "--finish",
        action="store_true",
        help="do not train; write what an export needs from the folder's state",
    )
    arguments = vars(parser.parse_args(words))
    resume, finished = arguments.pop("resume"), arguments.pop("finish")
    return Settings(**arguments), resume, finished


@command.interruptible
def main(words=None):
    """Train with the settings of a command line."""
    settings, resume, finished = asked(words)
    train, test, more = data(settings)
    print(
        "%d photos and %d more pictures to train on, %d held out; augmentation %s"
        % (len(train), len(more), len(test), UPLOADS),
        flush=True,
    )
    if finished:
        return finish(settings, train, test)
    fit(settings, train, test, more, resume)


if __name__ == "__main__":
    main()
