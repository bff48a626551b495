"""Kernels by entry point. A broken plug-in is listed with its reason and never stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from sketch.binder.kernel import BinderError, Kernel

GROUP = "sketch.kernels"


class KernelRegistry:
    """The kernels that are installed, by name, in the order of their names."""

    def __init__(self, kernels: Mapping[str, Kernel], failures: Mapping[str, str] | None = None):
        self._kernels = dict(sorted(kernels.items()))
        self.failures = dict(failures or {})

    @classmethod
    def discover(cls) -> KernelRegistry:
        """Load every installed kernel (light: frameworks load in workers only)."""
        kernels: dict[str, Kernel] = {}
        failures: dict[str, str] = {}
        for point in entry_points(group=GROUP):
            try:
                kernel = point.load()
            except Exception as error:  # noqa: BLE001 - a border: a plug-in may fail in any way
                failures[point.name] = f"{type(error).__name__}: {error}"
                continue
            if isinstance(kernel, Kernel):
                kernels[point.name] = kernel
            else:
                failures[point.name] = f"{point.value} is no kernel"
        return cls(kernels, failures)

    def __iter__(self) -> Iterator[Kernel]:
        return iter(self._kernels.values())

    def __contains__(self, name: str) -> bool:
        return name in self._kernels

    def __getitem__(self, name: str) -> Kernel:
        if name in self._kernels:
            return self._kernels[name]
        if name in self.failures:
            raise BinderError(f"The kernel {name} failed to load ({self.failures[name]}); install it again.")
        raise BinderError(f"There is no kernel {name!r}; there are {', '.join(self._kernels) or 'none'}.")

    def names(self) -> list[str]:
        """Names of the kernels, sorted."""
        return list(self._kernels)

    def for_suffix(self, path: Path) -> Kernel:
        """The kernel that writes files of this suffix; BinderError names the suffixes there are."""
        for kernel in self:
            if path.suffix.lower() in kernel.info.writes:
                return kernel
        known = ", ".join(suffix for kernel in self for suffix in kernel.info.writes)
        raise BinderError(f"No kernel writes {path.suffix or 'files without a suffix'}; use one of {known}.")

    def for_content(self, path: Path, head: bytes) -> Kernel | None:
        """The kernel whose format this content is; one that reads the suffix is asked first."""
        by_suffix = sorted(self, key=lambda kernel: path.suffix.lower() not in kernel.info.reads)
        return next((kernel for kernel in by_suffix if kernel.recognises(path, head)), None)
