"""Classes of the source: groups of the same make share one class, and what differs becomes its arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Union

from sketch.graph.network import GroupBox
from sketch.kernels.pytorch.naming import Scope, identifier
from sketch.kernels.pytorch.printing import Phrase

MOST_ARGUMENTS = 6


@dataclass(frozen=True, slots=True)
class Argument:
    """One constructor argument: keyword ("" for a positional one), the parameter it stands for, its text."""

    keyword: str
    param: str
    text: str


@dataclass(frozen=True, slots=True)
class Make:
    """`nn.Conv2d(3, 64, kernel_size=3)`."""

    head: str
    args: tuple[Argument, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that never varies; `keep` is a statement of its own instead of a value."""

    text: Phrase
    ids: tuple[int, ...] = ()
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """An nn.Sequential or nn.ModuleList (`listed`); keys are "" where the members are numbered."""

    head: str
    items: tuple[tuple[str, Build], ...]
    ids: tuple[int, ...]
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of this file."""

    source: ClassDraft
    ids: tuple[int, ...]


Build = Union[Make, Raw, Series, Instance]  # noqa: UP007 - Series refers to it before it is complete


@dataclass(slots=True)
class Statement:
    """One statement of forward: text before the expression, the expression, nodes, and a comment on the shape."""

    before: str
    phrase: Phrase
    ids: tuple[int, ...]
    comment: str = ""


@dataclass(eq=False, slots=True)
class ClassDraft:
    """One group (or the network) as a class, before it is known whether others share it."""

    box: GroupBox | None
    init: list[tuple[str, Build]] = field(default_factory=list)
    arguments: tuple[str, ...] = ()
    forward: list[Statement] = field(default_factory=list)
    results: tuple[str, ...] = ()
    family: Family | None = None
    hint: str = ""
    returned: str = ""
    base: str = "nn.Module"
    hinted: str = ""

    def slots(self) -> Iterator[Argument]:
        """Every constructor argument in it, those of inner classes included."""
        for _, build in self.init:
            yield from _slots(build)

    def skeleton(self) -> tuple[object, ...]:
        """All of it but the values of constructor arguments and the comments."""
        made = tuple((target, _skeleton(build)) for target, build in self.init)
        said = tuple((line.before, line.phrase.text) for line in self.forward)
        return (made, self.arguments, said, self.results)


@dataclass(eq=False, slots=True)
class Family:
    """Groups that share one class. `chosen` maps the number of a slot to the name of the argument that fills it."""

    members: list[ClassDraft]
    name: str = ""
    chosen: dict[int, str] = field(default_factory=dict)
    order: dict[str, int] = field(default_factory=dict)

    def values(self, argument: str) -> list[str]:
        """The texts that an argument takes, one a member."""
        slot = self.order[argument]
        return [list(member.slots())[slot].text for member in self.members]


def families(drafts: Sequence[ClassDraft], root: str) -> list[Family]:
    """Sort classes into families; `drafts` has inner classes before those that use them."""
    names = Scope({root, "Tensor", "OrderedDict", "F"})
    found: dict[object, Family] = {}
    height = {id(draft): _height(draft) for draft in drafts}
    for level in sorted(set(height.values())):
        fresh: dict[object, Family] = {}
        for draft in drafts:
            if height[id(draft)] == level:
                fresh.setdefault(draft.skeleton(), Family([])).members.append(draft)
        for key, family in fresh.items():
            for part_key, part in _settled(key, family):
                found[part_key] = part
                for member in part.members:
                    member.family = part
    ordered = [draft.family for draft in drafts if draft.family is not None]
    result = list(dict.fromkeys(ordered))
    for family in result:
        family.name = names.unique(_class_name(family))
    return result


def _height(draft: ClassDraft) -> int:
    inner = [_inner_height(build) for _, build in draft.init]
    return max(inner, default=0)


def _inner_height(build: Build) -> int:
    if isinstance(build, Instance):
        return _height(build.source) + 1
    if isinstance(build, Series):
        return max((_inner_height(item) for _, item in build.items), default=0)
    return 0


def _settled(key: object, family: Family) -> Iterator[tuple[object, Family]]:
    """The family with its arguments chosen; taken apart by values when there would be too many of them."""
    _choose(family)
    if len(family.order) <= MOST_ARGUMENTS:
        yield key, family
        return
    parts: dict[object, Family] = {}
    for member in family.members:
        values = tuple(slot.text for slot in member.slots())
        parts.setdefault((key, values), Family([])).members.append(member)
    yield from parts.items()


def _choose(family: Family) -> None:
    """Slots whose values differ between the members become arguments; equal columns share one."""
    table = [list(member.slots()) for member in family.members]
    scope, known = Scope(), dict[tuple[str, ...], str]()
    for index, slot in enumerate(table[0]):
        column = tuple(row[index].text for row in table)
        if len(set(column)) == 1:
            continue
        if column not in known:
            known[column] = scope.unique(slot.param)
            family.order[known[column]] = index
        family.chosen[index] = known[column]


def _class_name(family: Family) -> str:
    hints = [member.hint for member in family.members]
    name = hints[0]
    if len(family.members) > 1 and not name[:1].isupper():  # a class's own name stays as it is
        name = name.rstrip("0123456789_") or name
    return camel(name) or "Block"


def camel(name: str) -> str:
    """`double_conv` as `DoubleConv`; a name that cannot begin a class gets `Net` in front."""
    words = [word for word in identifier(name, "net").split("_") if word]
    text = "".join(word[0].upper() + word[1:] for word in words)
    return text if not text[:1].isdigit() else f"Net{text}"


def _slots(build: Build) -> Iterator[Argument]:
    if isinstance(build, Make):
        yield from build.args
    elif isinstance(build, Series):
        for _, item in build.items:
            yield from _slots(item)
    elif isinstance(build, Instance):
        yield from build.source.slots()


def _skeleton(build: Build) -> tuple[object, ...]:
    if isinstance(build, Make):
        return (build.head, tuple((arg.keyword, arg.param) for arg in build.args))
    if isinstance(build, Series):
        return (build.head, tuple((key, _skeleton(item)) for key, item in build.items))
    if isinstance(build, Instance):
        return ("class", id(build.source.family))
    return ("raw", build.text.text, build.keep)
