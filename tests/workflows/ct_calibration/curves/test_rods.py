from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from kerma.core.phantom import Material, Phantom
from kerma.workflows.ct_calibration.curve import CurvePoint
from kerma.workflows.ct_calibration.curves.rods import rod_of
from kerma.workflows.ct_calibration.curves.shipped import read_shipped

GROUPS = ("lung", "adipose", "soft", "bone", "other")


@pytest.fixture(scope="module")
def groups() -> Mapping[str, list[str]]:
    found = read_shipped("groups.toml", dict[str, str | list[str]])
    assert set(found) == {"source", *GROUPS}
    return {group: list(found[group]) for group in GROUPS}


def test_every_material_of_a_shipped_phantom_has_one_group(
    models: Mapping[str, Phantom], groups: Mapping[str, list[str]]
) -> None:
    """A new material must be named, if only among those that are like no tissue."""
    times = Counter(key for keys in groups.values() for key in keys)
    assert [key for key, count in times.items() if count > 1] == []
    named = {key for phantom in models.values() for key in phantom.materials}
    assert named - times.keys() == set()


@pytest.mark.parametrize(
    ("key", "group"),
    [
        ("lung_ln450", "lung"),
        ("lung7112", "lung"),
        ("breast", "adipose"),
        ("solid_water", "soft"),
        ("cb2_50", "bone"),
        ("teflon", "other"),
        ("a_material_of_yours", "other"),
    ],
)
def test_a_material_is_grouped_by_its_key(key: str, group: str) -> None:
    point = CurvePoint((key,), 10.0, 1.0, 1.02, 0.01, 1)
    rod = rod_of(key, Material("some", {120: 10.0}, "a source"), point)
    assert rod.group == group
    assert rod.value("density", energy_mev=100.0) is None
    assert rod.value("spr", energy_mev=100.0) is None


def test_a_measured_stopping_power_needs_no_density_to_be_uncertain() -> None:
    """Two percent of it by the phantom's file, with a RED that is twice the nominal."""
    material = Material("m", {120: 0.0}, "s", red=0.5, spr=0.5, spr_uncertainty=0.01)
    rod = rod_of("m", material, CurvePoint(("m",), 0.0, 1.0, 1.0, 0.1, 1))
    assert rod.value("spr", energy_mev=100.0) == 1.0
    assert rod.uncertainty("spr", energy_mev=100.0) == pytest.approx(0.02)
    assert rod.value("density", energy_mev=100.0) is None
