"""Inputs for a module that nobody gave examples for: the usual ones are tried until it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch
from torch import nn

from sketch.binder.kernel import BinderError
from sketch.kernels.pytorch.arrays import type_name
from sketch.kernels.pytorch.files.importing import said

BATCH = 2
LENGTH = 16
_IMAGE_SIZES = (224, 32, 28, 64, 96, 128, 256, 299, 384, 512, 16, 8)
_LENGTHS = (LENGTH, 64, 128, 8, 32, 256, 1024)
_MOST_TRIES = 64
_TOKENS = frozenset({
    "input_ids", "ids", "idx", "tokens", "token_ids", "decoder_input_ids", "indices", "index", "input_tokens",
})  # fmt: skip
_KINDS = frozenset({"token_type_ids", "segment_ids"})
_MASKS = frozenset({"attention_mask", "decoder_attention_mask", "pixel_mask"})
_PLACES = frozenset({"position_ids", "cache_position", "positions"})
_PICTURES = frozenset({"pixel_values", "image", "images", "img", "imgs", "pixels"})
_SOUNDS = frozenset({"input_values", "waveform", "audio"})
_OPTIONAL = (
    ("input_ids",), ("pixel_values",), ("input_values",), ("input_features",), ("input_ids", "decoder_input_ids"),
    ("pixel_values", "decoder_input_ids"), ("input_features", "decoder_input_ids"), ("input_ids", "pixel_values"),
    ("input_ids", "pixel_values", "attention_mask"), ("inputs_embeds",), ("x",), ("input",),
)  # fmt: skip
"""What a module takes whose arguments all have defaults, by the names of the first ones."""

Shape = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Tried:
    """Inputs with which a module runs."""

    args: tuple[torch.Tensor, ...]
    kwargs: Mapping[str, torch.Tensor]
    text: str
    """What they are, in words: `x float32 2×3×224×224`."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to make inputs: picture size, sequence length, what arguments without telling names are.

    `others` is what those after the first are, where that is something else; `channels` are those of pictures, 0
    for what the first convolution reads.
    """

    picture: int
    length: int
    plain: str
    others: str = ""
    channels: int = 0


def tried_inputs(module: nn.Module, given: Mapping[str, Shape]) -> Tried:
    """Inputs with which the module runs; BinderError with the first line that failed when none does.

    Args:
        given: shapes that the person said, by argument of forward; names such as N stand for 2.
    """
    _check_names(module, given)
    first: Exception | None = None
    forms = list(_forms(module))
    asked: tuple[str, ...] = ()
    for names, by_name in _signatures(module, given):
        asked = asked or names
        for form in _typed(forms) if given.keys() >= set(names) else forms:
            values = _values(module, names, form, given)
            args = () if by_name else tuple(values)
            kwargs = dict(zip(names, values, strict=True)) if by_name else {}
            error = _fault(module, args, kwargs)
            if error is None:
                return Tried(args, kwargs, words(names, values))
            first = first or error
    raise _refusal(module, first, asked, given)


def _typed(forms: Sequence[_Form]) -> list[_Form]:
    """Where all shapes are given, only the element type is left to try."""
    tokens = [form for form in forms if form.plain == "words"]
    return sorted([*tokens[:1], *(form for form in forms[:8] if form.plain != "words")][:2], key=forms.index)


def _values(
    module: nn.Module, names: Sequence[str], form: _Form, given: Mapping[str, Shape]
) -> list[torch.Tensor]:
    rest = replace(form, plain=form.others or form.plain)
    return [_value(module, name, rest if at else form, given) for at, name in enumerate(names)]


def _refusal(
    module: nn.Module, first: Exception | None, asked: Sequence[str], given: Mapping[str, Shape]
) -> BinderError:
    name = getattr(module, "title", type(module).__name__)
    reason = said(first) if first is not None else "its forward takes no input"
    if asked and given.keys() >= set(asked):
        return BinderError(f"{name} does not run on inputs of these shapes: {reason}.")
    listed = f" ({', '.join(asked)})" if asked else ""
    return BinderError(
        f"{name} ran with none of the inputs that were tried ({reason}); give the shapes of its inputs{listed}."
    )


def _check_names(module: nn.Module, given: Mapping[str, Shape]) -> None:
    there = [item.name for item in _parameters(module)]
    wrong = next((name for name in given if name not in there), None)
    if wrong is not None and there:
        raise BinderError(f"{type(module).__name__} has no input {wrong!r}; there are {', '.join(there)}.")


def _fault(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Exception | None:
    try:
        with torch.no_grad():
            module(*args, **kwargs)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - a border: the model's own code says that these inputs are wrong
        return error
    return None


def _signatures(module: nn.Module, given: Mapping[str, Shape]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """(names of arguments, passed by name) in the order in which they are tried."""
    params = _parameters(module)
    needed = tuple(item.name for item in params if item.default is inspect.Parameter.empty)
    named = {item.name for item in params if item.kind is inspect.Parameter.KEYWORD_ONLY}
    there = {item.name for item in params}
    asked = tuple(name for name in given if name in there and name not in needed)
    if needed or asked:
        yield (*needed, *asked), bool(asked or named)
        return
    for names in _OPTIONAL:
        if there.issuperset(names):
            yield names, True
    if params:
        yield (params[0].name,), params[0].kind is inspect.Parameter.KEYWORD_ONLY
    else:
        yield ("input",), False


def _parameters(module: nn.Module) -> list[inspect.Parameter]:
    if isinstance(module, nn.Sequential):
        return [inspect.Parameter("input", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    loose = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    try:
        found = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    return [item for item in found if item.kind not in loose]


def _forms(module: nn.Module) -> Iterator[_Form]:
    """Ways to make inputs, the likeliest first."""
    known = _known_picture(module)
    pictures = [known, *_IMAGE_SIZES] if known else list(_IMAGE_SIZES)
    kinds = list(dict.fromkeys(_first_kinds(module)))
    forms = [_Form(pictures[0], LENGTH, kind) for kind in kinds]
    forms += [_Form(size, LENGTH, "picture") for size in pictures[1:]] if "picture" in kinds else []
    forms += [_Form(pictures[0], length, kinds[0]) for length in _LENGTHS[1:]]
    forms += [_Form(size, LENGTH, kinds[0]) for size in pictures[1:] if kinds[0] != "picture"]
    forms += [_Form(size, LENGTH, "picture", channels=3) for size in pictures[:3] if "picture" in kinds]
    forms += [_Form(pictures[0], LENGTH, one, two) for one in kinds[:2] for two in kinds if two != one]
    return islice(iter(forms), _MOST_TRIES)


def _known_picture(module: nn.Module) -> int:
    """The size of its pictures that a module of a well-known library says itself; 0 where none does."""
    config = getattr(module, "config", None)
    for holder in (config, getattr(config, "vision_config", None)):
        size = getattr(holder, "image_size", None)
        size = size[0] if isinstance(size, (tuple, list)) and size else size
        if isinstance(size, int):
            return size
    said_ = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None) or {}
    size = said_.get("input_size") if isinstance(said_, Mapping) else None
    return int(size[-1]) if isinstance(size, (tuple, list)) and size else 0


def _first_kinds(module: nn.Module) -> Iterator[str]:
    """What an argument may be, by the layer with parameters that is registered first, then everything else."""
    first = _first_layer(module)
    for kind, (layers, _) in _MAKERS.items():
        if isinstance(first, layers):
            yield kind
    yield from ("picture", "words", "rows", "row")


def _first_layer(module: nn.Module) -> nn.Module | None:
    kinds = tuple(kind for layers, _ in _MAKERS.values() for kind in layers)
    return next((part for part in module.modules() if isinstance(part, kinds)), None)


def _value(module: nn.Module, name: str, form: _Form, given: Mapping[str, Shape]) -> torch.Tensor:
    if name in given:
        return _given(module, name, given[name], form)
    for names, make in _BY_NAME:
        if name in names:
            return make(module, form)
    _, make = _MAKERS[form.plain]
    return make(module, form)


def _given(module: nn.Module, name: str, shape: Shape, form: _Form) -> torch.Tensor:
    sizes = tuple(_size(item) for item in shape)
    if name in _TOKENS or (form.plain == "words" and name not in _PICTURES):
        return torch.randint(0, _vocabulary(module), sizes, generator=_seed())
    if name in _MASKS | _KINDS | _PLACES:
        return (
            torch.zeros(sizes, dtype=torch.int64)
            if name not in _MASKS
            else torch.ones(sizes, dtype=torch.int64)
        )
    return _floats(module, *sizes)


def _size(item: int | str) -> int:
    if isinstance(item, int):
        return item
    return BATCH if item.upper() in ("N", "B", "BATCH", "BATCH_SIZE") else LENGTH


def _floats(module: nn.Module, *sizes: int) -> torch.Tensor:
    dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
    return torch.randn(sizes, generator=_seed()).to(dtype if dtype.itemsize > 1 else torch.float32)


def _seed() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def _vocabulary(module: nn.Module) -> int:
    table = next((part for part in module.modules() if isinstance(part, nn.Embedding)), None)
    return table.num_embeddings if table is not None else 2


def _words_of(module: nn.Module, form: _Form) -> torch.Tensor:
    return torch.randint(0, _vocabulary(module), (BATCH, form.length), generator=_seed())


def _picture(module: nn.Module, form: _Form) -> torch.Tensor:
    first = next(
        (part for part in module.modules() if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d))), None
    )
    channels = form.channels or (first.in_channels if first is not None else 3)
    return _floats(module, BATCH, channels, form.picture, form.picture)


def _signal(module: nn.Module, form: _Form) -> torch.Tensor:
    first = next(
        (part for part in module.modules() if isinstance(part, (nn.Conv1d, nn.ConvTranspose1d))), None
    )
    return _floats(module, BATCH, first.in_channels if first is not None else 1, form.length * 8)


def _volume(module: nn.Module, form: _Form) -> torch.Tensor:
    first = next(
        (part for part in module.modules() if isinstance(part, (nn.Conv3d, nn.ConvTranspose3d))), None
    )
    return _floats(
        module, BATCH, first.in_channels if first is not None else 3, 16, form.picture // 4, form.picture // 4
    )


def _width(module: nn.Module) -> int:
    """How many features the first layer takes that reads rows of them."""
    first = next((part for part in module.modules() if isinstance(part, _ROWS)), None)
    for name in ("in_features", "input_size", "embed_dim", "num_features"):
        found = getattr(first, name, None)
        if isinstance(found, int):
            return found
    shape = getattr(first, "normalized_shape", None)
    inner = getattr(getattr(first, "self_attn", None), "embed_dim", None)
    return shape[-1] if shape else inner or 64


def _row(module: nn.Module, form: _Form) -> torch.Tensor:
    return _floats(module, BATCH, _width(module))


def _rows(module: nn.Module, form: _Form) -> torch.Tensor:
    first = next((part for part in module.modules() if isinstance(part, _ROWS)), None)
    inner = getattr(first, "self_attn", first)
    sizes = (form.length, BATCH) if getattr(inner, "batch_first", True) is False else (BATCH, form.length)
    return _floats(module, *sizes, _width(module))


def _waves(module: nn.Module, form: _Form) -> torch.Tensor:
    return _floats(module, BATCH, form.length * 250)


def _features(module: nn.Module, form: _Form) -> torch.Tensor:
    bins = getattr(getattr(module, "config", None), "num_mel_bins", 80)
    length = 2 * getattr(getattr(module, "config", None), "max_source_positions", form.length * 4)
    return _floats(module, BATCH, int(bins), int(length))


def _whole(value: int) -> Callable[[nn.Module, _Form], torch.Tensor]:
    return lambda module, form: torch.full((BATCH, form.length), value, dtype=torch.int64)


def _counted(module: nn.Module, form: _Form) -> torch.Tensor:
    return torch.arange(form.length).expand(BATCH, form.length).contiguous()


_Make = Callable[[nn.Module, _Form], torch.Tensor]
_RECURRENT = (nn.RNNBase, nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
_ROWS = (*_RECURRENT, nn.LayerNorm, nn.Linear, nn.BatchNorm1d)
_MAKERS: Mapping[str, tuple[tuple[type[nn.Module], ...], _Make]] = {
    "picture": ((nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d), _picture),
    "signal": ((nn.Conv1d, nn.ConvTranspose1d), _signal),
    "volume": ((nn.Conv3d, nn.ConvTranspose3d), _volume),
    "words": ((nn.Embedding, nn.EmbeddingBag), _words_of),
    "rows": (_ROWS[:-2], _rows),
    "row": (_ROWS[-2:], _row),
}
"""What an argument may be: the layers whose first one says so, and how it is made."""
_BY_NAME: tuple[tuple[frozenset[str], _Make], ...] = (
    (_TOKENS, _words_of), (_KINDS, _whole(0)), (_MASKS, _whole(1)), (_PLACES, _counted), (_PICTURES, _picture),
    (_SOUNDS, _waves), (frozenset({"input_features"}), _features),
)  # fmt: skip


def words(names: Sequence[str], values: Sequence[torch.Tensor]) -> str:
    """Inputs in words: `x float32 2×3×224×224`."""
    rows = (
        f"{name} {type_name(value.dtype)} {'×'.join(map(str, value.shape))}"
        for name, value in zip(names, values, strict=True)
    )
    return ", ".join(rows)
