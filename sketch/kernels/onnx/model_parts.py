"""What the operators of a model share: initializers of weights and small constants, functions, and names of steps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sketch.graph.network import Network, Step
from sketch.kernels.onnx.claims import Claim
from sketch.kernels.onnx.emitter import UnsayableError
from sketch.kernels.onnx.program import Function, Initializer, Program
from sketch.kernels.onnx.value_names import Reuse, ValueNames


class ModelParts:
    """Adds to a program what a step needs beside its operators. `above` is the path of a body of control flow.

    `constants` are the claims of Constants and Parameters by the names of their initializers.
    """

    def __init__(self, network: Network, program: Program, names: ValueNames, reuse: Reuse | None):
        self._network, self._program, self._names, self._reuse = network, program, names, reuse
        self.above: tuple[str, ...] = ()
        self.constants: dict[str, str] = {}
        self._tensors: dict[int, str] = {}
        self._functions: dict[str, dict[str, Function]] = {}

    def inside(
        self, network: Network, program: Program, names: ValueNames, above: tuple[str, ...]
    ) -> ModelParts:
        """The same for a body of control flow: its weights, functions and constants are those of the model."""
        inner = ModelParts(network, program, names, None)
        inner.above, inner.constants = above, self.constants
        inner._tensors, inner._functions = self._tensors, self._functions
        program.initializers, program.functions = self._program.initializers, self._program.functions
        return inner

    # --- names -------------------------------------------------------------------------------------

    def path(self, step: Step) -> tuple[str, ...]:
        """Names of what encloses a step from the top of the model, then its own."""
        return (*self.above, *self._network.path(step))

    def claim(self, step: Step, inputs: Iterable[int | str | None]) -> Claim:
        """What a step says of itself in the model's metadata."""
        return Claim(step.layer, dict(step.pinned), tuple(inputs), self._network.path(step))

    def _named(self, step: Step, end: str) -> str:
        return self._names.unique(f"{'.'.join(self.path(step))}.{end}")

    # --- initializers ------------------------------------------------------------------------------

    def known_as(self, tensor: int, name: str) -> None:
        """A tensor of the document has an initializer already."""
        self._tensors.setdefault(tensor, name)

    def small(self, step: Step, hint: str, value: Any) -> str:
        """The initializer of a small constant, by name."""
        wish = self._reuse.wishes.get((step.id, hint)) if self._reuse else None
        name = wish or self._named(step, hint)
        self._program.initializers.append(Initializer(name, value.dtype, value.shape, value, step.id))
        return name

    def weight(self, step: Step, role: str) -> str:
        """The initializer of a weight, by name; tied weights share one."""
        kind = step.weights.get(role)
        if kind is None:
            raise UnsayableError(f"The shape of its {role} is not known yet.")
        given = self._reuse.weights.get((step.id, role)) if self._reuse else None
        if given is not None:
            return given
        tensor = step.stored.get(role)
        if tensor is not None and tensor in self._tensors:
            return self._tensors[tensor]
        own = self._network.tensors[tensor].name if tensor is not None and step.spec.is_operator else ""
        wish = self._reuse.wishes.get((step.id, role)) if self._reuse else None
        name = wish or (self._names.unique(own) if own else self._named(step, role))
        self._program.initializers.append(Initializer(name, kind.dtype, kind.shape, None, step.id, role))
        if tensor is not None:
            self._tensors[tensor] = name
        return name

    # --- functions ---------------------------------------------------------------------------------

    def function(self, function: Function) -> Function:
        """The function itself, or an equal one that is there already; others of its layer get a number.

        The number is in the name: an overload would say it, but several readers of ONNX know none.
        """
        known = self._functions.setdefault(function.name, {})
        body = [
            (op.kind, op.inputs, op.outputs, sorted(op.attributes.items(), key=str)) for op in function.ops
        ]
        key = repr((function.inputs, function.outputs, function.attributes, body))
        if key not in known:
            taken = {item.name for item in known.values()} | (self._reuse.functions if self._reuse else set())
            number, layer = 1, function.name
            while function.name in taken:
                number += 1
                function.name = f"{layer}_{number}"
            known[key] = function
            self._program.functions.append(function)
        return known[key]
