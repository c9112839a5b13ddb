"""Read model `teams`: who belongs to which team and is there, and who holds which open order.

Loads are counted by views.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.teams import events as e
from projections.interface import Tx, write

Key = tuple[str, str]  # a team, and a member or an order of it
Row = dict[str, Any]


class Teams:
    """One row of team_members per member, one of team_orders per open order that is held."""

    name: Final = "teams"
    version: Final = 1
    tables: Final = ("team_members", "team_orders")
    ddl: Final[LiteralString] = """
        create table team_members (
            team          text not null,
            member        text not null,
            skills        text[] not null,
            cap           integer, -- open orders at most, null: as many as come
            present       boolean not null,
            present_since timestamptz, -- since when the member is there, or is not
            joined_at     timestamptz not null,
            primary key (team, member)
        );
        create index team_members_member on team_members (member);
        create table team_orders (
            team          text not null,
            order_id      uuid not null,
            member        text not null, -- or somebody who belongs to the team no more
            taken_at      timestamptz not null,
            shared_out    boolean not null, -- false: somebody said who holds it
            primary key (team, order_id)
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Fold what happened to each member and to each order, then store what is left of it."""
        own = [one for one in batch if isinstance(one.event, e.TeamEvent)]
        members = _load({_member(one, one.event) for one in own if _tells_of_member(one)}, tx)
        orders: dict[Key, Row | None] = {}
        for one in own:
            match one.event:
                case e.OrderTaken(order_id=order_id) as event:
                    orders[one.entity_id, str(order_id)] = _held(one, event)
                case e.OrderReleased(order_id=order_id):
                    orders[one.entity_id, str(order_id)] = None
                case _ as event:
                    key = _member(one, event)
                    members[key] = _changed(members.get(key), one, event)
        for rows, upsert, forget in (
            (members, _UPSERT_MEMBERS, _FORGET_MEMBERS),
            (orders, _UPSERT_ORDERS, _FORGET_ORDERS),
        ):
            gone = [{"team": key[0], "key": key[1]} for key, row in rows.items() if row is None]
            write(tx, forget, gone)
            write(tx, upsert, [row for row in rows.values() if row])


def _tells_of_member(recorded: Recorded) -> bool:
    return not isinstance(recorded.event, e.OrderTaken | e.OrderReleased)


def _member(recorded: Recorded, event: Any) -> Key:
    return recorded.entity_id, event.user


def _load(keys: Iterable[Key], tx: Tx) -> dict[Key, Row | None]:
    rows: dict[Key, Row | None] = {}
    if not keys:
        return rows
    teams, members = zip(*keys, strict=True)
    cursor = tx.execute(_SELECT, [list(teams), list(members)])
    names = [column.name for column in cursor.description or ()]
    for found in cursor:
        row = dict(zip(names, found, strict=True))
        rows[row["team"], row["member"]] = row
    return rows


def _changed(row: Row | None, recorded: Recorded, event: Any) -> Row | None:
    """Give a member's row after one more event; None: it belongs to the team no more."""
    team, at = recorded.entity_id, recorded.occurred_at
    match event:
        case e.MemberSet(user=user, skills=skills, cap=cap):
            new = {"team": team, "member": user, "present": False, "present_since": None}
            return (row or {**new, "joined_at": at}) | {"skills": skills, "cap": cap}
        case e.MemberCame() | e.MemberWent() if row is not None:
            return row | {"present": isinstance(event, e.MemberCame), "present_since": at}
        case _:
            return None


def _held(recorded: Recorded, event: e.OrderTaken) -> Row:
    return {
        "team": recorded.entity_id,
        "order_id": event.order_id,
        "member": event.user,
        "taken_at": recorded.occurred_at,
        "shared_out": event.turn,
    }


_SELECT: Final = """
    select m.* from team_members m
    join unnest(%s::text[], %s::text[]) as touched(team, member) using (team, member)
"""

_FORGET_MEMBERS: Final = """
    delete from team_members m using json_to_recordset(%s::json) as x(team text, key text)
    where m.team = x.team and m.member = x.key
"""

_UPSERT_MEMBERS: Final = """
    insert into team_members
    select * from json_to_recordset(%s::json) as x(
        team text, member text, skills text[], cap integer, present boolean,
        present_since timestamptz, joined_at timestamptz)
    on conflict (team, member) do update set
        skills = excluded.skills, cap = excluded.cap, present = excluded.present,
        present_since = excluded.present_since, joined_at = excluded.joined_at
"""

_FORGET_ORDERS: Final = """
    delete from team_orders o using json_to_recordset(%s::json) as x(team text, key uuid)
    where o.team = x.team and o.order_id = x.key
"""

_UPSERT_ORDERS: Final = """
    insert into team_orders
    select * from json_to_recordset(%s::json) as x(
        team text, order_id uuid, member text, taken_at timestamptz, shared_out boolean)
    on conflict (team, order_id) do update set
        member = excluded.member, taken_at = excluded.taken_at, shared_out = excluded.shared_out
"""
