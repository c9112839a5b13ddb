"""Lint: statuses and escalations whose owner is no longer there."""

from collections.abc import Iterator
from typing import Literal

from domain.messages import Name, Shape
from domain.paths.findings import Finding
from domain.paths.names import Place
from domain.paths.path import OrderPath

Kind = Literal["user", "group"]


class KnownOwners(Shape):
    """Who is there, by the names that paths use."""

    users: tuple[Name, ...] = ()
    groups: tuple[Name, ...] = ()


def list_inactive_owners(path: OrderPath, known: KnownOwners) -> Iterator[Finding]:
    """Give every owner that nobody knows, and everybody who would be told in vain."""
    there = {"user": frozenset(known.users), "group": frozenset(known.groups)}
    for place, kind, name in _owners(path):
        if name not in there[kind]:
            yield Finding(
                code="owner_inactive",
                severity="warning",
                place=place,
                message=f"there is no {kind} {name} any more",
                why="orders there belong to nobody, and nobody is told of late ones",
                needed="name somebody who is there",
            )


def _owners(path: OrderPath) -> Iterator[tuple[Place, Kind, str]]:
    for code, status in path.statuses.items():
        for kind, name in (status.owner or {}).items():
            yield ("statuses", code, "owner", kind), kind, name
        for step, escalation in enumerate(status.limit.escalate if status.limit else ()):
            for kind, name in escalation.to.items():
                yield ("statuses", code, "limit", "escalate", step, "to", kind), kind, name
