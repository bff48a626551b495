"""One function for each thing a person can do; each makes one labelled step of the history.

The functions take the document first and return what the caller needs; a refusal is a GraphError whose message
is one sentence for the person.
"""

from sketch.state.commands.clipboard import Clip, ClipError, copy, cut, duplicate, paste
from sketch.state.commands.groups import group, move_into, ungroup
from sketch.state.commands.layout import move, place_all
from sketch.state.commands.nodes import (
    add_layer,
    append_layer,
    remove,
    rename,
    replace_layer,
    reset_param,
    set_param,
)
from sketch.state.commands.notes import add_note, resize_note, set_note
from sketch.state.commands.wires import (
    add_before,
    add_on_wire,
    add_wired,
    connect,
    disconnect,
    insert_on_wire,
    reconnect,
)

__all__ = [
    "Clip",
    "ClipError",
    "add_before",
    "add_layer",
    "add_note",
    "add_on_wire",
    "add_wired",
    "append_layer",
    "connect",
    "copy",
    "cut",
    "disconnect",
    "duplicate",
    "group",
    "insert_on_wire",
    "move",
    "move_into",
    "paste",
    "place_all",
    "reconnect",
    "remove",
    "rename",
    "replace_layer",
    "reset_param",
    "resize_note",
    "set_note",
    "set_param",
    "ungroup",
]
