"""A trained state -> the files that are served: the traced network, its arrays and its record in weights/.
Nothing is written unless it passes its checks.

python -m training.export cars          (under torch 1.5.1, because only it writes what 1.5.1 can read)
All models use it: training/NAME/train.py has `publish(weights, folder)`, which calls the functions here that
it needs, and `golden()`.
"""

import argparse
import copy
import gzip
import hashlib
import importlib
import json
import os
import pathlib
import platform
import re
import subprocess

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

from models import registry

WEIGHTS = pathlib.Path(__file__).parent.parent / "weights"
TOLERANCE = 1e-5  # largest difference between traced and eager network: latents, and pictures in [0, 1]
NOTHING = (
    "There is no %s, which a training writes at its end: run make train-%s first, with ARGS=--resume if it "
    "was stopped."
)
# a path in a setting, which may be a list; ../shared has this project's own data
OUTSIDE = re.compile(r"(?:(?<=[,:])|^)(?:/|~|\.\./(?!shared/))[^,:]*")
ROUNDING = 5e-3  # the same, with 16 bits per number


def fused(network):
    """The same network with fewer operations, for evaluation mode only. Each batch normalisation is merged
    into the convolution before it. Each upsampling is merged into the first convolution of the sequence after
    it.
    """
    for child in network.children():
        fused(child)
        if isinstance(child, nn.ReLU):
            child.inplace = True  # nothing else reads its input, which comes from a convolution
    if isinstance(network, nn.Sequential):
        layers = list(network)
        for i, (first, second) in enumerate(zip(layers, layers[1:])):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                network[i], network[i + 1] = nn.utils.fusion.fuse_conv_bn_eval(first, second), nn.Identity()
            if isinstance(first, nn.Upsample) and isinstance(second, nn.Sequential):
                network[i], second[0] = nn.Identity(), doubling(second[0])
    return network


def doubling(convolution):
    """Nearest upsampling by 2 followed by this 3x3 convolution, as one
    transposed convolution: 16 multiplications instead of 36.

    Upsampling copies each number to 2x2 places, so the new kernel
    is the sum of the old one in four shifted positions.
    """
    kernel = convolution.weight.flip(2, 3).transpose(0, 1)  # (inputs, outputs, 3, 3)
    both = nn.ConvTranspose2d(convolution.in_channels, convolution.out_channels, 4, stride=2, padding=1)
    # (inputs, outputs, 4, 4)
    both.weight.data = sum(F.pad(kernel, (x, 1 - x, y, 1 - y)) for x in (0, 1) for y in (0, 1)).data
    both.bias = convolution.bias
    return both


def trace(network, examples):
    """Trace the methods that `examples` names ({name: tensor or
    tuple of tensors}). The weights no longer need gradients.
    """
    network.eval()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return torch.jit.trace_module(network, examples, check_trace=False)


def furthest_apart(eager, traced, inputs):
    """The largest difference between two networks over the inputs {method:
    [tensors or tuples of tensors]}. An export is checked with it.
    """
    apart = 0.0
    with torch.no_grad():
        for name, tensors in inputs.items():
            for x in tensors:
                pairs = zip(*(outputs(getattr(network, name)(*outputs(x))) for network in (eager, traced)))
                apart = max(apart, *(float((a - b).abs().max()) for a, b in pairs))
    return apart


