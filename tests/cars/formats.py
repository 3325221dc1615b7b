"""JSON texts in the forms of cars. tests/api/schemathesis_hooks.py runs this in schemathesis's own Python."""

import json

import schemathesis
from hypothesis import strategies as st

amounts = st.floats(-3, 3)
schemathesis.openapi.format(
    "Attributes", st.fixed_dictionaries({}, optional={"brightness": amounts, "view": amounts}).map(json.dumps)
)
schemathesis.openapi.format("Main", st.lists(amounts, max_size=8).map(json.dumps))
