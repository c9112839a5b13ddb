"""Whoever calls may what one of the roles allows, and is told all that is missing else."""

import pytest

from domain.messages import Actor
from domain.refusals import Unmet
from domain.roles.definition import Role
from domain.roles.rights import Allowed, Caller, Forbidden, Wish, may, sight_of
from domain.sights import HIDDEN, PERSONAL, Place, Region, hide, hide_in_unmet, kind_of
from tests.golden.stored_names import sealed_fields
from tests.support.rights import ROLE, role

CANCEL = Wish("command", "order.cancel")
SHOW = Wish("question", "order.show")
NORTH = Place(shop="north", order_type="private", channel="web")
SOUTH = Place(shop="south", order_type="private", channel="web")


def caller(*roles: Role) -> Caller:
    return Caller(Actor(kind="user", id="ann"), roles)


def denied(decision: Allowed | Forbidden) -> list[str]:
    assert isinstance(decision, Forbidden), "it was allowed"
    return [reason.code for reason in decision.reasons]


def test_without_a_role_nothing_is_allowed() -> None:
    assert denied(may(caller(), CANCEL)) == ["command_not_permitted"]
    assert denied(may(caller(), SHOW)) == ["question_not_permitted"]


def test_a_name_an_area_and_everything_allow() -> None:
    for pattern in ("order.cancel", "order.*", "*"):
        assert isinstance(may(caller(role(commands=[pattern])), CANCEL), Allowed)
    for pattern in ("order.cancel_item", "orders.*", "order", "o.*"):
        assert denied(may(caller(role(commands=[pattern])), CANCEL)) == ["command_not_permitted"]


def test_a_right_to_ask_is_no_right_to_command() -> None:
    assert denied(may(caller(role(questions=["*"])), CANCEL)) == ["command_not_permitted"]
    assert denied(may(caller(role(commands=["*"])), SHOW)) == ["question_not_permitted"]


def test_never_is_stronger_than_allowed_within_a_role_and_not_across_roles() -> None:
    forbids = role(commands=["*"], never=["order.*"])

    assert denied(may(caller(forbids), CANCEL)) == ["command_not_permitted"]
    assert isinstance(may(caller(forbids, role(commands=["order.cancel"])), CANCEL), Allowed)


def test_a_refusal_names_the_roles_that_would_do() -> None:
    known = {"lead": role(commands=["order.*"]), "clerk": role(), "boss": role(commands=["*"])}

    decision = may(caller(role()), CANCEL, known=known)

    assert isinstance(decision, Forbidden)
    assert decision.reasons[0].needed == "one of the roles boss, lead"


def test_an_order_out_of_reach_is_denied_with_every_side_that_is() -> None:
    narrow = role(
        commands=["*"],
        orders={"shops": ["north"], "order_types": ["company"], "channels": ["phone"]},
    )

    assert denied(may(caller(narrow), CANCEL, Place("south", "private", "web", test=True))) == [
        "shop_not_permitted",
        "order_type_not_permitted",
        "channel_not_permitted",
        "test_order_not_permitted",
    ]


def test_two_roles_do_not_add_up_to_a_right_that_neither_gives() -> None:
    here = role(commands=["order.cancel"], orders={"shops": ["north"]})
    there = role(commands=["order.place"], orders={"shops": ["south"]})

    assert isinstance(may(caller(here, there), CANCEL, NORTH), Allowed)
    assert denied(may(caller(here, there), CANCEL, SOUTH)) == ["shop_not_permitted"]


@pytest.mark.parametrize(
    ("tests", "is_test", "is_allowed"),
    [
        ("no", False, True),
        ("no", True, False),
        ("yes", False, True),
        ("yes", True, True),
        ("only", False, False),
        ("only", True, True),
    ],
)
def test_a24_a_role_reaches_test_orders_only_as_it_says(
    tests: str, is_test: bool, is_allowed: bool
) -> None:
    holder = caller(role(commands=["*"], orders={"test": tests}))

    decision = may(holder, CANCEL, Place(test=is_test))

    assert isinstance(decision, Allowed) is is_allowed


def test_an_order_without_a_shop_is_in_no_role_that_names_shops() -> None:
    holder = caller(role(questions=["*"], orders={"shops": ["north"]}))

    assert denied(may(holder, SHOW, Place())) == ["shop_not_permitted"]


