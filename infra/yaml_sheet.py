"""YAML read as a sheet: plain values, and the line and column of each of them.

Values are texts as written (`no` is "no", `10:30` is "10:30"): the models know types, YAML does
not guess them. Nothing but texts, lists and keys with values is accepted. Called by yaml_language
and for the mappings of an import.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

from domain.errands import go_on

MAX_CHARACTERS = 1_000_000
MAX_VALUES = 200_000  # counted with every alias written out
MAX_DEPTH = 20

Place = tuple[str | int, ...]  # keys and indexes from the top down
_YAML = "tag:yaml.org,2002:"
_TEXTS = {_YAML + kind for kind in ("str", "int", "float", "bool", "timestamp", "value")}


class Fault(NamedTuple):
    """Something wrong at a line and column, both counted from 1."""

    line: int
    column: int
    message: str


class _Stop(Exception):
    """Reading cannot go on."""


@dataclass
class Sheet:
    """What a YAML text says, where it says it, and what is wrong with it."""

    data: object = None
    faults: list[Fault] = field(default_factory=list)
    readable: bool = False  # False: the text is no YAML, or too large
    faulty: set[Place] = field(default_factory=set)  # their values are None
    _keys: dict[Place, yaml.Mark] = field(default_factory=dict)
    _values: dict[Place, yaml.Mark] = field(default_factory=dict)
    _count: int = 0

    def spot(self, place: Place, *, of_key: bool = False) -> tuple[int, int]:
        """Give line and column of a place, or of what is nearest above it."""
        marks = (self._keys, self._values) if of_key else (self._values,)
        for end in range(len(place), -1, -1):
            for known in marks:
                if mark := known.get(place[:end]):
                    return mark.line + 1, mark.column + 1
        return 1, 1

    def _fault(self, mark: yaml.Mark | None, message: str) -> None:
        line, column = (mark.line, mark.column) if mark else (0, 0)
        self.faults.append(Fault(line + 1, column + 1, message))

    def _read(self, node: yaml.Node, place: Place) -> object:
        self._count += 1
        if self._count > MAX_VALUES or len(place) > MAX_DEPTH:
            self._fault(node.start_mark, "too much, with all aliases written out: use fewer")
            raise _Stop
        self._values[place] = node.start_mark
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_YAML}map":
            return {key: self._read(value, (*place, key)) for key, value in self._of(node, place)}
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_YAML}seq":
            return [self._read(value, (*place, index)) for index, value in enumerate(node.value)]
        if node.tag in _TEXTS and isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.faulty.add(place)
        self._fault(node.start_mark, _refused_value(node))
        return None

    def _of(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, yaml.Node]]:
        """Give the keys with their values; a key that cannot be used is a fault."""
        seen: dict[str, yaml.Mark] = {}
        for key, value in node.value:
            if key.tag == f"{_YAML}merge":
                self._fault(key.start_mark, "`<<` does not work here: write the keys out")
            elif not isinstance(key, yaml.ScalarNode) or key.tag not in _TEXTS:
                self._fault(key.start_mark, "a key must be a text: write `key: value`")
            elif not key.value.isprintable():
                self._fault(key.start_mark, f"key {key.value[:64]!r} cannot be printed: rename it")
            elif key.value in seen:
                first = f"line {seen[key.value].line + 1}"
                words = f"the key {key.value[:64]!r} is already in {first}: take one of them out"
                self._fault(key.start_mark, words)
            else:
                seen[key.value] = self._keys[(*place, key.value)] = key.start_mark
                yield key.value, value


def read_sheet(text: str) -> Sheet:
    """Read one YAML document. Never raises for what the text says: see `faults`."""
    sheet = Sheet()
    if len(text) > MAX_CHARACTERS:
        sheet._fault(None, f"longer than {MAX_CHARACTERS} characters: shorten it")
        return sheet
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            sheet._fault(None, "the file is empty: write something")
            return sheet
        sheet.data = sheet._read(node, ())
        sheet.readable = True
    except _Stop:
        pass
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        mark = yaml.Mark("", 0, before.count("\n"), len(before) - before.rfind("\n") - 1, None, 0)
        sheet._fault(mark, f"{text[error.position]!r} is not allowed in YAML: take it out")
    except yaml.MarkedYAMLError as error:
        sheet._fault(error.problem_mark or error.context_mark, _syntax(error))
    except (ValueError, OverflowError):  # PyYAML's own, for an escape such as "\\Uffffffff"
        here = yaml.Mark("", 0, loader.line, loader.column, None, 0) if loader else None
        sheet._fault(here, "there is no such character or number: write another one")
    return sheet


class _Loader(yaml.SafeLoader):
    """The safe loader, only so deep: deeper texts would exhaust the stack."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        go_on()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = parent.start_mark if parent else None
            words = f"nested deeper than {MAX_DEPTH}: write it flatter"
            raise yaml.composer.ComposerError(None, None, words, mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _refused_value(node: yaml.Node) -> str:
    if node.tag == f"{_YAML}null":
        return "nothing stands here: write a value (in quotes if it has a #) or drop the key"
    return f"{node.tag.replace(_YAML, '!!')} is not allowed: write plain text, lists, key: value"


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "this is not YAML"
    if "scanning an alias" in (error.context or ""):
        return 'a star must stand in quotes: write "*"'
    if "'\\t'" in problem:
        return "a tab is not allowed here: indent with spaces"
    if "undefined alias" in problem:
        return f"{problem}: write its &anchor further up"
    if "expected a single document" in (error.context or ""):
        return "a second document begins here: put it into a file of its own"
    if "duplicate anchor" in (error.context or "") or "nested deeper" in problem:
        return problem
    return f"{problem}: check indentation, quotes and brackets just before this place"
