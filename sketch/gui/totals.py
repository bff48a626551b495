"""How large the network in front is, in words: the line below the canvas and the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sketch.graph.freezing import counting_frozen, frozen_parameters
from sketch.gui.reading import Reading

if TYPE_CHECKING:
    from sketch.state.document import Document

FEW = 200
"""Of so few rows beside the layers it is known at once how many parameters are frozen."""


class TotalsReader(QObject):
    """Gives the totals of a document to `show`; where thousands of layers may be frozen they are counted in slices."""

    def __init__(self, parent: QObject, show: Callable[[str], object]):
        super().__init__(parent)
        self._show = show
        self._reading: Reading | None = None
        self._frozen = 0

    def tell(self, document: Document | None) -> None:
        """Find out, and show."""
        if self._reading is not None:
            self._reading.stop()
            self._reading.deleteLater()
            self._reading = None
        if document is None or len(document.tables.meta) <= FEW:
            self._show(totals_text(document))
            return
        self._reading = Reading(
            self,
            document,
            partial(self._count, document),
            lambda: self._show(totals_text(document, self._frozen)),
        )

    def _count(self, document: Document) -> Iterator[None]:
        for self._frozen in counting_frozen(document.tables, document.inference):
            yield


def totals_text(document: Document | None, frozen: int | None = None) -> str:
    """`61,706 parameters in 12 layers`; empty without a document. `frozen`: how many of them are, if that is known."""
    if document is None:
        return ""
    inference = document.inference
    layers = inference.layer_count
    if frozen is None:
        frozen = frozen_parameters(document.tables, inference)
    text = f"{inference.total_parameters:,} parameters in {layers:,} layer{'' if layers == 1 else 's'}"
    text += f", {inference.total_parameters - frozen:,} trainable, {frozen:,} frozen" if frozen else ""
    unknown = len(inference.unknown_parameters)
    return text + (f", {unknown:,} of unknown size" if unknown else "")
