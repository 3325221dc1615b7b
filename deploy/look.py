"""Runs a TorchScript file with an example, and prints its inputs and outputs
as JSON. new_model.py runs this in a separate process.

python -m deploy.look model.pt photo.jpg      or '[[1, 2, 3]]', numbers.json, '{"x": [[1]], "y": [[2]]}'
"""

import json
import pathlib
import re
import sys

import numpy as np
import torch

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
# sides of squares that picture models often take, tried after the picture's own size
SIDES = (224, 256, 128, 64, 32, 28)
LONGEST = 512  # pixels; a picture's own size is tried if no side is longer
LEAST_PICTURE = 8  # pixels per side; a smaller output with one or three channels counts as numbers


def pictures(path):
    """Yield ({channels, height, width}, [float32 (1, C, H, W) in
    [0, 1]]) of the picture, in the order in which to try them.
    """
    from PIL import Image

    picture = Image.open(str(path)).convert("RGB")
    own = [picture.size] if max(picture.size) <= LONGEST else []
    for width, height in own + [(side, side) for side in SIDES]:
        sized = picture.resize((width, height), Image.BICUBIC)
        for mode, channels in (("RGB", 3), ("L", 1)):
            pixels = np.asarray(sized.convert(mode), dtype=np.float32).reshape(height, width, channels) / 255
            yield (
                {"channels": channels, "height": height, "width": width},
                [np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])],
            )


def sent(example, names):
    """The value of the example, from JSON on the command line or from a .json file."""
    try:
        value = json.loads(pathlib.Path(example).read_text() if example.endswith(".json") else example)
    except json.JSONDecodeError as error:
        raise ValueError("the example is not JSON (%s): write lists such as [[1, 2, 3]]" % error)
    if isinstance(value, dict) and set(value) != set(names) or len(names) > 1 and not isinstance(value, dict):
        raise ValueError(
            "it takes %s: give an example of each, as {%s}"
            % (" and ".join(names), ", ".join('"%s": …' % name for name in names))
        )
    return value


def numbers(value, names):
    """Yield (None, the arrays of the example) as floats and, if all numbers are
    whole, also as integers, in the order in which to try them.
    """
    parts = [value[name] for name in names] if isinstance(value, dict) else [value]
    arrays = [np.array(part) for part in parts]
    if any(array.dtype.kind not in "iuf" for array in arrays):
        raise ValueError("it has something other than numbers in it, or lists of different lengths")
    yield None, [array.astype(np.float32) for array in arrays]
    if all(array.dtype.kind in "iu" for array in arrays):
        yield None, [array.astype(np.int64) for array in arrays]


def tensors(value):
    """The tensors in an answer, in order."""
    if isinstance(value, (tuple, list)):
        return [tensor for part in value for tensor in tensors(part)]
    if isinstance(value, dict):
        return [tensor for part in value.values() for tensor in tensors(part)]
    if not isinstance(value, torch.Tensor):
        raise ValueError("it answers with %s, and not with tensors" % type(value).__name__)
    return [value]


def argument_names(network):
    """The argument names of `forward` in the file."""
    method = network._c._get_method("forward")
    return [argument.name for argument in method.schema.arguments][1:]


def described(names, arrays):
    return [
        {"name": name, "shape": list(array.shape), "type": str(array.dtype)}
        for name, array in zip(names, arrays)
    ]


def looked(path, example):
    """The inputs and outputs of the file. Raises ValueError with a sentence
    if it does not accept the example in any of its possible shapes.
    """
    network = torch.jit.load(str(path), map_location="cpu")
    names, shapes, refusals = argument_names(network), [], {}
    is_picture = pathlib.Path(example).suffix.lower() in PICTURES
    value = None if is_picture else sent(example, names)
    for seen, arrays in pictures(example) if is_picture else numbers(value, names):
        try:
            with torch.no_grad():
                outputs = [tensor.numpy() for tensor in tensors(network(*map(torch.from_numpy, arrays)))]
        except RuntimeError as error:
            shapes.append(" and ".join(str(list(array.shape)) for array in arrays))
            told = str(error).strip().splitlines()[-1]
            # errors that differ in their numbers alone are told once
            refusals.setdefault(re.sub("[0-9]+", "", told), told)
            continue
        if getattr(network, "training", False):
            raise ValueError("it is in training mode: call network.eval() before torch.jit.trace or script")
        painted = (
            len(outputs) == 1
            and outputs[0].dtype.kind == "f"
            and outputs[0].ndim == 4
            and outputs[0].shape[1] in (1, 3)
            and min(outputs[0].shape[2:]) >= LEAST_PICTURE
        )
        return {
            "inputs": described(names, arrays),
            "outputs": described(["output_%d" % at for at in range(len(outputs))], outputs),
            "picture": seen,
            "picture_out": bool(seen) and painted,
            "example": value,
        }
    raise ValueError(
        "it takes the example in none of these shapes (%s): %s"
        % (", ".join(dict.fromkeys(shapes)), "; ".join(refusals.values()))
    )


if __name__ == "__main__":
    try:
        print(json.dumps(looked(*sys.argv[1:])))
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        sys.exit(str(error))
