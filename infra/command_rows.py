"""Commands and their answers as log.commands has them. Used by infra.event_log."""

from typing import Any

from domain.batch import Answer, StoredOutcome
from domain.messages import Outcome
from domain.refusals import Unmet
from infra.body_hashes import BodyHashes


def command_row(number: int, answer: Answer, body_hash: bytes) -> dict[str, Any]:
    command = answer.command
    return {
        "no": number,
        "command_id": command.command_id,
        "name": command.NAME,
        "body_hash": body_hash.hex(),
        "outcome": answer.kind,
        "versions": answer.versions,
        "unmet": [unmet.model_dump(exclude_none=True) for unmet in answer.unmet],
        "correlation_id": command.correlation_id or command.command_id,
        "causation_id": command.causation_id,
        "actor_kind": command.actor.kind,
        "actor_id": command.actor.id,
        "on_behalf_of": command.actor.on_behalf_of,
        "source": command.source,
    }


def stored_outcome(row: tuple[Any, ...], hashes: BodyHashes) -> StoredOutcome:
    command_id, kind, first, last, versions, unmet, body_hash = row
    outcome = Outcome(
        command_id=command_id,
        kind=kind,
        first_position=first,
        last_position=last,
        versions=versions,
        unmet=tuple(Unmet.model_validate(one) for one in unmet),
        repeated=True,
    )
    return StoredOutcome(outcome, hashes.read(bytes(body_hash)))
