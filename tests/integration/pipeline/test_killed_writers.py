"""A writer that is killed at any moment loses no answer and leaves no half or double command."""

from collections import Counter
from random import Random
from typing import Any, Final
from uuid import UUID

from infra.postgres import connect
from tests.integration.pipeline.conftest import Durable
from tests.support.loads import Told, open_shop, write_until_killed
from tests.support.processes import Writer, leaving, listen, listen_for

KILLS: Final = 20


def test_twenty_killed_writers_lose_no_answer_and_write_nothing_twice(durable: Durable) -> None:
    random = Random(17)
    orders = open_shop(durable.url, orders=10)
    writers: list[Writer] = []
    with leaving(writers):
        writers += [Writer(write_until_killed, durable.url, orders) for _ in range(2)]
        for number in range(KILLS):
            victim = writers[number]
            listen(writers, lambda victim=victim: len(victim.said) > 0)  # type: ignore[misc]
            listen_for(writers, random.uniform(0, 0.12))  # The moment is what differs, not a wait.
            victim.kill()
            writers.append(Writer(write_until_killed, durable.url, orders))
        for survivor in writers[KILLS:]:
            listen(writers, lambda survivor=survivor: len(survivor.said) > 0)  # type: ignore[misc]
            survivor.kill()

    told = [what for writer in writers for what in writer.said]
    assert all(isinstance(what, Told) and what.is_outcome for what in told)
    assert all(len(writer.said) > 0 for writer in writers)
    check_stored(durable.url, told)


def check_stored(url: str, told: list[Told]) -> None:
    """Every answer is in the log once, with its events; every command there is whole."""
    # The last append of a killed writer may still come through.
    one_snapshot = connect(url, default_transaction_isolation="repeatable read")
    with one_snapshot as connection, connection.transaction():
        commands: dict[UUID, Any] = {
            row[0]: row[1:]
            for row in connection.execute(
                "select command_id, outcome, first_position, last_position from log.commands"
            )
        }
        rows = connection.execute(
            "select position, command_id from log.events order by position"
        ).fetchall()
    events = Counter(command_id for _, command_id in rows)

    assert len({one.command_id for one in told}) == len(told) > 100
    for one in told:
        assert commands[one.command_id] == (one.kind, one.first_position, one.last_position)
    for command_id, (_, first, last) in commands.items():
        assert events[command_id] == (last - first + 1 if first else 0)
    assert set(events) <= set(commands)
    assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
