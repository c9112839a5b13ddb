"""What people read of a worker: each change once, and each new share of the shards."""

from consumers.state_line import StateLine

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
