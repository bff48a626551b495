"""What the pickles of torch.save say about tensors, without torch: a few functions by name, everything else opaque."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sketch.kernels.pytorch.calls import SKETCH_TYPES
from sketch.kernels.pytorch.files.pickles import Builder, Global, Opaque, PickleReader
from sketch.kernels.pytorch.files.tensors import STORAGES, StorageAt, TensorAt

FindStorage = Callable[[str, str, int], StorageAt]
"""(key, element type, number of elements) -> where a storage is."""


def torch_reader(where: str, find: FindStorage) -> PickleReader:
    """A reader of pickles that torch.save wrote; `find` knows where storages are."""

    def persistent(value: Any) -> Any:
        if not isinstance(value, tuple) or len(value) < 5 or value[0] != "storage":
            return Opaque(Global("torch", "persistent object"))
        _, kind, key, _, count = value[:5]
        dtype = STORAGES.get(kind.name, kind.name) if isinstance(kind, Global) else "uint8"
        if not isinstance(count, int) or count < 0 or (len(value) > 5 and value[5] is not None):
            raise ValueError("a storage without a size, or a part of another one")
        return find(str(key), dtype, count)

    return PickleReader(where, _BUILDERS, persistent)


def _tensor(args: tuple[Any, ...]) -> Any:
    storage, start, shape, stride, *rest = args
    if not isinstance(storage, StorageAt):
        return Opaque(Global("torch", "tensor without a storage"), args)
    trainable = bool(rest[0]) if rest else None
    return TensorAt(storage, start, tuple(shape), tuple(stride), storage.dtype, trainable or None)


def _tensor_of_type(args: tuple[Any, ...]) -> Any:
    storage, start, shape, stride, trainable, _, dtype, *_ = args
    name = SKETCH_TYPES.get(dtype.name, dtype.name) if isinstance(dtype, Global) else "uint8"
    made = _tensor((storage, start, shape, stride, trainable))
    return replace(made, dtype=name) if isinstance(made, TensorAt) else made


def _parameter(args: tuple[Any, ...]) -> Any:
    tensor, trainable, *_ = args
    return replace(tensor, trainable=bool(trainable)) if isinstance(tensor, TensorAt) else tensor


def _from_type(args: tuple[Any, ...]) -> Any:
    made, _, inner, *_ = args
    builder = _BUILDERS.get((made.module, made.name)) if isinstance(made, Global) else None
    return (
        builder(inner)
        if builder is not None
        else Opaque(Global("torch", "tensor of a class of its own"), args)
    )


def _ordered(args: tuple[Any, ...]) -> Any:
    pairs = args[0] if args and isinstance(args[0], (list, tuple)) else ()
    return {pair[0]: pair[1] for pair in pairs if isinstance(pair[0], str)}


def _counted(args: tuple[Any, ...]) -> Any:
    return dict(args[0]) if args and isinstance(args[0], dict) else {}


def _listed(args: tuple[Any, ...]) -> Any:
    return list(args[0]) if args and isinstance(args[0], (list, tuple)) else []


def _size(args: tuple[Any, ...]) -> Any:
    return tuple(args[0]) if args and isinstance(args[0], (list, tuple)) else ()


def _encoded(args: tuple[Any, ...]) -> Any:
    return args[0].encode("latin-1") if args and isinstance(args[0], str) else b""


def _inner_storage(args: tuple[Any, ...]) -> Any:
    """A storage in a plain pickle is a whole file of torch's old format inside it."""
    from sketch.kernels.pytorch.files.legacy import read_legacy

    if not isinstance(args[0], bytes):
        raise TypeError("no bytes of a storage")
    return read_legacy(io.BytesIO(args[0]), "a storage", args[0]).value


_BUILDERS: Mapping[tuple[str, str], Builder] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_of_type,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _from_type,
    ("torch.storage", "_load_from_bytes"): _inner_storage,
    ("collections", "OrderedDict"): _ordered,
    ("collections", "Counter"): _counted,
    ("collections", "defaultdict"): lambda args: {},
    ("builtins", "set"): _listed,
    ("builtins", "frozenset"): _listed,
    ("builtins", "list"): _listed,
    ("torch", "Size"): _size,
    ("_codecs", "encode"): _encoded,
}
_DATA = frozenset({
    ("torch", "device"), ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"), ("builtins", "complex"),
    ("torch.serialization", "_get_layout"), ("torch.storage", "UntypedStorage"), ("torch.storage", "TypedStorage"),
    ("torch._utils", "_rebuild_sparse_tensor"), ("builtins", "bytearray"), ("__builtin__", "set"),
    ("builtins", "dict"), ("argparse", "Namespace"), ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"),
    ("numpy", "dtype"), ("numpy", "ndarray"), ("numpy._core.multiarray", "scalar"),
    ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "_reconstruct"),
})  # fmt: skip
"""More names that stand for data in files of weights."""


def is_data(name: Global) -> bool:
    """True for a name that every file of weights may have; to this reader all names are records, none is called."""
    kind = name.module == "torch" and (name.name.endswith("Storage") or name.name in SKETCH_TYPES)
    return kind or (name.module, name.name) in _DATA or (name.module, name.name) in _BUILDERS
