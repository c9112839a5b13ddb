"""Events to stored bytes and back: pydantic models by stored name, personal fields sealed.

It is the mapper of the `eventsourcing` library, without its transcoder and module paths.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
)
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from domain.batch import NewEvent
from domain.catalog import EVENTS
from domain.messages import Event, Recorded
from domain.personal import Spec, personal_fields
from domain.reading import UNTIL_MENDED
from domain.refusals import InfraError
from domain.sights import READ, SIGHT, kind_of
from domain.upcasters import UPCASTERS, Upcaster, upcast
from infra.recorded_row import RecordedRow
from infra.sealing import (
    ERASED,
    PREFIX,
    SEALED,
    KeyRing,
    KeyUnreadable,
    Place,
    seal,
    unseal,
)

Keys = Mapping[UUID, bytes | None]
MOST_TOLD: Final = 1_000  # faults of one event


class EventUnreadable(InfraError, MapperDeserialisationError):
    """What stands in the log is not what its stored name says."""


class Encoded(NamedTuple):
    """An event as it goes into the log."""

    payload: str  # JSON, hashed and stored exactly so
    key_id: UUID | None
    reason: str | None


class EventMapper(Mapper[str]):
    """Encodes with the keys of a ring; decodes with the keys that come with the rows."""

    def __init__(
        self,
        ring: KeyRing | None = None,
        events: Mapping[str, type[Event]] = EVENTS,
        upcasters: Mapping[str, Upcaster] = UPCASTERS,
    ) -> None:
        super().__init__(JSONTranscoder())
        self.ring = ring or KeyRing()
        self._events = events
        self._upcasters = upcasters

    def encode(self, new: NewEvent, reason: str | None) -> Encoded:
        """Serialise an event; its personal fields and the reason under the subject's key."""
        event = new.decided.event
        spec = personal_fields(type(event))
        sealed = bool(spec) and _holds_personal(event, spec)
        if not sealed and reason is None:
            return Encoded(event.model_dump_json(exclude_none=True), None, None)
        if new.version is None:
            raise TypeError(f"{event.NAME} has no version yet to bind personal data to")
        key = self.ring.key_for(new.subject_id)
        place = Place(new.stream_id, new.version, event.NAME)
        body = event.model_dump(mode="json", exclude_none=True)
        _walk(body, spec, "", lambda text, field: seal(text, key.key, place, field))
        if reason is not None:
            reason = seal(reason, key.key, place, "reason")
        return Encoded(to_json(body).decode(), key.key_id, reason)

    def decode(self, row: RecordedRow, keys: Keys | None) -> Recorded:
        """Read a stored event. keys=None: personal fields read `[sealed]`.

        Raises: InfraError newer_version for an unknown stored name,
                EventUnreadable for bytes that are not what their name says, or whose key is not.
        """
        place = Place(row.stream_id, row.version, row.type)
        try:
            event = self._event(row, keys, place)
            reason = row.reason
            if reason is not None:
                reason = _opened(reason, row, keys, place, "reason")
        except KeyUnreadable as error:
            where = f"position {row.position} ({row.type} of {row.stream_id}) cannot be read"
            raise EventUnreadable("key_unreadable", f"{where}: {error}", row.stream_id) from error
        except (ValueError, LookupError, TypeError, InvalidTag) as error:
            why = _why(error)
            raise EventUnreadable(
                "event_unreadable",
                f"position {row.position} ({row.type} of {row.stream_id}) cannot be read: {why}. "
                f"{UNTIL_MENDED}",
                row.stream_id,
            ) from error
        return row.recorded(event, reason)

    def _event(self, row: RecordedRow, keys: Keys | None, place: Place) -> Event:
        old = self._upcasters.get(row.type)
        spec = personal_fields(self._class_of(row.type)) if old is None else old.personal
        if old is None and (not spec or row.key_id is None):
            return self._class_of(row.type).model_validate_json(row.payload)

        def opened(text: str, field: str) -> str:
            return _opened(text, row, keys, place, field)

        body = from_json(row.payload)
        if row.key_id is not None:  # Without, nothing in it is sealed, whatever it looks like.
            body = _walk(body, spec, "", opened)
        name, body = upcast(row.type, body, self._upcasters)
        return self._class_of(name).model_validate(body)

    def _class_of(self, name: str) -> type[Event]:
        found = self._events.get(name)
        if found is None:
            raise InfraError(
                "newer_version",
                f"The log holds events named {name}, which this version does not know: upgrade.",
            )
        return found

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Serve the library's interface, for a NewEvent wrapped as its domain event."""
        if not isinstance(domain_event, LibraryEvent):
            raise TypeError("only a LibraryEvent can be stored through the library's interface")
        new = domain_event.new
        if new.version is None:
            raise TypeError("an event without a version can only be appended through EventLog")
        encoded = self.encode(new, None)
        if encoded.key_id is not None:
            raise TypeError("personal data needs a stored key: append it through EventLog")
        return StoredEvent(
            originator_id=new.stream_id,
            originator_version=new.version,
            topic=new.decided.event.NAME,
            state=encoded.payload.encode(),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """Serve the library's interface: a row of the recorder gives an event with its place."""
        if not isinstance(stored_event, RecordedRow):
            raise TypeError("only rows of our recorder can be read")
        recorded = self.decode(stored_event, None)
        return LibraryRecorded(recorded)


@dataclass(frozen=True, slots=True)
class LibraryEvent:
    """A NewEvent in the shape of the library's domain event."""

    new: NewEvent

    @property
    def originator_id(self) -> str:
        return self.new.stream_id

    @property
    def originator_version(self) -> int:
        return self.new.version or 0


@dataclass(frozen=True, slots=True)
class LibraryRecorded:
    """A Recorded event in the shape of the library's domain event."""

    recorded: Recorded

    @property
    def originator_id(self) -> str:
        return self.recorded.stream_id

    @property
    def originator_version(self) -> int:
        return self.recorded.version


def _opened(text: str, row: RecordedRow, keys: Keys | None, place: Place, field: str) -> str:
    """Decrypt one value, if whoever is answered in this thread may read such: whatever answers a
    question, and however, it cannot tell what it did not get. What it got is noted.
    """
    sight = SIGHT.get()
    if sight is None or not text.startswith(PREFIX):
        return unseal(text, row.key_id, keys, place, field)
    if kind_of(field) not in sight.personal:
        return SEALED
    opened = unseal(text, row.key_id, keys, place, field)
    read = READ.get()
    if read is not None and opened not in (SEALED, ERASED):
        read.add(row.subject_id or row.stream_id)
    return opened


def _why(error: Exception) -> str:
    """Say why an event cannot be read, without what stands in it: that may be personal."""
    if isinstance(error, InvalidTag):
        return "a sealed value does not open here"
    if not isinstance(error, ValidationError):
        return type(error).__name__ if isinstance(error, UnicodeError) else str(error)
    count = error.error_count()
    if count > MOST_TOLD:  # It takes long to hear of them, also of the first.
        return f"it has {count} faults"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']} ({count} in all)"


def _holds_personal(model: Any, spec: Spec) -> bool:
    """Say whether any personal field is set: most events need no key."""
    for name, inner in spec.items():
        value = getattr(model, name, None)  # A union: not every part has every field.
        if value is None or value == ():
            continue
        if inner is True or any(_holds_personal(part, inner) for part in _parts(value)):
            return True
    return False


def _parts(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _walk(body: Any, spec: Spec | bool, path: str, change: Callable[[str, str], str]) -> Any:
    """Give the body with every personal text changed; objects are changed in place."""
    if isinstance(body, list):
        return [_walk(part, spec, f"{path}.{number}", change) for number, part in enumerate(body)]
    if isinstance(body, dict):
        inside = dict.fromkeys(body, True) if spec is True else spec or {}
        for name in inside.keys() & body.keys():
            body[name] = _walk(body[name], inside[name], f"{path}.{name}", change)
    return change(body, path) if isinstance(body, str) and spec is True else body
