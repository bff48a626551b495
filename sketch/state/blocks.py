"""Blocks of the person's own: a group kept with its parameters, wires and weights, to be used like a layer."""

from __future__ import annotations

import logging
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sketch.durable import write_text
from sketch.graph.errors import GraphError
from sketch.state.block_file import pack, unpack
from sketch.state.clip import Clip, adopt, take
from sketch.state.codec import CodecError, from_text, to_text
from sketch.state.commands.clipboard import insert_clip
from sketch.state.document import Document
from sketch.state.paths import data_folder
from sketch.state.store import neighbour

if TYPE_CHECKING:
    from sketch.state.document_file import Step

FILE_NAME = "block.json"
ABOUT = "about.json"
PICTURE = "picture.png"
TENSORS = "tensors"
LONGEST_NAME = 60
LARGE_ROWS, LARGE_BYTES = 20_000, 4 << 20
"""A block whose layers or weights are so many bytes takes longer than a frame to read and to put down."""

_log = logging.getLogger(__name__)


def _quiet(_done: float, _total: float, _text: str) -> None:
    """Nobody waits."""


class BlockError(GraphError):
    """A block cannot be kept, found or read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Block:
    """A kept block: its name, what it is for, its picture, and whether its copies are linked.

    `picture` is the path of a PNG, None where there is none.
    """

    name: str
    description: str = ""
    picture: Path | None = None
    linked: bool = False


def names() -> tuple[str, ...]:
    """The names of the person's blocks, sorted."""
    return _own().names()


def is_large(name: str) -> bool:
    """True for one of the person's blocks that takes longer than a frame to put down."""
    return _own().is_large(name)


def save(
    document: Document,
    group_id: int,
    name: str,
    description: str = "",
    *,
    linked: bool = False,
    picture: bytes = b"",
) -> Block:
    """Keep a group among the person's blocks, weights with it; one of the same name is replaced."""
    return _own().save(document, group_id, name, description, linked=linked, picture=picture)


def about(name: str) -> Block:
    """What is known of one of the person's blocks; the layers themselves are not read."""
    return _own().about(name)


def rename(name: str, new: str) -> None:
    """Give one of the person's blocks another name; BlockError when that is taken."""
    _own().rename(name, new)


def export(name: str, path: Path, step: Step = _quiet) -> None:
    """Write one of the person's blocks, weights and all, to a file for others."""
    _own().export(name, path, step)


def take_in(path: Path, step: Step = _quiet) -> str:
    """Take a block from a file among the person's own; its name, which is a free one."""
    return _own().take_in(path, step)


def insert(document: Document, name: str, place: tuple[float, float], parent: int | None = None) -> int:
    """Put a copy of one of the person's blocks on a canvas; the id of its group."""
    return _own().insert(document, name, place, parent)


def remove(name: str) -> None:
    """Delete one of the person's blocks."""
    _own().remove(name)


def _own() -> Blocks:
    return Blocks(data_folder() / "blocks")


