"""Read model `discounts`: what is taken off what, from when and up to when, and what was."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.messages import Event, Recorded
from domain.products.discounts import DiscountEnded, DiscountSet
from projections.interface import Tx, given_and_ended, write


class Discounts:
    """One row per code, also of discounts that were ended; what a code meant before is gone."""

    name: Final = "discounts"
    version: Final = 1
    tables: Final = ("discounts",)
    ddl: Final[LiteralString] = """
        create table discounts (
            code          text primary key,
            title         text,
            sku           text,
            category      text,
            percent_bp    integer,
            amount_minor  bigint,
            currency      text,
            minimum_minor bigint,
            valid_from    timestamptz not null,
            valid_until   timestamptz,
            ended_at      timestamptz
        );
    """

    def apply(self, batch: Sequence[Recorded], tx: Tx) -> None:
        """Store each discount as it was set last, and when it was ended."""
        given, ended = given_and_ended(batch, _row, DiscountEnded)
        write(tx, _UPSERT, given)
        write(tx, _END, ended)


def _row(event: Event) -> dict[str, Any] | None:
    return event.discount.model_dump() if isinstance(event, DiscountSet) else None


_UPSERT: Final = """
    insert into discounts
    select x.*, null from json_to_recordset(%s::json) as x(
        code text, title text, sku text, category text, percent_bp integer, amount_minor bigint,
        currency text, minimum_minor bigint, valid_from timestamptz, valid_until timestamptz)
    on conflict (code) do update set
        title = excluded.title, sku = excluded.sku, category = excluded.category,
        percent_bp = excluded.percent_bp, amount_minor = excluded.amount_minor,
        currency = excluded.currency, minimum_minor = excluded.minimum_minor,
        valid_from = excluded.valid_from, valid_until = excluded.valid_until, ended_at = null
"""

_END: Final = """
    update discounts d set ended_at = x.ended_at
    from json_to_recordset(%s::json) as x(code text, ended_at timestamptz) where d.code = x.code
"""
