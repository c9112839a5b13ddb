"""A key shows who calls, until it is over or revoked; its secret is kept nowhere."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.refusals import Denied, InfraError, UnknownCaller, Unusable
from domain.roles.line import PublishRole
from infra.postgres import connect
from services.access import KnownCallers
from services.api.callers import Caller
from services.bootstrap import System
from services.keys import create_key, list_keys, revoke_key, rotate_key
from services.rights import FIRST_KEY, prepare_rights
from tests.integration.rights.conftest import ROOT, Hours
from tests.support.rights import role

Make = Callable[..., str]


def shown(access: KnownCallers, key: str, **more: str) -> Caller:
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    return access.caller_now({"authorization": f"Bearer {key}", **headers})


def is_unknown(access: KnownCallers, key: str) -> bool:
    try:
        shown(access, key)
    except UnknownCaller:
        return True
    return False


def test_whoever_shows_a_key_is_its_caller(access: KnownCallers, make: Make) -> None:
    caller = shown(access, make("desk", "lead", groups=("north",)))

    assert (caller.kind, caller.id, caller.groups) == ("api_key", "desk", ("north",))
    assert caller.roles == ("lead", "manager")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic b3A6eA==", "op_abc", "Bearer nonsense", "Bearer op_x_y"],
)
def test_whoever_shows_no_key_is_nobody(access: KnownCallers, header: str) -> None:
    with pytest.raises(UnknownCaller):
        access.caller_now({"authorization": header})
    with pytest.raises(UnknownCaller):
        access.caller_now({})


def test_a_key_with_another_secret_opens_nothing(access: KnownCallers, make: Make) -> None:
    key, other = make("desk", "lead"), make("other", "admin")
    prefix, secret = key.split("_")[1], other.split("_", 2)[2]

    assert is_unknown(access, f"op_{prefix}_{secret}")
    assert is_unknown(access, key[:-1])
    assert is_unknown(access, key + "x")
    assert is_unknown(access, key.swapcase())
    assert is_unknown(access, "x" * 20_000)


def test_a_revoked_key_opens_nothing_a_second_later_in_every_process(
    system: System, access: KnownCallers, make: Make, hours: Hours
) -> None:
    key = make("desk", "lead")
    shown(access, key)

    revoke_key(system, ROOT, "desk")
    hours.pass_by()

    assert is_unknown(access, key)
    assert is_unknown(KnownCallers(system), key)


def test_a_rotated_key_is_taken_for_a_while_yet(
    system: System, access: KnownCallers, make: Make, hours: Hours
) -> None:
    former = make("desk", "lead")
    fresh = rotate_key(system, ROOT, "desk", overlap=timedelta(hours=1)).key
    assert fresh is not None

    assert shown(access, former).id == shown(access, fresh).id == "desk"
    hours.pass_by(timedelta(hours=1))
    assert is_unknown(access, former)
    assert shown(access, fresh).id == "desk"


def test_a_key_ends_to_the_moment_though_it_was_looked_up_just_before(
    access: KnownCallers, make: Make, hours: Hours
) -> None:
    key = make("desk", "lead", expires_at=hours() + timedelta(minutes=5))
    hours.pass_by(timedelta(minutes=4, seconds=59.5))
    shown(access, key)

    hours.pass_by(timedelta(seconds=0.5))

    assert is_unknown(access, key)


def test_a_role_that_is_published_anew_counts_a_second_later(
    system: System, access: KnownCallers, make: Make, hours: Hours
) -> None:
    key = make("desk", "lead")
    assert shown(access, key).held[0].may_command("order.cancel")

    narrow = role(role="lead", questions=["order.show"])
    system.execute(PublishRole(**ROOT.envelope, definition=narrow))
    hours.pass_by()

    assert not shown(access, key).held[0].may_command("order.cancel")


def test_a_role_that_is_published_anew_counts_a_second_later_whenever_key_and_roles_were_looked_up(
    system: System, access: KnownCallers, make: Make, hours: Hours
) -> None:
    key, other = make("desk", "lead"), make("other", "admin")

    async def asked(shown: str) -> Caller:
        return await access.caller({"authorization": f"Bearer {shown}"})

    asyncio.run(asked(other))  # The roles are looked up,
    hours.pass_by(timedelta(seconds=0.9))
    narrow = role(role="lead", questions=["order.show"])
    assert asyncio.run(asked(key)).held[0].may_command("order.cancel")  # later the key,
    system.execute(PublishRole(**ROOT.envelope, definition=narrow))
    hours.pass_by(timedelta(seconds=0.2))
    asyncio.run(asked(other))  # and the roles once more.
    hours.pass_by(timedelta(seconds=0.7))

    assert not asyncio.run(asked(key)).held[0].may_command("order.cancel")


def test_a_key_is_made_only_for_roles_that_are_published(system: System) -> None:
    from services.keys import KeyFor

    with pytest.raises(Unusable, match="no role is named 'boss': choose one of admin, analyst"):
        create_key(system, ROOT, KeyFor(name="desk", roles=("lead", "boss")))


def test_the_first_start_makes_one_key_for_all_that_start_at_once_and_later(
    system: System, access: KnownCallers
) -> None:
    first = prepare_rights(system)
    assert first is not None

    assert prepare_rights(system) is None
    assert shown(access, first).held[0].role == FIRST_KEY
    revoke_key(system, ROOT, FIRST_KEY)
    assert prepare_rights(system) is None


def test_a_death_between_secret_and_command_leaves_nothing_that_opens(
    system: System, access: KnownCallers
) -> None:
    from services.keys import _keep_secret

    prefix, secret = _keep_secret(system, FIRST_KEY)

    assert is_unknown(access, f"op_{prefix}_{secret}")
    assert list_keys(system) == []
    assert prepare_rights(system) is not None


def test_no_secret_stands_in_the_database(system: System, database_url: str, make: Make) -> None:
    secrets = [make("desk", "lead").split("_", 2)[2]]
    rotated = rotate_key(system, ROOT, "desk").key
    assert rotated is not None
    secrets.append(rotated.split("_", 2)[2])

    with connect(database_url) as session:
        kept = "".join(
            str(session.execute(f"select array_agg(t::text) from {table} t").fetchone())  # noqa: S608 - names of our own tables
            for table in ("ops.api_keys", "log.events", "log.commands")
        )

    assert [secret for secret in secrets if secret in kept] == []


def test_when_a_key_was_last_shown_is_kept_until_it_can_be_written(
    system: System, make: Make, hours: Hours
) -> None:
    key = make("desk", "lead")
    access = KnownCallers(system, ticks=lambda: hours.ticks)
    shown(access, key)
    store, system.key_store = system.key_store, _Away()  # type: ignore[assignment]
    with pytest.raises(InfraError):
        access.write_notes()
    system.key_store = store

    access.write_notes()

    assert list_keys(system)[0]["last_used_at"] == hours()


class _Away:
    """A store whose database is away."""

    def note_uses(self, _uses: object) -> None:
        raise InfraError("database_unavailable", "it is away")


def test_when_a_key_was_last_shown_is_noted_at_the_end_and_not_by_each_call(
    system: System, make: Make, hours: Hours
) -> None:
    key = make("desk", "lead")
    access = KnownCallers(system, ticks=lambda: hours.ticks)
    for _ in range(5):
        shown(access, key)
        hours.pass_by()
    assert list_keys(system)[0]["last_used_at"] is None

    access.close()

    assert list_keys(system)[0]["last_used_at"] == hours() - timedelta(seconds=1)


def test_a_service_acts_on_behalf_of_a_person_only_if_key_and_role_allow_it(
    access: KnownCallers, make: Make
) -> None:
    may = make("web", "shop_front", on_behalf=True)
    key_may_not, role_may_not = make("web2", "shop_front"), make("desk", "lead", on_behalf=True)

    caller = shown(access, may, x_on_behalf_of="Anna%20%D0%98.")
    assert (caller.actor.id, caller.actor.on_behalf_of) == ("web", "Anna И.")
    for key in (key_may_not, role_may_not):
        with pytest.raises(Denied, match="on_behalf_not_permitted"):
            shown(access, key, x_on_behalf_of="anna")
    for nobody in ("", "%0A", "a" * 201, "%00", "%C3%28", "Anna%FF"):
        with pytest.raises(Denied, match="on_behalf_unreadable"):
            shown(access, may, x_on_behalf_of=nobody)
