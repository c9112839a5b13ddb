"""Commands of the CLI run twice: beside the database, and over HTTP as whoever has a key."""

from dataclasses import dataclass

from tests.support.command_line import Here, Said
from tests.support.served import Served


@dataclass(frozen=True, slots=True)
class BothWays:
    """Near and far are one system."""

    server: Served
    near: Here

    @property
    def far(self) -> Here:
        """Commands that know nothing but the server's address and a key."""
        away = self.near.environment["ORDERPATH_DATA_DIR"] + "-away"
        said = {"ORDERPATH_URL": self.server.url, "ORDERPATH_API_KEY": "ann"}
        return Here({"ORDERPATH_DATA_DIR": away, **said})

    def read(self, *words: object, stdin: str = "") -> Said:
        """Run a read both ways, for people and for programs; both print and end alike."""
        for form in ((), ("--json",)):
            near = self.near.run(*words, *form, stdin=stdin)
            far = self.far.run(*words, *form, stdin=stdin)
            assert (far.code, far.out, far.err) == (near.code, near.out, _told(near)), words
        return near

    def change(self, *words: object, stdin: str = "") -> Said:
        """Change something over HTTP, which has to be taken."""
        said = self.far.run(*words, stdin=stdin)
        assert said.code == 0, said.err
        return said


def _told(near: Said) -> str:
    """Leave out what is only said where somebody has to wait for the tables."""
    return near.err.replace("Bringing the projections up to date ...\n", "")
