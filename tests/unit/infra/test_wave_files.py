"""Waves as people write them."""

import pytest

from domain.waves.definition import Wave
from infra.path_files import load_preset as load_path
from infra.wave_files import load_preset, preset_names, read_wave
from infra.yaml_language import FileError
from tests.golden.stored_names import ROOT

PAGE = (ROOT / "docs/waves.md").read_text()


def test_the_page_shows_a_wave_that_can_be_read() -> None:
    example = PAGE.partition("```yaml\n")[2].partition("```")[0]
    wave = read_wave(example, where="docs/waves.md")
    path = load_path(*wave.orders.path)
    assert (wave.mode, wave.schedule.days) == ("on", "working")
    assert all((status, wave.then.move) in path.matrix for status in wave.orders.status)


def test_the_page_names_every_key() -> None:
    table = PAGE.partition("## The file")[2].partition("## Its hours")[0]
    for key in Wave.model_fields:
        assert f"`{key}`" in table, key
    for part in ("schedule", "orders", "then"):
        shape = Wave.model_fields[part].annotation
        assert shape is not None
        for key in shape.model_fields:
            assert f"`{key}`" in table, f"{part}.{key}"


@pytest.mark.parametrize("name", preset_names())
def test_a_ready_made_wave_makes_moves_that_its_path_has_with_roles_that_may(name: str) -> None:
    wave = load_preset(name)
    assert (wave.wave, set(wave.title)) == (name, {"en", "ru"})
    for path in map(load_path, wave.orders.path):
        for status in wave.orders.status:
            way = path.matrix[status, wave.then.move]
            assert set(way.roles) & set(wave.roles), (path.path, status)


def test_every_mistake_is_told_with_its_place_and_what_to_do() -> None:
    with pytest.raises(FileError) as told:
        read_wave(
            "wave: w\nschedule: {at: ['9:00'], days: all}\norders: {state: new}\nthen: {move: x}\n",
            where="w.yaml",
        )
    lines = str(told.value)
    assert "w.yaml:2:" in lines
    assert "'9:00' is no hour: write 09:30" in lines
    assert "'all' is not known here" in lines
    assert "unknown key 'state': did you mean status?" in lines
