"""Writes openapi.yaml: `make contract-file`. It joins web/openapi.yaml, which
has what all models share, and models/*/openapi.yaml.

The parts are joined as text, so that the contract looks like its parts.
"""

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).parent.parent
HEAD = "# Written by `make contract-file` from web/openapi.yaml and models/*/openapi.yaml: change it there.\n"


def parts(root=ROOT):
    """The files that the contract is written from, the shared one first."""
    return [root / "web" / "openapi.yaml", *sorted(root.glob("models/*/openapi.yaml"))]


def blocks(lines, indent):
    """{key: its lines} of the keys that are indented by `indent`
    spaces. Comments before the first key are left out.
    """
    found = {}
    for line in lines:
        key = re.match(" {%d}([^ #-][^:]*):" % indent, line)
        if key:
            found[key.group(1)] = [line]
        elif found and line.strip():
            found[list(found)[-1]].append(line)
    return found


def joined(paths):
    """The text of the contract. Raises ValueError if two parts define the same thing."""
    first, *others = [blocks(path.read_text().splitlines(), 0) for path in paths]
    for part in others:
        first["tags"] += part.get("tags", [])[1:]
        first["paths"] += part["paths"][1:]
    sections = blocks(first["components"][1:], 2)
    for part in others:
        for name, lines in blocks(part.get("components", [])[1:], 2).items():
            sections.setdefault(name, ["  %s:" % name]).extend(lines[1:])
    first["components"] = ["components:", *(line for lines in sections.values() for line in lines)]
    unique([yaml.safe_load(path.read_text()) for path in paths], paths)
    return HEAD + "".join("\n".join(lines) + "\n" for lines in first.values())


def unique(contents, paths):
    """Raise ValueError if a path, a schema or an operationId is in two parts."""
    seen = {}
    for path, part in zip(paths, contents):
        names = ["the path " + name for name in part["paths"]]
        names += [
            "%s of components.%s" % (name, section)
            for section, entries in part.get("components", {}).items()
            for name in entries
        ]
        names += [
            "the operationId " + call["operationId"]
            for item in part["paths"].values()
            for call in item.values()
        ]
        for name in names:
            if name in seen:
                raise ValueError("%s is in %s and in %s: rename one of them." % (name, seen[name], path))
            seen[name] = path


def main():
    try:
        (ROOT / "openapi.yaml").write_text(joined(parts()))
    except (ValueError, KeyError, yaml.YAMLError) as error:
        sys.exit("openapi.yaml cannot be written: %s" % error)


if __name__ == "__main__":
    main()
