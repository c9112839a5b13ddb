"""Opens one of the ready-made shops before its story is played: its paths, templates and rules are
published, its teams are there, its shelves filled.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from domain.hints import hint
from domain.messages import Command
from domain.paths.commands import PublishPath
from domain.paths.definition import Definition
from domain.paths.path import OrderPath
from domain.refusals import Unusable
from domain.rules.actions import Move, Notify
from domain.rules.line import PublishRule
from domain.rules.rule import Rule
from domain.stock.commands import ReceiveStock
from domain.teams.commands import Come, SetMember
from domain.templates.line import PublishTemplate
from services.bootstrap import SYSTEM, load_preset, rule_files, template_files
from services.demo import SHOP
from services.demo.cast import cast_of
from services.demo.pult import PULT, PultStory, pult_path
from services.demo.routes import Routes
from services.demo.shops import SHOPS, DemoShop

if TYPE_CHECKING:
    from services.bootstrap import System

_OPENING: Final = UUID("2f0c6f3e-8d0f-5b52-9a35-0b1b8f9d9a44")


def check_shop(name: str) -> None:
    """See that there is a shop of this name. Raises: Unusable that says what may be meant"""
    names = (SHOP, *SHOPS, PULT)
    if name not in names:
        raise Unusable(f"no shop is named {name[:64]!r}{hint(name, names)}")


def opened_routes(system: "System", name: str, *, pieces: int) -> Routes:
    """Publish the shop's paths, templates and rules, call its teams, take in its goods; twice is
    nothing new.

    pieces: of each article, at its path's first location
    """
    shop = SHOPS[name]
    paths = {path: load_preset(path) for path in shop.paths}
    for command in _opening(shop, paths, pieces):
        system.execute(command)
    return Routes(shop, paths)


def rules_of(name: str) -> tuple[Rule, ...]:
    """Give the ready-made rules of a shop; some have none. Those that move orders are in shadow:
    in a story people do it, and `rule compare` sets both beside each other.
    """
    rules = rule_files.shop_rules(name) if name in rule_files.shop_names() else ()
    return tuple(
        rule.model_copy(update={"mode": "shadow"})
        if any(isinstance(act, Move) for act in rule.then)
        else rule
        for rule in rules
    )


def people_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """Invent addresses for those of the shop whom its rules tell: setting `contacts`."""
    told = (act.to for rule in rules_of(name) for act in rule.then if isinstance(act, Notify))
    return {
        f"{kind}:{who}": (f"{who}@{name.replace('_', '-')}.example",)
        for to in told
        if not isinstance(to, str)
        for kind, who in to.items()
    }


def opened_pult(system: "System", *, orders: int) -> PultStory:
    """Publish the path of the bad example; twice is nothing new."""
    system.execute(_publish(pult_path()))
    return PultStory(orders)


def conversions_of(name: str) -> list[tuple[str, str]]:
    """Give the ways that are worth measuring: from where orders start to where they end well."""
    paths = [pult_path()] if name == PULT else [load_preset(path) for path in SHOPS[name].paths]
    ways = [
        (path.initial[-1].status, code)
        for path in paths
        for code, status in path.statuses.items()
        if status.final == "success"
    ]
    return list(dict.fromkeys(ways))


def _opening(shop: DemoShop, paths: dict[str, OrderPath], pieces: int) -> Iterator[Command]:
    yield from map(_publish, paths.values())
    rules = rules_of(shop.name)
    for template in map(template_files.load_preset, sorted(_templates(rules))):
        yield PublishTemplate(**_envelope(template.template, template), definition=template)
    for rule in rules:
        yield PublishRule(**_envelope(rule.rule, rule), definition=rule)
    for group, role in shop.teams.items():
        yield from _team(shop.name, group, [one.id for one in cast_of(role)])
    stock = next((path.stock for path in paths.values() if path.stock), None)
    if stock is not None:
        for article in shop.articles:
            yield ReceiveStock(
                command_id=uuid5(_OPENING, f"{shop.name}:{article.sku}:{pieces}"),
                actor=SYSTEM,
                sku=article.sku,
                location=stock.locations[0],
                quantity=pieces,
            )


def _team(shop: str, group: str, users: Iterable[str]) -> Iterator[Command]:
    """Let these belong to a team and be there."""
    for user in users:
        for wish in (SetMember, Come):
            command_id = uuid5(_OPENING, f"{shop}:{wish.NAME}:{group}:{user}")
            yield wish(command_id=command_id, actor=SYSTEM, group=group, user=user)


def _publish(path: OrderPath) -> PublishPath:
    return PublishPath(**_envelope(path.path, path), definition=path)


def _envelope(name: str, definition: Definition) -> dict[str, Any]:
    command_id = uuid5(_OPENING, f"{name}:{definition.content_hash}")
    return {"command_id": command_id, "actor": SYSTEM}


def _templates(rules: Iterable[Rule]) -> set[str]:
    """Name what the messages of rules are made of."""
    return {act.template for rule in rules for act in rule.then if isinstance(act, Notify)}
