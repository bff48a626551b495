"""Rules of the losses: which targets fit which outputs, and what is left after the reduction."""

from __future__ import annotations

from collections.abc import Mapping

from sketch.graph.dims import Dim
from sketch.graph.errors import ShapeError
from sketch.graph.rows import ValueType, shape_text
from sketch.graph.rule import Call, Rule
from sketch.graph.shape_rules import promotion
from sketch.graph.shape_rules.sizes import Shape, agree, broadcast, require_same


def pairwise_loss(call: Call) -> tuple[ValueType | None, ...]:
    """A value for each element of input and target.

    Arguments: `exact` forbids broadcasting; `dtype` is `first` (the input's), `equal` (both must have one) or
    `joined` (promotion after broadcasting), else torch's promotion; `factors` names float lists that must fit
    the last dimension.
    """
    shape, target = call.shape(0), call.shape(1)
    if call.arg("exact", False):
        shape = require_same(call, shape, target, 1, "a target")
    else:
        shape = broadcast(call, [shape, target])
    for name in call.arg("factors", ()):
        _check_factors(call, name, shape)
    return _reduced(call, _pair_dtype(call), shape)


def _pair_dtype(call: Call) -> str:
    first, second, wanted = call.input(0), call.input(1), call.arg("dtype", "")
    if wanted == "equal" and first.dtype != second.dtype:
        raise ShapeError(
            f"{call.spec.name} needs one element type, gets {first.dtype} and {second.dtype}.",
            f"Insert a Cast to {first.dtype} before the target.",
            port=1,
        )
    if wanted == "joined":
        return promotion.joined(call, [first.dtype, second.dtype])
    return first.dtype if wanted else promotion.promoted(call, [first, second])


def _check_factors(call: Call, name: str, shape: Shape) -> None:
    factors = call.params.get(name)
    if factors is None or len(factors) == 1:
        return
    last: Dim = shape[-1] if shape else 1
    if agree(last, len(factors)) is None:
        raise ShapeError(
            f"{call.spec.name} has {len(factors)} numbers in {name}, the last dimension has {last}.",
            f"Give 1 or {last}.",
            param=name,
        )


def class_loss(call: Call) -> tuple[ValueType | None, ...]:
    """Scores with a class dimension (1, or 0 without a batch) against class numbers.

    Argument `probabilities`: floating targets shaped as the scores are taken too.
    """
    scores, target = call.shape(0), call.input(1)
    if not scores:
        raise ShapeError(f"{call.spec.name} needs a score for each class, gets a single number.", port=0)
    axis = 0 if len(scores) == 1 else 1
    _check_classes(call, scores[axis], axis)
    rest = (*scores[:axis], *scores[axis + 1 :])
    dtype = call.input(0).dtype
    if target.dtype.startswith(("float", "bfloat")):
        rest = _match_probabilities(call, scores, axis)
        dtype = promotion.promoted(call, [call.input(0), target])
    else:
        rest = _match_numbers(call, rest, scores)
    return _reduced(call, dtype, rest)


def _check_classes(call: Call, classes: Dim, axis: int) -> None:
    weight = call.params.get("weight")
    if weight is not None and agree(classes, len(weight)) is None:
        raise ShapeError(
            f"{call.spec.name} has {len(weight)} class weights, the input has {classes} classes in dimension {axis}.",
            f"Give {classes} numbers.",
            param="weight",
        )


def _match_numbers(call: Call, rest: Shape, scores: Shape) -> Shape:
    kind = call.input(1).dtype
    if kind != "int64":
        raise ShapeError(
            f"{call.spec.name} needs int64 class numbers, gets {kind}.", "Insert a Cast to int64.", port=1
        )
    target = call.shape(1)
    taken_for_probabilities = call.arg("probabilities", False) and target == scores
    if not rest and len(target) == 1 and agree(target[0], 1) is not None and not taken_for_probabilities:
        return rest  # torch takes [3] for 3 as well
    sizes = [agree(a, b) for a, b in zip(rest, target, strict=False)]
    if len(rest) == len(target) and None not in sizes:
        return tuple(size for size in sizes if size is not None)
    hint = "Class probabilities must be floating point. " if len(target) == len(scores) else ""
    raise ShapeError(
        f"{call.spec.name} on {shape_text(scores)} needs class numbers of shape {shape_text(rest)}, "
        f"gets {shape_text(target)}.",
        f"{hint}Leave out the class dimension of the target.",
        port=1,
    )


