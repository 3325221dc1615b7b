"""`make audit`: somebody has looked at each pin that answers callers, in its version and recently."""

import datetime

import pytest

from deploy.guards import audit

TEXT = (audit.ROOT / "SECURITY.md").read_text()
DAY = datetime.date.fromisoformat(max(audit.looked_at(TEXT).values()))


def test_every_pin_that_serves_has_been_looked_at():
    """The pins of Python 3.8, those of today's Python, and what the page loads. The last look in
    SECURITY.md counts as today, so this test does not fail as time passes.
    """
    pins = audit.pins()
    assert {package for package, _ in pins} >= {"torch", "pillow", "numpy", "pyyaml", "jquery"}
    assert list(audit.faults(TEXT, pins, DAY)) == []


def test_a_pin_that_moves_has_to_be_looked_at():
    (fault,) = audit.faults(TEXT, {("pillow", "13.0.0"), ("pillow", "13.0.1")}, DAY)
    assert fault.startswith("pillow 13.0.1 has not been looked at: look up its advisories")


@pytest.mark.parametrize("days, old", [(0, False), (90, False), (91, True), (400, True)])
def test_a_look_is_good_for_90_days(days, old):
    today = DAY + datetime.timedelta(days)
    faults = list(audit.faults(TEXT, {("torch", "1.5.1")}, today))
    assert bool(faults) == old and all("look again, and write down the day" in fault for fault in faults)


def test_the_command_ends_with_its_sentences(capsys):
    """It prints each pin with its date and its known weaknesses, then what is wrong, and fails."""
    audit.main(DAY)
    printed = capsys.readouterr().out
    assert "CVE-2025-32434" in printed and "each looked at within 90 days" in printed
    with pytest.raises(SystemExit) as ended:
        audit.main(DAY + datetime.timedelta(91))
    assert "over 90 days ago" in str(ended.value)


@pytest.mark.parametrize(
    "package, version, known",
    [
        ("torch", "1.5.1", True),
        ("torch", "2.10.0", False),
        ("sentencepiece", "0.2.0", True),
        ("sentencepiece", "0.2.3", False),
        ("pillow", "9.9.9", True),
        ("pillow", "13.0.0", False),
    ],
)
def test_a_weakness_concerns_versions_before_its_repair(package, version, known):
    """Versions are compared as numbers: 2.10 comes after 2.6."""
    assert any("CVE" in weakness for weakness, _ in audit.concerning(TEXT, package, version)) == known
