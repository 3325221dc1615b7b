"""The shared loop of every training: optimiser, schedule, averaged weights, checkpoints, resume, log. It knows no model.

A model's story (training/cars.py) hands it a network, a loss and batches; it hands back the averaged network.
"""

import contextlib
import copy
import json
import pathlib
import time

import torch
from tqdm import tqdm


def device():
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name():
    """The kind of device, for the record."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU, %d threads" % torch.get_num_threads()


def half_precision(where):
    """Autocast to bfloat16 where torch and the machine have it (AMX or a recent GPU); float32 elsewhere, as under torch 1.5.1."""
    if not hasattr(torch, "autocast") or not has_bfloat16(where):
        return contextlib.nullcontext()
    return torch.autocast(where.type, dtype=torch.bfloat16)


def has_bfloat16(where):
    """Whether bfloat16 is arithmetic of this device and not an emulation."""
    if where.type == "cuda":
        return torch.cuda.is_bf16_supported()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    return cpuinfo.exists() and bool({"amx_bf16", "avx512_bf16"} & set(cpuinfo.read_text().split()))


def learning_rate(progress, peak, warmup, decay):
    """Trapezoid over progress 0..1: linear warm-up, plateau, linear decay to 0 (Haegele et al. 2024, arXiv:2405.18392)."""
    return peak * min(1, progress / warmup if warmup else 1, (1 - progress) / decay if decay else 1)


class Average:
    """Exponential moving average of a network's weights and buffers (Polyak & Juditsky 1992), with a short memory at first."""

    def __init__(self, network, memory):
        self.network = copy.deepcopy(network).eval()
        self.memory, self.steps = memory, 0

    @torch.no_grad()
    def update(self, network):
        self.steps += 1
        memory = min(self.memory, self.steps / (self.steps + 10))
        for mine, new in zip(self.network.state_dict().values(), network.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.mul_(memory).add_(new, alpha=1 - memory)
            else:
                mine.copy_(new)


def fit(network, loss, batches, settings, folder, resume=False, after_epoch=None, judge=None):
    """Train `network`; returns its averaged copy, in evaluation mode, and the minutes that training took.

    loss(network, batch, progress) -> (scalar tensor, {name: float}); batches(epoch) -> a list-like of batches, the same at
    every call; after_epoch(averaged, epoch) -> {name: float}, logged. `settings` gives epochs or, where it is not 0, minutes
    as the length of the training, and learning_rate, warmup, decay, weight_decay, memory, seed. A checkpoint an epoch in
    `folder`; `resume` goes on from it, to the same weights as without the break where epochs are the length. Where `judge` names
    one of after_epoch's figures, the averaged network of its lowest value is handed back, and settings.patience epochs without a
    lower one end the training.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    where = device()
    network.to(where).to(memory_format=torch.channels_last)
    average = Average(network, settings.memory)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    checkpoint, parts = folder / "checkpoint.pt", {"network": network, "average": average.network, "optimiser": optimiser}
    done = {"epoch": 0, "minutes": 0.0, "steps": 0, "best": float("inf"), "waited": 0}
    if resume and checkpoint.exists():
        done.update(restored(checkpoint, parts, where))
        average.steps = done["steps"]
    with open(folder / "log.jsonl", "a" if resume else "w") as log:
        clock = Clock(settings, done["epoch"] + 1, done["minutes"])
        while clock.progress(0) < 1 and not (judge and done["waited"] >= settings.patience):
            epoch = clock.epoch
            torch.manual_seed(settings.seed * 100000 + epoch)  # of each epoch anew, for `resume`
            figures = one_epoch(network, average, optimiser, loss, batches(epoch), settings, clock)
            done.update(epoch=epoch, minutes=clock.minutes(), steps=average.steps)
            if after_epoch:
                figures.update(after_epoch(average.network, epoch))
            log.write(json.dumps({"epoch": epoch, "minutes": round(done["minutes"], 2), **figures}) + "\n")
            log.flush()
            if judge:
                better = figures[judge] < done["best"]
                done.update(best=min(figures[judge], done["best"]), waited=0 if better else done["waited"] + 1)
                if better:
                    save(folder / "best.pt", average.network.state_dict())
            save(checkpoint, {**{name: part.state_dict() for name, part in parts.items()}, **done})
            clock = Clock(settings, epoch + 1, done["minutes"])
    if judge and (folder / "best.pt").exists():
        average.network.load_state_dict(torch.load(folder / "best.pt", map_location=where))
    return average.network, done["minutes"]


def restored(checkpoint, parts, where):
    """Put a checkpoint's states into their parts; returns what else it holds."""
    saved = torch.load(checkpoint, map_location=where)
    for name, part in parts.items():
        part.load_state_dict(saved.pop(name))
    return saved


class Clock:
    """How far a training is, from 0 to 1: in epochs, or in minutes where these are its length."""

    def __init__(self, settings, epoch, minutes):
        self.settings, self.epoch, self.before, self.began = settings, epoch, minutes, time.time()

    def minutes(self):
        return self.before + (time.time() - self.began) / 60

    def progress(self, share):
        """`share` of this epoch is done."""
        if self.settings.minutes:
            return min(1, self.minutes() / self.settings.minutes)
        return (self.epoch - 1 + share) / self.settings.epochs


def one_epoch(network, average, optimiser, loss, batches, settings, clock):
    """Every batch once; returns the means of what the loss reports."""
    network.train()
    where = device()
    sums, steps = {}, 0
    bar = tqdm(batches, desc="epoch %d" % clock.epoch, disable=None)
    for step, batch in enumerate(bar):
        progress = clock.progress(step / len(batches))
        if progress >= 1:
            break
        rate = learning_rate(progress, settings.learning_rate, settings.warmup, settings.decay)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = [tensor.to(where, non_blocking=True) for tensor in batch]
        with half_precision(where):
            value, figures = loss(network, batch, progress)
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update(network)
        for name, figure in figures.items():
            sums[name] = sums.get(name, 0.0) + float(figure)
        steps += 1
        bar.set_postfix({name: "%.4f" % (total / steps) for name, total in sums.items()})
    return {name: round(total / steps, 5) for name, total in sums.items()}


def save(path, state):
    """Write beside, then rename: a disconnect never leaves half a checkpoint."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(path)
