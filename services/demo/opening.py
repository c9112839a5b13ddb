"""Opens one of the ready-made shops before its story is played: paths published, shelves filled."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from domain.hints import hint
from domain.messages import Command
from domain.paths.commands import PublishPath
from domain.paths.path import OrderPath
from domain.refusals import Unusable
from domain.stock.commands import ReceiveStock
from services.bootstrap import SYSTEM, load_preset
from services.demo import SHOP
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
    """Publish the shop's paths and take in its goods; twice is nothing new.

    pieces: of each article, at its path's first location
    """
    shop = SHOPS[name]
    paths = {path: load_preset(path) for path in shop.paths}
    for command in _opening(shop, paths, pieces):
        system.execute(command)
    return Routes(shop, paths)


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


def _publish(path: OrderPath) -> PublishPath:
    command_id = uuid5(_OPENING, f"{path.path}:{path.content_hash}")
    return PublishPath(command_id=command_id, actor=SYSTEM, definition=path)
