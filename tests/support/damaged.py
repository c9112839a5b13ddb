"""A log damaged from outside: events that cannot be read, or are gone, until it is mended."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from typing import Final, Literal

from infra.postgres import connect

How = Literal["spoilt", "gone", "torn", "garbled", "timeless", "impossible"]

_KEEP: Final = """
    create table public.damaged_was as select * from log.events
    where stream_id = any(%s) and version = %s
"""
_SPOIL: Final = """
    update log.events set payload = '{"nope": 1}' where stream_id = any(%s) and version = %s
"""
_TEAR: Final = """
    update log.events set payload = '{"nope": ' where stream_id = any(%s) and version = %s
"""
_GARBLE: Final = r"""
    update log.events set payload = '\x7b00ff' where stream_id = any(%s) and version = %s
"""
_TAKE_THE_TIME: Final = """
    update log.events set payload = convert_to(
        (convert_from(payload, 'UTF8')::jsonb || '{"due_at": "soon"}')::text, 'UTF8')
    where stream_id = any(%s) and version = %s
"""
_MAKE_IMPOSSIBLE: Final = """
    update log.events set payload = '{"changed": ["nope"]}', type = 'order.fields_changed.v1'
    where stream_id = any(%s) and version = %s
"""
_DELETE: Final = "delete from log.events where stream_id = any(%s) and version = %s"
_DAMAGE: Final = {
    "spoilt": _SPOIL, "gone": _DELETE, "torn": _TEAR, "garbled": _GARBLE,
    "timeless": _TAKE_THE_TIME, "impossible": _MAKE_IMPOSSIBLE,
}  # fmt: skip
_MISDEFINE: Final = """
    update log.definitions set body = jsonb_set(body::jsonb, %s, %s)::json
    where kind || '-' || name = %s
"""
_DEFINE_AGAIN: Final = """
    update log.definitions d set body = w.body from public.defined_was w
    where (d.kind, d.name, d.version) = (w.kind, w.name, w.version)
"""


@contextmanager
def damaged(url: str, *streams: str, how: How = "spoilt", version: int = 1) -> Iterator[None]:
    """Damage an event of each stream; it is as it was behind the block.

    how: `gone` shows only where something stands behind it; `torn` is no JSON any more, `garbled`
        no text either; `timeless` is a timer whose hour is no time; an order's `impossible` one
        reads well, and cannot have happened to it
    """
    which = [[*streams], version]
    with connect(url) as owner:
        owner.execute("alter table log.events disable trigger user")
        assert owner.execute(_KEEP, which).rowcount == len(streams), "each has such an event"
        owner.execute(_DAMAGE[how], which)
    yield
    with connect(url) as owner:
        owner.execute(_DELETE, which)
        owner.execute("insert into log.events select * from public.damaged_was")
        owner.execute("drop table public.damaged_was")
        owner.execute("alter table log.events enable trigger user")


def damage_key(url: str, subject: str) -> None:
    """Change the keys of a subject behind the back of Orderpath, as a disk does."""
    with connect(url) as owner, owner.transaction():
        owner.execute("alter table log.keys disable trigger user")
        owner.execute(_DAMAGE_KEY, (subject,))
        owner.execute("alter table log.keys enable trigger user")


_DAMAGE_KEY: Final = """
    update log.keys set key = set_byte(key, 30, get_byte(key, 30) # 1) where subject_id = %s
"""


@contextmanager
def misdefined(url: str, stream: str, *place: str, value: object) -> Iterator[None]:
    """Let what is published say something else at a place of its definition, in log.definitions
    alone; all of them are as they were behind the block.
    """
    with connect(url) as owner:
        owner.execute("alter table log.definitions disable trigger user")
        owner.execute("create table public.defined_was as select * from log.definitions")
        changed = owner.execute(_MISDEFINE, [["definition", *place], dumps(value), stream])
        assert changed.rowcount == 1, "it is published once"
    yield
    with connect(url) as owner:
        owner.execute(_DEFINE_AGAIN)
        owner.execute("drop table public.defined_was")
        owner.execute("alter table log.definitions enable trigger user")
