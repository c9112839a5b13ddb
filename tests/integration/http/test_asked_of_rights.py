"""What the CLI asks of roles and of keys: near and far."""

from tests.support.both_ways import BothWays


def test_roles_are_read_over_http(both: BothWays) -> None:
    assert both.near.run("role", "publish", "--ready", "manager").code == 0

    people = both.read("role", "show", "manager")
    listed = both.read("role", "list").json
    shown = both.read("role", "show", "manager").json

    assert (people.code, both.near.run("role", "show", "manager").code) == (0, 0), people.err
    assert [(one["role"], one["version"]) for one in listed] == [("manager", 1)]
    assert (shown["version"], shown["definition"]["role"]) == (1, "manager")
    assert both.read("role", "show", "manager", "--version", 1).json == shown
    assert both.read("role", "show", "manager", "--version", 2).code == 2
    assert both.read("role", "show", "unknown").code == 2


def test_keys_are_listed_over_http_and_nothing_of_what_opens_them(both: BothWays) -> None:
    made = both.near.run("apikey", "create", "erp", "--role", "downstream", "--json")
    assert made.code == 0, made.err
    secret = made.json["key"].split("_", 2)[2]

    said = both.read("apikey", "list")

    (one,) = said.json
    assert (one["name"], one["roles"], one["state"]) == ("erp", ["downstream"], "valid")
    assert set(one) == {
        "name", "prefix", "state", "roles", "groups", "on_behalf", "expires_at", "last_used_at",
        "made_at", "made_by", "version",
    }  # fmt: skip
    assert secret not in said.out
