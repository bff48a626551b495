"""No permission, no execution: a canary in every kind of file; and one clear line for what is damaged or lies."""

import contextlib
import io
import json
import pickle
import struct
import zipfile

import pytest
import safetensors.torch
import torch
from torch import nn

from sketch.binder.kernel import BinderError, PermissionNeededError
from sketch.kernels.pytorch.files import pickles
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.files import kinds


@pytest.fixture
def task(tmp_path):
    made = make_task(tmp_path / "work")
    made.trusted = False
    return made


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "ran"


def refused(path, task, **options):
    """The one line with which a file is refused."""
    assert KERNEL.recognises(path, path.read_bytes()[:4096])
    with pytest.raises(BinderError) as caught:
        KERNEL.import_model(path, options, task)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    assert path.name in text or "source.py" in text
    return caught


def _pickle(path, mark):
    torch.save(kinds.Canary(mark), path)


def _old(path, mark):
    torch.save(kinds.Canary(mark), path, _use_new_zipfile_serialization=False)


def _bare(path, mark):
    path.write_bytes(pickle.dumps(kinds.Canary(mark)))


def _inst(path, mark):
    path.write_bytes(b"\x80\x02(S'" + str(mark).encode() + b"'\niposix\nmkdir\n.")


def _source(path, mark):
    path.write_text(f"import torch\nimport pathlib\npathlib.Path({str(mark)!r}).touch()\n")


def _script(path, mark):
    class Loud(nn.Module):
        def __init__(self, place: str):
            super().__init__()
            self.place = place

        @torch.jit.export
        def __getstate__(self):
            return self.place, self.training

        @torch.jit.export
        def __setstate__(self, state: tuple[str, bool]):
            self.place, self.training = state
            torch.save(torch.ones(1), self.place)

        def forward(self, x):
            return x + 1

    kinds.save_scripted(Loud(str(mark)), path)


def _exported(path, mark):
    kinds.save_exported(nn.Linear(2, 2), path.with_suffix(".pt2"), torch.ones(1, 2))
    song = io.BytesIO()
    torch.save(((kinds.Canary(mark),), {}), song)

    def change(name, data):
        return song.getvalue() if "sample_inputs/" in name else data

    kinds.rezipped(path.with_suffix(".pt2"), path, change)


@pytest.mark.parametrize("write", [_pickle, _old, _bare, _inst, _source, _script, _exported])
def test_nothing_runs_without_permission(tmp_path, task, mark, write):
    path = tmp_path / "model.py" if write is _source else tmp_path / "model.pth"
    write(path, mark)
    assert not mark.exists()
    assert refused(path, task).type is PermissionNeededError
    with pytest.raises(PermissionNeededError):
        KERNEL.run(path, {}, task)
    assert not mark.exists()


@pytest.mark.parametrize("write", [_pickle, _old, _bare, _inst, _source, _script, _exported])
def test_the_canaries_do_sing(tmp_path, task, mark, write):
    path = tmp_path / ("model.py" if write is _source else "model.pth")
    write(path, mark)
    task.trusted = True
    with contextlib.suppress(BinderError):
        KERNEL.import_model(path, {}, task)
    assert mark.exists()


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_weights_with_a_malicious_global_open_without_it(tmp_path, task, mark, trusted, zipped):
    task.trusted = trusted
    value = {"weight": torch.ones(2, 2), "note": kinds.Canary(mark)}
    torch.save(value, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    model = KERNEL.import_model(tmp_path / "w.pth", {}, task)
    assert model.details["tensors"] == 1
    assert [loss.what for loss in model.losses if loss.where == "file"] == [
        "names posix.mkdir; what they stand for was left out, and none of it ran"
    ]
    assert not mark.exists()


def test_weights_only_of_a_pickled_module_runs_nothing(tmp_path, task):
    torch.save(kinds.classifier(), tmp_path / "m.pth")
    assert refused(tmp_path / "m.pth", task).type is PermissionNeededError
    model = KERNEL.import_model(tmp_path / "m.pth", {"weights_only": True}, task)
    assert model.format == "state_dict"
    assert model.details["tensors"] == len(kinds.classifier().state_dict())


def test_source_of_weights_needs_permission(tmp_path, task, mark):
    torch.save({"weight": torch.ones(2, 2)}, tmp_path / "w.pth")
    (tmp_path / "net.py").write_text(f"import torch\nopen({str(mark)!r}, 'w')\n")
    with pytest.raises(PermissionNeededError, match=r"net\.py"):
        KERNEL.import_model(tmp_path / "w.pth", {"source": str(tmp_path / "net.py")}, task)
    assert not mark.exists()


def test_folders_are_not_searched_without_permission(tmp_path, task, mark):
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "gone.py").write_text(f"open({str(mark)!r}, 'w')\n")
    path = tmp_path / "m.pth"
    path.write_bytes(b"\x80\x02cgone\nNet\n)R.")
    with pytest.raises(PermissionNeededError, match=r"gone\.Net"):
        KERNEL.import_model(path, {"folders": (str(tmp_path / "zoo"),)}, task)
    assert not mark.exists()


