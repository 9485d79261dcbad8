from __future__ import annotations

from pathlib import Path

import pytest

from kerma.errors import InputError
from kerma.workflows.breast_ct.devices import device_names, load_device


def test_every_shipped_device_can_be_read_and_names_its_source() -> None:
    assert {"nu_view", "fixed", "koning", "generic"} <= set(device_names())
    for name in device_names():
        device = load_device(name)
        assert device.name == name
        assert device.source


def test_the_scale_of_the_first_scripts_is_fixed() -> None:
    device = load_device("fixed")
    assert (device.fat_hu, device.gland_hu, device.fixed) == (-255.0, -41.0, True)


def test_a_device_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        'name = "own"\nsource = "measured"\nfat_hu = -200.0\nfat_sd_hu = 9.0\n'
        "gland_hu = 10.0\ngland_sd_hu = 8.0\ncontrast_hu = 210.0\n"
        "contrast_sd_hu = 12.0\n"
    )
    assert load_device(str(file)).fat_hu == -200.0


def test_what_there_is_is_told_when_a_device_is_not_known() -> None:
    with pytest.raises(InputError, match="no device 'x-ray'; there are fixed, generic"):
        load_device("x-ray")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fat_sd_hu = 0.0", "fat_sd_hu is a standard deviation, above 0; got 0 HU"),
        ("contrast_hu = -3.0", "contrast_hu is gland minus fat, above 0; got -3 HU"),
        ("fat_hu = 50.0", "got 50 HU for fat"),
        ("fat_sd = 1.0", "fat_sd"),
    ],
)
def test_a_mistake_in_a_device_is_told(tmp_path: Path, line: str, message: str) -> None:
    values = {
        "name": '"own"', "source": '"measured"', "fat_hu": "-200.0",
        "fat_sd_hu": "9.0", "gland_hu": "10.0", "gland_sd_hu": "8.0",
        "contrast_hu": "210.0", "contrast_sd_hu": "12.0",
    }  # fmt: skip
    key, value = line.split(" = ")
    values[key] = value
    file = tmp_path / "own.toml"
    file.write_text("\n".join(f"{key} = {value}" for key, value in values.items()))
    with pytest.raises(InputError, match=message):
        load_device(str(file))
