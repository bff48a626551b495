"""Blocks of the person's own: a group kept with its parameters, wires and weights, to be used like a layer."""

from __future__ import annotations

import logging
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

from sketch.durable import write_text
from sketch.graph.errors import GraphError
from sketch.state.clip import Clip, adopt, take
from sketch.state.codec import CodecError
from sketch.state.commands.clipboard import insert_clip
from sketch.state.document import Document
from sketch.state.paths import data_folder
from sketch.state.store import Store, neighbour

FILE_NAME = "block.json"
TENSORS = "tensors"
LONGEST_NAME = 60

_log = logging.getLogger(__name__)


class BlockError(GraphError):
    """A block cannot be kept, found or read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Block:
    """A kept block: its name and how many layers it has."""

    name: str
    layers: int


def names() -> tuple[str, ...]:
    """The names of the person's blocks, sorted."""
    return _own().names()


def save(document: Document, group_id: int, name: str) -> Block:
    """Keep a group among the person's blocks, weights with it; one of the same name is replaced."""
    return _own().save(document, group_id, name)


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

    def list(self) -> tuple[Block, ...]:
        """Every block that can be read, by name; one that cannot is in the log."""
        found = []
        for path in sorted(self.folder.glob(f"*/{FILE_NAME}")):
            name = unquote(path.parent.name)
            try:
                clip = self._read(name)
            except BlockError as error:
                _log.warning("block.unreadable name=%s error=%s", name, error)
                continue
            found.append(Block(name, len(clip.nodes) - 1))
        return tuple(found)

    def save(self, document: Document, group_id: int, name: str) -> Block:
        """Keep a group under a name, its weights with it; a block of the same name is replaced."""
        if not name.strip() or len(name) > LONGEST_NAME or any(ord(char) < 32 for char in name):
            raise BlockError(f"A block needs a name of 1 to {LONGEST_NAME} printable characters.")
        node = document.tables.node(group_id)
        if not document.library[node.layer].group:
            raise BlockError(f"'{node.name}' is no group; group the layers of the block first.")
        clip = take(document.tables, [group_id], document.store)
        try:
            self._write(name, clip, document.store)
        except OSError as error:
            raise BlockError(f"The block '{name}' could not be kept: {error}.") from None
        _log.info("block.saved name=%s nodes=%d", name, len(clip.nodes))
        return Block(name, len(clip.nodes) - 1)

    def insert(
        self, document: Document, name: str, place: tuple[float, float], parent: int | None = None
    ) -> int:
        """Put a copy of a block on a canvas; the id of its group."""
        return insert_clip(document, self._read(name), place, parent, f"Add block '{name}'")[0]

    def remove(self, name: str) -> None:
        """Delete a block; BlockError when there is none."""
        self._read(name)
        shutil.rmtree(self._place(name))

    def _place(self, name: str) -> Path:
        return self.folder / quote(name, safe=" ").replace(".", "%2E")

    def _read(self, name: str) -> Clip:
        place = self._place(name)
        try:
            clip = Clip.from_text((place / FILE_NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BlockError(f"There is no block '{name}'.") from None
        except (OSError, CodecError, UnicodeDecodeError) as error:
            raise BlockError(f"The block '{name}' cannot be read: {error}") from None
        if len(clip.roots) != 1:
            raise BlockError(f"The block '{name}' cannot be read: it is not one group.")
        return replace(clip, store=str(place / TENSORS))

    def _write(self, name: str, clip: Clip, origin: Store) -> None:
        """Fill a folder beside, then let it take the place of the old one."""
        place = self._place(name)
        fresh = place.with_name(f".{secrets.token_hex(4)}")
        fresh.mkdir(parents=True)
        try:
            store = neighbour(origin, fresh / TENSORS)
            kept = replace(clip, tensors=adopt(clip, store), store=TENSORS)
            write_text(fresh / FILE_NAME, kept.to_text())
            old = place.with_name(f"{fresh.name}.old")
            if place.exists():
                place.rename(old)
            fresh.rename(place)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
