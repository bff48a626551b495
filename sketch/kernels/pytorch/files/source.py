"""A module from Python source: which class, with which arguments, built and run in the worker after permission."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError, ImportedModel, PermissionNeededError, Task
from sketch.kernels.pytorch.drawing.own_functions import seal
from sketch.kernels.pytorch.files.drawn import drawn
from sketch.kernels.pytorch.files.importing import importing_from, said

_NAME = "sketch_source"
_MOST_SOURCE = 1 << 24
_ASKS = ("class", "arguments", "inputs", "folders")
_ARGUMENTS = "<arguments>"


def network_from_text(
    text: str,
    class_: str,
    arguments: str,
    inputs: Mapping[str, Sequence[int | str]],
    task: Task,
    *,
    name: str = "source.py",
    folders: Sequence[str | Path] = (),
) -> ImportedModel:
    """The drawing of a class in Python source.

    Args:
        text: the source.
        class_: which class (or function that gives a module); "" chooses where there is one choice.
        arguments: what stands between the brackets of its call, as text.
        inputs: shapes of forward's arguments by name; what is not given is tried.
        name: what the source is called in messages; a file's own path when it is one.
        folders: where modules that it imports are found.

    Raises:
        PermissionNeededError: the task is not trusted; nothing ran.
        BinderError: the source or the module failed: `model.py:12: what`.
    """
    require_trust(name, task)
    with built(text, class_, arguments, name=name, folders=folders) as module:
        task.step(1, 3, f"Running {type(module).__name__}")
        return drawn(module, inputs, task, name=Path(name).stem, details={"class": type(module).__name__})


def require_trust(name: str, task: Task) -> None:
    """PermissionNeededError unless the person allowed this source to run."""
    if not task.trusted:
        raise PermissionNeededError(f"{name}: opening it runs the Python code in it.", _ASKS)


def read_source(path: Path) -> str:
    """The text of a Python file; BinderError when it is none."""
    if path.stat().st_size > _MOST_SOURCE:
        raise BinderError(f"{path}: is too large for Python source.")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BinderError(f"{path}: is no text in UTF-8.") from None


@contextmanager
def built(
    text: str, class_: str, arguments: str, *, name: str, folders: Sequence[str | Path] = ()
) -> Iterator[nn.Module]:
    """The module that the source describes, in eval mode, its weights drawn with a fixed seed.

    The source stays importable as long as the block lasts.
    """
    try:
        with importing_from(folders), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            yield _instance(_run(text, name), class_, arguments, name).eval()
    finally:
        sys.modules.pop(_NAME, None)
        linecache.cache.pop(name, None)


def names_in(path: Path) -> Mapping[str, Any]:
    """What a Python file defines once it has run."""
    try:
        return _run(read_source(path), str(path))
    finally:
        linecache.cache.pop(str(path), None)


def _run(text: str, name: str) -> Mapping[str, Any]:
    """Run source as a module of its own; its errors name its lines."""
    module = ModuleType(_NAME)
    module.__file__ = name
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    sys.modules[_NAME] = module
    with _told(name):
        exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the person allowed it
    seal(module.__dict__, text)
    return vars(module)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Whatever the person's code raises, as one line with its place."""
    try:
        yield
    except (BinderError, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a border: code of the person runs
        told = said(error, name)
        raise BinderError(told if ":" in told else f"{Path(name).name}: {told}") from None


def _instance(names: Mapping[str, Any], class_: str, arguments: str, name: str) -> nn.Module:
    maker = _chosen(names, class_, arguments, name)
    with _told(name):
        scope = {**names, "_sketch_maker": maker}
        made = eval(compile(f"_sketch_maker({arguments}\n)", _ARGUMENTS, "eval"), scope)  # noqa: S307 - the person allowed it
    if not isinstance(made, nn.Module):
        raise BinderError(f"{Path(name).name}: {class_} gives a {type(made).__name__}, which is no module.")
    return made


def _chosen(names: Mapping[str, Any], class_: str, arguments: str, name: str) -> Callable[..., Any]:
    """The class that is meant; BinderError names the choices when that is not clear."""
    short, classes = Path(name).name, _classes(names)
    if class_:
        found: Any = names.get(class_)
        if callable(found):
            maker: Callable[..., Any] = found
            return maker
        there = ", ".join(classes) or "none"
        raise BinderError(f"{short}: has no class {class_!r}; there are {there}.")
    if not classes:
        raise BinderError(f"{short}: has no class that is an nn.Module; say which function makes the module.")
    free = [key for key, kind in classes.items() if not _needs(kind)]
    last = list(classes)[-1]
    if len(classes) == 1 or arguments or last in free:
        return classes[last]
    if len(free) == 1:
        return classes[free[0]]
    choices = ", ".join(f"{key}({', '.join(_needs(kind))})" for key, kind in classes.items())
    raise BinderError(f"{short}: say which class to open, and its arguments; there are {choices}.")


def _classes(names: Mapping[str, Any]) -> dict[str, type[nn.Module]]:
    """The modules that the source defines itself, in its order."""
    return {
        key: kind for key, kind in names.items()
        if isinstance(kind, type) and issubclass(kind, nn.Module) and kind.__module__ == _NAME
    }  # fmt: skip


def _needs(kind: type[nn.Module]) -> list[str]:
    """Names of the arguments without which a class cannot be built."""
    named = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    try:
        params = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return []
    return [
        item.name for item in params if item.default is inspect.Parameter.empty and item.kind not in named
    ]
