"""Stopping of protons relative to water."""

from __future__ import annotations

import math

import numpy as np

from kerma.errors import InputError
from kerma.physics.electrons import relative_electron_density
from kerma.physics.elements import element_data
from kerma.physics.substance import WATER, Substance

__all__ = ["REFERENCE_ENERGY_MEV", "mean_excitation_energy_ev", "stopping_power_ratio"]

REFERENCE_ENERGY_MEV = 100.0
"""Proton energy at which look-up tables are made."""

# The constants of the consensus guide; CODATA's (510 998.95 eV, 938.272 MeV) change no
# ratio by more than 1e-5.
_ELECTRON_REST_ENERGY_EV = 511e3
_PROTON_REST_ENERGY_MEV = 938.0


def mean_excitation_energy_ev(substance: Substance) -> float:
    r"""Mean excitation energy, eV, by Bragg's additivity unless it was measured.

    .. math:: \ln I = \frac{\sum_i (w_i Z_i / A_i) \ln I_i}{\sum_i w_i Z_i / A_i}

    References
    ----------
    ICRU Report 37, *Stopping powers for electrons and positrons*, 1984, section 2.
    """
    if substance.known_excitation_energy_ev is not None:
        return substance.known_excitation_energy_ev
    known = element_data()
    logarithms = np.log([known[s].excitation_energy_ev for s in substance.composition])
    electrons = substance.electrons_mol_g
    return math.exp(float(electrons @ logarithms) / float(electrons.sum()))


def stopping_power_ratio(
    substance: Substance, *, energy_mev: float = REFERENCE_ENERGY_MEV
) -> float:
    r"""Stopping power of protons relative to water, by Bethe's formula.

    .. math:: \mathrm{SPR} = \rho_e \frac{L(\beta) - \ln I}{L(\beta) - \ln I_w},
              \quad L = \ln \frac{2 m_e c^2 \beta^2}{1 - \beta^2} - \beta^2

    without shell, density and Barkas corrections, which cancel to some 0.1 % between
    60 and 250 MeV.

    Parameters
    ----------
    substance
        The material.
    energy_mev
        Kinetic energy of the proton, 10 to 1000 MeV.

    References
    ----------
    U. Schneider, E. Pedroni, A. Lomax, *The calibration of CT Hounsfield units for
    radiotherapy treatment planning*, Phys. Med. Biol. 41, 111 (1996), eq. 6.

    Raises
    ------
    InputError
        An energy outside 10 to 1000 MeV, where the formula alone does not hold.
    """
    if not 10 <= energy_mev <= 1000:
        raise InputError(
            f"A stopping-power ratio is computed for protons of 10 to 1000 MeV; got "
            f"{energy_mev:g} MeV."
        )
    beta2 = 1 - (1 + energy_mev / _PROTON_REST_ENERGY_MEV) ** -2
    kinematic = math.log(2 * _ELECTRON_REST_ENERGY_EV * beta2 / (1 - beta2)) - beta2
    stopping, stopping_water = (
        kinematic - math.log(mean_excitation_energy_ev(one))
        for one in (substance, WATER)
    )
    return relative_electron_density(substance) * stopping / stopping_water
