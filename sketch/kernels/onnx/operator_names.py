"""Renames in NodeProtos: of values, and of the operator itself so that it is read back under a path."""

from __future__ import annotations

import json
from collections.abc import Mapping

import onnx

from sketch.kernels.onnx.claims import LAYER_KEY
from sketch.kernels.onnx.graph_bytes import renamed_graph
from sketch.kernels.onnx.naming import SCOPES_KEY, path_of


def rename_values(node: onnx.NodeProto, names: Mapping[str, str]) -> None:
    """Give values that an operator reads or makes their present names, also in its bodies."""
    if not names:
        return
    for field in (node.input, node.output):
        for place, name in enumerate(field):
            field[place] = names.get(name, name)
    for attribute in node.attribute:
        renamed_graph(attribute, names)


def rename(node: onnx.NodeProto, path: tuple[str, ...]) -> None:
    """Give an operator the name, and the scopes where it has them, that are read back as this path."""
    for item in node.metadata_props:
        if item.key == SCOPES_KEY:
            scopes = [".".join(path[: depth + 1]) for depth in range(len(path))]
            item.value = repr(["", *scopes, node.name or path[-1]])
        elif item.key == LAYER_KEY:
            item.value = json.dumps({**json.loads(item.value), "path": path}, separators=(",", ":"))
    plain = path[0] if len(path) == 1 else ""
    scopes_text = next((item.value for item in node.metadata_props if item.key == SCOPES_KEY), "")
    output = next((name for name in node.output if name), "")
    if path_of(node.name, node.op_type, output, scopes_text) == path:
        return
    node.name = plain if plain and not plain.startswith("/") else "/" + "/".join((*path, node.op_type))
