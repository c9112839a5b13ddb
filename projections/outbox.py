"""Which messages wait, and who sends them at the moment: tables ops.sending and ops.pace over the
read model `effects`. services.sending asks.

A lease keeps others away while a message is on its way, and behind that for as long as the read
model does not know yet what became of it. Should it be lost, the log knows.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from domain.effects.channels import Outlet, Taken
from projections.interface import Tx


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a process takes messages."""

    sender: UUID  # the process
    per_minute: int  # through this channel, all senders together
    lease_seconds: float


def take(tx: Tx, outlet: Outlet, now: datetime, terms: Terms) -> Taken | None:
    """Take what is longest overdue, if the channel may be used again. A mailing is for that a day
    younger than it is, as what rules say of orders cannot wait until all have it.

    Nobody else gets the same attempt until the lease is over.
    """
    span = max(1.0, 60.0 / terms.per_minute)  # what was not used before is lost
    wish: dict[str, Any] = {
        "channel": outlet.channel,
        "name": outlet.name,
        "now": now,
        "per_minute": terms.per_minute,
        "span": span,
        "sender": terms.sender,
        "lease": terms.lease_seconds,
    }
    if not _one(tx, _WAITS, wish):
        return None
    tx.execute(_PACE, wish)
    is_free = _one(tx, _FREE, wish)
    tx.execute(_OVER)
    found = tx.execute(_TAKE, wish).fetchone() if is_free else None
    if found is None:
        return None
    tx.execute(_USED, wish)
    return Taken(*found)


def finish(tx: Tx, taken: Taken, sender: UUID) -> None:
    """Leave a lease to the read model, once the log says what became of the message."""
    tx.execute(_FINISH, [taken.effect_id, taken.attempt, sender])


def give_back_pace(tx: Tx, outlet: Outlet, per_minute: int) -> None:
    """Let another message go instead of one that was taken and not handed over."""
    tx.execute(_UNUSED, {"channel": outlet.channel, "per_minute": per_minute})


@dataclass(frozen=True, slots=True)
class Failing:
    """How an outlet has failed since it last did its work, or was resumed."""

    failures: int
    since: datetime | None  # the first of them


def failing(tx: Tx, outlet: Outlet) -> Failing:
    """Tell how an outlet fails: by faults of its own, not of ours or of one message.

    A mail server or a gateway that refuses one message for what it is, does its work.
    """
    faults = _FAULTS.get(outlet.channel, _FAULTS_OF_SERVERS)
    wish = {"outlet": outlet.name, "faults": list(faults), "refusing": outlet.endpoint is None}
    row = tx.execute(_FAILURES, wish).fetchone()
    assert row is not None
    return Failing(*row)


def _one(tx: Tx, statement: LiteralString, wish: dict[str, Any]) -> Any:
    row = tx.execute(statement, wish).fetchone()
    assert row is not None
    return row[0]


_DUE: Final[LiteralString] = """
    from live.effects e
    left join ops.sending s on s.effect_id = e.effect_id
    where e.channel = %(channel)s and coalesce(e.endpoint, e.channel) = %(name)s
        and e.next_at <= %(now)s
        and (s.effect_id is null or s.until < clock_timestamp() or s.attempt <= e.attempts)
        and not exists (
            select from live.endpoints p
            where p.endpoint = %(name)s and p.paused_at is not null)
"""
_WAITS: Final[LiteralString] = f"select exists (select {_DUE})"
_OVER: Final[LiteralString] = """
    delete from ops.sending where effect_id in (
        select s.effect_id from ops.sending s
        where s.until < clock_timestamp() or s.until = 'infinity' and exists (
            select from live.effects e where e.effect_id = s.effect_id
                and (e.attempts >= s.attempt or e.next_at is null))
        limit 1000 for update skip locked)
"""
# Holding the row of its channel, a sender is alone with what waits there. Where the clock was set
# back, what was used by the one of before would hold the channel up until that moment comes again.
_PACE: Final[LiteralString] = """
    insert into ops.pace as p (channel) values (%(channel)s)
    on conflict (channel) do update
    set free_at = clock_timestamp() - make_interval(secs => 60.0 / %(per_minute)s)
    where p.free_at > clock_timestamp() + make_interval(secs => 60.0 / %(per_minute)s)
"""
_FREE: Final[LiteralString] = """
    select extract(epoch from clock_timestamp()
            - greatest(free_at, clock_timestamp() - make_interval(secs => %(span)s)))
        * %(per_minute)s / 60.0 + 0.001 >= 1
    from ops.pace where channel = %(channel)s for update
"""
_USED: Final[LiteralString] = """
    update ops.pace set free_at =
        greatest(free_at, clock_timestamp() - make_interval(secs => %(span)s))
        + make_interval(secs => 60.0 / %(per_minute)s)
    where channel = %(channel)s
"""
_UNUSED: Final[LiteralString] = """
    update ops.pace set free_at = free_at - make_interval(secs => 60.0 / %(per_minute)s)
    where channel = %(channel)s
"""
# The first of the others and the first of mailings: each comes in the order of the index.
_TAKE: Final[LiteralString] = f"""
    with due as (
        (select e.effect_id, e.attempts + 1 as attempt, e.next_at as turn
        {_DUE} and not e.mailing
        order by e.next_at, e.effect_id
        limit 1)
        union all
        (select e.effect_id, e.attempts + 1, e.next_at + interval '1 day'
        {_DUE} and e.mailing
        order by e.next_at, e.effect_id
        limit 1)
        order by turn, effect_id
        limit 1
    )
    insert into ops.sending as s (effect_id, attempt, sender, until)
    select effect_id, attempt, %(sender)s, clock_timestamp() + make_interval(secs => %(lease)s)
    from due
    on conflict (effect_id) do update set
        attempt = excluded.attempt, sender = excluded.sender, until = excluded.until
    returning s.effect_id, s.attempt
"""  # noqa: S608 - a constant
_FINISH: Final[LiteralString] = """
    update ops.sending set until = 'infinity'
    where effect_id = %s and attempt = %s and sender = %s
"""
_FAULTS: Final = {"webhook": ("refused", "unreachable", "gone")}
_FAULTS_OF_SERVERS: Final = ("server_refused", "unreachable", "login_refused", "not_supported")
_FAILURES: Final[LiteralString] = """
    select count(*), min(a.at) from live.effect_attempts a
    where coalesce(a.endpoint, a.channel) = %(outlet)s and not a.sent
        and a.reason_code = any(%(faults)s)
        and a.at > greatest(
        (select o.at from live.effect_attempts o
            where coalesce(o.endpoint, o.channel) = %(outlet)s
                and (o.sent or %(refusing)s and o.reason_code = 'refused')
            order by o.at desc limit 1),
        (select p.resumed_at from live.endpoints p where p.endpoint = %(outlet)s),
        '-infinity')
"""
