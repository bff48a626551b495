"""ONNX files of many operators for the measurements: a chain, branches, transformers, dense skips.

Run it with the project's Python to write them all: python benchmarks/models.py FOLDER. Weights are small and shared, so
that the size of a file says nothing about the number of its operators.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WIDTH, HEADS, TOKENS, CHANNELS = 16, 2, 6, 8


class Builder:
    """A graph that grows operator by operator; every value has one name."""

    def __init__(self, name: str):
        from onnx import helper

        self._make = helper.make_node
        self.name = name
        self.nodes: list[Any] = []
        self.weights: dict[str, Any] = {}

    def add(self, kind: str, inputs: list[str], name: str = "", **attributes: Any) -> str:
        """One operator; the name of its output."""
        out = f"v{len(self.nodes)}"
        self.nodes.append(self._make(kind, inputs, [out], name or f"{kind}_{len(self.nodes)}", **attributes))
        return out

    def weight(self, name: str, shape: tuple[int, ...], value: float = 0.01) -> str:
        """A tensor of the file, the same for every use of its name."""
        import numpy as np
        from onnx import numpy_helper

        if name not in self.weights:
            self.weights[name] = numpy_helper.from_array(np.full(shape, value, np.float32), name)
        return name

    def whole(self, name: str, values: list[int]) -> str:
        """A tensor of whole numbers: the shape of a Reshape."""
        import numpy as np
        from onnx import numpy_helper

        self.weights.setdefault(name, numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def save(self, path: Path, last: str, inputs: dict[str, list[int]], shape: list[int]) -> Path:
        """Write the file, checked."""
        import onnx
        from onnx import helper

        ends = [helper.make_tensor_value_info(name, 1, sizes) for name, sizes in inputs.items()]
        out = helper.make_tensor_value_info(last, 1, shape)
        graph = helper.make_graph(self.nodes, self.name, ends, [out], list(self.weights.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        onnx.checker.check_model(model)
        onnx.save(model, path)
        return path


IMAGE = ["N", CHANNELS, 8, 8]


def chain(path: Path, nodes: int) -> Path:
    """Convolution, activation, and so on, one after the other."""
    build, last = Builder("chain"), "image"
    while len(build.nodes) < nodes:
        last = _conv(build, last, 3)
        last = build.add("Relu", [last])
    return build.save(path, last, {"image": IMAGE}, IMAGE)


def branching(path: Path, nodes: int) -> Path:
    """Blocks of four branches that are joined and added to what came in, as in Inception-ResNet."""
    build, last = Builder("branching"), "image"
    while len(build.nodes) < nodes:
        branches = []
        for depth in (1, 2, 3):
            here = last
            for step in range(depth):
                here = build.add("Relu", [_conv(build, here, 3 if step else 1)])
            branches.append(here)
        branches.append(build.add("AveragePool", [last], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        joined = build.add("Concat", branches, axis=1)
        weight = build.weight("w_join", (CHANNELS, 4 * CHANNELS, 1, 1))
        last = build.add("Add", [build.add("Conv", [joined, weight]), last])
    return build.save(path, last, {"image": IMAGE}, IMAGE)


def dense(path: Path, nodes: int) -> Path:
    """Dense blocks of 24 layers, each of which joins all before it in its block, as in DenseNet."""
    build, last = Builder("dense"), "image"
    while len(build.nodes) < nodes:
        known = [last]
        for _ in range(24):
            joined = build.add("Concat", known, axis=1) if len(known) > 1 else known[0]
            weight = build.weight(f"w{len(known)}", (CHANNELS, CHANNELS * len(known), 1, 1))
            here = build.add("Relu", [build.add("Conv", [build.add("Relu", [joined]), weight])])
            known.append(build.add("Relu", [_conv(build, here, 3)]))
        joined = build.add("Concat", known, axis=1)
        weight = build.weight(f"w{len(known)}", (CHANNELS, CHANNELS * len(known), 1, 1))
        last = build.add("Conv", [joined, weight])
    return build.save(path, last, {"image": IMAGE}, IMAGE)


def transformer(path: Path, nodes: int, *, mask: bool = False) -> Path:
    """Blocks of attention and feed-forward as exporters write them; with `mask`, one mask is added in every block."""
    build = Builder("transformer")
    last, inputs = "tokens", {"tokens": ["N", TOKENS, WIDTH]}
    shared = ""
    if mask:
        inputs["mask"] = ["N", 1, TOKENS, TOKENS]
        one = build.weight("one", (1,), 1.0)
        shared = build.add("Mul", [build.add("Sub", [one, "mask"]), build.weight("least", (1,), -1e4)])
    while len(build.nodes) < nodes:
        last = _block(build, last, shared)
    return build.save(path, last, inputs, ["N", TOKENS, WIDTH])


def masked(path: Path, nodes: int) -> Path:
    """The transformer with one shared mask wired into every block."""
    return transformer(path, nodes, mask=True)


def _conv(build: Builder, last: str, size: int) -> str:
    weight = build.weight(f"w{size}x{size}", (CHANNELS, CHANNELS, size, size))
    return build.add("Conv", [last, weight], kernel_shape=[size, size], pads=[size // 2] * 4)


def _linear(build: Builder, last: str, into: int, out: int) -> str:
    product = build.add("MatMul", [last, build.weight(f"w{into}_{out}", (into, out))])
    return build.add("Add", [product, build.weight(f"b{out}", (out,))])


def _norm(build: Builder, last: str) -> str:
    return build.add(
        "LayerNormalization", [last, build.weight("scale", (WIDTH,), 1.0), build.weight("b", (WIDTH,))]
    )


def _block(build: Builder, last: str, mask: str) -> str:
    split = build.whole("split", [0, TOKENS, HEADS, WIDTH // HEADS])
    joined = build.whole("join", [0, TOKENS, WIDTH])
    normed = _norm(build, last)
    query, key, value = (
        build.add(
            "Transpose", [build.add("Reshape", [_linear(build, normed, WIDTH, WIDTH), split])], perm=order
        )
        for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scores = build.add("Div", [build.add("MatMul", [query, key]), build.weight("root", (1,), 2.83)])
    if mask:
        scores = build.add("Add", [scores, mask])
    mixed = build.add("MatMul", [build.add("Softmax", [scores], axis=-1), value])
    mixed = build.add("Reshape", [build.add("Transpose", [mixed], perm=[0, 2, 1, 3]), joined])
    last = build.add("Add", [_linear(build, mixed, WIDTH, WIDTH), last])
    wide = build.add("Gelu", [_linear(build, _norm(build, last), WIDTH, 4 * WIDTH)])
    return build.add("Add", [_linear(build, wide, 4 * WIDTH, WIDTH), last])


KINDS: dict[str, Callable[[Path, int], Path]] = {
    "chain": chain, "branching": branching, "transformer": transformer, "masked": masked, "dense": dense,
}  # fmt: skip
"""What draws a file of about so many operators, by its name."""
SIZES = (1000, 3000, 10_000)


def write(folder: Path, kind: str, nodes: int) -> Path:
    """The file of a kind and size in this folder, made when it is not there."""
    path = folder / f"{kind}-{nodes}.onnx"
    return path if path.exists() else KINDS[kind](path, nodes)


def main() -> int:
    """Write every file."""
    folder = Path(sys.argv[1])
    for kind in KINDS:
        for nodes in SIZES:
            sys.stdout.write(f"{write(folder, kind, nodes)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
