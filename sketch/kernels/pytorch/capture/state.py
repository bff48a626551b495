"""What a run may change besides its results, and how it is put back."""

from __future__ import annotations

import random
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

_SEED = 20
_HOLDERS = (list, dict, set, OrderedDict)


@contextmanager
def seeded() -> Iterator[None]:
    """The same random numbers in every run; those of the program go on as if there had been none."""
    before = (random.getstate(), np.random.get_state(), torch.get_rng_state())
    random.seed(_SEED)
    np.random.seed(_SEED)
    torch.manual_seed(_SEED)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])


def python_random() -> tuple[Any, ...]:
    """The state of the random numbers of Python and numpy."""
    state: Any = np.random.get_state()
    return random.getstate(), state[1].tobytes(), state[2]


class Attributes:
    """What the modules of a model hold, besides the numbers in their tensors."""

    def __init__(self, module: nn.Module):
        self._kept = [
            (name, inner, dict(inner.__dict__), _contents(inner)) for name, inner in module.named_modules()
        ]

    def stored(self) -> str:
        """The first attribute that forward has changed, with its path; "" when there is none."""
        for path, module, own, contents in self._kept:
            for name, value in module.__dict__.items():
                if name == "training":
                    continue
                inside = name in contents and value is own.get(name) and not _same(value, contents[name])
                if inside or value is not own.get(name, own):
                    return f"{path}.{name}" if path else name
        return ""

    def put_back(self) -> None:
        """As it was."""
        for _, module, own, contents in self._kept:
            module.__dict__.clear()
            module.__dict__.update(own)
            for name, before in contents.items():
                value = own[name]
                value.clear()
                value.extend(before) if isinstance(value, list) else value.update(before)


def _contents(module: nn.Module) -> dict[str, Any]:
    """Copies of the lists and dicts that a module holds, its parameters, buffers and submodules among them."""
    return {name: type(value)(value) for name, value in module.__dict__.items() if type(value) in _HOLDERS}


def _same(value: Any, before: Any) -> bool:
    """The same objects in the same places."""
    if isinstance(value, dict):
        return list(value) == list(before) and all(value[key] is before[key] for key in before)
    if isinstance(value, set):
        return len(value) == len(before)
    return len(value) == len(before) and all(a is b for a, b in zip(value, before, strict=True))


@contextmanager
def as_before(module: nn.Module) -> Iterator[Attributes]:
    """Evaluation mode without shortcuts; what forward stores in its modules is forgotten."""
    attributes = Attributes(module)
    fast = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.callback(attributes.put_back)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        torch.backends.mha.set_fastpath_enabled(False)
        for inner in module.modules():
            if isinstance(inner, torch.jit.ScriptModule):
                stack.callback(inner.train, inner.training)
                inner.train(False)
            else:
                inner.__dict__["training"] = False
        yield attributes
