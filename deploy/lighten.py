"""Removes what serving never uses from an installed torch 1.5.1 and from
requests-toolbelt, so that they are small and start fast.

    python lighten.py /srv      (the folder into which they were installed)
CUDA: stubs replace its libraries, so that 1,400 MB become 290. A stub has the names that torch's other
libraries look for. Without a GPU none of these is called, except the one in registry.cpp. This needs g++.
From a CPU wheel only the C++ headers and tests are removed. Names that only a debugger reads are stripped
off the libraries, by binutils. Start: torch_serving.py replaces torch/__init__.py, and the libraries' calls
to their own functions are bound. Forms: the decoder of requests-toolbelt works, with what it imports from
requests; the rest does not.
"""

import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

CUDA = ["libtorch_cuda.so", "libc10_cuda.so", "libcudart-80664282.so.10.2", "libnvToolsExt-3965bdd0.so.1"]
NEEDLESS = [
    "lib/libnvrtc*",
    "lib/libcaffe2*",
    "include",
    "share",
    "test",
    "bin/*test*",
    "bin/protoc*",
    "../caffe2",
]
TODAY_NEEDLESS = ["include", "share", "test"]  # for torch 2, which is otherwise left as it is
CALLED = "_ZN3c1031FreeCudaMemoryCallbacksRegistryEv"  # in registry.cpp
VERSIONS = {"libnvToolsExt-3965bdd0.so.1": "libnvToolsExt.so.1"}  # symbol versions, if needed

CHANGED = "# Changed by deploy/lighten.py: the decoder of forms needs no more of it.\n"
CLIENTS = ["urllib3", "certifi", "idna", "charset_normalizer"]  # what requests needs to send
FUTURE = ["future", "past", "libfuturize", "libpasteurize"]  # what the package future installs
BOUND = ["libc10.so", "libtorch_cpu.so", "libtorch_python.so"]
SECTION, RELOCATION, SYMBOL = struct.Struct("<IIQQQQIIQQ"), struct.Struct("<QQq"), struct.Struct("<IBBHQQ")
RELA, LOADED, FUNCTION = 4, 2, 2  # a kind of section, a flag of a section, a kind of symbol
BY_NAME, RELATIVE = (1, 6, 7), 8  # R_X86_64_64, _GLOB_DAT and _JUMP_SLOT; the type that needs no symbol


def symbols(library, *options):
    """The names of a library's dynamic symbols, without their versions."""
    lines = subprocess.run(
        ["nm", "-D", *options, str(library)], check=True, stdout=subprocess.PIPE, universal_newlines=True
    ).stdout.splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines}


def stub(name, wanted, folder, scratch):
    """Build a library with these functions. Each ends the process, because calling it is a mistake."""
    wanted = sorted(wanted - {CALLED})
    lines = [".text"] + [
        ".globl {0}\n.type {0},@function\n{0}: ud2\n.size {0},.-{0}".format(symbol) for symbol in wanted
    ]
    (scratch / "stub.S").write_text("\n".join(lines + ['.section .note.GNU-stack,"",@progbits', ""]))
    words = [
        "g++",
        "-shared",
        "-fPIC",
        "-O1",
        "-Wl,-s",
        "-Wl,-soname," + name,
        "-o",
        str(scratch / name),
        str(scratch / "stub.S"),
    ]
    if name in VERSIONS:
        (scratch / "versions").write_text("%s { global: *; };\n" % VERSIONS[name])
        words.append("-Wl,--version-script=%s" % (scratch / "versions"))
    if name == "libc10_cuda.so":
        registry = pathlib.Path(__file__).with_name("registry.cpp")
        words += [
            "-std=c++14",
            "-D_GLIBCXX_USE_CXX11_ABI=0",
            "-I%s" % (folder.parent / "include"),
            str(registry),
        ]
    subprocess.run(words, check=True)


