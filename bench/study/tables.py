"""What the parts of the study share: a table in Markdown, and where a step is trained."""


def table(rows, first=""):
    """{name: {column: value}} -> Markdown, a line a name; the columns are those of the first row."""
    columns = list(next(iter(rows.values())))
    lines = ["| %s | %s |" % (first, " | ".join(columns)), "|---" * (len(columns) + 1) + "|"]
    return "\n".join(lines + ["| %s | %s |" % (name, " | ".join(str(row[column]) for column in columns)) for name, row in rows.items()])


def folder_of(folder, name):
    """The folder of a step, whose name may hold spaces and signs."""
    return folder / "".join(letter if letter.isalnum() else "-" for letter in name.lower())
