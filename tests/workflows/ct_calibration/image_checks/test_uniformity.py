from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from kerma.core.phantom import Phantom
from kerma.core.result import Verdict
from kerma.simulation import Artifacts, Noise, PhantomPlacement
from kerma.simulation.shading import object_shading
from kerma.workflows.ct_calibration.image_checks import ImageChecks


def test_shading_is_read_at_every_side(
    check: Callable[..., ImageChecks], catphan504: Phantom
) -> None:
    """The closed form of the shading at the middle of each region."""
    artifacts = Artifacts(cupping_hu=20.0, gradient_hu=(6.0, -3.0))
    checks = check(artifacts=artifacts, noise=Noise())
    place = PhantomPlacement(center_mm=(2.0, -3.0, 0.0))
    truth = [
        float(
            object_shading(
                np.array(region.center_mm[0] - 2.0),
                np.array(region.center_mm[1] + 3.0),
                artifacts=artifacts,
                outline=catphan504.outline,
                placement=place,
            )
        )
        for region in checks.regions
    ]
    means = [region.mean_hu for region in checks.regions]
    assert np.subtract(means, means[0]) == pytest.approx(
        np.subtract(truth, truth[0]), abs=0.6
    )
    found = checks.check_of("uniformity")
    worst = max(np.subtract(truth, truth[0])[1:], key=abs)
    assert found.value == pytest.approx(worst, abs=0.6)
    assert found.verdict is Verdict.FAIL
    names = ["center", "anterior", "left", "posterior", "right"]
    assert [region.name for region in checks.regions] == names


def test_the_regions_lie_in_the_uniform_part(check: Callable[..., ImageChecks]) -> None:
    checks = check()
    assert {round(region.center_mm[2], 1) for region in checks.regions} == {-80.3}
    assert checks.regions[0].mean_hu == pytest.approx(10, abs=1)
    assert checks.check_of("uniformity").method.endswith("in CTP486, 3 slices")


def test_a_phantom_seen_from_its_other_end_has_its_parts_there(
    check: Callable[..., ImageChecks],
) -> None:
    module = np.arange(-6, 7) * 2.5
    checks = check(
        place={"mirrored": True}, slice_positions_mm=(*module.tolist(), 75.0, 82.0)
    )
    assert checks.regions[0].center_mm[2] == pytest.approx(82)


@pytest.mark.parametrize("sd", [4.0, 25.0])
def test_the_noise_is_that_of_the_scanner(
    check: Callable[..., ImageChecks], sd: float
) -> None:
    checks = check(noise=Noise(sd_hu=sd, correlation_px=0.6))
    assert checks.check_of("noise").value == pytest.approx(sd, rel=0.04)
    assert checks.check_of("noise of water").value == pytest.approx(sd / 10, rel=0.04)


@pytest.mark.parametrize("phantom", ["catphan504", "easycube"])
def test_without_a_uniform_part_the_material_between_the_inserts_is_read(
    check: Callable[..., ImageChecks], phantom: str
) -> None:
    slices = tuple((np.arange(-6, 7) * 2.5).tolist())
    checks = check(phantom=phantom, slice_positions_mm=slices, noise=Noise())
    found = checks.check_of("uniformity")
    assert "between the inserts" in found.method
    assert found.value == pytest.approx(0, abs=0.5)
    assert len(checks.regions) == 5


def test_integral_non_uniformity_counts_from_air(
    check: Callable[..., ImageChecks],
) -> None:
    """Regions of 10 HU and of 10 + d HU: d over 2020 + d."""
    checks = check(artifacts=Artifacts(gradient_hu=(8.0, 0.0)), noise=Noise())
    means = [region.mean_hu + 1000 for region in checks.regions]
    expected = 100 * (max(means) - min(means)) / (max(means) + min(means))
    found = checks.check_of("integral non-uniformity").value
    assert found == pytest.approx(expected)
    assert found == pytest.approx(0.46, abs=0.1)
