"""Families of image classifiers, each at a size of some thousand parameters."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.zoo.case import Case


def conv_bn(
    inside: int, outside: int, size: int = 3, act: type[nn.Module] | None = nn.ReLU, **more
) -> nn.Sequential:
    """Convolution, batch normalisation, activation."""
    layers = [
        nn.Conv2d(inside, outside, size, padding=size // 2, bias=False, **more),
        nn.BatchNorm2d(outside),
    ]
    return nn.Sequential(*layers, act()) if act else nn.Sequential(*layers)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.sigmoid(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.view(x.size(0), -1)))
        return F.log_softmax(self.fc3(torch.relu(self.fc2(x))), dim=1)


class AlexNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, 5, stride=2, padding=2),
            nn.ReLU(inplace=True),
            nn.LocalResponseNorm(5),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(16, 24, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(216, 32), nn.ReLU(inplace=True), nn.Linear(32, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.features(x), 1))


class VGG(nn.Module):
    def __init__(self):
        super().__init__()
        sizes, layers = [3, 8, 16, 16], []
        for inside, outside in pairwise(sizes):
            layers += [
                nn.Conv2d(inside, outside, 3, padding=1),
                nn.BatchNorm2d(outside),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Linear(256, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.features(x), 1))


class BasicBlock(nn.Module):
    def __init__(self, inside: int, outside: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.downsample = conv_bn(inside, outside, 1, None, stride=stride) if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """ResNet's bottleneck; groups make it ResNeXt's, `squeeze` SE-ResNet's, `width` RegNet's."""

    def __init__(self, channels: int, width: int, groups: int = 1, squeeze: int = 0):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.se = SqueezeExcite(width, squeeze) if squeeze else nn.Identity()
        self.conv3, self.bn3 = nn.Conv2d(width, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return self.relu(x + self.bn3(self.conv3(self.se(y))))


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, inner: int, gate: type[nn.Module] = nn.Sigmoid):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)
        self.act, self.gate = nn.ReLU(inplace=True), gate()

    def forward(self, x: Tensor) -> Tensor:
        scale = x.mean((2, 3), keepdim=True)
        return x * self.gate(self.fc2(self.act(self.fc1(scale))))


class ResNet(nn.Module):
    def __init__(self, block=BasicBlock):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(block(8, 8), block(8, 8))
        self.layer2 = nn.Sequential(block(8, 16, 2), block(16, 16))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(self.avgpool(self.layer2(self.layer1(x))), 1))


class Stacked(nn.Module):
    """A stem, blocks of one width, a pooled head."""

    def __init__(self, *blocks: nn.Module, width: int = 16):
        super().__init__()
        self.stem, self.blocks = conv_bn(3, width, 3, stride=2), nn.Sequential(*blocks)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(width, 10)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)))


class DenseLayer(nn.Module):
    def __init__(self, inside: int, growth: int):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inside), nn.Conv2d(inside, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = (
            nn.BatchNorm2d(4 * growth),
            nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(torch.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(torch.relu(self.norm2(y)))], 1)


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            DenseLayer(8, 4),
            DenseLayer(12, 4),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 8, 1),
            nn.AvgPool2d(2, 2),
            DenseLayer(8, 4),
        )
        self.classifier = nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = F.adaptive_avg_pool2d(F.relu(self.features(x), inplace=True), (1, 1))
        return self.classifier(torch.flatten(y, 1))


class Inception(nn.Module):
    def __init__(self, inside: int = 16):
        super().__init__()
        self.branch1 = conv_bn(inside, 4, 1)
        self.branch3 = nn.Sequential(conv_bn(inside, 4, 1), conv_bn(4, 4, 3))
        self.branch5 = nn.Sequential(conv_bn(inside, 2, 1), conv_bn(2, 4, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_bn(inside, 4, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch3(x), self.branch5(x), self.pool(x)], 1)


class Fire(nn.Module):
    def __init__(self, inside: int = 16):
        super().__init__()
        self.squeeze = nn.Conv2d(inside, 4, 1)
        self.expand1x1, self.expand3x3 = nn.Conv2d(4, 8, 1), nn.Conv2d(4, 8, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.squeeze(x))
        return torch.cat([self.relu(self.expand1x1(x)), self.relu(self.expand3x3(x))], 1)


class InvertedResidual(nn.Module):
    """MobileNet V2's block; with `squeeze` and other activations that of V3 and of EfficientNet."""

    def __init__(self, channels: int = 16, act=nn.ReLU6, gate: type[nn.Module] | None = None):
        super().__init__()
        inner = 2 * channels
        squeeze = [SqueezeExcite(inner, 8, gate)] if gate else []
        self.conv = nn.Sequential(
            conv_bn(channels, inner, 1, act),
            conv_bn(inner, inner, 3, act, groups=inner),
            *squeeze,
            conv_bn(inner, channels, 1, None),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class ShuffleUnit(nn.Module):
    def __init__(self, channels: int = 16):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(
            conv_bn(half, half, 1), conv_bn(half, half, 3, None, groups=half), conv_bn(half, half, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, dim=1)
        x = torch.cat((a, self.branch(b)), dim=1)
        n, c, h, w = x.size()
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)


class LayerNorm2d(nn.LayerNorm):
    """ConvNeXt's: over channels that stand in front."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, dim: int = 16):
        super().__init__()
        self.dwconv, self.norm = nn.Conv2d(dim, dim, 7, padding=3, groups=dim), nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1, self.act, self.pwconv2 = nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.full((dim,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(self.act(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class Ghost(nn.Module):
    def __init__(self, channels: int = 16):
        super().__init__()
        self.primary, self.cheap = conv_bn(channels, 8, 1), conv_bn(8, 8, 3, groups=8)
        self.gate = SqueezeExcite(16, 4, nn.Hardsigmoid)

    def forward(self, x: Tensor) -> Tensor:
        y = self.primary(x)
        return x + self.gate(torch.cat([y, self.cheap(y)], dim=1)[:, :16])


class Xception(nn.Module):
    def __init__(self, channels: int = 16):
        super().__init__()
        separable = [
            nn.Conv2d(channels, channels, 3, padding=2, dilation=2, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1),
        ]
        self.rep = nn.Sequential(nn.ReLU(), *separable, nn.BatchNorm2d(channels), nn.MaxPool2d(3, 2, 1))
        self.skip = conv_bn(channels, channels, 1, None, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.rep(x) + self.skip(x)


_IMAGE = ((2, 3, 32, 32),)


def _image(name: str, make, **more) -> Case:
    return Case(name, make, _IMAGE, **more)


CASES = (
    Case("lenet", LeNet, ((2, 1, 28, 28),)),
    _image("alexnet", AlexNet, dynamic=False),
    _image("vgg", VGG),
    _image("resnet", ResNet),
    _image("resnet_bottleneck", lambda: Stacked(Bottleneck(16, 8), Bottleneck(16, 8))),
    _image("resnext", lambda: Stacked(Bottleneck(16, 8, groups=4))),
    _image("seresnet", lambda: Stacked(Bottleneck(16, 8, squeeze=4))),
    _image("regnet", lambda: Stacked(Bottleneck(16, 24, groups=3, squeeze=4))),
    _image("densenet", DenseNet),
    _image("inception", lambda: Stacked(Inception(), Inception())),
    _image("squeezenet", lambda: Stacked(Fire(), Fire(), nn.MaxPool2d(3, 2, ceil_mode=True))),
    _image("mobilenet_v2", lambda: Stacked(InvertedResidual(), InvertedResidual())),
    _image(
        "mobilenet_v3",
        lambda: Stacked(
            InvertedResidual(act=nn.Hardswish, gate=nn.Hardsigmoid), InvertedResidual(act=nn.Hardswish)
        ),
    ),
    _image("efficientnet", lambda: Stacked(InvertedResidual(act=nn.SiLU, gate=nn.Sigmoid))),
    _image("shufflenet", lambda: Stacked(ShuffleUnit(), ShuffleUnit())),
    _image("convnext", lambda: Stacked(ConvNeXtBlock(), LayerNorm2d(16), ConvNeXtBlock())),
    _image("ghostnet", lambda: Stacked(Ghost(), Ghost())),
    _image("xception", lambda: Stacked(Xception())),
    _image("darknet_mish", lambda: Stacked(conv_bn(16, 16, 3, nn.Mish), conv_bn(16, 16, 1, nn.LeakyReLU))),
)
