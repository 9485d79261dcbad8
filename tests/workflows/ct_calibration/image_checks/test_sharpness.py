from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

from kerma.core.arrays import FloatArray
from kerma.simulation import Noise
from kerma.workflows.ct_calibration.image_checks import ImageChecks
from kerma.workflows.ct_calibration.image_checks.sharpness import mtf


def true_frequency(psf: float, overshoot: float, pixel: float, level: float) -> float:
    """Where the scanner's own transfer function has fallen to a level, 1/cm."""
    frequency = np.linspace(0, 3, 60001)
    aperture = pixel**2 / 12

    def part(sigma: float) -> FloatArray:
        square = sigma**2 + aperture
        return np.asarray(np.exp(-2 * np.pi**2 * square * frequency**2))

    left = (1 + overshoot) * part(psf) - overshoot * part(2 * psf)
    return float(10 * frequency[np.flatnonzero(left >= level)[-1]])


@pytest.mark.parametrize(
    ("psf", "overshoot", "pixel", "noise"),
    [(0.5, 0.0, 0.5, 10.0), (0.7, 0.0, 0.8, 6.0), (1.2, 0.0, 0.8, 6.0), (0.6, 0.3, 0.6, 15.0)],
)  # fmt: skip
def test_the_transfer_function_is_that_of_the_scanner(
    check: Callable[..., ImageChecks],
    psf: float,
    overshoot: float,
    pixel: float,
    noise: float,
) -> None:
    matrix = round(224 / pixel)
    checks = check(
        matrix=(matrix, matrix),
        pixel_mm=(pixel, pixel),
        psf_mm=psf,
        overshoot=overshoot,
        noise=Noise(sd_hu=noise, correlation_px=0.6),
        slice_positions_mm=(-5.0, -2.5, 0.0, 2.5, 5.0),
    )
    for name, level in (("MTF 50 %", 0.5), ("MTF 10 %", 0.1)):
        found = checks.check_of(name)
        truth = true_frequency(psf, overshoot, pixel, level)
        assert found.value == pytest.approx(truth, rel=0.03)
        assert found.uncertainty is not None
        assert found.uncertainty < 0.02 * truth


def test_the_transfer_function_is_the_transform_of_the_line_spread() -> None:
    sigma, overshoot, frequency = 0.7, 0.3, 0.4

    def integrand(x: float) -> float:
        def gauss(s: float) -> float:
            return float(np.exp(-0.5 * (x / s) ** 2) / (np.sqrt(2 * np.pi) * s))

        line = (1 + overshoot) * gauss(sigma) - overshoot * gauss(2 * sigma)
        return line * float(np.cos(2 * np.pi * frequency * x))

    expected = quad(integrand, -12, 12)[0]
    assert mtf(np.array(frequency), sigma, overshoot) == pytest.approx(expected)
    assert mtf(np.array(0.0), sigma, overshoot) == pytest.approx(1)
