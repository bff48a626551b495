"""A third-party kernel in a package of its own: numpy is its framework, and its files tell it how to misbehave."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from sketch.binder.kernel import (
    ExportReport,
    ImportedModel,
    KernelInfo,
    Loss,
    PermissionNeededError,
    SourceText,
)
from sketch.graph.delta import Change
from sketch.graph.rows import Node


class Rehearsal:
    """Reads and writes `.play` files: one word that says what happens."""

    info = KernelInfo("rehearsal", "Rehearsal", (".play",), (".play",))

    def available(self):
        return None

    def refusal(self, step):
        return "Rehearsals have no Tanh." if step.layer == "Tanh" else None

    def recognises(self, path, head):
        return head.startswith(b"play:")

    def text(self, network):
        return SourceText("\n".join(step.name for step in network.steps))

    def import_model(self, path, options, task):
        act = Path(path).read_text().removeprefix("play:").strip()
        task.step(1, 4, "reading")
        getattr(self, f"act_{act}")(task)
        task.step(4, 4, "done")
        digest = task.store.put(np.arange(6, dtype=np.float32))
        return ImportedModel((Change("nodes", 1, None, Node(1, "ReLU", digest)),), "rehearsal", "play")

    def export_model(self, network, path, options, task):
        if options.get("act"):
            getattr(self, f"act_{options['act']}")(task)
        path.write_text("play:" + options.get("answer", "1.0"))
        return ExportReport((path,), (Loss("everything", "was only played"),))

    def run(self, path, inputs, task):
        factor = float(path.read_text().removeprefix("play:"))
        return {name: array * factor for name, array in inputs.items()}

    def act_well(self, task):
        print("frameworks print to standard output")

    def act_crash(self, task):
        os.kill(os.getpid(), signal.SIGSEGV)

    def act_exit(self, task):
        os._exit(3)

    def act_sleep(self, task):
        time.sleep(600)

    def act_fail(self, task):
        raise ValueError("first line\nsecond line")

    def act_ask(self, task):
        if not task.trusted:
            raise PermissionNeededError("It holds code; open it with --trust.")

    def act_gulp(self, task):
        np.ones(1 << 38, dtype=np.uint8)


KERNEL = Rehearsal()
