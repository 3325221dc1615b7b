"""The command line of a training: its settings as flags, with bounds and help; --resume; Ctrl-C; and no
training that is written over another, or goes on with other data.
"""

import argparse
import functools
import hashlib
import inspect
import math
import pathlib
import re
from dataclasses import fields

USUAL = {  # what settings mean that are the same in all trainings
    "batch": "examples that one step learns from",
    "epochs": "times that the data are read",
    "minutes": "length of the training; 0: epochs count instead",
    "patience": "epochs without a better held-out figure before it stops",
    "learning_rate": "at its peak",
    "warmup": "share of the training, at its start",
    "decay": "share of the training, at its end",
    "weight_decay": "of AdamW (Loshchilov & Hutter 2019)",
    "memory": "of the averaged weights, per step",
    "seed": "of all that is drawn at random",
}


def bounded(kind, least, most=math.inf, above=False):
    """The type of a setting that is a number from `least` to `most`; with `above`, more than `least`."""
    what = "a whole number" if kind is int else "a number"
    reach = "from %g to %g" % (least, most) if most < math.inf else "of at least %g" % least
    reach = "above %g" % least if above else reach

    def read(text):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most or (above and value == least):
            raise argparse.ArgumentTypeError("must be %s %s, and is %s" % (what, reach, text or "empty"))
        return value

    return read


# the types of settings, by which a command line is read
Count, Whole, Switch = bounded(int, 1), bounded(int, 0), bounded(int, 0, 1)
Share, Amount, Factor = bounded(float, 0, 1), bounded(float, 0), bounded(float, 0, above=True)


def one_of(*choices):
    """The type of a setting that is one of these words."""

    def read(text):
        if text not in choices:
            known = ", ".join(filter(None, choices))
            raise argparse.ArgumentTypeError("must be one of %s, and is %s" % (known, text or "empty"))
        return text

    return read


def File(text):
    """The type of a setting that names a file or a folder that is there, or nothing."""
    if text and not pathlib.Path(text).exists():
        raise argparse.ArgumentTypeError("must name a file, and there is no %s" % text)
    return text


def Name(text):
    """The type of a setting that is a name, by which something is served, or nothing."""
    if not re.fullmatch("([A-Za-z0-9][A-Za-z0-9_-]*)?", text):
        raise argparse.ArgumentTypeError(
            "must have only letters of English, digits, - and _, and is %s" % text
        )
    return text


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, without all flags before it."""

    def error(self, message):
        said = re.sub(r"^argument (\S+): must", r"\1 must", message)
        raise SystemExit("%s. --help lists the settings." % said)


def descriptions(kind):
    """{setting: its comments in the dataclass's source, those above it and the one behind it}."""
    try:
        lines = inspect.getsource(kind).splitlines()
    except (OSError, TypeError):  # a notebook's classes are in no file
        return USUAL
    found, comments = {}, []
    for line in lines:
        code, _, comment = line.strip().partition("# ")
        comments += [comment] if comment else []
        if code:
            found[code.partition(":")[0]], comments = " ".join(comments), []
    return {**USUAL, **{name: comment for name, comment in found.items() if comment}}


def parser_of(kind, description):
    """A parser with a flag for each field of the dataclass `kind`."""
    parser, told = Parser(description=description, usage="%(prog)s [settings]"), descriptions(kind)
    for field in fields(kind):
        default = "" if field.default == "" else " (default: %(default)s)"
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=field.type,
            default=field.default,
            help=told.get(field.name, "").replace("%", "%%") + default,
        )
    return parser


def resuming(parser):
    parser.add_argument("--resume", action="store_true", help="go on from the folder's checkpoint")


def asked(kind, description, words=None):
    """(the settings, whether to resume) from the words of a command line, or from the shell's."""
    parser = parser_of(kind, description)
    resuming(parser)
    arguments = vars(parser.parse_args(words))
    resume = arguments.pop("resume")
    return kind(**arguments), resume


def name_of(folder):
    """The name under which a run is served: its folder's. Raises SystemExit if it cannot be one."""
    try:
        return Name(pathlib.Path(folder).resolve().name)
    except argparse.ArgumentTypeError as error:
        raise SystemExit("The last part of --folder is the name of the model, and %s" % error) from None


def source(settings, told, *files):
    """What the record says of the data: the setting `told`. If that is the usual one, but one of the settings
    `files` is not, the names of the files.
    """
    usual = {field.name: field.default for field in fields(settings)}
    given = {name: getattr(settings, name) for name in (told, *files)}
    if given[told] != usual[told] or all(given[name] == usual[name] for name in files):
        return given[told]
    return ", ".join(pathlib.Path(part).name for name in files for part in given[name].split(",") if part)


def refuse_another(folder, resume, checkpoint="checkpoint.pt"):
    """Raise SystemExit if the folder holds a training, perhaps one that has no checkpoint, and it is not to
    go on.
    """
    if not resume and any((pathlib.Path(folder) / name).exists() for name in (checkpoint, "facts.json")):
        raise SystemExit(
            "%s holds a training already: go on with --resume, or name another --folder." % folder
        )


def begin(folder, resume, learnt, checkpoint="checkpoint.pt", derived=()):
    """Make the folder of a training, and keep the hash of what it learns from there: texts or bytes.

    Raises SystemExit, and writes nothing, if the folder holds a training that is not to go on, or that began
    with other data. One of an earlier version has no hash, and goes on. If a training with other data was
    stopped before its first checkpoint, its files in `derived` are deleted.
    """
    from training import processes  # torch is needed, which the command line of words does without

    folder = pathlib.Path(folder)
    refuse_another(folder, resume, checkpoint)
    digest = hashlib.sha256()
    for part in learnt:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\n")
    kept = folder / "data.sha256"
    other = kept.exists() and kept.read_text() != digest.hexdigest()
    if other and (folder / checkpoint).exists():
        raise SystemExit(
            "%s began with other data: give it the same data and settings again, or leave --resume out and "
            "name another --folder." % folder
        )
    if not processes.place():
        folder.mkdir(parents=True, exist_ok=True)
        for name in derived if other else ():
            if (folder / name).exists():
                (folder / name).unlink()
        kept.write_text(digest.hexdigest())


def interruptible(main):
    """The same main. Ctrl-C ends it with a line instead of a traceback, and with exit code 130; so do
    files that cannot be read or written.
    """

    @functools.wraps(main)
    def run(words=None):
        try:
            return main(words)
        except KeyboardInterrupt:
            print("\nStopped. The same command with --resume goes on.", flush=True)
            raise SystemExit(130) from None
        except OSError as error:
            raise SystemExit(str(error)) from None

    return run
