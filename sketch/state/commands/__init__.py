"""One function for each thing a person can do; each makes one labelled step of the history.

The functions take the document first and return what the caller needs; a refusal is a GraphError whose message
is one sentence for the person.
"""

from sketch.state.commands.clipboard import Clip, ClipError, copy, cut, duplicate, paste
from sketch.state.commands.exchanging import ExchangeError, exchange
from sketch.state.commands.extracting import Extract, ExtractError, between, extract
from sketch.state.commands.groups import group, move_into, ungroup
from sketch.state.commands.interface import (
    InputRow,
    InterfaceError,
    make_input_at,
    make_inputs,
    make_outputs,
    set_inputs,
)
from sketch.state.commands.layout import move, place_all
from sketch.state.commands.merging import MergeError, Other, merge
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
from sketch.state.commands.patterns import PatternError, occurrences, pattern_of
from sketch.state.commands.prepared import OutdatedError, apply_prepared
from sketch.state.commands.replacing import replace_by_block, replace_by_layer
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
    "ExchangeError",
    "Extract",
    "ExtractError",
    "InputRow",
    "InterfaceError",
    "MergeError",
    "Other",
    "OutdatedError",
    "PatternError",
    "add_before",
    "add_layer",
    "add_note",
    "add_on_wire",
    "add_wired",
    "append_layer",
    "apply_prepared",
    "between",
    "connect",
    "copy",
    "cut",
    "disconnect",
    "duplicate",
    "exchange",
    "extract",
    "group",
    "insert_on_wire",
    "make_input_at",
    "make_inputs",
    "make_outputs",
    "merge",
    "move",
    "move_into",
    "occurrences",
    "paste",
    "pattern_of",
    "place_all",
    "reconnect",
    "remove",
    "rename",
    "replace_by_block",
    "replace_by_layer",
    "replace_layer",
    "reset_param",
    "resize_note",
    "set_inputs",
    "set_note",
    "set_param",
    "ungroup",
]
