"""Commands as JSON and back, as Kafka carries them: one object with the stored name of the command
under `command`, beside all of its fields. Read by consumers.commands, written by whoever sends.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import islice
from json import JSONDecoder
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails, from_json, to_json

from domain.hints import nearest
from domain.messages import Command, is_code
from domain.orders.commands import RecordFacts
from domain.paths.definition import TooMuchToCompile, read_anew
from domain.publishing import Publish
from domain.refusals import CommandUnreadable, Unmet
from domain.vocabulary import COMMANDS

MAX_BYTES: Final = 900 * 1024  # of one command: a broker takes records of 1 MB
MAX_DEPTH: Final = 200  # of lists and objects within each other: the parser's own limit
MAX_VALUES: Final = 50_000  # of one command: each may be a fault, and to tell one takes a while
MAX_WITHIN: Final = 100_000  # lists and objects that are parsed at once
MAX_PARSED: Final = 300_000  # values that are parsed at once: one in 28 bytes of a full batch
MAX_TOLD: Final = 20  # faults of one command
NAMED_UNDER: Final = "command"
# Commands that take long to read: what they define is compiled.
DEFINING: Final = frozenset(name for name, kind in COMMANDS.items() if issubclass(kind, Publish))

# What validators of ours say may repeat what they were given, always in quotes, and what parsers
# say, in backquotes.
_REPEATED: Final = re.compile(r"""['"].*['"]""", re.DOTALL)
_PARSED: Final = re.compile(r"`.*`", re.DOTALL)
_DEFINITION: Final = "definition"  # What is published: its words are no personal data.
_PLACE: Final = re.compile(r"\(character \d+\)")


def encode(command: Command) -> bytes:
    """Write a command as JSON; what was never set is left out, so a repeat is the same command."""
    said = command.model_dump(mode="json", exclude_unset=True)
    if isinstance(command, RecordFacts):
        kinds = ({"kind": fact.kind} for fact in command.facts)
        said["facts"] = [kind | fact for kind, fact in zip(kinds, said["facts"], strict=True)]
    return to_json({NAMED_UNDER: command.NAME, **said})


def encode_without(command: Command, *left_out: str) -> bytes:
    """Write a command as JSON without fields that whoever takes it knows better: who acts."""
    said = from_json(encode(command))
    return to_json({name: value for name, value in said.items() if name not in left_out})


def decode(value: bytes | None) -> Command:
    """Read a command; types are taken strictly, so "5" is no number and true is no 1.

    Raises: CommandUnreadable with every fault that was found, MAX_TOLD at most
    """
    said = parsed(value or b"")
    wire = wire_model(kind_of(said))
    read = _read(wire, value or b"", said)
    values = {name: given for name, given in read if name != NAMED_UNDER}
    return COMMANDS[wire.NAME].model_construct(read.model_fields_set - {NAMED_UNDER}, **values)


def decode_for(said: Mapping[str, Any], known: Mapping[str, Any]) -> Command:
    """Read a command that is parsed already, with fields that whoever takes it knows for himself.

    Raises: CommandUnreadable, also for a field that is known otherwise, or is of programs only
    """
    kind = kind_of(said)
    wrong = [name for name, value in known.items() if name in said and said[name] != value]
    wrong += [name for name in kind.OF_PROGRAMS if said.get(name) is not None]
    if wrong:
        message = "here it is known otherwise: leave it out"
        told = (Unmet(code="field_unknown", field=name, message=message) for name in wrong)
        raise CommandUnreadable(*told, command_id=_id_in(said))
    body = {name: value for name, value in said.items() if name != NAMED_UNDER}
    return _read(kind, to_json({**body, **known}), said)


def _read(shape: type[Command], value: bytes, said: Mapping[str, Any]) -> Command:
    # A comma stands before every value of a list or object but the first; in texts there are more.
    if value.count(b",") > MAX_VALUES and _count(said) > MAX_VALUES:
        message = f"it has more than {MAX_VALUES} values"
        too_large = Unmet(code="command_too_large", message=message)
        raise CommandUnreadable(too_large, command_id=_id_in(said))
    try:
        context = read_anew() if shape.NAME in DEFINING else None
        return shape.model_validate_json(value, strict=True, context=context)
    except ValidationError as error:
        raise CommandUnreadable(*_faults(error), command_id=_id_in(said)) from None
    except TooMuchToCompile as error:
        too_large = Unmet(code="command_too_large", field=_DEFINITION, message=str(error))
        raise CommandUnreadable(too_large, command_id=_id_in(said)) from None


def _count(said: Any) -> int:
    inside = said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
    return 1 + sum(map(_count, inside))


@cache
def wire_model(kind: type[Command]) -> type[Command]:
    """Give the shape that a command has on its way: its fields, and its stored name."""
    named: Any = {NAMED_UNDER: (Literal[kind.NAME], ...)}
    return create_model(kind.__name__, __base__=kind, __doc__=kind.__doc__, **named)


