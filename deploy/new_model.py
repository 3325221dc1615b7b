"""Writes the folders of a new model. `make new-model NAME=faces` writes
a small but complete example, which you can change into your own model.

    make new-model NAME=faces FROM=path/to/model.pt EXAMPLE=photo.jpg      (or numbers as JSON)
starts from a TorchScript file. The file is run with the example in a
separate process, and the folders are written around it.
"""

import argparse
import json
import keyword
import pathlib
import re
import shutil
import subprocess
import sys

from deploy import contract, notebooks
from models import registry

ROOT = pathlib.Path(__file__).parent.parent
WINGS = ("models", "training", "static", "tests")
CLASHES = {  # {files: what in them would be the same for a model of this name}
    "openapi.yaml": r"^  /%s[:/]",  # a path
    "training/*/rules.mk": r"^([\w-]+ )*(train|export|evaluate)-%s[ :]",  # a target of make
    "static/**/*.html": r'id="%s"',  # its view is an element of this id
}
LONGEST = 30  # letters of a name; AWS allows 64 for a function, including service and stage
TORCHES = {"1.5.1": "3.8", "2": "3.11"}  # {torch: the Python that has it}


class Refused(Exception):
    """No model can be made from this; the text is a sentence that says why."""


def checked(name):
    """The name. Raises Refused if it cannot be a model's name or is taken."""
    if not re.fullmatch("[a-z][a-z0-9_]{0,%d}" % (LONGEST - 1), name) or keyword.iskeyword(name):
        raise Refused(
            "%r can be no model's name: take at most %d small letters, digits and underscores, a letter "
            "first." % (name, LONGEST)
        )
    import handler  # because a function would hide a name of handler.py

    # a folder would hide a module of the same name: training/loop.py
    places = [wing + "/" + name + end for wing in WINGS for end in ("", ".py")] + [
        "weights/%s.json" % name,
        name,
        name + ".py",
    ]
    taken = [place for place in places if (ROOT / place).exists()] + [
        str(path.relative_to(ROOT))
        for files, pattern in CLASHES.items()
        for path in sorted(ROOT.glob(files))
        if re.search(pattern % name, path.read_text(), re.M)
    ]
    if taken or name in vars(handler):
        raise Refused(
            "%s is taken (%s): choose another name." % (name, taken[0] if taken else "handler.py has it")
        )
    return name


def write(name, template, kind="", words=None):
    """Write the files of a template with `words` put in. Of FILE.KIND.EXT, only this kind, as FILE.EXT."""
    for source in sorted(path for path in template.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        stem, _, of = source.stem.partition(".")
        if of not in ("", kind):
            continue
        target = ROOT / source.parent.name / name / (stem + source.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = re.sub(
            r"NAME|%s" % "|".join(words or ["NAME"]),
            lambda found: {"NAME": name, **(words or {})}[found.group()],
            source.read_text(),
        )
        target.write_text(text)


def given(name, path, example):
    """Try the file, keep it in runs/NAME, and write the folders around it."""
    if not path.is_file():
        raise Refused("There is no file %s." % path)
    try:
        version = registry.archive_version(path)
    except registry.WeightsUnavailable as error:
        raise Refused(
            "%s: a state_dict, a pickled network, ONNX, safetensors or HDF5 cannot be served. Load the "
            'network in Python, and save it with torch.jit.trace(model.eval(), example).save("model.pt").'
            % error
        )
    if not example:
        raise Refused(
            "Say with EXAMPLE what %s takes: a picture, or numbers as JSON, such as EXAMPLE='[[1, 2, 3]]'."
            % path
        )
    torch = next((torch for torch, newest in registry.NEWEST_ARCHIVE.items() if version <= newest), None)
    if not torch:
        raise Refused(
            "%s is of archive version %d, and no torch here reads that: save it with an older one."
            % (path, version)
        )
    facts = tried(path, example, torch)
    folder = ROOT / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(path), str(folder / "model.pt"))
    facts.update(description="A TorchScript file of your own.", data={"source": "not told"}, settings={})
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))
    words = {"TORCH": torch, "EXAMPLE": json.dumps(facts["example"])}
    write(name, ROOT / "deploy" / "given", "picture" if facts["picture"] else "numbers", words)
    print(
        "%s takes %s and gives %s; it is served by torch %s."
        % (path, shapes(facts["inputs"]), shapes(facts["outputs"]), torch)
    )


def tried(path, example, torch):
    """What deploy/look.py says about the file, run by the Python that has this torch."""
    environment = ".venv-" + TORCHES[torch]
    if not (ROOT / environment / "serving").exists():
        subprocess.run(
            ["make", "--no-print-directory", "PYTHON=" + TORCHES[torch], environment + "/serving"],
            cwd=str(ROOT),
            check=True,
        )
    python = str(ROOT / environment / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "deploy.look", str(path.resolve()), looked_up(example)],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    if done.returncode < 0:
        raise Refused("%s ended the process of torch %s that tried it." % (path, torch))
    if done.returncode:
        raise Refused("%s cannot be served as it is: %s" % (path, done.stderr.strip().splitlines()[-1]))
    return json.loads(done.stdout)


def looked_up(example):
    """The whole path if the example names a file, else the example itself."""
    return (
        str(pathlib.Path(example).resolve())
        if len(example) < 256 and pathlib.Path(example).is_file()
        else example
    )


def shapes(entries):
    return " and ".join("%s %s" % (entry["type"], entry["shape"]) for entry in entries)


def main(words=None):
    parser = argparse.ArgumentParser(description="Write the folders of a new model.")
    parser.add_argument("name", help="of small letters, digits and underscores, such as faces")
    parser.add_argument("--from", dest="file", default="", help="a TorchScript file to serve as it is")
    parser.add_argument("--example", default="", help="what it takes: a picture, or numbers as JSON")
    arguments = parser.parse_args(words)
    try:
        name = checked(arguments.name)
        if arguments.file:
            given(name, pathlib.Path(arguments.file), arguments.example)
        elif arguments.example:
            raise Refused("EXAMPLE is for a file of your own: name it with FROM, or leave EXAMPLE out.")
        else:
            write(name, ROOT / "deploy" / "example")
    except Refused as error:
        sys.exit(str(error))
    contract.main()
    notebooks.write(name)
    print(
        "models/%s, training/%s, static/%s and tests/%s are written, openapi.yaml and notebooks/ follow them."
        % ((name,) * 4)
    )
    print(
        "Next: make train-%s, make export-%s, make run. docs/your-model.md goes on to the cloud."
        % (name, name)
    )


if __name__ == "__main__":
    main()
