"""What rules wait for: the end of a delay, their hours, silence, fixed hours. Pure; the judge asks.

The version that is in force when the time has come says what becomes of a wait, whatever version it
began with: so a rule that is published again loses nothing that it still looks at.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.orders.guards import FACT_ACTORS
from domain.paths.calendars import NEVER, Calendar, opening
from domain.rules.acts import act_id
from domain.rules.book import SOON, InForce, Published
from domain.rules.judging import NONE, Sight, is_meant
from domain.rules.rule import Rule
from domain.rules.runs import Case, Wait
from domain.rules.schedules import is_hour
from domain.rules.timers import TimerFired
from domain.rules.triggers import OnChange, OnSchedule, OnSilence

_NAMESPACE: Final = uuid5(NAMESPACE_URL, "orderpath:waits")
_AT_ONCE: Final = timedelta()


def due_at(case: Case) -> datetime | None:
    """Say when a rule acts that does not act at once."""
    rule, happened = case.of.rule, case.sight.happened
    now = happened.occurred_at
    due = now if rule.delay is None else _later(now, rule.delay)
    if (hours := _hours(case)) is not None:
        due = opening(hours, due)
        if happened.actor_kind in FACT_ACTORS:  # It may be told of later: the clock knows by then.
            return due
    return due if due > now else None


def wait_of(case: Case, order_id: UUID, due: datetime) -> Wait:
    """Give what a rule begins to wait for that does not act at once."""
    return Wait(
        wait_id=uuid5(_NAMESPACE, str(act_id(case, 0))),
        order_id=order_id,
        rule=case.of.name,
        rule_version=case.of.version,
        why="delay",
        since=case.sight.happened.occurred_at,
        due_at=due,
        position=case.sight.happened.position,
        chain=case.before,
        change=case.change,
        cause=case.sight.cause,
    )


def silences(rules: InForce, sight: Sight, order_id: UUID) -> Iterator[Wait]:
    """Give the silences that begin with what somebody did to an order."""
    latest = sight.after.last_occurred_at or sight.happened.occurred_at
    for one, on, number in rules.silent:
        if _is_awaited(on, sight):
            since = max(latest, sight.happened.recorded_at) if _is_late(one, sight) else latest
            yield Wait(
                wait_id=_silence_id(one.name, on.silence, order_id, number),
                order_id=order_id,
                rule=one.name,
                rule_version=one.version,
                why="silence",
                since=since,
                due_at=_later(since, on.silence),
                position=sight.happened.position,
            )


def still_looks(case: Case, wait: Wait) -> bool:
    """Whether the version in force looks at what a wait began with."""
    if wait.why == "silence":
        return any(True for _ in _awaited(case))
    return looks_at(case.of.rule, wait)


def looks_at(rule: Rule, wait: Wait) -> bool:
    """Whether a rule looks at the event, or at the change, that a delay began with."""
    if wait.change == NONE:
        return wait.cause is None or wait.cause.type in rule.events
    changes = (on for on in rule.on if isinstance(on, OnChange) and on.change == wait.change.field)
    return any(is_meant(on, wait.change) for on in changes)


def go_on(case: Case, wait: Wait) -> Wait | None:
    """Give what it goes on waiting for now that its time has come: by the version in force it is
    longer, or not within its hours; None: not any longer.
    """
    # The moment at which the clock spoke, which may have been late, or of a clock behind another.
    now = max(case.sight.happened.occurred_at, wait.due_at)
    if wait.why == "silence":
        coming = [(_later(wait.since, on.silence), on, number) for on, number in _awaited(case)]
        due, on, number = min(coming, key=lambda one: one[0])
        wait_id = _silence_id(case.of.name, on.silence, wait.order_id, number)
    else:
        due, wait_id = max(_later(wait.since, case.of.rule.delay or _AT_ONCE), now), wait.wait_id
        if (hours := _hours(case)) is not None:
            due = opening(hours, due)
    version = case.of.version
    return replace(wait, wait_id=wait_id, rule_version=version, due_at=due) if due > now else None


def is_scheduled(rules: InForce, one: Published, timer: TimerFired, sight: Sight) -> bool:
    """Whether what has come is an hour of the rule, for orders that are where this one is."""
    if timer.why != "schedule":
        return False
    for on in one.rule.on:
        if isinstance(on, OnSchedule) and sight.after.status in on.in_:
            calendar = rules.calendars.get(on.schedule.calendar)
            if calendar is not None and is_hour(on.schedule, calendar, timer.due_at):
                return True
    return False


def _is_late(one: Published, sight: Sight) -> bool:
    """Whether a program told something long after it happened: it is not silent when it tells it.
    Not so where time is played, as in a demo: there the log does not know when it was told.
    """
    told = sight.happened
    by_program = told.actor_kind in FACT_ACTORS and told.actor_kind != "import"
    return by_program and one.in_real_time and told.recorded_at - told.occurred_at > SOON


def _awaited(case: Case) -> Iterator[tuple[OnSilence, int]]:
    """Give the silences that the version in force awaits where the order is, with their numbers."""
    for one, on, number in case.rules.silent:
        if one is case.of and _is_awaited(on, case.sight):
            yield on, number


def _is_awaited(silence: OnSilence, sight: Sight) -> bool:
    status = sight.after.status
    if silence.in_:
        return status in silence.in_
    known = sight.path.statuses.get(status or "") if sight.path else None
    return known is None or known.final is None


def _later(moment: datetime, span: timedelta) -> datetime:
    """Programs tell of any moment that a date can name; what would come behind the last of them
    never does.
    """
    return moment + span if moment <= NEVER - span else NEVER


def _hours(case: Case) -> Calendar | None:
    name = case.of.rule.hours
    return None if name is None else case.rules.calendars.get(name)


@lru_cache(maxsize=10_000)
def _silence_id(rule: str, silence: timedelta, order_id: UUID, number: int) -> UUID:
    """Name a wait. number: among those of the rule that are as long; the first has none, as what
    the clock has told of is in the log under these names.
    """
    name = f"{rule}:{silence}:{order_id}"
    return uuid5(_NAMESPACE, f"{name}:{number}" if number else name)
