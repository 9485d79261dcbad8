from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerma.errors import InputError
from kerma.physics import (
    WATER,
    Stoichiometry,
    Substance,
    fit_stoichiometry,
    human_tissues,
    relative_electron_density,
)

TISSUES = [tissue.substance for tissue in human_tissues()]


@given(photoelectric=st.floats(0, 1e-4), coherent=st.floats(0, 2e-3))
def test_water_is_zero_on_every_scanner(photoelectric: float, coherent: float) -> None:
    scanner = Stoichiometry(photoelectric, coherent, 0.0, 4)
    assert scanner.hu_of(WATER) == pytest.approx(0, abs=1e-9)


def test_where_only_compton_scatter_counts_the_ct_number_is_the_electron_density() -> (
    None
):
    scanner = Stoichiometry(0.0, 0.0, 0.0, 4)
    for one in TISSUES:
        expected = 1000 * (relative_electron_density(one) - 1)
        assert scanner.hu_of(one) == pytest.approx(expected)


def test_the_ct_number_of_an_element_follows_the_formula() -> None:
    """Aluminum: Z = 13 to the powers 3.62 and 1.86, over the same means of water."""
    aluminum = Substance("aluminum", 2.7, {"Al": 1.0})
    ngw = 0.111894 / 1.008 + 0.888106 * 8 / 15.999
    share = 0.888106 * 8 / 15.999 / ngw
    water = (
        1
        + 1.2e-5 * (1 - share + share * 8**3.62)
        + 5e-4 * (1 - share + share * 8**1.86)
    )
    metal = 1 + 1.2e-5 * 13**3.62 + 5e-4 * 13**1.86
    expected = 1000 * (2.7 * 13 / 26.982 / ngw * metal / water - 1)
    scanner = Stoichiometry(1.2e-5, 5e-4, 0.0, 4)
    assert scanner.hu_of(aluminum) == pytest.approx(expected, rel=1e-9)


@given(photoelectric=st.floats(2e-6, 1e-4), coherent=st.floats(5e-5, 4e-3))
def test_the_fit_finds_the_scanner_that_made_the_numbers(
    photoelectric: float, coherent: float
) -> None:
    truth = Stoichiometry(photoelectric, coherent, 0.0, 4)
    fit = fit_stoichiometry(TISSUES, [truth.hu_of(one) for one in TISSUES])
    assert fit.photoelectric == pytest.approx(photoelectric, rel=1e-3)
    assert fit.coherent == pytest.approx(coherent, rel=1e-2)
    assert fit.rms_hu < 1e-3
    assert fit.materials == len(TISSUES)


def test_the_fit_is_that_of_the_three_published_coefficients() -> None:
    """Schneider's three coefficients, fitted by SciPy, give the same CT numbers."""
    from scipy.optimize import least_squares

    truth = Stoichiometry(1.5e-5, 3e-4, 0.0, 4)
    rng = np.random.default_rng(1)
    hu = np.array([truth.hu_of(one) for one in TISSUES])
    hu += rng.normal(0, 5, hu.size)

    def attenuation(k: np.ndarray, one: Substance) -> float:
        electrons = one.electrons_mol_g
        powers = k[0] * one.z**3.62 + k[1] * one.z**1.86 + k[2]
        return float(one.density_g_cm3 * electrons @ powers)

    def residuals(k: np.ndarray) -> np.ndarray:
        water = attenuation(k, WATER)
        return hu - [1000 * (attenuation(k, one) / water - 1) for one in TISSUES]

    start = np.array([1e-5, 1e-4, 0.5])
    scipy = least_squares(residuals, start, bounds=(0, 10), x_scale=start)
    fit = fit_stoichiometry(TISSUES, hu)
    ours = hu - [fit.hu_of(one) for one in TISSUES]
    assert ours == pytest.approx(residuals(scipy.x), abs=0.05)


def test_too_few_materials_are_refused() -> None:
    with pytest.raises(InputError, match=r"needs 4 materials .* got 3 and 3"):
        fit_stoichiometry(TISSUES[:3], [0.0, 1.0, 2.0])
    with pytest.raises(InputError, match="got 4 and 3"):
        fit_stoichiometry(TISSUES[:4], [0.0, 1.0, 2.0])
