"""Whom a new version of a path touches: roles that may move otherwise, owners of statuses.

Called by domain.paths.decide, which alerts each of them in the decision that publishes.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.alerts.events import MAX_DETAILS, AlertRaised
from domain.paths.commands import PublishPath
from domain.paths.difference import difference
from domain.paths.events import stream_of
from domain.paths.line import PathLine
from domain.paths.path import OrderPath

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:paths")


class Touched(NamedTuple):
    """A role, or an owner, that a path names."""

    kind: Literal["user", "group", "role"]
    name: str


Told = Mapping[Touched, list[str]]  # what has changed for each, one thing a line


def touched_by(command: PublishPath, line: PathLine, old: OrderPath | None) -> Told:
    """Say what a version that is about to be published changes for whom; old: the one before.

    What the system publishes first of all changes nothing: nobody works with it yet.
    """
    new = command.definition
    is_first = line.latest == 0
    if new.content_hash == line.content_hash or (is_first and command.actor.kind == "system"):
        return {}
    told: dict[Touched, list[str]] = {}
    for what, concerned in _changes(old or _nothing(new), new):
        for one in sorted(concerned):
            told.setdefault(one, []).append(what)
    return told


def alert_ids(command: PublishPath, line: PathLine, told: Told) -> Mapping[Touched, UUID]:
    """Name the alerts of the version that is about to be published."""
    version = f"{command.definition.path}:{line.latest + 1}"
    return {one: uuid5(_NAMESPACE, f"{version}:{one.kind}:{one.name}") for one in told}


def alerts_of(
    command: PublishPath, line: PathLine, told: Told, now: datetime
) -> Iterator[AlertRaised]:
    """Give an alert for each who is touched, with the first changes."""
    path = command.definition.path
    for one, alert_id in alert_ids(command, line, told).items():
        yield AlertRaised(
            alert_id=alert_id,
            kind="path_changed",
            level="notice",
            title=f"Path {path}, version {line.latest + 1}: {_counted(told[one])}",
            details=_first(told[one]),
            subject=stream_of(path),
            **{one.kind: one.name},
            since=now,
        )


def _counted(lines: list[str]) -> str:
    return "1 change" if len(lines) == 1 else f"{len(lines)} changes"


def _first(lines: list[str]) -> tuple[str, ...]:
    if len(lines) <= MAX_DETAILS:
        return tuple(lines)
    kept = MAX_DETAILS - 1
    return (*lines[:kept], f"and {len(lines) - kept} more")


def _nothing(new: OrderPath) -> OrderPath:
    """Give what was before the first version: a path without statuses."""
    return OrderPath.model_construct(path=new.path, stages=(), statuses={}, initial=())


def _changes(old: OrderPath, new: OrderPath) -> Iterator[tuple[str, frozenset[Touched]]]:
    """Give each change of a status or a move, with those whom it concerns."""
    found = difference(old, new)
    for code in found.statuses.added:
        yield f"status {code}: new", _owners(code, new)
    for code, keys in found.statuses.changed.items():
        yield f"status {code}: {_named(keys)} changed", _owners(code, old, new)
    for code in found.statuses.removed:
        yield f"status {code}: dropped", _owners(code, old)
    for move in found.moves.added:
        yield f"move {move[0]} -> {move[1]}: new", _movers(move, new)
    for move, keys in found.moves.changed.items():
        yield f"move {move[0]} -> {move[1]}: {_named(keys)} changed", _movers(move, old, new)
    for move in found.moves.removed:
        yield f"move {move[0]} -> {move[1]}: dropped", _movers(move, old)


def _named(keys: Iterable[str]) -> str:
    """Name what differs as the path language calls it: `limit`, whatever of it."""
    return ", ".join(dict.fromkeys(key.partition(".")[0] for key in keys))


def _owners(code: str, *paths: OrderPath) -> frozenset[Touched]:
    found = (path.statuses[code].owner for path in paths if code in path.statuses)
    return frozenset(
        Touched(kind, name) for owner in found if owner for kind, name in owner.items()
    )


def _movers(move: tuple[str, str], *paths: OrderPath) -> frozenset[Touched]:
    """Give the roles that may move or agree to it, and who owns the status that orders leave."""
    ways = [path.matrix[move] for path in paths if move in path.matrix]
    roles = {role for way in ways for role in way.roles}
    roles |= {role for way in ways if way.approval for role in way.approval.by}
    return _owners(move[0], *paths) | {Touched("role", role) for role in roles}
