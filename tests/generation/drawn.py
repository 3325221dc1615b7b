"""The contract of generation as tests/api/test_contract.py gives it to schemathesis."""

from tests.support.contract import json_schema, without


def narrow(paths, schemas):
    """Remove what schemathesis cannot draw: a model of the kind, and the start and origin of a name."""
    for kind, own in (("names", {"model", "start", "origin"}), ("prose", {"model"})):
        without(json_schema(paths["/generation/" + kind]["post"]), own)
