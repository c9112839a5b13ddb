"""Plays an order of one of the shops along a route: who acts, how long it takes, what is said."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from domain.messages import Actor
from domain.orders import commands as c
from domain.orders.events import Delivery
from domain.orders.money import Line
from domain.paths.path import OrderPath
from domain.paths.transitions import Transition
from services.demo.acts import ACTS
from services.demo.cast import cast_of
from services.demo.script import OFFICE, STREET, WAREHOUSE, Hours, Script
from services.demo.shop import CURRENCY, Article
from services.demo.shops import DemoShop, Route

LATE: Final = 0.06  # of all stays last longer than they may
_REST: Final = 3 * 24 * 60  # minutes that `it rests` at most
_HOURS: Final[Mapping[str, Hours]] = {
    **dict.fromkeys(("manager", "operator", "buyer", "lead"), OFFICE),
    **dict.fromkeys(("warehouse", "storekeeper", "packer"), WAREHOUSE),
    **dict.fromkeys(("courier", "carrier"), STREET),
}


class Step(NamedTuple):
    """One word of a route: who does what, and with what."""

    who: str
    what: str
    with_what: str


def steps_of(route: Route) -> Iterator[Step]:
    """Read a route."""
    for words in route.steps.split(","):
        who, what, *rest = words.split()
        yield Step(who, what, " ".join(rest))


class Routes:
    """All that happens to the orders of a shop. `play` is a scene of services.demo.story."""

    def __init__(self, shop: DemoShop, paths: Mapping[str, OrderPath]) -> None:
        self.name = shop.name
        self._shop = shop
        self._paths = paths
        self._shares = [route.share for route in shop.routes]

    @property
    def ends(self) -> frozenset[str]:
        """Where a good story ends."""
        statuses = (path.statuses.items() for path in self._paths.values())
        return frozenset(code for each in statuses for code, s in each if s.final == "success")

    def play(self, s: Script) -> None:
        """Tell the whole life of one order."""
        route = s.rng.choices(self._shop.routes, self._shares)[0]
        path = self._path_of(route)
        people: dict[str, Actor] = {"client": s.buyer.actor}
        self._place(s, route, _person(s, people, route.placed_by))
        for step in steps_of(route):
            if step.what in path.statuses and step.who == "it":
                s.status = step.what
            elif step.what == "rests":
                s.wait(60, _REST)
            else:
                actor = _person(s, people, step.who)
                _wait(s, path, step)
                _do(s, path, actor, step)

    def _path_of(self, route: Route) -> OrderPath:
        def fits(path: OrderPath) -> bool:
            types = path.applies_to[0].get("order_type", (route.order_type,))
            return route.order_type in types

        return next(filter(fits, self._paths.values()))

    def _place(self, s: Script, route: Route, actor: Actor) -> None:
        lines = _basket(s, self._shop.articles)
        if route.special:
            sku = f"SPECIAL-{s.order + 1:05}"  # Nobody has it in stock, and no two are alike.
            special = Article(sku, "Made to order", 14_900, 2_000, 0)
            lines.append(_line(str(len(lines) + 1), special, 1))
        s.lines = {line.item_id: line for line in lines}
        s.bought_lines = tuple(lines[-1:] if route.special else lines)
        s.status = route.starts
        paid = route.paid_by and {"method": route.paid_by, "charged": True}
        told: dict[str, Any] = {"payment": paid} if paid else {}
        s.send(
            c.PlaceOrder,
            actor,
            order_type=route.order_type,
            channel=route.channel,
            shop=self._shop.name,
            external_id=f"{self._shop.name.upper()}-{10_001 + s.order}",
            customer=s.buyer.customer,
            delivery=Delivery(method="courier", address=s.buyer.address),
            currency=CURRENCY,
            lines=tuple(lines),
            **told,
        )
        s.may_be_forgotten()


def _person(s: Script, people: dict[str, Actor], role: str) -> Actor:
    """The same people stay with an order."""
    if role not in people:
        people[role] = s.rng.choice(cast_of(role))
    return people[role]


def _wait(s: Script, path: OrderPath, step: Step) -> None:
    """To leave a status takes its time, now and then too long; what is done within it is quick."""
    limit = path.statuses[s.status].limit
    longest = 60
    if step.what in path.statuses and limit is not None:
        whole = limit.wall or limit.working or timedelta()
        longest = max(int(whole.total_seconds() / 60 * (3 if s.happens(LATE) else 0.8)), 2)
    s.wait(1, longest, _HOURS.get(step.who))


def _do(s: Script, path: OrderPath, actor: Actor, step: Step) -> None:
    if step.what not in path.statuses:
        ACTS[step.what](s, actor, step.with_what)
        return
    rule = path.matrix[s.status, step.what]
    if path.statuses[step.what].final == "failure":
        s.move(step.what, actor, **_why(s, rule, step.who))
    elif "reason" in rule.require:
        s.move(step.what, actor, reason="As agreed on the phone")
    else:
        s.move(step.what, actor)


def _why(s: Script, rule: Transition, who: str) -> dict[str, str]:
    initiator = {"client": "client", "carrier": "carrier", "courier": "carrier"}.get(who)
    return {
        "reason_code": s.rng.choice(rule.reasons),
        "initiator": initiator or s.rng.choice(("client", "shop")),
    }


def _basket(s: Script, articles: tuple[Article, ...]) -> list[Line]:
    count = s.rng.choices((1, 2), (70, 30))[0]
    chosen = s.rng.choices(articles, [article.share for article in articles], k=count)
    different = list(dict.fromkeys(chosen))
    return [
        _line(str(number), article, s.rng.choice((1, 1, 2, 3)))
        for number, article in enumerate(different, 1)
    ]


def _line(item_id: str, article: Article, quantity: int) -> Line:
    return Line(
        item_id=item_id,
        sku=article.sku,
        title=article.title,
        quantity=quantity,
        unit_price_minor=article.price_minor,
        vat_bp=article.vat_bp,
    )
