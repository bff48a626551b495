"""Finished files of a job at their place: all or none, and no tensor of a document goes with what they replace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sketch.binder.kernel import BinderError
from sketch.binder.tensors import TensorStore
from sketch.durable import publish_file


def publish(files: Sequence[Path], folder: Path, store: TensorStore) -> tuple[Path, ...]:
    """Bring files of the scratch folder into `folder`; BinderError in one line when that fails.

    A file there that holds tensors of `store` goes on in the store. The first file takes its place last: it is the
    model, and the others are what it reads.
    """
    targets = tuple(folder / file.name for file in files)
    try:
        for target in targets:
            store.let_go(target)
        _place(list(zip(files, targets, strict=True)))
    except OSError as error:
        raise BinderError(f"{targets[0]}: not written: {error.strerror or error}.") from None
    return targets


def _place(pairs: list[tuple[Path, Path]]) -> None:
    if pairs:
        (source, target), *others = pairs
        publish_file(source, target, lambda: _place(others))
