"""Guards, conditional starts, four eyes, overrides and a clock that stands still."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.customers.events import CustomerCreated, CustomerEvent, MarkSet, TagAdded
from domain.enquiries.events import EnquiryRecorded
from domain.messages import Actor
from domain.orders import commands as c
from domain.orders import events as e
from domain.orders.allowed import list_moves
from domain.orders.context import Situation
from domain.paths.path import OrderPath
from tests.support.examples import CUSTOMER, ENQUIRY_ID, NOW, ORDER_ID, TEA, actor
from tests.support.spec import Scenario, given

PAID_FIRST, ALL_RESERVED, NO_ANSWER = "paid_first", "items_reserved", "no_answer"  # guard codes
LEAD = Actor(kind="user", id="lea", roles=("lead",))


def path(**changes: Any) -> OrderPath:
    return OrderPath.model_validate(
        {
            "path": "shop",
            "stages": ["all"],
            "statuses": {
                "new": {"stage": "all", "limit": {"wall": "2h", "warn": "50%"}},
                "confirmed": {"stage": "all"},
                "waiting": {"stage": "all", "pauses_clock": True},
                "on_hold": {"stage": "all", "pauses_clock": True},
                "retired": {"stage": "all", "active": False},
                "done": {"stage": "all", "final": "success"},
                "cancelled": {"stage": "all", "final": "failure"},
            },
            "initial": [
                {
                    "status": "confirmed",
                    "when": "order.paid_minor >= order.total_minor && order.channel == 'web'",
                },
                {"status": "new"},
            ],
            "transitions": [
                {
                    "from": "new",
                    "to": "confirmed",
                    "guards": [
                        {
                            "code": PAID_FIRST,
                            "when": "order.due_minor <= 0",
                            "message": "Wait for the money",
                        },
                        {
                            "code": ALL_RESERVED,
                            "when": "items.all(i, i.reserved == i.quantity)",
                            "message": "Reserve every item first",
                        },
                    ],
                },
                {
                    "from": "confirmed",
                    "to": "done",
                    "guards": [
                        {
                            "code": NO_ANSWER,
                            "when": "order.total_minor / order.vat_minor > 3",
                            "message": "The VAT looks wrong",
                        }
                    ],
                },
                {"from": ["new", "waiting", "on_hold"], "to": ["waiting", "on_hold", "new"]},
                {"from": "new", "to": "retired"},
                {
                    "from": "new",
                    "to": "cancelled",
                    "approval": {"by": "lead"},
                },
                {"from": "cancelled", "to": "new", "roles": ["lead"], "override": True},
            ],
        }
        | changes
    )


def who(by: Actor | None = None) -> dict[str, Any]:
    return {"command_id": UUID(int=2), "actor": by or actor(), "order_id": ORDER_ID}


def place(**changes: Any) -> c.PlaceOrder:
    return c.PlaceOrder(**{**who(), "path": "shop", "currency": "EUR", "lines": (TEA,)} | changes)


def to(status: str, by: Actor | None = None, **said: Any) -> c.ChangeStatus:
    return c.ChangeStatus(**who(by), to_status=status, **said)


def agree(by: Actor = LEAD, status: str = "cancelled") -> c.ApproveMove:
    return c.ApproveMove(**who(by), to_status=status)


def a(*history: Any) -> Scenario:
    return given(*history, paths=(path(),))


WHY: dict[str, Any] = {"reason_code": "changed_mind", "initiator": "client"}
RESERVED = c.MoveItem(
    **who(), item_id="1", quantity=TEA.quantity, from_status="ordered", to_status="reserved"
)
PAID = c.ChargePayment(**who(), method="card", currency="EUR")


class TestGuards:
    def test_p27_r1_all_guards_that_do_not_hold_are_told_with_their_own_words(self) -> None:
        answer = a(place()).when(to("confirmed")).then_refused(PAID_FIRST, ALL_RESERVED)

        assert [u.message for u in answer.unmet] == [
            "Wait for the money",
            "Reserve every item first",
        ]

    def test_a_move_is_made_once_its_guards_hold(self) -> None:
        a(place(), PAID).when(to("confirmed")).then_refused(ALL_RESERVED)
        answer = a(place(), PAID, RESERVED).when(to("confirmed"))

        assert answer.order.status == "confirmed"

    def test_a_condition_without_an_answer_refuses_with_its_code(self) -> None:
        free = TEA.model_copy(update={"vat_bp": 0})
        order = place(payment=c.PlacedPayment(method="card", charged=True), lines=(free,))

        answer = a(order).when(to("done")).then_refused(NO_ANSWER)

        assert answer.unmet[0].needed == (
            "a condition that has an answer for this order: something was divided by zero"
        )

    def test_p4_nobody_enters_a_status_that_is_not_in_use(self) -> None:
        a(place()).when(to("retired")).then_refused("status_inactive")


class TestCustomers:
    """A condition may ask who orders (P21)."""

    GUARDED = path(
        transitions=[
            {
                "from": "new",
                "to": "confirmed",
                "guards": [
                    {
                        "code": "prepaid_only",
                        "when": "!('bad' in customer.marks) || order.due_minor <= 0",
                        "message": "This customer pays first",
                    }
                ],
            }
        ],
        initial=[
            {"status": "waiting", "when": "'wholesale' in customer.tags"},
            {"status": "new"},
        ],
    )
    PREPAID_ONLY = "prepaid_only"

    def shop(self, *known: CustomerEvent) -> Scenario:
        told = CustomerCreated(customer_id="c-7", name="Ann")
        return given(told, *known, paths=(self.GUARDED,))

    def test_p21_a_marked_customer_pays_first(self) -> None:
        shop = self.shop(MarkSet(mark="bad", reason_code="did_not_buy_out"))
        shop.when(place(customer=CUSTOMER))

        shop.when(to("confirmed")).then_refused(self.PREPAID_ONLY)
        shop.when(PAID)
        assert shop.when(to("confirmed")).order.status == "confirmed"

    def test_a_tag_says_where_the_order_starts(self) -> None:
        tagged = self.shop(TagAdded(tag="wholesale"))

        assert tagged.when(place(customer=CUSTOMER)).order.status == "waiting"
        assert self.shop().when(place(customer=CUSTOMER)).order.status == "new"
        assert self.shop().when(place()).order.status == "new"

    def test_whoever_asked_is_the_customer_of_an_order_that_says_nobody(self) -> None:
        asked = EnquiryRecorded(channel="phone", text="Tea?", customer=CUSTOMER)
        shop = self.shop(TagAdded(tag="wholesale"))
        given_enquiry = given(
            CustomerCreated(customer_id="c-7", name="Ann"),
            TagAdded(tag="wholesale"),
            asked,
            paths=(self.GUARDED,),
        )

        assert shop.when(place()).order.status == "new"
        assert given_enquiry.when(place(enquiry_id=ENQUIRY_ID)).order.status == "waiting"


class TestDocuments:
    ASKING = path(
        statuses=path().content["statuses"]
        | {"waiting": {"stage": "all", "on_enter": {"documents": ["invoice"]}}}
    )
    ISSUE = c.IssueDocument(**who(), kind="invoice", document_id="d-1")

    def test_r7_a_status_may_ask_for_a_document(self) -> None:
        shop = given(place(), paths=(self.ASKING,))

        shop.when(to("waiting")).then_refused("document_missing")
        shop.when(self.ISSUE)
        assert shop.when(to("waiting")).order.status == "waiting"

    def test_a_cancelled_document_is_none(self) -> None:
        shop = given(place(), self.ISSUE, paths=(self.ASKING,))
        cancel = c.MoveDocument(
            **who(), document_id="d-1", to_status="cancelled", reason_code="wrong"
        )
        assert shop.when(cancel).events

        shop.when(to("waiting")).then_refused("document_missing")


class TestStart:
    def test_p29_a_paid_web_order_is_born_confirmed_and_an_unpaid_one_new(self) -> None:
        paid = c.PlacedPayment(method="card", charged=True, gateway_ref="g-1")

        assert a().when(place(payment=paid)).order.status == "confirmed"
        assert a().when(place(payment=paid, channel="phone")).order.status == "new"
        assert a().when(place(payment=c.PlacedPayment(method="card"))).order.status == "new"
        assert a().when(place()).order.status == "new"

    def test_the_payment_that_comes_with_an_order_stands_in_its_ledger(self) -> None:
        paid = c.PlacedPayment(method="card", amount_minor=500, charged=True, gateway_ref="g-1")

        order = a().when(place(payment=paid)).order

        assert [(one.kind, one.amount_minor) for one in order.ledger] == [
            ("submitted", 500),
            ("charged", 500),
        ]
        assert order.payment_status == "partly_paid"


class TestFourEyes:
    def test_a_move_that_needs_agreement_is_refused_without(self) -> None:
        answer = a(place()).when(to("cancelled", **WHY)).then_refused("approval_missing")

        assert answer.unmet[0].needed == (
            "the agreement of one of lead, who is not the one who moves"
        )

    def test_somebody_else_moves_what_was_agreed_to(self) -> None:
        assert a(place(), agree()).when(to("cancelled", **WHY)).order.status == "cancelled"

    def test_whoever_agreed_does_not_move(self) -> None:
        a(place(), agree()).when(to("cancelled", LEAD, **WHY)).then_refused("approval_by_self")

    @pytest.mark.parametrize(
        ("agreed", "moves"),
        [
            ({"id": "crm", "on_behalf_of": "eva"}, {"id": "eva"}),
            ({"id": "eva"}, {"id": "crm", "on_behalf_of": "eva"}),
            ({"id": "crm", "on_behalf_of": "eva"}, {"id": "shop", "on_behalf_of": "Eva "}),
        ],
    )
    def test_whoever_agreed_by_another_hand_does_not_move_either(
        self, agreed: dict[str, str], moves: dict[str, str]
    ) -> None:
        by = Actor(kind="api_key", roles=("lead",), **agreed)
        mover = Actor(kind="user", **moves)
        shop = a(place(), agree(by))

        shop.when(to("cancelled", mover, **WHY)).then_refused("approval_by_self")

    def test_what_only_tells_something_leaves_the_agreement_in_force(self) -> None:
        shop = a(place(), agree(), c.AddNote(**who(), text="wait"), c.AddNote(**who(), text="!"))

        assert shop.when(to("cancelled", **WHY)).events

    @pytest.mark.parametrize("change", [RESERVED, PAID])
    def test_any_change_voids_the_agreement(self, change: c.OrderCommand) -> None:
        moving = a(place(), agree(), change).when(to("cancelled", **WHY))

        moving.then_refused("approval_missing")

    def test_only_the_roles_of_the_path_agree_and_only_where_it_is_needed(self) -> None:
        a(place()).when(agree(actor())).then_refused("role_missing")
        a(place()).when(agree(status="waiting")).then_refused("approval_not_needed")
        a(place()).when(agree(status="done")).then_refused(
            "transition_not_allowed", "approval_not_needed"
        )
        a(place()).when(agree(status="nwe")).then_refused("status_unknown")

    def test_the_same_agreement_again_is_nothing(self) -> None:
        a(place(), agree()).when(agree()).then_nothing()


class TestOverride:
    def test_an_override_needs_a_reason_and_is_an_event_of_its_own(self) -> None:
        ended = (place(), agree(), to("cancelled", **WHY))

        a(*ended).when(to("new", LEAD)).then_refused("reason_required")
        unseen = ("\u2800", "\u3164", "\uffa0\u115f\u1160", "\u034f\ufe0f", "\U0001d159")
        for blank in ("   ", "\t\n", "\u00a0\u2003", "\u200b", *unseen):
            a(*ended).when(to("new", LEAD, reason=blank)).then_refused("reason_required")
        answer = a(*ended).when(to("new", LEAD, reason="The client came back"))

        assert answer.events[-1] == e.OverrideUsed(from_status="cancelled", to_status="new")
        assert answer.order.status == "new"


class TestPausedClock:
    def test_the_limit_goes_on_where_it_stood(self) -> None:
        started = a(place(), to("waiting"))  # a minute later
        paused = started.world.order.limit.paused
        assert paused is not None
        assert paused.left == (e.TimeLeft("warn", 59 * 60), e.TimeLeft("due", 119 * 60))

        back = started.at(NOW + timedelta(days=3)).when(to("new")).order

        assert back.limit.deadlines == (
            e.Deadline("warn", NOW + timedelta(days=3, minutes=59)),
            e.Deadline("due", NOW + timedelta(days=3, minutes=119)),
        )
        assert back.limit.paused is None

    def test_one_pause_after_another_is_one_pause(self) -> None:
        scenario = a(place(), to("waiting"), to("on_hold"))

        back = scenario.at(NOW + timedelta(days=1)).when(to("new")).order

        assert back.limit.deadlines[-1].at == NOW + timedelta(days=1, minutes=119)

    def test_what_had_passed_has_passed_when_the_order_comes_back(self) -> None:
        late = a(place()).at(NOW + timedelta(hours=1, minutes=30))
        late.when(to("waiting"))

        back = late.at(NOW + timedelta(hours=5)).when(to("new")).order

        assert back.limit.deadlines == (
            e.Deadline("warn", NOW + timedelta(hours=4, minutes=30)),
            e.Deadline("due", NOW + timedelta(hours=5, minutes=30)),
        )


class TestAnOrderWhoseStatusWasAnnulled:
    def without_status(self, definition: OrderPath | None = None) -> Scenario:
        told = {**who(Actor(kind="import", id="old-shop")), "path": "shop"}
        when = NOW - timedelta(days=3)
        fact = c.PlacedFact(fact_id=UUID(int=9), occurred_at=when, status="new", currency="EUR")
        annulled = c.CorrectFact(**who(), version=1, reason="Of another shop")
        facts = c.RecordFacts(**told, facts=(fact,))
        return given(facts, annulled, paths=[definition or path()])

    @pytest.mark.parametrize("status", ["new", "confirmed"])
    def test_it_may_be_moved_to_where_its_path_begins(self, status: str) -> None:
        answer = self.without_status().when(c.ChangeStatus(**who(), to_status=status))

        (moved,) = answer.events
        assert isinstance(moved, e.StatusChanged)
        assert (moved.from_status, moved.to_status) == (None, status)
        assert answer.world.order.status == status

    def test_every_other_status_is_refused_and_the_way_out_is_named(self) -> None:
        refused = self.without_status().when(c.ChangeStatus(**who(), to_status="waiting")).unmet

        assert [unmet.code for unmet in refused] == ["transition_not_allowed"]
        assert refused[0].message == "The path shop has no way from no status to waiting"
        assert refused[0].needed == "one of new, confirmed"

    def test_entering_it_does_what_entering_it_always_does(self) -> None:
        statuses = path().content["statuses"]
        entered = {"stage": "all", "on_enter": {"documents": ["invoice"]}}
        strict = path(statuses={**statuses, "new": entered})

        self.without_status(strict).when(c.ChangeStatus(**who(), to_status="new")).then_refused(
            "document_missing"
        )


def test_a18_a21_a_new_status_is_offered_to_new_orders_as_soon_as_it_is_published() -> None:
    statuses = path().content["statuses"] | {"gift_wrap": {"stage": "all"}}
    moves = [*path().content["transitions"], {"from": "new", "to": "gift_wrap"}]
    shop = given(paths=(path(), path(statuses=statuses, transitions=moves)))
    order = shop.when(place()).order

    offered = list_moves(Situation(ORDER_ID, order, shop.world.paths["shop", 2], actor(), NOW))

    is_open = {move.to_status for move in offered if move.is_open}
    assert is_open == {"waiting", "on_hold", "gift_wrap"}
    assert shop.when(to("gift_wrap")).order.status == "gift_wrap"