class Blocks:
    """The blocks in a folder, one folder each."""

    def __init__(self, folder: Path):
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """The name of every block, sorted; nothing is read."""
        return tuple(sorted(unquote(path.parent.name) for path in self.folder.glob(f"*/{FILE_NAME}")))

    def save(
        self,
        document: Document,
        group_id: int,
        name: str,
        description: str = "",
        *,
        linked: bool = False,
        picture: bytes = b"",
    ) -> Block:
        """Keep a group under a name, its weights with it; a block of the same name is replaced.

        Args:
            linked: copies of the block in one document are linked to each other.
            picture: a PNG.
        """
        check_name(name)
        node = document.tables.node(group_id)
        if not document.library[node.layer].group:
            raise BlockError(f"'{node.name}' is no group; group the layers of the block first.")
        clip = take(document.tables, [group_id], document.store)
        said = {"description": description, "linked": linked}
        try:
            self._write(name, clip, document, said, picture)
        except OSError as error:
            raise BlockError(f"The block '{name}' could not be kept: {error}.") from None
        _log.info("block.saved name=%s nodes=%d", name, len(clip.nodes))
        return self.about(name)

    def is_large(self, name: str) -> bool:
        """True for a block that takes longer than a frame to put down; False where there is none."""
        place = self._place(name)
        if not (place / FILE_NAME).is_file():
            return False
        weights = sum(each.stat().st_size for each in (place / TENSORS).glob("*"))
        return (place / FILE_NAME).stat().st_size > LARGE_ROWS or weights > LARGE_BYTES

    def about(self, name: str) -> Block:
        """What was said of a block; the layers themselves are not read."""
        place = self._known(name)
        try:
            said = from_text((place / ABOUT).read_text(encoding="utf-8"))
        except (OSError, CodecError, UnicodeDecodeError):
            said = {}
        said = said if isinstance(said, dict) else {}
        picture = place / PICTURE
        description = str(said.get("description", ""))
        return Block(name, description, picture if picture.is_file() else None, said.get("linked") is True)

    def insert(
        self, document: Document, name: str, place: tuple[float, float], parent: int | None = None
    ) -> int:
        """Put a copy of a block on a canvas; the id of its group.

        Copies of a linked block are linked to each other as long as those before are as the block is.
        """
        clip = self._read(name)
        if self.about(name).linked:
            from sketch.state.commands.linking import insert_linked  # most blocks are not

            return insert_linked(document, clip, place, parent, f"Add block '{name}'", name)
        return insert_clip(document, clip, place, parent, f"Add block '{name}'", in_sight=True)[0]

    def rename(self, name: str, new: str) -> None:
        """Give a block another name; BlockError when it is taken or there is no such block."""
        check_name(new)
        place = self._known(name)
        if new in self.names():
            raise BlockError(f"There is a block '{new}' already; choose another name.")
        place.rename(self._place(new))

    def export(self, name: str, path: Path, step: Step = _quiet) -> None:
        """Write a block to a file: a zip of what is kept, whole or not at all. `step` may raise to stop."""
        self._read(name)
        try:
            pack(self._place(name), path, step)
        except OSError as error:
            raise BlockError(f"'{path.name}' could not be written: {error}.") from None

    def take_in(self, path: Path, step: Step = _quiet) -> str:
        """Take a block from a file; BlockError when the file is none. A taken name gets a number.

        `step` is told of the progress, and may raise to stop.
        """
        wanted = path.stem[:LONGEST_NAME]
        check_name(wanted)
        found, number = wanted, 1
        while found in self.names():
            number += 1
            found = f"{wanted} {number}"
        fresh = self.folder / f".{secrets.token_hex(4)}"
        try:
            unpack(path, fresh, step)
            Clip.from_text((fresh / FILE_NAME).read_text(encoding="utf-8"))
            step(1, 1, "Reading")
            self._replace(found, fresh)
        except (OSError, CodecError, ValueError) as error:
            raise BlockError(f"'{path.name}' cannot be read as a block of Sketch: {error}") from None
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return found

    def remove(self, name: str) -> None:
        """Delete a block, also one that cannot be read; BlockError when there is none."""
        shutil.rmtree(self._known(name))

    def _place(self, name: str) -> Path:
        return self.folder / quote(name, safe=" ").replace(".", "%2E")

    def _known(self, name: str) -> Path:
        """Where a block is; BlockError when there is none."""
        place = self._place(name)
        if not (place / FILE_NAME).is_file():
            raise BlockError(f"There is no block '{name}'.")
        return place

    def _read(self, name: str) -> Clip:
        place = self._known(name)
        try:
            clip = Clip.from_text((place / FILE_NAME).read_text(encoding="utf-8"))
        except (OSError, CodecError, UnicodeDecodeError) as error:
            raise BlockError(f"The block '{name}' cannot be read: {error}") from None
        if len(clip.roots) != 1:
            raise BlockError(f"The block '{name}' cannot be read: it is not one group.")
        return replace(clip, store=str(place / TENSORS))

    def _write(self, name: str, clip: Clip, document: Document, said: object, picture: bytes) -> None:
        """Fill a folder beside, then let it take the place of the old one."""
        document.report(0, 2, "Writing")
        fresh = self.folder / f".{secrets.token_hex(4)}"
        fresh.mkdir(parents=True)
        try:
            store = neighbour(document.store, fresh / TENSORS)
            kept = replace(clip, tensors=adopt(clip, store), store=TENSORS)
            write_text(fresh / FILE_NAME, kept.to_text())
            write_text(fresh / ABOUT, to_text(said))
            if picture:
                (fresh / PICTURE).write_bytes(picture)
            document.report(1, 2, "Writing")
            self._replace(name, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _replace(self, name: str, fresh: Path) -> None:
        place = self._place(name)
        old = place.with_name(f"{fresh.name}.old")
        if place.exists():
            place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)


def check_name(name: str) -> None:
    """BlockError when no block can have this name."""
    if not name.strip() or len(name) > LONGEST_NAME or any(ord(char) < 32 for char in name):
        raise BlockError(f"A block needs a name of 1 to {LONGEST_NAME} printable characters.")
