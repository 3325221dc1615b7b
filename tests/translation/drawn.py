"""The contract of translation as tests/api/test_contract.py gives it to schemathesis."""

from models import registry
from tests.support.contract import json_schema


def narrow(paths, schemas):
    """Keep of these routes what schemathesis can draw: the default model, and fields that need no other."""
    record = registry.record("translation")
    default = next(entry for entry in record["models"] if entry["name"] == record["default"])
    operations = paths["/translation"]
    del operations["get"]["parameters"][1:]  # all others need the text
    fields = json_schema(operations["post"])["properties"]
    fields.update(
        source={"enum": [default["source"]]},
        target={"enum": [default["target"]]},
        model={"enum": [default["name"], default["architecture"]]},
    )
    # the beam limits the number of alternatives, and the text that of prefixes and their lengths
    del fields["alternatives"], fields["prefix"]
    # a form has no types, and an empty list in it is no part
    del operations["post"]["requestBody"]["content"]["multipart/form-data"]
