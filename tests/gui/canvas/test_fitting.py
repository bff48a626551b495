"""Texts fit their box, and lose the least telling part first."""

import pytest

from sketch.gui.canvas.fitting import fit_pieces, fit_texts
from sketch.gui.canvas.ink import Ink
from sketch.gui.canvas.look import NodeLook


@pytest.fixture
def ink(qapp, light) -> Ink:
    return Ink(light)


def look(title, layer="Conv2d", subtitle="", severity=None) -> NodeLook:
    return NodeLook(title, layer, subtitle, "Convolution", False, severity)


def test_short_texts_stay_whole(ink):
    assert fit_texts(ink, look("conv1", subtitle="out 6"), 161.0) == ("conv1", "Conv2d", "out 6")


@pytest.mark.parametrize("title", ["a" * 60, "/model/layers.3/self_attn/MatMul_1", "conv1"])
@pytest.mark.parametrize("layer", ["ReLU", "TransformerEncoderLayer"])
@pytest.mark.parametrize("severity", [None, "error"])
def test_title_and_layer_never_meet(ink, title, layer, severity):
    shown, kind, _ = fit_texts(ink, look(title, layer, severity=severity), 161.0)
    width = ink.title_metrics.horizontalAdvance(shown) + ink.small_metrics.horizontalAdvance(kind)
    assert width <= 161.0 - 8 + 1
    assert shown


def test_a_path_keeps_its_end(ink):
    shown, *_ = fit_texts(ink, look("/model/decoder/layers.3/self_attn/MatMul_1"), 161.0)
    assert shown.startswith("…")
    assert shown.endswith("MatMul_1")


def test_a_subtitle_loses_whole_pieces(ink):
    assert fit_pieces(ink, "out 64 · kernel 3×3 · padding 1 · stride 2", 161.0).endswith(" …")
    assert "…" not in fit_pieces(ink, "out 64", 161.0)
    assert fit_pieces(ink, "x" * 80, 161.0).endswith("…")
