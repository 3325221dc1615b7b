"""The command line of a training: its settings as flags, --resume, and no training written over another."""

import argparse
import pathlib
from dataclasses import fields


def parser_of(kind, description, choices=None):
    """A parser with a flag for each field of the dataclass `kind`. choices: {field: what it may be}."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    for field in fields(kind):
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=field.type,
            default=field.default,
            choices=(choices or {}).get(field.name),
            help=" ",
        )
    return parser


def resuming(parser):
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")


def asked(kind, description, words=None, choices=None):
    """(the settings, whether to resume) from the words of a command line, or from the shell's."""
    parser = parser_of(kind, description, choices)
    resuming(parser)
    arguments = vars(parser.parse_args(words))
    resume = arguments.pop("resume")
    return kind(**arguments), resume


def refuse_another(folder, resume):
    """Raise SystemExit if the folder holds a training and it is not to go on."""
    if (pathlib.Path(folder) / "checkpoint.pt").exists() and not resume:
        raise SystemExit(
            "%s holds a training already: go on with --resume, or name another --folder." % folder
        )
