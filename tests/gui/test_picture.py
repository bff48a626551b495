"""Pictures: complete to the last pixel, the same in every format, and read by programs that did not write them."""

import itertools
import threading
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSize, qInstallMessageHandler
from PySide6.QtGui import QImage, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtSvg import QSvgRenderer

from sketch.binder.run_facts import ValueFacts
from sketch.graph.colour_rules import RULES, Facts
from sketch.graph.colouring import Colouring
from sketch.graph.draft import Draft
from sketch.gui import picture
from sketch.gui.canvas.options import CanvasOptions
from sketch.gui.canvas.value_badges import ShownValues
from sketch.gui.picture import MOST_PIXELS, MOST_POINTS, MOST_SIDE, Picture
from sketch.gui.picture_painting import MARGIN, Colours, Painting, PictureOptions
from sketch.gui.theme import THEMES, load_theme
from sketch.state import commands
from tests.gui.drawings import draw_example, named

LONG = "a name that is far too long for its box & <says> so"
AROUND = 300


@pytest.fixture
def lenet(document, qapp):
    return draw_example(document, "lenet5")


@pytest.fixture
def resnet(document, qapp):
    return draw_example(document, "resnet18")


def painting(document, group=None, *, wires="curved", colour=None, theme="light", **more):
    wanted = {
        key: more.pop(key)
        for key in ("transparent", "shapes", "parameters", "legend", "scale", "values")
        if key in more
    }
    colours = None
    if colour is not None:
        rule = RULES[colour]
        colours = Colours(rule, Colouring(rule, Facts(document.tables, document.inference)))
        wanted.setdefault("legend", True)
    options = PictureOptions(load_theme(theme), **wanted)
    return Painting(document, group, options, look=CanvasOptions(wires=wires), colours=colours, **more)


def pixels(image: QImage) -> np.ndarray:
    """Height × width × 4 (red, green, blue, alpha)."""
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine() // 4, 4)
    return rows[:, : plain.width()].copy()  # the memory is the image's