# --- files that lie ----------------------------------------------------------------------------------------------


def _safetensors(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


F32 = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        ({"a": F32}, b"\0" * 4, "does not have"),
        ({"a": F32}, b"\0" * 12, "belong to no tensor"),
        ({"a": {**F32, "shape": [1 << 40, 1 << 40]}}, b"\0" * 8, "claims"),
        ({"a": {**F32, "shape": [-2]}}, b"\0" * 8, "damaged"),
        ({"a": {**F32, "dtype": "Q9"}}, b"\0" * 8, "Q9"),
        ({"a": F32, "b": F32}, b"\0" * 8, "does not follow"),
        (b'{"a": 1, "a": 2}', b"", "damaged"),
        (b"{" * 3000, b"", "damaged"),
        (b"{}", b"\0" * 8, "belong to no tensor"),
    ],
)
def test_a_bad_header_of_safetensors_is_one_line(tmp_path, task, header, data, words):
    _safetensors(tmp_path / "w.safetensors", header, data)
    assert words in str(refused(tmp_path / "w.safetensors", task).value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("kind", ["pth", "old", "safetensors", "pt", "pt2"])
def test_truncated_files_are_one_line(tmp_path, task, kind, share):
    whole, path = tmp_path / "whole", tmp_path / f"cut.{kind}"
    state = {"a.weight": torch.ones(30, 30), "b.weight": torch.ones(20)}
    if kind == "safetensors":
        safetensors.torch.save_file(state, whole)
    elif kind == "pt":
        kinds.save_traced(nn.Linear(2, 2), whole, torch.ones(1, 2))
    elif kind == "pt2":
        kinds.save_exported(nn.Linear(2, 2), whole.with_suffix(".pt2"), torch.ones(1, 2))
        whole = whole.with_suffix(".pt2")
    else:
        torch.save(state, whole, _use_new_zipfile_serialization=kind == "pth")
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BinderError, match=r"damaged|cut off|does not have|no file of PyTorch"):
        KERNEL.import_model(path, {}, task)


def test_a_flipped_bit_is_found(tmp_path, task):
    torch.save({"weight": torch.zeros(1000)}, tmp_path / "w.pth")
    data = bytearray((tmp_path / "w.pth").read_bytes())
    data[data.index(b"\0" * 2000) + 1000] ^= 1
    (tmp_path / "w.pth").write_bytes(data)
    assert "data/0 is damaged" in str(refused(tmp_path / "w.pth", task).value)


def test_zip_bombs_are_not_unpacked(tmp_path, task):
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}.")
        archive.writestr("a/data/0", b"\0" * (30 << 20))
    assert "would unpack to" in str(refused(path, task).value)


