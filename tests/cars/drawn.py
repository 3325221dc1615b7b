"""The contract of cars as tests/api/test_contract.py gives it to schemathesis."""

import json

from models import registry
from tests.support.contract import json_schema, without


def narrow(paths, schemas):
    """Keep of these routes what schemathesis can draw: two latents, and directions that exist."""
    amount = schemas["Attributes"]["additionalProperties"]
    schemas["Attributes"].update(
        additionalProperties=False,
        properties={entry["name"]: amount for entry in registry.record("cars")["directions"]},
    )
    schemas["DrawnLatent"] = {"enum": [[0.0] * 64, [1.5] * 64]}
    for operation in (item["post"] for item in paths.values() if "post" in item):
        operation["requestBody"] = json.loads(
            json.dumps(operation["requestBody"]).replace("schemas/Latent", "schemas/DrawnLatent")
        )
        # their length is the network's, and there must be as many as latents
        without(operation["requestBody"], {"detail", "details"})
    # a latent of this link is not one of the two
    del paths["/cars/reconstruct"]["post"]["responses"]["200"]["links"]
    del json_schema(paths["/cars/generate"]["post"])["properties"]["latents"]["maxItems"]
