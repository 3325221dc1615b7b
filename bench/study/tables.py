"""What the parts of the study share: a table in Markdown, where a step is trained, and whether it was trained as is asked."""

import json


def table(rows, first=""):
    """{name: {column: value}} -> Markdown, a line a name; the columns are those of the first row."""
    columns = list(next(iter(rows.values())))
    lines = ["| %s | %s |" % (first, " | ".join(columns)), "|---" * (len(columns) + 1) + "|"]
    return "\n".join(lines + ["| %s | %s |" % (name, " | ".join(str(row[column]) for column in columns)) for name, row in rows.items()])


def folder_of(folder, name):
    """The folder of a step, whose name may hold spaces and signs."""
    return folder / "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def as_asked(folder, settings):
    """Refuse a step that was trained, or half trained, with other settings: it would stand among those that it cannot be compared with."""
    path = folder / "settings.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    others = sorted(name for name, value in settings.items() if name != "folder" and before.get(name, value) != value)
    if others:
        told = ", ".join("%s is %s and not %s" % (name, before[name], settings[name]) for name in others)
        raise SystemExit("%s was trained with other settings: %s. Remove it to train it again, or name another --folder." % (folder, told))
