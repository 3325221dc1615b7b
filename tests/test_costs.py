"""What docs/deploy.md says of costs is what `make costs` prints."""

import pathlib
import re

from deploy import costs

ROOT = pathlib.Path(__file__).parent.parent


def test_the_document_has_the_table_of_the_command():
    """Its own milliseconds and kilobytes, given to the command, make its own lines; the size of the weights may differ by a little."""
    document = (ROOT / "docs" / "deploy.md").read_text()
    milliseconds = {name: float(value) for value, name in re.findall(r"(\d+) ms of (\w+) at", document)}
    kilobytes = float(re.search(r"an answer has (\d+) kB", document).group(1))
    for line in costs.told(milliseconds, kilobytes):
        assert line in document or line.startswith("| weights")


def test_a_million_calls_by_hand():
    """A second of each model: gateway, requests, GB-seconds of a call on average, logs, images, and the weights that are here."""
    parts = costs.month(1_000_000, dict.fromkeys(costs.MODELS, 1000), 10)
    seconds = (1769 + 1024 + 1769) / 1024 / 3
    assert abs(sum(list(parts.values())[:3]) - (1.00 + 0.20 + 1_000_000 * seconds * 0.0000166667)) < 0.01
    assert list(parts.values())[3:6] == [0.35, 0, 0.12]
