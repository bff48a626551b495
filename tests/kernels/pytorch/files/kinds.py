"""Files of every kind as a plain torch script writes them, some with a canary in them. Nothing here knows of Sketch."""

import os
import pickle
import warnings
import zipfile
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(after)

    def forward(self, x):
        return functional.relu(self.bn(self.conv(x)))


class Classifier(nn.Module):
    """A small backbone and a head of 1000 classes."""

    def __init__(self, classes=1000):
        super().__init__()
        self.stem = Block(3, 8)
        self.stages = nn.Sequential(Block(8, 12), nn.MaxPool2d(2), Block(12, 16))
        self.head = nn.Linear(16, classes)

    def features(self, x):
        return self.stages(self.stem(x)).mean((2, 3))

    def forward(self, image):
        return self.head(self.features(image))


SOURCE = """import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(after)

    def forward(self, x):
        return functional.relu(self.bn(self.conv(x)))


class Classifier(nn.Module):
    def __init__(self, classes=1000):
        super().__init__()
        self.stem = Block(3, 8)
        self.stages = nn.Sequential(Block(8, 12), nn.MaxPool2d(2), Block(12, 16))
        self.head = nn.Linear(16, classes)

    def forward(self, image):
        return self.head(self.stages(self.stem(image)).mean((2, 3)))
"""


def classifier():
    """The classifier with seeded weights and running statistics that are not those of a new one."""
    torch.manual_seed(0)
    made = Classifier().eval()
    for part in made.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.uniform_(-0.5, 0.5)
            part.running_var.uniform_(0.5, 1.5)
    return made


def quiet(run, *args, **kwargs):
    """TorchScript says at each call that it is deprecated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return run(*args, **kwargs)


def save_traced(module, path, example):
    quiet(lambda: torch.jit.trace(module, example).save(str(path)))


def save_scripted(module, path):
    quiet(lambda: torch.jit.script(module).save(str(path)))


def save_exported(module, path, *example, **dims):
    quiet(lambda: torch.export.save(torch.export.export(module, example, **dims), str(path)))


class Canary:
    """What it means to be loaded: a folder is made."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def odd_tensors():
    """Tensors that lie in a file in every way there is."""
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(4, 6, generator=generator)
    return OrderedDict({
        "plain": plain, "turned": torch.randn(3, 5, generator=generator).t(),
        "permuted": torch.randn(2, 3, 4, generator=generator).permute(2, 0, 1),
        "part": torch.arange(40.0).view(8, 5)[::2, 1:4],
        "expanded": torch.randn(3, 1, generator=generator).expand(3, 7),
        "one": torch.tensor(3), "none": torch.empty(0, 3), "half": plain[0].half(), "brain": plain[1].bfloat16(),
        "eight": plain[2].to(torch.float8_e4m3fn), "complex": torch.complex(plain[0], plain[1]),
        "flags": plain[3] > 0, "tied": plain, "long": torch.arange(5), "double": plain.double(),
        "block.weight": torch.randn(2, 2, generator=generator), "block.running_mean": torch.zeros(2),
    })  # fmt: skip


def rezipped(source, target, change):
    """A zip archive with entries changed: `change(name, data)` gives the new data, None leaves the entry out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            data = change(entry.filename, old.read(entry))
            if data is not None:
                new.writestr(entry.filename, data)


def with_malicious_global(path, mark):
    """A state_dict in which one entry is a call."""
    torch.save({"weight": torch.ones(2, 2), "note": Canary(mark)}, path)


def raw_pickle(path, code):
    """A torch zip with this pickle for its structure."""
    torch.save({"a": torch.ones(1)}, path.with_suffix(".tmp"))
    rezipped(path.with_suffix(".tmp"), path, lambda name, data: code if name.endswith("data.pkl") else data)


def pickled(value):
    return pickle.dumps(value, protocol=2)
