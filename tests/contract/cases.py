"""Valid random instances of every layer, seeded: what the contract of a kernel and the layers' own tests run on."""

from dataclasses import dataclass

import numpy as np

from sketch.graph.dims import symbol
from sketch.graph.rows import FrozenDict, ValueType
from sketch.graph.specs import LayerSpec
from tests.contract import draws_loss, draws_plain, draws_sequence, draws_space, draws_tensor
from tests.contract.dice import Array, Dice, Draw

DRAWS: dict[str, Draw] = {
    **draws_space.DRAWS,
    **draws_sequence.DRAWS,
    **draws_plain.DRAWS,
    **draws_loss.DRAWS,
    **draws_tensor.DRAWS,
}


@dataclass(frozen=True)
class Case:
    """One layer with pinned parameters (in their stored form) and an array for each input, None where it is open.

    `batch` is the axis of each input whose size may be any number N at once, None (or no entry) where it may not.
    `tags`: `unbatched` when the input lacks a batch dimension.
    """

    layer: str
    seed: int
    params: FrozenDict
    inputs: tuple[Array | None, ...]
    batch: tuple[int | None, ...] = ()
    tags: frozenset[str] = frozenset()

    def types(self) -> tuple[ValueType | None, ...]:
        """The type of each input."""
        return tuple(None if x is None else ValueType(x.dtype.name, x.shape) for x in self.inputs)

    def symbolic_types(self) -> tuple[ValueType | None, ...]:
        """The same with N for the batch; equal to `types` where there is no batch."""
        axes = (*self.batch, *(None,) * (len(self.inputs) - len(self.batch)))
        pairs = zip(self.types(), axes, strict=False)
        return tuple(kind if kind is None or axis is None else _with_n(kind, axis) for kind, axis in pairs)

    @property
    def batch_size(self) -> int | None:
        """What N is in this case; None where there is no batch."""
        pairs = zip(self.inputs, self.batch, strict=False)
        return next((int(x.shape[axis]) for x, axis in pairs if x is not None and axis is not None), None)

    def __str__(self) -> str:
        return f"{self.layer}-{self.seed}"


def cases(spec: LayerSpec, seed: int = 0, count: int = 4) -> list[Case]:
    """`count` random instances of a layer; none for groups, which have no meaning of their own.

    KeyError for a layer without a draw: every layer of the library needs one in a draws_*.py.
    """
    return [] if spec.group else [case(spec, seed * 1000 + index) for index in range(count)]


def case(spec: LayerSpec, seed: int) -> Case:
    """The instance of a layer that belongs to this seed."""
    drawn = DRAWS[spec.name](Dice(seed, spec.name))
    params = FrozenDict({name: spec.clean_param(name, value) for name, value in drawn.params.items()})
    inputs = tuple(None if x is None else np.asarray(x) for x in drawn.inputs)
    while inputs and inputs[-1] is None:
        inputs = inputs[:-1]
    return Case(spec.name, seed, params, inputs, drawn.batch, drawn.tags)


def _with_n(kind: ValueType, axis: int) -> ValueType:
    shape = kind.shape or ()
    return ValueType(kind.dtype, (*shape[:axis], symbol("N"), *shape[axis + 1 :]))
