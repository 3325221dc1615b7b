"""A trained state -> what is served: the traced network, its arrays and its record in weights/, with the oracles that let it through.

    python -m training.export cars          (under torch 1.5.1: nothing else writes what 1.5.1 can read)
It serves every model: training/NAME.py has `publish(weights, folder)`, which calls what is needed here, and `golden()`.
"""

import argparse
import copy
import hashlib
import importlib
import json
import lzma
import os
import pathlib
import platform
import subprocess

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

WEIGHTS = pathlib.Path(__file__).parent.parent / "weights"
TOLERANCE = 1e-5  # of the traced network against the eager one: latents, and pictures in [0, 1]
ROUNDING = 5e-3  # of the same with 16 bits a number


def fused(network):
    """The same network with fewer operations (evaluation mode only): each batch normalisation is folded into the convolution before it,
    and each upsampling into the convolution with which the sequence after it begins."""
    for child in network.children():
        fused(child)
        if isinstance(child, nn.ReLU):
            child.inplace = True  # nobody else reads what a convolution gives it
    if isinstance(network, nn.Sequential):
        layers = list(network)
        for i, (first, second) in enumerate(zip(layers, layers[1:])):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                network[i], network[i + 1] = nn.utils.fusion.fuse_conv_bn_eval(first, second), nn.Identity()
            if isinstance(first, nn.Upsample) and isinstance(second, nn.Sequential):
                network[i], second[0] = nn.Identity(), doubling(second[0])
    return network


def doubling(convolution):
    """Nearest upsampling by 2 and then this 3x3 convolution, as one transposed convolution: 16 multiplications instead of 36.

    Upsampling writes each number into a square of 2x2 places, so the kernel is added up over the four shifts between them.
    """
    kernel = convolution.weight.flip(2, 3).transpose(0, 1)  # (inputs, outputs, 3, 3)
    both = nn.ConvTranspose2d(convolution.in_channels, convolution.out_channels, 4, stride=2, padding=1)
    both.weight.data = sum(F.pad(kernel, (x, 1 - x, y, 1 - y)) for x in (0, 1) for y in (0, 1)).data  # (inputs, outputs, 4, 4)
    both.bias = convolution.bias
    return both


def trace(network, examples):
    """Trace the methods named in `examples` ({name: (tensor,)}); weights need no gradient any more."""
    network.eval()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return torch.jit.trace_module(network, examples, check_trace=False)


def furthest_apart(eager, traced, inputs):
    """The largest difference between two networks over {method: [tensors]}: the oracle of an export."""
    apart = 0.0
    with torch.no_grad():
        for name, tensors in inputs.items():
            for x in tensors:
                pairs = zip(outputs(getattr(eager, name)(x)), outputs(getattr(traced, name)(x)))
                apart = max(apart, *(float((a - b).abs().max()) for a, b in pairs))
    return apart


def outputs(value):
    return value if isinstance(value, tuple) else (value,)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def commit():
    """The commit that this was made from, and whether the tree differed from it."""
    found = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"], stdout=subprocess.PIPE, universal_newlines=True)
    return found.stdout.strip() or "unknown"


def publish_locally(weights, name, network, examples, inputs, arrays, facts):
    """Write NAME.pt, in half precision, NAME.npz and NAME.json into the folder `weights`; raise, and write none, where the trace is not the network."""
    weights.mkdir(parents=True, exist_ok=True)
    path, beside, part = weights / (name + ".pt"), weights / (name + ".npz"), weights / (name + ".part")
    traced = trace(fused(copy.deepcopy(network).eval()), examples)
    apart = furthest_apart(network.eval(), traced, inputs)
    traced.half().save(str(part))
    rounded = furthest_apart(network, torch.jit.load(str(part)).float(), inputs)
    if not (apart <= TOLERANCE and rounded <= ROUNDING):  # a NaN as well
        part.unlink()
        raise SystemExit("The traced network differs from the eager one by %.2g, and in 16 bits by %.2g; %.0e and %.0e are the most."
                         % (apart, rounded, TOLERANCE, ROUNDING))
    part.replace(path)
    np.savez(beside, **arrays)
    return write_record(weights, name, {"network": path, "latents": beside}, facts,
                        {"torch": torch.__version__, "traced_minus_eager": float("%.2g" % apart), "rounded_minus_eager": float("%.2g" % rounded)})


