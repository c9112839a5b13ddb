"""Who may not state a price pays the product's: placing, adding and changing lines (P23, V7)."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest

from domain.messages import Actor, Command
from domain.orders import commands as c
from domain.orders.money import Line
from domain.paths.path import OrderPath
from domain.paths.rights import FieldRight
from domain.products.delivery_methods import DeliveryMethod, DeliveryMethodSet
from domain.products.discounts import Discount, DiscountSet
from domain.products.events import (
    PriceChanged,
    ProductPublished,
    ProductWithdrawn,
    stream_of,
)
from domain.products.product import Product
from tests.support.examples import NOW, ORDER_ID, PATH, actor
from tests.support.spec import Answer, Scenario, Stored, given

SOLD = ProductPublished(title="Green tea", unit_price_minor=500, currency="EUR", vat_bp=2_000)
SPRING = DiscountSet(
    discount=Discount(code="spring", sku="TEA-100", percent_bp=1_000, valid_from=NOW)
)
POUNDS = {"currency": "GBP"}
COURIER = DeliveryMethod(code="courier", price_minor=300, currency="EUR")
CLIENT, MANAGER = actor("user", "client"), actor("user", "manager")
RULES = {"price": {"edit": ["manager"]}, "discount": {"edit": ["manager"]}}


def path(**fields: Any) -> OrderPath:
    return OrderPath.model_validate(PATH.content | {"fields": fields or RULES})


def who(by: Actor) -> dict[str, Any]:
    return {"command_id": UUID(int=3), "actor": by, "order_id": ORDER_ID}


def tea(**said: Any) -> dict[str, Any]:
    stated = {"item_id": "1", "title": "Green tea", "unit_price_minor": 500, "vat_bp": 2_000}
    return {"sku": "TEA-100", "quantity": 3} | stated | said


def place(by: Actor, *lines: dict[str, Any], **body: Any) -> c.PlaceOrder:
    said = {"path": "shop", "currency": "EUR", "lines": lines or (tea(),)}
    return c.PlaceOrder.model_validate({**who(by), **said, **body})


def add(by: Actor, **said: Any) -> c.AddItem:
    return c.AddItem(**who(by), line=Line(**tea(item_id="2", **said)))


def change(by: Actor, **said: int) -> c.ChangeItem:
    return c.ChangeItem(**who(by), item_id="1", **said)


def shop(*history: Any, rules: OrderPath | None = None) -> Scenario:
    return given(*history, paths=(rules or path(),))


def refused(answer: Answer) -> list[tuple[str, str | None]]:
    assert not answer.events
    return [(one.code, one.field) for one in answer.unmet]


class TestPlacing:
    def test_whoever_may_not_edit_the_price_pays_the_products(self) -> None:
        free = shop(SOLD).when(place(CLIENT, tea(unit_price_minor=0, vat_bp=0)))

        assert refused(free) == [
            ("price_differs", "lines.0.unit_price_minor"),
            ("price_differs", "lines.0.vat_bp"),
        ]
        assert shop(SOLD).when(place(CLIENT)).order.due_minor == 1_500

    @pytest.mark.parametrize(
        "history", [(), (SOLD, ProductWithdrawn()), (SOLD.model_copy(update=POUNDS),)]
    )
    @pytest.mark.parametrize(
        "line", [tea(), {"sku": "TEA-100", "quantity": 1, "unit_price_minor": 1}]
    )
    def test_a_price_that_no_product_has_is_refused_with_the_right(
        self, history: tuple[Any, ...], line: dict[str, Any]
    ) -> None:
        answer = shop(*history).when(place(CLIENT, line))

        assert refused(answer) == [("field_not_editable", "lines.0.unit_price_minor")]

    def test_prices_without_vat_are_no_way_round(self) -> None:
        answer = shop(SOLD).when(place(CLIENT, vat_included=False))

        assert refused(answer) == [("field_not_editable", "lines.0.unit_price_minor")]

    def test_whoever_may_not_edit_discounts_gets_those_in_force_only(self) -> None:
        asked = place(CLIENT, tea(discount_minor=1_500), discount_minor=30)

        assert refused(shop(SOLD, SPRING).when(asked)) == [
            ("price_differs", "lines.0.discount_minor"),
            ("field_not_editable", "discount_minor"),
        ]
        assert shop(SOLD, SPRING).when(place(CLIENT)).order.due_minor == 1_350

    def test_an_open_line_is_no_way_round_either(self) -> None:
        asked = place(CLIENT, {"sku": "TEA-100", "quantity": 1}, discount_minor=500)

        assert refused(shop(SOLD).when(asked)) == [("field_not_editable", "discount_minor")]

    def test_something_off_what_nobody_knows_is_refused_too(self) -> None:
        asked = place(CLIENT, tea(discount_minor=1))

        assert refused(shop().when(asked)) == [
            ("field_not_editable", "lines.0.unit_price_minor"),
            ("field_not_editable", "lines.0.discount_minor"),
        ]

    def test_the_rights_are_apart(self) -> None:
        """Whoever may give discounts gives them on the products' prices, and so on."""
        prices = shop(SOLD, SPRING, rules=path(price={"edit": ["manager"]}))
        offs = shop(SOLD, SPRING, rules=path(discount={"edit": ["manager"]}))

        given_away = place(CLIENT, tea(discount_minor=400), discount_minor=50)
        assert prices.when(given_away).order.due_minor == 1_050
        assert offs.when(place(CLIENT, tea(unit_price_minor=100))).order.due_minor == 270

    def test_delivery_costs_what_its_method_does(self) -> None:
        asked = place(CLIENT, delivery={"method": "courier"}, delivery_minor=0)

        answer = shop(SOLD, DeliveryMethodSet(method=COURIER)).when(asked)

        assert refused(answer) == [("price_differs", "delivery_minor")]

    def test_a_method_that_is_not_listed_is_no_way_round(self) -> None:
        asked = {"delivery": {"method": "teleport"}, "delivery_minor": 0}
        listed = shop(SOLD, DeliveryMethodSet(method=COURIER))

        assert refused(listed.when(place(CLIENT, **asked))) == [
            ("delivery_method_unknown", "delivery.method")
        ]
        assert listed.when(place(MANAGER, **asked)).order.due_minor == 1_500
        assert shop(SOLD).when(place(CLIENT, **asked)).order.due_minor == 1_500

    def test_a_method_that_is_left_out_is_no_way_round(self) -> None:
        to_the_door = {"delivery": {"address": "1 Main Street"}}
        listed = shop(SOLD, DeliveryMethodSet(method=COURIER))

        for said in ({}, {"delivery_minor": 0}):
            answer = listed.when(place(CLIENT, **to_the_door, **said))
            answer.then_refused("delivery_method_required")
            assert refused(answer) == [("delivery_method_required", "delivery.method")]
            assert answer.unmet[0].needed == "one of courier"
            assert "Main" not in answer.unmet[0].message
        nowhere = {"delivery": {"promised_at": NOW}}
        assert listed.when(place(CLIENT, **nowhere)).order.due_minor == 1_500

    @pytest.mark.parametrize("by", [MANAGER, actor("api_key", "marketplace")])
    def test_whoever_may_state_prices_leaves_the_method_out(self, by: Actor) -> None:
        asked = place(by, delivery={"address": "1 Main Street"})

        listed = shop(SOLD, DeliveryMethodSet(method=COURIER))
        assert listed.when(asked).order.due_minor == 1_500

    def test_a_shop_that_lists_no_method_asks_for_none(self) -> None:
        asked = place(CLIENT, delivery={"address": "1 Main Street"})

        assert shop(SOLD).when(asked).order.due_minor == 1_500

    def test_whoever_has_the_right_states_what_they_like(self) -> None:
        asked = place(MANAGER, tea(unit_price_minor=1, discount_minor=1), discount_minor=1)

        assert shop(SOLD, SPRING).when(asked).order.due_minor == 1

    def test_never_is_stronger(self) -> None:
        rules = path(price={"never": ["client"]})

        answer = shop(rules=rules).when(place(actor("user", "manager", "client")))

        assert refused(answer) == [("field_not_editable", "lines.0.unit_price_minor")]

    def test_what_a_program_tells_with_an_order_was_agreed_there(self) -> None:
        asked = place(actor("api_key", "marketplace"), tea(unit_price_minor=450))

        assert shop(SOLD).when(asked).order.due_minor == 1_350

    def test_without_a_rule_nothing_is_read_and_everything_is_as_stated(self) -> None:
        asked = place(CLIENT, tea(unit_price_minor=1))

        assert shop(SOLD, rules=PATH).when(asked).order.due_minor == 3

    @pytest.mark.parametrize("by", [CLIENT, MANAGER])
    def test_what_may_not_be_stated_is_found_once_to_read_prices_and_once_to_decide(
        self, by: Actor
    ) -> None:
        scenario = shop(SOLD)
        rights = CountedRights(path().fields)
        scenario.world.paths["shop", 1] = path().model_copy(update={"fields": rights})

        assert scenario.when(place(by)).order.due_minor == 1_500

        assert rights.asked == {"price": 2, "discount": 2}

    @pytest.mark.parametrize(
        "history", [(), (SOLD,), (SOLD, ProductWithdrawn()), (SOLD.model_copy(update=POUNDS),)]
    )
    @pytest.mark.parametrize(
        "asks", [lambda said: place(CLIENT, tea(**said)), lambda said: add(CLIENT, **said)]
    )
    def test_p24_what_is_refused_repeats_no_sku_that_is_free_text(
        self, history: tuple[Any, ...], asks: Callable[[dict[str, Any]], Command]
    ) -> None:
        """Refusals are stored; shops put names and numbers of people into SKUs of lines."""
        gift = "Gift for Ann +4915112345678"
        scenario = shop(place(MANAGER))
        product = Product()
        for number, event in enumerate(history, 1):
            product = product.evolve(Stored(event, number, NOW))
        scenario.world.states[stream_of(gift)] = product

        answer = scenario.when(asks({"sku": gift, "unit_price_minor": 1}))

        assert answer.unmet
        assert not [one for one in answer.unmet if "Ann" in f"{one.message}{one.needed}"]


