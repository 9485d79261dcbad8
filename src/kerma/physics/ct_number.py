"""CT numbers from composition: the stoichiometric calibration of a scanner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.physics.electrons import relative_electron_density
from kerma.physics.substance import WATER, Substance

__all__ = ["Stoichiometry", "fit_stoichiometry"]

_PHOTOELECTRIC_EXPONENT = 3.62
_COHERENT_EXPONENT = 1.86
_START = (2e-5, 2e-4)  # photoelectric and coherent over Klein-Nishina, as in the guide
_FEWEST = 4  # materials, as in the guide: two unknowns and something to judge them by


@dataclass(frozen=True)
class Stoichiometry:
    r"""How a scanner's CT numbers depend on what is scanned.

    .. math:: \frac{\mathrm{HU}}{1000} + 1 = \rho_e
              \frac{1 + k_1 \tilde Z + k_2 \hat Z}{1 + k_1 \tilde Z_w + k_2 \hat Z_w}

    with :math:`\tilde Z = \sum w_i Z_i^{4.62} / A_i / N_g`,
    :math:`\hat Z = \sum w_i Z_i^{2.86} / A_i / N_g`, :math:`N_g = \sum w_i Z_i / A_i`.

    Parameters
    ----------
    photoelectric, coherent
        :math:`k_1` and :math:`k_2`: attenuation by the photoelectric effect and by
        coherent scatter over that by Compton scatter, for an electron of hydrogen.
    rms_hu
        Root mean square residual of the materials it was fitted to, HU.
    materials
        How many they were.

    References
    ----------
    U. Schneider, E. Pedroni, A. Lomax, Phys. Med. Biol. 41, 111 (1996), eq. 3 and 8;
    exponents after R. A. Rutherford et al., Neuroradiology 11, 15 (1976).
    """

    photoelectric: float
    coherent: float
    rms_hu: float
    materials: int

    def hu_of(self, substance: Substance) -> float:
        """CT number that this scanner would show, HU."""
        ratio = self._per_electron(substance) / self._per_electron(WATER)
        return 1000 * (relative_electron_density(substance) * ratio - 1)

    def _per_electron(self, substance: Substance) -> float:
        tilde, hat = _characteristics(substance)
        return 1 + self.photoelectric * tilde + self.coherent * hat


def fit_stoichiometry(
    substances: Sequence[Substance], hu: Sequence[float] | FloatArray
) -> Stoichiometry:
    r"""Fit a scanner's response to materials of known composition.

    Least squares of the CT numbers, both coefficients at least zero. Only ratios of the
    three published coefficients matter, so that of Compton scatter is set to 1: the
    minimum is the same, and unique.

    Parameters
    ----------
    substances
        Four or more materials.
    hu
        The CT number measured of each, HU.

    Raises
    ------
    InputError
        Fewer than four materials, or a number of CT numbers that is another.
    """
    from scipy.optimize import least_squares

    measured = np.asarray(hu, dtype=float)
    if len(substances) < _FEWEST or measured.shape != (len(substances),):
        raise InputError(
            f"The stoichiometric fit needs {_FEWEST} materials of known composition, "
            f"each with its CT number; got {len(substances)} and {measured.size}."
        )
    density = np.array([relative_electron_density(one) for one in substances])
    features = np.array([_characteristics(one) for one in substances])
    scale, water = np.array(_START), np.array(_characteristics(WATER))

    def residuals(factors: FloatArray) -> FloatArray:
        k = factors * scale
        return 1000 * (density * (1 + features @ k) / (1 + water @ k) - 1) - measured

    fit = least_squares(residuals, np.ones(2), bounds=(0, np.inf), xtol=1e-12)
    photoelectric, coherent = (float(k) for k in fit.x * scale)
    rms = float(np.sqrt(np.mean(residuals(fit.x) ** 2)))
    return Stoichiometry(photoelectric, coherent, rms, len(substances))


def _characteristics(substance: Substance) -> tuple[float, float]:
    """Mean powers of Z over the electrons: of the photoelectric, the coherent part."""
    electrons = substance.electrons_mol_g
    weights = electrons / electrons.sum()
    return (
        float(weights @ substance.z**_PHOTOELECTRIC_EXPONENT),
        float(weights @ substance.z**_COHERENT_EXPONENT),
    )
