"""The schema that all migrations make, as text. Written anew by: python -m tests.golden.schema"""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.embedded import postgres_binary, start_embedded, stop_embedded
from infra.migrate import migrate
from infra.postgres import connect
from tests.golden.stored_names import HERE

SCHEMA: Final = HERE / "schema.sql"
# What differs from one dump of the same schema to the next, or between versions of pg_dump.
_PASSING: Final = (
    "-- Dumped",
    "\\restrict",
    "\\unrestrict",
    "SET ",
    "SELECT pg_catalog.set_config",
)
_ROLES: Final = """
    select r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreatedb, r.rolcreaterole, r.rolreplication,
           r.rolbypassrls, coalesce(array_to_string(s.setconfig, ', '), '')
    from pg_roles r left join pg_db_role_setting s on s.setrole = r.oid and s.setdatabase = 0
    where r.rolname like 'orderpath%' order by 1
"""


def read_schema(url: str) -> str:
    """Give every definition and right of a database, and what its roles may do on the server.

    The bookkeeping of migrations is left out.
    """
    dump = subprocess.run(
        [postgres_binary("pg_dump"), "--schema-only", "--exclude-table=public.*yoyo*", url],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    with connect(url) as session:
        roles = session.execute(_ROLES).fetchall()
    names = ("login", "superuser", "createdb", "createrole", "replication", "bypassrls")
    lines = [line for line in dump.splitlines() if not line.startswith(_PASSING)]
    for role, *may, settings in roles:
        attributes = [name for name, yes in zip(names, may, strict=True) if yes]
        lines.append(f"-- role {role}: {', '.join(attributes)}; {settings}".rstrip("; "))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def write() -> None:
    """Make a database as a first start does, and write down its schema."""
    with TemporaryDirectory(prefix="orderpath-schema-") as folder:
        try:
            url = start_embedded(Path(folder))
            migrate(url)
            SCHEMA.write_text(read_schema(url))
        finally:
            stop_embedded(Path(folder))


if __name__ == "__main__":
    write()
