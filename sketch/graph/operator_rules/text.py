"""Rules of operators on text, and of images in files."""

from __future__ import annotations

from sketch.graph.operator_call import OperatorCall, Out
from sketch.graph.rows import ValueType


def split(call: OperatorCall) -> tuple[Out, ...]:
    """The parts of each text in a new dimension, and how many there are."""
    shape = call.shape()
    return ValueType("string", (*shape, call.fresh(0, len(shape)))), ValueType("int64", shape)


def normalised(call: OperatorCall) -> tuple[Out, ...]:
    """The texts that stay."""
    shape = call.shape()
    return ((*shape[:-1], call.fresh(0, len(shape) - 1)) if call.attr("stopwords") else shape,)


def counts(call: OperatorCall) -> tuple[Out, ...]:
    """A number for each n-gram in the last dimension."""
    indexes = call.attr("ngram_indexes") or (0,)
    return (ValueType("float32", (*call.shape()[:-1], max(indexes) + 1)),)


def image(call: OperatorCall) -> tuple[Out, ...]:
    """Height, width and channels of a decoded picture."""
    channels = 1 if call.attr("pixel_format") == "Grayscale" else 3
    return (ValueType("uint8", (call.fresh(0, 0), call.fresh(0, 1), channels)),)


RULES = {
    "StringSplit": split,
    "StringNormalizer": normalised,
    "TfIdfVectorizer": counts,
    "ImageDecoder": image,
}