class CountedRights(dict[str, FieldRight]):
    """Rights that know how often each was asked for."""

    def __init__(self, rights: Mapping[str, FieldRight]) -> None:
        super().__init__(rights)
        self.asked = Counter[str]()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked[name] += 1
        return super().get(name, default)


class TestItems:
    def test_a_line_is_added_at_its_products_price_only(self) -> None:
        placed = shop(SOLD, place(MANAGER))

        wrong = placed.when(add(CLIENT, unit_price_minor=1, vat_bp=0, discount_minor=1))
        assert refused(wrong) == [
            ("price_differs", "line.unit_price_minor"),
            ("price_differs", "line.vat_bp"),
            ("field_not_editable", "line.discount_minor"),
        ]
        assert placed.when(add(CLIENT)).order.due_minor == 3_000

    def test_a_line_of_what_nobody_knows_is_not_added(self) -> None:
        answer = shop(place(MANAGER)).when(add(CLIENT))

        assert refused(answer) == [("field_not_editable", "line.unit_price_minor")]

    def test_a_line_is_not_made_cheaper(self) -> None:
        unknown, placed = (
            shop(place(MANAGER)),
            shop(SOLD, place(MANAGER, tea(unit_price_minor=600))),
        )

        free = unknown.when(change(CLIENT, unit_price_minor=1, discount_minor=1))
        assert refused(free) == [
            ("field_not_editable", "unit_price_minor"),
            ("field_not_editable", "discount_minor"),
        ]
        assert refused(placed.when(change(CLIENT, unit_price_minor=0))) == [
            ("price_differs", "unit_price_minor")
        ]
        assert placed.when(change(CLIENT, unit_price_minor=500)).order.due_minor == 1_500
        assert placed.when(change(MANAGER, unit_price_minor=1)).order.due_minor == 3

    def test_what_stays_as_it_is_needs_no_right(self) -> None:
        placed = shop(SOLD, place(MANAGER, tea(discount_minor=7)))

        more = placed.when(change(CLIENT, quantity=5, unit_price_minor=500, discount_minor=7))
        assert more.order.due_minor == 2_493

    def test_what_came_off_is_not_kept_for_fewer_pieces(self) -> None:
        placed = shop(SOLD, place(MANAGER, tea(discount_minor=300)))

        assert refused(placed.when(change(CLIENT, quantity=1, discount_minor=300))) == [
            ("field_not_editable", "discount_minor")
        ]
        assert placed.when(change(CLIENT, quantity=1)).order.due_minor == 400

    def test_more_pieces_cost_what_the_product_costs_now(self) -> None:
        dearer = PriceChanged(unit_price_minor=700, currency="EUR", vat_bp=2_000)
        placed = shop(SOLD, place(MANAGER), dearer)

        answer = placed.when(change(CLIENT, quantity=20))
        assert refused(answer) == [("price_differs", "unit_price_minor")]
        assert answer.unmet[0].needed == "700"
        assert placed.when(change(CLIENT, quantity=2)).order.due_minor == 1_000
        assert placed.when(change(MANAGER, quantity=4)).order.due_minor == 2_000

    def test_more_pieces_bear_the_vat_of_the_product_now(self) -> None:
        """A change states no rate: of another one, the pieces come as a line of their own."""
        less = ProductPublished(
            title="Green tea", unit_price_minor=500, currency="EUR", vat_bp=1_000
        )
        placed = shop(less, place(MANAGER))

        answer = placed.when(change(CLIENT, quantity=5))
        assert refused(answer) == [("price_differs", "vat_bp")]
        assert answer.unmet[0].needed == "the pieces added as a line of their own"
        assert placed.when(change(CLIENT, quantity=2)).order.due_minor == 1_000
        assert placed.when(change(MANAGER, quantity=4)).order.due_minor == 2_000
        assert placed.when(add(CLIENT, vat_bp=1_000)).order.due_minor == 3_500

    def test_more_pieces_of_what_nobody_knows_need_the_right(self) -> None:
        answer = shop(place(MANAGER)).when(change(CLIENT, quantity=4))

        assert refused(answer) == [("field_not_editable", "unit_price_minor")]

    def test_a_price_stands_still_in_the_statuses_that_close_it(self) -> None:
        placed = shop(place(MANAGER), rules=path(price={"closed_in": ["new"]}))

        assert refused(placed.when(change(MANAGER, unit_price_minor=1))) == [
            ("field_closed", "unit_price_minor")
        ]


