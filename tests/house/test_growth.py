"""The arithmetic of the growth curves and of the memory table. Tests do not check speeds."""

import json
import re

import pytest

from bench import growth, memory

README = (growth.ROOT / "README.md").read_text()


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_a_slope_is_the_exponent(power):
    """Of the upper half of the sizes: what a fixed part adds to a small one does not count."""
    sizes = [1, 10, 100, 1000]
    times = [50] + [0.3 * size**power for size in sizes[1:]]
    assert growth.slope(sizes, times) == pytest.approx(power)


def test_every_model_that_ships_has_a_curve():
    """README names these. A model of your own needs none."""
    shipped = {name.lower() for name in re.findall(r"^- \*\*(\w+)\*\*", README, re.M)}
    assert "cars" in shipped and {curve.model for curve in growth.CURVES} == shipped


def test_a_steep_curve_has_a_reason():
    """The reason stands in the table if the slope needs one."""
    row = {
        "model": "cars",
        "grows": "x",
        "unit": "y",
        "sizes": [1, 2000],
        "milliseconds": [1, 9],
        "peaks": [5, 7],
    }
    steep, flat = ({**row, "slope": slope, "because": "it is a square"} for slope in (1.9, 1.0))
    lines = list(growth.table([steep, flat]))
    assert lines[2] == "| cars: x | 1 y | 2,000 y | 1 | 9 | 7 | 1769 | 1.90 | it is a square |"
    assert lines[3].endswith("| 1.00 |  |")


def test_a_curve_is_measured_at_every_size():
    """With the real function; the peak is that of the process."""
    curve = next(curve for curve in growth.CURVES if curve.grows == "number of neighbours")
    found = growth.rows(curve, 0)
    assert list(found) == [1, 10, 100]
    assert all(row["median"] > 0 and row["peak"] > 20 and row["count"] >= 3 for row in found.values())


def test_a_process_gets_its_share_by_a_control_group(tmp_path):
    """Version 2 has one folder for all limits, version 1 one for each. Afterwards the process is back."""
    with pytest.raises(OSError):  # the group is a real folder here: what was written is still in it
        with memory.limited(42, 0.5, tmp_path):
            group = tmp_path / "bench-42"
            assert (group / "cpu.max").read_text() == "10000 20000"
            assert (group / "cgroup.procs").read_text() == "42"
    assert (tmp_path / "cgroup.procs").read_text() == "42"
    (tmp_path / "cpu").mkdir()
    with pytest.raises(OSError):
        with memory.limited(42, 1.7, tmp_path):
            assert (tmp_path / "cpu" / "bench-42" / "cpu.cfs_quota_us").read_text() == "34000"


def test_the_best_memory_has_room_and_the_least_product():
    """512 MB would be the cheapest, but the largest call takes 500."""
    rows = {
        512: {"median": 10, "dollars": 1},
        1024: {"median": 6, "dollars": 2},
        1769: {"median": 4, "dollars": 2.5},
        3008: {"median": 4, "dollars": 4},
    }
    assert memory.best(rows, 500) == 1769 and memory.best({**rows, 1769: rows[3008]}, 500) == 1024
    told = {"cars": {"peak": 500, "has": 1024, "best": 1769, "rows": json.loads(json.dumps(rows))}}
    assert list(memory.table(told))[2] == (
        "| cars | 500 | 10 ms, $1.00 | 6 ms, $2.00 | 4 ms, $2.50 | 4 ms, $4.00 | 1,769 | 1,024 |"
    )
