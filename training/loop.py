"""The loop that all trainings share: optimiser, schedule, averaged weights, checkpoints, resume and log. It
knows no model. processes.py lets several processes share the work.

A model's training (such as training/cars/train.py) gives it a network, a loss and batches, and gets back the
averaged network.
"""

import contextlib
import copy
import json
import os
import math
import pathlib
import pickle
import time

import torch
from tqdm import tqdm

from training import processes

FEWEST = 30  # steps of an epoch


def device():
    """The GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name():
    """The name of the device, for the record."""
    name = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else "CPU, %d threads" % torch.get_num_threads()
    )
    return name + (", %d processes" % processes.count() if processes.count() > 1 else "")


def half_precision(where):
    """Autocast to bfloat16 where that is faster. Otherwise, and with torch 1.5.1, float32."""
    if not hasattr(torch, "autocast") or not has_bfloat16(where):
        return contextlib.nullcontext()
    return torch.autocast(where.type, dtype=torch.bfloat16)


def has_bfloat16(where):
    """Whether the device is faster in bfloat16 than in float32: a recent GPU, a CPU with AMX, or one of AMD
    with AVX-512's bfloat16 (half the time of float32; one of Intel without AMX takes twice as long).
    """
    if where.type == "cuda":
        return torch.cuda.is_bf16_supported()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    words = set(cpuinfo.read_text().split()) if cpuinfo.exists() else set()
    return "amx_bf16" in words or {"avx512_bf16", "AuthenticAMD"} <= words


def learning_rate(progress, peak, warmup, decay):
    """The learning rate at a progress from 0 to 1: linear warm-up, plateau,
    linear decay to 0 (Haegele et al. 2024, arXiv:2405.18392).
    """
    return peak * min(1, progress / warmup if warmup else 1, (1 - progress) / decay if decay else 1)


def enough(once):
    """The batches of an epoch, from once(number) -> batches of all the data: FEWEST at least. Of a small
    table the data come several times, since a network learns little from a handful of steps.
    """
    found, number = [], 0
    while len(found) < FEWEST:
        found += once(number)
        number += 1
    return found


class Average:
    """Exponential moving average of a network's weights and buffers
    (Polyak & Juditsky 1992). Its memory is short at first.
    """

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


def fit(network, loss, batches, settings, folder, resume=False, after_epoch=None, judge=None, terms=None):
    """Train `network`; returns its averaged copy, in evaluation mode, and the minutes that training took.

    loss(network, batch, progress) -> (scalar tensor, {name: float}). batches(epoch) -> a list-like of
    batches, the same at every call. after_epoch(averaged, epoch) -> {name: float}, which is logged.

    `settings` has learning_rate, warmup, decay, weight_decay, memory, seed, epochs and minutes. If minutes is
    not 0, it is the length of the training; otherwise epochs is. A checkpoint is written to `folder` after
    each epoch. `resume` continues from it, or begins anew if there is none. If epochs is the length, the
    weights are the same as without the break.

    If `judge` names one of after_epoch's figures, the averaged network with its lowest value is returned, and
    settings.patience epochs without a lower value end the training. `terms` is that of processes.shares; all
    processes but the first end here.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    processes.start()
    where = device()
    network.to(where).to(memory_format=torch.channels_last)
    processes.share_norms(network)
    average = Average(network, settings.memory)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    checkpoint, parts = (
        folder / "checkpoint.pt",
        {"network": network, "average": average.network, "optimiser": optimiser},
    )
    done = {"epoch": 0, "minutes": 0.0, "steps": 0, "best": float("inf"), "waited": 0}
    if resume:
        done.update(restored(checkpoint, parts, where))
        average.steps = done["steps"]
    alike(parts)
    first = not processes.place()
    with open(folder / "log.jsonl" if first else os.devnull, "a" if resume else "w") as log:
        clock = Clock(settings, done["epoch"] + 1, done["minutes"])
        while processes.together(
            clock.progress(0) < 1 and not (judge and done["waited"] >= settings.patience)
        ):
            epoch = clock.epoch
            # a new seed for each epoch, because of `resume`, and for each process
            torch.manual_seed(settings.seed * 100000 + epoch + 10**9 * processes.place())
            drawn = batches(epoch) if first else None
            figures = one_epoch(network, average, optimiser, loss, drawn, settings, clock, terms)
            done.update(epoch=epoch, minutes=clock.minutes(), steps=average.steps)
            if first:
                figures.update(after_epoch(average.network, epoch) if after_epoch else {})
                line = {"epoch": epoch, "minutes": round(done["minutes"], 2), **figures}
                print(json.dumps(line), file=log, flush=True)
                keep(folder, average, parts, done, figures.get(judge))
            clock = Clock(settings, epoch + 1, done["minutes"])
    processes.finish()
    if judge and (folder / "best.pt").exists():
        average.network.load_state_dict(torch.load(str(folder / "best.pt"), map_location=where))
    return average.network, done["minutes"]


