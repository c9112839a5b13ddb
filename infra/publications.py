"""What a shop has published, as events: also where the row of one is not what was written, as
log.definitions holds the same beside it. Called by infra.event_log.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from pydantic_core import to_json

from domain.facts import PathKey
from domain.paths.path import OrderPath
from domain.reading import Undecodable
from infra.definition_rows import defined_path
from infra.recorded_row import RecordedRow
from infra.recorder import PostgresRecorder
from infra.shards import shard_of

LAST_VERSION: Final = 2**31 - 1  # of a stream


def select_publications(
    recorder: PostgresRecorder, kinds: Sequence[str], among: Collection[str] | None = None
) -> tuple[list[RecordedRow], list[Undecodable]]:
    """Give the rows of every publication of these kinds, and what stands for those that are gone:
    right behind the version before, as nobody knows where they stood.

    among: only those of these streams
    """
    with recorder.connection() as connection:
        published = connection.execute(
            "select kind || '-' || name, version, kind from log.definitions where kind = any(%s)"
            " and (%s::text[] is null or kind || '-' || name = any(%s)) order by 1, 2",
            [list(kinds), *2 * [None if among is None else list(among)]],
        ).fetchall()
    rows = recorder.select_parts({stream: (0, LAST_VERSION) for stream, _, _ in published})
    return rows, [*_gone(published, rows)]


def _gone(
    published: Sequence[tuple[str, int, str]], rows: Sequence[RecordedRow]
) -> Iterator[Undecodable]:
    positions = {(row.stream_id, row.version): row.position for row in rows}
    for stream, version, kind in published:
        if (stream, version) not in positions:
            position = positions[stream, version] = positions.get((stream, version - 1), 0)
            name = f"{kind}.published.v1"
            yield Undecodable(position, stream, version, shard_of(stream), name, "it is missing")


def select_paths(recorder: PostgresRecorder, keys: Sequence[PathKey]) -> dict[PathKey, OrderPath]:
    """Give published paths; what was never published is missing.

    Raises: InfraError newer_version for one that this version does not understand.
    """
    found = {}
    with recorder.connection() as connection:
        for name, version in keys:
            row = connection.execute(
                "select body -> 'definition' from log.definitions"
                " where kind = 'path' and name = %s and version = %s",
                (name, version),
            ).fetchone()
            if row is not None:
                found[name, version] = defined_path(name, version, row[0])
    return found


def as_defined(recorder: PostgresRecorder, row: RecordedRow) -> RecordedRow | None:
    """Give the row of a publication with what its definition says; None: there is none."""
    kind, _, name = row.stream_id.partition("-")
    with recorder.connection() as connection:
        found = connection.execute(
            "select content_hash, body -> 'definition' from log.definitions"
            " where kind = %s and name = %s and version = %s",
            [kind, name, row.version],
        ).fetchone()
    if found is None:
        return None
    content_hash, definition = found
    said = {kind: name, f"{kind}_version": row.version}
    body = {**said, "content_hash": content_hash, "definition": definition}
    return replace(row, state=to_json(body))
