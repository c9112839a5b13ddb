"""Rates and delays are of what was seen, and what was not seen is never made up."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from benchmarks.arrivals import Look, Sent, count_arrived, delays, growth, rate, trend


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


def test_memory_that_grows_by_little_everywhere_does_not_pass() -> None:
    run = 1_047_219 / 1e6  # million events
    for samples in (50, 400, 4_000):
        level = run_of(samples, (0, 10), (0.02, 149), (1, 149))
        leak = [at + 60 * run * number / samples for number, at in enumerate(level)]

        assert trend(leak) > 15  # MB, the target
        assert trend(leak) == pytest.approx(60 * run, rel=0.05)


def test_the_runs_that_were_measured_on_a_quiet_machine_pass() -> None:
    """docs/performance.md: MB over shares of 1,047,219 events, with the tooth of the collector."""
    quiet = run_of(400, (0, 10), (0.05, 149), (0.53, 153), (0.97, 155), (1, 155))
    beside = run_of(850, (0, 10), (0.04, 180), (1, 184.4))

    for samples in (quiet, beside):
        toothed = [at + number % 7 / 2 for number, at in enumerate(samples)]
        assert growth(toothed) < 15
        assert trend(toothed) < 15


def test_a_jump_at_the_end_is_growth_though_it_is_no_trend() -> None:
    assert growth([150] * 95 + [170] * 5) == 20
    assert trend([150] * 95 + [170] * 5) < 15


def run_of(samples: int, *points: tuple[float, float]) -> list[float]:
    """Give samples on the lines between points (share of the run, MB)."""
    found = []
    for number in range(samples):
        share = number / samples
        (left, low), (right, high) = next(
            (one, other) for one, other in pairwise(points) if share <= other[0]
        )
        found.append(low + (high - low) * (share - left) / (right - left))
    return found


@pytest.mark.parametrize("measure", [growth, trend])
def test_three_samples_do_not_tell_of_growth(measure: Callable[[list[float]], float]) -> None:
    with pytest.raises(ValueError, match="too few samples"):
        measure([1, 2, 3])
