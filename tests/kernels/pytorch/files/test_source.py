"""Python source: which class, with which arguments and inputs; errors stand at their line; nothing is left behind."""

import sys

import pytest
import torch

from sketch.binder.kernel import BinderError, PermissionNeededError
from sketch.graph.network import build_network
from sketch.graph.tables import Tables
from sketch.kernels.pytorch.files.source import network_from_text
from sketch.kernels.pytorch.kernel import KERNEL
from tests.contract.networks import library
from tests.contract.torch_reference import task as make_task
from tests.kernels.pytorch.files import kinds

HEAD = "import torch\nfrom torch import nn\n\n\n"
TWO = HEAD + (
    "class Part(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
    "        self.fc = nn.Linear(width, 2)\n\n    def forward(self, x):\n        return self.fc(x)\n\n\n"
)


@pytest.fixture
def task(tmp_path):
    return make_task(tmp_path / "work")


def drawn(text, task, class_="", arguments="", inputs=None, **more):
    model = network_from_text(text, class_, arguments, inputs or {}, task, name="model.py", **more)
    tables = Tables()
    tables.apply(model.delta)
    return model, build_network(tables, library(), store=task.store)


def fault(text, task, *args, **more):
    with pytest.raises(BinderError) as caught:
        drawn(text, task, *args, **more)
    return str(caught.value)


def test_the_class_that_can_be_built_is_taken(task):
    whole = TWO + "class Whole(nn.Sequential):\n    def __init__(self):\n        super().__init__(Part(5))\n"
    model, network = drawn(whole, task)
    assert model.details["class"] == "Whole"
    assert model.details["inputs"] == "input float32 2×5"
    assert network.inputs[0].params["shape"] == ("N", 5)
    assert not network.errors
    model, _ = drawn(whole, task, "Part", "width=7")
    assert model.details == {"class": "Part", "inputs": "x float32 2×7"}


def test_arguments_see_what_the_source_defines(task):
    _, network = drawn(TWO + "WIDTH = 9\n", task, "Part", "WIDTH + 1")
    assert network.parameters == 22


def test_a_function_that_makes_a_module_will_do(task):
    model, _ = drawn(TWO + "def made(width=3):\n    return Part(width)\n", task, "made")
    assert model.details["class"] == "Part"


def test_the_same_source_gives_the_same_weights(task):
    first, second = (drawn(kinds.SOURCE, task)[0].delta for _ in range(2))
    assert first == second


SAYS = {
    "two classes": (
        TWO + "class Other(Part):\n    pass\n", {},
        "say which class to open, and its arguments; there are Part(width), Other(width).",
    ),
    "no such class": (TWO, {"class_": "Net"}, "model.py: has no class 'Net'; there are Part."),
    "no class": ("x = 1\n", {}, "no class that is an nn.Module"),
    "syntax": (HEAD + "class Net(nn.Module:\n", {}, "model.py:5: "),
    "name": (HEAD + "a = 1\nb = missing\n", {}, "model.py:6: NameError: name 'missing' is not defined"),
    "exit": (HEAD + "import sys\nsys.exit(3)\n", {}, "model.py:6: SystemExit: 3"),
    "constructor": (TWO, {"class_": "Part", "arguments": "'a'"}, "model.py:8: TypeError"),
    "needs arguments": (TWO, {}, "missing 1 required positional argument: 'width'"),
    "arguments": (TWO, {"class_": "Part", "arguments": "width=="}, "invalid syntax"),
    "no module": (TWO + "def made():\n    return 3\n", {"class_": "made"}, "made gives a int, which is no module"),
    "import": ("import not_there_at_all\n", {}, "model.py:1: ModuleNotFoundError"),
    "wrong inputs": (TWO, {"class_": "Part", "arguments": "4", "inputs": {"x": (2, 3)}}, "model.py:11: RuntimeError"),
    "unknown input": (
        TWO, {"class_": "Part", "arguments": "4", "inputs": {"y": (2, 4)}}, "has no input 'y'; there are x",
    ),
    "data": (
        HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        return x * float(x.sum())\n",
        {"inputs": {"x": (2, 3)}}, "model.py:7",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAYS)
def test_an_error_is_one_line_with_its_place(task, name):
    text, options, words = SAYS[name]
    said = fault(text, task, **options)
    assert words in said
    assert "\n" not in said


def test_neighbours_are_imported_and_forgotten(tmp_path, task):
    for folder, width in (("one", 3), ("two", 4)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "neighbour_of_model.py").write_text(f"WIDTH = {width}\n")
    text = "import neighbour_of_model\n" + TWO + (
        "class Net(Part):\n    def __init__(self):\n        super().__init__(neighbour_of_model.WIDTH)\n"
    )  # fmt: skip
    before = list(sys.path)
    for folder, width in (("one", 3), ("two", 4)):
        _, network = drawn(text, task, folders=(tmp_path / folder,))
        assert network.inputs[0].params["shape"] == ("N", width)
        assert "neighbour_of_model" not in sys.modules
    assert sys.path == before
    assert "sketch_source" not in sys.modules
    assert "no such folder" in fault(text, task, folders=(tmp_path / "three",))


def test_nothing_runs_without_permission(tmp_path, task):
    task.trusted = False
    with pytest.raises(PermissionNeededError) as caught:
        network_from_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", "", "", {}, task, name="model.py")
    assert caught.value.asks == ("class", "arguments", "inputs", "folders")
    assert not (tmp_path / "ran").exists()


# --- inputs that nobody gave -------------------------------------------------------------------------------------

TRIED = {
    "image": (kinds.SOURCE, "", "image float32 2×3×224×224"),
    "small image": (
        HEAD + "class Net(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Conv2d(1, 2, 5), nn.Flatten(), nn.Linear(2 * 24 * 24, 3))\n",
        "", "input float32 2×1×28×28",
    ),
    "tokens": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.table = nn.Embedding(20, 6)\n        self.head = nn.Linear(6, 20)\n\n"
        "    def forward(self, input_ids, attention_mask=None):\n        return self.head(self.table(input_ids))\n",
        "", "input_ids int64 2×16",
    ),
    "all optional": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.table = nn.Embedding(20, 6)\n\n"
        "    def forward(self, input_ids=None, attention_mask=None, labels=None):\n"
        "        if input_ids is None:\n            raise ValueError('give input_ids')\n"
        "        return {'hidden': self.table(input_ids)}\n",
        "", "input_ids int64 2×16",
    ),
    "sequence": (HEAD + "class Net(nn.LSTM):\n    pass\n", "5, 7, batch_first=True", "input float32 2×16×5"),
    "rows": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.norm = nn.LayerNorm(12)\n\n    def forward(self, x):\n        b, l, d = x.shape\n"
        "        return self.norm(x)\n",
        "", "x float32 2×16×12",
    ),
    "words and a picture": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 6, 3)\n        self.table = nn.Embedding(20, 6)\n\n"
        "    def forward(self, image, ids):\n"
        "        return self.conv(image).mean((2, 3)) + self.table(ids).mean(1)\n",
        "", "image float32 2×3×224×224, ids int64 2×16",
    ),
    "two kinds by place": (
        HEAD + "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(3, 6, 3)\n        self.fc = nn.Linear(9, 6)\n\n"
        "    def forward(self, a, b):\n"
        "        return self.conv(a).mean((2, 3)) + self.fc(b)\n",
        "", "a float32 2×3×224×224, b float32 2×9",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRIED)
