"""What people said, in reasons, enquiries and messages, is for whoever may read personal data."""

from uuid import UUID, uuid4

from domain.effects.commands import RequestEffect
from domain.enquiries.commands import RecordEnquiry
from domain.messages import Actor
from domain.orders.commands import MarkTest
from domain.templates.line import PublishTemplate
from infra.template_files import load_preset
from tests.rights.conftest import Guarded
from tests.rights.test_sights import PERSON, PHONE, catch_up, place


def test_what_people_said_is_sealed_for_whoever_may_not_read_it(guarded: Guarded) -> None:
    """Reasons, enquiries and messages: whatever question tells them."""
    why = "because Zinaida moves to her sister"
    actor = Actor(kind="user", id="tell-tale", roles=("manager", "lead"))
    person = {"customer_id": "c-9", "name": PERSON, "phone": PHONE, "email": "zina@mail.example"}
    order_id = place(guarded.system, 9, "north", actor=actor, reason=why, customer=person)
    said = {"actor": actor, "reason": why}
    asked, sent = UUID(int=2_001), UUID(int=2_002)
    flag = MarkTest(command_id=uuid4(), order_id=order_id, test=True, **said)
    enquiry = RecordEnquiry(command_id=uuid4(), enquiry_id=asked, text=why, **said)
    template = PublishTemplate(command_id=uuid4(), definition=load_preset("paid"), actor=actor)
    message = RequestEffect(
        command_id=uuid4(),
        effect_id=sent,
        channel="mail",
        template="paid",
        to={"kind": "customer"},
        order_id=order_id,
        **said,
    )
    for command in (flag, enquiry, template, message):
        outcome = guarded.system.execute(command)
        assert outcome.kind == "accepted", outcome.unmet
    catch_up(guarded.system)

    for where in (
        f"/v1/orders/{order_id}/history",
        f"/v1/orders/{order_id}/why?min_position=head",
        "/v1/audit/who?actor=tell-tale",
        "/v1/audit/day?limit=1000",
        f"/v1/enquiries/{asked}",
        f"/v1/effects/{sent}",
        f"/v1/templates/paid/preview?order={order_id}",
    ):
        clear, sealed = (guarded.get(where, role).text for role in ("admin", "auditor"))
        assert "Zinaida" in clear, where
        assert "Zinaida" not in sealed, where
        assert PHONE not in sealed, where
        assert "zina@mail" not in sealed, where
