"""The torch/__init__.py of the image: what loads and calls a saved TorchScript, and none of all that torch imports beside.

deploy/lighten.py puts it in the place of that of torch 1.5.1. A name that is not here is an AttributeError: models/ uses no more than these.
"""

import contextlib
import sys
import types

from torch import _C
from torch._C import *  # noqa: F401,F403  device and dtypes
from torch.version import __version__  # noqa: F401

# What torch's C++ looks for when it is initialised: storages, the class of tensors, and modules to put its types into.
STORAGES = ("Double", "Float", "Half", "Long", "Int", "Short", "Char", "Byte", "Bool", "BFloat16", "QUInt8", "QInt8", "QInt32")
MODULES = {"autograd": {"Function": None}, "cuda": {}, "sparse": {}, "cuda.sparse": {}}

globals().update({name + "Storage": type(name + "Storage", (getattr(_C, name + "StorageBase"),), {}) for name in STORAGES})
_tensor_classes = set()
for name, values in MODULES.items():
    module = sys.modules["torch." + name] = types.ModuleType("torch." + name)
    module.__dict__.update(values)

from torch.tensor import Tensor  # noqa: E402,F401

_C._initExtension(b"")  # where a manager of shared memory is: there is none
_C._autograd_init()
_C._jit_init()

from_numpy = _C._VariableFunctions.from_numpy
tensor = _C._VariableFunctions.tensor  # which hides the module of this name


@contextlib.contextmanager
def no_grad():
    """As torch.no_grad."""
    before = _C.is_grad_enabled()
    _C.set_grad_enabled(False)
    try:
        yield
    finally:
        _C.set_grad_enabled(before)


class ScriptModule:
    """A loaded TorchScript: its methods are attributes."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        return self._module._get_method(name)

    def __call__(self, *arguments):
        return self.forward(*arguments)

    def float(self):
        """Make all its floating weights and buffers 32 bits wide."""
        for value in tensors(self._module):
            if value.is_floating_point():
                value.data = value.data.float()
        return self


def tensors(module):
    """All weights and buffers of a module of C++."""
    for _, value in [*_C.ParameterDict(module).items(), *_C.BufferDict(module).items()]:
        yield value
    for _, inner in _C.ModuleDict(module).items():
        yield from tensors(inner)


class jit:
    """What models/ uses of torch.jit."""

    @staticmethod
    def load(path, map_location="cpu"):
        return ScriptModule(_C.import_ir_module(_C.CompilationUnit(), path, _C.device(map_location), _C.ExtraFilesMap()))

    @staticmethod
    @contextlib.contextmanager
    def optimized_execution(should_optimize):
        before = _C._get_graph_executor_optimize()
        _C._set_graph_executor_optimize(should_optimize)
        try:
            yield
        finally:
            _C._set_graph_executor_optimize(before)
