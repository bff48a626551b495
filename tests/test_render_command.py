"""`sketch render`: the whole canvas, a group, some layers, in every format; wrong requests are one line and exit 2."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

import sketch
from sketch import api
from sketch.cli import main
from sketch.state.document import Document
from tests.gui.drawings import draw_example

SVG = "{http://www.w3.org/2000/svg}text"


@pytest.fixture(scope="module")
def resnet(tmp_path_factory) -> Path:
    """A drawing of ResNet-18 in a file."""
    from sketch.graph.network import freeze_network

    target = tmp_path_factory.mktemp("render") / "resnet18.sketch"
    bench = api.workbench()
    document = draw_example(
        Document(bench.library, store=bench.store, folder=None, name="resnet18"), "resnet18"
    )
    sketch.save(freeze_network(document.tables, document.inference, store=bench.store), target)
    document.close()
    return target


@pytest.fixture
def run(capsys, qapp):
    """Run the command here; (exit code, standard output, standard error)."""

    def call(*argv: object) -> tuple[int, str, str]:
        code = main([str(each) for each in argv])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def texts(path: Path) -> list[str]:
    return [(element.text or "").strip() for element in ET.parse(path).iter(SVG)]


def test_the_report_says_what_was_made(run, resnet, tmp_path):
    target = tmp_path / "x.png"
    code, out, err = run("render", resnet, target, "--fold", "--json")
    assert (code, err) == (0, "")
    found, image = json.loads(out), QImage(str(target))
    assert (found["width"], found["height"]) == (image.width(), image.height())
    assert found["nodes"] == 13
    assert found["note"] == ""


def test_groups_are_drawn_open_or_closed(run, resnet, tmp_path):
    closed, opened = tmp_path / "closed.svg", tmp_path / "open.svg"
    assert run("render", resnet, closed, "--fold") == (0, "", "")
    assert run("render", resnet, opened, "--unfold") == (0, "", "")
    assert texts(closed).count("Conv2d") == 1
    assert texts(opened).count("Conv2d") == 20


def test_a_group_is_drawn_by_its_path(run, resnet, tmp_path):
    assert run("render", resnet, tmp_path / "x.svg", "--group", "layer2.0", "--fold") == (0, "", "")
    assert {"conv1", "relu2", "downsample"} <= set(texts(tmp_path / "x.svg"))
    assert "fc" not in texts(tmp_path / "x.svg")


def test_layers_are_chosen_by_name_and_by_query(run, resnet, tmp_path):
    target = tmp_path / "x.svg"
    code, out, err = run("render", resnet, target, "--unfold", "--json", "--nodes", "bn1", "out_channels=512")
    assert (code, err) == (0, "")
    assert json.loads(out)["nodes"] == 1 + 5
    assert texts(target).count("Conv2d") == 5


def test_the_direction_turns_the_drawing(run, resnet, tmp_path):
    sizes = {}
    for way in ("down", "right"):
        _, out, _ = run("render", resnet, tmp_path / f"{way}.svg", "--direction", way, "--fold", "--json")
        sizes[way] = json.loads(out)
    assert sizes["down"]["height"] > 2 * sizes["down"]["width"]
    assert sizes["right"]["width"] > 2 * sizes["right"]["height"]


def test_colours_come_with_a_legend_unless_it_is_left_out(run, resnet, tmp_path):
    with_legend, without = tmp_path / "with.svg", tmp_path / "without.svg"
    assert run("render", resnet, with_legend, "--colour", "parameters")[0] == 0
    assert run("render", resnet, without, "--colour", "parameters", "--no-legend")[0] == 0
    assert {"Parameters", "logarithmic scale", "8.39 M"} <= set(texts(with_legend))
    assert "logarithmic scale" not in texts(without)
    assert with_legend.read_text() != without.read_text()


def test_weights_are_measured_for_their_colours(run, resnet, tmp_path):
    code, _, err = run("render", resnet, tmp_path / "x.svg", "--colour", "weight_std")
    assert (code, err) == (0, "")
    assert "Weight deviation" in texts(tmp_path / "x.svg")


def test_scale_theme_and_background(run, resnet, tmp_path):
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    run("render", resnet, small, "--fold", "--scale", "0.5", "--theme", "dark")
    run("render", resnet, large, "--fold", "--scale", "1", "--transparent")
    assert QImage(str(large)).width() == pytest.approx(2 * QImage(str(small)).width(), abs=2)
    assert QImage(str(small)).pixelColor(0, 0).name() == "#16191e"
    assert QImage(str(large)).pixelColor(0, 0).alpha() == 0


def test_a_picture_that_is_too_large_says_so(run, resnet, tmp_path):
    code, out, err = run("render", resnet, tmp_path / "x.png", "--unfold", "--scale", "20")
    assert (code, err) == (0, "")
    assert "instead of 20" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--group", "layer9"), "layer9"), (("--group", "conv1"), "not a group"),
        (("--nodes", "type:Nothing"), "type:Nothing"),
        (("--nodes", "kernel_size>>3"), "kernel_size"), (("--colour", "pink"), "parameters, flops"),
        (("--scale", "0"), "0.01 to 20"),
        (("--theme", "pink"), "light"), (("--fold", "--unfold"), "not allowed"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_line(run, resnet, tmp_path, options, said):
    target = tmp_path / "x.svg"
    code, out, err = run("render", resnet, target, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("sketch: ")
    assert said in err
    assert not target.exists()


def test_a_wrong_target_is_one_line(run, resnet, tmp_path):
    for target, said in (
        (tmp_path / "x.gif", "end in"),
        (tmp_path / "nowhere" / "x.svg", "does not exist; create"),
    ):
        code, out, err = run("render", resnet, target)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"sketch: {target}: ")
        assert said in err


def test_a_file_that_is_not_there_is_one_line(run, tmp_path):
    source = tmp_path / "none.sketch"
    code, out, err = run("render", source, tmp_path / "x.svg")
    assert (code, out, err) == (2, "", f"sketch: {source}: there is no such file; check the path.\n")
