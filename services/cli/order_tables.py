"""What people see of one order. Used by `orderpath order …` and at the end of the demo."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

from services.cli.amounts import amount, priced
from services.cli.output import span, table, words

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.order_view import View


def sheet(view: "View") -> "Iterator[RenderableType]":
    """Show the whole state of an order."""

    currency = view["currency"]
    yield table(None, "Order", str(view["order_id"]), rows=_facts(view))
    if view["items"]:
        names = ("title", "sku", "quantity", "unit_price_minor", "discount_minor", "pieces")
        yield table(
            "Items",
            "id",
            "title",
            "sku",
            "pieces>",
            "price>",
            "discount>",
            "status",
            rows=(
                [i, *(priced(n, item[n], currency) for n in names)]
                for i, item in view["items"].items()
            ),
        )
    yield from _goods_table(view)
    if view["payments"]:
        paid = ((name, sums, currency) for name, sums in view["payments"].items())
        yield _payments("Payments", paid)
    if view["other_payments"]:
        keyed = ((key.partition("."), sums) for key, sums in view["other_payments"].items())
        yield _payments(
            "Payments in other currencies, which do not count",
            ((name, sums, other) for (other, _, name), sums in keyed),
        )
    yield from _shipments_and_documents(view)
    yield table(
        "Statuses",
        "entered (UTC)",
        "status",
        "event>",
        rows=([s["entered_at"], s["status"], s["version"]] for s in view["statuses"]),
    )


def orders_table(answer: Mapping[str, Any]) -> "RenderableType":
    """Show a page of orders."""
    return table(
        "Orders",
        "placed (UTC)",
        "order",
        "status",
        "since (UTC)?",
        "due (UTC)?",
        "owner?",
        "total>",
        "payment?",
        rows=(
            [
                one["placed_at"],
                one["external_id"] or one["order_id"],
                one["status"],
                one["status_since"],
                one["due_at"],
                one["owner_user"] or one["owner_group"],
                amount(one["total_minor"], one["currency"]),
                one["payment_status"],
            ]
            for one in answer["orders"]
        ),
    )


def why_table(answer: Mapping[str, Any]) -> "RenderableType":
    """Show what led to each change: one line for each, back to whoever began it."""
    rows = [
        [
            chain[0]["occurred_at"],
            ", ".join(map(_what, chain[0]["events"])),
            " <- ".join(map(_led, chain[1:])) or "nothing before it",
            _whom(chain[0]),
            "; ".join(
                dict.fromkeys(filter(None, (allowed_by(e["way"]) for e in chain[0]["events"])))
            ),
            chain[0]["reason"],
        ]
        for chain in answer["chains"]
    ]
    return table(
        "Why", "when (UTC)", "what", "because of", "by", "allowed by?", "reason?", rows=rows
    )


def allowed_by(way: Mapping[str, Any] | None) -> str | None:
    """Say what let an order come to a status: the version of its path, the move, whom it asks for
    and what has to hold.
    """
    if way is None:
        return None
    said = [f"{way['path']} v{way['path_version']}: {way['from'] or 'nowhere'} to {way['to']}"]
    asked = way["transition"] or {}
    said += [f"{many} {', '.join(asked[many])}" for many in ("roles", "require") if asked.get(many)]
    if asked.get("guards"):
        said.append("guards " + ", ".join(guard["code"] for guard in asked["guards"]))
    said += ["override"] if asked.get("override") else []
    said += [way["how"]] if way["how"] != "moved" else []
    return ", ".join([*said, *way["nonconforming"]])


def _what(event: Mapping[str, Any]) -> str:
    """What happened; of a time limit, how much of it was used up."""
    return f"{event['type']} {event['level']}" if event["level"] else str(event["type"])


def _led(link: Mapping[str, Any]) -> str:
    """Who did what. Of a command out of reach nothing is known but that there is one."""
    return f"{_whom(link)}: {_what(link['events'][0])}" if link["events"] else "out of reach"


def _whom(link: Mapping[str, Any]) -> str:
    if link["actor"] is None:
        return "out of reach"
    actor, rule = link["actor"], link["rule"]
    said = f"{actor['kind']} {actor['id']}" + (f" v{rule['version']}" if rule else "")
    return f"{said} for {actor['on_behalf_of']}" if actor["on_behalf_of"] else said


def _goods_table(view: "View") -> "Iterator[RenderableType]":
    if view["goods"]:
        yield table(
            "Goods of the items, in pieces",
            "item", "sku", "kept at", "committed>", "missing>",
            rows=(
                [i, g["sku"], _places(g["kept"]), g["committed"], g["missing"]]
                for i, g in view["goods"].items()
            ),
        )  # fmt: skip


def _shipments_and_documents(view: "View") -> "Iterator[RenderableType]":
    if view["shipments"]:
        yield table(
            "Shipments",
            "id", "carrier", "track number", "status", "pieces by item",
            rows=([i, *one.values()] for i, one in view["shipments"].items()),
        )  # fmt: skip
    if view["documents"]:
        shown = ("kind", "series", "number", "status", "total_minor")
        yield table(
            "Documents",
            "id", "kind", "series", "number", "status", "total>",
            rows=(
                [i, *(priced(n, one[n], one["currency"]) for n in shown)]
                for i, one in view["documents"].items()
            ),
        )  # fmt: skip


def _payments(
    title: str, paid: "Iterable[tuple[str, Mapping[str, int], str | None]]"
) -> "RenderableType":
    """One row per payment: its id, its sums, and their currency."""
    from domain.orders.ledger import Kind

    kinds = get_args(Kind)
    return table(
        title,
        "id",
        *(f"{kind.replace('_', ' ')}>" for kind in kinds),
        rows=(
            [name, *(priced("_minor", sums[f"{kind}_minor"], currency) for kind in kinds)]
            for name, sums, currency in paid
        ),
    )


def reservation_lines(goods: Mapping[str, Mapping[str, Any]]) -> "Iterator[str]":
    """Explain what is kept for each item: `Item 1 (TEA): 2 of 3: main 2, 1 missing`."""
    from domain.stock.allocation import Allocation, Wanted

    for item_id, kept in goods.items():
        parts = kept["kept"]
        wanted = Wanted(item_id, kept["sku"], sum(parts.values()) + kept["missing"])
        if wanted.quantity:
            yield f"Item {item_id} ({wanted.sku}): {Allocation(wanted, parts).explanation}"


def allowed_tables(answer: Mapping[str, Any]) -> "Iterator[RenderableType]":
    """Show what is open first, then what is closed and why."""
    who = ", ".join(answer["as"]) or "anybody"
    moves = sorted(answer["moves"], key=lambda move: not move["open"])
    rows = ([m["to"], _door(m), ", ".join(m["asks"]), _against(m)] for m in moves)
    title = f"From {answer['status'] or 'no status'}, as {who}"
    yield table(title, "to", "", "has to be said", "stands against it", rows=rows)
    rows = ([f["field"], _door(f), _against(f)] for f in answer["fields"])
    yield table("Details", "field", "", "stands against editing it", rows=rows)


def _door(one: Mapping[str, Any]) -> str:
    return "open" if one["open"] else "closed"


def _against(one: Mapping[str, Any]) -> str:
    return "; ".join(unmet["message"] for unmet in one["unmet"])


_OWN_TABLES = frozenset(
    {
        "order_id", "items", "payments", "other_payments", "shipments", "documents", "statuses",
    }
)  # fmt: skip


def _facts(view: "View") -> Iterator[tuple[str, Any]]:
    currency = view["currency"]
    for name, value in view.items():
        if name in _OWN_TABLES or (name in _REFUND and view["refund_status"] == "none"):
            continue
        if (said := _in_words(name, value)) is not None:
            yield _name(name), said
        elif isinstance(value, dict):
            told = priced(name, value, currency).items()
            yield _name(name), {_name(key): one for key, one in told if one is not None}
        elif name == "discounts":
            off = [f"{one['code']} {amount(one['amount_minor'], currency)}" for one in value]
            yield from [(name, ", ".join(off))] if off else []
        elif value not in (None, []):
            yield _name(name), priced(name, value, currency)


_TABLES = frozenset({"order_id", "items", "goods", "payments", "other_payments", "statuses"})

_REFUND = frozenset({"granted_minor", "to_refund_minor", "refund_status"})

# What a placement also says; the JSON has it, people find it in `order show`.
_PLACED_TOO = frozenset(
    {
        "path_version", "placed_at", "order_type", "channel", "shop", "currency", "items_status",
        "totals.goods_minor", "totals.discount_minor", "totals.delivery_minor",
        "totals.vat_minor",
    }
)  # fmt: skip


def history_table(answer: Mapping[str, Any], of: str = "order") -> "RenderableType":
    """Show every change of an order or a customer; what one event changed stands together."""
    changes = answer["changes"]
    currency = next((c["to"] for c in changes if c["field"] == "currency"), None)
    return table(
        f"History of {of} {answer[f'{of}_id']} (UTC)",
        "#>", "when", "who", "what", "from?", "to", "why", "recorded!?",
        rows=_history_rows(changes, currency),
    )  # fmt: skip


def diff_table(answer: Mapping[str, Any], currency: str | None) -> "RenderableType":
    """Show what differs between two moments."""
    until = words(answer["to"]) if answer["to"] else "now"
    return table(
        f"Order {answer['order_id']}, {words(answer['from'])} to {until} (UTC)",
        "what", "from", "to",
        rows=(
            [_name(c["field"]), *(_value(c["field"], c[side], currency) for side in ("from", "to"))]
            for c in answer["changes"]
        ),
    )  # fmt: skip


def _history_rows(
    changes: Iterable[Mapping[str, Any]], currency: str | None
) -> Iterator[list[Any]]:
    version = 0
    for change in changes:
        if change["event"] == "order.placed.v1" and change["field"] in _PLACED_TOO:
            continue
        goes_on = change["version"] == version
        version = change["version"]
        derived = " (derived)" * (change["time_source"] == "derived")
        yield [
            "" if goes_on else version,
            "" if goes_on else words(change["occurred_at"]) + derived,
            "" if goes_on else _who(change["actor"], change.get("rule")),
            _name(change["field"]) + " (annulled)" * change["annulled"],
            _value(change["field"], change["from"], currency),
            _value(change["field"], change["to"], currency),
            "" if goes_on else _why(change),
            "" if goes_on else change["recorded_at"],
        ]


def _who(actor: Mapping[str, Any], rule: Mapping[str, Any] | None) -> str:
    name = actor["id"] if actor["kind"] == "user" else f"{actor['kind']} {actor['id']}"
    name = f"{name} v{rule['version']}" if rule else name
    name = f"{actor['at_source']} ({name})" if actor["at_source"] else name
    return f"{name} for {actor['on_behalf_of']}" if actor["on_behalf_of"] else name


def _why(change: Mapping[str, Any]) -> str:
    parts = [change["reason_code"], change["reason"]]
    if change["initiator"]:
        parts.append(f"by {change['initiator']}")
    parts += change["nonconforming"]
    return ", ".join(filter(None, parts))


def _name(field: str) -> str:
    """Write `items.1.quantity` as people say it: item 1 quantity."""
    for many, one in _SAID_SO.items():
        if field.startswith(many):
            field = one + field.removeprefix(many)
    return field.removesuffix("_minor").replace("_", " ").replace(".", " ")


_SAID_SO = {
    "items.": "item ",
    "goods.": "goods of item ",
    "payments.": "payment ",
    "other_payments.": "payment in ",
    "shipments.": "shipment ",
    "documents.": "document ",
    "totals.": "",
}


def _value(field: str, value: Any, currency: str | None) -> Any:
    if field.startswith("other_payments."):
        currency = field.split(".")[1]
    if (said := _in_words(field, value)) is not None:
        return said
    if not isinstance(value, dict):
        return priced(field, value, currency)
    if "sku" in value:
        price = amount(value["unit_price_minor"], currency)
        return f"{value['quantity']} x {value['title']} ({value['sku']}), {price} each"
    told = {key: one for key, one in value.items() if one not in (None, False, "", 0, {})}
    return {_name(key): one for key, one in priced(field, told, currency).items()}


def _in_words(field: str, value: Any) -> str | None:
    """Say what a list of names and values would not tell well; None: the list will do."""
    if not isinstance(value, dict):
        return None
    if field == "approval":
        return f"{value['to_status']}, by {value['approved_by']}"
    if field == "paused":
        left = (f"{span(seconds)} to {level}" for level, seconds in value["left_seconds"].items())
        return f"{value['status']}, {', '.join(left)}"
    if field.startswith("goods."):
        return _goods(value) if "kept" in value else _places(value)
    return None


def _goods(goods: Mapping[str, Any]) -> str:
    told = [_places(goods["kept"])] if goods["kept"] else []
    told += [f"{goods[name]} {name}" for name in ("committed", "missing") if goods[name]]
    return ", ".join(told) or "-"


def _places(kept: Mapping[str, int]) -> str:
    return ", ".join(f"{location} {pieces}" for location, pieces in kept.items()) or "-"
