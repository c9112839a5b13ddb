"""Callers: what is worked out of them once belongs to them alone."""

from dataclasses import replace

from domain.messages import Actor
from domain.roles.rights import Wish
from services.api.callers import Caller


def test_who_acts_for_another_person_is_another_actor() -> None:
    service = Caller("api_key", "web", ("manager",))
    service.acting[Wish("command", "order.place")] = service.actor

    for_ann = replace(service, on_behalf_of="ann")

    assert for_ann.actor == Actor(kind="api_key", id="web", roles=("manager",), on_behalf_of="ann")
    assert for_ann.said["on_behalf_of"] == "ann"
    assert not for_ann.acting
    assert service.actor.on_behalf_of is None
