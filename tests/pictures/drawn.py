"""The contract of pictures as tests/api/test_contract.py gives it to schemathesis."""

from tests.support.contract import json_schema, without


def narrow(paths, schemas):
    """Remove what schemathesis cannot draw: the channel, of which each layer has another number, and mixtures
    of styles, since it forgets that one needs a style.
    """
    for content in paths["/pictures/dream"]["post"]["requestBody"]["content"].values():
        without(content["schema"], {"channel"})
    fields = json_schema(paths["/pictures/style"]["post"])["properties"]
    fields["style"] = {"enum": ["wave", {"wave": 1}, {"scream": 0.25, "udnie": 1e-9}]}
