"""P36, P32: with a robot that approves, two managers do what six did, for twice the revenue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders.events import Delivery
from domain.paths.commands import PublishPath
from infra.path_files import load_preset
from infra.postgres import connect
from infra.rule_files import load_preset as load_rule
from projections.reports.compare import Compared, Period, compare_periods
from tests.integration.projections.world import World
from tests.integration.rules.ruling import publish, settle
from tests.support.examples import NOW, TEA, actor

LARGE: Final = 2_500  # teas in an order that the robot leaves to people
WEEK: Final = timedelta(days=7)
GATEWAY: Final = actor("api_key", "gateway")
SHELVES: Final = actor("api_key", "warehouse")  # the program of the warehouse: it reserves
PACKER: Final = actor("user", "warehouse")
COURIER: Final = Actor(kind="user", id="tom", roles=("courier",))


class Manager(NamedTuple):
    """Who works, and how long an order is in hand."""

    who: Actor
    takes: timedelta


def managers(count: int, takes: timedelta) -> list[Manager]:
    return [
        Manager(Actor(kind="user", id=f"m-{number}", roles=("manager",)), takes)
        for number in range(count)
    ]


class Shop:
    """Orders on `universal`, each from the basket to the closed order, one after another."""

    def __init__(self, world: World) -> None:
        self.world = world
        universal = PublishPath(
            command_id=uuid4(), actor=actor(), definition=load_preset("universal")
        )
        world.send(universal)

    def ask(self, kind: type[c.OrderCommand], order_id: UUID, who: Actor, **body: Any) -> None:
        said = {"command_id": uuid4(), "actor": who, "order_id": order_id, **body}
        (outcome,) = self.world.send(kind.model_validate(said))
        assert outcome.kind == "accepted", outcome

    def sell(self, quantity: int, staff: Sequence[Manager], number: int) -> None:
        """Sell one order; number: whose turn it is."""
        delivery = Delivery(method="courier", address="1 Main Street")
        line = TEA.model_copy(update={"quantity": quantity, "discount_minor": 100})
        order_id = self.world.place(path="universal", delivery=delivery, lines=[line])
        self.ask(c.ChargePayment, order_id, GATEWAY, currency="EUR", method="card")
        self.move_pieces(order_id, SHELVES, "ordered", "reserved")
        settle(self.world)
        manager = staff[number % len(staff)]
        if self.status_of(order_id) == "new":
            self.approve(order_id, manager)
        self.bring(order_id)
        self.world.now += timedelta(minutes=30)
        self.move(order_id, manager.who, "done")

    def status_of(self, order_id: UUID) -> str:
        ((status,),) = self.world.query(
            "select status from live.standings where order_id = %s", order_id
        )
        return str(status)

    def approve(self, order_id: UUID, manager: Manager) -> None:
        self.world.now += timedelta(minutes=5)
        self.ask(c.AssignOwner, order_id, manager.who, user=manager.who.id, group="managers")
        self.world.now += manager.takes
        self.move(order_id, manager.who, "confirmed")

    def bring(self, order_id: UUID) -> None:
        for status, who, pieces in (
            ("assembling", PACKER, ("reserved", "assembled")),
            ("assembled", PACKER, None),
            ("handed_over", PACKER, ("assembled", "shipped")),
            ("delivering", COURIER, ("shipped", "delivered")),
            ("delivered", COURIER, None),
        ):
            self.move(order_id, who, status)
            if pieces is not None:
                self.move_pieces(order_id, who, *pieces)

    def move_pieces(self, order_id: UUID, who: Actor, source: str, target: str) -> None:
        moved = {"from_status": source, "to_status": target, "item_id": TEA.item_id}
        self.ask(c.MoveItem, order_id, who, quantity=self.pieces_of(order_id), **moved)

    def pieces_of(self, order_id: UUID) -> int:
        self.world.catch_up()
        ((pieces,),) = self.world.query(
            "select pieces from analytics.orders where order_id = %s", order_id
        )
        return int(pieces)

    def move(self, order_id: UUID, who: Actor, status: str) -> None:
        self.ask(c.ChangeStatus, order_id, who, to_status=status)

    def week(self, start: datetime, staff: Sequence[Manager], baskets: Sequence[int]) -> None:
        """Sell a week's orders."""
        self.world.now = start
        for number, quantity in enumerate(baskets):
            self.sell(quantity, staff, number)
        assert self.world.now < start + WEEK


def compared(world: World, start: datetime) -> list[Compared]:
    """Give what the managers did in two weeks, a month apart."""
    later = start + 4 * WEEK
    world.catch_up()
    with connect(world.url, role="orderpath_analyst") as session:
        reader = session.cursor(row_factory=dict_row)
        weeks = Period(start, start + WEEK), Period(later, later + WEEK)
        return [row for row in compare_periods(reader, *weeks) if row["role"] == "managers"]


def test_p36_p32_two_managers_and_a_robot_do_what_six_did_for_twice_the_revenue(
    world: World,
) -> None:
    shop = Shop(world)
    small, large = (TEA.quantity,) * 12, (LARGE,) * 2

    shop.week(NOW, managers(6, timedelta(hours=2)), small + large)
    publish(world, load_rule("robot_approves").content)
    shop.week(NOW + 4 * WEEK, managers(2, timedelta(seconds=30)), (small + large) * 2)

    before, after = compared(world, NOW)
    assert (before["people"], after["people"]) == (6, 2)
    assert (before["won"], after["won"]) == (14, 28)
    assert after["revenue_minor"] == 2 * before["revenue_minor"] > 0
    assert before["orders_per_person"] == 14 / 6
    assert after["orders_per_person"] == 28 / 2
    assert before["seconds"]["median"] == timedelta(hours=2).total_seconds()
    assert after["seconds"]["median"] == 30  # of the large ones; P32: 15 to 40 seconds
    assert (before["handled"], after["handled"]) == (14, 4)  # The robot took the others.
