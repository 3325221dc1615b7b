"""The contract of classification as tests/api/test_contract.py gives it to schemathesis."""

from models import registry
from tests.support.contract import json_schema


def narrow(paths, schemas):
    """Keep of these routes what schemathesis can draw: tasks that exist, and fields that need no other."""
    del paths["/classification"]["get"]["parameters"][1:]  # all others need the text
    fields = json_schema(paths["/classification"]["post"])["properties"]
    fields["task"] = {
        "enum": sorted({entry["task"] for entry in registry.record("classification")["models"]})
    }
    del fields["model"]  # it must belong to the task