def _match_probabilities(call: Call, scores: Shape, axis: int) -> Shape:
    if call.param("ignore_index") >= 0:
        raise ShapeError(
            f"{call.spec.name} has ignore_index {call.param('ignore_index')}, and the target holds probabilities.",
            "Set ignore_index to -100, or give class numbers (int64).",
            param="ignore_index",
        )
    shape = require_same(call, scores, call.shape(1), 1, "probabilities")
    return (*shape[:axis], *shape[axis + 1 :])


def ctc_loss(call: Call) -> tuple[ValueType | None, ...]:
    """log_probs T×N×C or T×C, targets N×S or all in one row, lengths N (or one number without a batch)."""
    scores, targets = call.shape(0), call.shape(1)
    if len(scores) not in (2, 3):
        raise ShapeError(
            f"{call.spec.name} needs T×N×C or T×C, gets {shape_text(scores)}.",
            "Permute or reshape the input.",
            port=0,
        )
    _check_blank(call, scores[-1])
    batched = len(scores) == 3
    if len(targets) not in (1, 2):
        raise ShapeError(
            f"{call.spec.name} needs targets N×S or one row, gets {shape_text(targets)}.", port=1
        )
    batch: Dim = scores[1] if batched else 1
    if len(targets) == 2 and agree(targets[0], batch) is None:
        raise ShapeError(
            f"{call.spec.name} has {batch} examples and targets for {targets[0]}.",
            "Make them as many.",
            port=1,
        )
    for port in (2, 3):
        _check_lengths(call, call.shape(port), batch, port, batched)
    return _reduced(call, call.input(0).dtype, (batch,) if batched else ())


def _check_blank(call: Call, classes: Dim) -> None:
    blank = call.param("blank")
    if isinstance(classes, int) and blank >= classes:
        raise ShapeError(
            f"{call.spec.name} has blank {blank}, the input has {classes} classes.",
            f"Choose from 0 to {classes - 1}.",
            param="blank",
        )


def _check_lengths(call: Call, shape: Shape, batch: Dim, port: int, batched: bool) -> None:
    if len(shape) == 1 and agree(shape[0], batch) is not None:
        return
    if not shape and not batched:
        return
    name = call.spec.input_port(port).name
    raise ShapeError(
        f"{call.spec.name} needs {batch} numbers in {name}, gets {shape_text(shape)}.",
        "Give one length for each example.",
        port=port,
    )


def cosine_loss(call: Call) -> tuple[ValueType | None, ...]:
    """Two batches of vectors (or two vectors) and 1 or -1 for each pair."""
    target, rank = call.shape(2), len(call.shape(2)) + 1
    for port in (0, 1):
        if rank > 2 or len(call.shape(port)) != rank:
            raise ShapeError(
                f"{call.spec.name} needs inputs N×D with a target of N, or D with a single number; "
                f"gets {shape_text(call.shape(0))}, {shape_text(call.shape(1))} and {shape_text(target)}.",
                "Reshape the inputs or the target.",
                port=2 if rank > 2 else port,
            )
    pairs = broadcast(call, [call.shape(0), call.shape(1)])[:-1]
    dtype = promotion.promoted(call, [call.input(0), call.input(1)])
    return _reduced(call, dtype, broadcast(call, [pairs, target], first_port=1))


def triplet_loss(call: Call) -> tuple[ValueType | None, ...]:
    """Anchor, positive and negative of one rank; the last dimension holds the vectors."""
    shapes = [call.shape(port) for port in range(3)]
    for port, shape in enumerate(shapes):
        if len(shape) != len(shapes[0]):
            raise ShapeError(
                f"{call.spec.name} needs inputs of one rank, gets {', '.join(map(shape_text, shapes))}.",
                "Reshape the odd one.",
                port=port,
            )
    shape = broadcast(call, shapes)
    return _reduced(call, promotion.promoted(call, [call.input(port) for port in range(3)]), shape[:-1])


def _reduced(call: Call, dtype: str, shape: Shape) -> tuple[ValueType]:
    return (ValueType(dtype, shape if call.param("reduction") == "none" else ()),)


RULES: Mapping[str, Rule] = {
    "pairwise_loss": pairwise_loss,
    "class_loss": class_loss,
    "ctc_loss": ctc_loss,
    "cosine_loss": cosine_loss,
    "triplet_loss": triplet_loss,
}