def outputs(value):
    return value if isinstance(value, tuple) else (value,)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def commit():
    """The current commit, and whether the tree differs from it."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        stdout=subprocess.PIPE,
        universal_newlines=True,
    )
    return found.stdout.strip() or "unknown"


def publish_locally(weights, name, network, examples, inputs, arrays, facts):
    """Write NAME.pt (in half precision), NAME.npz and NAME.json into the folder `weights`.
    If the trace differs from the network, raise SystemExit and write nothing.
    """
    weights.mkdir(parents=True, exist_ok=True)
    path, beside, part = weights / (name + ".pt"), weights / (name + ".npz"), weights / (name + ".part")
    traced = trace(fused(copy.deepcopy(network).eval()), examples)
    apart = furthest_apart(network.eval(), traced, inputs)
    traced.half().save(str(part))
    rounded = furthest_apart(network, torch.jit.load(str(part)).float(), inputs)
    if not (apart <= TOLERANCE and rounded <= ROUNDING):  # also refuses NaN
        part.unlink()
        raise SystemExit(
            "The traced network differs from the eager one by %.2g, and in 16 bits by %.2g; %.0e and %.0e "
            "are the most." % (apart, rounded, TOLERANCE, ROUNDING)
        )
    part.replace(path)
    np.savez(beside, **arrays)
    return write_record(
        weights,
        name,
        {"network": path, "latents": beside},
        facts,
        {
            "torch": torch.__version__,
            "traced_minus_eager": float("%.2g" % apart),
            "rounded_minus_eager": float("%.2g" % rounded),
        },
    )


def publish_arrays(weights, name, groups, facts, kept=()):
    """Write NAME-ROLE.npz for each group {role: arrays}, and NAME.json. This is for a model that
    has only arrays, such as words: there is nothing to trace. kept: {role: path} of files that stay.
    """
    weights.mkdir(parents=True, exist_ok=True)
    files = {role: weights / ("%s-%s.npz" % (name, role)) for role in groups}
    for role, arrays in groups.items():
        np.savez(files[role], **arrays)
    return write_record(weights, name, {**dict(kept), **files}, facts, {"numpy": np.__version__})


def recorded(weights, name):
    """The record of a model in `weights`; an empty one if there is none."""
    path = weights / (name + ".json")
    return json.loads(path.read_text()) if path.exists() else {"models": [], "files": {}}


def ended(folder):
    """The folders of the trainings that came to their end: `folder` itself, or those in it, by name."""
    if (folder / "facts.json").exists():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/facts.json"))


def runs(folder, name):
    """The same; without any, SystemExit with the command that makes one."""
    if not ended(folder):
        raise SystemExit(NOTHING % (folder / "*" / "facts.json", name))
    return ended(folder)


def staying(weights, name, scripts, roles):
    """The models of the record in `weights` whose scripts are not made anew, and their files {role: path}.
    roles(entry) says which files a model has.
    """
    record = recorded(weights, name)
    stay = [entry for entry in record["models"] if not set(roles(entry)) & set(scripts)]
    return stay, {role: weights / record["files"][role]["file"] for entry in stay for role in roles(entry)}


def publish_scripts(weights, name, scripts, others, facts, kept=()):
    """Write NAME-ROLE.pt for each script, NAME-ROLE.gz for the bytes that belong to them, and NAME.json.

    scripts: {role: (module, agrees)}. agrees(module after it was saved and loaded) says whether it equals the
    trained network. others: {role: bytes}. kept: {role: path} of files that stay; bytes are packed again.
    """
    weights.mkdir(parents=True, exist_ok=True)
    stay = {role: path for role, path in dict(kept).items() if path.suffix == ".pt"}
    lists = {role: path for role, path in dict(kept).items() if path.suffix != ".pt"}
    others = {**{role: registry.unpacked(path.read_bytes()) for role, path in lists.items()}, **others}
    files = {**stay, **{role: weights / ("%s-%s.pt" % (name, role)) for role in scripts}}
    for role, (module, agrees) in scripts.items():
        part = files[role].with_suffix(".part")
        module.save(str(part))
        if not agrees(torch.jit.load(str(part))):
            part.unlink()
            raise SystemExit("The script of %s does not say what the network says." % role)
        part.replace(files[role])
    for role, data in others.items():
        files[role] = weights / ("%s-%s.gz" % (name, role))
        files[role].write_bytes(gzip.compress(data, 9, mtime=0))
    record = write_record(weights, name, files, facts, {"torch": torch.__version__})
    for role, path in lists.items():
        if path != files[role]:
            path.unlink()
    return record


def need_old_torch():
    """Raise SystemExit unless this is torch 1.5, whose files every torch can read."""
    if not torch.__version__.startswith("1.5."):
        raise SystemExit(
            "This is torch %s, and what it writes ends the process of torch 1.5.1: export under Python 3.8."
            % torch.__version__
        )


def need_torch_of(name):
    """Raise SystemExit if the torch that the model's function.yml
    asks for could not read what this torch writes.
    """
    if registry.torch_of(name) != "2":
        need_old_torch()


def write_record(weights, name, files, facts, made_with):
    """Write NAME.json: the files {role: path} with their hashes, the facts from training, and the export. If
    all of these are as before, the record stays.
    """
    told = {
        "files": {
            role: {"file": file.name, "sha256": sha256(file), "bytes": file.stat().st_size}
            for role, file in files.items()
        },
        **json.loads(json.dumps(facts), object_hook=without_folders),
    }
    before = recorded(weights, name)
    if told == {key: value for key, value in before.items() if key in told} and "version" in before:
        return before
    made = {"commit": commit(), "python": platform.python_version(), **made_with}
    return keep(weights, {"name": name, "version": "", **told, "export": made})


def without_folders(facts):
    """The same facts. Of a path outside of this project, the settings and the source have only the last part:
    who asks the API need not know the folders of the machine that trained.
    """

    def told(value):
        return OUTSIDE.sub(lambda path: pathlib.Path(path.group()).name, value)

    for part in ("settings", "data"):
        if isinstance(facts.get(part), dict):
            texts = {name: told(value) for name, value in facts[part].items() if isinstance(value, str)}
            facts[part].update(texts)
    return facts


def keep(weights, record):
    """Write a record. Its version is the hash of everything else in it, so another file or another fact gives
    another version. What is no finite number is null, since JSON cannot carry it.
    """
    record.update(json.loads(json.dumps({**record, "version": ""}), parse_constant=lambda name: None))
    content = json.dumps(record, sort_keys=True)
    record["version"] = hashlib.sha256(content.encode()).hexdigest()[:12]
    (weights / (record["name"] + ".json")).write_text(json.dumps(record, indent=1) + "\n")
    return record


def add_golden(weights, record, story):
    """Load what was written with the serving code, and keep its answers
    in the record, for tests on other machines and other torches.
    """
    os.environ["WEIGHTS_FOLDER"] = str(weights)
    record["golden"] = story.golden()
    keep(weights, record)


def main():
    parser = argparse.ArgumentParser(description="Export a trained model to weights/.")
    parser.add_argument("model", help="cars, words and so on: a folder of training/")
    parser.add_argument("--folder", help="of the run; runs/MODEL by default")
    parser.add_argument(
        "--weights", type=pathlib.Path, default=WEIGHTS, help="folder to write to; weights/ by default"
    )
    arguments = parser.parse_args()
    known = sorted(path.parent.name for path in pathlib.Path(__file__).parent.glob("*/train.py"))
    if arguments.model not in known:
        raise SystemExit("There is no model %s: there are %s." % (arguments.model, ", ".join(known)))
    story = importlib.import_module("training.%s.train" % arguments.model)
    folder = pathlib.Path(arguments.folder or "runs/" + arguments.model)
    try:
        record = story.publish(arguments.weights, folder)
    except FileNotFoundError as error:
        raise SystemExit(NOTHING % (error.filename, arguments.model)) from None
    add_golden(arguments.weights, record, story)
    print("%s, version %s: %s" % (arguments.weights, record["version"], record["export"]))


if __name__ == "__main__":
    main()
