"""Methods on dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.dosimetry.gamma_criteria import GammaCriteria as GammaCriteria
    from kerma.dosimetry.gamma_criteria import GammaLimits as GammaLimits
    from kerma.dosimetry.gamma_index import GammaAnalysis as GammaAnalysis
    from kerma.dosimetry.gamma_index import gamma as gamma
    from kerma.dosimetry.gamma_index import gamma_of_profiles as gamma_of_profiles
    from kerma.dosimetry.gamma_result import GammaResult as GammaResult

__all__ = [
    "GammaAnalysis",
    "GammaCriteria",
    "GammaLimits",
    "GammaResult",
    "gamma",
    "gamma_of_profiles",
]

__getattr__ = loader(
    __name__,
    {
        "GammaAnalysis": "kerma.dosimetry.gamma_index",
        "GammaCriteria": "kerma.dosimetry.gamma_criteria",
        "GammaLimits": "kerma.dosimetry.gamma_criteria",
        "GammaResult": "kerma.dosimetry.gamma_result",
        "gamma": "kerma.dosimetry.gamma_index",
        "gamma_of_profiles": "kerma.dosimetry.gamma_index",
    },
)
