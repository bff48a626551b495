"""Modules during a run: layers of torch.nn are one call each, everything else is a group."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from sketch.kernels.pytorch.capture.book import FROM_STATE, Entry, Unrecordable
from sketch.kernels.pytorch.capture.memory import kind_of, version
from sketch.kernels.pytorch.capture.nesting import Opaque, leaves, tensors
from sketch.kernels.pytorch.capture.recorder import Recorder
from sketch.kernels.pytorch.leaf_layers import layer_class

Runner = Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], Any]
"""Runs a module that has no Python code (TorchScript) by calls that torch reports."""

_HINTED = (nn.TransformerEncoder, nn.TransformerDecoder)
_MASKS = {
    nn.MultiheadAttention: ("is_causal", "attn_mask"),
    nn.TransformerEncoderLayer: ("is_causal", "src_mask"),
}


def is_leaf(module: nn.Module) -> bool:
    """True for a layer that Sketch has, whose forward and tensors are those of its class."""
    own = module.__dict__
    return (
        layer_class(module) is not None
        and "forward" not in own
        and not own.get("_forward_hooks")
        and not own.get("_forward_pre_hooks")
        and "parametrizations" not in own["_modules"]
        and not any(isinstance(value, torch.Tensor) for value in own.values())
    )


class LayerCalls:
    """What calls of modules become in one run."""

    def __init__(self, recorder: Recorder, paths: Mapping[int, str], runner: Runner | None):
        self._recorder = recorder
        self._paths = paths
        self._runner = runner

    def call(self, original: Any, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a module, written down."""
        recorder, path = self._recorder, self._paths.get(id(module))
        if recorder.silent:
            return original(module, *args, **kwargs)
        if isinstance(module, torch.jit.ScriptModule):
            return self._scripted(module, args, kwargs)
        if path is not None and is_leaf(module) and self._recorder.tensors.has_state_of(module):
            return self._quietly(lambda: self._leaf(original, module, path, args, kwargs))
        return self._group(lambda: original(module, *args, **_unhinted(module, args, kwargs)), module, path)

    def _group(self, run: Callable[[], Any], module: nn.Module, path: str | None) -> Any:
        if not path:
            return run()
        self._recorder.context.scope.append((path, type(module)))
        try:
            return run()
        finally:
            self._recorder.context.scope.pop()

    def _scripted(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._recorder.look()
        runner, path = self._runner, self._paths.get(id(module))
        if runner is None:
            raise Unrecordable(self._recorder.context.place, f"'{path}' is a TorchScript module")
        return self._group(lambda: runner(module, args, kwargs), module, path)

    def _leaf(
        self, original: Any, module: nn.Module, path: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        recorder = self._recorder
        recorder.look()
        kwargs = _without_hint(module, kwargs)
        given = tensors((args, kwargs))
        arguments = recorder.tensors.template((args, kwargs))
        entry = Entry("module", path, arguments[0], arguments[1], label=type(module).__name__)
        entry.origin = FROM_STATE if next(module.parameters(), None) is not None else 0
        if getattr(module, "max_norm", None) is not None:  # an embedding that scales its own rows
            for tensor in module.parameters():
                recorder.tensors.save(tensor)
        versions = [version(tensor) for tensor in given]
        result = original(module, *args, **kwargs)
        changed = [tensor for tensor, was in zip(given, versions, strict=True) if version(tensor) != was]
        if getattr(module, "inplace", False) and any(result is item for item in given if item.is_inference()):
            changed = [result]
        return self._in_place(entry, result, changed) if changed else recorder.enter(entry, result, given)

    def _in_place(self, entry: Entry, result: Any, changed: list[torch.Tensor]) -> Any:
        """A layer that gave back its input, changed."""
        recorder = self._recorder
        opaque = any(isinstance(item, Opaque) for item in leaves((entry.args, entry.kwargs)))
        if opaque or len(changed) > 1 or result is not changed[0]:
            reason = f"the layer '{entry.target}' changes a tensor that it is given"
            raise Unrecordable(recorder.context.place, reason)
        ref = recorder.book.emit("module", entry.target, entry.args, kind_of(result), **entry.kwargs)
        recorder.book.entries[ref.entry].label = entry.label
        recorder.tensors.write(recorder.tensors.value(result), ref)
        return result

    def _quietly(self, run: Callable[[], Any]) -> Any:
        """Without reports of what happens inside."""
        self._recorder.silent += 1
        try:
            with torch._C.DisableTorchFunction():
                return run()
        finally:
            self._recorder.silent -= 1


def _unhinted(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """torch's own stacks compare a mask with the causal one when nobody says: that only saves time."""
    if type(module) not in _HINTED:
        return kwargs
    name = "is_causal" if isinstance(module, nn.TransformerEncoder) else "tgt_is_causal"
    given = inspect.signature(type(module).forward).bind(module, *args, **kwargs).arguments
    said = given.get(name) is not None or (name in given and name not in kwargs)
    return kwargs if said else {**kwargs, name: False}


def _without_hint(module: nn.Module, kwargs: dict[str, Any]) -> dict[str, Any]:
    """`is_causal` beside a mask says nothing more."""
    for kind, (hint, mask) in _MASKS.items():
        if isinstance(module, kind) and kwargs.get(hint) and kwargs.get(mask) is not None:
            return {**kwargs, hint: False}
    return kwargs
