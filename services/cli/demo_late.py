"""What the demo tells of orders that were late: who was told, and where the mail went."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from services.cli.output import how_many, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from services.bootstrap import Settings, System

CLOSED: Final = {
    "no_server": "ORDERPATH_SMTP_URL names no mail server",
    "elsewhere": "ORDERPATH_SMTP_URL is not on this machine, and a simulation writes to nobody",
}
HOW: Final = (
    "To see it: `python -m aiosmtpd -n -l localhost:8025` beside, and the same demo again with"
    " ORDERPATH_SMTP_URL=smtp+plain://localhost:8025 ORDERPATH_MAIL_FROM=shop@shop.example"
)


def told(system: "System", chosen: "Settings") -> dict[str, Any]:
    """Give what the JSON says of it; chosen: the settings that are not the demo's own."""
    from projections.reports.effects import Sought, list_effects
    from projections.reports.late import tell_late
    from services.effects import show_effect

    with system.snapshot() as reader:
        late = tell_late(reader)
        outlets = list_effects(reader, Sought(channel="mail"), limit=1)["outlets"]
    for one in late["told"] if late else ():
        if one["what"] == "mail":
            says = show_effect(system, one["id"])["says"]
            one["to"], one["title"] = says.get("to", one["to"]), says.get("subject", one["title"])
    counts: dict[str, Any] = {**next((one for one in outlets if one["outlet"] == "mail"), {})}
    mail = {state: counts.get(state, 0) for state in ("sent", "pending", "failed", "dead")}
    return {"late": late, "mail": {"closed": _closed(system.settings, chosen), **mail}}


def _closed(own: "Settings", chosen: "Settings") -> str | None:
    if own.smtp_url.get_secret_value():
        return None
    return "elsewhere" if chosen.smtp_url.get_secret_value() else "no_server"


def late_tables(
    late: Mapping[str, Any] | None, mail: Mapping[str, Any]
) -> "Iterator[RenderableType]":
    """Show one of the late orders, and whether mail went out."""
    if late is not None:
        yield table(
            f"{how_many(late['orders'], 'orders')} late; who was told of {_number(late)}",
            "when (UTC)", "what", "says", "to", "state",
            rows=([one[key] for key in ("at", "what", "title", "to", "state")]
                  for one in late["told"]),
        )  # fmt: skip
    waiting = mail["pending"] + mail["failed"]
    if mail["closed"] is not None and waiting:
        yield f"Mail is not sent: {CLOSED[mail['closed']]}. {waiting:,} wait. {HOW}"
    elif mail["closed"] is None:
        said = f"Mails that the server took: {mail['sent']:,}"
        yield f"{said}, that wait: {waiting:,}, that could not be sent: {mail['dead']:,}."


def late_commands(late: Mapping[str, Any] | None) -> Iterator[str]:
    """Give the commands that show more."""
    if late is not None:
        yield f"inbox --order {_number(late)}"
        yield f"order why {_number(late)}"
        yield f"effects list --order {_number(late)}"


def _number(late: Mapping[str, Any]) -> str:
    return str(late["external_id"] or late["order_id"])
