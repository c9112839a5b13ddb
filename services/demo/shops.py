"""The shops that the demo can play beside our own, as data: what they sell and which ways their
orders take.

A route is a row of steps, `who what`: a status to enter, or one of the acts of services.demo.acts
(`pays cod`, `delivers`, `tries done`: this one is refused). `it confirmed` is where the order has
come by itself. Shares are of a hundred, more or less.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.demo.shop import Article

RETURN: Final = ", it rests, manager returns, manager refunds"


@dataclass(frozen=True, slots=True)
class Route:
    """One way that orders take."""

    share: int  # how often, compared with the other routes
    steps: str
    starts: str = "new"  # where the path lets it begin
    channel: str = "web"
    order_type: str = "private"
    placed_by: str = "client"
    paid_by: str | None = None  # the method, if the money is in from the start
    special: bool = False  # one article is of a kind that nobody has in stock


@dataclass(frozen=True, slots=True)
class DemoShop:
    """A shop: its ready-made paths, its shelves, its routes."""

    name: str
    paths: tuple[str, ...]
    articles: tuple[Article, ...]
    routes: tuple[Route, ...]
    teams: Mapping[str, str] = field(default_factory=dict)  # group -> role of its members


_MUGS: Final = (
    Article("MUG-WHITE", "White mug", 900, 2_000, 5),
    Article("MUG-BLUE", "Blue mug", 1_100, 2_000, 3),
    Article("BOWL", "Bowl", 1_500, 2_000, 2),
)
_SHOES: Final = (
    Article("SHOE-41", "Walking shoe, 41", 6_900, 2_000, 3),
    Article("SHOE-42", "Walking shoe, 42", 6_900, 2_000, 4),
    Article("LACES", "Laces", 450, 2_000, 3),
)
_LAMPS: Final = (
    Article("LAMP-DESK", "Desk lamp", 4_500, 2_000, 4),
    Article("LAMP-FLOOR", "Floor lamp", 9_900, 2_000, 2),
    Article("BULB-E27", "Bulb E27", 350, 2_000, 6),
)
_CLOTHES: Final = (
    Article("ROMPER-68", "Romper, 68", 2_400, 0, 4),
    Article("CAP-KNIT", "Knitted cap", 1_200, 0, 3),
    Article("SOCKS-3", "Socks, three pairs", 800, 0, 5),
)
_HAIR: Final = (
    Article("FOAM-60", "Foam, 60 ml", 2_490, 2_000, 5),
    Article("SERUM-30", "Serum, 30 ml", 3_900, 2_000, 2),
    Article("SHAMPOO-250", "Shampoo, 250 ml", 1_290, 2_000, 3),
)
_CAR: Final = (
    Article("MAT-RUBBER", "Rubber mats", 3_900, 2_000, 4),
    Article("MIRROR-WIDE", "Wide mirror", 2_700, 2_000, 3),
    Article("SPOILER", "Spoiler", 12_900, 2_000, 1),
)
_FOOD: Final = (
    Article("BREAD-RYE", "Rye bread", 320, 0, 6),
    Article("MILK-1L", "Milk, 1 l", 140, 0, 6),
    Article("CHEESE-300", "Cheese, 300 g", 590, 0, 4),
)
_GIFTS: Final = (
    Article("GIFT-BOX", "Gift box", 3_300, 2_000, 3),
    Article("CANDLE", "Candle", 1_100, 2_000, 4),
)
_SWEETS: Final = (
    Article("CARAMEL-1K", "Caramel, 1 kg", 1_700, 0, 5),
    Article("LOLLY-50", "Fifty lollies", 1_250, 0, 4),
    Article("JAR", "Jar", 600, 2_000, 2),
)

_BASIC = "manager assembles, manager ships, manager delivers"
_BASE = "manager confirmed, warehouse collected, warehouse delivering"
_FIRM = (
    "manager confirmed, manager issues invoice, manager invoiced, it rests, gateway pays transfer,"
    " gateway paid, warehouse collected, warehouse issues waybill, warehouse delivering"
)
_SALES = "operator issues invoice, operator invoiced"
_ROMPER = "warehouse assembled, warehouse delivering"
_AGREED = "manager calls reached, manager confirmed"
_PARCEL = "warehouse assembled, warehouse handed_over, warehouse tracks, carrier delivering"
_PARTS = "warehouse packed, warehouse delivering, courier delivers"

SHOPS: Final = {
    shop.name: shop
    for shop in (
        DemoShop(
            "amocrm_basic", ("amocrm_basic",), _MUGS,
            (
                Route(60, f"manager in_work, manager pays card, {_BASIC}, manager done"),
                Route(15, f"manager in_work, manager pays card, {_BASIC}, manager done" + RETURN),
                Route(5, f"manager tries done, manager in_work, {_BASIC}, manager tries done"),
                Route(10, "manager in_work, manager cancelled"),
                Route(10, "client cancelled"),
            ),
        ),
        DemoShop(
            "amocrm_eshop", ("amocrm_eshop",), _SHOES,
            (
                Route(45, "manager awaiting_payment, gateway pays card, gateway paid,"
                          " storekeeper assembled, storekeeper packed, storekeeper in_transit,"
                          " carrier at_pickup_point, carrier delivered"),
                Route(25, "manager awaiting_payment, gateway pays card, gateway paid,"
                          " storekeeper assembled, storekeeper packed, storekeeper with_courier,"
                          " courier delivered" + RETURN),
                Route(10, "manager awaiting_payment, it rests, manager cancelled"),
                Route(5, "manager awaiting_payment, gateway tries paid, gateway pays card,"
                         " gateway paid, manager tries assembled"),
                Route(15, "client cancelled"),
            ),
        ),
        DemoShop(
            "retailcrm_base", ("retailcrm_base",), _LAMPS,
            (
                Route(60, f"{_BASE}, courier delivers, courier pays cash, courier done"),
                Route(15, f"{_BASE}, courier delivers_most, courier pays cash, courier done"),
                Route(5, "manager tries delivering, manager confirmed, manager tries collected"),
                Route(20, "manager cancelled"),
            ),
        ),
        DemoShop(
            "retailcrm_types", ("retailcrm_private", "retailcrm_company"), _LAMPS,
            (
                Route(50, "manager confirmed, warehouse collected, warehouse issues waybill,"
                          " warehouse delivering, courier delivers, courier pays cod,"
                          " courier issues receipt, courier done"),
                Route(15, "client cancelled"),
                Route(25, f"{_FIRM}, courier delivers, manager issues act, manager done",
                      order_type="company"),
                Route(4, "manager confirmed, warehouse tries collected, manager cancelled",
                      order_type="company"),
                Route(6, "manager confirmed, manager issues invoice, manager invoiced, it rests,"
                         " manager cancelled", order_type="company"),
            ),
        ),
        DemoShop(
            "salesplatform", ("salesplatform",), _LAMPS,
            (
                Route(45, f"{_SALES}, it rests, gateway pays transfer, warehouse packed,"
                          " courier shipping, courier delivered, operator closed",
                      channel="phone", placed_by="operator"),
                Route(30, f"{_SALES}, warehouse packed, courier shipping, courier delivered,"
                          " operator tries closed, gateway pays transfer, operator closed"),
                Route(10, f"{_SALES}, it rests, operator cancelled", channel="phone",
                      placed_by="operator"),
                Route(15, "operator cancelled"),
            ),
        ),
        DemoShop(
            "koftenyshi", ("koftenyshi",), _CLOTHES,
            (
                Route(35, f"{_ROMPER}, carrier delivers, carrier done", starts="assembling",
                      channel="marketplace", placed_by="marketplace", paid_by="marketplace"),
                Route(8, f"{_ROMPER}, carrier not_bought_out, manager refunds",
                      starts="assembling", channel="marketplace", placed_by="marketplace",
                      paid_by="marketplace"),
                Route(25, f"{_AGREED}, warehouse assembling, {_ROMPER}, carrier delivers,"
                          " carrier pays cash, carrier done"),
                Route(12, "manager calls no_answer, manager no_answer, manager calls reached,"
                          f" manager suggests, manager confirmed, warehouse assembling, {_ROMPER},"
                          " carrier delivers_most, carrier pays cash, carrier done"),
                Route(3, "warehouse edits_phone, manager edits_phone, manager confirmed,"
                         f" warehouse assembling, {_ROMPER}"),
                Route(17, "manager calls no_answer, manager no_answer, it rests,"
                          " manager calls busy, manager cancelled"),
            ),
        ),
        DemoShop(
            "minoxidil", ("minoxidil",), _HAIR,
            (
                Route(45, f"warehouse assembling, {_PARCEL}, carrier delivers, carrier done",
                      starts="confirmed", paid_by="card"),
                Route(25, f"manager confirmed, warehouse assembling, {_PARCEL}, carrier delivers,"
                          " carrier pays cod, carrier done"),
                Route(8, f"manager confirmed, warehouse assembling, {_PARCEL},"
                         " carrier not_bought_out"),
                Route(4, "warehouse assembling, warehouse assembled, warehouse handed_over,"
                         " warehouse tries delivering, warehouse tracks, carrier delivering",
                      starts="confirmed", paid_by="card"),
                Route(18, "manager cancelled"),
            ),
        ),
        DemoShop(
            "city_tuning", ("city_tuning",), _CAR,
            (
                Route(40, "manager reserving, it confirmed, manager packed,"
                          " warehouse delivering, courier delivers, courier pays cash,"
                          " courier done"),
                Route(20, "manager reserving, it confirmed, manager awaiting_payment,"
                          f" gateway pays card, gateway paid, {_PARTS}, courier done"),
                Route(20, "manager reserving, manager tries confirmed, manager to_buy, buyer buys,"
                          " buyer bought, it rests, buyer shelves, it confirmed,"
                          " manager awaiting_payment, gateway pays card, gateway paid,"
                          f" {_PARTS}, courier done", special=True),
                Route(8, "manager reserving, manager to_buy, it rests, manager cancelled",
                      special=True),
                Route(12, "client cancelled"),
            ),
            teams={"managers": "manager"},
        ),
        DemoShop(
            "edoque", ("edoque",), _FOOD,
            (
                Route(65, "manager sent, warehouse packs, warehouse with_courier,"
                          " courier delivers, courier pays cash, courier done"),
                Route(15, "manager sent, warehouse packs, warehouse with_courier,"
                          " courier delivers_most, courier pays card_terminal, courier done"),
                Route(5, "manager sent, warehouse tries with_courier, warehouse packs"),
                Route(5, "manager sent, warehouse packs, warehouse with_courier,"
                         " courier cancelled"),
                Route(10, "client cancelled"),
            ),
        ),
        DemoShop(
            "kupidon", ("kupidon",), _GIFTS,
            (
                Route(70, "manager agreed, warehouse packed, courier delivering,"
                          " courier delivers, courier pays cash, courier done"),
                Route(5, "manager tries packed, manager agreed, manager cancelled"),
                Route(15, "manager cancelled"),
                Route(10, "client cancelled"),
            ),
        ),
        DemoShop(
            "karamelka", ("karamelka",), _SWEETS,
            (
                Route(65, "manager purchasing, buyer buys, buyer receives, it packing,"
                          " packer shipped, carrier delivers, carrier pays cod, carrier done"),
                Route(10, "manager purchasing, buyer buys, packer tries packing, buyer receives,"
                          " it packing, packer shipped, carrier delivers, carrier pays cod,"
                          " carrier done" + RETURN),
                Route(10, "manager purchasing, it rests, manager cancelled"),
                Route(15, "client cancelled"),
            ),
        ),
    )
}  # fmt: skip