def publish_arrays(weights, name, groups, facts):
    """Write NAME-ROLE.npz of each group {role: arrays} and NAME.json, of a model that is arrays alone, such as words: there is nothing to trace."""
    weights.mkdir(parents=True, exist_ok=True)
    files = {role: weights / ("%s-%s.npz" % (name, role)) for role in groups}
    for role, arrays in groups.items():
        np.savez(files[role], **arrays)
    return write_record(weights, name, files, facts, {"numpy": np.__version__})


def publish_scripts(weights, name, scripts, others, facts):
    """Write NAME-ROLE.pt of each script, NAME-ROLE.xz of the bytes that go with them, and NAME.json.

    scripts: {role: (module, agrees)}, where agrees(module as it is loaded again) says whether that is the trained network.
    """
    weights.mkdir(parents=True, exist_ok=True)
    files = {role: weights / ("%s-%s.pt" % (name, role)) for role in scripts}
    for role, (module, agrees) in scripts.items():
        part = files[role].with_suffix(".part")
        module.save(str(part))
        if not agrees(torch.jit.load(str(part))):
            part.unlink()
            raise SystemExit("The script of %s does not say what the network says." % role)
        part.replace(files[role])
    for role, data in others.items():
        files[role] = weights / ("%s-%s.xz" % (name, role))
        files[role].write_bytes(lzma.compress(data))
    return write_record(weights, name, files, facts, {"torch": torch.__version__})


def need_old_torch():
    """Raise SystemExit where what torch writes would not be readable everywhere."""
    if not torch.__version__.startswith("1.5."):
        raise SystemExit("This is torch %s, and what it writes ends the process of torch 1.5.1: export under Python 3.8." % torch.__version__)


def write_record(weights, name, files, facts, made_with):
    """NAME.json: the files {role: path} with their hashes, what training says, and where it was exported."""
    return keep(weights, {
        "name": name,
        "version": "",
        "files": {role: {"file": file.name, "sha256": sha256(file), "bytes": file.stat().st_size} for role, file in files.items()},
        **facts,
        "export": {"commit": commit(), "python": platform.python_version(), **made_with},
    })


def keep(weights, record):
    """Write a record under the version that all else in it makes: another file or another fact is another version."""
    content = json.dumps({**record, "version": ""}, sort_keys=True)
    record["version"] = hashlib.sha256(content.encode()).hexdigest()[:12]
    (weights / (record["name"] + ".json")).write_text(json.dumps(record, indent=1) + "\n")
    return record


def add_golden(weights, record, story):
    """Let the serving code load what was written, and keep what it answers, for tests on other machines and other torches."""
    os.environ["WEIGHTS_FOLDER"] = str(weights)
    record["golden"] = story.golden()
    keep(weights, record)


def main():
    parser = argparse.ArgumentParser(description="Export a trained model to weights/.")
    parser.add_argument("model")
    parser.add_argument("--folder", help="of the run; runs/MODEL by default")
    parser.add_argument("--weights", type=pathlib.Path, default=WEIGHTS, help="folder to write to; weights/ by default")
    arguments = parser.parse_args()
    story = importlib.import_module("training." + arguments.model)
    folder = pathlib.Path(arguments.folder or "runs/" + arguments.model)
    record = story.publish(arguments.weights, folder)
    add_golden(arguments.weights, record, story)
    print("%s, version %s: %s" % (arguments.weights, record["version"], record["export"]))


if __name__ == "__main__":
    main()
