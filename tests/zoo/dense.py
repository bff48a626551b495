"""Image to image: U-Nets, detectors, generators, super-resolution, autoencoders."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.zoo.case import Case
from tests.zoo.convolutional import ResNet, conv_bn


class UNet(nn.Module):
    def __init__(self, learned: bool):
        super().__init__()
        self.down1, self.down2 = conv_bn(3, 8), conv_bn(8, 16)
        self.pool, self.middle = nn.MaxPool2d(2), conv_bn(16, 16)
        up = {False: lambda: nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)}
        self.up1 = nn.ConvTranspose2d(16, 16, 2, 2) if learned else up[False]()
        self.up2 = nn.ConvTranspose2d(8, 8, 2, 2) if learned else up[False]()
        self.dec1, self.dec2, self.out = conv_bn(32, 8), conv_bn(16, 8), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.dec1(torch.cat([self.up1(self.middle(self.pool(b))), b], dim=1))
        return self.out(self.dec2(torch.cat([self.up2(c), a], dim=1)))


class PaddedUNet(UNet):
    """Skip connections cut or padded to the size that came back, as in U-Nets for any image size."""

    def forward(self, x: Tensor) -> Tensor:
        a = self.down1(x)
        b = self.down2(self.pool(a))
        y = self.up1(self.middle(self.pool(b)))
        high, wide = b.size(2) - y.size(2), b.size(3) - y.size(3)
        y = F.pad(y, [wide // 2, wide - wide // 2, high // 2, high - high // 2])
        c = self.up2(self.dec1(torch.cat([b, y], dim=1)))
        return self.out(self.dec2(torch.cat([c, a[:, :, : c.size(2), : c.size(3)]], dim=1)))


class FPN(nn.Module):
    """Feature pyramid with box and class heads, flattened and joined over levels."""

    def __init__(self):
        super().__init__()
        self.c1, self.c2, self.c3 = (
            conv_bn(3, 8, stride=2),
            conv_bn(8, 12, stride=2),
            conv_bn(12, 16, stride=2),
        )
        self.lateral = nn.ModuleList([nn.Conv2d(n, 8, 1) for n in (8, 12, 16)])
        self.cls, self.box = nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = self.c1(x)
        b = self.c2(a)
        levels = [self.lateral[2](self.c3(b))]
        for lateral, feature in ((self.lateral[1], b), (self.lateral[0], a)):
            below = F.interpolate(levels[-1], scale_factor=2.0, mode="nearest")
            levels.append(lateral(feature) + below)
        scores = [self.cls(y).permute(0, 2, 3, 1).reshape(x.size(0), -1, 3) for y in levels]
        boxes = [self.box(y).permute(0, 2, 3, 1).reshape(x.size(0), -1, 4) for y in levels]
        return torch.sigmoid(torch.cat(scores, 1)), torch.cat(boxes, 1)


class SSD(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.extra = nn.Sequential(conv_bn(3, 8, stride=2), conv_bn(8, 8)), conv_bn(8, 8, stride=2)
        self.scale = nn.Parameter(torch.full((1, 8, 1, 1), 20.0))
        self.loc = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1) for _ in range(2)])
        self.conf = nn.ModuleList([nn.Conv2d(8, 6, 3, padding=1) for _ in range(2)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first = self.body(x)
        maps = [self.scale * F.normalize(first, p=2.0, dim=1), self.extra(first)]
        loc = [
            head(y).permute(0, 2, 3, 1).contiguous().flatten(1)
            for head, y in zip(self.loc, maps, strict=True)
        ]
        conf = [
            head(y).permute(0, 2, 3, 1).contiguous().flatten(1)
            for head, y in zip(self.conf, maps, strict=True)
        ]
        return torch.cat(loc, 1).view(x.size(0), -1, 4), F.softmax(
            torch.cat(conf, 1).view(x.size(0), -1, 3), dim=-1
        )


class YOLO(nn.Module):
    """CSP-like body, spatial pyramid pooling, a grid that decodes boxes."""

    def __init__(self):
        super().__init__()
        self.stem, self.split, self.join = (
            conv_bn(3, 8, 3, nn.SiLU, stride=2),
            conv_bn(8, 8, 1, nn.SiLU),
            conv_bn(32, 8, 1, nn.SiLU),
        )
        self.pools, self.detect = (
            nn.ModuleList([nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13)]),
            nn.Conv2d(8, 2 * 7, 1),
        )
        self.register_buffer("anchors_fixed", torch.tensor([[1.0, 2.0], [2.0, 1.0]]).view(1, 2, 1, 1, 2))

    def forward(self, x: Tensor) -> Tensor:
        y = self.split(self.stem(x))
        y = self.detect(self.join(torch.cat([y, *(pool(y) for pool in self.pools)], 1)))
        n, _, h, w = y.shape
        y = y.view(n, 2, 7, h, w).permute(0, 1, 3, 4, 2).contiguous()
        rows, columns = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        grid = torch.stack((columns, rows), 2).view(1, 1, h, w, 2).float()
        xy = (y[..., 0:2].sigmoid() * 2.0 - 0.5 + grid) * 4.0
        wh = (y[..., 2:4].sigmoid() * 2.0) ** 2 * self.anchors_fixed
        return torch.cat((xy, wh, y[..., 4:].sigmoid()), -1).view(n, -1, 7)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.ELU(), nn.Conv2d(8, 4, 3, 2, 1), nn.SELU())
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(4, 8, 3, 2, 1, output_padding=1),
            nn.PReLU(8),
            nn.ConvTranspose2d(8, 1, 4, 2, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class VAEDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.mu, self.logvar = nn.Linear(20, 32), nn.Linear(32, 8), nn.Linear(32, 8)
        self.dec = nn.Sequential(
            nn.Linear(8, 64),
            nn.Unflatten(1, (4, 4, 4)),
            nn.Softplus(),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(4, 1, 3, padding=1),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.leaky_relu(self.fc(x), 0.2)
        mu, logvar = self.mu(h), self.logvar(h)
        return self.dec(mu + torch.exp(0.5 * logvar) * 0.3), mu, logvar


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(16, 16, 4, 1, 0, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(True),
            nn.ConvTranspose2d(8, 3, 4, 2, 1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z.view(-1, 16, 1, 1))


class SuperResolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 5, 1, 2), nn.Conv2d(8, 8, 3, 1, 1)
        self.conv3, self.shuffle = nn.Conv2d(8, 9, 3, 1, 1), nn.PixelShuffle(3)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.conv2(F.relu(self.conv1(x))))
        return self.shuffle(self.conv3(y)) + F.interpolate(
            x, scale_factor=3, mode="bicubic", align_corners=False
        )


class StyleTransfer(nn.Module):
    """Reflection padding and instance normalisation."""

    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.ReflectionPad2d(2),
            nn.Conv2d(3, 8, 5),
            nn.InstanceNorm2d(8, affine=True),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, 2, 1),
            nn.InstanceNorm2d(8),
            nn.Upsample(scale_factor=2, mode="nearest"),
            nn.ReplicationPad2d(1),
            nn.Conv2d(8, 3, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Diffusion(nn.Module):
    """A denoiser's block: GroupNorm, SiLU, time embedding, self-attention over pixels."""

    def __init__(self):
        super().__init__()
        self.conv_in, self.time = nn.Conv2d(3, 16, 3, padding=1), nn.Linear(8, 16)
        self.norm, self.conv, self.attn_norm = (
            nn.GroupNorm(4, 16),
            nn.Conv2d(16, 16, 3, padding=1),
            nn.GroupNorm(1, 16),
        )
        self.qkv, self.proj, self.act = nn.Conv1d(16, 48, 1), nn.Conv1d(16, 16, 1), nn.SiLU()

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        y = self.conv_in(x) + self.time(self.act(t))[:, :, None, None]
        y = y + self.conv(self.act(self.norm(y)))
        n, c, h, w = y.shape
        q, k, v = self.qkv(self.attn_norm(y).reshape(n, c, h * w)).chunk(3, dim=1)
        weights = torch.softmax(torch.einsum("bct,bcs->bts", q, k) * c**-0.5, dim=-1)
        return y + self.proj(torch.einsum("bts,bcs->bct", weights, v)).reshape(n, c, h, w)


