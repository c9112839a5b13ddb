"""Customers that are remembered: as they were at positions, asked in whatever order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations, product

import pytest

from domain.customers import events as ce
from domain.customers.customer import Customer
from domain.customers.held_bytes import held_bytes
from domain.customers.remembered import MOST_BYTES, Known, RememberedCustomers
from domain.messages import Recorded
from domain.reading import PAGE_EVENTS, Undecodable, read_whole
from tests.support.examples import CUSTOMER_STREAM, EVENTS
from tests.support.memory_log import recorded, unreadable

STREAM = CUSTOMER_STREAM
TAGS = range(2, 10)  # versions, each adds a tag of its own


class Shelf:
    """The events of a customer, at every tenth position, with how many were read."""

    def __init__(self) -> None:
        told = [EVENTS["customer.created.v1"], *(ce.TagAdded(tag=f"t{n}") for n in TAGS)]
        self.events = [
            recorded(event, position=10 * version, stream_id=STREAM, version=version)
            for version, event in enumerate(told, 1)
        ]
        self.spoiled: set[int] = set()  # versions
        self.given = 0

    def read(self, versions: Mapping[str, tuple[int, int]]) -> Sequence[Recorded | Undecodable]:
        ((above, upto),) = versions.values()
        found = [
            unreadable(one) if one.version in self.spoiled else one
            for one in self.events
            if above < one.version <= upto
        ]
        self.given += len(found)
        return found

    def at(self, position: int) -> Customer | None:
        customer = Customer()
        for one in self.events:
            if one.position <= position:
                if one.version in self.spoiled:
                    return None
                customer = customer.evolve(one)
        return customer


def ask(customers: RememberedCustomers, *positions: int) -> list[Customer | None]:
    told = read_whole(customers.read_at({STREAM: positions}))
    return [told[STREAM, position] for position in positions]


@pytest.mark.parametrize("spoiled", [set[int](), {4}])
@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_a_customer_is_given_as_of_positions_in_whatever_order_they_are_asked(
    page: int, spoiled: set[int]
) -> None:
    shelf = Shelf()
    shelf.spoiled = spoiled
    for asked in permutations((5, 10, 37, 40, 71, 1_000), 4):
        customers = RememberedCustomers(shelf.read, page=page)
        found = [ask(customers, *two) for two in (asked[:2], asked[2:])]

        assert [*found[0], *found[1]] == [shelf.at(position) for position in asked]


@pytest.mark.parametrize(("page", "gone"), [*product((1, 2, 3, 500), (2, 3, 4, 6))])
def test_a_customer_behind_a_row_that_is_gone_is_not_known_also_behind_the_last_one_of_a_page(
    page: int, gone: int
) -> None:
    shelf = Shelf()
    before = shelf.at(10 * gone - 1)
    shelf.events = [one for one in shelf.events if one.version != gone]
    customers = RememberedCustomers(shelf.read, page=page)

    assert ask(customers, 1_000) == [None]
    assert ask(customers, 10 * gone + 5) == [None]
    assert ask(customers, 10 * gone - 10) == [before]


@pytest.mark.parametrize("page", [1, 2, 3, 4, 9, 10, 500])
def test_a_customer_whose_stream_ends_with_a_page_is_given(page: int) -> None:
    shelf = Shelf()

    assert ask(RememberedCustomers(shelf.read, page=page), 1_000) == [shelf.at(1_000)]


def test_a_customer_who_never_was_is_given_as_such() -> None:
    assert ask(RememberedCustomers(lambda _: ()), 5) == [Customer()]


def test_whoever_begins_to_read_anew_goes_on_where_he_was() -> None:
    shelf = Shelf()
    customers = RememberedCustomers(shelf.read, page=1)
    for _ in shelf.events:
        next(customers.read_at({STREAM: [80]}), None)  # Each ends behind one page.

    shelf.given = 0
    assert ask(customers, 80) == [shelf.at(80)]
    assert shelf.given <= 1


def test_of_a_long_stream_a_page_at_most_is_read_again_for_an_earlier_position() -> None:
    shelf = Shelf()
    customers = RememberedCustomers(shelf.read, page=3)
    ask(customers, 1_000)

    for position in (75, 15, 55, 35):
        shelf.given = 0
        assert ask(customers, position) == [shelf.at(position)]
        assert shelf.given <= 3


def test_what_was_given_is_not_read_again_until_it_is_settled() -> None:
    shelf = Shelf()
    customers = RememberedCustomers(shelf.read)
    ask(customers, 35, 1_000)
    shelf.given = 0

    assert ask(customers, 35) == [shelf.at(35)]
    assert shelf.given == 0

    customers.settle()
    assert ask(customers, 35) == [shelf.at(35)]
    assert shelf.given > 0


def test_the_least_recently_asked_customers_are_forgotten_first() -> None:
    asked: list[str] = []
    told = EVENTS["customer.created.v1"]

    def read(versions: Mapping[str, tuple[int, int]]) -> Sequence[Recorded]:
        asked.extend(stream for stream, (above, _) in versions.items() if above == 0)
        return [recorded(told, stream_id=stream) for stream, (above, _) in versions.items()][:1]

    customers = RememberedCustomers(read, most=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        customers.settle()
        read_whole(customers.read_at({f"customer-{name}": [5]}))

    assert asked == ["customer-a", "customer-b", "customer-c", "customer-b"]


def test_large_customers_are_remembered_as_far_as_there_is_room() -> None:
    """However many of them, and however many pages of one, it is less than so many bytes."""
    long = tuple(f"{number:0>60}" for number in range(4_000))
    large = replace(Customer(), tags=long)
    room = MOST_BYTES // held_bytes(large)
    streams = [f"customer-{number}" for number in range(2 * room)]
    customers = RememberedCustomers(lambda _: ())
    for stream in streams:
        customers._keep(stream, Known(1, 1, large))
    assert list(customers._known) == streams[-room:]

    for page in range(1, 2 * room):
        customers._keep("customer-long", Known(page, page * PAGE_EVENTS, large))
    (known,) = customers._known.values()
    assert [one.position for one in known] == [*range(2 * room - room, 2 * room)]

    for position in range(2 * room):
        customers._hold({("customer-held", position): large})
    assert len(customers._held) <= room + 1
