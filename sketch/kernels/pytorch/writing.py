"""Class drafts to lines of source, with the nodes that each line belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sketch.kernels.pytorch.classes import (
    Argument,
    Build,
    ClassDraft,
    Family,
    Instance,
    Make,
    Raw,
    Series,
    Statement,
)
from sketch.kernels.pytorch.printing import WIDTH, Phrase, arguments, statement


class Lines:
    """The lines written so far and the nodes of each."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def add(self, texts: Iterable[str], ids: Iterable[int] = ()) -> None:
        """Append lines that belong to these nodes."""
        first = len(self.texts) + 1
        self.texts.extend(texts)
        self.mark(first, len(self.texts), ids)

    def mark(self, first: int, last: int, ids: Iterable[int]) -> None:
        """Give lines to nodes."""
        for node in ids:
            self._spans.setdefault(node, []).append((first, last))

    def blank(self, count: int = 1) -> None:
        """Append empty lines."""
        self.texts.extend([""] * count)

    def ranges(self, offset: int, owner: Mapping[int, int]) -> dict[int, tuple[tuple[int, int], ...]]:
        """Node -> its line ranges, shifted by the lines that stand before; sorted and without doubles.

        Lines of a constant that was made for an operator (`owner`) are that operator's.
        """
        merged: dict[int, set[tuple[int, int]]] = {}
        for node, spans in self._spans.items():
            merged.setdefault(owner.get(node, node), set()).update(spans)
        return {
            node: tuple((first + offset, last + offset) for first, last in sorted(spans))
            for node, spans in merged.items()
        }


class ClassWriter:
    """Writes one class."""

    def __init__(self, lines: Lines):
        self._lines = lines
        self._slot = 0
        self._chosen: dict[int, str] = {}

    def root(self, draft: ClassDraft, name: str, about: Sequence[str]) -> None:
        """The network's own class."""
        self._head(name, about, draft.base)
        if draft.base == "nn.Module":
            self._init([draft], "")
        else:
            self._listed(draft)
        if draft.base != "nn.Sequential":
            self._forward([draft])

    def alone(self, layer: Make, name: str, about: Sequence[str]) -> None:
        """A network that is one layer: a subclass with the arguments set."""
        self._lines.add([f"class {name}({layer.head}):", *about])
        self._lines.blank()
        self._lines.add(_definition("__init__", "", "None"))
        phrase = self._phrase(Make("super().__init__", layer.args, layer.ids))
        self._lines.add(statement(8, "", phrase), layer.ids)

    def family(self, family: Family) -> None:
        """A class that one or more groups share; a group owns all lines of its class."""
        self._chosen = family.chosen
        first = len(self._lines.texts) + 1
        self._head(family.name, ())
        self._init(family.members, _parameters(family))
        self._forward(family.members)
        boxes = [member.box.id for member in family.members if member.box is not None]
        self._lines.mark(first, len(self._lines.texts), boxes)

    def _listed(self, draft: ClassDraft) -> None:
        """The members of a network that is a list or a chain itself, then whatever else its __init__ does."""
        self._lines.add(_definition("__init__", "", "None"))
        (_, members), *others = draft.init
        self._build(8, "", members, [members], "")
        for target, build in others:
            self._build(
                8, "" if isinstance(build, Raw) and build.keep else f"{target} = ", build, [build], ""
            )
        self._lines.blank(draft.base != "nn.Sequential")

    def _head(self, name: str, about: Sequence[str], base: str = "nn.Module") -> None:
        self._lines.add([f"class {name}({base}):", *about])
        if about:
            self._lines.blank()

    def _init(self, members: Sequence[ClassDraft], parameters: str) -> None:
        entries = members[0].init
        if not entries:
            return
        self._lines.add(_definition("__init__", parameters, "None"))
        self._lines.add(["        super().__init__()"])
        for index, (target, build) in enumerate(entries):
            twins = [member.init[index][1] for member in members]
            before, after = "" if isinstance(build, Raw) and build.keep else f"{target} = ", ""
            if target.endswith("@)"):
                before, after = target[:-2], ")"
            self._build(8, before, build, twins, after)
        self._lines.blank()

    def _build(self, indent: int, before: str, build: Build, twins: Sequence[Build], after: str) -> None:
        ids = [node for twin in twins for node in twin.ids]
        if isinstance(build, Series):
            self._series(indent, before, build, twins, after)
            return
        self._lines.add(statement(indent, before, self._phrase(build), after), ids)

    def _series(self, indent: int, before: str, build: Series, twins: Sequence[Build], after: str) -> None:
        space = " " * indent
        wraps: tuple[str, ...] = ()
        if any(key for key, _ in build.items):
            wraps = ("OrderedDict(", "[")
        elif build.listed:
            wraps = ("[",)
        first = len(self._lines.texts) + 1
        self._lines.add([f"{space}{before}{build.head}("])
        self._lines.add(f"{space}{'    ' * (depth + 1)}{opening}" for depth, opening in enumerate(wraps))
        inner = indent + 4 * (len(wraps) + 1)
        for index, (key, item) in enumerate(build.items):
            others = [twin.items[index][1] for twin in twins if isinstance(twin, Series)]
            self._item(inner, key, item, others)
        for depth in reversed(range(len(wraps))):
            self._lines.add([f"{space}{'    ' * (depth + 1)}{']' if wraps[depth] == '[' else ')'}"])
        self._lines.add([f"{space}){after}"])
        self._lines.mark(first, len(self._lines.texts), [node for twin in twins for node in twin.ids])

    def _item(self, indent: int, key: str, build: Build, twins: Sequence[Build]) -> None:
        """One member; with a key it is a pair, which needs brackets of its own when it is long."""
        if not key:
            self._build(indent, "", build, twins, ",")
            return
        if not isinstance(build, Series):
            phrase = self._phrase(build)
            line = f'{" " * indent}("{key}", {phrase.text}),'
            if len(line) <= WIDTH:
                self._lines.add([line], [node for twin in twins for node in twin.ids])
                return
            space = " " * indent
            self._lines.add([f"{space}(", f'{space}    "{key}",'])
            ids = [node for twin in twins for node in twin.ids]
            self._lines.add(statement(indent + 4, "", phrase, ","), ids)
            self._lines.add([f"{space}),"])
            return
        space = " " * indent
        self._lines.add([f"{space}(", f'{space}    "{key}",'])
        self._build(indent + 4, "", build, twins, ",")
        self._lines.add([f"{space}),"])

    def _phrase(self, build: Build) -> Phrase:
        if isinstance(build, Make):
            items = tuple(
                f"{arg.keyword}={text}" if arg.keyword else text for arg, text in self._texts(build.args)
            )
            return Phrase(f"{build.head}({', '.join(items)})", build.head, items)
        if isinstance(build, Instance):
            return self._instance(build.source)
        if isinstance(build, Raw):
            return build.text
        raise TypeError(f"{build.head} is written over several lines")

    def _texts(self, args: Iterable[Argument]) -> Iterator[tuple[Argument, str]]:
        for arg in args:
            yield arg, self._chosen.get(self._slot, arg.text)
            self._slot += 1

    def _instance(self, source: ClassDraft) -> Phrase:
        """`Block(64, stride=2)`: the inner class's arguments, from this class's own or as numbers."""
        family = source.family
        if family is None:
            raise TypeError("the class has no family yet")
        texts = [text for _, text in self._texts(tuple(source.slots()))]
        items = tuple(f"{name}={texts[slot]}" for name, slot in family.order.items())
        return Phrase(f"{family.name}({', '.join(items)})", family.name, items)

    def _forward(self, members: Sequence[ClassDraft]) -> None:
        draft = members[0]
        taken = ", ".join(f"{name}: Tensor" for name in draft.arguments)
        self._lines.add(_definition("forward", taken, _returned(draft)))
        for index, line in enumerate(draft.forward):
            twins = [member.forward[index] for member in members]
            ids = [node for twin in twins for node in twin.ids]
            self._lines.add(_said(line, twins), ids)
        if not draft.forward or draft.forward[-1].before != "return ":
            self._lines.add(statement(8, "return ", _result(draft)))


