"""What a check of the sealed log found, as it is told; and several goes over one log as one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from services.audit.proofs import head_dict, public_keys

if TYPE_CHECKING:
    from services.audit.ports import SealedLog
    from services.audit.verify import Report

_COUNTED: Final = ("events", "commands", "heads", "seconds", "more_findings")


def report_dict(log: "SealedLog", report: "Report") -> dict[str, Any]:
    """Give a report with stable keys."""
    known = public_keys(log)
    head = report.head
    return {
        "intact": report.is_intact,
        "log_id": str(report.log_id),
        "epoch": report.epoch,
        "from": report.first,
        "to": report.last,
        "events": report.events,
        "commands": report.commands,
        "heads": report.heads,
        "witnessed": report.witnessed,
        "unsealed": report.unsealed,
        "head": head and head_dict(head, known.get(head.head.key_id, b"")),
        "seconds": round(report.seconds, 3),
        "restores": [asdict(one) for one in report.restores],
        "findings": [asdict(one) for one in report.findings],
        "more_findings": report.more_findings,
        "next": report.next,
    }


def joined(goes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the reports of goes that followed each other as one."""
    first, last = goes[0], goes[-1]
    findings: list[Any] = []
    for go in goes:  # What is wrong with a key is found by each of them.
        findings += [one for one in go["findings"] if one not in findings]
    sums = {name: sum(go[name] for go in goes) for name in _COUNTED}
    return {
        **last,
        **sums,
        "from": first["from"],
        "intact": all(go["intact"] for go in goes),
        "seconds": round(sums["seconds"], 3),
        "head": next((go["head"] for go in reversed(goes) if go["head"] is not None), None),
        "findings": findings,
    }
