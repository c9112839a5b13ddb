"""PostgreSQL crashes and comes back in mid-load: callers get answers, and no answer is lost."""

from tests.integration.pipeline.conftest import Durable
from tests.integration.pipeline.test_killed_writers import check_stored
from tests.support.loads import Told, open_shop, write_until_killed
from tests.support.processes import Writer, leaving, listen, restart_at_once


def test_a_crash_of_the_server_loses_no_answer_and_callers_go_on(durable: Durable) -> None:
    orders = open_shop(durable.url, orders=10)
    writers = [Writer(write_until_killed, durable.url, orders) for _ in range(2)]
    with leaving(writers):
        for _ in range(3):
            heard = [len(writer.said) for writer in writers]
            listen(writers, lambda heard=heard: all_went_on(writers, heard))  # type: ignore[misc]
            restart_at_once(durable.data_dir)
        heard = [len(writer.said) for writer in writers]
        listen(writers, lambda: all_went_on(writers, heard))
        for writer in writers:
            writer.kill()

    told = [what for writer in writers for what in writer.said]
    assert all(isinstance(what, Told) for what in told)
    errors = {what.kind for what in told if not what.is_outcome}
    assert errors <= {"database_unavailable"}  # A clear one, if patience ran out at all.
    check_stored(durable.url, [what for what in told if what.is_outcome])


def all_went_on(writers: list[Writer], heard: list[int]) -> bool:
    """Say whether each writer was answered a hundred times since."""
    pairs = zip(writers, heard, strict=True)
    return all(len(writer.said) >= count + 100 for writer, count in pairs)