def painted_area(made: Painting) -> QRectF:
    """Where a painting leaves any mark, found by painting it on a far larger sheet."""
    sheet = made.area.adjusted(-AROUND, -AROUND, AROUND, AROUND)
    image = QImage(sheet.size().toSize(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.translate(-sheet.topLeft())
    for _ in made.steps(painter):
        pass
    painter.end()
    rows, columns = np.nonzero(pixels(image)[:, :, 3])
    left, top = sheet.left() + columns.min(), sheet.top() + rows.min()
    return QRectF(left, top, columns.max() - columns.min() + 1, rows.max() - rows.min() + 1)


def assert_complete(made: Painting) -> None:
    """Nothing is painted outside of the picture's area or in its margin, and the margin is no wider than said."""
    found = painted_area(made)
    inner = made.area.adjusted(MARGIN - 2, MARGIN - 2, 2 - MARGIN, 2 - MARGIN)
    assert inner.contains(found), (made.area, found)
    spare = (
        found.left() - made.area.left(), found.top() - made.area.top(),
        made.area.right() - found.right(), made.area.bottom() - found.bottom(),
    )  # fmt: skip
    assert max(spare) < MARGIN + 20


@pytest.mark.parametrize("runs", ["down", "right"])
@pytest.mark.parametrize("wires", ["curved", "straight", "square"])
def test_nothing_is_cropped(resnet, wires, runs):
    resnet_group = named(resnet, "layer2.0")
    commands.rename(resnet, named(resnet, "layer2.0.downsample"), LONG)
    commands.fold(resnet, [named(resnet, "layer2"), resnet_group], True)
    commands.add_note(resnet, LONG, (-700.0, 100.0))
    commands.turn(resnet, runs)
    assert_complete(painting(resnet, transparent=True, wires=wires))
    assert_complete(painting(resnet, resnet_group, transparent=True, wires=wires))


@pytest.mark.parametrize("colour", ["layer", "parameters", "problems"])
@pytest.mark.parametrize("theme", THEMES)
def test_the_legend_is_part_of_the_picture(lenet, theme, colour):
    made = painting(lenet, colour=colour, theme=theme, transparent=True)
    assert_complete(made)
    bare = painting(lenet, colour=colour, theme=theme, transparent=True, legend=False)
    assert made.area.width() * made.area.height() > bare.area.width() * bare.area.height()


def test_marks_of_problems_are_inside(document, qapp):
    draw_example(document, "lenet5")
    commands.set_param(document, [named(document, "conv1")], "in_channels", 7)
    assert_complete(painting(document, transparent=True))


def test_badges_of_shared_sources_are_inside(document, qapp):
    draft = Draft(document.tables, document.library)
    source = draft.add("Input", "a mask that is read by everything")
    for number in range(9):
        draft.connect(source, 0, draft.add("ReLU", place=(230.0 * number, 200.0)), 0)
    document.load(draft.delta(), "Open")
    made = painting(document, transparent=True)
    assert made.canvas.wiring.badges
    assert_complete(made)


def test_the_values_of_a_run_are_inside(lenet):
    """Badges on wires reach further than shapes, and a failure says why beside its layer."""
    facts = ValueFacts((1, 6, 28, 28), "float32", -123.456, 789.012, 0.1, 1.0, nans=3)
    values = {(n, 0): facts for n in lenet.tables.nodes}
    shown = ShownValues(
        values, {named(lenet, "fc2"): "it ran out of memory while it multiplied two matrices"}
    )
    made = painting(lenet, transparent=True, values=shown)
    found, inner = painted_area(made), made.area.adjusted(2, 2, -2, -2)
    assert inner.contains(found)
    assert made.area.width() > painting(lenet).area.width() + 50
    assert "3 NaN" in Picture(made, ".svg").paint().data().decode()


def test_small_pictures_leave_out_what_cannot_be_read(lenet):
    image = Picture(painting(lenet, scale=0.2), ".png").paint().image
    assert len(np.unique(pixels(image).reshape(-1, 4), axis=0)) > 5


@pytest.mark.parametrize("theme", THEMES)
def test_the_border_of_a_png_is_empty(resnet, theme):
    image = Picture(painting(resnet, theme=theme), ".png").paint().image
    found, canvas = pixels(image), load_theme(theme).canvas
    expected = [int(canvas[place : place + 2], 16) for place in (1, 3, 5)] + [255]
    for side in (found[0], found[-1], found[:, 0], found[:, -1]):
        assert (side == expected).all()
    assert len(np.unique(found.reshape(-1, 4), axis=0)) > 50


def test_every_layer_is_painted_in_its_colour(lenet, light):
    made = painting(lenet, scale=1.0)
    found, corner = pixels(Picture(made, ".png").paint().image), made.area.topLeft()
    for node_id, box in made.canvas.wiring.boxes.items():
        category = lenet.library[lenet.tables.nodes[node_id].layer].category
        strip = found[round(box.y - corner.y()), round(box.left + 2 - corner.x()), :3].tolist()
        assert strip == list(light.category(category).getRgb()[:3])


def svg_image(data: bytes, size: QSize) -> QImage:
    renderer = QSvgRenderer(QByteArray(data))
    assert renderer.isValid()
    return rendered(size, renderer.render)


def pdf_image(data: bytes, size: QSize) -> QImage:
    """As PDFium draws it."""
    held = QByteArray(data)
    buffer = QBuffer(held)
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    document = QPdfDocument()
    document.load(buffer)
    assert document.status() == QPdfDocument.Status.Ready
    assert document.pageCount() == 1
    page = document.render(0, size)
    return rendered(size, lambda painter: painter.drawImage(0, 0, page))


def rendered(size: QSize, draw) -> QImage:
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill("white")
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter)
    painter.end()
    return image


@pytest.mark.parametrize(("suffix", "draw"), [(".svg", svg_image), (".pdf", pdf_image)])
def test_vectors_show_what_the_pixels_show(resnet, suffix, draw):
    commands.fold(resnet, [named(resnet, "layer1")], True)
    made = painting(resnet, colour="layer", scale=1.0)
    reference = Picture(made, ".png").paint().image
    found = draw(Picture(made, suffix).paint().data(), reference.size())
    apart = np.abs(pixels(found).astype(int) - pixels(reference).astype(int))[:, :, :3].max(axis=2)
    assert (apart > 100).mean() < 0.01  # edges and letters lie a fraction of a pixel beside each other
    assert apart.mean() < 3
    middle = pixels(reference).shape[0] // 2
    shifted = np.roll(pixels(found).astype(int), 20, axis=0)[middle - 200 : middle + 200]
    assert (np.abs(shifted - pixels(reference)[middle - 200 : middle + 200]).max(axis=2) > 100).mean() > 0.01


def test_text_stays_text_in_an_svg(lenet):
    commands.rename(lenet, named(lenet, "conv1"), "a<b>&c")
    data = Picture(painting(lenet, colour="layer"), ".svg").paint().data()
    root = ET.fromstring(data)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    said = {(element.text or "").strip() for element in texts}
    assert {"a<b>&c", "conv2", "N×6×28×28", "Conv2d", "Tanh", "Layer"} <= said
    assert {element.get("font-family") for element in texts} == {"DejaVu Sans, Verdana, sans-serif"}
    assert not list(root.iter("{http://www.w3.org/2000/svg}image"))


def test_the_page_of_a_pdf_has_the_size_of_the_drawing(lenet, tmp_path):
    made = painting(lenet)
    Picture(made, ".pdf").paint().save(tmp_path / "x.pdf")
    document = QPdfDocument()
    document.load(str(tmp_path / "x.pdf"))
    page = document.pagePointSize(0)
    assert page.width() == pytest.approx(made.area.width(), abs=1)
    assert page.height() == pytest.approx(made.area.height(), abs=1)
    text = document.getAllText(0).text()
    assert "conv1" in text
    assert "N×6×28×28" in text


def test_without_background_what_is_empty_is_transparent(lenet):
    found = pixels(Picture(painting(lenet, transparent=True), ".png").paint().image)
    assert found[0, 0, 3] == 0
    assert found[:, :, 3].max() == 255
    solid = pixels(Picture(painting(lenet), ".png").paint().image)
    assert solid[:, :, 3].min() == 255


def test_shapes_and_parameters_can_be_left_out(lenet):
    full = Picture(painting(lenet), ".svg").paint().data().decode()
    bare = Picture(painting(lenet, shapes=False, parameters=False), ".svg").paint().data().decode()
    for text in ("N×6×28×28", "kernel 5×5"):
        assert text in full
        assert text not in bare
    assert "conv1" in bare


def test_a_selection_comes_with_the_wires_between_its_layers_only(lenet):
    only = [named(lenet, name) for name in ("conv1", "tanh1", "fc1")]
    made = painting(lenet, only=only, transparent=True)
    assert_complete(made)
    assert len(made.ids) == 3
    text = Picture(made, ".svg").paint().data().decode()
    assert "conv1" in text
    assert "conv2" not in text
    assert len(made._lines) == 1


def test_an_open_group_in_a_selection_brings_its_layers(resnet):
    group = named(resnet, "layer1.0")
    commands.fold(resnet, [named(resnet, "layer1"), group], True)
    made = painting(resnet, only=[group], transparent=True)
    assert_complete(made)
    assert len(made.ids) == 7
    assert len(made.canvas.frame_layer.near(None)) == 1


def test_what_is_hidden_is_not_in_the_picture(lenet):
    hidden = [named(lenet, "conv2")]
    text = Picture(painting(lenet, hidden=hidden), ".svg").paint().data().decode()
    assert "conv1" in text
    assert "conv2" not in text


def test_nothing_drawn_gives_an_empty_picture(document, qapp):
    image = Picture(painting(document), ".png").paint().image
    assert len(np.unique(pixels(image).reshape(-1, 4), axis=0)) == 1


def test_a_picture_that_is_too_large_is_made_smaller_and_says_so(lenet):
    moved = {named(lenet, "conv1"): (0.0, 30_000.0), named(lenet, "conv2"): (9_000.0, 0.0)}
    commands.move(lenet, moved)
    picture = Picture(painting(lenet, scale=4.0), ".png")
    width, height = picture.size
    assert max(width, height) <= MOST_SIDE
    assert width * height <= MOST_PIXELS * 1.01
    assert "instead of 4" in picture.note
    page = Picture(painting(lenet), ".pdf")
    assert max(page.size) <= MOST_POINTS
    assert "200 inches" in page.note
    assert Picture(painting(lenet), ".svg").note == ""


def test_the_same_drawing_gives_the_same_bytes(lenet):
    for suffix in (".svg", ".png"):
        assert (
            Picture(painting(lenet), suffix).paint().data() == Picture(painting(lenet), suffix).paint().data()
        )


def test_painting_goes_in_steps_and_changes_nothing_on_the_screen(resnet, show):
    from sketch.gui.canvas.view import CanvasView

    view = show(CanvasView(resnet, load_theme("light")))
    before, zoom = view.grab().toImage(), view.canvas.ink.zoom
    made = Painting(resnet, None, PictureOptions(load_theme("dark")), wiring=view.canvas.wiring)
    shares = list(Picture(made, ".png").steps())
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert view.grab().toImage() == before
    assert view.canvas.ink.zoom == zoom
    view.close_document()


def test_a_format_that_is_none_is_refused(lenet):
    with pytest.raises(ValueError, match=r"\.svg, \.pdf, \.png"):
        Picture(painting(lenet), ".gif")


def test_a_file_that_cannot_be_written_stays_as_it_was(lenet, tmp_path):
    with pytest.raises(OSError, match="no-folder"):
        Picture(painting(lenet), ".svg").paint().save(tmp_path / "no-folder" / "x.svg")


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_pieces_give_the_whole_file_whatever_their_size(resnet, monkeypatch, suffix):
    made = Picture(painting(resnet), suffix).paint()
    whole = made.data()
    monkeypatch.setattr(picture, "PIECE", 1000)
    pieces = list(made.pieces())
    assert b"".join(pieces) == whole
    assert len(pieces) > 10
    if suffix == ".svg":  # no name of a font was cut in two
        family = load_theme("light").font_family.encode()
        assert b'font-family="%s, Verdana, sans-serif"' % family in whole
        assert b'font-family="%s"' % family not in b"".join(pieces)


@pytest.mark.parametrize(("suffix", "draw"), [(".svg", svg_image), (".pdf", pdf_image)])
def test_what_the_window_painted_a_thread_finishes(lenet, suffix, draw):
    expected = Picture(painting(lenet), suffix).paint().data()
    made, found = Picture(painting(lenet), suffix), []
    for _ in made.steps():
        pass
    thread = threading.Thread(target=lambda: found.append(made.data()))
    thread.start()
    thread.join()
    size = QSize(300, 900)
    assert draw(found[0], size) == draw(expected, size)  # of a PDF the times differ


def test_a_picture_that_is_left_in_the_middle_leaves_nothing_open(lenet):
    made = Picture(painting(lenet), ".png")
    steps = made.steps()
    next(steps)
    steps.close()
    image = made.image
    made.let_go()
    assert not image.paintingActive()
    assert made.image is None


def test_a_clear_ground_is_clear_in_every_strip(lenet, monkeypatch):
    monkeypatch.setattr(picture, "STRIP", 5000)
    made = Picture(painting(lenet, transparent=True), ".png")
    found = pixels(made.paint().image)
    assert (found[:, 0, 3] == 0).all()  # the left margin, from top to bottom


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
@pytest.mark.parametrize("count", [1, 10**6])
def test_a_picture_that_nobody_finishes_ends_before_what_it_is_painted_on(lenet, suffix, count):
    made = painting(lenet)
    steps = Picture(made, suffix).steps()  # held by its steps alone
    list(itertools.islice(steps, count))
    said = []
    before = qInstallMessageHandler(lambda _kind, _context, text: said.append(text))
    del steps
    qInstallMessageHandler(before)
    assert said == []