class TestDelivery:
    def test_a_method_that_costs_otherwise_than_the_orders_delivery_needs_the_right(self) -> None:
        placed = shop(SOLD, DeliveryMethodSet(method=COURIER), place(MANAGER))

        answer = placed.when(by(CLIENT, "courier"))
        assert refused(answer) == [("price_differs", "delivery_method")]
        assert answer.unmet[0].needed == "a method that costs 0, or for price one of manager"
        assert placed.when(by(MANAGER, "courier")).events

    def test_a_method_that_costs_the_same_is_anybodys_to_choose(self) -> None:
        pickup = DeliveryMethod(code="pickup", price_minor=0, currency="EUR")
        placed = shop(SOLD, DeliveryMethodSet(method=pickup), place(MANAGER))

        assert refused(placed.when(by(CLIENT, "teleport"))) == [
            ("delivery_method_unknown", "delivery_method")
        ]
        assert placed.when(by(CLIENT, "pickup")).events

    def test_goods_that_get_an_address_go_by_a_method(self) -> None:
        placed = shop(SOLD, DeliveryMethodSet(method=COURIER), place(MANAGER))
        to_address = {"delivery_address": "Main st 1"}
        without = c.ChangeFields(**who(CLIENT), **to_address)

        answer = placed.when(without)
        assert refused(answer) == [("delivery_method_required", "delivery_method")]
        assert placed.when(c.ChangeFields(**who(MANAGER), **to_address)).events
        nothing = c.ChangeFields(**who(CLIENT), delivery_method=None)
        assert placed.when(nothing).unmet == ()

    def test_a_method_is_not_taken_away_from_goods_that_have_an_address(self) -> None:
        free = DeliveryMethod(code="free", price_minor=0, currency="EUR")
        sent = c.ChangeFields(**who(MANAGER), delivery_method="free", delivery_address="Main st 1")
        placed = shop(SOLD, DeliveryMethodSet(method=free), place(MANAGER), sent)

        answer = placed.when(c.ChangeFields(**who(CLIENT), delivery_method=None))
        assert refused(answer) == [("delivery_method_required", "delivery_method")]
        moved = c.ChangeFields(**who(CLIENT), delivery_address="Side st 2")
        assert placed.when(moved).events

    @pytest.mark.parametrize("agreed", [{}, {"delivery_method": "by_hand"}])
    def test_an_address_that_was_agreed_without_a_listed_method_may_be_another(
        self, agreed: dict[str, str]
    ) -> None:
        sent = c.ChangeFields(**who(MANAGER), delivery_address="Main st 1", **agreed)
        placed = shop(SOLD, DeliveryMethodSet(method=COURIER), place(MANAGER), sent)

        for said in ({}, {"delivery_method": agreed.get("delivery_method")}):
            moved = c.ChangeFields(**who(CLIENT), delivery_address="Main st 2", **said)
            assert placed.when(moved).unmet == ()
        assert refused(placed.when(by(CLIENT, "teleport"))) == [
            ("delivery_method_unknown", "delivery_method")
        ]

    def test_a_shop_that_lists_no_method_takes_any(self) -> None:
        assert shop(SOLD, place(MANAGER)).when(by(CLIENT, "courier")).events


def by(who_asks: Actor, method: str) -> c.ChangeFields:
    return c.ChangeFields(**who(who_asks), delivery_method=method)