def _said(line: Statement, twins: Sequence[Statement]) -> list[str]:
    texts = statement(8, line.before, line.phrase)
    same = len({twin.comment for twin in twins}) == 1
    if same and len(texts) == 1 and len(texts[0]) + len(line.comment) <= WIDTH:
        return [texts[0] + line.comment]
    return texts


def _definition(name: str, parameters: str, result: str) -> list[str]:
    items = ("self", *parameters.split(", ")) if parameters else ("self",)
    line = f"    def {name}({', '.join(items)}) -> {result}:"
    if len(line) <= WIDTH:
        return [line]
    return [f"    def {name}(", *arguments(8, items), f"    ) -> {result}:"]


def _returned(draft: ClassDraft) -> str:
    if draft.hinted:
        return draft.hinted
    if len(draft.results) == 1:
        return "Tensor"
    return (
        f"tuple[{', '.join(['Tensor'] * len(draft.results))}]"
        if len(draft.results) < 8
        else "tuple[Tensor, ...]"
    )


def _result(draft: ClassDraft) -> Phrase:
    names = draft.results
    if draft.returned:
        return Phrase(draft.returned)
    if len(names) == 1:
        return Phrase(names[0])
    return Phrase(", ".join(names) or "()", "", ())


def _parameters(family: Family) -> str:
    return ", ".join(f"{name}: {_hint(family.values(name))}" for name in family.order)


def _hint(texts: Iterable[str]) -> str:
    """The type of an argument by the values it takes."""
    return " | ".join(sorted({_kind(text) for text in texts}))


def _kind(text: str) -> str:
    if text in ("True", "False"):
        return "bool"
    if text == "None":
        return "None"
    if text.startswith('"'):
        return "str"
    if text.startswith("("):
        return "tuple[int, ...]" if "." not in text else "tuple[float, ...]"
    if text.startswith("torch."):
        return "Tensor" if "tensor(" in text else "torch.dtype"
    return "int" if text.lstrip("-").isdigit() else "float"
