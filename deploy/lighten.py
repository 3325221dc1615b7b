"""Take what a CPU never uses out of an installed torch 1.5.1: its CUDA libraries make way for stubs, 1,400 MB become 290.

    python lighten.py /srv      (the folder that torch was installed into; a CPU wheel loses its C++ headers and tests alone)
A stub has the names that torch's other libraries look for. None is called where there is no GPU, but the one of registry.cpp. Needs g++
and binutils.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

CUDA = ["libtorch_cuda.so", "libc10_cuda.so", "libcudart-80664282.so.10.2", "libnvToolsExt-3965bdd0.so.1"]
NEEDLESS = ["lib/libnvrtc*", "lib/libcaffe2*", "include", "share", "test", "bin/*test*", "bin/protoc*", "../caffe2"]
TRAINING = ["distributions/__init__.py", "hub.py", "optim/__init__.py", "testing/__init__.py", "utils/data/__init__.py"]  # imported at every start
CALLED = "_ZN3c1031FreeCudaMemoryCallbacksRegistryEv"  # in registry.cpp
VERSIONS = {"libnvToolsExt-3965bdd0.so.1": "libnvToolsExt.so.1"}  # of symbols, where the loader asks for one


def symbols(library, *options):
    """Names of a library's dynamic symbols, without their versions."""
    lines = subprocess.run(["nm", "-D", *options, str(library)], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout.splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines}


def stub(name, wanted, folder, scratch):
    """A library with these functions: each ends the process, since to call it is a mistake."""
    wanted = sorted(wanted - {CALLED})
    lines = [".text"] + [".globl {0}\n.type {0},@function\n{0}: ud2\n.size {0},.-{0}".format(symbol) for symbol in wanted]
    (scratch / "stub.S").write_text("\n".join(lines + ['.section .note.GNU-stack,"",@progbits', ""]))
    words = ["g++", "-shared", "-fPIC", "-O1", "-Wl,-s", "-Wl,-soname," + name, "-o", str(scratch / name), str(scratch / "stub.S")]
    if name in VERSIONS:
        (scratch / "versions").write_text("%s { global: *; };\n" % VERSIONS[name])
        words.append("-Wl,--version-script=%s" % (scratch / "versions"))
    if name == "libc10_cuda.so":
        registry = pathlib.Path(__file__).with_name("registry.cpp")
        words += ["-std=c++14", "-D_GLIBCXX_USE_CXX11_ABI=0", "-I%s" % (folder.parent / "include"), str(registry)]
    subprocess.run(words, check=True)


def without_training(folder):
    """Leave modules empty that training needs and serving does not: a start imports less."""
    for name in TRAINING:
        (folder.parent / name).unlink()  # and not overwritten
        (folder.parent / name).write_text("# emptied by deploy/lighten.py\n")


def without_cuda(folder):
    if (folder / CUDA[0]).exists():
        kept = [path for path in folder.glob("*.so*") if path.name not in CUDA and not path.name.startswith(("libcaffe2", "libnvrtc"))]
        missing = set().union(*(symbols(path, "--undefined-only") for path in kept)) - set().union(*(symbols(path, "--defined-only") for path in kept))
        with tempfile.TemporaryDirectory() as scratch:
            for name in CUDA:
                stub(name, missing & symbols(folder / name, "--defined-only"), folder, pathlib.Path(scratch))
            for name in CUDA:
                (folder / name).unlink()  # and not overwritten: an installer may have linked it to its cache
                shutil.move(str(pathlib.Path(scratch) / name), str(folder / name))
    for pattern in NEEDLESS:
        for path in folder.parent.glob(pattern):
            shutil.rmtree(str(path)) if path.is_dir() else path.unlink()


def main(where):
    folder = pathlib.Path(where) / "torch" / "lib"
    without_cuda(folder)
    without_training(folder)


if __name__ == "__main__":
    main(sys.argv[1])
