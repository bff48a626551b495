"""Two networks on the same seeded inputs: does an edit change what comes out, and by how much?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sketch.binder.binder import Runs
from sketch.binder.kernel import BinderError, Kernel, Verification
from sketch.binder.samples import SYMBOL_SIZES, draw_samples, has_symbols
from sketch.binder.surgery.arrays import Array
from sketch.binder.verify import compare
from sketch.graph.network import Network


def compare_networks(runs: Runs, before: Network, after: Network) -> Verification:
    """Both networks through the first kernel that takes them; BinderError when none does."""
    last = BinderError("No kernel here can run this network.")
    for symbols in SYMBOL_SIZES if has_symbols(before) else SYMBOL_SIZES[:1]:
        samples = draw_samples(before, seed=before.seed, symbols=symbols).arrays
        for kernel in runs.registry:
            if kernel.available() or any(kernel.refusal(s) for net in (before, after) for s in net.steps):
                continue
            try:
                first, second = (run_network(runs, kernel, net, samples) for net in (before, after))
                return compare(f"the network before, both through {kernel.info.title}", first, second)
            except BinderError as error:
                runs.job.check()
                last = error
    raise last


def run_network(
    runs: Runs, kernel: Kernel, network: Network, inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """The outputs of a network by name, computed by a kernel in its worker."""
    path: Path = runs.scratch / f"network{kernel.info.writes[0]}"
    given, got = runs.scratch / "given.npz", runs.scratch / "got.npz"
    np.savez(given, **inputs)  # type: ignore[arg-type]
    runs.export(kernel, network, path)
    runs.call(kernel, "run_file", {"path": path, "inputs": given, "outputs": got}, trusted=True)
    with np.load(got, allow_pickle=False) as answers:
        return dict(answers)
