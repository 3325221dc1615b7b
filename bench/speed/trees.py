"""Builds the folders of each function, ours and the peers', in build/bench. `make bench` installs the
packages there first.

All use the same torch: 1.5.1 without CUDA, made by deploy/lighten.py, which removes more from ours. Compiled
means .pyc files that are not checked, as in the image.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import zipfile
import zlib

from bench.speed.peers import PEERS, ROOT

BUILD = ROOT / "build" / "bench"
HANDLERS = pathlib.Path(__file__).parent / "handlers"
CODE = ("handler.py", "api", "models")


def base_of(python):
    """The Python under an environment, without what the environment adds to every start."""
    code = "import os, sys; print(os.path.join(sys.base_prefix, 'bin', 'python%d.%d' % sys.version_info[:2]))"
    return subprocess.check_output([python, "-c", code], universal_newlines=True).strip()


def compiled(python, folder):
    subprocess.run(
        [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(folder)],
        stdout=subprocess.DEVNULL,
    )


def with_code(folder):
    """Copy our present code next to the packages, compiled."""
    for name in CODE:
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.rmtree(str(target), ignore_errors=True)
            shutil.copytree(str(source), str(target), ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(str(source), str(target))
        compiled(base_of(sys.executable), target)


def nested_zip():
    """The seeds' packages as their course deploys them: a zip inside the package, not compiled."""
    with zipfile.ZipFile(str(BUILD / "seeds.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((BUILD / "seeds").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(str(path), str(path.relative_to(BUILD / "seeds")))


def sizes():
    """{what: its bytes on the disk, and compressed}, kept in sizes.json, because
    compressing takes a while.
    """
    trees = {
        "image of cars and translation, without Python and its base": "torch",
        "the seeds' package": "seeds",
        "onnxruntime with boto3, for both": "onnx",
    }
    found = {}
    for what, name in trees.items():
        data = [path.read_bytes() for path in (BUILD / name).rglob("*") if path.is_file()]
        found[what] = {"disk": sum(map(len, data)), "packed": sum(len(zlib.compress(part)) for part in data)}
    (BUILD / "sizes.json").write_text(json.dumps(found))


def served_cars():
    """The shipped car network as it was before its trace, with fused operations."""
    from models.cars.ladder import Cars
    from models.cars.model import model
    from training.export import fused

    served = model()
    network = fused(Cars(served.record["latent"]).eval())
    network.load_state_dict(served.network.state_dict())
    return network


def car_networks():
    """The seeds' network with random weights, traced as in their course, and the
    shipped car network as ONNX.
    """
    import torch

    from bench.seeds import SeedsVAE, denormalised

    class Seeds(torch.nn.Module):
        """Normalised pictures -> pictures, which is what the handler needs."""

        def __init__(self):
            super().__init__()
            self.vae = SeedsVAE()

        def forward(self, x):
            return self.vae(denormalised(x))[0]

    torch.manual_seed(1)
    photo = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        torch.jit.trace(Seeds().eval(), photo, check_trace=False).save(str(BUILD / "seeds.pt"))
        torch.onnx.export(
            served_cars(),
            photo,
            str(BUILD / "cars.onnx"),
            opset_version=11,
            input_names=["photo"],
            output_names=["picture"],
        )


def translation_networks():
    """The shipped Transformer as ONNX: the encoder, and one step of the decoder with its keys and values; and
    its subwords.
    """
    import torch

    from bench.speed import translation
    from models.translation.model import model
    from models.translation.network import Transformer

    class Encode(torch.nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, source):
            return tuple(self.network.encode(source))

    class Step(Encode):
        def forward(self, token, *states):
            fixed = [states[-len(names) + place] for place in range(len(names))]
            features, _, moved = self.network.step(token, list(states[: -len(names)]), fixed)
            return (self.network.score(features), *moved)

    with torch.no_grad():
        translation.state()
        served = model(translation.MODEL)
        network = Transformer(**translation.shape_of(served)).eval()
        network.load_state_dict(served.search.network.state_dict())
        source, token = torch.tensor(served.tokenizer.ids(["Guten Morgen, liebe Welt."])), torch.tensor([1])
        fixed = network.encode(source)
        names = ["hidden"] + ["fixed_%d" % place for place in range(len(fixed) - 1)]
        moving = [keys[:, :, :3] for keys in fixed[1:]]
        said, moved = (
            ["%s_%d" % (name, place) for place in range(len(moving))] for name in ("moving", "moved")
        )
        torch.onnx.export(
            Encode(network),
            source,
            str(BUILD / "translation-encode.onnx"),
            opset_version=11,
            input_names=["source"],
            output_names=names,
            dynamic_axes={"source": {1: "S"}, "hidden": {3: "S"}, **{name: {2: "S"} for name in names[1:]}},
        )
        torch.onnx.export(
            Step(network),
            (token, *moving, *fixed),
            str(BUILD / "translation-step.onnx"),
            opset_version=11,
            input_names=["token", *said, *names],
            output_names=["scores", *moved],
            dynamic_axes={
                "hidden": {3: "S"},
                **{name: {2: "S"} for name in names[1:]},
                **{name: {2: "T"} for name in said},
                **{name: {2: "T + 1"} for name in moved},
            },
        )


def main():
    from deploy import lighten

    house = base_of(sys.executable)
    lighten.main(BUILD / "torch")
    lighten.without_cuda(BUILD / "seeds" / "torch" / "lib")
    for name in ("torch", "seeds", "runtime"):
        compiled(house, BUILD / name)
    compiled(base_of(PEERS), BUILD / "onnx")
    nested_zip()
    sizes()
    car_networks()
    translation_networks()


if __name__ == "__main__":
    main()
