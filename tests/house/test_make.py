"""What make answers to a wrong word, to odd letters, and to --help."""

import argparse
import importlib
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
MODELS = sorted(path.parent.name for path in ROOT.glob("models/*/function.yml"))
COMMANDS = [
    "bench.speed.__main__",
    "bulk.__main__",
    "bulk.costs",
    "deploy.costs",
    "deploy.guards.budget",
    "deploy.guards.keys",
    pytest.param("deploy.new_model", marks=pytest.mark.training),  # which the notebooks are of
    "training.publish",
]


def refused(*words):
    """What make prints as it fails. ARGS and similar variables do not come from the shell."""
    done = subprocess.run(
        ["make", "--no-print-directory", "PYTHON=%d.%d" % sys.version_info[:2], *words],
        cwd=str(ROOT),
        env={name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "ARGS"))},
        universal_newlines=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 2
    return done.stdout


@pytest.mark.parametrize("word", ["train", "export", "evaluate"])
def test_a_model_that_there_is_not_is_told_with_those_that_there_are(word):
    assert "There is no model nope: take one of " + " ".join(MODELS) in refused(word + "-nope")


def test_an_apostrophe_reaches_the_command(tmp_path):
    """The shell does not read what make is given as its own."""
    path = str(tmp_path / "it's $HOME.jsonl").replace("$", "$$")  # make has two dollars for one
    said = refused("bulk", "MODEL=words", "INPUT=" + path, "OUTPUT=%s/out" % tmp_path, "LOCAL=1")
    assert "There is no %s: INPUT is a file or a folder." % path.replace("$$", "$") in said


@pytest.mark.training
def test_a_name_with_an_apostrophe_is_refused_like_others():
    assert "\"it's\" can be no model's name" in refused("new-model", "NAME=it's")


class Parsing(Exception):
    """The command has got as far as its command line."""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_describes_every_option(monkeypatch, command):
    """Of each command behind a word of make that has options."""

    def parse(parser, words=None):
        raise Parsing(parser)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse)
    with pytest.raises(Parsing) as raised:
        importlib.import_module(command).main()
    (parser,) = raised.value.args
    assert parser.description and [action.dest for action in parser._actions if not action.help] == []
