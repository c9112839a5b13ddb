"""The ready-made roles: well by lint, and each no wider than it says."""

from pathlib import Path
from uuid import UUID

import pytest

from domain.messages import Actor, Recorded
from domain.roles.definition import GIVING, OF_RIGHTS, Role
from domain.roles.line import RolePublished, role_stream
from domain.roles.lint import OF_PROGRAMS, lint
from domain.vocabulary import COMMANDS
from infra.role_files import load_preset, preset_names, read_role
from infra.yaml_language import FileError
from services.presets import role_versions
from tests.support.examples import NOW
from tests.support.rights import ROLE, role

READY = {name: load_preset(name) for name in preset_names()}
SYSTEM = Actor(kind="system", id="orderpath")

each_role = pytest.mark.parametrize("role", READY.values(), ids=READY)


def published(*definitions: Role, by: Actor = SYSTEM) -> dict[str, list[Recorded]]:
    """Give the stream of one role as the log has it."""
    stream = role_stream(definitions[0].role)
    return {stream: [_recorded(stream, n, one, by) for n, one in enumerate(definitions, 1)]}


def _recorded(stream: str, version: int, definition: Role, by: Actor) -> Recorded:
    event = RolePublished(
        role=definition.role,
        role_version=version,
        content_hash=definition.content_hash,
        definition=definition.content,
    )
    return Recorded(
        position=version,
        stream_id=stream,
        version=version,
        shard=0,
        event=event,
        command_id=UUID(int=version),
        correlation_id=UUID(int=version),
        causation_id=None,
        actor_kind=by.kind,
        actor_id=by.id,
        on_behalf_of=None,
        reason=None,
        source="start",
        occurred_at=NOW,
        recorded_at=NOW,
    )


def test_these_come_ready_made() -> None:
    assert [*READY] == [
        "admin", "analyst", "auditor", "downstream", "lead", "manager", "shop_front", "warehouse",
    ]  # fmt: skip


@each_role
def test_lint_has_nothing_to_say_of_a_ready_made_role(role: Role) -> None:
    found = [one for one in lint(role) if one.severity != "hint"]

    assert [(one.code, one.place) for one in found] == []


@each_role
def test_whoever_may_publish_may_ask_what_is_asked_before(role: Role) -> None:
    """`rule publish` of a server looks first, and so may who publishes a path."""
    before = {
        "rule.publish": {"rule.lint", "rule.show"},
        "path.publish": {"path.list", "path.obstacles"},
    }
    for command, questions in before.items():
        assert not role.may_command(command) or all(map(role.may_ask, questions))


@each_role
def test_only_admin_is_told_of_roles_and_keys(role: Role) -> None:
    assert {role.may_ask(name) for name in OF_RIGHTS} == {role.role == "admin"}


def test_whoever_may_ask_everything_is_told_of_rights_only_if_he_may_give_some() -> None:
    reader = Role.model_validate({"role": "reader", "questions": ["*", "role.list"]})
    giver = Role.model_validate(
        {"role": "giver", "questions": ["*"], "commands": ["apikey.rotate"]}
    )

    assert not any(map(reader.may_ask, OF_RIGHTS))
    assert all(map(giver.may_ask, OF_RIGHTS))


@each_role
def test_only_admin_erases_a_person(role: Role) -> None:
    assert role.may_command("customer.erase") is (role.role == "admin")


@each_role
def test_no_ready_made_role_but_admin_gives_rights_and_none_forges_history(role: Role) -> None:
    allowed = {name for name in COMMANDS if role.may_command(name)}

    assert not allowed & OF_PROGRAMS
    assert bool(allowed & GIVING) is (role.role == "admin")


def test_who_only_reads_commands_nothing() -> None:
    for name in ("analyst", "auditor", "downstream"):
        assert [one for one in COMMANDS if READY[name].may_command(one)] == []


def test_who_counts_or_follows_reads_nobodys_name() -> None:
    for name in ("analyst", "auditor", "downstream"):
        assert READY[name].reads == frozenset()


def test_p23_the_warehouse_assembles_and_sees_no_phone() -> None:
    warehouse = READY["warehouse"]

    assert warehouse.may_command("order.change_status")
    assert not warehouse.may_command("order.change_fields")
    assert "phone" not in warehouse.reads


def test_the_first_start_publishes_what_is_missing() -> None:
    wanted = [one.definition for one in role_versions(READY.values(), {}, SYSTEM)]

    assert wanted == [*READY.values()]


def test_new_content_of_a_ready_made_role_is_its_next_version() -> None:
    earlier = role(role="lead", commands=["order.*"])

    (command,) = role_versions([READY["lead"]], published(earlier), SYSTEM)

    assert command.definition == READY["lead"]
    assert command.expected_version == 1


def test_a_role_that_a_shop_has_changed_stays_as_the_shop_wants_it() -> None:
    own = role(role="lead", commands=["order.*"])
    by_ann = published(own, by=Actor(kind="user", id="ann"))

    assert [*role_versions([READY["lead"]], by_ann, SYSTEM)] == []


def test_an_older_version_beside_a_newer_one_takes_nothing_back() -> None:
    newer = role(role="lead", commands=["order.*"])

    assert [*role_versions([READY["lead"]], published(READY["lead"], newer), SYSTEM)] == []


def test_every_problem_of_a_role_is_told_where_it_stands() -> None:
    wrong = (
        "role: phone desk\ncommands: [order.cancel, Order.*]\nquestions: [order..show]\n"
        "hidden: [Total]\npersonal: [names]\norders: {test: maybe}\nrights: all\n"
    )
    with pytest.raises(FileError) as failed:
        read_role(wrong, where="mine.yaml")

    told = "\n".join(failed.value.problems)
    places = ["1:7", "2:26", "3:13", "4:10", "5:12", "6:16", "7:1"]
    assert all(f"mine.yaml:{place}: " in told for place in places), told
    assert "write order.cancel, order.* or *" in told
    assert "write total_minor or *_minor" in told


def test_what_is_allowed_and_forbidden_by_the_same_name_is_a_mistake() -> None:
    with pytest.raises(FileError, match="never and allowed at once"):
        read_role("role: some\ncommands: [order.cancel]\nnever: [order.cancel]\n", where="x")


def test_lint_finds_what_is_named_and_is_not_there() -> None:
    found = lint(role(commands=["order.cancle"], questions=["order.*"]), (), {"report.funnel"})

    assert [(one.code, one.place) for one in found] == [
        ("right_unknown", ("commands", 0)),
        ("right_unknown", ("questions", 0)),
    ]
    assert found[0].needed == "did you mean order.cancel?"


def test_lint_finds_who_gives_rights_forges_history_or_may_nothing() -> None:
    assert {one.code for one in lint(role(commands=["*"]))} == {"gives_rights", "forges_history"}
    assert [one.code for one in lint(role())] == ["role_empty"]


def test_the_example_is_read_as_it_is_written() -> None:
    assert ROLE.held_as == ("manager",)
    assert role().held_as == ("some",)


def test_the_page_shows_a_role_that_is_well_and_lists_all_that_are_ready_made() -> None:
    page = (Path(__file__).parents[4] / "docs/rights.md").read_text()
    example = read_role(page.split("```yaml\n")[1].split("```")[0], where="docs/rights.md")

    assert [one for one in lint(example) if one.severity != "hint"] == []
    assert all(f"| `{name}` |" in page for name in READY)
    codes = ("right_unknown", "acts_as_unknown", "gives_rights", "forges_history", "role_empty")
    assert [code for code in codes if f"`{code}`" not in page] == []
