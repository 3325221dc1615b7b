"""The /NAME routes: what is answered, and each wrong input's sentence."""

import numpy as np
import pytest

from models import registry


def test_the_record_has_the_shapes(call):
    answer = call("GET", "/NAME")
    assert (
        answer.status == 200
        and answer.json["name"] == "NAME"
        and answer.json["inputs"]
        and answer.json["outputs"]
    )


def test_the_example_has_the_answer_that_was_kept_at_the_export(call):
    """Under this torch as under the one that exported it."""
    record = registry.record("NAME")
    outputs = [
        np.array(output, dtype=float).ravel()
        for output in call("POST", "/NAME", json={"inputs": record["example"]}).json["outputs"]
    ]
    for output, kept in zip(outputs, record["golden"]):
        first = np.array(kept["first"], dtype=float)  # null, for what is no finite number, is NaN
        assert output.size == kept["count"] and output[:8] == pytest.approx(first, abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("inputs", [None, "x", [], [[1], [1, 2]], [[["x"]]], {}, True])
def test_what_is_no_input_is_told(call, inputs):
    answer = call("POST", "/NAME", json={"inputs": inputs})
    assert answer.status == 422 and "of shape" in answer.json["detail"]


def test_unknown_fields_are_refused(call):
    answer = call("POST", "/NAME", json={"inputs": [1], "input": 1})
    assert answer.status == 422 and 'There is no field "input"' in answer.json["detail"]
