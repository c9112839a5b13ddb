"""The shop as a warning: hi-fi since 2011, more than 500 statuses, orders that nobody ever closed.

Made up from a few words, the same every time. Each new manager added the statuses that he missed
and left the others alone, so that the same order goes five to ten ways. Its orders are told as
facts: no decision of ours ever led here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from domain.messages import Actor
from domain.orders import commands as c
from domain.paths.path import OrderPath
from services.demo.script import Step

PULT: Final = "pult"
OPENED: Final = datetime(2011, 1, 10, 9, tzinfo=UTC)
TODAY: Final = datetime(2026, 2, 27, 18, tzinfo=UTC)
LATEST: Final = TODAY - timedelta(days=3)  # nobody has looked at the newest orders either
KINDS: Final = 24  # of orders: each kind is one thing that could be done in one way
CLOSED_EVERY: Final = 40  # so many are open beside one that was closed

IMPORT: Final = Actor(kind="import", id="pult", roles=("import",))
_NAMESPACE: Final = UUID("3d8d2f6e-5f0d-5a4b-8e55-9c1f8f6f7b02")

# One a year, from 2011 on.
MANAGERS: Final = (
    "anna", "oleg", "irina", "max", "vera", "denis", "olga", "pavel",
    "sveta", "roman", "yulia", "kirill", "nina", "anton", "dasha", "victor",
)  # fmt: skip

# How they tell their statuses from those that are there already.
_MARKS: Final = (
    "{}", "{}!", "{}.", "{} 2", "{}?", "{} -", "* {}", "{} +",
    "{}…", "({})", "{} 3", "{}!!", "1 {}", "{} *", "{} =", "_{}_",
)  # fmt: skip


class Meaning(NamedTuple):
    """What sixteen statuses mean, and what one of ours means as well."""

    code: str
    en: str
    ru: str
    universal: str


MEANINGS: Final = (
    Meaning("call_client", "Call the client", "Позвонить клиенту", "new"),
    Meaning("call_back", "Call back later", "Перезвонить позже", "no_answer"),
    Meaning("no_reply", "Client does not reply", "Клиент не отвечает", "no_answer"),
    Meaning("thinking", "Client is thinking", "Клиент думает", "no_answer"),
    Meaning("listening", "Wants to listen in the showroom", "Хочет послушать в салоне", "new"),
    Meaning("listened", "Has listened in the showroom", "Послушал в салоне", "confirmed"),
    Meaning("agreed", "Agreed by phone", "Согласован по телефону", "confirmed"),
    Meaning("check_stock", "Check the stock", "Проверить наличие", "confirmed"),
    Meaning("ask_supplier", "Ask the supplier", "Запросить поставщика", "confirmed"),
    Meaning("supplier_said_yes", "Supplier has confirmed", "Поставщик подтвердил", "confirmed"),
    Meaning("awaiting_supply", "Awaiting supply", "Ждём поставку", "confirmed"),
    Meaning("at_customs", "Held at the customs", "На таможне", "confirmed"),
    Meaning("came_in", "Came into the warehouse", "Поступил на склад", "confirmed"),
    Meaning("set_aside", "Set aside on the shelf", "Отложен на полке", "confirmed"),
    Meaning("send_bill", "Send the bill", "Отправить счёт", "awaiting_payment"),
    Meaning("bill_sent", "Bill has been sent", "Счёт отправлен", "awaiting_payment"),
    Meaning("pays_tomorrow", "Will pay tomorrow", "Оплатит завтра", "awaiting_payment"),
    Meaning("credit", "Bank decides on credit", "Кредит на рассмотрении", "awaiting_payment"),
    Meaning("prepaid", "Prepaid in part", "Внесена предоплата", "awaiting_payment"),
    Meaning("money_in", "Money has come", "Деньги пришли", "paid"),
    Meaning("to_pack", "Give to packing", "Отдать на упаковку", "assembling"),
    Meaning("testing", "Being tested by the engineer", "На проверке у инженера", "assembling"),
    Meaning("boxed", "Boxed and sealed", "В коробке с пломбой", "assembled"),
    Meaning("waits_for_van", "Waits for the van", "Ждёт машину", "assembled"),
    Meaning("in_van", "Loaded into the van", "Загружен в машину", "handed_over"),
    Meaning("other_city", "Goes to another city", "Едет в другой город", "delivering"),
    Meaning("at_branch", "Lies at the branch", "Лежит в филиале", "at_pickup_point"),
    Meaning("not_home", "Nobody was at home", "Никого не было дома", "delivery_problem"),
    Meaning("new_day", "Another day was agreed", "Перенос на другой день", "delivery_problem"),
    Meaning("handed_out", "Handed out, papers are missing", "Выдан без документов", "delivered"),
    Meaning("papers", "Papers are with the accountant", "Документы у бухгалтера", "delivered"),
    Meaning("installing", "Installer is on his way", "Выехал установщик", "delivered"),
    Meaning("exchange", "Wants to exchange it", "Хочет обменять", "delivered"),
    Meaning("question", "Ask the director", "Спросить директора", "new"),
)  # fmt: skip


def pult_path() -> OrderPath:
    """Give the path of 549 statuses."""
    return OrderPath.model_validate(
        {
            "path": PULT,
            "title": {"en": "Hi-fi since 2011", "ru": "Hi-Fi с 2011 года"},
            "applies_to": [{"shop": PULT}],
            "stages": ["orders", "archive_2013"],
            "statuses": _statuses(),
            "initial": [{"status": "new"}],
            "transitions": _transitions(),
        }
    )


def to_universal() -> dict[str, str]:
    """Say which status of `universal` means the same as each of these."""
    ours = {_code(m, who): m.universal for m in MEANINGS for who in MANAGERS}
    others = {"do_not_use": "new", "archive": "cancelled", "refused": "cancelled"}
    return {"new": "new", "closed": "done", **ours, **others}


def _code(meaning: Meaning, manager: str) -> str:
    return f"{meaning.code}_{manager}"


def _statuses() -> dict[str, dict[str, Any]]:
    theirs = {
        _code(meaning, manager): {
            "stage": "orders",
            "title": {"en": mark.format(meaning.en), "ru": mark.format(meaning.ru)},
        }
        for meaning in MEANINGS
        for manager, mark in zip(MANAGERS, _MARKS, strict=True)
    }
    return {
        "new": {"stage": "orders", "title": {"en": "New", "ru": "Новый"}},
        **theirs,
        "do_not_use": {"stage": "orders"},
        "archive": {"stage": "orders", "title": {"en": "Archive", "ru": "Архив"}},
        "closed": {"stage": "orders", "final": "success", "color": "#d9463e",
                   "title": {"en": "Closed", "ru": "Закрыт"}},
        "refused": {"stage": "orders", "final": "failure",
                    "title": {"en": "Refused", "ru": "Отказ"}},
    }  # fmt: skip


def _transitions() -> list[dict[str, Any]]:
    """Everybody moves among his own statuses; those of the last manager lead nowhere else."""
    of = {who: [_code(meaning, who) for meaning in MEANINGS] for who in MANAGERS}
    all_of_them = [code for codes in of.values() for code in codes]
    leaving = [code for who in MANAGERS[:-1] for code in of[who]]
    return [
        {"from": "new", "to": [*all_of_them, "do_not_use"]},
        *({"from": codes, "to": codes} for codes in of.values()),
        {"from": ["new", *leaving], "to": ["closed", "refused"]},
        {"from": "new", "to": "closed"},
        {"from": "archive", "to": "archive"},
    ]


def ways_of(kind: int) -> list[tuple[str, ...]]:
    """Give the five to ten ways that orders of one kind go, the oldest first.

    All of them end where the first manager put such orders, and stay there.
    """
    between = (MEANINGS[kind + 2], MEANINGS[kind + 5])
    rest = _code(MEANINGS[kind + 8], MANAGERS[0])
    return [
        ("new", *(_code(meaning, manager) for meaning in between), rest)
        for manager in MANAGERS[: 5 + kind % 6]
    ]


class PultStory:
    """All orders since 2011, as one list of steps. Told like services.demo.story.Story.

    orders: that were never closed
    """

    until: Final = TODAY

    def __init__(self, orders: int) -> None:
        self.orders = orders + orders // CLOSED_EVERY
        self.sample_order = _order_id(0)

    @property
    def expected_steps(self) -> int:
        """One command tells all of an order."""
        return self.orders

    def steps(self) -> Iterator[Step]:
        """Give a step for each order: what is known of it."""
        for number in range(self.orders):
            yield Step(TODAY, number, 0, c.RecordFacts, IMPORT, self._told(number))

    def _told(self, number: int) -> Mapping[str, Any]:
        kind = number % KINDS
        placed_at = OPENED + (LATEST - OPENED) * number / self.orders
        year = placed_at.year - OPENED.year
        ways = ways_of(kind)
        way = ways[year % len(ways)]
        if number % (CLOSED_EVERY + 1) == CLOSED_EVERY:
            way = (*way[:-1], "closed")
        return {
            "command_id": uuid5(_order_id(number), f"facts:{self.orders}"),
            "order_id": _order_id(number),
            "path": PULT,
            "facts": (
                *_way_taken(number, way, placed_at, MANAGERS[year]),
                _goods(number, kind, placed_at),
            ),
        }


def _way_taken(
    number: int, way: tuple[str, ...], placed_at: datetime, manager: str
) -> Iterator[dict[str, Any]]:
    order_id = _order_id(number)
    placed, *later = way
    yield {
        "kind": "placed",
        "fact_id": uuid5(order_id, "placed"),
        "occurred_at": placed_at,
        "status": placed,
        "external_id": f"{placed_at.year}-{number + 1:05}",
        "actor": "site",
        "channel": "web",
        "shop": PULT,
        "currency": "RUB",
    }
    for rank, status in enumerate(later, 1):
        yield {
            "kind": "status",
            "fact_id": uuid5(order_id, f"status:{rank}"),
            "occurred_at": placed_at + timedelta(hours=5 * rank, minutes=number % 60),
            "status": status,
            "rank": rank,
            "actor": manager,
        }


def _goods(number: int, kind: int, placed_at: datetime) -> dict[str, Any]:
    """Every kind of order is about one article."""
    line = {
        "item_id": "1",
        "sku": f"HIFI-{kind + 1:02}",
        "title": f"Loudspeaker {kind + 1}",
        "quantity": 1 + number % 2,
        "unit_price_minor": 1_290_000 + 85_000 * kind,
    }
    fact = {"kind": "item", "fact_id": uuid5(_order_id(number), "item")}
    return {**fact, "occurred_at": placed_at, "line": line, "currency": "RUB"}


def _order_id(number: int) -> UUID:
    return uuid5(_NAMESPACE, f"order:{number}")
