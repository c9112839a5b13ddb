"""The head of a log, as it is signed."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from domain.audit.heads import Tree, TreeHead, key_id_of

PUBLIC_KEY: Final = bytes(range(32))
HEAD: Final = TreeHead(
    log_id=UUID("0197b1de-0000-7000-8000-000000000001"),
    number=3,
    epoch=2,
    events=Tree(1_234, sha256(b"events").digest()),
    commands=Tree(567, sha256(b"commands").digest()),
    last_command=570,
    sealed_at=datetime(2026, 1, 31, 12, 0, 0, 7, tzinfo=UTC),
    key_id=key_id_of(PUBLIC_KEY),
    previous=bytes(32),
)
