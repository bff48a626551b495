"""Live modules built of the layers listed, each with something that is hard to follow."""

import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    """One activation used twice, a sum in place, an optional shortcut."""

    def __init__(self, before, after, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x):
        kept = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += kept
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)
        )
        self.layer1 = nn.Sequential(Residual(width, width), Residual(width, width))
        self.layer2 = nn.Sequential(Residual(width, 2 * width, 2), Residual(2 * width, 2 * width))
        self.fc = nn.Linear(2 * width, 10)

    def forward(self, x):
        x = functional.max_pool2d(self.stem(x), 3, 2, padding=1)
        x = functional.adaptive_avg_pool2d(self.layer2(self.layer1(x)), (1, 1))
        return self.fc(torch.flatten(x, 1))


class Double(nn.Sequential):
    def __init__(self, before, after):
        super().__init__(
            nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.Conv2d(after, after, 1), nn.ReLU()
        )


class UNet(nn.Module):
    """Module lists that the forward enters again and again."""

    def __init__(self, width=4):
        super().__init__()
        self.down = nn.ModuleList([Double(1, width), Double(width, 2 * width), Double(2 * width, 4 * width)])
        self.up = nn.ModuleList(
            [nn.ConvTranspose2d(4 * width, 2 * width, 2, 2), nn.ConvTranspose2d(2 * width, width, 2, 2)]
        )
        self.join = nn.ModuleList([Double(4 * width, 2 * width), Double(2 * width, width)])
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x):
        kept = []
        for index, layer in enumerate(self.down):
            x = layer(x)
            if index < 2:
                kept.append(x)
                x = functional.max_pool2d(x, 2)
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([kept.pop(), up(x)], 1))
        return self.head(x)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        x = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(x.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, 4)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """Parameters of its own, and a batch size that is read from the input."""

    def __init__(self, width=16):
        super().__init__()
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.place = nn.Parameter(torch.randn(1, 17, width))
        self.blocks = nn.Sequential(*(Block(width) for _ in range(3)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1) + self.place
        return self.head(self.norm(self.blocks(x))[:, 0])


class Tagger(nn.Module):
    """Tied weights, a buffer, states of an LSTM, results in a dict."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 16)
        self.lstm = nn.LSTM(16, 16, 2, batch_first=True)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(16, 50, bias=False)
        self.out.weight = self.words.weight
        self.register_buffer("scale", torch.tensor(0.5))

    def forward(self, words):
        x, (state, _) = self.lstm(self.words(words))
        return {"logits": self.out(self.drop(x)) * self.scale, "state": state[-1]}


class Mixed(nn.Module):
    """Functions of many spellings, two inputs, three results."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.bn = nn.Linear(8, 8), nn.Linear(8, 8), nn.BatchNorm1d(8)

    def forward(self, x, y):
        x = functional.relu(self.first(x))
        x = self.second(x) - torch.sigmoid(y) / 2
        x = (x - x.mean(-1, keepdim=True)) * 2
        x = functional.softmax(x.view(x.size(0), -1, 4), dim=-1)
        left, right = x.chunk(2, 1)
        x = self.bn(torch.cat((right, left), 1).flatten(1)).clamp(min=-1)
        x = (x**2).masked_fill(y > 0.5, -1.0)
        return x, x.sum(), x[..., :3]


def encoder():
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    return nn.TransformerEncoder(layer, 2, nn.LayerNorm(16), enable_nested_tensor=False)


MODELS = {
    "resnet": (ResNet, (torch.Size((2, 3, 64, 64)),)),
    "unet": (UNet, (torch.Size((2, 1, 16, 16)),)),
    "vit": (VisionTransformer, (torch.Size((2, 3, 32, 32)),)),
    "tagger": (Tagger, (torch.Size((2, 7)),)),
    "mixed": (Mixed, (torch.Size((3, 8)), torch.Size((3, 8)))),
    "encoder": (encoder, (torch.Size((2, 5, 16)),)),
    "attention": (lambda: nn.MultiheadAttention(16, 4, batch_first=True), (torch.Size((2, 5, 16)),) * 3),
    "linear": (lambda: nn.Linear(3, 4), (torch.Size((2, 3)),)),
}