def parsed(value: bytes, most_bytes: int = MAX_BYTES) -> Mapping[str, Any]:
    """Read one JSON object. Raises: CommandUnreadable"""
    check_size(len(value), most_bytes)
    if _brackets(value) > MAX_WITHIN and _brackets(_between_texts(value)) > MAX_WITHIN:
        message = f"it has more than {MAX_WITHIN} lists and objects"
        raise CommandUnreadable(Unmet(code="command_too_large", message=message))
    if value.count(b",") > MAX_PARSED and _between_texts(value).count(b",") > MAX_PARSED:
        message = f"it has more than {MAX_PARSED} values"
        raise CommandUnreadable(Unmet(code="command_too_large", message=message))
    try:
        said = from_json(value, allow_inf_nan=False)
    except ValueError as error:  # Its words tell the place, and nothing of the text.
        if "recursion limit" in str(error):
            message = f"lists and objects stand more than {MAX_DEPTH} deep in each other"
            raise CommandUnreadable(Unmet(code="command_too_deep", message=message)) from None
        message = f"it is not JSON: {error}"
        raise CommandUnreadable(Unmet(code="command_not_json", message=message)) from None
    if not isinstance(said, dict):
        message = "it is JSON, but no object"
        raise CommandUnreadable(Unmet(code="command_not_json", message=message))
    _check_names(value, said)
    return said


def _brackets(value: bytes) -> int:
    return value.count(b"[") + value.count(b"{")


def _between_texts(value: bytes) -> bytes:
    """Give what is written between the texts: brackets, commas and colons in texts are none."""
    unescaped = value.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(unescaped.split(b'"')[::2])


def _count_names(said: Any) -> int:
    if isinstance(said, Mapping):
        return len(said) + sum(map(_count_names, said.values()))
    return sum(map(_count_names, said)) if isinstance(said, list) else 0


def _check_names(value: bytes, said: Mapping[str, Any]) -> None:
    """See that no name stands twice in an object: the parser takes the last, others the first.

    Raises: CommandUnreadable
    """
    if to_json(said) == value:  # So most write it, and so nothing was left out.
        return
    if _count_names(said) == _between_texts(value).count(b":"):  # Each name is kept.
        return
    try:
        _EACH_ONCE.decode(value.decode())
    except CommandUnreadable as error:
        raise CommandUnreadable(*error.unmet, command_id=_id_in(said)) from None


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Raises: CommandUnreadable for a name that stands twice among the pairs of an object"""
    if len(dict(pairs)) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = next(name for name, times in counted.items() if times > 1)
        message = "it stands more than once in the same object"
        raise CommandUnreadable(Unmet(code="field_invalid", field=_named(twice), message=message))


# Only names count here. Numbers stay as they are written: Python reads no longer ones than so.
_EACH_ONCE: Final = JSONDecoder(
    object_pairs_hook=_once, parse_int=str, parse_float=str, strict=False
)


def check_size(size: int, most_bytes: int = MAX_BYTES) -> None:
    """Raises: CommandUnreadable"""
    if size > most_bytes:
        message = f"it has {size} bytes, {most_bytes} are the most"
        raise CommandUnreadable(Unmet(code="command_too_large", message=message))


def kind_of(said: Mapping[str, Any]) -> type[Command]:
    """Give the class of a command by its stored name. Raises: CommandUnreadable"""
    name = said.get(NAMED_UNDER)
    kind = COMMANDS.get(name) if isinstance(name, str) else None
    if kind is None:
        close = nearest(name, COMMANDS)
        what = "here stands the stored name of a command, as order.place"
        what += f": did you mean {close}?" if close else ""
        unknown = Unmet(code="command_unknown", field=NAMED_UNDER, message=what)
        raise CommandUnreadable(unknown, command_id=_id_in(said))
    return kind


def _id_in(said: Mapping[str, Any]) -> UUID | None:
    """Give the id of a command that is unreadable otherwise, so that its sender hears of it."""
    try:
        return UUID(said["command_id"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _faults(error: ValidationError) -> list[Unmet]:
    """Give the first faults; each is looked at once, as there may be as many as values."""
    details = error.errors(include_url=False)
    following = {detail["loc"] for detail in details if _may_follow(detail)}
    if following:
        following &= {one["loc"][:deep] for one in details for deep in range(len(one["loc"]))}
    told = (one for one in details if one["loc"] not in following or not _may_follow(one))
    return [_fault(detail) for detail in islice(told, MAX_TOLD)]


def _may_follow(fault: ErrorDetails) -> bool:
    """Whether too few are there only because pydantic does not count those with faults."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _fault(detail: ErrorDetails) -> Unmet:
    where = ".".join(_named(part) for part in detail["loc"]) or None
    match detail["type"]:
        case "missing":
            return Unmet(code="field_missing", field=where, message="it is required")
        case "extra_forbidden":
            return Unmet(code="field_unknown", field=where, message="no such field is known here")
        case _:
            return Unmet(code="field_invalid", field=where, message=_words(detail))


def _named(part: str | int) -> str:
    """Name a step on the way to a fault; what is no name of ours may be anything."""
    return str(part) if isinstance(part, int) or is_code(part) else "?"


def _words(detail: ErrorDetails) -> str:
    """Say what is wrong, in pydantic's words or a validator's, without what was given."""
    words = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "union_tag_invalid":
        return f"it is none of {detail['ctx']['expected_tags']}"
    if detail["type"].endswith("_parsing"):
        return _PARSED.sub("this", words)
    if detail["loc"][:1] == (_DEFINITION,):
        return words
    if detail["type"] == "condition":
        return " ".join(["it is no condition", *_PLACE.findall(words)])
    if detail["type"] == "value_error":
        return _REPEATED.sub("this", words)
    return words
