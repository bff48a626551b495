"""Rules of Fourier transforms and the windows before them."""

from __future__ import annotations

from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.rows import ValueType
from sketch.graph.shape_rules.sizes import axis_of


def dft(call: OperatorCall) -> tuple[Out, ...]:
    """Frequencies along the axis; the last dimension is real and imaginary part."""
    shape = call.shape()
    one, back = call.flag("onesided"), call.flag("inverse")
    if not one and not call.given(1):
        return ((*shape[:-1], 2),)
    named = call.whole(2) if call.given(2) else (-2,)
    if not named:
        return ((*(None,) * (len(shape) - 1), 1 if one and back else 2),)
    axis = axis_of(call, named[0], len(shape), "axis")
    length = call.numbers(1) if call.given(1) else (shape[axis],)
    size = None if not length else length[0] // 2 + 1 if one and not back else length[0]
    if one and back and not call.given(1):
        size = 2 * (shape[axis] - 1)
    return ((*shape[:axis], size, *shape[axis + 1 : -1], 1 if one and back else 2),)


def stft(call: OperatorCall) -> tuple[Out, ...]:
    """Frames, and the frequencies of each."""
    shape, step = call.shape(), call.numbers(1)
    length = call.numbers(3)
    if length is None and call.given(2) and not call.given(3):
        length = (call.shape(2)[0],)
    if length is None and not call.given(2) and not call.given(3):
        length = (shape[1],)
    if not length or not step:
        return ((shape[0], None, None, 2),)
    bins = length[0] // 2 + 1 if call.flag("onesided") else length[0]
    return ((shape[0], (shape[1] - length[0]) // step[0] + 1, bins, 2),)


def window(call: OperatorCall) -> tuple[Out, ...]:
    """As many numbers as the input says."""
    size = call.numbers(0)
    return (ValueType(call.element_attr("output_datatype") or "float32", (size[0] if size else None,)),)


def mel(call: OperatorCall) -> tuple[Out, ...]:
    """A row for each frequency, a column for each band."""
    bands, length = call.numbers(0), call.numbers(1)
    shape = (length[0] // 2 + 1 if length else None, bands[0] if bands else None)
    return (ValueType(call.element_attr("output_datatype") or "float32", shape),)


RULES = {
    "DFT": dft,
    "STFT": stft,
    "BlackmanWindow": window,
    "HammingWindow": window,
    "HannWindow": window,
    "MelWeightMatrix": mel,
}
