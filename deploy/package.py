"""The zip of a function that needs no torch: its packages and its code,
compiled. The size is printed and must stay below a limit.

    python3.13 -m deploy.package words      (`make package` puts the packages into build/words first)
The same content gives the same zip, so that a deployment does not touch functions that have not changed.
"""

import compileall
import pathlib
import py_compile
import shutil
import sys
import zipfile

ROOT = pathlib.Path(__file__).parent.parent
SHARED = ["handler.py", "api", "models/__init__.py", "models/registry.py", "models/store"]
LIMIT = 60_000_000  # bytes unzipped: a small zip starts fast; Lambda's own limit is 262,144,000
NEEDLESS = (
    "tests",
    "testing",
    "*.pyi",
    "*.pxd",
    "*.h",
    "*.a",
    "bin",
    "__pycache__",
    "*.part",
    "evaluation.*",
    "gallery.png",
    "map.png",
    "street.md",
)
ALWAYS = (1980, 1, 1, 0, 0, 0)  # the date of every entry


def code(name):
    """The files and folders of the repository that a function needs."""
    return SHARED + (["web", "static", "openapi.yaml"] if name == "api" else ["models/" + name])


def gather(name, folder):
    """Copy a function's code to its packages, and delete what never runs."""
    for source in map(ROOT.joinpath, code(name)):
        target = folder / source.relative_to(ROOT)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for pattern in NEEDLESS:
        for path in list(folder.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def compiled(folder):
    """Compile once and for all, because Lambda's disk is read-only and the dates in a zip mean nothing."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(str(folder), quiet=1, stripdir=str(folder), invalidation_mode=mode):
        sys.exit("%s cannot be compiled." % folder)


def zipped(folder, target):
    """Write the zip; returns its unzipped size in bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), ALWAYS)
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return sum(path.stat().st_size for path in files)


def main(name):
    folder, target = ROOT / "build" / name, ROOT / "build" / (name + ".zip")
    gather(name, folder)
    compiled(folder)
    size = zipped(folder, target)
    print(
        "%s: %.1f MB zipped, %.1f MB unzipped"
        % (target.relative_to(ROOT), target.stat().st_size / 1e6, size / 1e6)
    )
    if size > LIMIT:
        sys.exit("%s has %.1f MB unzipped, and %.0f are the most." % (target.name, size / 1e6, LIMIT / 1e6))


if __name__ == "__main__":
    main(sys.argv[1])
