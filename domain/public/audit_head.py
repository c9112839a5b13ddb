"""What is public of a head of the sealed log: a record of the audit topic, a line of a witness."""

from base64 import b64encode
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.audit.heads import SignedHead
from domain.public.shapes import Moment, Public


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


def audit_head(signed: SignedHead, public_key: bytes) -> AuditHead:
    """Tell a head to the outside."""
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
    )
