"""Folding a BatchNorm into the convolution, transposed convolution or Linear before it, in float64."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from sketch.binder.surgery.arrays import (
    Array,
    begun,
    from_numbers,
    store_weight,
    tied_with,
    weight_of,
)
from sketch.graph.delta import Delta
from sketch.graph.draft import Draft
from sketch.graph.library import LayerLibrary
from sketch.graph.network import Network, Source, Step
from sketch.graph.rerouting import reroute

NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
CONVOLUTIONS = ("Conv1d", "Conv2d", "Conv3d")
TRANSPOSED = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
Progress = Callable[[float, float, str], None]


@dataclass(frozen=True, slots=True)
class Fusion:
    """A layer and the BatchNorm behind it, by id."""

    layer: int
    norm: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What can be fused, and why the other BatchNorms cannot: (full name, reason)."""

    fusions: tuple[Fusion, ...]
    kept: tuple[tuple[str, str], ...]


def plan_fusion(network: Network, chosen: Collection[int] | None = None) -> Plan:
    """Every BatchNorm of a network, or those that are chosen themselves or by the layer before them."""
    users = _users(network)
    tied = {key for rows in tied_with(network).values() if len(rows) > 1 for key, _ in rows}
    fusions, kept = [], []
    for step in network.steps:
        if step.layer not in NORMS:
            continue
        source = step.inputs[0]
        before = network.step(source.node) if source is not None else None
        if chosen is not None and step.id not in chosen and (before is None or before.id not in chosen):
            continue
        reason = _obstacle(step, before, users, tied)
        if reason or before is None:
            kept.append((network.qualified(step), reason))
        else:
            fusions.append(Fusion(before.id, step.id))
    return Plan(tuple(fusions), tuple(kept))


def fuse(network: Network, plan: Plan, library: LayerLibrary, progress: Progress) -> Delta:
    """The edit: scaled weights, a bias (made when it is missing), and the BatchNorms gone."""
    draft = begun(network, library)
    for number, fusion in enumerate(plan.fusions):
        layer, norm = network.step(fusion.layer), network.step(fusion.norm)
        progress(number, len(plan.fusions), network.qualified(norm))
        _fuse_one(draft, network, layer, norm)
    return draft.delta()


def _users(network: Network) -> dict[Source, int]:
    counts: dict[Source, int] = {}
    for step in network.steps:
        for source in step.inputs:
            if source is not None:
                counts[source] = counts.get(source, 0) + 1
    return counts


def _obstacle(norm: Step, before: Step | None, users: dict[Source, int], tied: set[int]) -> str:
    """Why a BatchNorm cannot go into the layer before it; empty when it can."""
    if before is None or before.layer not in (*CONVOLUTIONS, *TRANSPOSED, "Linear"):
        return "no convolution or Linear comes right before it"
    if users[Source(before.id, 0)] > 1:
        return f"'{before.name}' feeds another layer too, which needs its plain result"
    if not norm.params["track_running_stats"]:
        return "it keeps no running statistics, so it works with those of each batch"
    kind = before.types[0]
    if before.layer == "Linear" and (kind is None or kind.shape is None or len(kind.shape) != 2):
        return "behind a Linear with more than two dimensions it normalises another dimension"
    if before.id in tied or norm.id in tied:
        return "its weights or those of the layer before it are tied to another layer's"
    return ""


def _fuse_one(draft: Draft, network: Network, layer: Step, norm: Step) -> None:
    weight, dtype = weight_of(network, layer, "weight")
    scale, shift = _affine(network, norm)
    bias = weight_of(network, layer, "bias")[0] if "bias" in layer.weights else np.zeros_like(shift)
    name = network.qualified(layer)
    draft.set_param(layer.id, "bias", True)
    scaled = from_numbers(_scaled(weight, scale, layer), dtype)
    store_weight(draft, network, layer.id, "weight", scaled, dtype, f"{name}.weight")
    moved = from_numbers(bias * scale + shift, dtype)
    store_weight(draft, network, layer.id, "bias", moved, dtype, f"{name}.bias")
    for edge in draft.node(norm.id).next:
        reroute(draft, edge, layer.id, 0)
    draft.remove([norm.id])


def _affine(network: Network, norm: Step) -> tuple[Array, Array]:
    """(scale, shift) of each channel at inference: y = x·scale + shift."""
    mean, variance = (weight_of(network, norm, role)[0] for role in ("running_mean", "running_var"))
    has = norm.params["affine"]
    gain = weight_of(network, norm, "weight")[0] if has else np.ones_like(mean)
    offset = weight_of(network, norm, "bias")[0] if has else np.zeros_like(mean)
    scale = gain / np.sqrt(variance + float(norm.params["eps"]))
    return scale, offset - mean * scale


def _scaled(weight: Array, scale: Array, layer: Step) -> Array:
    """The weight with each output channel scaled; a transposed convolution has them on its second axis, by groups."""
    if layer.layer not in TRANSPOSED:
        return weight * scale.reshape(-1, *(1,) * (weight.ndim - 1))
    groups = int(layer.params["groups"])
    parts = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    factors = scale.reshape(groups, 1, -1, *(1,) * (weight.ndim - 2))
    return (parts * factors).reshape(weight.shape)
