import numpy as np
import pytest
from scipy.special import erf

from kerma.core.arrays import FloatArray, Vec3
from kerma.errors import InputError
from kerma.simulation.breast import VirtualBreastCT

FIELD_MM = 1000.0
PER_FWHM = 1 / np.sqrt(8 * np.log(2))


def image(
    scanner: VirtualBreastCT, hu: FloatArray, field: float = FIELD_MM
) -> FloatArray:
    body = np.ones(hu.shape, np.float32)
    hu = hu.astype(np.float32)
    return scanner.image_of(hu, body, field_mm=field, seed=1).astype(float)


@pytest.mark.parametrize("noise", [15.0, 45.0])
def test_the_noise_has_the_wanted_deviation_and_no_mean(noise: float) -> None:
    seen = image(VirtualBreastCT(noise_hu=noise), np.zeros((40, 60, 60)))

    assert seen.std() == pytest.approx(noise, rel=0.02)
    assert abs(seen.mean()) < 0.05 * noise


def test_neighboring_noise_correlates_as_a_gaussian_of_055_voxels() -> None:
    """White noise through weights w correlates by sum w_n w_n+1 / sum w_n^2."""
    seen = image(VirtualBreastCT(noise_hu=100.0), np.zeros((40, 60, 60)))
    weights = np.exp(-(np.arange(-4, 5) ** 2) / (2 * 0.55**2))
    expected = np.sum(weights[1:] * weights[:-1]) / np.sum(weights**2)

    for axis in range(3):
        ahead, here = np.delete(seen, 0, axis), np.delete(seen, -1, axis)
        found = np.corrcoef(ahead.ravel(), here.ravel())[0, 1]
        assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("spacing", [(0.3, 0.3, 0.3), (0.6, 0.3, 0.2), (0.15,) * 3])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_edge_spreads_by_the_blur_alone_on_any_voxels(
    spacing: Vec3, axis: int
) -> None:
    """The variance of an edge's derivative is that of the Gaussian, whatever the voxel."""
    scanner = VirtualBreastCT(spacing_mm=spacing, noise_hu=0.0, psf_fwhm_mm=0.6)
    hu = np.zeros((40, 40, 40))
    np.moveaxis(hu, axis, 0)[20:] = 2000.0
    edge = np.moveaxis(image(scanner, hu), axis, 0)[:, 20, 20]

    spread = np.diff(edge) / 2000
    at = np.arange(spread.size) * spacing[axis]
    variance = np.sum(spread * at**2) - np.sum(spread * at) ** 2
    assert np.sqrt(variance) == pytest.approx(0.6 * PER_FWHM, rel=0.02)


def test_a_blurred_edge_is_the_error_function() -> None:
    """Half a voxel off the step; 1 % of the step, as 0.1 mm voxels sample it well."""
    scanner = VirtualBreastCT(spacing_mm=(0.1,) * 3, noise_hu=0.0, psf_fwhm_mm=0.6)
    hu = np.zeros((4, 4, 40))
    hu[..., 20:] = 1000.0

    at = (np.arange(40) - 19.5) * 0.1
    expected = 500 * (1 + erf(at / (np.sqrt(2) * 0.6 * PER_FWHM)))
    np.testing.assert_allclose(image(scanner, hu)[2, 2], expected, atol=10)


def test_cupping_is_a_parabola_over_the_field() -> None:
    scanner = VirtualBreastCT(
        spacing_mm=(1.0, 1.0, 1.0), noise_hu=0.0, psf_fwhm_mm=0.0, cupping_hu=40.0
    )
    seen = image(scanner, np.zeros((3, 81, 81)), field=80.0)

    middle = seen[1, 40]
    assert middle[40] == -20.0
    assert middle[60] == -10.0  # half the radius: 40 (1/4 - 1/2)
    assert middle[80] == 20.0


def test_nothing_is_seen_outside_the_field() -> None:
    scanner = VirtualBreastCT(spacing_mm=(1.0, 1.0, 1.0), noise_hu=50.0)
    seen = image(scanner, np.zeros((2, 41, 41)), field=20.0)

    y, x = np.mgrid[-20:21, -20:21]
    outside = np.hypot(y, x) > 10
    assert (seen[:, outside] == -1024).all()
    assert (seen[:, ~outside] > -500).all()


def test_numbers_are_clipped_to_what_is_stored() -> None:
    seen = image(VirtualBreastCT(noise_hu=0.0), np.array([[[-3000.0]], [[9000.0]]]))

    assert seen.min() >= -1024
    assert seen.max() <= 3000


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"spacing_mm": (0.3, 0.0, 0.3)}, "up to 2 mm"),
        ({"spacing_mm": (0.3, 0.3, 5.0)}, "up to 2 mm"),
        ({"noise_hu": -1.0}, "not negative"),
        ({"gain": 0.0}, "gain"),
        ({"field_mm": 0.0}, "positive diameter"),
        ({"offset_hu": float("nan")}, "finite"),
    ],
)
def test_a_scanner_that_cannot_be_is_refused(
    settings: dict[str, object], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        VirtualBreastCT(**settings)  # type: ignore[arg-type]  # that is the point
