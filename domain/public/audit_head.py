"""What is public of a head of the sealed log: a record of the audit topic, a line of a witness."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from domain.audit.heads import (
    KeyStatement,
    SealKey,
    SignedHead,
    SignedRestore,
    signed_note,
)
from domain.public.shapes import Moment, Public

MOST_NOTES: Final = 32  # of keys, and of restores, that a head tells: the newest


class AuditHead(Public):
    """What the log held at a moment, signed. `note` says it all; the rest is there to be read."""

    TYPE: ClassVar[str] = "audit.head.v1"

    type: Literal["audit.head.v1"]
    log_id: str
    epoch: Annotated[int, Field(description="of the log, raised when a backup is restored")]
    number: Annotated[int, Field(description="1, 2, 3, … of the log")]
    size: Annotated[int, Field(description="it is over the events at positions 1 to this one")]
    sealed_at: Moment
    key_id: Annotated[str, Field(description="of the key that signed")]
    public_key: Annotated[str, Field(description="of that key: Ed25519, 32 bytes in base64")]
    note: Annotated[str, Field(description="the signed note: text, empty line, signature line")]
    keys: Annotated[
        list[str] | None,
        Field(
            description="signed notes by which each key but the first was announced by the one "
            "before it, up to the key that signed, the oldest first"
        ),
    ] = None
    restores: Annotated[
        list[str] | None,
        Field(description="signed notes that say that a backup was restored, the oldest first"),
    ] = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a log beside its heads, so that whoever holds heads can follow them."""

    keys: Sequence[SealKey]  # the oldest first
    restores: Sequence[SignedRestore] = ()

    def public(self, signed: SignedHead) -> AuditHead:
        """Tell a head to the outside, with all that led to its key and its epoch."""
        return audit_head(
            signed,
            self._public_keys[signed.head.key_id],
            keys=self._key_notes(signed),
            restores=self._restore_notes(signed),
        )

    @property
    def _public_keys(self) -> Mapping[str, bytes]:
        return {key.key_id: key.public_key for key in self.keys}

    def _key_notes(self, signed: SignedHead) -> list[str]:
        log_id, notes = signed.head.log_id, []
        for before, key in zip(self.keys, self.keys[1:], strict=False):
            if before.key_id == signed.head.key_id:
                break
            if key.signature is not None:
                text = KeyStatement.of(log_id, before, key).text
                notes.append(signed_note(text, log_id, before.public_key, key.signature))
        return notes[-MOST_NOTES:]

    def _restore_notes(self, signed: SignedHead) -> list[str]:
        public_keys, notes = self._public_keys, []
        for one in self.restores:
            told = one.statement
            if told.epoch <= signed.head.epoch and told.key_id in public_keys:
                key = public_keys[told.key_id]
                notes.append(signed_note(told.text, told.log_id, key, one.signature))
        return notes[-MOST_NOTES:]


def audit_head(
    signed: SignedHead,
    public_key: bytes,
    *,
    keys: Sequence[str] = (),
    restores: Sequence[str] = (),
) -> AuditHead:
    """Tell a head to the outside. keys, restores: signed notes that go with it"""
    head = signed.head
    return AuditHead(
        type="audit.head.v1",
        log_id=str(head.log_id),
        epoch=head.epoch,
        number=head.number,
        size=head.events.size,
        sealed_at=head.sealed_at,
        key_id=head.key_id,
        public_key=b64encode(public_key).decode(),
        note=signed.note(public_key),
        keys=list(keys) or None,
        restores=list(restores) or None,
    )
