"""How long goods wait for their money."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from domain.stock.policies import ExpiryPolicy, reservation_expiry
from tests.support.examples import NOW

OURS = ExpiryPolicy.model_validate(
    {"by_method": {"card": "20m", "account": None}, "otherwise": "2d"}
)


@pytest.mark.parametrize(
    ("method", "kept"),
    [
        ("card", timedelta(hours=1)),
        ("transfer", timedelta(days=3)),
        ("voucher", timedelta(days=1)),
        (None, timedelta(days=1)),
    ],
)
def test_d7_the_method_of_payment_says_how_long_goods_are_kept(
    method: str | None, kept: timedelta
) -> None:
    assert reservation_expiry(method, NOW) == NOW + kept


@pytest.mark.parametrize(("method", "kept"), [("card", "20m"), ("transfer", "2d"), (None, "2d")])
def test_d7_a_shop_has_its_own_policy(method: str | None, kept: str) -> None:
    expected = {"20m": timedelta(minutes=20), "2d": timedelta(days=2)}[kept]

    assert reservation_expiry(method, NOW, OURS) == NOW + expected
    assert reservation_expiry("account", NOW, OURS) is None


@pytest.mark.parametrize("policy", [ExpiryPolicy(), OURS, ExpiryPolicy(by_method={"cod": None})])
def test_d7_cash_on_delivery_never_expires(policy: ExpiryPolicy) -> None:
    assert reservation_expiry("cod", NOW, policy) is None


def test_a_policy_may_keep_everything_for_good() -> None:
    assert reservation_expiry("card", NOW, ExpiryPolicy(by_method={}, otherwise=None)) is None


@pytest.mark.parametrize(
    "body",
    [
        {"by_method": {"cod": "1h"}},
        {"by_method": {"card": "0s"}},
        {"otherwise": "366d"},
        {"otherwise": "soon"},
        {"cod": None},
    ],
)
def test_a_policy_that_makes_no_sense_is_none(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExpiryPolicy.model_validate(body)


def test_a_policy_is_written_as_it_is_read() -> None:
    assert ExpiryPolicy.model_validate_json(OURS.model_dump_json()) == OURS
    assert OURS.model_dump(mode="json") == {
        "by_method": {"card": "20m", "account": None},
        "otherwise": "2d",
    }
