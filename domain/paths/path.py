"""The order path as a value: statuses, moves, rights, effects. Data, never code.

Source: the YAML language of docs/paths.md; infra reads the file, `OrderPath` checks it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import Annotated, LiteralString, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.messages import Code
from domain.orders.fields import PRICES
from domain.orders.items import ITEM_MOVES
from domain.paths.calendars import Calendar
from domain.paths.conditional import compiled
from domain.paths.definition import Definition, Title
from domain.paths.keeping import StockRules
from domain.paths.limits import Limit, out_of_reach
from domain.paths.names import undefined_names
from domain.paths.rights import FieldRight, ItemRules, PaymentRules
from domain.paths.selection import AppliesTo
from domain.paths.statuses import Initial, Status
from domain.paths.transitions import ANY, Follow, Nonconforming, Transition

MAX_STATUSES = 1_000
MAX_TRANSITIONS = 20_000
MAX_FOLLOWS = 100
MAX_ALTERNATIVES = 100  # of what a path applies to, and of where an order starts


class OrderPath(Definition):
    """A whole path, checked: every name that is used is defined."""

    path: Code
    title: Title = Field(default_factory=dict)
    calendar: Code | None = None  # of limits in working time that name none
    applies_to: Annotated[AppliesTo, Field(max_length=MAX_ALTERNATIVES)] = ()
    stages: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MAX_STATUSES)]
    statuses: Annotated[dict[Code, Status], Field(min_length=1, max_length=MAX_STATUSES)]
    initial: Annotated[tuple[Initial, ...], Field(min_length=1, max_length=MAX_ALTERNATIVES)]
    transitions: Annotated[tuple[Transition, ...], Field(max_length=MAX_TRANSITIONS)] = ()
    fields: dict[Code, FieldRight] = Field(default_factory=dict)
    items: ItemRules | None = None
    follow: Annotated[tuple[Follow, ...], Field(max_length=MAX_FOLLOWS)] = ()
    payments: PaymentRules | None = None
    stock: StockRules | None = None  # None: reservations are no matter of this path

    @model_validator(mode="after")
    def _names_are_defined(self) -> Self:
        _refuse(
            "undefined_name",
            "There is no {kind} {name}",
            [(at, name, {"kind": kind, "name": name}) for at, kind, name in undefined_names(self)],
        )
        if len(list(islice(self._pairs(), MAX_TRANSITIONS + 1))) > MAX_TRANSITIONS:
            raise ValueError(f"a path has at most {MAX_TRANSITIONS} moves: split it")
        return self

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        parts: tuple[tuple[str, str | None], ...] = (
            ("stages", _twice(self.stages)),
            ("statuses", _without_calendar(self)),
            ("initial", _without_start(self)),
            ("statuses", _without_stock(self)),
            ("items", _unknown_item_ways(self)),
            ("follow", _going_round(self.follow)),
            ("follow", _followed_alone(self)),
        )
        found = [((part,), part, {"problem": problem}) for part, problem in parts if problem]
        _refuse("part_differs", "{problem}", found)
        return self

    def calendar_of(self, limit: Limit) -> str | None:
        """Name the calendar that a limit counts by; None for the wall clock."""
        return None if limit.working is None else limit.calendar or self.calendar

    @cached_property
    def calendars(self) -> tuple[str, ...]:
        """Name every calendar that a limit counts by."""
        limits = (status.limit for status in self.statuses.values() if status.limit)
        return tuple(dict.fromkeys(filter(None, map(self.calendar_of, limits))))

    def out_of_reach(
        self, now: datetime, calendars: Mapping[str, Calendar]
    ) -> Iterator[tuple[str, str]]:
        """Give each status that no order could enter, and why: its limit is beyond its calendar."""
        for code, status in self.statuses.items():
            name = self.calendar_of(status.limit) if status.limit else None
            calendar = calendars.get(name or "")
            if status.limit is None or calendar is None:
                continue
            if why := out_of_reach(status.limit, now, calendar):
                yield code, why

    @cached_property
    def reads(self) -> frozenset[str]:
        """Name every variable that a condition of the path reads."""
        sources = {guard.when for move in self.transitions for guard in move.guards}
        sources |= {start.when for start in self.initial if start.when is not None}
        return frozenset(name for source in sources for name in compiled(source).reads)

    @cached_property
    def has_effects(self) -> bool:
        """Whether a command may do more than it says."""
        acts = any(status.on_enter is not None for status in self.statuses.values())
        return acts or bool(self.follow) or self.stock is not None

    @cached_property
    def limits_prices(self) -> bool:
        """Whether not everybody may state prices and discounts."""
        return not self.fields.keys().isdisjoint(PRICES)

    def _pairs(self) -> Iterator[tuple[str, str, Transition]]:
        for transition in self.transitions:
            everywhere = self._open_statuses if ANY in transition.from_ else ()
            named = (code for code in transition.from_ if code != ANY)
            targets = dict.fromkeys(transition.to)
            for source in dict.fromkeys((*everywhere, *named)):
                for target in targets:
                    if source != target:
                        yield source, target, transition

    @cached_property
    def _open_statuses(self) -> tuple[str, ...]:
        return tuple(code for code, status in self.statuses.items() if status.final is None)

    @cached_property
    def matrix(self) -> dict[tuple[str, str], Transition]:
        """Every allowed move. `from: "*"` means every status that is not final.

        A move that two rules allow follows the one that stands first in the file.
        """
        moves: dict[tuple[str, str], Transition] = {}
        for source, target, transition in self._pairs():
            moves.setdefault((source, target), transition)
        return moves

    def moves_from(self, status: str | None) -> tuple[str, ...]:
        """Give the statuses that can be entered from here, in the file's order; None: at first."""
        return tuple(code for code in self.statuses if self.against(status, code) is None)

    def against(self, before: str | None, status: str) -> Nonconforming | None:
        """Say why the path forbids a move, None if it allows it; before: None for the first one."""
        if before is None:
            starts = (start.status for start in self.initial)
            return None if status in starts else "not_an_initial_status"
        return None if (before, status) in self.matrix else "transition_not_allowed"

    @cached_property
    def first_failure(self) -> str | None:
        """Where a cancelled order goes when nobody says otherwise."""
        return next((c for c, s in self.statuses.items() if s.final == "failure"), None)