def keep(folder, average, parts, done, figure):
    """Write the checkpoint. If the averaged network's figure is the best so far, write the network too."""
    if figure is not None:
        better = figure < done["best"]
        done.update(best=min(figure, done["best"]), waited=0 if better else done["waited"] + 1)
        if better:
            save(folder / "best.pt", average.network.state_dict())
    save(folder / "checkpoint.pt", {**{name: part.state_dict() for name, part in parts.items()}, **done})


def alike(parts):
    """Let all processes begin with the first process's network."""
    for name in ("network", "average"):
        parts[name].load_state_dict(processes.told(parts[name].state_dict()))


def restored(checkpoint, parts, where):
    """Load a checkpoint's states into their parts, and return the rest of the checkpoint. Without a
    checkpoint, print that and return nothing.
    """
    if not processes.told(checkpoint.exists()):
        print(
            "%s holds no checkpoint to go on from: the training begins anew." % checkpoint.parent, flush=True
        )
        return {}
    try:
        read = None if processes.place() else torch.load(str(checkpoint), map_location=where)
    except (EOFError, RuntimeError, pickle.UnpicklingError):
        raise SystemExit(
            "%s is damaged: put a copy in its place, or name another --folder." % checkpoint
        ) from None
    saved = processes.told(read)
    try:
        for name, part in parts.items():
            part.load_state_dict(saved.pop(name))
    except (KeyError, RuntimeError, ValueError):
        raise SystemExit(
            "%s began with another network: give it the same settings again, or leave --resume out and name "
            "another --folder." % checkpoint.parent
        ) from None
    return saved


class Clock:
    """The progress of a training, from 0 to 1: in minutes if settings.minutes is not 0, else in epochs."""

    def __init__(self, settings, epoch, minutes):
        self.settings, self.epoch, self.before, self.began = settings, epoch, minutes, time.time()

    def minutes(self):
        return self.before + (time.time() - self.began) / 60

    def progress(self, share):
        """The progress when `share` of this epoch is done."""
        if self.settings.minutes:
            return min(1, self.minutes() / self.settings.minutes)
        return (self.epoch - 1 + share) / self.settings.epochs


def one_epoch(network, average, optimiser, loss, batches, settings, clock, terms=None):
    """Train on every batch once; returns the means of the figures that the loss reports."""
    network.train()
    where = device()
    sums, steps = {}, 0
    shares = processes.shares(
        batches, lambda step: clock.progress(step / len(batches)), *([terms] if terms else [])
    )
    length, quiet = (len(batches), None) if batches is not None else (None, True)
    bar = tqdm(shares, desc="epoch %d" % clock.epoch, total=length, disable=quiet)
    for progress, batch, weight in bar:
        if progress >= 1:
            break
        rate = learning_rate(progress, settings.learning_rate, settings.warmup, settings.decay)
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = [tensor.to(where, non_blocking=True) for tensor in batch]
        with half_precision(where):
            value, figures = loss(network, batch, progress)
        optimiser.zero_grad()
        (value * weight if weight < 1 else value).backward()
        processes.add_gradients(network)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update(network)
        for name, figure in figures.items():
            sums[name] = sums.get(name, 0.0) + float(figure) * weight
        steps += 1
        bar.set_postfix({name: "%.4f" % (total / steps) for name, total in sums.items()})
    totals = processes.summed(torch.tensor(list(sums.values()), dtype=torch.float64)).tolist()
    if not all(map(math.isfinite, totals)):
        raise SystemExit(
            "Epoch %d diverged, its loss is no number: go on from the epoch before it with --resume and a "
            "smaller --learning-rate." % clock.epoch
        )
    return {name: round(total / steps, 5) for name, total in zip(sums, totals)}


def save(path, state):
    """Write to another name, then rename, so that an interruption never leaves half a checkpoint."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(path)
