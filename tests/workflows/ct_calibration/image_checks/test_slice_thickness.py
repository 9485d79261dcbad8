from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.core.volume import CT
from kerma.simulation import Noise
from kerma.workflows.ct_calibration.image_checks import ImageChecks
from kerma.workflows.ct_calibration.image_checks.slice_thickness import blurred_box
from kerma.workflows.ct_calibration.procedure import calibrate


def stack_of(spacing: float) -> tuple[float, ...]:
    return tuple((np.arange(-14, 15) * spacing).tolist())


@pytest.mark.parametrize(
    ("thickness", "spacing", "blur"),
    [(0.625, 1.25, 0.5), (1.25, 1.25, 0.7), (2.5, 2.5, 0.9), (5.0, 2.5, 0.7)],
)
def test_the_slice_thickness_is_that_of_the_scanner(
    check: Callable[..., ImageChecks], thickness: float, spacing: float, blur: float
) -> None:
    """A box: its width at half maximum is its width, whatever the blur in the plane."""
    checks = check(
        slice_thickness_mm=thickness,
        slice_positions_mm=stack_of(spacing),
        psf_mm=blur,
    )
    found = checks.check_of("slice thickness")
    assert found.value == pytest.approx(thickness, rel=0.03)
    assert found.expected == thickness
    assert len(checks.ramps) == 4


@pytest.mark.parametrize(
    "place",
    [
        {"roll_deg": 130.0},
        {"mirrored": True, "roll_deg": -8.0},
        {"tilt_deg": 2.0, "yaw_deg": -1.5},
        {"scale": 0.99},
    ],
)
def test_the_pose_of_the_phantom_does_not_change_its_slices(
    check: Callable[..., ImageChecks], place: dict[str, Any]
) -> None:
    checks = check(
        place=place,
        slice_positions_mm=stack_of(2.5),
        noise=Noise(sd_hu=2.0),
    )
    widths = [ramp.thickness_mm for ramp in checks.ramps]
    assert widths == pytest.approx([2.5] * 4, rel=0.03)
    apart = checks.check_of("slice distance over stated").value
    assert apart == pytest.approx(100, abs=0.5)


def test_slices_further_apart_than_they_say_are_seen(
    scanned: Callable[..., tuple[CT, Phantom]],
) -> None:
    ct, model = scanned(slice_positions_mm=stack_of(2.6), noise=Noise())
    shrunk = replace(ct.grid, spacing=(2.5, *ct.grid.spacing[1:]))
    checks = calibrate(replace(ct, grid=shrunk), [model]).image_checks
    assert checks is not None
    apart = checks.check_of("slice distance over stated").value
    assert apart == pytest.approx(104, abs=0.3)


def test_one_slice_shows_its_thickness_but_no_distance(
    check: Callable[..., ImageChecks],
) -> None:
    checks = check(slice_positions_mm=(0.4,), noise=Noise())
    assert checks.check_of("slice thickness").value == pytest.approx(2.5, rel=0.02)
    assert all(ramp.increment_ratio is None for ramp in checks.ramps)
    assert "slice distance over stated" not in [c.name for c in checks.checks]


def test_a_phantom_without_ramps_says_so(check: Callable[..., ImageChecks]) -> None:
    checks = check(phantom="easycube", slice_positions_mm=stack_of(2.5))
    found = checks.check_of("slice thickness")
    assert found.value is None
    assert found.reason == "this phantom has no ramps"


def test_ramps_that_do_not_show_are_not_measured(
    scanned: Callable[..., tuple[CT, Phantom]],
) -> None:
    ct, model = scanned(slice_positions_mm=stack_of(2.5))
    bare = replace(model, ramps=tuple(replace(r, radius_mm=46.0) for r in model.ramps))
    checks = calibrate(ct, [bare]).image_checks
    assert checks is not None
    assert checks.check_of("slice thickness").reason == "the wire ramps do not show"


def test_a_blurred_box_is_one_on_top_and_half_at_its_rim() -> None:
    top, rim = blurred_box(np.array([0.0, 5.0]), 10.0, 0.5)
    assert top == pytest.approx(1)
    assert rim == pytest.approx(0.5, abs=1e-6)
    narrow = blurred_box(np.array([0.0, 1.1774]), 0.0, 1.0)
    assert narrow == pytest.approx([1, 0.5], abs=1e-3)
