"""The contract of words as tests/api/test_contract.py gives it to schemathesis."""

from tests.support.contract import json_schema


def narrow(paths, schemas):
    """Remove the limit of pairs: schemathesis cannot draw lists of a thousand."""
    del json_schema(paths["/words/similarity"]["post"])["properties"]["pairs"]["maxItems"]
