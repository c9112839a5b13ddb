"""A34: who works with a path is alerted of what a new version changes for them."""

from typing import Any, cast

from domain.alerts.events import AlertRaised
from domain.paths.commands import PublishPath
from domain.paths.guards import MAX_TOUCHED
from domain.paths.path import OrderPath
from tests.support.examples import COMMANDS, FOUR_EYES, NOW, PATH, actor
from tests.support.spec import Answer, given

PUBLISH = cast(PublishPath, COMMANDS["path.publish"])


def with_statuses(**statuses: dict[str, Any]) -> OrderPath:
    """Give the path with statuses that say more, or that are new."""
    old = PATH.content["statuses"]
    new = {code: {**old.get(code, {"stage": "work"}), **more} for code, more in statuses.items()}
    return OrderPath.model_validate(PATH.content | {"statuses": old | new})


def with_moves(*moves: dict[str, Any], leaving_out: int = 0) -> OrderPath:
    kept = PATH.content["transitions"][leaving_out:]
    return OrderPath.model_validate(PATH.content | {"transitions": [*kept, *moves]})


def publish(path: OrderPath, before: OrderPath = PATH) -> Answer:
    return given(paths=[before]).when(PUBLISH.model_copy(update={"definition": path}))


def told(answer: Answer) -> dict[str, tuple[str, ...]]:
    """Give what each role and owner is alerted of."""
    assert answer.unmet == ()
    alerts = [one for one in answer.events if isinstance(one, AlertRaised)]
    return {one.user or one.group or f"role {one.role}": one.details for one in alerts}


def test_a34_the_owner_of_a_new_status_is_told_and_whoever_moves_orders_there() -> None:
    path = OrderPath.model_validate(
        with_statuses(waiting={"owner": {"user": "bob"}}).content
        | {
            "transitions": [
                {"from": "new", "to": "waiting", "roles": ["manager"]},
                *PATH.content["transitions"][:3],
                {"from": ["new", "confirmed", "packed"], "to": "cancelled",
                 "reasons": ["changed_mind", "out_of_stock"]},
                PATH.content["transitions"][-1],
            ]
        }
    )  # fmt: skip

    assert told(publish(path)) == {
        "bob": ("status waiting: new",),
        "managers": ("move new -> waiting: new",),
        "role manager": ("move new -> waiting: new",),
    }


def test_a34_an_alert_says_which_version_of_which_path_and_stands_since_now() -> None:
    answer = publish(with_statuses(new={"owner": {"group": "leads"}}))

    alert = next(one for one in answer.events if isinstance(one, AlertRaised))
    assert (alert.kind, alert.level, alert.subject) == ("path_changed", "notice", "path-shop")
    assert (alert.title, alert.since) == ("Path shop, version 2: 1 change", NOW)


def test_a34_who_owned_a_status_and_who_owns_it_now_are_both_told() -> None:
    changed = ("status new: owner changed",)

    assert told(publish(with_statuses(new={"owner": {"group": "leads"}}))) == {
        "leads": changed,
        "managers": changed,
    }


def test_a34_who_may_move_no_longer_is_told_and_who_had_to_agree() -> None:
    assert told(publish(PATH, before=FOUR_EYES)) == {
        "managers": ("move new -> lost: dropped",),
        "role lead": ("move new -> lost: dropped",),
    }


def test_a34_a_move_that_another_role_makes_is_told_to_both() -> None:
    path = OrderPath.model_validate(
        PATH.content
        | {
            "transitions": [
                {"from": "confirmed", "to": "packed", "roles": ["packer"], "require": ["reason"]},
                *PATH.content["transitions"],
            ]
        }
    )
    changed = ("move confirmed -> packed: roles changed",)

    assert told(publish(path)) == {"role packer": changed, "role warehouse": changed}


def test_a34_a_status_that_is_gone_is_told_to_its_owner() -> None:
    path = with_statuses(waiting={"owner": {"group": "callers"}})

    assert told(publish(PATH, before=path)) == {
        "callers": ("status waiting: dropped", "move waiting -> cancelled: dropped")
    }


def test_a34_what_touches_nobody_alerts_nobody() -> None:
    assert told(publish(OrderPath.model_validate(PATH.content | {"title": {"en": "B"}}))) == {}
    assert told(publish(PATH)) == {}


def test_a34_a_first_version_is_new_to_everybody_but_not_where_the_system_begins_with_it() -> None:
    first = given(paths=[]).when(PUBLISH)
    by_system = PUBLISH.model_copy(update={"actor": actor("system")})

    assert told(first) == {
        "managers": (
            "status new: new",
            "move new -> confirmed: new",
            "move new -> cancelled: new",
        ),
        "role lead": ("move cancelled -> new: new",),
        "role warehouse": ("move confirmed -> packed: new",),
    }
    assert told(given(paths=[]).when(by_system)) == {}
    changed = by_system.model_copy(update={"definition": with_statuses(waiting={})})
    assert told(given(by_system, paths=[]).when(changed)) == {}


def test_a34_what_the_system_publishes_later_is_told() -> None:
    changed = with_statuses(new={"owner": {"group": "leads"}})
    by_system = PUBLISH.model_copy(update={"definition": changed, "actor": actor("system")})

    assert told(given(paths=[PATH]).when(by_system)).keys() == {"leads", "managers"}


def test_a34_the_same_again_alerts_nobody_and_going_back_alerts_anew() -> None:
    changed = PUBLISH.model_copy(
        update={"definition": with_statuses(new={"owner": {"group": "leads"}})}
    )

    given(changed).when(changed).then_nothing()
    answer = given(changed).when(PUBLISH)
    assert told(answer).keys() == {"leads", "managers"}
    assert {one.title for one in answer.events if isinstance(one, AlertRaised)} == {
        "Path shop, version 3: 1 change"
    }


def test_a34_an_alert_names_the_first_changes_and_says_how_many_more_there_are() -> None:
    many = {f"stop_{n}": {"owner": {"user": "bob"}} for n in range(120)}

    details = told(publish(with_statuses(**many)))["bob"]

    assert len(details) == 100
    assert details[0] == "status stop_0: new"
    assert details[-1] == "and 141 more"


def test_a34_a_version_that_touches_more_than_can_be_alerted_is_refused() -> None:
    roles = [f"role_{n}" for n in range(MAX_TOUCHED + 1)]
    path = with_moves({"from": "new", "to": "packed", "roles": roles})

    publish(path).then_refused("too_many_touched")
