"""What an import writes down while it draws: which values the outputs are, and what was made together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import onnx_ir as ir


class Origin:
    """Notes of one import; see `pristine` for what they are for.

    `values` are values of the file by (node id, output), `batches` says by node id what was made together. `exact`
    names the constant that a tensor (by id) is, `sources` the one that it was made from; `roles` names constants by
    (node id, role) that are no tensors; `ends` are names in the file of what Inputs and Outputs stand for, `named` the
    first output of the operator whose name a node bears.
    """

    def __init__(self) -> None:
        self.values: dict[tuple[int, int], ir.Value] = {}
        self.batches: dict[int, int] = {}
        self.exact: dict[int, str] = {}
        self.sources: dict[int, str] = {}
        self.roles: dict[tuple[int, str], str] = {}
        self.ends: dict[int, str] = {}
        self.named: dict[int, str] = {}
        self._depth = 0
        self._batch = 0
        self._last = 0
        self._newest = 0
        self._apart = False

    def add(self, node_id: int) -> None:
        """A node was added."""
        if not self._depth:
            self._batch = self._next()
        self.batches[node_id] = self._batch
        if not self._apart:
            self._newest = node_id

    def name(self, output: str) -> None:
        """The newest node bears the name of the operator that makes this value."""
        if self._depth == 0 and output:
            self.named[self._newest] = output

    def tensor(self, tensor_id: int, name: str, *, same: bool) -> None:
        """A tensor was taken from a constant of the file, as it is there or changed."""
        self.sources[tensor_id] = name
        if same:
            self.exact[tensor_id] = name

    @contextmanager
    def together(self) -> Iterator[None]:
        """Nodes that are added meanwhile are one batch; within another such block they belong to that one."""
        if not self._depth:
            self._batch = self._next()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A node that is added meanwhile belongs to no batch but its own."""
        before, self._batch = (self._batch, self._depth, self._apart), self._next()
        self._depth, self._apart = 1, True
        try:
            yield
        finally:
            self._batch, self._depth, self._apart = before

    def _next(self) -> int:
        self._last += 1
        return self._last
