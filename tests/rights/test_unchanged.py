"""304 says that what was read is told no differently now: also not by an erasure or by a right."""

from uuid import UUID, uuid4

import httpx

from domain.roles.line import PublishRole
from tests.rights.conftest import ROOT, Guarded
from tests.rights.test_sights import PERSON, PHONE, place
from tests.support.rights import role
from tests.support.waiting import wait_for


def ordered(guarded: Guarded, number: int) -> UUID:
    customer = {"customer_id": f"u-{number}", "name": PERSON, "phone": PHONE}
    return place(guarded.system, number, "north", customer=customer)


def read(guarded: Guarded, order_id: UUID, role: str, tag: str = "") -> httpx.Response:
    """Read an order, if it is not what the tag says."""
    headers = guarded.shown(role) | ({"If-None-Match": tag} if tag else {})
    return guarded.http.get(f"/v1/orders/{order_id}", headers=headers)


def test_an_order_is_told_anew_once_its_customer_is_erased(guarded: Guarded) -> None:
    order_id = ordered(guarded, 81)
    first = read(guarded, order_id, "manager")
    same = read(guarded, order_id, "manager", first.headers["etag"])

    erase = {"command": "customer.erase", "customer_id": "u-81", "command_id": str(uuid4())}
    erased = guarded.send("admin", {**erase, "reason_code": "customer_asked"})
    after = read(guarded, order_id, "manager", first.headers["etag"])

    assert PERSON in first.text
    assert (same.status_code, erased.status_code, after.status_code) == (304, 200, 200)
    assert PERSON not in after.text
    assert same.headers["etag"] == first.headers["etag"] != after.headers["etag"]


def test_an_order_is_told_anew_once_a_role_sees_less_of_it(guarded: Guarded) -> None:
    order_id = ordered(guarded, 82)
    guarded.key_for("seer", questions=["order.*"], personal=["name"])
    wait_for(lambda: read(guarded, order_id, "seer").status_code == 200)
    first = read(guarded, order_id, "seer")
    same = read(guarded, order_id, "seer", first.headers["etag"])

    narrower = role(role="seer", questions=["order.*"], personal=[])
    guarded.system.execute(PublishRole(**ROOT.envelope, definition=narrower))
    wait_for(lambda: PERSON not in read(guarded, order_id, "seer").text)
    after = read(guarded, order_id, "seer", first.headers["etag"])

    assert PERSON in first.text
    assert (same.status_code, after.status_code) == (304, 200)
    assert PERSON not in after.text


def test_whoever_sees_more_of_an_order_has_another_tag(guarded: Guarded) -> None:
    order_id = ordered(guarded, 83)
    clear, sealed = (read(guarded, order_id, role) for role in ("manager", "auditor"))

    assert PERSON in clear.text
    assert PERSON not in sealed.text
    assert clear.headers["etag"] != sealed.headers["etag"]