def test_a_compressed_storage_is_refused(tmp_path, task):
    torch.save({"weight": torch.randn(100)}, tmp_path / "w.tmp")
    with (
        zipfile.ZipFile(tmp_path / "w.tmp") as old,
        zipfile.ZipFile(tmp_path / "w.pth", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            new.writestr(entry.filename, old.read(entry))
    assert "is compressed" in str(refused(tmp_path / "w.pth", task).value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_refused(tmp_path, task):
    torch.save({"weight": torch.randn(4)}, tmp_path / "w.pth")
    with zipfile.ZipFile(tmp_path / "w.pth", "a") as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        archive.writestr(name, kinds.pickled({}))
    assert "two parts" in str(refused(tmp_path / "w.pth", task).value)


REBUILD = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
)


def _claim(numel, offset, shape, stride):
    numbers = [f"I{item}\n".encode() for item in (numel, offset)]
    sizes = [b"(" + b"".join(f"L{item}L\n".encode() for item in each) + b"t" for each in (shape, stride)]
    return (
        b"\x80\x02}X\x01\x00\x00\x00a" + REBUILD + numbers[0] + b"tQ" + numbers[1] + sizes[0] + sizes[1]
        + b"I00\nccollections\nOrderedDict\n)RtRs."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (_claim(1, 0, (1,), (1,)), ""),
        (_claim(1, 0, (1 << 20, 1 << 20), (0, 0)), "repeats its values"),
        (_claim(1, 0, (2,), (1,)), "claims 8 bytes"),
        (_claim(1, 5, (1,), (1,)), "claims 24 bytes"),
        (_claim(1, 0, (1 << 61, 1 << 61), (1, 1)), "claims"),
        (_claim(1, 0, (1,), (1, 1)), "no tensor has"),
        (_claim(1, -1, (1,), (1,)), "no tensor has"),
        (_claim(1000, 0, (1,), (1,)), "claims 1000 elements"),
    ],
)
def test_sizes_are_claims(tmp_path, task, claim, words):
    kinds.raw_pickle(tmp_path / "w.pth", claim)
    if not words:
        assert KERNEL.import_model(tmp_path / "w.pth", {}, task).details["tensors"] == 1
    else:
        assert words in str(refused(tmp_path / "w.pth", task).value)


BOMBS = {
    "doubling keys": b"".join((b"\x80\x02}K\x01\x85", b"2\x86" * 200, b"K\x01s.")),
    "doubling lists": b"".join((b"\x80\x02]", b"2q\x00]h\x00ah\x00a" * 200, b".")),
    "deep": b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".",
    "long string": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "large memo": b"\x80\x02Nr\xff\xff\xff\xff.",
    "bytes of nothing": b"\x80\x05\x96\xff\xff\xff\xff\xff\x00\x00\x00.",
    "no stack": b"\x80\x02R.",
    "no end": b"\x80\x02}" * 10,
    "append to a call": b"\x80\x02cos\nsystem\nK\x01a.",
    "extension": b"\x80\x02\x82\x01.",
    "next buffer": b"\x80\x05\x97.",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_in_pickles_end_in_one_line(tmp_path, task, bomb):
    kinds.raw_pickle(tmp_path / "w.pth", bomb)
    refused(tmp_path / "w.pth", task)
    (tmp_path / "bare.pth").write_bytes(bomb)
    refused(tmp_path / "bare.pth", task)


def test_a_pickle_longer_than_any_models_is_refused(tmp_path, task, monkeypatch):
    monkeypatch.setattr(pickles, "MOST_STEPS", 1000)
    kinds.raw_pickle(tmp_path / "w.pth", b"\x80\x02(" + b"K\x01" * 2000 + b"l.")
    assert "longer than any model" in str(refused(tmp_path / "w.pth", task).value)


def test_shards_lie_beside_their_index(tmp_path, task):
    path = tmp_path / "model.safetensors.index.json"
    for name in ("../secret", "/etc/passwd", "not-there.safetensors"):
        path.write_text(json.dumps({"metadata": {}, "weight_map": {"a": name}}))
        assert "not beside it" in str(refused(path, task).value)


def test_mutated_files_open_or_are_refused_and_nothing_else(tmp_path, task):
    torch.save(kinds.odd_tensors(), tmp_path / "good.pth")
    torch.save(kinds.odd_tensors(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    generator = torch.Generator().manual_seed(0)
    for name in ("good.pth", "old.pth"):
        data = (tmp_path / name).read_bytes()
        for _ in range(60):
            changed = bytearray(data)
            for place in torch.randint(0, len(data), (3,), generator=generator).tolist():
                changed[place] = int(torch.randint(0, 256, (1,), generator=generator))
            path = tmp_path / "changed.pth"
            path.write_bytes(changed)
            with contextlib.suppress(BinderError):
                KERNEL.import_model(path, {}, task)
