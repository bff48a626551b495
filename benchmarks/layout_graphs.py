"""Networks to lay out: towers, branches, dense skips, values that every layer reads. Plain rows, no weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sketch.graph.delta import Change
from sketch.graph.rows import Edge, Node
from sketch.graph.tables import Tables

End = int | tuple[int, int]
"""A node, for its first output, or (node, output)."""


class Rows:
    """Nodes and wires in the making."""

    def __init__(self) -> None:
        self._layers: list[str] = []
        self._edges: list[Edge] = []

    def __call__(self, layer: str, *sources: End) -> int:
        """Add a node that reads these values; its id."""
        self._layers.append(layer)
        target = len(self._layers)
        for into, source in enumerate(sources):
            start, out = source if isinstance(source, tuple) else (source, 0)
            self._edges.append(Edge(start, out, target, into))
        return target

    def done(self) -> Tables:
        """The tables of it."""
        prior: dict[int, list[Edge]] = {}
        following: dict[int, list[Edge]] = {}
        for edge in self._edges:
            prior.setdefault(edge.target, []).append(edge)
            following.setdefault(edge.source, []).append(edge)
        tables = Tables()
        tables.apply(
            tuple(
                Change("nodes", key, None, Node(
                    key, layer, f"n{key}", prior=tuple(prior.get(key, ())), next=tuple(following.get(key, ()))
                ))
                for key, layer in enumerate(self._layers, 1)
            )
        )  # fmt: skip
        return tables


def chain(add: Rows, x: End, *layers: str) -> int:
    """Layers one under another; the last."""
    last = 0
    for layer in layers:
        x = last = add(layer, x)
    return last


def resnet200() -> Tables:
    """Bottleneck blocks with a skip each, four of them projected."""
    add = Rows()
    x = chain(add, add("Input"), "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d")
    for index in range(27):
        y = chain(add, x, "Conv2d", "ReLU", "Conv2d", "ReLU", "Conv2d")
        skip = chain(add, x, "Conv2d") if index in (0, 5, 12, 20) else x
        x = chain(add, add("Add", y, skip), "ReLU")
    chain(add, x, "AdaptiveAvgPool2d", "Flatten", "Linear", "Output")
    return add.done()


def inception() -> Tables:
    """Blocks of four branches of different depth."""
    add = Rows()
    x = chain(add, add("Input"), *("Conv2d", "BatchNorm2d", "ReLU") * 3, "MaxPool2d")
    unit = ("Conv2d", "BatchNorm2d", "ReLU")
    for index in range(10):
        branches = [
            chain(add, x, *unit),
            chain(add, x, *unit * 2),
            chain(add, x, *unit * 3),
            chain(add, x, "AvgPool2d", *unit),
        ]
        if index in (3, 7):
            branches = [branches[1], branches[2], add("MaxPool2d", x)]
        x = add("Concat", *branches)
    chain(add, x, "AdaptiveAvgPool2d", "Flatten", "Linear", "Output")
    return add.done()


def densenet(blocks: tuple[int, ...], *, binary: bool) -> Tables:
    """Each layer reads all before it in its block: by concats of two, or by one concat of all."""
    add = Rows()
    x = chain(add, add("Input"), "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d")
    for index, depth in enumerate(blocks):
        values = [x]
        for _ in range(depth):
            start = x if binary or len(values) == 1 else add("Concat", *values)
            y = chain(add, start, "BatchNorm2d", "ReLU", "Conv2d", "BatchNorm2d", "ReLU", "Conv2d")
            values.append(y)
            x = add("Concat", x, y) if binary else x
        x = x if binary else add("Concat", *values)
        if index < len(blocks) - 1:
            x = chain(add, x, "BatchNorm2d", "ReLU", "Conv2d", "AvgPool2d")
    chain(add, x, "BatchNorm2d", "AdaptiveAvgPool2d", "Flatten", "Linear", "Output")
    return add.done()


def attention(add: Rows, x: int, mask: End, tables: tuple[End, End]) -> int:
    """Attention with rotary tables, a mask and an output projection."""
    q, k, v = (add("Linear", x) for _ in range(3))
    cosine, sine = tables
    turned = []
    for value in (q, k):
        half = add("Concat", add("Neg", add("Slice", value)), add("Slice", value))
        turned.append(add("Add", add("Mul", value, cosine), add("Mul", half, sine)))
    scores = add("MatMul", turned[0], add("Transpose", turned[1]))
    weights = add("Softmax", add("Add", add("Mul", scores), mask))
    return chain(add, add("MatMul", weights, v), "Transpose", "Reshape", "Linear")


def transformer(layers: int, *, shared: str = "computed") -> Tables:
    """A decoder whose layers all read one mask and two rotary tables; those computed, or sources without inputs."""
    add = Rows()
    x = add("Embedding", add("Input"))
    if shared == "computed":
        mask: int = chain(add, add("Input"), "Mul", "Sub")
        angles = add("MatMul", add("Input"), add("Constant"))
        tables: tuple[End, End] = add("Cos", angles), add("Sin", angles)
    else:
        mask, tables = add("Input"), (add("Constant"), add("Constant"))
    for _ in range(layers):
        y = add("Add", attention(add, add("RMSNorm", x), mask, tables), x)
        normed = add("RMSNorm", y)
        gate = add("Mul", chain(add, normed, "Linear", "SiLU"), add("Linear", normed))
        x = add("Add", add("Linear", gate), y)
    chain(add, x, "RMSNorm", "Linear", "Output")
    return add.done()


def sizes(add: Rows, value: End, count: int) -> list[int]:
    """The small numbers an exporter computes: Shape, Gather, Unsqueeze, Concat, then Reshape."""
    shape = add("ai.onnx:Shape", value)
    return [add("ai.onnx:Unsqueeze", add("ai.onnx:Gather", shape)) for _ in range(count)]


def expert(add: Rows, x: int, chosen: int) -> int:
    """One expert of a mixture: where it is chosen, its two layers, its share."""
    rows = add("ai.onnx:NonZero", add("ai.onnx:Equal", (chosen, 1)))
    picked = add("ai.onnx:Gather", x, rows)
    gate = add("ai.onnx:Mul", add("ai.onnx:Sigmoid", picked), picked)
    part = add("ai.onnx:MatMul", add("ai.onnx:Mul", gate, add("ai.onnx:MatMul", picked)))
    return add("ai.onnx:Mul", part, add("ai.onnx:Gather", chosen, rows))


def operators(layers: int, experts: int = 8) -> Tables:
    """A mixture-of-experts decoder as an exporter writes it: operators, shape arithmetic, shared tables."""
    add = Rows()
    x = add("ai.onnx:Gather", add("Input"))
    mask = chain(add, add("Input"), "ai.onnx:Cast", "ai.onnx:Sub", "ai.onnx:Mul")
    angles = add("ai.onnx:MatMul", add("Input"), add("Constant"))
    tables: tuple[End, End] = add("ai.onnx:Cos", angles), add("ai.onnx:Sin", angles)
    for _ in range(layers):
        x = _operator_layer(add, x, mask, tables, experts)
    chain(add, x, "ai.onnx:Mul", "ai.onnx:MatMul", "Output")
    return add.done()


def _operator_layer(add: Rows, x: int, mask: int, tables: tuple[End, End], experts: int) -> int:
    def norm(value: int) -> int:
        root = chain(add, add("ai.onnx:Pow", value), "ai.onnx:ReduceMean", "ai.onnx:Add", "ai.onnx:Sqrt")
        return add("ai.onnx:Mul", add("ai.onnx:Div", value, root))

    normed = norm(x)
    heads = []
    for _ in range(3):
        flat = add("ai.onnx:MatMul", normed)
        shape = add("ai.onnx:Concat", *sizes(add, normed, 2))
        heads.append(add("ai.onnx:Transpose", add("ai.onnx:Reshape", flat, shape)))
    turned = []
    for value in heads[:2]:
        half = add(
            "ai.onnx:Concat", add("ai.onnx:Neg", add("ai.onnx:Slice", value)), add("ai.onnx:Slice", value)
        )
        turned.append(
            add("ai.onnx:Add", add("ai.onnx:Mul", value, tables[0]), add("ai.onnx:Mul", half, tables[1]))
        )
    scores = add("ai.onnx:Div", add("ai.onnx:MatMul", turned[0], add("ai.onnx:Transpose", turned[1])))
    weights = add("ai.onnx:Softmax", add("ai.onnx:Add", scores, mask))
    mixed = add("ai.onnx:Transpose", add("ai.onnx:MatMul", weights, heads[2]))
    y = add("ai.onnx:Reshape", mixed, add("ai.onnx:Concat", *sizes(add, normed, 2)))
    x = add("ai.onnx:Add", add("ai.onnx:MatMul", y), x)
    normed = norm(x)
    chosen = add("ai.onnx:TopK", add("ai.onnx:Softmax", add("ai.onnx:MatMul", normed)))
    total = add("ai.onnx:Mul", normed)
    for _ in range(experts):
        part = expert(add, normed, chosen)
        total = add("ai.onnx:ScatterND", total, (chosen, 0), part)
    return add("ai.onnx:Add", total, x)


def unet() -> Tables:
    """Down, across and up again, with a skip on each level and a time embedding that every block reads."""
    add = Rows()
    time = chain(add, add("Input"), "Linear", "SiLU", "Linear")
    x, skips = add("Conv2d", add("Input")), []

    def block(x: int) -> int:
        y = add("Add", chain(add, x, "GroupNorm", "SiLU", "Conv2d"), chain(add, time, "SiLU", "Linear"))
        return add("Add", chain(add, y, "GroupNorm", "SiLU", "Conv2d"), x)

    for _ in range(4):
        x = block(block(x))
        skips.append(x)
        x = add("Conv2d", x)
    x = block(block(x))
    for skip in reversed(skips):
        x = add("Concat", chain(add, x, "Upsample", "Conv2d"), skip)
        x = block(block(chain(add, x, "Conv2d")))
    chain(add, x, "GroupNorm", "SiLU", "Conv2d", "Output")
    return add.done()


def from_onnx(path: Path) -> Tables:
    """The operators of an ONNX file; weights are no nodes."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    add, made = Rows(), {}
    stored = {item.name for item in graph.initializer}
    for value in graph.input:
        if value.name not in stored:
            made[value.name] = (add("Input"), 0)
    for step in graph.node:
        if step.op_type == "ConstantOfShape" and step.input[0] in stored:
            continue  # stands for a weight in the light files
        key = add(f"ai.onnx:{step.op_type}", *(made[name] for name in step.input if name in made))
        made.update((name, (key, out)) for out, name in enumerate(step.output))
    for value in graph.output:
        add("Output", made[value.name])
    return add.done()


def light_models() -> dict[str, Path]:
    """The small real files that the onnx package brings for its own tests."""
    import onnx

    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    return {path.stem: path for path in sorted(folder.glob("light_*.onnx"))}


GRAPHS: dict[str, Callable[[], Tables]] = {
    "resnet200": resnet200,
    "inception": inception,
    "unet": unet,
    "transformer block": lambda: transformer(2),
    "transformer700": lambda: transformer(20),
    "densenet121 binary": lambda: densenet((6, 12, 24, 16), binary=True),
    "densenet n-ary": lambda: densenet((6, 12, 24, 16), binary=False),
    "transformer3k": lambda: transformer(86),
    "transformer3k sources": lambda: transformer(86, shared="sources"),
    "operators10k": lambda: operators(63),
    "operators20k": lambda: operators(125),
}
