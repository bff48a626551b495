"""Warm workers for tests that open and compile: started before the first of a module's tests, ended after its last."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import sketch
from sketch.api import Workbench, workbench
from sketch.graph.draft import Draft
from sketch.graph.examples import build
from sketch.graph.network import Network, build_network
from sketch.graph.tables import Tables


def drawn(key: str = "lenet5") -> Network:
    """An example as a Network of the API's own workbench."""
    bench = workbench()
    tables = Tables()
    draft = Draft(tables, bench.library)
    build(key, draft)
    tables.apply(draft.delta())
    return build_network(tables, bench.library, name=key, store=bench.store)


@pytest.fixture(scope="module")
def engine() -> Iterator[Workbench]:
    """The workbench of `sketch.api` with a running worker for each kernel."""
    with tempfile.TemporaryDirectory() as folder:
        sketch.compile(drawn(), Path(folder) / "warm.onnx")
    yield workbench()
    workbench().close()
    workbench.cache_clear()
