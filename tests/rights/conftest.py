"""One server for all tests of rights, with a key for each ready-made role and one for none."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from domain.messages import Actor
from domain.roles.line import PublishRole
from infra.role_files import preset_names
from services.api.app import create_app
from services.api.limits import Limits
from services.api.serving import listen, serve
from services.bootstrap import Settings, System, open_system
from services.keys import KeyFor, Wanted, create_key
from services.rights import prepare_rights
from tests.support.postgres import cloned_database
from tests.support.rights import role
from tests.support.waiting import ROOM_SECONDS

ROOT = Wanted(actor=Actor(kind="user", id="root"))
NOBODY = "nobody"  # holds a role that allows nothing that there is


@dataclass
class Guarded:
    """A running server that asks for rights, and the keys of its callers."""

    http: httpx.Client
    app: FastAPI
    system: System
    keys: dict[str, str]

    def get(self, place: str, role: str | None, **more: Any) -> httpx.Response:
        return self.http.get(place, headers=self.shown(role), **more)

    def ask(
        self, role: str | None, method: str, place: str, said: dict[str, Any], **query: str
    ) -> httpx.Response:
        """Ask a question, with what is said where its method has it."""
        if method == "POST":
            return self.http.post(place, headers=self.shown(role), json=said, params=query)
        return self.get(place, role, params=said | query)

    def send(self, role: str | None, command: dict[str, Any]) -> httpx.Response:
        return self.http.post("/v1/commands", headers=self.shown(role), json=command)

    def shown(self, role: str | None) -> dict[str, str]:
        return {} if role is None else {"Authorization": f"Bearer {self.keys[role]}"}

    def key_for(self, name: str, **rights: Any) -> None:
        """Publish a role and make a key for it, both under that name."""
        definition = role(role=name, **rights)
        self.system.execute(PublishRole(**ROOT.envelope, definition=definition))
        made = create_key(self.system, ROOT, KeyFor(name=f"key-{name}", roles=(name,)))
        assert made.key is not None
        self.keys[name] = made.key


@pytest.fixture(scope="module")
def guarded(migrated_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """The server, with what the first start publishes."""
    with cloned_database(migrated_server) as url:
        settings = Settings(database_url=url, data_dir=tmp_path_factory.mktemp("data"))
        with open_system(settings) as system:
            assert prepare_rights(system) is not None
            app = create_app(system, system.access, Limits(readers=1))
            ear, stop, began = listen("127.0.0.1", 0), Event(), Event()
            running = Thread(target=serve, args=(app, ear, stop), kwargs={"began": began.set})
            running.start()
            assert began.wait(ROOM_SECONDS)
            where = f"http://127.0.0.1:{ear.getsockname()[1]}"
            try:
                with httpx.Client(base_url=where, timeout=ROOM_SECONDS) as http:
                    found = Guarded(http, app, system, {})
                    for name in preset_names():
                        made = create_key(system, ROOT, KeyFor(name=f"key-{name}", roles=(name,)))
                        assert made.key is not None
                        found.keys[name] = made.key
                    found.key_for(NOBODY, questions=["nothing.at_all"])
                    yield found
            finally:
                stop.set()
                running.join(ROOM_SECONDS)
