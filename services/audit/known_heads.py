"""Compares a head that was there with the log as it is now, before the sealer signs another one.

Who cannot sign could otherwise cut heads off, change what was under them and have it sealed anew.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from domain.audit.heads import SealKey, SignedHead, SignedRestore
from domain.audit.records import SealState
from domain.refusals import InfraError
from services.audit.head_chain import HeadChain, IsSigned

PAGE: Final = 1_000  # heads that are read at once


class HeadSource(Protocol):
    """The heads of the database and what explains them. infra.seal_store is behind it."""

    def heads(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Give the next heads behind a number."""

    def known_keys(self) -> Sequence[SealKey]:
        """Give every public key, the oldest first."""

    def restores(self) -> Sequence[SignedRestore]:
        """Give every restore that was announced, the oldest first."""


def is_there(source: HeadSource, state: SealState, known: SignedHead, is_signed: IsSigned) -> bool:
    """Say whether the last head is one that was known, or signed heads lead from that one to it.

    False: it went with a restore that was announced, and signed.
    Raises: InfraError witness_ahead
    """
    if (
        state.last is not None
        and state.last.head == known.head
        and known.head.log_id == state.log_id
    ):
        return True
    chain = HeadChain(state.log_id, source.known_keys(), is_signed)
    if _leads_on(source, state, known, chain):
        return True
    ours = known.head.log_id == state.log_id
    if ours and chain.is_announced(known.head, source.restores()):
        return False
    head = known.head
    raise InfraError(
        "witness_ahead",
        f"Head {head.number} over {head.events.size} events was signed, and the log does not have "
        "it, or what follows it is not signed: it was restored, or changed outside of Orderpath. "
        "Nothing is sealed until that is settled. Run `orderpath audit verify --witness` with "
        "heads that were held outside; if it was restored, and only then, say `orderpath log "
        "restored` where the key of the seal is.",
    )


def _leads_on(source: HeadSource, state: SealState, known: SignedHead, chain: HeadChain) -> bool:
    """Say whether the known head and each behind it are there, each following the one before."""
    if state.last is None:
        return False
    found, after = len(chain.findings), known.head.number - 1  # Keys are judged by audit verify.
    while after < state.last.head.number:
        page = source.heads(after, PAGE)
        if after == known.head.number - 1 and (not page or page[0].head != known.head):
            return False
        for signed in page:
            chain.add(signed, is_first=signed.head == known.head)
        if len(chain.findings) > found or not page:
            return False
        after = page[-1].head.number
    return after >= known.head.number
