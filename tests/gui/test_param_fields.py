"""Fields of the node editor: what is typed becomes the value, what is shown is what was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sketch.graph.specs import ParamSpec
from sketch.gui.node_editor import NodeEditor
from sketch.gui.param_fields import (
    MIXED,
    BoolField,
    ChoiceField,
    IntField,
    NumbersOrChoiceField,
    OptionalField,
    TextField,
    from_text,
    guessed_spec,
    make_field,
    to_text,
)
from sketch.state import commands
from tests.gui.windows import main_window

DIMS = st.one_of(st.integers(0, 4096), st.sampled_from(["N", "T", "2*N", "batch"]))


@pytest.fixture
def field(qtbot):
    def make(spec: ParamSpec):
        made = make_field(spec)
        qtbot.addWidget(made)
        seen = []
        made.edited.connect(seen.append)
        return made, seen

    return make


@given(st.lists(DIMS, min_size=1, max_size=6).map(tuple))
def test_a_shape_reads_back_as_it_was_shown(shape):
    assert from_text(ParamSpec("shape", "shape"), to_text(shape)) == shape


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5).map(tuple))
def test_floats_read_back_exactly(values):
    assert from_text(ParamSpec("values", "floats"), to_text(values)) == values


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_exactly(value):
    assert from_text(ParamSpec("eps", "float"), to_text(value)) == value


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("float", "a", "eps: 'a' is not a number such as 0.1 or 1e-5."),
        ("ints", "1, b", "eps: '1, b' is not a list of whole numbers such as 1, 2, 3."),
        ("value", "[1, ", "eps: '[1, ' is not a number or nested lists of numbers such as [[1, 2], [3, 4]]."),
    ],
)
def test_what_cannot_be_read_is_one_sentence(kind, text, says):
    with pytest.raises(ValueError, match="is not") as refusal:
        from_text(ParamSpec("eps", kind), text)
    assert str(refusal.value) == says


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (ParamSpec("bias", "bool"), BoolField),
        (ParamSpec("mode", "choice", choices=("a", "b")), ChoiceField),
        (ParamSpec("dtype", "dtype"), ChoiceField),
        (ParamSpec("kernel", "int", rank=2), IntField),
        (ParamSpec("padding", "int", rank=2, choices=("same",)), NumbersOrChoiceField),
        (ParamSpec("shape", "shape"), TextField),
        (ParamSpec("size", "int", optional=True), OptionalField),
    ],
)
def test_each_type_of_parameter_has_its_field(field, spec, kind):
    assert isinstance(field(spec)[0], kind)


def test_a_tuple_field_gives_all_its_numbers(field):
    made, seen = field(ParamSpec("kernel", "int", rank=2, min=1))
    made.show_value((3, 5))
    assert [box.value() for box in made.boxes] == [3, 5]
    made.boxes[0].setValue(7)
    assert seen == [(7, 5)]
    made.boxes[0].setValue(0)
    assert seen[-1] == (1, 5)


def test_showing_a_value_is_no_edit(field):
    for spec, value in (
        (ParamSpec("kernel", "int", rank=2), (1, 2)),
        (ParamSpec("bias", "bool"), True),
        (ParamSpec("mode", "choice", choices=("a", "b")), "b"),
        (ParamSpec("padding", "int", rank=2, choices=("same",)), "same"),
        (ParamSpec("size", "int", optional=True), None),
        (ParamSpec("eps", "float"), 1e-5),
    ):
        made, seen = field(spec)
        made.show_value(value)
        made.show_value(MIXED)
        assert seen == []


def test_an_optional_field_opens_and_closes(field):
    made, seen = field(ParamSpec("size", "int", optional=True, min=2))
    made.show_value(None)
    made.box.click()
    assert seen == [2]
    made.show_value(2)
    made.box.click()
    assert seen == [2, None]


def test_a_word_and_numbers_change_places(field):
    made, seen = field(ParamSpec("padding", "int", default=(0, 0), rank=2, min=0, choices=("same", "valid")))
    made.show()
    made.show_value("same")
    assert made._inner.isHidden()
    made.box.setCurrentText("size")
    made.box.activated.emit(0)
    assert seen == [(0, 0)]
    made.show_value((1, 2))
    assert not made._inner.isHidden()
    made.hide()


def test_a_text_field_commits_once_and_refuses_in_place(field):
    made, seen = field(ParamSpec("eps", "float"))
    refused = []
    made.refused.connect(refused.append)
    made.show_value(0.5)
    made.line.setText("0.25")
    QTest.keyClick(made.line, Qt.Key.Key_Return)
    assert seen == [0.25]
    made.line.setText("much")
    QTest.keyClick(made.line, Qt.Key.Key_Return)
    assert seen == [0.25]
    assert len(refused) == 1
    assert made.line.text() == "much"


def test_attributes_of_operators_get_a_field_by_their_value():
    kinds = {True: "bool", 3: "int", 0.5: "float", "x": "str", (1, 2): "ints", (0.5,): "floats", (): "value"}
    assert {value: guessed_spec("a", value).type for value in kinds} == kinds


@pytest.mark.parametrize("rank", [0, 2])
def test_numbers_that_differ_say_so_and_take_the_number_that_is_typed(field, rank):
    made, seen = field(ParamSpec("size", "int", 1, rank=rank, min=1))
    made.show()
    made.show_value((7, 7) if rank else 7)
    made.show_value(MIXED)
    box = made.boxes[0]
    assert (box.text(), box.lineEdit().placeholderText()) == ("", "mixed")
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Tab)
    box.clearFocus()
    assert seen == []
    assert box.text() == ""
    QTest.keyClicks(box, "7")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert seen == [(7, 7) if rank else 7]


def test_a_choice_a_text_and_a_mark_say_that_they_differ(field):
    choice, _ = field(ParamSpec("mode", "choice", "a", choices=("a", "b")))
    choice.show_value(MIXED)
    assert (choice.box.currentIndex(), choice.box.placeholderText()) == (-1, "mixed")
    text, _ = field(ParamSpec("eps", "float", 1.0))
    text.show_value(MIXED)
    assert (text.line.text(), text.line.placeholderText()) == ("", "mixed")
    text.show_value(0.5)
    assert text.line.placeholderText() == "0.0"
    mark, _ = field(ParamSpec("bias", "bool", True))
    mark.show_value(MIXED)
    assert (mark.box.checkState(), mark.box.text()) == (Qt.CheckState.PartiallyChecked, "mixed")
    mark.show_value(True)
    assert mark.box.text() == ""


def test_the_form_of_every_layer_fits_its_panel(qtbot):
    """At the usual width, also where the form is longer than the panel."""
    with main_window(qtbot) as window:
        window.opener.new()
        document, view = window.desk.document, window.desk.view
        editor = window.findChild(NodeEditor)
        room = editor.width() - editor.verticalScrollBar().sizeHint().width()
        wide = {}
        for spec in document.library:
            if not spec.is_operator:
                view.select([commands.add_layer(document, spec.name, (0.0, 0.0))])
                if editor.rows and (needs := editor.widget().minimumSizeHint().width()) > room:
                    wide[spec.name] = needs
        assert wide == {}


@pytest.mark.parametrize(("rank", "lines"), [(0, [1]), (2, [2]), (3, [3]), (4, [2, 2]), (6, [2, 2, 2])])
def test_numbers_stand_in_lines_and_tab_goes_along_them(show, rank, lines):
    field = make_field(ParamSpec("padding", "int", rank=rank))
    show(field)
    tops = [box.geometry().top() for box in field.boxes]
    assert [tops.count(top) for top in sorted(set(tops))] == lines
    field.boxes[0].setFocus()
    for box in field.boxes:
        assert box.hasFocus()
        QTest.keyClick(box, Qt.Key.Key_Tab)
