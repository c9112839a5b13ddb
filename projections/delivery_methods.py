"""Read model `delivery_methods`: how goods travel and what that costs, and how they did."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.products.delivery_methods import DeliveryMethodEnded, DeliveryMethodSet
from projections.interface import Tx, as_json, given_and_ended


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
        given, ended = given_and_ended(_changes(batch))
        if given:
            tx.execute(_UPSERT, [as_json(given)])
        if ended:
            tx.execute(_END, [as_json(ended)])


def _changes(batch: Sequence[Recorded]) -> Iterator[tuple[str, dict[str, Any] | datetime]]:
    for recorded in batch:
        match recorded.event:
            case DeliveryMethodSet(method=method):
                yield method.code, method.model_dump()
            case DeliveryMethodEnded(code=code):
                yield code, recorded.occurred_at
            case _:
                pass


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
