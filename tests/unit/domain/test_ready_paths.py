"""What every ready-made path of a shop promises, whatever its route. Section S of the shops."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.messages import Actor, Event
from domain.orders import events as e
from domain.orders.commands import ChangeStatus
from domain.orders.items import INITIAL
from domain.orders.money import add_up
from domain.orders.shipment_events import Reached, ShipmentCreated, ShipmentMoved
from domain.paths.lint import lint
from domain.paths.path import OrderPath
from domain.paths.selection import PathListed, Selection
from infra.path_files import load_preset, preset_names
from tests.support.examples import NOW, ORDER_ID, TEA
from tests.support.spec import Answer, Stored, given

SHOPS = tuple(name for name in preset_names() if name != "olist")  # whose data name no people
LANGUAGES = {"en", "ru"}


@pytest.fixture(params=SHOPS, scope="module")
def path(request: pytest.FixtureRequest) -> OrderPath:
    return load_preset(request.param)


def test_there_is_one_for_each_shop() -> None:
    assert set(SHOPS) == {
        "amocrm_basic",
        "amocrm_eshop",
        "city_tuning",
        "edoque",
        "karamelka",
        "koftenyshi",
        "kupidon",
        "minoxidil",
        "retailcrm_base",
        "retailcrm_company",
        "retailcrm_private",
        "salesplatform",
        "universal",
    }


def test_it_lints_clean(path: OrderPath) -> None:
    """R4 R6: also no two of them are the same process."""
    others = {name: load_preset(name) for name in SHOPS}
    assert [(found.code, found.place) for found in lint(path, others)] == []


def test_every_status_says_what_to_do_and_who_does_it(path: OrderPath) -> None:
    """A8 A15 A16 A17 A20"""
    for code, status in path.statuses.items():
        assert set(status.title) == set(status.public_label) == LANGUAGES, code
        assert all([status.description, status.owner, status.color, status.icon]), code


def test_exactly_the_open_statuses_have_a_limit_that_warns_and_escalates(path: OrderPath) -> None:
    for code, status in path.statuses.items():
        assert (status.limit is None) == (status.final is not None), code
        assert status.limit is None or (status.limit.warn and status.limit.escalate), code


def test_success_means_delivered_and_paid(path: OrderPath) -> None:
    """A32: nobody comes to the end without a condition on the money."""
    ways = [
        transition
        for (_, target), transition in path.matrix.items()
        if path.statuses[target].final == "success"
    ]
    assert ways
    for way in ways:
        assert "order_paid" in {guard.code for guard in way.guards}


GONE_WRONG = (
    {"lost": 3},
    {"cancelled": 3},
    {"reserved": 3},
    {"returned": 3},
    {"lost": 1, "delivered": 2},
    {"damaged": 1, "delivered": 2},
    {"reserved": 1, "delivered": 2},
    {"assembled": 1, "delivered": 2},
    {"ordered": 1, "delivered": 2},
)


@pytest.mark.parametrize("pieces", GONE_WRONG, ids=str)
def test_no_order_succeeds_whose_pieces_did_not_all_come_or_come_back(
    path: OrderPath, pieces: dict[str, int]
) -> None:
    for source, target in successes(path):
        answer = ended(path, source, target, pieces)
        assert not answer.events, (source, target)
        assert {one.code for one in answer.unmet} <= {"goods_delivered", "goods_on_their_way"}


@pytest.mark.parametrize("came_to", ["handed_over", "in_transit", "at_pickup_point"])
def test_no_order_succeeds_whose_shipment_is_on_its_way(path: OrderPath, came_to: Reached) -> None:
    codes = {"goods_delivered", "goods_on_their_way", "shipments_arrived"}
    for source, target in successes(path):
        answer = ended(path, source, target, {"shipped": 3}, came_to=came_to)
        assert not answer.events, (source, target)
        assert {one.code for one in answer.unmet} <= codes


@pytest.mark.parametrize("pieces", [{"delivered": 3}, {"cancelled": 1, "delivered": 2}], ids=str)
def test_an_order_succeeds_that_is_delivered_and_paid(
    path: OrderPath, pieces: dict[str, int]
) -> None:
    for source, target in successes(path):
        assert ended(path, source, target, pieces).order.status == target
        assert ended(path, source, target, pieces, came_to="delivered").order.status == target
        unpaid = ended(path, source, target, pieces, paid=False)
        assert [one.code for one in unpaid.unmet] == ["order_paid"]


SOME = {"payment_id": "p-1", "amount_minor": 100, "currency": "EUR"}


@pytest.mark.parametrize("minor", [100, 1_400])
def test_an_order_succeeds_whose_money_we_sent_back_of_our_own_will(
    path: OrderPath, minor: int
) -> None:
    back = e.PaymentRefunded.model_validate(SOME | {"amount_minor": minor})
    for source, target in successes(path):
        answer = ended(path, source, target, {"delivered": 3}, back=(back,))
        assert answer.order.status == target, answer.unmet


def test_no_order_succeeds_whose_money_the_bank_took_back(path: OrderPath) -> None:
    back = (e.PaymentChargedBack.model_validate(SOME), e.PaymentRefunded.model_validate(SOME))
    for source, target in successes(path):
        answer = ended(path, source, target, {"delivered": 3}, back=back)
        assert [one.code for one in answer.unmet] == ["order_paid"], (source, target)


def successes(path: OrderPath) -> Iterator[tuple[str, str]]:
    for source, target in path.matrix:
        if path.statuses[target].final == "success":
            yield source, target


def ended(
    path: OrderPath,
    source: str,
    target: str,
    pieces: dict[str, int],
    *,
    paid: bool = True,
    back: tuple[Event, ...] = (),
    came_to: Reached | None = None,
) -> Answer:
    """Bring an order of three pieces to the end, as whoever may."""
    totals = add_up((TEA,), discount_minor=0, delivery_minor=0, vat_included=True)
    placed = e.OrderPlaced(
        path=path.path, path_version=1, status=source, order_type="private", channel="web",
        shop=path.path, currency="EUR", lines=(TEA,), totals=totals,
    )  # fmt: skip
    moves: list[Event] = [
        e.ItemStatusChanged(item_id="1", quantity=n, from_status=INITIAL, to_status=status)
        for status, n in pieces.items()
        if status != INITIAL
    ]
    if came_to is not None:
        moves += [
            ShipmentCreated(shipment_id="s-1", carrier="dhl", pieces={"1": 1}),
            ShipmentMoved(shipment_id="s-1", to_status=came_to),
        ]
    effects = path.statuses[target].on_enter
    papers = [
        e.DocumentIssued(
            document_id=kind, kind=kind, series=kind, number=f"{kind}-1", total_minor=1
        )
        for kind in (effects.documents if effects else ())
    ]
    money = e.PaymentCharged(payment_id="p-1", amount_minor=totals.total_minor, currency="EUR")
    somebody = Actor(kind="user", id="ann", roles=path.matrix[source, target].roles)
    command = ChangeStatus(
        command_id=UUID(int=1), actor=somebody, order_id=ORDER_ID, to_status=target
    )
    moved = [money, *back] if paid else []
    return given(placed, *moves, *papers, *moved, paths=(path,)).when(command)


def test_every_way_into_failure_asks_for_one_of_the_reasons_and_who_wanted_it(
    path: OrderPath,
) -> None:
    """A31"""
    for (source, target), transition in path.matrix.items():
        if path.statuses[target].final == "failure":
            assert {"reason_code", "initiator"} <= set(transition.require), (source, target)
            assert transition.reasons, (source, target)


def test_nobody_jumps_from_the_start_to_the_end(path: OrderPath) -> None:
    """P8 R1: neither to success nor to the way to the client."""
    first = path.initial[-1].status
    ends = [code for code, status in path.statuses.items() if status.final == "success"]
    assert not [end for end in ends if (first, end) in path.matrix]
    assert (first, "delivering") not in path.matrix


def test_done_is_green_and_what_failed_is_not_red(path: OrderPath) -> None:
    """A16: people read colours before words."""
    for code, status in path.statuses.items():
        red, green, blue = (int((status.color or "")[at : at + 2], 16) for at in (1, 3, 5))
        if status.final == "success":
            assert green > max(red, blue), code
        if status.final == "failure":
            assert not green > 1.2 * max(red, blue), code


def test_an_order_of_the_shop_takes_its_path_although_universal_fits_as_well() -> None:
    """P7 R7: the shop's own path is the closest one, of two the one of its order type."""
    selection = Selection()
    for number, name in enumerate(preset_names(), 1):
        listed = PathListed(path=name, path_version=1, applies_to=load_preset(name).applies_to)
        selection = selection.evolve(Stored(listed, number, NOW))

    def chosen(shop: str, order_type: str = "private") -> str:
        found = selection.choose({"shop": shop, "channel": "web", "order_type": order_type})
        assert found is not None
        return found.path

    for name in SHOPS:
        if not name.startswith("retailcrm_") and name != "universal":
            assert chosen(name) == name
    assert chosen("retailcrm_types") == "retailcrm_private"
    assert chosen("retailcrm_types", "company") == "retailcrm_company"
    assert chosen("somewhere") == "universal"
