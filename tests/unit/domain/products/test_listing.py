"""What has ended is remembered, but not for ever: the state of a shop's lists stays small."""

from domain.products.listing import MAX_ENDED, put, take


def test_of_what_has_ended_the_last_codes_are_remembered() -> None:
    given: dict[str, int] = {"kept": 0}
    ended: tuple[str, ...] = ()

    for number in range(MAX_ENDED + 5):
        code = f"c{number}"
        left, ended = take(*put(given, ended, code, number), code)
        assert left == given

    assert len(ended) == MAX_ENDED
    assert ended[-1] == f"c{MAX_ENDED + 4}"


def test_what_is_given_again_has_not_ended_and_twice_is_once() -> None:
    given, ended = take(*take({"a": 1}, (), "a"), "a")
    assert (given, ended) == ({}, ("a",))

    assert put(given, ended, "a", 2) == ({"a": 2}, ())
