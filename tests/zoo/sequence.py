"""Recurrent networks, temporal convolutions, speech front ends."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tests.zoo.case import Case
from tests.zoo.transformer import Mlp


class Recurrent(nn.Module):
    """A stack of one kind over embedded words, and a head on the last step."""

    def __init__(self, kind: type[nn.Module], **more):
        super().__init__()
        self.embed, self.rnn = nn.Embedding(40, 8), kind(8, 10, batch_first=True, **more)
        self.fc = nn.Linear(20 if more.get("bidirectional") else 10, 4)

    def forward(self, ids: Tensor) -> Tensor:
        y, _ = self.rnn(self.embed(ids))
        return self.fc(y[:, -1])


class States(nn.Module):
    """Given first states, last states as outputs, time in front."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 8)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y, (h, c) = self.lstm(x, (h, c))
        return y, h, c


class Tagger(nn.Module):
    """A bidirectional LSTM whose last states are joined."""

    def __init__(self):
        super().__init__()
        self.lstm, self.gru, self.out = (
            nn.LSTM(6, 5, batch_first=True, bidirectional=True),
            nn.GRU(10, 6, batch_first=True),
            nn.Linear(16, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        y, (h, _) = self.lstm(x)
        _, last = self.gru(y)
        return self.out(torch.cat([h[0], h[1], last[-1]], dim=1))


class Seq2Seq(nn.Module):
    """Encoder and decoder with dot attention."""

    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(40, 8), nn.Embedding(40, 8)
        self.encoder, self.decoder = nn.GRU(8, 12, batch_first=True), nn.GRU(8, 12, batch_first=True)
        self.out = nn.Linear(24, 40)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory, state = self.encoder(self.source(source))
        y, _ = self.decoder(self.target(target), state)
        weights = F.softmax(torch.bmm(y, memory.transpose(1, 2)), dim=-1)
        return self.out(torch.cat([y, torch.bmm(weights, memory)], dim=-1))


class Temporal(nn.Module):
    """Causal dilated convolutions: padded at both sides, cut at the end."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv1d(8, 8, 3, padding=2 * d, dilation=d) for d in (1, 2, 4)])
        self.first, self.out = nn.Conv1d(3, 8, 1), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        for conv in self.convs:
            y = F.relu(y + F.relu(conv(y)[:, :, : -conv.padding[0]]))
        return self.out(y.mean(dim=2))


class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(1, 8, 1)
        self.filters = nn.ModuleList([nn.Conv1d(8, 16, 2, dilation=d) for d in (1, 2, 4)])
        self.skips, self.out = nn.ModuleList([nn.Conv1d(8, 8, 1) for _ in range(3)]), nn.Conv1d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        y, total = self.first(x), None
        for conv, skip in zip(self.filters, self.skips, strict=True):
            a, b = conv(F.pad(y, (conv.dilation[0], 0))).chunk(2, dim=1)
            gated = skip(torch.tanh(a) * torch.sigmoid(b))
            total, y = gated if total is None else total + gated, y + gated
        return self.out(F.relu(total))


class Conformer(nn.Module):
    """Half-step feed-forwards around attention and a gated convolution."""

    def __init__(self, dim: int = 16):
        super().__init__()
        self.ff1, self.ff2 = (nn.Sequential(nn.LayerNorm(dim), Mlp(dim, nn.SiLU())) for _ in range(2))
        self.norm, self.attn = nn.LayerNorm(dim), nn.MultiheadAttention(dim, 2, batch_first=True)
        self.conv_norm, self.pointwise = nn.LayerNorm(dim), nn.Conv1d(dim, 2 * dim, 1)
        self.depthwise, self.bn = nn.Conv1d(dim, dim, 5, padding=2, groups=dim), nn.BatchNorm1d(dim)
        self.last, self.final = nn.Conv1d(dim, dim, 1), nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.5 * self.ff1(x)
        y = self.norm(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        y = F.glu(self.pointwise(self.conv_norm(x).transpose(1, 2)), dim=1)
        x = x + self.last(F.silu(self.bn(self.depthwise(y)))).transpose(1, 2)
        return self.final(x + 0.5 * self.ff2(x))


class Wav2Vec(nn.Module):
    """A front end of strided convolutions with group normalisation and a positional convolution."""

    def __init__(self):
        super().__init__()
        self.conv0, self.norm0, self.conv1 = (
            nn.Conv1d(1, 8, 10, 5, bias=False),
            nn.GroupNorm(8, 8),
            nn.Conv1d(8, 8, 3, 2, bias=False),
        )
        self.projection, self.norm = nn.Linear(8, 16), nn.LayerNorm(8)
        self.position = nn.Conv1d(16, 16, 4, padding=2, groups=4)

    def forward(self, x: Tensor) -> Tensor:
        y = F.gelu(self.conv1(F.gelu(self.norm0(self.conv0(x[:, None])))))
        y = self.projection(self.norm(y.transpose(1, 2)))
        return y + F.gelu(self.position(y.transpose(1, 2))[:, :, :-1]).transpose(1, 2)


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.fc = nn.Embedding(40, 8), nn.Linear(12, 3)
        self.convs = nn.ModuleList([nn.Conv1d(8, 4, k) for k in (2, 3, 4)])

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embed(ids).transpose(1, 2)
        return self.fc(torch.cat([F.relu(conv(x)).max(dim=2).values for conv in self.convs], dim=1))


class Cell(nn.Module):
    """A GRU cell written out, three steps."""

    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.GRUCell(6, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        state = torch.zeros(x.size(0), 8)
        for step in range(3):
            state = self.cell(x[:, step], state)
        return self.out(state)


_WORDS = ((2, 7),)

CASES = (
    Case("lstm", lambda: Recurrent(nn.LSTM), _WORDS, below=40),
    Case(
        "lstm_bidirectional", lambda: Recurrent(nn.LSTM, bidirectional=True, num_layers=2), _WORDS, below=40
    ),
    Case("gru", lambda: Recurrent(nn.GRU, num_layers=2), _WORDS, below=40),
    Case("gru_bidirectional", lambda: Recurrent(nn.GRU, bidirectional=True), _WORDS, below=40),
    Case("rnn_tanh", lambda: Recurrent(nn.RNN), _WORDS, below=40),
    Case("rnn_relu", lambda: Recurrent(nn.RNN, nonlinearity="relu", bidirectional=True), _WORDS, below=40),
    Case("lstm_states", States, ((5, 2, 6), (1, 2, 8), (1, 2, 8)), dynamic=False),
    Case("tagger", Tagger, ((2, 5, 6),)),
    Case("seq2seq", Seq2Seq, ((2, 6), (2, 5)), below=40),
    Case("gru_cell", Cell, ((2, 3, 6),)),
    Case("tcn", Temporal, ((2, 3, 20),)),
    Case("wavenet", WaveNet, ((2, 1, 24),)),
    Case("conformer", Conformer, ((2, 8, 16),)),
    Case("wav2vec", Wav2Vec, ((2, 200),)),
    Case("textcnn", TextCNN, _WORDS, below=40),
)
