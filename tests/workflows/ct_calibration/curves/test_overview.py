from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from kerma.core.phantom import Phantom
from kerma.workflows.ct_calibration.curves import fit_curves
from kerma.workflows.ct_calibration.curves.overview import overview_of
from tests.calibrations import SCANNER, calibration_of, on_scale, seen_by


@pytest.mark.parametrize("name", ["cirs062m_head", "catphan604", "gammex467"])
def test_a_phantom_of_known_materials_gives_every_quantity(
    name: str, models: Mapping[str, Phantom]
) -> None:
    phantom = models[name]
    nominal = {key: one.hu_at(120.0) for key, one in phantom.materials.items()}
    scan = (calibration_of(phantom, nominal | seen_by(SCANNER, phantom)), phantom)
    overview = overview_of(*scan)
    assert not overview.missing
    made = [(one.quantity, one.model) for one in overview.sets]
    assert made == [
        ("red", "piecewise"),
        ("density", "consensus"),
        ("spr", "consensus"),
    ]
    assert overview.sets[0] == fit_curves([scan])
    hu = [row.readings[-1].measured_hu or 0.0 for row in overview.inserts]
    assert hu == sorted(hu)


def test_what_is_missing_is_said_once_and_fails_nothing(
    models: Mapping[str, Phantom],
) -> None:
    """The Easy Cube's template has RED only."""
    cube = models["easycube"]
    hu = {key: material.hu_at(120.0) for key, material in cube.materials.items()}
    overview = overview_of(calibration_of(cube, hu), cube)
    assert [one.quantity for one in overview.sets] == ["red"]
    assert [row.density_g_cm3 for row in overview.inserts] == [None] * 5
    density, stopping_power = overview.missing
    assert density.startswith(
        "No curve of mass density. A curve of mass density needs two materials of "
        "known mass density, or of known density and composition;"
    )
    assert stopping_power.startswith("No curve of SPR. A curve of SPR needs two")


def test_a_wrong_composition_leaves_no_curve_and_says_why(
    models: Mapping[str, Phantom],
) -> None:
    phantom = models["cirs062m_head"]
    calibration = calibration_of(phantom, seen_by(SCANNER, phantom))
    strange = replace(phantom.materials["muscle"], composition={"Uuo": 1.0})
    own = replace(phantom, materials={**phantom.materials, "muscle": strange})
    overview = overview_of(calibration, own)
    assert not overview.sets
    assert not overview.inserts
    assert "no data for an element 'Uuo'" in overview.missing[0]


def test_another_scale_than_hounsfield_gives_curves_through_the_inserts(
    models: Mapping[str, Phantom],
) -> None:
    phantom = models["cirs062m_head"]
    calibration = calibration_of(phantom, seen_by(SCANNER, phantom))
    overview = overview_of(on_scale(calibration, "ED"), phantom)
    assert {one.model for one in overview.sets} == {"piecewise"}
    (reason,) = overview.missing
    assert reason.startswith(
        "No consensus curve of mass density and no consensus curve of SPR. The "
        "consensus table needs CT numbers; this scan is on a scale that it calls 'ED'"
    )