def test_the_usual_inputs_are_tried(task, name):
    text, arguments, words = TRIED[name]
    model, network = drawn(text, task, "", arguments)
    assert model.details["inputs"] == words
    assert not network.errors


def test_half_of_the_inputs_may_be_given(task):
    text = TRIED["words and a picture"][0]
    model, _ = drawn(text, task, inputs={"ids": ("N", 5)})
    assert model.details["inputs"] == "image float32 2×3×224×224, ids int64 2×5"


def test_a_module_that_runs_on_nothing_asks_for_shapes(task):
    text = HEAD + "class Net(nn.Module):\n    def forward(self, x):\n        raise ValueError('no')\n"
    said = fault(text, task)
    assert "ran with none of the inputs that were tried (model.py:7: ValueError: no)" in said
    assert said.endswith("give the shapes of its inputs (x).")


def test_weights_of_half_precision_get_inputs_of_theirs(task):
    text = (
        TWO + "class Net(Part):\n    def __init__(self):\n        super().__init__(4)\n        self.half()\n"
    )
    model, _ = drawn(text, task)
    assert model.details["inputs"] == "x float16 2×4"
    assert torch.get_default_dtype() == torch.float32


# --- pickled modules whose classes are elsewhere ------------------------------------------------------------------


def test_every_missing_class_is_named_at_once_and_found_in_its_folder(tmp_path, task):
    package = tmp_path / "lib" / "lost_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text(TWO)
    (package / "nets.py").write_text(
        HEAD + "from lost_package.parts import Part\n\n\nclass Net(nn.Sequential):\n    pass\n"
    )
    sys.path.insert(0, str(tmp_path / "lib"))
    try:
        from lost_package import nets, parts  # type: ignore[import-not-found]

        torch.save(nets.Net(parts.Part(4), parts.Part(2)).eval(), tmp_path / "m.pth")
    finally:
        sys.path.remove(str(tmp_path / "lib"))
        for name in [name for name in sys.modules if name.startswith("lost_package")]:
            del sys.modules[name]
    with pytest.raises(BinderError) as caught:
        KERNEL.import_model(tmp_path / "m.pth", {}, task)
    assert "needs lost_package.nets.Net, lost_package.parts.Part, not to be found here" in str(caught.value)
    for folder in (tmp_path / "lib", package):
        model = KERNEL.import_model(tmp_path / "m.pth", {"folders": (str(folder),)}, task)
        assert model.details["inputs"] == "input float32 2×4"
        assert not [name for name in sys.modules if name.startswith("lost_package")]


def test_two_modules_in_one_file_are_named(tmp_path, task):
    torch.save({"first": torch.nn.Linear(1, 2), "second": torch.nn.Linear(2, 1)}, tmp_path / "m.pth")
    with pytest.raises(BinderError, match=r"holds 2 modules \(first, second\)"):
        KERNEL.import_model(tmp_path / "m.pth", {}, task)
