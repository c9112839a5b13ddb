"""Nobody changes the seal: triggers refuse the owner, rights refuse the rest."""

from typing import Final

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from infra.postgres import connect
from tests.integration.audit.sealed import SealedShop

TABLES: Final = ("keys", "heads", "leaves", "nodes")
FUNCTIONS: Final = (
    "select audit.add_head('{}', '[]', '[]')",
    "select audit.add_key(1, '', '', now(), null)",
    "select audit.lead()",
)
CHANGES: Final = {
    "update": "update audit.{0} set {1} = {1}",
    "delete": "delete from audit.{0}",
    "truncate": "truncate audit.{0} cascade",
}
COLUMN: Final = {"keys": "key_id", "heads": "root", "leaves": "hashes", "nodes": "hash"}


def test_even_the_superuser_who_owns_it_cannot_change_the_seal(sealed: SealedShop) -> None:
    with connect(sealed.system.url) as owner:
        owner.execute("insert into audit.nodes values ('events', 8, 0, sha256('x'))")
        for role in ("origin", "replica"):
            owner.execute(sql.SQL("set session_replication_role = {}").format(sql.Literal(role)))
            for table in TABLES:
                for change in CHANGES.values():
                    statement = sql.SQL(change).format(
                        sql.Identifier(table), sql.Identifier(COLUMN[table])
                    )
                    with pytest.raises(InsufficientPrivilege, match="immutable"):
                        owner.execute(statement)


@pytest.mark.parametrize(
    "role", ["orderpath_writer", "orderpath_projector", "orderpath_auditor", "orderpath_analyst"]
)
def test_each_role_reads_what_it_needs_and_only_writers_add(sealed: SealedShop, role: str) -> None:
    readable, callable_ = set(), set()
    with connect(sealed.system.url, role=role, default_transaction_read_only="off") as session:
        for table in TABLES:
            for change in ("insert into audit.{0} select * from audit.{0}", *CHANGES.values()):
                statement = sql.SQL(change).format(
                    sql.Identifier(table), sql.Identifier(COLUMN[table])
                )
                with pytest.raises(InsufficientPrivilege, match="permission denied"):
                    session.execute(statement)
            try:
                session.execute(sql.SQL("select from audit.{}").format(sql.Identifier(table)))
                readable.add(table)
            except InsufficientPrivilege:
                pass
        for call in FUNCTIONS:
            try:
                session.execute(call.encode())
                callable_.add(call)
            except InsufficientPrivilege:
                pass
            except psycopg.Error:
                callable_.add(call)

    assert readable == (set() if role == "orderpath_analyst" else set(TABLES))
    assert callable_ == (set(FUNCTIONS) if role == "orderpath_writer" else set())
