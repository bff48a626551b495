"""The Binder of the paper: dispatches compile and import to kernels in worker processes, and proves the result."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sketch.binder.job import Job
from sketch.binder.kernel import BinderError, ExportReport, ImportedModel, Kernel, Verification
from sketch.binder.losses import as_asked
from sketch.binder.process import WorkerProcess
from sketch.binder.registry import KernelRegistry
from sketch.binder.samples import sample_inputs
from sketch.binder.sniff import recognise
from sketch.binder.verify import compare
from sketch.binder.wire import Request
from sketch.durable import publish_file
from sketch.graph.network import Network

log = logging.getLogger(__name__)
Sizes = Mapping[str, tuple[int, ...]]


class Binder:
    """Starts jobs. One warm worker a kernel, started at first use, ended by `close`."""

    def __init__(self, registry: KernelRegistry):
        self.registry = registry
        self._workers: dict[str, WorkerProcess] = {}

    def import_model(
        self,
        path: Path,
        store_folder: Path,
        options: Mapping[str, Any] | None = None,
        *,
        trusted: bool = False,
    ) -> Job:
        """A running job whose result is an ImportedModel; BinderError at once when the file is no model."""
        kernel = recognise(path, self.registry)

        def body(job: Job) -> ImportedModel:
            log.info("import.started path=%s kernel=%s", path, kernel.info.name)
            arguments = {"path": path.resolve(), "options": dict(options or {})}
            with _Scratch() as scratch:
                model: ImportedModel = self._call(
                    job, kernel, "import_model", arguments, store_folder, scratch, trusted
                )
            return model

        return Job(f"Open {path.name}", body).start()

    def export_model(
        self,
        network: Network,
        path: Path,
        kernel: str,
        options: Mapping[str, Any] | None = None,
        *,
        verify: bool = True,
        source: Path | None = None,
        sizes: Sizes | None = None,
        trusted: bool = False,
    ) -> Job:
        """A running job whose result is an ExportReport with published files.

        Args:
            source: the file the network was opened from, unedited; the proof then runs that file.
            sizes: shapes of inputs for the proof, by name.
            trusted: code in `source` may run for the proof.
        """
        chosen = self.registry[kernel]
        whole, network = network, as_asked(network, options or {})
        source = source if network is whole else None
        self.check(network, chosen)
        if not path.parent.is_dir():
            raise BinderError(
                f"{path}: the folder {path.parent} does not exist; create it or choose another."
            )

        def body(job: Job) -> ExportReport:
            with _Scratch() as scratch:
                log.info("compile.started path=%s kernel=%s", path, kernel)
                report = self._export(job, chosen, network, scratch / path.name, options or {}, scratch)
                if verify:
                    report = self._verified(job, chosen, network, report, scratch, source, sizes, trusted)
                job.check()
                return replace(
                    report, files=tuple(publish_file(f, path.parent / f.name) for f in report.files)
                )

        return Job(f"Compile {path.name}", body).start()

    def check(self, network: Network, kernel: Kernel) -> None:
        """BinderError when a problem or a refusal stops this network from compiling with this kernel."""
        reason = kernel.available()
        if reason:
            raise BinderError(reason)
        if not network.steps:
            raise BinderError("The canvas is empty; draw or open a network first.")
        for problem in network.errors:
            name = (
                f"'{network.qualified(network.step(problem.node))}': "
                if problem.node in network.by_id
                else ""
            )
            raise BinderError(f"{name}{problem}")
        for step in network.steps:
            refusal = kernel.refusal(step)
            if refusal:
                raise BinderError(f"'{network.qualified(step)}': {refusal}")

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers.values():
            worker.close()
        self._workers.clear()

    def _call(
        self,
        job: Job,
        kernel: Kernel,
        method: str,
        arguments: Mapping[str, Any],
        store: Path,
        scratch: Path,
        trusted: bool,
    ) -> Any:
        name = kernel.info.name
        worker = self._workers.setdefault(name, WorkerProcess(name))
        return job.use(worker, Request(method, dict(arguments), str(store), str(scratch), trusted))

    def _export(
        self,
        job: Job,
        kernel: Kernel,
        network: Network,
        path: Path,
        options: Mapping[str, Any],
        scratch: Path,
    ) -> ExportReport:
        arguments = {"network": replace(network, tables=None), "path": path, "options": dict(options)}
        report: ExportReport = self._call(
            job, kernel, "export_model", arguments, network.store.folder, scratch, False
        )
        return report

    def _verified(
        self, job: Job, kernel: Kernel, network: Network, report: ExportReport, scratch: Path,
        source: Path | None, sizes: Sizes | None, trusted: bool,
    ) -> ExportReport:  # fmt: skip
        """The report with the proof, or with a note that says why there is none."""
        job.report(0, 0, "Checking the numbers")
        inputs = sample_inputs(network, seed=network.seed, sizes=sizes)
        run = self._runner(job, network, scratch, inputs, trusted)
        try:
            expected = self._reference(job, kernel, network, scratch, source, run)
            if expected is None:
                return replace(
                    report,
                    notes=(*report.notes, "Not verified: no second program here can run this network."),
                )
            against, answers = expected
            verification: Verification = compare(against, answers, run(kernel, report.files[0], True))
        except BinderError as error:
            job.check()
            return replace(report, notes=(*report.notes, f"Not verified: {error}"))
        return replace(report, verification=verification)

    def _runner(
        self,
        job: Job,
        network: Network,
        scratch: Path,
        inputs: Mapping[str, np.ndarray[Any, Any]],
        trusted: bool,
    ) -> Callable[[Kernel, Path, bool], Mapping[str, np.ndarray[Any, Any]]]:
        np.savez(scratch / "inputs.npz", **inputs)  # type: ignore[arg-type]

        def run(kernel: Kernel, path: Path, ours: bool) -> Mapping[str, np.ndarray[Any, Any]]:
            arguments = {"path": path, "inputs": scratch / "inputs.npz", "outputs": scratch / "outputs.npz"}
            self._call(job, kernel, "run_file", arguments, network.store.folder, scratch, trusted or ours)
            with np.load(scratch / "outputs.npz", allow_pickle=False) as answers:
                return dict(answers)

        return run

    def _reference(
        self, job: Job, kernel: Kernel, network: Network, scratch: Path, source: Path | None, run: Any
    ) -> tuple[str, Mapping[str, np.ndarray[Any, Any]]] | None:
        """(what was run, its answers): the source file, else the same network through another kernel."""
        if source is not None:
            return source.name, run(recognise(source, self.registry), source, False)
        for other in self.registry:
            if other is kernel or other.available() or any(other.refusal(step) for step in network.steps):
                continue
            path = scratch / f"reference{other.info.writes[0]}"
            self._export(job, other, network, path, {}, scratch)
            return f"the same network through {other.info.title}", run(other, path, True)
        return None


class _Scratch:
    """A temporary folder that is gone with the block, also after a cancel."""

    def __enter__(self) -> Path:
        self._folder = Path(tempfile.mkdtemp(prefix="sketch-job-"))
        return self._folder

    def __exit__(self, *_exc: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
