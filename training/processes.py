"""A training in many processes, on one machine or many, under torch's launcher (PROCESSES=4 of make).

The first process draws every batch and hands each process its rows; gradients are summed, weighted by the
rows, and statistics of batch normalisation are those of the whole batch. So the steps are those of one
process, however many there are (but for dropout and noise, which each draws for itself).
"""

import contextlib
import io
import os
import sys

import numpy as np
import torch
import torch.distributed as dist
from torch import nn

# B rows of a batch, C channels, H W height and width


def count():
    """How many processes train together, as the launcher says."""
    return int(os.environ.get("WORLD_SIZE", 1))


def place():
    """Which of them this one is; 0 draws, measures and writes."""
    return int(os.environ.get("RANK", 0)) if count() > 1 else 0


def start():
    """Let the processes find each other: NCCL between GPUs, gloo between CPUs. One of them prints."""
    if count() == 1 or dist.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if place():
        sys.stdout = open(os.devnull, "w")


def finish():
    """What a process does that does not write, when the training is over."""
    if place():
        sys.exit(0)


@contextlib.contextmanager
def first_alone():
    """The first process runs this block before the others do, so that these find the files that it wrote."""
    start()
    if place():
        together(0.0)
    yield
    if count() > 1 and not place():
        together(0.0)


def on_their_device(tensor):
    """Where the processes' messages have to lie: NCCL sends between GPUs alone."""
    return tensor.to("cuda" if dist.get_backend() == "nccl" else "cpu")


def together(number):
    """The first process's number, in all of them."""
    if count() == 1:
        return number
    told = on_their_device(torch.tensor([number], dtype=torch.float64))
    dist.broadcast(told, 0)
    return told.item()


def summed(tensor):
    """The sum over the processes; it may be made in place."""
    if count() == 1:
        return tensor
    there = on_their_device(tensor)
    dist.all_reduce(there)
    return there.to(tensor.device)


def told(value):
    """What the first process has, in all of them; whatever torch.save can write."""
    if count() == 1:
        return value
    file = io.BytesIO()
    if not place():
        torch.save(value, file)
    size = int(together(len(file.getvalue())))
    data = torch.zeros(size, dtype=torch.uint8)
    if not place():
        data = torch.from_numpy(np.frombuffer(file.getvalue(), np.uint8).copy())
    data = on_their_device(data)
    dist.broadcast(data, 0)
    return value if not place() else torch.load(io.BytesIO(data.cpu().numpy().tobytes()), map_location="cpu")


def shares(batches, progress, terms=lambda batch: len(batch[0])):
    """(progress, rows of this process, their weight in the batch) of each batch of the first process.

    `batches` is None in the others. terms(batch) is how many terms the loss is a mean of: rows, or tokens.
    """
    if count() == 1:
        for step, batch in enumerate(batches):
            yield progress(step), batch, 1.0
        return
    drawn = iter(batches or ())
    step = 0
    while True:
        batch = None if place() else next(drawn, None)
        now, batch = told((0.0 if batch is None else progress(step), batch))
        if batch is None:
            return
        mine = list(range(len(batch[0]))[place() :: count()])
        # a batch of fewer rows than processes: who has none takes one, which counts nothing
        share = [tensor[mine or [0]] for tensor in batch]
        yield now, share, float(terms(share) if mine else 0) / float(terms(batch))
        step += 1


def add_gradients(network):
    """Sum the gradients over the processes; a parameter that none of them used keeps none.

    torch's DistributedDataParallel does it in a network's forward, and losses here call other methods too.
    """
    if count() == 1:
        return
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    used = torch.tensor([float(parameter.grad is not None) for parameter in parameters])
    parts = [
        (parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)).reshape(-1)
        for parameter in parameters
    ]
    flat = summed(torch.cat([*parts, used.to(parts[0])]))
    used = flat[-len(parameters) :]
    for parameter, grad, by in zip(
        parameters, flat.split([len(part) for part in parts] + [len(parts)]), used
    ):
        parameter.grad = grad.view_as(parameter).clone() if by else None


class NormalisedTogether(torch.autograd.Function):
    """x (B, C, H, W) -> x normalised by the mean and variance of the rows of all processes; those and the
    number of the rows also.

    torch's own normalisation by given statistics does the work, forwards and backwards.
    """

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mine, apart = torch.zeros_like(weight), torch.zeros_like(weight)
        # writes the mean and the unbiased variance of this process's rows into the two
        torch.batch_norm(x, None, None, mine, apart, True, 1.0, eps, False)
        rows, mine = x.numel() // x.shape[1], mine.double()
        apart = apart.double() * (rows - 1) if rows > 1 else torch.zeros_like(mine)
        sums = summed(torch.cat([mine * rows, apart + mine**2 * rows, mine.new_tensor([rows])]))
        size = sums[-1].to(weight)
        mean, square = sums[:-1].view(2, -1) / sums[-1]
        mean, variance = mean.to(weight), (square - mean**2).clamp(min=0).to(weight)
        ctx.save_for_backward(x, weight, bias, mean, variance, size)
        ctx.eps = eps
        ctx.mark_non_differentiable(mean, variance, size)
        return torch.batch_norm(x, weight, bias, mean, variance, False, 0.0, eps, False), mean, variance, size

    @staticmethod
    def backward(ctx, gradient, *_):
        x, weight, bias, mean, variance, size = ctx.saved_tensors
        fixed = (mean, variance, False, 0.0, ctx.eps, False)
        asked = [tensor.detach().requires_grad_() for tensor in (x, weight, bias)]
        with torch.enable_grad():
            again = torch.batch_norm(*asked, *fixed)
            straight, by_weight, by_bias = torch.autograd.grad(again, asked, gradient)
        # the statistics depend on x too (Ioffe & Szegedy 2015, section 3)
        through = summed(torch.stack([by_weight, by_bias])) * (-weight * (variance + ctx.eps).rsqrt() / size)
        return straight + torch.batch_norm(x, *through, *fixed), by_weight, by_bias, None


class SharedNorm(nn.BatchNorm2d):
    """Batch normalisation (Ioffe & Szegedy 2015) by the whole batch, whose rows are in many processes.

    torch's SyncBatchNorm is for GPUs alone.
    """

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        normalised, mean, variance, rows = NormalisedTogether.apply(x, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (variance * rows / (rows - 1) - self.running_var)
            self.num_batches_tracked += 1
        return normalised


def share_norms(network):
    """Put SharedNorm in the place of batch normalisation, in place; weights and their names stay."""
    if count() == 1:
        return
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedNorm
