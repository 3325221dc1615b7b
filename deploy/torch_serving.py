"""The torch/__init__.py of the image. It can load and call a saved
TorchScript file, and imports nothing else.

deploy/lighten.py puts it in the place of torch 1.5.1's own. Any name that
is missing here is an AttributeError: models/ uses only these.
"""

import contextlib
import sys
import types

from torch import _C
from torch._C import *  # noqa: F401,F403  device and dtypes
from torch.version import __version__  # noqa: F401

# What torch's C++ code looks for when it is initialised: storages, the
# class of tensors, and modules for its types.
STORAGES = (
    "Double",
    "Float",
    "Half",
    "Long",
    "Int",
    "Short",
    "Char",
    "Byte",
    "Bool",
    "BFloat16",
    "QUInt8",
    "QInt8",
    "QInt32",
)
MODULES = {"autograd": {"Function": None}, "cuda": {}, "sparse": {}, "cuda.sparse": {}}

globals().update(
    {name + "Storage": type(name + "Storage", (getattr(_C, name + "StorageBase"),), {}) for name in STORAGES}
)
_tensor_classes = set()
for name, values in MODULES.items():
    module = sys.modules["torch." + name] = types.ModuleType("torch." + name)
    module.__dict__.update(values)

from torch.tensor import Tensor  # noqa: E402,F401

_C._initExtension(b"")  # the path of the manager of shared memory; there is none
_C._autograd_init()
_C._jit_init()

from_numpy = _C._VariableFunctions.from_numpy
tensor = _C._VariableFunctions.tensor  # hides the module of the same name


@contextlib.contextmanager
def set_grad(enabled):
    before = _C.is_grad_enabled()
    _C.set_grad_enabled(enabled)
    try:
        yield
    finally:
        _C.set_grad_enabled(before)


def no_grad():
    """As torch.no_grad."""
    return set_grad(False)


def enable_grad():
    """As torch.enable_grad."""
    return set_grad(True)


class autograd:
    """What models/ uses of torch.autograd: the gradient of a scalar."""

    @staticmethod
    def grad(output, tensor):
        ones, engine = _C._VariableFunctions.ones_like(output), _C._ImperativeEngine()
        return engine.run_backward((output,), (ones,), False, False, (tensor,), False)


class nn:
    """What models/ uses of torch.nn."""

    class functional:
        avg_pool2d = staticmethod(_C._nn.avg_pool2d)


class ScriptModule:
    """A loaded TorchScript file; its methods are attributes."""

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        try:
            return self._module._get_method(name)
        except RuntimeError:
            raise AttributeError(name) from None

    def __call__(self, *arguments):
        return self.forward(*arguments)

    def parameters(self):
        """All weights, and buffers as well."""
        return tensors(self._module)

    def float(self):
        """Convert all floating-point weights and buffers to 32 bits."""
        for value in tensors(self._module):
            if value.is_floating_point():
                value.data = value.data.float()
        return self


def tensors(module):
    """All weights and buffers of a C++ module."""
    for _, value in [*_C.ParameterDict(module).items(), *_C.BufferDict(module).items()]:
        yield value
    for _, inner in _C.ModuleDict(module).items():
        yield from tensors(inner)


class jit:
    """What models/ uses of torch.jit."""

    @staticmethod
    def load(path, map_location="cpu"):
        return ScriptModule(
            _C.import_ir_module(_C.CompilationUnit(), path, _C.device(map_location), _C.ExtraFilesMap())
        )

    @staticmethod
    @contextlib.contextmanager
    def optimized_execution(should_optimize):
        before = _C._get_graph_executor_optimize()
        _C._set_graph_executor_optimize(should_optimize)
        try:
            yield
        finally:
            _C._set_graph_executor_optimize(before)
