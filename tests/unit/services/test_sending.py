"""What holds for all senders."""

from infra import mail, sms, webhooks
from services.sending import LEASE_SECONDS


def test_a_message_is_nobody_else_s_for_a_minute_longer_than_it_may_be_on_its_way() -> None:
    assert LEASE_SECONDS["mail"] - mail.LONGEST_SECONDS >= 60
    assert LEASE_SECONDS["sms"] - sms.WAIT_SECONDS >= 60
    assert LEASE_SECONDS["webhook"] - webhooks.WAIT_SECONDS >= 60
