"""Draws of losses, each with targets of the kinds it takes."""

from functools import partial
from typing import Any

import numpy as np

from tests.contract.dice import Array, Dice, Draw, Drawn


def _reduction(dice: Dice) -> dict[str, Any]:
    return {"reduction": dice.pick("mean", "sum", "none")}


def _log_softmax(scores: Array, axis: int) -> Array:
    return np.asarray(scores - np.log(np.exp(scores).sum(axis, keepdims=True)), np.float32)


def _probabilities(dice: Dice, shape: tuple[int, ...], axis: int) -> Array:
    return np.exp(_log_softmax(dice.floats(*shape), axis))


def distance(dice: Dice, param: str = "") -> Drawn:
    shape = dice.some(dice.number(1, 4), 1, 4)
    params = {**_reduction(dice), **({param: dice.real(0.3, 2)} if param else {})}
    return Drawn(params, [dice.floats(*shape), dice.floats(*shape)])


def _class_shape(dice: Dice) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """(classes, shape of the scores, shape of the targets): C, N×C, or N×C×d1×d2."""
    classes, count, space = dice.number(2, 5), dice.number(1, 3), dice.some(dice.number(0, 2), 1, 3)
    if dice.flip(0.15):
        return classes, (classes,), ()
    return classes, (count, classes, *space), (count, *space)


def cross_entropy(dice: Dice) -> Drawn:
    classes, scores, targets = _class_shape(dice)
    params = {**_reduction(dice), **dice.maybe(0.3, label_smoothing=dice.real(0.05, 0.3))}
    params |= dice.maybe(0.3, weight=[dice.real(0.5, 2) for _ in range(classes)])
    if dice.flip(0.3):
        target = _probabilities(dice, scores, 1 if len(scores) > 1 else 0)
        return Drawn(params, [dice.floats(*scores), target], (0, 0) if len(scores) > 1 else ())
    params |= dice.maybe(0.2, ignore_index=classes - 1)
    high = classes - 2 if "ignore_index" in params and classes > 2 and np.prod(targets) < 2 else classes - 1
    target = np.asarray(dice.ints(*targets, high=high))
    # A mean over nothing but left-out targets is not a number: keep one that counts.
    if target.size:
        target.reshape(-1)[:1] = 0
    return Drawn(params, [dice.floats(*scores), target], (0, 0) if len(scores) > 1 else ())


def nll(dice: Dice) -> Drawn:
    classes, scores, targets = _class_shape(dice)
    params = {**_reduction(dice), **dice.maybe(0.3, weight=[dice.real(0.5, 2) for _ in range(classes)])}
    params |= dice.maybe(0.2, ignore_index=classes - 1)
    target = np.asarray(dice.ints(*targets, high=classes - 1))
    target.reshape(-1)[:1] = 0
    logs = _log_softmax(dice.floats(*scores), 1 if len(scores) > 1 else 0)
    return Drawn(params, [logs, target], (0, 0) if len(scores) > 1 else ())


def binary(dice: Dice, logits: bool) -> Drawn:
    shape = dice.some(dice.number(1, 3), 1, 4)
    params = {**_reduction(dice), **dice.maybe(0.3, weight=[dice.real(0.5, 2) for _ in range(shape[-1])])}
    if logits:
        params |= dice.maybe(0.3, pos_weight=[dice.real(0.5, 2) for _ in range(shape[-1])])
    scores = dice.floats(*shape) if logits else dice.floats(*shape, low=0.05, high=0.95)
    target = dice.pick(dice.bools(*shape).astype(np.float32), dice.floats(*shape, low=0.0, high=1.0))
    return Drawn(params, [scores, target])


def divergence(dice: Dice) -> Drawn:
    shape = dice.some(dice.number(2, 3), 2, 4)
    params = {"reduction": dice.pick("mean", "sum", "none", "batchmean"), "log_target": dice.flip()}
    target = _probabilities(dice, shape, -1)
    return Drawn(
        params, [_log_softmax(dice.floats(*shape), -1), np.log(target) if params["log_target"] else target]
    )


def ctc(dice: Dice) -> Drawn:
    count, classes, steps, longest = (
        dice.number(1, 3),
        dice.number(3, 5),
        dice.number(7, 9),
        dice.number(1, 3),
    )
    blank = dice.pick(0, classes - 1)
    low, high = (1, classes - 1) if blank == 0 else (0, classes - 2)
    lengths = dice.ints(count, low=1, high=longest)
    padded = dice.ints(count, longest, low=low, high=high)
    joined = np.concatenate([row[:size] for row, size in zip(padded, lengths, strict=True)])
    inputs: list[Array | None] = [
        _log_softmax(dice.floats(steps, count, classes), -1),
        dice.pick(padded, joined),
        dice.ints(count, low=6, high=steps),
        lengths,
    ]
    return Drawn({**_reduction(dice), "blank": blank, "zero_infinity": dice.flip()}, inputs)


def cosine(dice: Dice) -> Drawn:
    count, width = dice.number(1, 4), dice.number(2, 5)
    target = dice.ints(count, high=1) * 2 - 1
    params = {**_reduction(dice), "margin": dice.real(-0.5, 0.5)}
    return Drawn(params, [dice.floats(count, width), dice.floats(count, width), target], (0, 0, 0))


def triplet(dice: Dice) -> Drawn:
    shape = dice.some(2, 2, 4)
    params = {**_reduction(dice), "margin": dice.real(0.2, 2), "p": dice.pick(1.0, 2.0), "swap": dice.flip()}
    return Drawn(params, [dice.floats(*shape) for _ in range(3)], (0, 0, 0))


DRAWS: dict[str, Draw] = {
    "MSELoss": distance,
    "L1Loss": distance,
    "SmoothL1Loss": partial(distance, param="beta"),
    "HuberLoss": partial(distance, param="delta"),
    "CrossEntropyLoss": cross_entropy,
    "NLLLoss": nll,
    "BCELoss": partial(binary, logits=False),
    "BCEWithLogitsLoss": partial(binary, logits=True),
    "KLDivLoss": divergence,
    "CTCLoss": ctc,
    "CosineEmbeddingLoss": cosine,
    "TripletMarginLoss": triplet,
}
