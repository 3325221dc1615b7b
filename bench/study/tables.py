"""What the parts of the study share: a Markdown table, the folder of a step, and the
check of its settings.
"""

import json


def table(rows, first=""):
    """{name: {column: value}} -> a Markdown table, one line per name. The first row gives the columns."""
    columns = list(next(iter(rows.values())))
    lines = ["| %s | %s |" % (first, " | ".join(columns)), "|---" * (len(columns) + 1) + "|"]
    return "\n".join(
        lines
        + [
            "| %s | %s |" % (name, " | ".join(str(row[column]) for column in columns))
            for name, row in rows.items()
        ]
    )


def folder_of(folder, name):
    """The folder of a step. The name of the step may have spaces and signs."""
    return folder / "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def as_asked(folder, settings):
    """Refuse a step that was trained, or partly trained, with other settings, because it cannot be compared
    with the others.
    """
    path = folder / "settings.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    others = sorted(
        name for name, value in settings.items() if name != "folder" and before.get(name, value) != value
    )
    if others:
        told = ", ".join("%s is %s and not %s" % (name, before[name], settings[name]) for name in others)
        raise SystemExit(
            "%s was trained with other settings: %s. Remove it to train it again, or name another --folder."
            % (folder, told)
        )
