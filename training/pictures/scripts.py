"""The trained network and SqueezeNet's features -> scripts of torch 1.5.1, checked, with their record and the
seconds that they take.
"""

import copy
import time

import numpy as np
import torch

from models import registry
from models.pictures import service
from models.pictures.model import Dream, Dreamer, Painter
from models.pictures.network import LAYERS
from training import export
from training.pictures import data

# B pictures, C channels, H height, W width, S styles
ROUNDED = 2e-2  # most that a network with 16 bits a number may differ, as a share of its largest number


def script(network):
    """A network as a script with 16 bits a number."""
    network = copy.deepcopy(network)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return torch.jit.script(network.eval()).half()


def same(network, inputs):
    """Whether a script says what the network says, but for the rounding of its numbers."""
    with torch.no_grad():
        wanted = listed(network(*inputs))

    def agrees(scripted):
        with torch.no_grad():
            found = listed(scripted.float()(*inputs))
        return all(float((a - b).abs().max() / b.abs().max()) <= ROUNDED for a, b in zip(found, wanted))

    return agrees


def listed(value):
    return [value] if torch.is_tensor(value) else value


def publish(weights, network, features, facts):
    """Write both networks and their record into the folder `weights`. Returns the record."""
    export.need_torch_of("pictures")
    picture = torch.rand(1, 3, 96, 128)
    style = torch.full((1, len(data.STYLES)), 1 / len(data.STYLES))
    record = export.publish_scripts(
        weights,
        "pictures",
        {
            "network": (script(network), same(network, (picture, picture[:, :1], style))),
            "features": (script(features), same(features, (picture, len(LAYERS)))),
        },
        {},
        {
            "description": "Your photo in a painter's style, and what a network dreams.",
            "styles": [dict(zip(("name", "title", "artist", "year"), style)) for style in data.STYLES],
            "layers": [
                {"name": name, "channels": found.shape[1]}
                for name, found in zip(LAYERS, features(picture, len(LAYERS)))
            ],
            **facts,
        },
    )
    if "seconds" not in record:  # a record that stays has them
        record["seconds"] = seconds(weights)
    return export.keep(weights, record)


def usual_dream():
    """What is dreamt of where a caller asks for nothing."""
    layer, steps, octaves = service.USUAL_LAYER, service.USUAL_STEPS, service.USUAL_OCTAVES
    return Dream(LAYERS.index(layer), None, steps, octaves, service.USUAL_STRENGTH)


def seconds(weights):
    """What to expect on one core: {route: {longer side: seconds}}, of square photos, measured here."""
    served = registry.Weights("pictures", weights)
    network, dreams = Painter(served), Dreamer(served)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    calls = {
        "style": ((256, 512, 768), lambda picture: network.paint(picture, {"wave": 1.0})),
        "dream": ((256, 384, 512), lambda picture: dreams.dream(picture, usual_dream())),
    }
    found = {}
    for route, (sides, work) in calls.items():
        for side in sides:
            picture = np.random.RandomState(0).rand(3, side, side).astype(np.float32)
            work(picture)
            began = time.process_time()
            work(picture)
            found.setdefault(route, {})[str(side)] = round(time.process_time() - began, 2)
    torch.set_num_threads(threads)
    return found
