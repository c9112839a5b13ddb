"""What cannot even be read of definitions, heads and keys is named, and hides nothing else."""

import pytest

from tests.integration.audit.sealed import SealedShop

ALTERED = "update log.events set reason = 'x' where position = 30"
TIMES = ("'infinity'", "'-infinity'", "'20000-01-01'", "'4000-01-01 BC'")
BODIES = {
    "statuses that are none": """'{"statuses": 5}'""",
    "no object": "'5'",
    "a number that is none": """'{"statuses": [{"status_no": "x"}]}'""",
    "a number that is too large": """'{"statuses": [{"status_no": 3000000000}]}'""",
    "lists in lists": "(repeat('[', 3000) || repeat(']', 3000))::json",
    "a number of 5,001 digits": """('{"a": 1' || repeat('0', 5000) || '}')::json""",
    "half a character": r"""'{"a": "\ud800"}'""",
    "no character": r"""'{"statuses": [{"status": "\u0000"}]}'""",
}
PAYLOADS = {
    "half of it": "'{'",
    "lists in lists": "(repeat('[', 3000) || repeat(']', 3000))::bytea",
    "no path": """replace(convert_from(payload, 'UTF8'), '"statuses":', '"other":')::bytea""",
    "no UTF-8": r"'\xff'",
    "no version": """regexp_replace(convert_from(payload, 'UTF8'),
        '"path_version":[0-9]+', '"path_version":3000000000')::bytea""",
    "no character": r"""convert_to(regexp_replace(convert_from(payload, 'UTF8'),
        '"en":"', '"en":"\\u0000'), 'UTF8')""",
}


@pytest.mark.parametrize("body", BODIES)
def test_a_definition_that_cannot_be_read_is_named(sealed: SealedShop, body: str) -> None:
    where = "where kind = 'path' and name = 'shop'"
    sealed.meddle(f"update log.definitions set body = {BODIES[body]} {where}", ALTERED)  # noqa: S608 - our own words

    findings = sealed.verify().findings

    assert [one.kind for one in findings] == ["event_altered", "definition_altered"]
    assert "path shop" in findings[1].message


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_publishing_event_that_cannot_be_read_is_named(sealed: SealedShop, payload: str) -> None:
    where = "where type like 'path.published%' and stream_id = 'path-shop'"
    sealed.meddle(f"update log.events set payload = {PAYLOADS[payload]} {where}", ALTERED)  # noqa: S608 - our own words

    kinds = [kind for kind, *_ in sealed.found()]

    assert kinds.count("event_altered") == 2
    assert "definition_inserted" in kinds


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("head_forged", "update audit.heads set sealed_at = {} where number = 1"),
        ("head_forged", "update audit.heads set sealed_at = {} where number = 3"),
        ("key_unknown", "update audit.keys set added_at = {}"),
        ("definition_altered", "update log.definitions set recorded_at = {} where name = 'shop'"),
        (
            "definition_altered",
            "update log.events set recorded_at = {} where stream_id = 'path-shop'",
        ),
    ],
)
def test_a_time_that_no_calendar_has_is_named(
    sealed: SealedShop, kind: str, change: str, time: str
) -> None:
    sealed.meddle(change.format(time), ALTERED)

    kinds = {one for one, *_ in sealed.found(witness=sealed.witness)}

    assert {kind, "event_altered"} <= kinds


def test_a_restore_whose_time_no_calendar_has_is_named(sealed: SealedShop) -> None:
    sealed.meddle(
        "insert into audit.restores select 2, log_id, 0, 'infinity', key_id, sha512('x')"
        " from audit.heads limit 1",
    )

    assert ("restore_forged", None, None) in sealed.found(witness=sealed.witness)
