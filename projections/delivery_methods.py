"""Read model `delivery_methods`: how goods travel and what that costs, and how they did."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Event, Recorded
from domain.products.delivery_methods import DeliveryMethodEnded, DeliveryMethodSet
from projections.interface import Tx, given_and_ended, write


class DeliveryMethods:
    """One row per code as it was set last, also of methods that were ended."""

    name: Final = "delivery_methods"
    version: Final = 1
    tables: Final = ("delivery_methods",)
    ddl: Final[LiteralString] = """
        create table delivery_methods (
            code            text primary key,
            title           text,
            price_minor     bigint not null,
            currency        text not null,
            free_from_minor bigint,
            ended_at        timestamptz
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store each method as it was set last, and when it was ended."""
        given, ended = given_and_ended(batch, _row, DeliveryMethodEnded)
        write(tx, _UPSERT, given)
        write(tx, _END, ended)


def _row(event: Event) -> dict[str, Any] | None:
    return event.method.model_dump() if isinstance(event, DeliveryMethodSet) else None


_UPSERT: Final = """
    insert into delivery_methods
    select x.*, null from json_to_recordset(%s::json) as x(
        code text, title text, price_minor bigint, currency text, free_from_minor bigint)
    on conflict (code) do update set
        title = excluded.title, price_minor = excluded.price_minor, currency = excluded.currency,
        free_from_minor = excluded.free_from_minor, ended_at = null
"""

_END: Final = """
    update delivery_methods d set ended_at = x.ended_at
    from json_to_recordset(%s::json) as x(code text, ended_at timestamptz) where d.code = x.code
"""
