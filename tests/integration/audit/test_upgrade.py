"""A log that is older than the seal is sealed from its first event on."""

from infra.migrate import migrate
from infra.postgres import connect
from tests.integration.audit.sealed import SealedShop

# Migrations that make schema audit, and what it sees of answers.
OF_THE_SEAL = ["0018-audit", "0023-announced-restores", "0028-given-numbers"]


def test_a_log_from_before_gets_its_numbers_and_is_sealed_whole(shop: SealedShop) -> None:
    shop.act(10)
    with connect(shop.system.url) as owner:
        owner.execute("drop schema audit cascade")
        owner.execute("alter table log.commands drop column number")
        forget = "delete from public._yoyo_migration where migration_id = any(%s)"
        owner.execute(forget, [OF_THE_SEAL])
        before = owner.execute("select command_id from log.commands order by ctid").fetchall()

    assert migrate(shop.system.url) == OF_THE_SEAL

    with connect(shop.system.url) as owner:
        rows = owner.execute("select command_id, number from log.commands order by number")
        numbered = rows.fetchall()
    assert [row[:1] for row in numbered] == before
    assert [row[1] for row in numbered] == list(range(1, len(before) + 1))
    shop.act(5)
    shop.seal()
    report = shop.verify(witness=shop.witness)
    assert report.findings == ()
    assert (report.events, report.commands) == (shop.end(), len(before) + 5)
