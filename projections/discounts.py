"""Read model `discounts`: what is taken off what, from when and up to when, and what was."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from domain.messages import Recorded
from domain.products.discounts import DiscountEnded, DiscountSet
from projections.interface import Tx, as_json, given_and_ended


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
        given, ended = given_and_ended(_changes(batch))
        if given:
            tx.execute(_UPSERT, [as_json(given)])
        if ended:
            tx.execute(_END, [as_json(ended)])


def _changes(batch: Sequence[Recorded]) -> Iterator[tuple[str, dict[str, Any] | datetime]]:
    for recorded in batch:
        match recorded.event:
            case DiscountSet(discount=discount):
                yield discount.code, discount.model_dump()
            case DiscountEnded(code=code):
                yield code, recorded.occurred_at
            case _:
                pass


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
