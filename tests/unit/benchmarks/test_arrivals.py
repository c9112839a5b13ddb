"""Rates and delays are of what was seen, and what was not seen is never made up."""

import pytest

from benchmarks.arrivals import Look, Sent, count_arrived, delays, growth, rate


def test_events_are_counted_up_to_the_position_of_their_own_shard() -> None:
    log = {0: [1, 4, 5], 1: [2, 3]}

    assert count_arrived(log, {0: 0, 1: 0}) == 0
    assert count_arrived(log, {0: 4, 1: 2}) == 3
    assert count_arrived(log, {0: 9, 1: 9, 2: 9}) == 5


def test_the_rate_leaves_out_the_start_of_programs_and_the_rest_after_the_end() -> None:
    counts = [(0.0, 0), (10.0, 0), (11.0, 100), (12.0, 600), (13.0, 1_100), (90.0, 1_100)]

    assert rate(counts) == 500.0


@pytest.mark.parametrize("counts", [[], [(0.0, 0)], [(0.0, 0), (1.0, 100), (2.0, 100)]])
def test_events_that_all_came_between_two_looks_have_no_rate(
    counts: list[tuple[float, int]],
) -> None:
    with pytest.raises(ValueError, match="too few events"):
        rate(counts)


def test_a_delay_ends_with_the_first_look_that_shows_the_event() -> None:
    looks = [Look(1.0, {3: 5}), Look(2.0, {3: 7, 4: 6}), Look(3.0, {3: 9, 4: 6})]
    sent = [Sent(0.5, 3, 5), Sent(0.5, 3, 8), Sent(1.5, 4, 6)]

    assert delays(sent, looks) == [0.5, 2.5, 0.5]


def test_what_never_arrived_is_an_error_and_no_short_delay() -> None:
    with pytest.raises(ValueError, match="position 8 of shard 3 never arrived"):
        delays([Sent(0.5, 3, 8)], [Look(1.0, {3: 5})])


def test_memory_that_fills_at_the_start_does_not_grow() -> None:
    assert growth([10, 40, 90, 91, 90, 91, 92, 90]) == 1
    assert growth([10, 40, 90, 91, 100, 110, 120, 130]) == 20


def test_three_samples_do_not_tell_of_growth() -> None:
    with pytest.raises(ValueError, match="too few samples"):
        growth([1, 2, 3])
