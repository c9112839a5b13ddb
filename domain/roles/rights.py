"""May somebody do or ask this, there? Pure: whoever calls has the roles at hand.

A caller may what any one role allows; what two roles allow in part each, they do not together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.messages import Actor, is_code
from domain.refusals import Unmet
from domain.roles.definition import Role
from domain.sights import PERSONAL, Personal, Place, Region, Sight

Kind = Literal["command", "question"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: a command or a question, by its name."""

    kind: Kind
    name: str

    def is_allowed_by(self, role: Role) -> bool:
        """Whether a role allows it at all, wherever."""
        allows = role.may_command if self.kind == "command" else role.may_ask
        return allows(self.name)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, with the published roles that the caller holds."""

    actor: Actor
    roles: tuple[Role, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may be done; of a question, how much of the answer is seen."""

    sight: Sight


@dataclass(frozen=True, slots=True)
class Forbidden:
    """It may not be done, and all that is missing."""

    reasons: tuple[Unmet, ...]


Decision = Allowed | Forbidden


def may(
    caller: Caller, wish: Wish, where: Place | None = None, known: Mapping[str, Role] | None = None
) -> Decision:
    """Decide over a wish.

    where: the order that it is about; None: none, or many, of which the sight shows some
    known: all published roles, to name those that would do
    """
    allowing = [role for role in caller.roles if wish.is_allowed_by(role)]
    if not allowing:
        return Forbidden((_not_permitted(caller, wish, known or {}),))
    if where is None:
        return Allowed(sight_of(allowing))
    there = [role for role in allowing if role.region.holds(where)]
    if there:
        return Allowed(sight_of(there))
    return Forbidden(missing_at([role.region for role in allowing], where))


def nothing_to_command(caller: Caller, known: Mapping[str, Role]) -> Unmet:
    """Say to a caller whose roles allow no command at all what is missing.

    known: all published roles, to name those that would do
    """
    able = ", ".join(name for name, role in sorted(known.items()) if role.commands)
    return Unmet(
        code="command_not_permitted",
        message=f"{_held(caller)} may command nothing",
        needed=f"one of the roles {able}" if able else "a role that allows commands",
    )


def sight_of(roles: Iterable[Role]) -> Sight:
    """Give what the roles show together. Of personal data and hidden fields nothing is shown in
    orders of one role because another role shows it in others.
    """
    held = tuple(roles)
    regions = tuple(dict.fromkeys(role.region for role in held))
    personal = frozenset(kind for kind in PERSONAL if _all_show(held, kind))
    hidden = dict.fromkeys(
        field for role in held if not _is_shown_by_another(role, held) for field in role.hidden
    )
    return Sight(regions, personal, tuple(hidden))


def reach_of(sight: Sight) -> tuple[Region, ...] | None:
    """Give the orders that a command may be about; None: all."""
    return None if sight.sees_all_orders else sight.regions


def _all_show(roles: Iterable[Role], kind: Personal) -> bool:
    held = tuple(roles)
    readers = [role.region for role in held if kind in role.reads]
    return bool(held) and all(
        any(region.covers(role.region) for region in readers) for role in held
    )


def _is_shown_by_another(role: Role, roles: Iterable[Role]) -> bool:
    """Only by one that hides nothing: whether two patterns meet is not worth guessing."""
    return any(not one.hidden and one.region.covers(role.region) for one in roles)


def _not_permitted(caller: Caller, wish: Wish, known: Mapping[str, Role]) -> Unmet:
    held = _held(caller)
    able = ", ".join(name for name, role in sorted(known.items()) if wish.is_allowed_by(role))
    name = wish.name if is_code(wish.name.replace(".", "_").replace("-", "_")) else "this"
    needed = f"one of the roles {able}" if able else f"a role that allows {name}"
    if wish.kind == "command":
        return Unmet(
            code="command_not_permitted",
            message=f"{held} may not command {name}",
            needed=needed,
        )
    return Unmet(
        code="question_not_permitted",
        message=f"{held} may not ask {name}",
        needed=needed,
    )


def _held(caller: Caller) -> str:
    return ", ".join(role.role for role in caller.roles) or "no role"


def missing_at(regions: Sequence[Region], where: Place) -> tuple[Unmet, ...]:
    """Name each side of the place by which all the regions fail; if each fails by another one, name
    them all.
    """
    return tuple(_missing(regions, where))


def _missing(regions: Sequence[Region], where: Place) -> Iterator[Unmet]:
    sides = [_failing(region, where) for region in regions]
    common = set.intersection(*sides) or set.union(*sides)
    if "shop" in common:
        yield Unmet(
            code="shop_not_permitted",
            field="shop",
            message="Your roles do not reach orders of this shop",
            needed=_one_of(name for region in regions for name in region.shops or ()),
        )
    if "order_type" in common:
        yield Unmet(
            code="order_type_not_permitted",
            field="order_type",
            message="Your roles do not reach orders of this type",
            needed=_one_of(name for region in regions for name in region.order_types or ()),
        )
    if "channel" in common:
        yield Unmet(
            code="channel_not_permitted",
            field="channel",
            message="Your roles do not reach orders of this channel",
            needed=_one_of(name for region in regions for name in region.channels or ()),
        )
    if "test" in common:
        kind = "test orders" if where.test else "orders that are no test orders"
        yield Unmet(
            code="test_order_not_permitted",
            field="test",
            message=f"Your roles do not reach {kind}",
            needed=f"a role that reaches {kind}",
        )


def _failing(region: Region, where: Place) -> set[str]:
    sides = {
        "shop": Region(shops=region.shops),
        "order_type": Region(order_types=region.order_types),
        "channel": Region(channels=region.channels),
        "test": Region(tests=region.tests),
    }
    return {side for side, alone in sides.items() if not alone.holds(where)}


def _one_of(names: Iterable[str]) -> str:
    return "one of " + ", ".join(sorted(set(names)))
