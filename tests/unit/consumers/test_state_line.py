"""What people read of a worker: each change once, and each new share of the shards."""

from consumers.state_line import StateLine, lacking

READY = "worker ready, 2 of 16 shards"


def test_every_change_is_told_once_and_every_new_share_again() -> None:
    told: list[str] = []
    state = StateLine(told.append)

    state.hinder("")
    state.assign(frozenset({1, 2}))
    state.idle(False)
    state.hinder("worker waits: no database")
    state.hinder("worker waits: no database")
    state.hinder("")
    state.assign(frozenset({1, 2}))

    assert told == [READY, "worker waits: no database", READY, READY]


def test_a_worker_that_may_not_drive_says_how_to_let_it() -> None:
    told: list[str] = []
    state = StateLine(told.append)

    state.idle(True)
    state.assign(frozenset({1, 2}))
    state.idle(False)

    assert "`orderpath projection drive workers`" in told[0]
    assert told[-1] == READY


def test_shards_are_ours_between_assignment_and_loss() -> None:
    state = StateLine(lambda _: None)
    state.assign(frozenset({1, 2}))
    assert state.shards == {1, 2}
    state.revoke()
    assert state.shards == frozenset()


def test_a_worker_is_not_ready_on_a_topic_that_lacks_partitions_or_is_gone() -> None:
    told: list[str] = []
    state = StateLine(told.append)

    state.lack(lacking("tea.log", 1))
    state.assign(frozenset({0}))
    state.lack(lacking("tea.log", 1))
    state.lack(lacking("tea.log", 0))
    state.lack(lacking("tea.log", 16))

    assert [line[:50] for line in told] == [
        "worker waits: topic tea.log has 1 partitions inste",
        "worker waits: Kafka has no topic tea.log, which th",
        "worker ready, 1 of 16 shards",
    ]
