"""A person is erased over HTTP as beside the database: with all that is about their orders."""

import asyncio
from threading import Event
from uuid import UUID, uuid4

import httpx

from domain.customers.commands import Belongings, EraseCustomer
from domain.messages import Actor
from domain.tasks.commands import CreateTask, FinishTask
from services.pipeline import Pipeline
from services.reception import Reception
from tests.rights.conftest import Guarded
from tests.rights.test_sights import PERSON, PHONE, place
from tests.support.waiting import ROOM_SECONDS

ANN = Actor(kind="user", id="ann", roles=("manager", "lead"))
NOTE = f"{PERSON} will call back"


def served(guarded: Guarded, number: int) -> tuple[str, UUID]:
    """Let a customer order, and finish a task about it with a note; give both."""
    person = {"customer_id": f"c-{number}", "name": PERSON, "phone": PHONE}
    order_id, task_id = place(guarded.system, number, "north", customer=person), uuid4()
    for command in (
        CreateTask(
            command_id=uuid4(), actor=ANN, task_id=task_id, title="Call", order_id=order_id,
            user="ann",
        ),
        FinishTask(command_id=uuid4(), actor=ANN, task_id=task_id, note=NOTE),
    ):  # fmt: skip
        outcome = guarded.system.execute(command)
        assert outcome.kind == "accepted", outcome.unmet
    return f"c-{number}", task_id


def erased(guarded: Guarded, customer_id: str, key: str) -> httpx.Response:
    body = {"command": "customer.erase", "customer_id": customer_id, "command_id": key}
    return guarded.send("admin", {**body, "reason_code": "customer_asked"})


def test_d4_a_person_erased_over_http_is_erased_with_all_that_is_about_the_orders(
    guarded: Guarded,
) -> None:
    """The tables knew nothing of the order yet when it was asked."""
    customer, task = served(guarded, 21)
    assert NOTE in guarded.get(f"/v1/tasks/{task}", "admin").text
    key = str(uuid4())

    answer = erased(guarded, customer, key)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "accepted")
    told = guarded.get(f"/v1/tasks/{task}", "admin").text
    assert NOTE not in told
    assert "[erased]" in told
    assert PHONE not in guarded.get("/v1/orders/s-21/history", "admin").text
    again = erased(guarded, customer, key)
    assert (again.json()["outcome"], again.json()["repeated"]) == ("accepted", True)
    assert erased(guarded, customer, str(uuid4())).json()["outcome"] == "nothing"


def test_one_of_many_commands_erases_as_well(guarded: Guarded) -> None:
    customer, task = served(guarded, 22)
    body = {"command": "customer.erase", "customer_id": customer, "command_id": str(uuid4())}

    answer = guarded.http.post(
        "/v1/commands/batch",
        headers=guarded.shown("admin"),
        json={"commands": [{**body, "reason_code": "customer_asked"}]},
    )

    assert [one["status"] for one in answer.json()["items"]] == [200]
    assert NOTE not in guarded.get(f"/v1/tasks/{task}", "admin").text


def test_who_read_of_a_person_goes_with_the_person_also_what_is_still_to_be_noted(
    guarded: Guarded,
) -> None:
    customer, task = served(guarded, 23)
    asked = {"subject": customer}
    guarded.get("/v1/orders/s-23", "admin")
    guarded.system.access.write_notes()
    assert guarded.get("/v1/audit/accesses", "auditor", params=asked).json()["reads"] != []
    guarded.get("/v1/orders/s-23", "manager")
    guarded.get(f"/v1/tasks/{task}", "admin")

    erased(guarded, customer, str(uuid4()))
    guarded.system.access.write_notes()  # What was read within the last seconds is written now.

    for subject in (customer, f"task-{task}"):
        found = guarded.get("/v1/audit/accesses", "auditor", params={"subject": subject})
        assert found.json()["reads"] == []


def test_looking_for_what_belongs_to_a_person_holds_no_event_loop_up(guarded: Guarded) -> None:
    goes_on = Event()

    def belongings(customer_id: str) -> Belongings:
        assert goes_on.wait(ROOM_SECONDS)
        return Belongings()

    async def answered(reception: Pipeline) -> str:
        erase = EraseCustomer(
            command_id=uuid4(), actor=ANN, customer_id="c-none", reason_code="customer_asked"
        )
        asyncio.get_running_loop().call_soon(goes_on.set)
        return (await reception.execute_async(erase)).kind

    system = guarded.system
    with Reception(system.log, system.clock, system.customer_ids, belongings) as reception:
        assert asyncio.run(answered(reception)) == "refused"  # There is no such customer.
