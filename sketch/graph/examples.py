"""Drawn examples: five published networks, laid out, with the parameter counts of their papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sketch.graph.draft import Draft


@dataclass(frozen=True, slots=True)
class Example:
    """A network that the welcome page offers; `parameters` is its published count."""

    key: str
    title: str
    description: str
    parameters: int
    draw: Callable[[Pen], None]


class Pen:
    """Draws top to bottom: each `add` is wired to what came last (or to `after`)."""

    def __init__(self, draft: Draft):
        self.draft = draft
        self.last: int | None = None
        self._parent: int | None = None

    def add(self, layer: str, name: str, *, after: int | tuple[int, ...] | None = None, **params: Any) -> int:
        """Add a layer below what it follows and return its id."""
        node_id = self.draft.add(layer, name, params, parent=self._parent)
        sources = (self.last,) if after is None else (after,) if isinstance(after, int) else after
        if self.draft.library[layer].inputs:
            for index, source in enumerate(source for source in sources if source is not None):
                self.draft.connect(source, 0, node_id, index, check_cycle=False)
        self.last = node_id
        return node_id

    @contextmanager
    def inside(self, name: str, layer: str = "Group") -> Iterator[None]:
        """What is added in this block goes into a group of this name."""
        outer, self._parent = self._parent, self.draft.add(layer, name, parent=self._parent)
        yield
        self._parent = outer


def _lenet5(pen: Pen) -> None:
    pen.add("Input", "image", shape=("N", 1, 28, 28))
    pen.add("Conv2d", "conv1", out_channels=6, kernel_size=5, padding=2)
    pen.add("Tanh", "tanh1")
    pen.add("AvgPool2d", "pool1", kernel_size=2, stride=2)
    pen.add("Conv2d", "conv2", out_channels=16, kernel_size=5)
    pen.add("Tanh", "tanh2")
    pen.add("AvgPool2d", "pool2", kernel_size=2, stride=2)
    pen.add("Flatten", "flatten")
    for index, features in enumerate((120, 84), 1):
        pen.add("Linear", f"fc{index}", out_features=features)
        pen.add("Tanh", f"tanh{index + 2}")
    pen.add("Linear", "fc3", out_features=10)
    pen.add("Output", "digit")


def _vgg16(pen: Pen) -> None:
    pen.add("Input", "image", shape=("N", 3, 224, 224))
    with pen.inside("features", "Sequential"):
        for block, (channels, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
            for index in range(1, count + 1):
                pen.add("Conv2d", f"conv{block}_{index}", out_channels=channels, kernel_size=3, padding=1)
                pen.add("ReLU", f"relu{block}_{index}")
            pen.add("MaxPool2d", f"pool{block}", kernel_size=2, stride=2)
    pen.add("Flatten", "flatten")
    with pen.inside("classifier", "Sequential"):
        for index in (6, 7):
            pen.add("Linear", f"fc{index}", out_features=4096)
            pen.add("ReLU", f"relu{index}")
            pen.add("Dropout", f"drop{index}", p=0.5)
        pen.add("Linear", "fc8", out_features=1000)
    pen.add("Output", "logits")


def _resnet18(pen: Pen) -> None:
    pen.add("Input", "image", shape=("N", 3, 224, 224))
    pen.add("Conv2d", "conv1", out_channels=64, kernel_size=7, stride=2, padding=3, bias=False)
    pen.add("BatchNorm2d", "bn1")
    pen.add("ReLU", "relu")
    pen.add("MaxPool2d", "maxpool", kernel_size=3, stride=2, padding=1)
    for stage, channels in enumerate((64, 128, 256, 512), 1):
        with pen.inside(f"layer{stage}", "Sequential"):
            for index in (0, 1):
                with pen.inside(str(index)):
                    _basic_block(pen, channels, 2 if stage > 1 and index == 0 else 1)
    pen.add("AdaptiveAvgPool2d", "avgpool", output_size=1)
    pen.add("Flatten", "flatten")
    pen.add("Linear", "fc", out_features=1000)
    pen.add("Output", "logits")


def _basic_block(pen: Pen, channels: int, stride: int) -> None:
    """He et al. 2015, figure 2; names as in torchvision, so that its state_dict keys fit."""
    shortcut = pen.last
    pen.add("Conv2d", "conv1", out_channels=channels, kernel_size=3, stride=stride, padding=1, bias=False)
    pen.add("BatchNorm2d", "bn1")
    pen.add("ReLU", "relu1")
    pen.add("Conv2d", "conv2", out_channels=channels, kernel_size=3, padding=1, bias=False)
    main = pen.add("BatchNorm2d", "bn2")
    if stride > 1:
        with pen.inside("downsample", "Sequential"):
            pen.add(
                "Conv2d", "0", after=shortcut, out_channels=channels, kernel_size=1, stride=stride, bias=False
            )
            shortcut = pen.add("BatchNorm2d", "1")
    pen.add("Add", "add", after=(main, shortcut or main))
    pen.add("ReLU", "relu2")


def _unet(pen: Pen) -> None:
    """Ronneberger et al. 2015 with padded convolutions, so that every size stays even: 1 channel in, 2 classes out."""
    pen.add("Input", "image", shape=("N", 1, 256, 256))
    skips = []
    for level, channels in enumerate((64, 128, 256, 512), 1):
        skips.append(_double_convolution(pen, f"down{level}", channels))
        pen.add("MaxPool2d", f"pool{level}", kernel_size=2, stride=2)
    _double_convolution(pen, "bottom", 1024)
    for level, channels in zip((4, 3, 2, 1), (512, 256, 128, 64), strict=True):
        up = pen.add("ConvTranspose2d", f"up{level}", out_channels=channels, kernel_size=2, stride=2)
        pen.add("Concat", f"concat{level}", after=(skips[level - 1], up), dim=1)
        _double_convolution(pen, f"merge{level}", channels)
    pen.add("Conv2d", "classify", out_channels=2, kernel_size=1)
    pen.add("Output", "mask")


def _double_convolution(pen: Pen, name: str, channels: int) -> int:
    with pen.inside(name, "Sequential"):
        for index in (1, 2):
            pen.add("Conv2d", f"conv{index}", out_channels=channels, kernel_size=3, padding=1)
            last = pen.add("ReLU", f"relu{index}")
    return last


def _encoder(pen: Pen) -> None:
    pen.add("Input", "tokens", shape=("N", "T"), dtype="int64")
    pen.add("Embedding", "embedding", num_embeddings=1000, embedding_dim=128)
    with pen.inside("encoder", "Sequential"):
        for index in range(4):
            pen.add("TransformerEncoderLayer", str(index), nhead=4, dim_feedforward=512, batch_first=True)
    pen.add("LayerNorm", "norm")
    pen.add("Linear", "head", out_features=1000)
    pen.add("Output", "logits")


_EXAMPLES = (
    Example("lenet5", "LeNet-5", "Handwritten digits, 28×28 (LeCun et al. 1998).", 61_706, _lenet5),
    Example(
        "vgg16", "VGG-16", "Image classification with plain 3×3 convolutions (2014).", 138_357_544, _vgg16
    ),
    Example("resnet18", "ResNet-18", "Residual blocks in four stages (2015).", 11_689_512, _resnet18),
    Example("unet", "U-Net", "Segmentation with skips across the U (2015).", 31_030_658, _unet),
    Example(
        "encoder",
        "Transformer encoder",
        "Four self-attention layers over tokens (2017).",
        1_050_344,
        _encoder,
    ),
)
EXAMPLES: Mapping[str, Example] = MappingProxyType({example.key: example for example in _EXAMPLES})


def names() -> list[tuple[str, str, str]]:
    """(key, title, description) of each example, simplest first."""
    return [(example.key, example.title, example.description) for example in EXAMPLES.values()]


def build(key: str, draft: Draft) -> None:
    """Draw an example into a draft; KeyError for an unknown key. Places are laid out by the caller."""
    EXAMPLES[key].draw(Pen(draft))