def without_cuda(folder):
    if (folder / CUDA[0]).exists():
        kept = [
            path
            for path in folder.glob("*.so*")
            if path.name not in CUDA and not path.name.startswith(("libcaffe2", "libnvrtc"))
        ]
        missing = set().union(*(symbols(path, "--undefined-only") for path in kept)) - set().union(
            *(symbols(path, "--defined-only") for path in kept)
        )
        with tempfile.TemporaryDirectory() as scratch:
            for name in CUDA:
                stub(name, missing & symbols(folder / name, "--defined-only"), folder, pathlib.Path(scratch))
            for name in CUDA:
                (folder / name).unlink()  # not overwritten: it may be linked to an installer's cache
                shutil.move(str(pathlib.Path(scratch) / name), str(folder / name))
    for pattern in NEEDLESS:
        for path in folder.parent.glob(pattern):
            shutil.rmtree(str(path)) if path.is_dir() else path.unlink()


def without_training(package):
    """Put torch_serving.py in the place of torch/__init__.py; what only torch's own modules need goes."""
    for name in FUTURE:
        shutil.rmtree(str(package.parent / name), ignore_errors=True)
    (package / "__init__.py").unlink()  # and not overwritten
    shutil.copy(str(pathlib.Path(__file__).with_name("torch_serving.py")), str(package / "__init__.py"))


def strip(library):
    """Take the names that only a debugger reads out of a library."""
    stripped = library.with_suffix(".stripped")
    subprocess.run(["strip", "--strip-unneeded", "-o", str(stripped), str(library)], check=True)
    stripped.replace(library)  # and not overwritten


def bind(library):
    """Resolve the library's references to its own functions, as ld's -Bsymbolic-functions
    does. Returns how many names the loader no longer looks up.

    Variables stay as they are, because libraries share them. System V ABI,
    AMD64: a relocation consists of place, symbol with type, and addend.
    """
    data = bytearray(library.read_bytes())
    (table,) = struct.unpack_from("<Q", data, 40)
    (count,) = struct.unpack_from("<H", data, 60)
    # name, type, flags, address, offset, size, link, …
    sections = [SECTION.unpack_from(data, table + at * SECTION.size) for at in range(count)]
    bound = 0
    for _, kind, flags, _, offset, size, link, *_ in sections:
        if kind == RELA and flags & LOADED:
            for at in range(offset, offset + size, RELOCATION.size):
                place, about, addend = RELOCATION.unpack_from(data, at)
                _, sort, _, defined, value, _ = SYMBOL.unpack_from(
                    data, sections[link][4] + (about >> 32) * SYMBOL.size
                )
                if about & 0xFFFFFFFF in BY_NAME and sort & 15 == FUNCTION and defined:
                    RELOCATION.pack_into(data, at, place, RELATIVE, value + addend)
                    bound += 1
    library.unlink()  # and not overwritten
    library.write_bytes(data)
    return bound


def without_http(where):
    """Keep requests-toolbelt's decoder of forms, without its encoder and without
    requests, which send forms. The decoder needs one class and one function of theirs.
    """
    files = {
        "requests_toolbelt/multipart/encoder.py": CHANGED
        + "def encode_with(text, encoding):\n    return text.encode(encoding) if isinstance(text, str) else "
        "text\n",
        "requests/structures.py": (where / "requests" / "structures.py").read_text(),
        "requests/compat.py": CHANGED + "from collections.abc import Mapping, MutableMapping  # noqa: F401\n",
        **dict.fromkeys(
            (
                "requests/__init__.py",
                "requests_toolbelt/__init__.py",
                "requests_toolbelt/multipart/__init__.py",
            ),
            CHANGED,
        ),
    }
    for name in ("requests", *CLIENTS):
        shutil.rmtree(str(where / name))
    (where / "requests").mkdir()
    for name, text in files.items():
        (where / name).unlink(missing_ok=True)  # and not overwritten
        (where / name).write_text(text)


def main(where):
    where = pathlib.Path(where)
    if (where / "torch").exists() and "1.5.1" not in (where / "torch" / "version.py").read_text():
        for name in TODAY_NEEDLESS:
            shutil.rmtree(str(where / "torch" / name), ignore_errors=True)
    elif (where / "torch").exists():
        without_cuda(where / "torch" / "lib")
        without_training(where / "torch")
        for name in BOUND:
            library = where / "torch" / "lib" / name
            strip(library)
            print("%s: %d references to its own functions bound" % (name, bind(library)))
    if (where / "requests_toolbelt").exists():
        without_http(where)


if __name__ == "__main__":
    main(sys.argv[1])
