"""The keys of the seal: listed, and replaced by new ones that the old ones announce."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from domain.audit.heads import KeyStatement, SealKey, key_id_of
from domain.refusals import InfraError, Unusable
from services.audit.proofs import base64_of

if TYPE_CHECKING:
    from services.bootstrap import System


def rotate_key(system: "System", *, lost: bool = False) -> SealKey:
    """Make a new key that seals from now on. The old one signs that it follows, and is destroyed.

    It dies between two lines: before the new key is added, a file is left that signs nothing;
    after it, the old file is, and is destroyed by the next rotation or by hand.

    lost:   the old private key is gone, so nobody vouches for the new one: auditors have to be told
    Raises: Unusable if there is no key yet; InfraError seal_key_missing, seal_key_replaced
    """
    log_id, _ = system.audit.identity()
    known = system.audit.known_keys()
    if not known:
        raise Unusable("There is no key yet: the first head makes one.")
    before, keys = known[-1], system.seal_keys
    public_key = keys.make()
    new = SealKey(before.number + 1, key_id_of(public_key), public_key, system.clock(), None)
    try:
        if not lost:
            text = KeyStatement.of(log_id, before, new).text
            new = replace(new, signature=keys.sign(before.key_id, text))
        if not system.seal_store.add_key(new):
            message = f"Key {before.key_id} was replaced just now by somebody else."
            raise InfraError("seal_key_replaced", message)
    except InfraError:
        keys.destroy(new.key_id)
        raise
    for old in known:
        keys.destroy(old.key_id)
    return new


def list_keys(system: "System") -> list[dict[str, Any]]:
    """List the keys, the oldest first, and whether their private half is here."""
    log_id, _ = system.audit.identity()
    known = system.audit.known_keys()
    listed = []
    for before, key in zip([None, *known], known, strict=False):
        announced = None
        if before is not None:
            text = KeyStatement.of(log_id, before, key).text
            announced = key.signature is not None and system.audit.is_signed(
                text, key.signature, before.public_key
            )
        listed.append(
            {
                "number": key.number,
                "key_id": key.key_id,
                "public_key": base64_of(key.public_key),
                "added_at": key.added_at,
                "announced": announced,  # by the key before it; None: the first
                "seals": key is known[-1],
                "private_here": system.seal_keys.has(key.key_id),
            }
        )
    return listed
