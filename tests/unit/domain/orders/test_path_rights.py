"""What a path says about pieces and money, and an order that follows its items (P13, P14)."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders import events as e
from domain.paths.path import OrderPath
from tests.support.examples import ORDER_ID, PATH, TEA, actor
from tests.support.spec import given

WAREHOUSE = actor("user", "warehouse")
ITEMS = {
    "statuses": {"assembled": {"title": {"en": "Packed"}}},
    "transitions": [
        {"from": "ordered", "to": ["reserved", "assembled"], "roles": ["warehouse"]},
        {"from": "reserved", "to": "ordered"},
    ],
}
PAYMENTS = {
    "methods": ["card", "cod"],
    "statuses": {"paid": {"title": {"en": "Paid in full"}}},
    "transitions": [{"to": "refunded", "roles": ["accountant"]}],
}
TILL = {
    "methods": ["card"],
    "transitions": [
        {"to": "submitted", "roles": ["cashier", "clerk"]},
        {"to": "charged", "roles": ["cashier"]},
    ],
}


def path(**more: Any) -> OrderPath:
    ways = [*PATH.content["transitions"], {"from": "new", "to": ["packed"], "roles": ["system"]}]
    return OrderPath.model_validate(PATH.content | {"transitions": ways} | more)


def who(by: Actor | None = None) -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": by or actor(), "order_id": ORDER_ID}


def piece(source: str, target: str, by: Actor | None = None, quantity: int = 1) -> c.MoveItem:
    return c.MoveItem(
        **who(by), item_id="1", quantity=quantity, from_status=source, to_status=target
    )


def charge(by: Actor | None = None, **more: Any) -> c.ChargePayment:
    return c.ChargePayment(**who(by), **{"method": "card", "currency": "EUR"} | more)


PLACE = c.PlaceOrder(**who(), path="shop", currency="EUR", lines=(TEA,))


def place(by: Actor | None = None, **more: Any) -> c.PlaceOrder:
    return c.PlaceOrder(**who(by), **{"path": "shop", "currency": "EUR", "lines": (TEA,)} | more)


class TestItems:
    def test_p13_only_the_ways_of_the_path_are_open_to_pieces(self) -> None:
        shop = given(PLACE, piece("ordered", "assembled", WAREHOUSE), paths=(path(items=ITEMS),))

        shop.when(piece("assembled", "shipped", WAREHOUSE)).then_refused("item_transition_closed")
        cancel = c.CancelItem(**who(), item_id="1", quantity=3, reason_code="damaged")
        shop.when(cancel).then_refused("item_transition_closed", "item_transition_closed")

    def test_p13_cancelling_asks_only_for_the_ways_that_it_takes(self) -> None:
        """Two pieces are ordered still, so nobody takes the third one from where it is."""
        ways = [*ITEMS["transitions"], {"from": "ordered", "to": "cancelled"}]
        rules = path(items={"transitions": ways})
        shop = given(PLACE, piece("ordered", "assembled", WAREHOUSE), paths=(rules,))

        def cancel(quantity: int) -> c.CancelItem:
            return c.CancelItem(**who(), item_id="1", quantity=quantity, reason_code="damaged")

        shop.when(cancel(3)).then_refused("item_transition_closed")
        assert shop.when(cancel(2)).order.items["1"].pieces == {"assembled": 1, "cancelled": 2}

    def test_p13_only_the_roles_of_the_path_move_pieces(self) -> None:
        shop = given(PLACE, paths=(path(items=ITEMS),))

        shop.when(piece("ordered", "reserved")).then_refused("role_missing")
        shop.when(piece("ordered", "reserved", WAREHOUSE)).then(
            e.ItemStatusChanged(
                item_id="1", quantity=1, from_status="ordered", to_status="reserved"
            )
        )
        assert shop.when(piece("reserved", "ordered")).order.items_status == "ordered"

    def test_a_way_that_pieces_never_go_is_no_path(self) -> None:
        with pytest.raises(ValidationError, match="pieces never go from ordered to delivered"):
            path(items={"transitions": [{"from": "ordered", "to": "delivered"}]})

    def test_an_unknown_status_of_pieces_is_no_path(self) -> None:
        with pytest.raises(ValidationError, match="There is no item status packed"):
            path(items={"statuses": {"packed": {}}})


class TestPayments:
    def test_only_the_roles_of_the_path_move_money(self) -> None:
        shop = given(PLACE, charge(), paths=(path(payments=PAYMENTS),))
        refund = {"payment_id": "payment-1", "amount_minor": 100, "currency": "EUR"}

        shop.when(c.RefundPayment(**who(), **refund)).then_refused("role_missing")
        accountant = who(actor("user", "accountant"))
        assert shop.when(c.RefundPayment(**accountant, **refund)).events

    def test_only_the_methods_of_the_path_are_taken(self) -> None:
        shop = given(PLACE, paths=(path(payments=PAYMENTS),))

        shop.when(charge(method="barter")).then_refused("payment_method_unknown")
        submit = c.SubmitPayment(**who(), method="barter", currency="EUR")
        shop.when(submit).then_refused("payment_method_unknown")

    def test_what_a_gateway_tells_is_never_refused(self) -> None:
        shop = given(PLACE, charge(), paths=(path(payments=PAYMENTS),))
        told = c.RefundPayment(
            **who(actor("api_key")),
            payment_id="payment-1",
            amount_minor=100,
            currency="EUR",
            gateway_ref="g-7",
        )

        assert shop.when(told).order.balance.refunded_minor == 100

    @pytest.mark.parametrize(
        ("by", "method", "charged", "codes"),
        [
            ("cashier", "card", True, ()),
            ("clerk", "card", False, ()),
            ("clerk", "card", True, ("role_missing",)),
            ("nobody", "card", True, ("role_missing", "role_missing")),
            ("nobody", "barter", True, ("role_missing", "role_missing", "payment_method_unknown")),
            ("cashier", "barter", False, ("payment_method_unknown",)),
        ],
    )
    def test_a_payment_that_comes_with_the_order_asks_what_it_would_ask_by_itself(
        self, by: str, method: str, charged: bool, codes: tuple[str, ...]
    ) -> None:
        shop = given(paths=(path(payments=TILL),))
        payment = {"method": method, "charged": charged}

        answer = shop.when(place(actor("user", by), payment=payment))

        answer.then_refused(*codes) if codes else answer.then(*answer.events)
        assert answer.order.exists == (not codes)

    def test_roles_that_two_movements_of_a_placed_payment_share_are_asked_for_once(self) -> None:
        roles = [{"to": kind, "roles": ["cashier"]} for kind in ("submitted", "charged")]
        shop = given(paths=(path(payments={"transitions": roles}),))

        answer = shop.when(place(payment={"method": "card", "charged": True}))

        answer.then_refused("role_missing")

    def test_a_refused_payment_is_told_with_all_else_that_stands_against_the_order(self) -> None:
        shop = given(paths=(path(payments=TILL),))

        answer = shop.when(place(payment={"method": "barter"}, lines=(TEA, TEA)))

        answer.then_refused("role_missing", "payment_method_unknown", "item_exists")
        assert answer.fields == ["actor.roles", "payment.method", "lines.1.item_id"]

    def test_what_a_program_tells_of_a_payment_with_its_order_is_never_refused(self) -> None:
        shop = given(paths=(path(payments=TILL),))
        told = place(actor("api_key"), payment={"method": "barter", "charged": True})

        assert shop.when(told).order.payment_status == "paid"

    def test_an_order_starts_by_what_was_allowed_only(self) -> None:
        """Money that nobody may tell of leads nowhere: neither does the order."""
        starts = [{"when": "order.paid_minor > 0", "status": "confirmed"}, {"status": "new"}]
        shop = given(paths=(path(payments=TILL, initial=starts),))

        shop.when(place(payment={"method": "card", "charged": True})).then_refused(
            "role_missing", "role_missing"
        )
        paid = shop.when(
            place(actor("user", "cashier"), payment={"method": "card", "charged": True})
        )
        assert paid.order.status == "confirmed"


FOLLOW = [
    {"items": "assembled", "from": ["new", "confirmed"], "to": "packed"},
    {"items": "delivered", "from": "packed", "to": "done"},
]


class TestFollow:
    def test_the_order_follows_once_all_pieces_have_come_so_far(self) -> None:
        shop = given(PLACE, piece("ordered", "assembled", quantity=2), paths=(path(follow=FOLLOW),))
        assert shop.world.order.status == "new"

        answer = shop.when(piece("ordered", "assembled"))

        assert answer.order.status == "packed"
        assert isinstance(answer.events[-1], e.StatusChanged)
        assert [one.level for one in answer.events[-1].deadlines] == ["due"]

    def test_cancelled_pieces_hold_nothing_up(self) -> None:
        shop = given(PLACE, piece("ordered", "assembled", quantity=2), paths=(path(follow=FOLLOW),))
        cancel = c.CancelItem(**who(), item_id="1", quantity=1, reason_code="damaged")

        assert shop.when(cancel).order.status == "packed"

    def test_an_order_of_cancelled_pieces_follows_nowhere(self) -> None:
        cancel = c.CancelItem(**who(), item_id="1", reason_code="damaged")

        assert given(PLACE, paths=(path(follow=FOLLOW),)).when(cancel).order.status == "new"

    def test_nothing_follows_into_a_status_that_is_not_in_use(self) -> None:
        statuses = PATH.content["statuses"]
        retired = statuses | {"packed": statuses["packed"] | {"active": False}}
        shop = given(PLACE, paths=(path(follow=FOLLOW, statuses=retired),))

        assert shop.when(piece("ordered", "assembled", quantity=3)).order.status == "new"

    def test_rules_that_lead_round_in_a_circle_are_no_path(self) -> None:
        circle = [*FOLLOW, {"items": "reserved", "from": "packed", "to": "confirmed"}]

        with pytest.raises(ValidationError, match="leads round in a circle"):
            path(follow=circle)