class DeepLab(nn.Module):
    """Atrous pyramid with a branch over the whole image, resized back to it."""

    def __init__(self):
        super().__init__()
        self.body = conv_bn(3, 8, stride=2)
        self.atrous = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv2d(8, 4, 3, padding=d, dilation=d, bias=False), nn.BatchNorm2d(4), nn.ReLU()
                )
                for d in (1, 2, 4)
            ]
        )
        self.whole, self.out = (
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 4, 1), nn.ReLU()),
            nn.Conv2d(16, 3, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        whole = F.interpolate(self.whole(y), size=y.shape[-2:], mode="bilinear", align_corners=False)
        y = self.out(torch.cat([*(branch(y) for branch in self.atrous), whole], dim=1))
        return F.interpolate(y, size=x.shape[-2:], mode="bilinear", align_corners=False)


_IMAGE = ((2, 3, 32, 32),)

CASES = (
    Case("unet_bilinear", lambda: UNet(False), _IMAGE),
    Case("unet_transposed", lambda: UNet(True), _IMAGE),
    Case("unet_padded", lambda: PaddedUNet(True), ((2, 3, 31, 33),)),
    Case("fpn", FPN, _IMAGE),
    Case("ssd", SSD, _IMAGE),
    Case("yolo", YOLO, _IMAGE, dynamic=False),
    Case("autoencoder", Autoencoder, ((2, 1, 16, 16),)),
    Case("vae", VAEDecoder, ((2, 20),)),
    Case("gan", Generator, ((2, 16),)),
    Case("superresolution", SuperResolution, ((2, 1, 12, 12),)),
    Case("styletransfer", StyleTransfer, ((2, 3, 16, 16),)),
    Case("diffusion", Diffusion, ((2, 3, 8, 8), (2, 8))),
    Case("deeplab", DeepLab, _IMAGE),
    Case("resnet_static", ResNet, _IMAGE, dynamic=False),
)
