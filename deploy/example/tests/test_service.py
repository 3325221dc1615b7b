"""The /NAME routes: what is answered, and each wrong input's sentence."""

import numpy as np
import pytest

from models import registry

WAVE = np.sin(np.arange(64) / 4)


def test_the_record_says_what_the_model_is(call):
    answer = call("GET", "/NAME")
    assert (
        answer.status == 200
        and answer.json["name"] == "NAME"
        and answer.json["version"] == registry.record("NAME")["version"]
    )


def test_the_answer_is_the_one_that_was_kept_at_the_export(call):
    """Under this torch as under the one that exported it."""
    golden = registry.record("NAME")["golden"]
    assert call("POST", "/NAME", json={"series": golden["series"]}).json["series"] == pytest.approx(
        golden["cleaned"], abs=1e-3
    )


def test_a_noisy_wave_comes_nearer_to_the_wave(call):
    """At whatever size and height it is sent."""
    noisy = WAVE + 0.3 * np.random.default_rng(7).standard_normal(64)
    cleaned = (
        np.array(call("POST", "/NAME", json={"series": (100 + 10 * noisy).tolist()}).json["series"]) / 10 - 10
    )
    assert ((cleaned - WAVE) ** 2).mean() < 0.6 * ((noisy - WAVE) ** 2).mean()


def test_a_level_series_stays_level(call):
    cleaned = call("POST", "/NAME", json={"series": [3] * 16}).json["series"]
    assert len(cleaned) == 16 and np.abs(np.array(cleaned) - 3).max() < 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"series": "1, 2"},
        {"series": [1] * 7},
        {"series": [1] * 513},
        {"series": [1] * 8 + ["x"]},
        {"series": [1e7] * 8},
    ],
)
def test_what_is_no_series_is_told(call, fields):
    answer = call("POST", "/NAME", json=fields)
    assert (
        answer.status == 422
        and answer.json["detail"] == "series must be a list of 8 to 512 numbers from -1e+06 to 1e+06."
    )


def test_unknown_fields_are_refused(call):
    answer = call("POST", "/NAME", json={"series": [1] * 8, "sries": 1})
    assert answer.status == 422 and 'There is no field "sries"' in answer.json["detail"]
