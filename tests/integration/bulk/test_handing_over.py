"""P28: what a member holds is shared out anew, also where the batch dies half-way."""

from itertools import islice
from uuid import UUID, uuid4

from domain.messages import Actor
from domain.orders.commands import AssignOwner
from domain.teams.commands import Come, SetMember
from domain.teams.sharing import ShareOut
from services.bootstrap import System
from services.bulk.batches import begin, run
from services.reading import order_now
from services.teams import handing_over, held_orders
from tests.integration.bulk.asking import Shop, batch, kinds
from tests.support.examples import GROUP
from tests.support.loads import EVERYBODY, share


def open_team(system: System, **caps: int | None) -> None:
    for user, cap in caps.items():
        actor = Actor(kind="user", id=user)
        for command in (
            SetMember(command_id=uuid4(), actor=actor, group=GROUP, user=user, cap=cap),
            Come(command_id=uuid4(), actor=actor, group=GROUP, user=user),
        ):
            assert system.execute(command).kind == "accepted"


def give(system: System, order_id: UUID, user: str, group: str | None = GROUP) -> None:
    told = {"command_id": uuid4(), "actor": EVERYBODY, "order_id": order_id}
    wish = AssignOwner.model_validate(told | {"user": user, "group": group})
    assert system.execute(wish).kind == "accepted"


def owner_of(system: System, order_id: UUID) -> tuple[str | None, str | None]:
    order = order_now(system, order_id)
    return order.owner_user, order.owner_group


def test_p28_a_batch_that_died_goes_on_and_leaves_alone_what_somebody_took_meanwhile(
    shop: Shop,
) -> None:
    system = shop.system
    open_team(system, ann=None, bob=2, eve=None)
    orders = sorted(shop.place(6))  # at one moment
    for order_id in orders:
        give(system, order_id, "ann")
    system.catch_up()
    wish = batch(command=ShareOut.NAME, **handing_over("ann", "least_load", group=None))

    begun = begin(system, wish, lambda: held_orders(system, "ann", group=None))
    assert begun is not None
    give(system, orders[-1], "dan")
    died = list(islice(run(system, begun), 1))
    again = begin(system, wish, lambda: held_orders(system, "ann", group=None))
    assert again is not None
    results = list(run(system, again))

    assert [one.order_id for one in died] == orders[:1]
    assert [one.order_id for one in results] == orders
    assert kinds(results) == {"accepted": 5, "nothing": 1}
    owners = [owner_of(system, order_id)[0] for order_id in orders]
    assert owners[-1] == "dan"
    assert sorted(filter(None, owners[:-1])) == ["bob", "bob", "eve", "eve", "eve"]


def test_p28_each_group_takes_its_own_and_who_has_no_group_keeps_the_order(shop: Shop) -> None:
    system = shop.system
    open_team(system, ann=None, bob=0)
    managers, couriers, own, ended = (shop.place(1)[0] for _ in range(4))
    give(system, managers, "ann")
    give(system, couriers, "ann", "couriers")
    give(system, own, "ann", None)
    system.catch_up()

    found = held_orders(system, "ann", group=None)
    one_group = held_orders(system, "ann", group=GROUP)
    wish = batch(command=ShareOut.NAME, **handing_over("ann", "sticky", group=None))
    begun = begin(system, wish, lambda: found)
    assert begun is not None
    results = list(run(system, begun))

    assert {(one.order_id, one.body["group"]) for one in found} == {
        (managers, GROUP), (couriers, "couriers"),
    }  # fmt: skip
    assert [one.order_id for one in one_group] == [managers]
    assert kinds(results) == {"accepted": 1, "refused": 1}
    assert owner_of(system, managers) == (None, GROUP)
    assert owner_of(system, couriers) == ("ann", "couriers")
    assert owner_of(system, own) == ("ann", None)
    assert owner_of(system, ended) == (None, None)


def test_p28_a_finished_order_is_nobodys_to_hand_over(shop: Shop) -> None:
    system = shop.system
    open_team(system, ann=None)
    (order_id,) = shop.place(1)
    assert system.execute(share(order_id)).kind == "accepted"
    (ended,) = shop.place(1, "cancelled")
    give(system, ended, "ann")
    system.catch_up()

    assert [one.order_id for one in held_orders(system, "ann", group=None)] == [order_id]
