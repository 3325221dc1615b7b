"""Compares the pins of everything that answers callers with the tables of SECURITY.md: which weaknesses
concern them, and when somebody looked. It fails if nobody has looked at a version, or not for 90 days: `make
audit`.
"""

import datetime
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent
OLDEST = 90  # days


def pins(root=ROOT):
    """{(package, version)} of what serves, from requirements.txt, and of what the page loads."""
    serving = (root / "requirements.txt").read_text().partition("# Serving\n")[2].partition("\n# ")[0]
    found = set(re.findall(r"^([\w.-]+)==([\w.]+)", serving, re.M))
    return found | set(json.loads((root / "package.json").read_text())["dependencies"].items())


def rows(text, head):
    """The rows of the Markdown table with this head, as lists of cells."""
    table = text.partition("| %s |\n" % " | ".join(head))[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:] if line]


def looked_at(text):
    """{(package, version): the last day on which somebody read its advisories}."""
    found = {}
    for day, listed in rows(text, ["on", "pins"]):
        for pin in listed.split(", "):
            package, version = pin.split(" ")
            found[package, version] = max(day, found.get((package, version), ""))
    return found


def concerning(text, package, version):
    """The weaknesses of a version: those that a later version has fixed, or none."""
    known = rows(text, ["what", "fixed in", "weakness", "why it cannot be reached"])
    return [
        (weakness, why)
        for what, fixed, weakness, why in known
        if what.lower().split(" ")[0] == package and (fixed == "none" or numbers(version) < numbers(fixed))
    ]


def numbers(version):
    return [int(number) for number in re.findall("[0-9]+", version)]


def faults(text, found, today):
    """A sentence for each pin that nobody has looked at in the last 90 days."""
    days = looked_at(text)
    for package, version in sorted(found):
        day = days.get((package, version))
        if not day:
            yield (
                "%s %s has not been looked at: look up its advisories, and write them down in SECURITY.md."
                % (
                    package,
                    version,
                )
            )
        elif (today - datetime.date.fromisoformat(day)).days > OLDEST:
            yield "%s %s was looked at on %s, over %d days ago: look again, and write down the day." % (
                package,
                version,
                day,
                OLDEST,
            )


def main(today=None):
    text, found = (ROOT / "SECURITY.md").read_text(), pins()
    days = looked_at(text)
    for package, version in sorted(found):
        print("%-26s %-10s looked at on %s" % (package, version, days.get((package, version), "no day")))
        for weakness, why in concerning(text, package, version):
            print("    %s\n        %s" % (weakness, why))
    told = list(faults(text, found, today or datetime.date.today()))
    if told:
        sys.exit("\n".join(told))
    print("%d pins, each looked at within %d days." % (len(found), OLDEST))


if __name__ == "__main__":
    main()
