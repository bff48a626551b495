"""What a worker may use; set on itself before any framework is imported."""

from __future__ import annotations

import contextlib
import os
import threading
import time

RESERVE_BYTES = 2 << 30
"""Memory left to the window and the system."""


def restrain() -> None:
    """Limit memory to what the machine has less a reserve, no core files, and die with the parent process."""
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) // 2)))
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with contextlib.suppress(ImportError):
        import resource

        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        # RLIMIT_DATA and not RLIMIT_AS: a memory-mapped 10 GB model takes addresses, not memory.
        _lower(resource.RLIMIT_DATA, max(2 << 30, physical - RESERVE_BYTES))
        _lower(resource.RLIMIT_CORE, 0)
    threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()


def _follow_parent(parent: int) -> None:
    """End with the window, also when it was killed. (The kernel's own death signal follows a thread, not a process.)"""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _lower(kind: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (ceiling, hard))
