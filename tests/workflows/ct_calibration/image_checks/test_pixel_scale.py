from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kerma.core.phantom import Phantom
from kerma.core.result import Verdict
from kerma.core.volume import CT
from kerma.simulation import Noise
from kerma.workflows.ct_calibration.image_checks import ImageChecks
from kerma.workflows.ct_calibration.procedure import calibrate


def test_the_holes_give_the_length_in_each_direction(
    check: Callable[..., ImageChecks],
) -> None:
    checks = check(place={"roll_deg": 33.0}, noise=Noise(sd_hu=12.0))
    for axis in "xy":
        found = checks.check_of(f"length in {axis}")
        assert found.value == pytest.approx(50, abs=0.05)
        assert found.verdict is Verdict.PASS


@pytest.mark.parametrize("roll", [0.0, 45.0])
def test_pixels_wrong_in_one_direction_only_show_there(
    scanned: Callable[..., tuple[CT, Phantom]], roll: float
) -> None:
    """Columns that are said to be 2 % further apart than they are."""
    ct, model = scanned(place={"roll_deg": roll}, noise=Noise())
    wide = (*ct.grid.spacing[:2], 1.02 * ct.grid.spacing[2])
    wrong = replace(ct, grid=replace(ct.grid, spacing=wide))
    checks = calibrate(wrong, [model]).image_checks
    assert checks is not None
    x, y = (checks.check_of(f"length in {axis}") for axis in "xy")
    assert x.value == pytest.approx(51, abs=0.05)
    assert y.value == pytest.approx(50, abs=0.05)
    assert (x.verdict, y.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert checks.verdict is Verdict.FAIL


def test_places_that_are_known_too_badly_are_reported_and_not_judged(
    check: Callable[..., ImageChecks],
) -> None:
    checks = check(phantom="easycube", place={"scale": 1.004})
    x = checks.check_of("length in x")
    assert x.value == pytest.approx(100.4, abs=0.1)
    assert x.verdict is None
    assert x.reason == "the model's places are known to 4 mm only"
    assert checks.check_of("largest shift of an insert").verdict is None


def test_a_hidden_hole_leaves_the_length_to_the_inserts(
    scanned: Callable[..., tuple[CT, Phantom]],
) -> None:
    ct, model = scanned()
    assert model.hole_square is not None
    elsewhere = replace(model, hole_square=replace(model.hole_square, side_mm=64.0))
    checks = calibrate(ct, [elsewhere]).image_checks
    assert checks is not None
    x = checks.check_of("length in x")
    assert x.value == pytest.approx(100, abs=0.1)
    assert "nominal" in x.method
