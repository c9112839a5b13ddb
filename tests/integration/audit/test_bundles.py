"""D4: a bundle is checked offline by a program without us, and no field of it can be changed."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from runpy import run_path
from typing import Any, Final

import pytest

from domain.refusals import InfraError, Unusable
from services.audit.bundle import Part, export_bundle, write_bundle
from services.audit.key_rotation import rotate_key
from tests.integration.audit.sealed import SealedShop
from tests.support.command_line import ROOT, Here

EXAMPLE: Final = ROOT / "docs/examples/verify_bundle.py"
PROGRAM: Final = run_path(str(EXAMPLE))  # as a module, to check many bundles quickly
Place = tuple[str | int, ...]


@pytest.fixture
def bundles(sealed: SealedShop) -> list[dict[str, Any]]:
    """One of an order and one of a span, under a head whose key was announced by the first."""
    rotate_key(sealed.system)
    sealed.act(3)
    sealed.seal()
    parts = (Part(stream_id=f"order-{sealed.orders[0]}"), Part(first=15, last=21))
    return [json.loads(json.dumps(export_bundle(sealed.system.audit, part))) for part in parts]


def offline(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program where nothing of Orderpath can be imported."""
    return subprocess.run(
        [sys.executable, "-I", "-P", EXAMPLE, path, *words],
        cwd=path.parent,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_holds_where_nothing_of_us_is_and_says_so(sealed: SealedShop, tmp_path: Path) -> None:
    line = Here(
        {
            "ORDERPATH_DATABASE_URL": sealed.system.url,
            "ORDERPATH_DATA_DIR": str(sealed.system.settings.data_dir),
        }
    )
    first = sealed.system.audit.known_keys()[0].key_id
    of_order, of_span = tmp_path / "order.json", tmp_path / "span.json"
    assert line.run("audit", "export", sealed.orders[0], "--out", of_order).code == 0
    assert line.run("audit", "export", "--from", 5, "--to", 9, "--out", of_span, "--json").json == {
        "file": str(of_span),
        "events": 5,
        "about": {"from": 5, "to": 9},
        "head": line.run("audit", "heads", "--json").json[-1]["note"],
    }

    for path in (of_order, of_span):
        said = offline(path, "--key", first)
        assert (said.returncode, said.stderr) == (0, "")
        assert "are as they were sealed" in said.stdout
    unnamed, strange = offline(of_span), offline(of_span, "--key", "0" * 32)

    assert "No key was named" in unnamed.stdout
    assert (strange.returncode, "that you trust" in strange.stderr) == (1, True)
    assert line.run("audit", "export", sealed.orders[0], "--out", of_order).code == 2
    assert line.run("audit", "export", "--out", tmp_path / "x").code == 2
    assert (
        line.run("audit", "export", "--from", 5, "--to", 9_999, "--out", tmp_path / "x").code == 2
    )


def fields(told: Any, place: Place = ()) -> Iterator[Place]:
    """Give the place of every value in a document."""
    inner = told.items() if isinstance(told, dict) else enumerate(told)
    for name, value in inner:
        if isinstance(value, dict | list):
            yield from fields(value, (*place, name))
        else:
            yield (*place, name)


def changed(bundle: dict[str, Any], place: Place) -> dict[str, Any]:
    """Give the bundle with one value changed."""
    copy = deepcopy(bundle)
    *way, last = place
    inner: Any = copy
    for step in way:
        inner = inner[step]
    value = inner[last]
    if value is None:
        inner[last] = str(bundle["events"][0]["command_id"])
    elif isinstance(value, int):
        inner[last] = value + 1
    else:
        middle = len(value) // 2
        other = "1" if value[middle] != "1" else "2"
        inner[last] = value[:middle] + other + value[middle + 1 :]
    return copy


def holds(bundle: dict[str, Any], trusted: set[str]) -> bool:
    try:
        PROGRAM["check"](bundle, trusted)
    except (PROGRAM["Wrong"], KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return False
    return True


def test_no_field_of_a_bundle_can_be_changed_left_out_or_added(
    sealed: SealedShop, bundles: list[dict[str, Any]]
) -> None:
    trusted = {sealed.system.audit.known_keys()[0].key_id}
    for bundle in bundles:
        assert holds(bundle, trusted)
        places = list(fields(bundle))
        assert len(places) > 100
        unnoticed = [place for place in places if holds(changed(bundle, place), trusted)]
        assert unnoticed == []

        for *way, last in places:
            copy = deepcopy(bundle)
            inner: Any = copy
            for step in way:
                inner = inner[step]
            del inner[last]
            assert not holds(copy, trusted), (*way, last)
        for spoiled in (bundle | {"more": 1}, bundle | {"events": bundle["events"][:-1]}):
            assert not holds(spoiled, trusted)
        assert not holds(bundle | {"events": bundle["events"][::-1]}, trusted)


def spoiled(bundle: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give bundles with what a program may stumble over, and what is told of each."""
    about = bundle["about"]
    empty = about | ({"events": 0} if "events" in about else {"to": about["from"] - 1})
    yield "no events", bundle | {"about": empty, "events": []}
    huge = bundle["events"][0] | {"position": 2**64}
    yield "position is no number", bundle | {"events": [huge, *bundle["events"][1:]]}
    more = about | ({"events": 10**12} if "events" in about else {"to": 10**12})
    yield "are missing", bundle | {"about": more}
    event = bundle["events"][0]
    binary = b64encode(event["payload"].encode()).decode()
    for payload in ({"base64": binary, "shown": "FAKE"}, {"shown": "FAKE"}):
        shown = event | {"payload": payload}
        yield "payload has other parts", bundle | {"events": [shown, *bundle["events"][1:]]}


def test_a_bundle_that_shows_something_else_under_the_same_name_is_refused(
    bundles: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Programs take the last of two, and people read the first."""
    for bundle in bundles:
        written = json.dumps(bundle)
        for name in ("actor_id", "payload", "root", "to", "format"):
            shown = written.replace(f'"{name}": ', f'"{name}": "FAKE", "{name}": ', 1)
            path = tmp_path / "twice.json"
            path.write_text(shown)
            said = offline(path)
            assert (said.returncode == 1) is (shown != written), name
            assert ("stands twice" in said.stderr) is (shown != written), name


def test_an_emptied_bundle_and_one_that_shows_more_than_it_proves_are_refused_with_words(
    bundles: list[dict[str, Any]], tmp_path: Path
) -> None:
    for bundle in bundles:
        for words, wrong in spoiled(bundle):
            path = tmp_path / "wrong.json"
            path.write_text(json.dumps(wrong))
            said = offline(path)
            assert (said.returncode, said.stdout) == (1, ""), words
            assert words in said.stderr
            assert "Traceback" not in said.stderr


def test_a_bundle_that_is_all_of_a_piece_but_not_ours_does_not_hold_for_who_knows_our_key(
    sealed: SealedShop, bundles: list[dict[str, Any]]
) -> None:
    first, second = (key.key_id for key in sealed.system.audit.known_keys())
    unannounced = deepcopy(bundles[0])
    for name in ("signature", "added_at"):
        del unannounced["keys"][1][name]

    assert holds(bundles[0], {second})
    assert holds(unannounced, {second})
    assert not holds(unannounced, {first})


def test_what_is_not_as_it_was_sealed_gets_into_no_bundle(sealed: SealedShop) -> None:
    sealed.meddle("update log.events set payload = payload || ' ' where position = 17")

    with pytest.raises(InfraError, match="position 17 is not as it was sealed"):
        export_bundle(sealed.system.audit, Part(first=10, last=20))
    assert export_bundle(sealed.system.audit, Part(first=18, last=20))["events"]


def test_bytes_that_are_no_text_are_in_a_bundle_too(shop: SealedShop, tmp_path: Path) -> None:
    shop.meddle("update log.events set payload = '\\xff00' where position = 3")
    shop.seal()

    path = tmp_path / "bundle.json"
    write_bundle(export_bundle(shop.system.audit, Part(first=1, last=4)), path)

    assert offline(path).returncode == 0
    assert json.loads(path.read_text())["events"][2]["payload"] == {"base64": "/wA="}


def test_an_order_that_nothing_is_sealed_of_has_no_bundle(sealed: SealedShop) -> None:
    with pytest.raises(Unusable, match="Nothing of that is sealed"):
        export_bundle(sealed.system.audit, Part(stream_id="order-nobodys"))


def test_the_program_fits_on_four_screens() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 200
