"""The Binder of the paper: dispatches compile and import to kernels in worker processes, and proves the result."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sketch.binder.job import Job
from sketch.binder.kernel import BinderError, ExportReport, ImportedModel, Kernel
from sketch.binder.losses import as_asked
from sketch.binder.origin import options_of, origin_of, with_origin
from sketch.binder.process import WorkerProcess
from sketch.binder.proof import Prover, Side, source_side
from sketch.binder.publishing import publish
from sketch.binder.registry import KernelRegistry
from sketch.binder.samples import SYMBOL_SIZES, draw_samples, has_symbols
from sketch.binder.sniff import recognise
from sketch.binder.wire import Request
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
        first: Callable[[Job, Kernel], object] = lambda _job, _kernel: None,
    ) -> Job:
        """A running job whose result is an ImportedModel; BinderError at once when the file is no model.

        Args:
            first: is called on the job's thread with the kernel that reads the file, before its worker is asked.
        """
        kernel = recognise(path, self.registry)

        def body(job: Job) -> ImportedModel:
            first(job, kernel)
            log.info("import.started path=%s kernel=%s", path, kernel.info.name)
            arguments = {"path": path.resolve(), "options": dict(options or {})}
            with _Scratch() as scratch:
                runs = Runs(self, job, store_folder, scratch)
                model: ImportedModel = runs.call(kernel, "import_model", arguments, trusted)
            return replace(model, delta=with_origin(model, path, options))

        return Job(f"Open {path.name}", body).start()

    def export_model(
        self,
        network: Network | Callable[[], Network],
        path: Path,
        kernel: str,
        options: Mapping[str, Any] | None = None,
        *,
        verify: bool = True,
        source: Path | None = None,
        sizes: Sizes | None = None,
        trusted: bool = False,
    ) -> Job:
        """A running job whose result is an ExportReport with published files; BinderError when it cannot begin.

        Args:
            network: what to compile, or what gives it on the thread of the job, which then fails when it is refused.
            source: the file that the proof runs; left out, it is the one the network was opened from, as long as
                both are unchanged.
            sizes: shapes of inputs for the proof, by name.
            trusted: code in `source` may run for the proof.
        """
        chosen = self.registry[kernel]
        _require_folder(path)
        checked = partial(self._checked, kernel=chosen, options=options or {}, source=source)
        ready = None if callable(network) else checked(network)

        def body(job: Job) -> ExportReport:
            log.info("compile.started path=%s kernel=%s", path, kernel)
            asked, known = ready or checked(network())  # type: ignore[operator] # what is not ready is called
            with _Scratch() as scratch:
                job.check()
                runs = Runs(self, job, asked.store.folder, scratch)
                report = runs.export(chosen, asked, scratch / path.name, options)
                if verify:
                    report = self._verified(runs, chosen, asked, report, known, sizes, trusted)
                job.check()
                made = replace(report, files=publish(report.files, path.parent, asked.store))
            return replace(made, kernel=kernel, options=dict(options or {}), source=str(known or ""))

        return Job(f"Compile {path.name}", body).start()

    def _checked(
        self, whole: Network, *, kernel: Kernel, options: Mapping[str, Any], source: Path | None
    ) -> tuple[Network, Path | None]:
        """What is to be compiled and the file that its proof runs; BinderError when something stops it."""
        asked = as_asked(whole, options)
        self.check(asked, kernel)
        return asked, (source or origin_of(whole)) if asked is whole else None

    def check(self, network: Network, kernel: Kernel) -> None:
        """BinderError when a problem or a refusal stops this network from compiling with this kernel."""
        reason = kernel.available()
        if reason:
            raise BinderError(reason)
        if not network.steps:
            raise BinderError("The canvas is empty; draw or open a network first.")
        if network.meta.get("weights_only") and not network.outputs:
            raise BinderError(
                "These are weights without a network; open them with the one that they belong to."
            )
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

    def job(self, title: str, body: Callable[[Job, Runs], Any], store: Path) -> Job:
        """A running job whose body may call kernels (what surgery computes); `store` is the folder of the tensors."""

        def run(job: Job) -> Any:
            with _Scratch() as scratch:
                return body(job, Runs(self, job, store, scratch))

        return Job(title, run).start()

    def worker(self, kernel: str) -> WorkerProcess:
        """The warm worker of a kernel."""
        return self._workers.setdefault(kernel, WorkerProcess(kernel))

    def _verified(
        self, runs: Runs, kernel: Kernel, network: Network, report: ExportReport,
        source: Path | None, sizes: Sizes | None, trusted: bool,
    ) -> ExportReport:  # fmt: skip
        """The report with the proof, or with a note that says why there is none."""
        runs.job.report(0, 0, "Checking the numbers")
        result = Side(kernel, report.files[0], report.files[0].name, trusted=True)
        reason = "no second program here can run this network."
        for symbols in SYMBOL_SIZES if has_symbols(network) else SYMBOL_SIZES[:1]:
            try:
                samples = draw_samples(network, network.seed, sizes, symbols)
                side = self._source(source, network, trusted) if source is not None else None
                proof = Prover(runs, runs.job, network, runs.scratch, samples).prove(result, side)
            except (BinderError, ValueError) as error:
                runs.job.check()
                reason = str(error) if symbols == SYMBOL_SIZES[0] else reason
                continue
            if proof is not None:
                return replace(report, verification=proof)
            break
        return replace(report, notes=(*report.notes, f"Not verified: {reason}"))

    def _source(self, path: Path, network: Network, trusted: bool) -> Side:
        options = options_of(network) if path == origin_of(network) else {}
        return source_side(path, self.registry, trusted, options)


class Runs:
    """What the body of a job may ask: calls of kernels in their workers, files in a scratch folder."""

    def __init__(self, binder: Binder, job: Job, store: Path, scratch: Path):
        self.registry = binder.registry
        self.job, self.scratch = job, scratch
        self._binder, self._store = binder, store

    def call(self, kernel: Kernel, method: str, arguments: Mapping[str, Any], trusted: bool) -> Any:
        """Call a method of a kernel in its worker; BinderError, CancelledJobError."""
        request = Request(method, dict(arguments), str(self._store), str(self.scratch), trusted)
        return self.job.use(self._binder.worker(kernel.info.name), request)

    def export(
        self, kernel: Kernel, network: Network, path: Path, options: Mapping[str, Any] | None = None
    ) -> ExportReport:
        """Write a network at a path of the scratch folder."""
        arguments = {
            "network": replace(network, tables=None),
            "path": path,
            "options": dict(options or {}),
        }
        report: ExportReport = self.call(kernel, "export_model", arguments, False)
        return report


def _require_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise BinderError(f"{path}: the folder {path.parent} does not exist; create it or choose another.")


class _Scratch:
    """A temporary folder that is gone with the block, also after a cancel."""

    def __enter__(self) -> Path:
        self._folder = Path(tempfile.mkdtemp(prefix="sketch-job-"))
        return self._folder

    def __exit__(self, *_exc: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
