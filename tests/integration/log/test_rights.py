"""Functions with their owner's rights do what is written in them, whoever calls them from where."""

from typing import Any, Final

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from infra.postgres import connect
from tests.integration.log.test_immutability import ROLES

# Every function that runs with its owner's rights: what it looks into, and who may create there
# beside superusers and the owner. Temporary tables are a schema too, looked at first unless named.
DEFINERS: Final = """
    select p.oid::regprocedure::text, s.schemas,
           array(
               select n.nspname || ': ' || r.rolname
               from unnest(s.schemas) as looked(name)
               join pg_namespace n on n.nspname = looked.name
               join pg_roles r on has_schema_privilege(r.oid, n.oid, 'create')
               where not r.rolsuper and r.oid <> p.proowner)
    from pg_proc p
    cross join lateral (
        select string_to_array(substring(setting from '^search_path=(.*)$'), ', ') as schemas
        from unnest(p.proconfig) as setting where setting like 'search_path=%'
        union all select null where p.proconfig is null
    ) s
    where p.prosecdef and p.pronamespace not in ('pg_catalog'::regnamespace,
                                                 'information_schema'::regnamespace)
    order by 1
"""
KNOWN: Final = (
    "audit.add_head", "audit.add_key", "audit.lead",
    "log.append", "log.append_knowing", "log.hold", "log.keep_states", "log.retire_master_key",
    "log.rewrap", "log.use_master_key", "ops.keep_key", "projection.create_schema",
)  # fmt: skip


def test_a_function_that_fits_better_does_not_run_with_the_owner_s_rights(
    database_url: str, owner: psycopg.Connection[Any]
) -> None:
    """What a projector could do if create_schema looked into a schema that it may write to."""
    owner.execute("grant create on schema projection to orderpath_projector")
    with connect(database_url, role="orderpath_projector") as session:
        session.execute(
            "create function projection.format(text, text) returns text language sql immutable as"
            " $$ select 'grant select on log.keys to orderpath_projector' $$"
        )
        session.execute("select projection.create_schema('p_x_1')")

        made = session.execute("select to_regnamespace('p_x_1') is not null").fetchone()
        with pytest.raises(InsufficientPrivilege):
            session.execute("select * from log.keys")

    assert made == (True,)


def test_a_projector_makes_nothing_beside_the_checkpoints(database_url: str) -> None:
    with (
        connect(database_url, role="orderpath_projector") as session,
        pytest.raises(InsufficientPrivilege, match="schema projection"),
    ):
        session.execute(
            "create function projection.format(text, text) returns text"
            " language sql immutable as $$ select '' $$"
        )


def test_functions_with_their_owner_s_rights_look_only_where_nobody_else_can_create(
    owner: psycopg.Connection[Any],
) -> None:
    found = owner.execute(DEFINERS).fetchall()

    assert [name.partition("(")[0] for name, *_ in found] == sorted(KNOWN)
    for name, schemas, creators in found:
        assert schemas is not None, f"{name} looks wherever its caller says"
        assert schemas[-1] == "pg_temp", f"{name} looks at temporary tables first"
        assert creators == [], f"{name} looks where others can create: {creators}"


LOCKS: Final = (
    "pg_advisory_lock(1)",
    "pg_advisory_lock_shared(1, 1)",
    "pg_advisory_xact_lock(1)",
    "pg_try_advisory_lock(1)",
    "pg_try_advisory_xact_lock_shared(1)",
)
LARGE_OBJECTS: Final = ("lo_create(0)", "lo_creat(-1)", "lo_from_bytea(0, 'x')")


@pytest.mark.parametrize("role", ROLES)
def test_no_role_keeps_a_lock_by_number_from_others_or_makes_large_objects(
    database_url: str, role: str
) -> None:
    """But the projector, whose verify marks by such a lock that it is at work."""
    with connect(database_url, role=role, default_transaction_read_only="off") as session:
        for call in (*(() if role == "orderpath_projector" else LOCKS), *LARGE_OBJECTS):
            with pytest.raises(InsufficientPrivilege, match="permission denied for function"):
                session.execute(f"select {call}".encode())
