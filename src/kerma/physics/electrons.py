"""Electron density and effective atomic number."""

from __future__ import annotations

from kerma.physics.substance import WATER, Substance

__all__ = ["effective_atomic_number", "relative_electron_density"]


def relative_electron_density(substance: Substance) -> float:
    r"""Electron density relative to water.

    .. math:: \rho_e = \frac{\rho \sum_i w_i Z_i / A_i}
              {\rho_w \sum_i w_{w,i} Z_i / A_i}
    """
    return substance.electron_density_mol_cm3 / WATER.electron_density_mol_cm3


def effective_atomic_number(substance: Substance, *, exponent: float = 3.1) -> float:
    r"""Atomic number of an element that scatters photons alike.

    .. math:: Z_\mathrm{eff} = \Big(\frac{\sum_i (w_i Z_i / A_i) Z_i^n}
              {\sum_i w_i Z_i / A_i}\Big)^{1/n}

    Parameters
    ----------
    substance
        The material.
    exponent
        :math:`n`, by which the photoelectric effect rises with Z: 3.1 in the consensus
        guide below, 2.94 after Mayneord, 3.3 and more for dual-energy CT.

    References
    ----------
    N. Peters et al., *Consensus guide on CT-based prediction of stopping-power ratio
    using a Hounsfield look-up table for proton therapy*, Radiother. Oncol. 184, 109675
    (2023).
    """
    electrons = substance.electrons_mol_g
    mean = float(electrons @ substance.z**exponent) / float(electrons.sum())
    return mean ** (1 / exponent)
