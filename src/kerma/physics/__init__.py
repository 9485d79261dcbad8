"""The physics of radiation in matter: electron density, stopping power, attenuation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.physics.ct_number import Stoichiometry as Stoichiometry
    from kerma.physics.ct_number import fit_stoichiometry as fit_stoichiometry
    from kerma.physics.electrons import (
        effective_atomic_number as effective_atomic_number,
    )
    from kerma.physics.electrons import (
        relative_electron_density as relative_electron_density,
    )
    from kerma.physics.stopping_power import (
        mean_excitation_energy_ev as mean_excitation_energy_ev,
    )
    from kerma.physics.stopping_power import (
        stopping_power_ratio as stopping_power_ratio,
    )
    from kerma.physics.substance import AIR as AIR
    from kerma.physics.substance import WATER as WATER
    from kerma.physics.substance import Substance as Substance
    from kerma.physics.tissues import Tissue as Tissue
    from kerma.physics.tissues import human_tissues as human_tissues

__all__ = [
    "AIR",
    "WATER",
    "Stoichiometry",
    "Substance",
    "Tissue",
    "effective_atomic_number",
    "fit_stoichiometry",
    "human_tissues",
    "mean_excitation_energy_ev",
    "relative_electron_density",
    "stopping_power_ratio",
]

__getattr__ = loader(
    __name__,
    {
        "AIR": "kerma.physics.substance",
        "Stoichiometry": "kerma.physics.ct_number",
        "Substance": "kerma.physics.substance",
        "Tissue": "kerma.physics.tissues",
        "WATER": "kerma.physics.substance",
        "effective_atomic_number": "kerma.physics.electrons",
        "fit_stoichiometry": "kerma.physics.ct_number",
        "human_tissues": "kerma.physics.tissues",
        "mean_excitation_energy_ev": "kerma.physics.stopping_power",
        "relative_electron_density": "kerma.physics.electrons",
        "stopping_power_ratio": "kerma.physics.stopping_power",
    },
)
