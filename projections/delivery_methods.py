"""Read model `delivery_methods`: how goods travel and what that costs, and how they did."""

from collections.abc import Sequence
from typing import Final, LiteralString

from domain.messages import Recorded
from domain.products.delivery_methods import DeliveryMethodEnded, DeliveryMethodSet
from projections.interface import Tx, as_json


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
        for recorded in batch:
            match recorded.event:
                case DeliveryMethodSet(method=method):
                    tx.execute(_UPSERT, [as_json([method.model_dump()])])
                case DeliveryMethodEnded(code=code):
                    tx.execute(_END, [recorded.occurred_at, code])
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

_END: Final = "update delivery_methods set ended_at = %s where code = %s"
