"""What the file that a network was opened from calls its values."""

from __future__ import annotations

from dataclasses import replace

from sketch.binder.binder import Binder, Runs
from sketch.binder.job import Job
from sketch.binder.kernel import NamingKernel
from sketch.graph.network import Network


def value_names(binder: Binder, network: Network) -> dict[tuple[int, int], str]:
    """(node id, output) -> name, as far as a kernel knows; waits for its worker."""
    arguments = {"network": replace(network, tables=None)}

    def ask(_job: Job, runs: Runs) -> dict[tuple[int, int], str]:
        found: dict[tuple[int, int], str] = {}
        for kernel in runs.registry:
            if isinstance(kernel, NamingKernel) and not kernel.available():
                found.update(runs.call(kernel, "value_names", arguments, trusted=False))
        return found

    return binder.job("Read names", ask, network.store.folder).wait().result or {}