def _refuse(
    code: LiteralString,
    message: LiteralString,
    problems: Iterable[tuple[tuple[str | int, ...], str, dict[str, str]]],
) -> None:
    """Raise what pydantic raises; problems: where, what is written there, what the message says."""
    details = [
        InitErrorDetails(type=PydanticCustomError(code, message, said), loc=place, input=written)
        for place, written, said in problems
    ]
    if details:
        raise ValidationError.from_exception_data("OrderPath", details)


# Each says what does not fit together and what to do, None if all is well.


def _twice(stages: Iterable[str]) -> str | None:
    often = [stage for stage, times in Counter(stages).items() if times > 1]
    return f"{', '.join(often)} stands here twice: take one of them out" if often else None


def _without_calendar(path: OrderPath) -> str | None:
    without = [
        code
        for code, status in path.statuses.items()
        if status.limit and status.limit.working and not path.calendar_of(status.limit)
    ]
    if not without:
        return None
    advice = "write calendar in the limit, or once for the whole path"
    return f"no calendar for the working time of {', '.join(without)}: {advice}"


def _without_start(path: OrderPath) -> str | None:
    last = path.initial[-1]
    if last.when is not None:
        return "an order may start nowhere: write a last initial status without `when`"
    closed = [start.status for start in path.initial if not path.statuses[start.status].active]
    if closed:
        return f"orders cannot start in {', '.join(closed)}: it is not active"
    return None


def _without_stock(path: OrderPath) -> str | None:
    touching = [c for c, s in path.statuses.items() if s.on_enter and s.on_enter.stock]
    if path.stock is not None or not touching:
        return None
    advice = "write `stock: {locations: [main]}` for the whole path"
    return f"nobody says whose stock {', '.join(touching)} touches: {advice}"


def _unknown_item_ways(path: OrderPath) -> str | None:
    ways = path.items.ways if path.items else {}
    wrong = [
        f"{source} to {target}" for source, target in ways if (source, target) not in ITEM_MOVES
    ]
    return f"pieces never go from {', '.join(wrong)}: take it out" if wrong else None


def _followed_alone(path: OrderPath) -> str | None:
    """An order follows where it may go, and where nobody has to agree or to say why."""
    for follow in path.follow:
        for source in follow.from_:
            move = path.matrix.get((source, follow.to))
            if move is None:
                way = f"{source} to {follow.to}"
                return f"`follow` leads from {way}, which no transition allows: add one"
            if move.approval is not None or move.override:
                asked = "approval" if move.approval is not None else "override"
                way = f"{source} to {follow.to}"
                return f"nobody is there to follow from {way} with {asked}: take one of them out"
    return None


def _going_round(follows: Iterable[Follow]) -> str | None:
    """What orders follow must end: each rule leads on, none leads back."""
    before: dict[str, set[str]] = {}
    for follow in follows:
        before.setdefault(follow.to, set()).update(follow.from_)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        return f"`follow` leads round in a circle: {' < '.join(error.args[1])}: take one out"
    return None