def test_personal_data_is_sealed_unless_a_role_reads_it() -> None:
    assert sight_of([role(questions=["*"])]).personal == frozenset()
    assert sight_of([ROLE]).personal == {"name", "phone"}
    assert sight_of([role(personal="all")]).personal == PERSONAL


def test_a_role_shows_no_personal_data_in_the_orders_of_another() -> None:
    reads_north = role(questions=["*"], personal="all", orders={"shops": ["north"]})
    counts_all = role(questions=["*"])
    both = caller(reads_north, counts_all)

    many, one, other = may(both, SHOW), may(both, SHOW, NORTH), may(both, SHOW, SOUTH)

    assert isinstance(many, Allowed)
    assert many.sight.personal == frozenset()
    assert isinstance(other, Allowed)
    assert other.sight.personal == frozenset()
    assert isinstance(one, Allowed)
    assert one.sight.personal == frozenset()  # the other role has the order too, and masks it


def test_a_role_that_reaches_as_far_lifts_what_another_one_hides() -> None:
    hides, shows = role(hidden=["*_minor"]), role()
    narrow = role(orders={"shops": ["north"]})

    assert sight_of([hides, shows]).hidden == ()
    assert sight_of([hides, narrow]).hidden == ("*_minor",)
    assert sight_of([hides, role(hidden=["total_minor"])]).hidden == ("*_minor", "total_minor")


def test_hidden_fields_are_hidden_wherever_they_stand_and_what_is_null_stays_null() -> None:
    answer = {
        "total_minor": 5,
        "due_minor": None,
        "items": {"1": {"unit_price_minor": 7, "sku": "TEA"}},
        "changes": [{"field": "totals.total_minor", "before": 1, "after": 2}],
    }

    assert hide(answer, ["*_minor"]) == {
        "total_minor": HIDDEN,
        "due_minor": None,
        "items": {"1": {"unit_price_minor": HIDDEN, "sku": "TEA"}},
        "changes": [{"field": "totals.total_minor", "before": HIDDEN, "after": HIDDEN}],
    }
    assert hide(answer, []) is answer


def test_what_a_field_was_and_became_is_hidden_in_history_and_differences() -> None:
    row = {"field": "totals.total_minor", "from": 450, "to": 900}
    other = {"field": "status", "from": "new", "to": "paid"}
    answer = {"from": "2026-01-01", "to": "2026-02-01", "changes": [row, other]}

    assert hide(answer, ["*_minor"]) == {
        "from": "2026-01-01",
        "to": "2026-02-01",
        "changes": [{**row, "from": HIDDEN, "to": HIDDEN}, other],
    }


def test_what_somebody_did_is_told_without_the_amounts_that_are_hidden() -> None:
    act = {"outcome": "done", "command": "payment.charge", "what": "amount_minor 38855"}

    assert hide([act], ["*_minor"]) == [{**act, "what": f"amount_minor {HIDDEN}"}]
    assert hide([act], ["track_number"]) == [{**act, "what": HIDDEN}]
    assert hide([act], []) == [act]


def test_a_region_covers_what_it_holds() -> None:
    wide, narrow = Region(shops=("north", "south")), Region(shops=("north",), tests=(False,))

    assert wide.covers(narrow)
    assert not narrow.covers(wide)
    assert Region().covers(wide)
    assert not wide.covers(Region())


def test_every_personal_field_that_is_stored_has_a_kind_of_its_own_or_counts_as_notes() -> None:
    kinds = {field: kind_of(f".{field}") for _, field in sealed_fields()}

    assert kinds == {
        "note": "notes",
        "text": "notes",
        "reason": "notes",
        "address": "address",
        "to.address": "address",
        "delivery_address": "address",
        "delivery.address": "address",
        "email": "email",
        "customer.email": "email",
        "customer_email": "email",
        "name": "name",
        "customer.name": "name",
        "customer_name": "name",
        "phone": "phone",
        "customer.phone": "phone",
        "customer_phone": "phone",
        "personal": "imported",
    }
    assert kind_of(".personal.buyer_phone") == "imported"
    assert kind_of(".something_new") == "notes"


def test_a_role_that_hides_amounts_reads_when_to_try_again_and_still_no_amount() -> None:
    at = "2026-03-02T09:01:00+00:00"
    told = Unmet(code="c", message=f"4500 at {at}, 12.50", needed=f"try again from {at} on")

    (heard,) = hide_in_unmet([told], ["*_minor"])

    assert heard.needed == told.needed
    assert heard.message == f"{HIDDEN} at {at}, {HIDDEN}"
