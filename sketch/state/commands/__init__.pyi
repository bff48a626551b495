"""Where each command is: the package looks its commands up here, and so do type checkers."""

from sketch.state.commands.adding import (
    Wire as Wire,
    add_at as add_at,
)
from sketch.state.commands.aligning import (
    align as align,
    distribute as distribute,
    snap as snap,
)
from sketch.state.commands.clipboard import (
    Clip as Clip,
    ClipError as ClipError,
    copy as copy,
    cut as cut,
    duplicate as duplicate,
    paste as paste,
)
from sketch.state.commands.exchanging import (
    ExchangeError as ExchangeError,
    exchange as exchange,
)
from sketch.state.commands.extracting import (
    Extract as Extract,
    ExtractError as ExtractError,
    between as between,
    extract as extract,
)
from sketch.state.commands.folding import (
    fold as fold,
    fold_all as fold_all,
    show_wires as show_wires,
)
from sketch.state.commands.frames import (
    add_frame as add_frame,
    colour_frames as colour_frames,
    fit_frames as fit_frames,
    held_by as held_by,
    resize_frame as resize_frame,
    with_held as with_held,
)
from sketch.state.commands.groups import (
    group as group,
    move_into as move_into,
    ungroup as ungroup,
)
from sketch.state.commands.interface import (
    InputRow as InputRow,
    InterfaceError as InterfaceError,
    make_input_at as make_input_at,
    make_inputs as make_inputs,
    make_outputs as make_outputs,
    set_inputs as set_inputs,
)
from sketch.state.commands.layout import (
    move as move,
    place_all as place_all,
    turn as turn,
)
from sketch.state.commands.linking import (
    duplicate_linked as duplicate_linked,
    equal_groups as equal_groups,
    link as link,
    unlink as unlink,
)
from sketch.state.commands.marking import (
    Bookmark as Bookmark,
    bookmarks as bookmarks,
    clear_bookmarks as clear_bookmarks,
    set_bookmark as set_bookmark,
)
from sketch.state.commands.merging import (
    MergeError as MergeError,
    Other as Other,
    merge as merge,
)
from sketch.state.commands.nodes import (
    add_layer as add_layer,
    append_layer as append_layer,
    remove as remove,
    rename as rename,
    replace_layer as replace_layer,
    reset_param as reset_param,
    set_param as set_param,
)
from sketch.state.commands.notes import (
    add_note as add_note,
    set_note as set_note,
)
from sketch.state.commands.patterns import (
    PatternError as PatternError,
    occurrences as occurrences,
    pattern_of as pattern_of,
)
from sketch.state.commands.ports import (
    expose_port as expose_port,
    hide_port as hide_port,
    move_port as move_port,
    name_port as name_port,
    order_ports as order_ports,
)
from sketch.state.commands.prepared import (
    OutdatedError as OutdatedError,
    apply_prepared as apply_prepared,
)
from sketch.state.commands.repeating import (
    Repeated as Repeated,
    repeat as repeat,
    repetitions as repetitions,
)
from sketch.state.commands.repeats_folding import (
    fold_repeats as fold_repeats,
)
from sketch.state.commands.replacing import (
    replace_by_block as replace_by_block,
    replace_by_layer as replace_by_layer,
)
from sketch.state.commands.retyping import (
    Dropped as Dropped,
    replace_layers as replace_layers,
)
from sketch.state.commands.wires import (
    add_before as add_before,
    add_on_wire as add_on_wire,
    add_wired as add_wired,
    connect as connect,
    disconnect as disconnect,
    insert_on_wire as insert_on_wire,
    reconnect as reconnect,
)
