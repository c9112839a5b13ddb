"""What the simulated shop sells, for how much, and when its orders come in."""

from bisect import bisect
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

from domain.orders.money import Line

START: Final = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
CURRENCY: Final = "GBP"
FREE_DELIVERY_MINOR: Final = 4_000
DELIVERY_MINOR: Final = {"courier": 450, "pickup_point": 250, "post": 350}


class Article(NamedTuple):
    """Something on the shelf; the share says how often it is bought."""

    sku: str
    title: str
    price_minor: int
    vat_bp: int
    share: int


ARTICLES: Final = (
    Article("TEA-ASSAM-250", "Assam tea, 250 g", 890, 0, 18),
    Article("TEA-GREEN-100", "Green tea, 100 g", 640, 0, 14),
    Article("TEA-EARL-250", "Earl Grey, 250 g", 950, 0, 14),
    Article("COFFEE-HOUSE-1K", "House coffee beans, 1 kg", 1_890, 0, 16),
    Article("COFFEE-DECAF-500", "Decaf coffee beans, 500 g", 1_150, 0, 6),
    Article("CUP-STONE", "Stoneware cup", 1_240, 2_000, 12),
    Article("POT-GLASS-1L", "Glass teapot, 1 l", 2_990, 2_000, 7),
    Article("GRINDER-HAND", "Hand grinder", 5_490, 2_000, 4),
    Article("KETTLE-STEEL", "Steel kettle", 7_900, 2_000, 3),
    Article("BOOK-BREWING", "The book of brewing", 1_650, 0, 4),
    Article("HONEY-500", "Heather honey, 500 g", 980, 0, 8),
)
UPSELL: Final = Article("SPOON-MEASURE", "Measuring spoon", 390, 2_000, 0)

# How lively the shop is: by weekday from Monday, and by hour of the day.
_DAYS: Final = (1.0, 0.95, 0.95, 1.0, 1.1, 1.35, 1.25)
_HOURS: Final = (
    0.4, 0.2, 0.1, 0.1, 0.1, 0.2, 0.5, 1.1, 2.0, 3.2, 4.3, 4.8,
    4.6, 4.0, 3.8, 3.7, 3.6, 3.9, 4.5, 5.2, 5.4, 4.4, 2.6, 1.1,
)  # fmt: skip


def arrivals(rng: Random, days: int, orders: int) -> list[datetime]:
    """Give the moments at which orders are placed, earliest first."""
    lively = [
        _DAYS[(START + timedelta(days=day)).weekday()] * hour
        for day in range(days)
        for hour in _HOURS
    ]
    sums = list(accumulate(lively))
    seconds = [
        bisect(sums, rng.random() * sums[-1]) * 3_600 + rng.randrange(3_600) for _ in range(orders)
    ]
    return [START + timedelta(seconds=second) for second in sorted(seconds)]


def basket(rng: Random, *, company: bool) -> tuple[Line, ...]:
    """Fill a basket with one to three different articles."""
    chosen: dict[str, Article] = {}
    for _ in range(1 + (rng.random() < 0.5) + (rng.random() < 0.25)):
        article = rng.choices(ARTICLES, [a.share for a in ARTICLES])[0]
        chosen[article.sku] = article
    return tuple(
        _line(rng, str(number), article, company=company)
        for number, article in enumerate(chosen.values(), 1)
    )


def upsell(number: int) -> Line:
    """Give the line that a manager talks a customer into."""
    return Line(
        item_id=str(number),
        sku=UPSELL.sku,
        title=UPSELL.title,
        quantity=1,
        unit_price_minor=UPSELL.price_minor,
        vat_bp=UPSELL.vat_bp,
        upsell=True,
    )


def _line(rng: Random, item_id: str, article: Article, *, company: bool) -> Line:
    quantity = rng.randrange(5, 25) if company else rng.choice((1, 1, 1, 2, 2, 3))
    price = quantity * article.price_minor
    return Line(
        item_id=item_id,
        sku=article.sku,
        title=article.title,
        quantity=quantity,
        unit_price_minor=article.price_minor,
        discount_minor=price // 20 if company else 0,
        vat_bp=article.vat_bp,
    )
