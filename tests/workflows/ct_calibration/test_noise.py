from __future__ import annotations

import numpy as np
import pytest

from kerma.imaging.axial import AxialStack
from kerma.simulation.noise import noise_plane
from kerma.workflows.ct_calibration.noise import RegionNoise, region_noise
from kerma.workflows.ct_calibration.placement import Placement

PIXEL_MM = 0.9
RADIUS_MM = 4.4
SLICES = np.arange(12)
SEEDS = range(6)

# Some 40 discs in 12 slices and 6 scans: 2900 independent means. Their variance
# from a median absolute deviation, 37 % efficient, is good to sqrt(2 / 0.37 / 2900).
SPREAD = float(np.sqrt(2 / 0.37 / 2900))

# The covariance between slices l apart comes from 40 (n - l) differences. Where there
# is none, only its chance excess over zero is kept, on average 0.4 of its deviation
# sqrt(2 / 0.37 / 40 (n - l)); the mean over n slices counts it 2 (n - l)/n times.
# The uncertainty errs to the safe side, by up to twice this in a scan of chance.
LAGS = np.arange(1, SLICES.size)
LEFT = SLICES.size - LAGS
BIAS = float(np.sum(2 * LEFT / SLICES.size * 0.4 * np.sqrt(2 / 0.37 / 40 / LEFT)))


def noisy_stack(
    seed: int, *, grain: float = 0.0, shared: float = 0.0, slices: int = SLICES.size
) -> AxialStack:
    """Nothing but noise of 20 HU about 95 HU, over 198 mm."""
    size = 220
    planes = [
        noise_plane(
            (size, size),
            sd_hu=20.0,
            correlation_px=grain,
            slice_correlation=shared,
            seed=seed,
            k=k,
        )
        for k in range(slices)
    ]
    corner = np.full(slices, -(size - 1) / 2 * PIXEL_MM)
    return AxialStack(
        hu=95 + np.stack(planes),
        x0=corner,
        y0=corner,
        z=(np.arange(slices) - (slices - 1) / 2) * 2.5,
        dx=PIXEL_MM,
        dy=PIXEL_MM,
        slice_indices=np.arange(slices),
    )


def share_of_a_voxel(grain: float) -> float:
    r"""Variance of a disc's mean over the variance of the voxels in it.

    White noise through a Gaussian of σ correlates by exp(-d²/4σ²), whose mean over
    all pairs of voxels, c, is the variance of the mean of a disc. About that mean
    the voxels of the disc scatter by 1 - c. Averaged over where the disc lies
    between the pixels.
    """
    line = np.arange(-7, 8) * PIXEL_MM
    shares = []
    for dx, dy in np.random.default_rng(0).uniform(
        -PIXEL_MM / 2, PIXEL_MM / 2, (40, 2)
    ):
        x, y = (axis.ravel() for axis in np.meshgrid(line - dx, line - dy))
        inside = np.hypot(x, y) <= RADIUS_MM
        x, y = x[inside], y[inside]
        square = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
        if grain == 0:
            common = 1 / x.size
            shares.append(common)  # the sample's own deviation has n - 1 already
        else:
            common = float(np.exp(-square / 4 / (grain * PIXEL_MM) ** 2).mean())
            shares.append(common / (1 - common) * (1 - 1 / x.size))
    return float(np.mean(shares))


def measured(placement: Placement, **noise: float) -> RegionNoise:
    found = [
        region_noise(noisy_stack(seed, **noise), placement, RADIUS_MM, SLICES)  # type: ignore[arg-type]  # the keywords are floats here
        for seed in SEEDS
    ]
    return RegionNoise(
        slice_ratio=float(np.mean([one.slice_ratio for one in found])),
        ratio=float(np.mean([one.ratio for one in found])),
    )


@pytest.mark.parametrize("grain", [0.0, 0.6, 1.2])
def test_the_mean_over_a_region_is_as_certain_as_its_independent_voxels(
    placement: Placement, grain: float
) -> None:
    """White noise: one over their number; else the mean of the correlation."""
    found, expected = measured(placement, grain=grain), share_of_a_voxel(grain)
    if grain == 0:
        area = np.pi * RADIUS_MM**2 / PIXEL_MM**2
        assert expected == pytest.approx(1 / area, rel=0.02)
    assert found.slice_ratio == pytest.approx(expected, rel=4 * SPREAD)
    # Slices are independent: n of them are n times as certain.
    share = found.ratio * SLICES.size / expected
    assert 1 - 4 * SPREAD < share < 1 + 2 * BIAS


def test_slices_that_share_their_noise_add_less(placement: Placement) -> None:
    """With ρ between neighbors: (1 + 2 ρ (n - 1)/n) / n."""
    rho, count = 0.4, SLICES.size
    found = measured(placement, shared=rho)
    expected = share_of_a_voxel(0) / count * (1 + 2 * rho * (count - 1) / count)
    assert 1 - 4 * SPREAD < found.ratio / expected < 1 + 2 * BIAS


def test_in_a_single_slice_the_scatter_from_place_to_place_stands_in(
    placement: Placement,
) -> None:
    """A twelfth of the discs: the estimate is √12 as uncertain."""
    ratios = [
        region_noise(
            noisy_stack(seed, slices=1), placement, RADIUS_MM, np.array([0])
        ).ratio
        for seed in SEEDS
    ]
    spread = 4 * SPREAD * np.sqrt(SLICES.size)
    assert np.mean(ratios) == pytest.approx(share_of_a_voxel(0), rel=spread)


def test_more_noise_of_the_same_grain_has_the_same_ratio(placement: Placement) -> None:
    one = noisy_stack(1, grain=0.6)
    louder = AxialStack(**{**vars(one), "hu": 3 * one.hu})
    first, second = (
        region_noise(stack, placement, RADIUS_MM, SLICES) for stack in (one, louder)
    )
    assert (first.slice_ratio, first.ratio) == pytest.approx(
        (second.slice_ratio, second.ratio)
    )


def test_a_scan_without_noise_counts_its_pixels(placement: Placement) -> None:
    """π r² over the area of a pixel."""
    quiet = noisy_stack(1)
    flat = AxialStack(**{**vars(quiet), "hu": np.full_like(quiet.hu, 95.0)})
    found = region_noise(flat, placement, RADIUS_MM, SLICES)
    pixels = np.pi * RADIUS_MM**2 / PIXEL_MM**2
    assert found.slice_ratio == pytest.approx(1 / pixels)
    assert found.ratio == pytest.approx(1 / pixels / SLICES.size)
