from __future__ import annotations

import numpy as np
import pytest

from kerma.core.result import Verdict
from kerma.errors import InputError
from kerma.workflows.ct_calibration.curves.conversion import ConversionCurve, Node
from kerma.workflows.ct_calibration.curves.difference import CurveLimits, compare_curves
from kerma.workflows.ct_calibration.curves.installed import InstalledCurve
from kerma.workflows.ct_calibration.curves.sample import Sample

CURVE = ConversionCurve(
    "red",
    "piecewise",
    (Node(-1000.0, 0.0), Node(0.0, 1.0), Node(1000.0, 1.5)),
    ((0.0,) * 3,) * 3,
    -1000.0,
    1000.0,
)


def samples() -> list[Sample]:
    return [
        Sample("lung", "lung", -500.0, 1.0, 1.0, 0.0),
        Sample("muscle", "soft", 50.0, 1.0, 1.0, 0.0),
        Sample("bone", "bone", 900.0, 1.0, 1.0, 0.0),
    ]


def test_a_curve_agrees_with_itself() -> None:
    same = InstalledCurve("same", (-1000.0, 0.0, 1000.0), (0.0, 1.0, 1.5))
    found = compare_curves(CURVE, same, samples(), site="scan", energy_mev=100.0)
    assert found.verdict is Verdict.PASS
    assert found.largest_difference == 0
    assert all(effect.photon_dose_percent == 0 for effect in found.effects)


def test_the_largest_difference_is_found_between_the_inserts() -> None:
    """A bump of 0.1 at 300 HU, where no insert is."""
    bump = InstalledCurve(
        "bump",
        (-1000.0, 0.0, 200.0, 300.0, 400.0, 1000.0),
        (0.0, 1.0, 1.1, 1.25, 1.2, 1.5),
    )
    found = compare_curves(CURVE, bump, samples(), site="scan", energy_mev=100.0)
    assert (found.largest_at_hu, found.from_hu, found.to_hu) == (300, -1000, 1000)
    assert found.largest_difference == pytest.approx(0.1)
    assert found.verdict is Verdict.PASS


def test_the_limit_itself_passes_and_more_does_not() -> None:
    limits = CurveLimits("mine", {"soft": 0.02}, {"soft": 0.02}, {"soft": 0.02})
    for shift, verdict in ((0.02, Verdict.PASS), (0.0201, Verdict.FAIL)):
        values = tuple(float(v) for v in np.array([0.0, 1.0, 1.5]) + shift)
        moved = InstalledCurve("moved", (-1000.0, 0.0, 1000.0), values)
        found = compare_curves(
            CURVE, moved, samples(), site="scan", energy_mev=100.0, limits=limits
        )
        assert found.verdict is verdict
        assert all(m.difference == pytest.approx(shift) for m in found.materials)


def test_curves_without_a_common_ct_number_are_refused() -> None:
    far = InstalledCurve("far", (1500.0, 3000.0), (1.7, 2.5))
    with pytest.raises(InputError, match="1500 to 3000 HU and has no CT number"):
        compare_curves(CURVE, far, samples(), site="scan", energy_mev=100.0)


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="limits of red need one of soft"):
        CurveLimits("", {"lung": 0.02}, {"soft": 0.02}, {"soft": 0.02})
