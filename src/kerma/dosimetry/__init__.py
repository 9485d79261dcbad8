"""Methods on dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.dosimetry.accumulation import accumulate as accumulate
    from kerma.dosimetry.accumulation import scaled as scaled
    from kerma.dosimetry.constraints import ConstraintCheck as ConstraintCheck
    from kerma.dosimetry.constraints import ConstraintList as ConstraintList
    from kerma.dosimetry.constraints import check_constraints as check_constraints
    from kerma.dosimetry.constraints import parse_constraint as parse_constraint
    from kerma.dosimetry.constraints import parse_constraints as parse_constraints
    from kerma.dosimetry.dose_metrics import Conformity as Conformity
    from kerma.dosimetry.dose_metrics import conformity as conformity
    from kerma.dosimetry.dose_metrics import homogeneity_index as homogeneity_index
    from kerma.dosimetry.dose_metrics import lkb_ntcp as lkb_ntcp
    from kerma.dosimetry.dose_metrics import parse_metric as parse_metric
    from kerma.dosimetry.fractionation import bed as bed
    from kerma.dosimetry.fractionation import bed_gy as bed_gy
    from kerma.dosimetry.fractionation import eqd2 as eqd2
    from kerma.dosimetry.fractionation import eqd2_dvh as eqd2_dvh
    from kerma.dosimetry.fractionation import eqd2_gy as eqd2_gy
    from kerma.dosimetry.gamma_criteria import GammaCriteria as GammaCriteria
    from kerma.dosimetry.gamma_criteria import GammaLimits as GammaLimits
    from kerma.dosimetry.gamma_index import GammaAnalysis as GammaAnalysis
    from kerma.dosimetry.gamma_index import gamma as gamma
    from kerma.dosimetry.gamma_index import gamma_of_profiles as gamma_of_profiles
    from kerma.dosimetry.gamma_result import GammaResult as GammaResult
    from kerma.dosimetry.histograms import DVH as DVH
    from kerma.dosimetry.histograms import dvh as dvh
    from kerma.dosimetry.histograms import dvhs as dvhs
    from kerma.dosimetry.histograms import precision_of as precision_of
    from kerma.dosimetry.isodoses import isodose as isodose
    from kerma.dosimetry.profiles import DoseProfile as DoseProfile
    from kerma.dosimetry.profiles import dose_at as dose_at
    from kerma.dosimetry.profiles import profile as profile
    from kerma.dosimetry.sampling import Sampling as Sampling

__all__ = [
    "DVH",
    "Conformity",
    "ConstraintCheck",
    "ConstraintList",
    "DoseProfile",
    "GammaAnalysis",
    "GammaCriteria",
    "GammaLimits",
    "GammaResult",
    "Sampling",
    "accumulate",
    "bed",
    "bed_gy",
    "check_constraints",
    "conformity",
    "dose_at",
    "dvh",
    "dvhs",
    "eqd2",
    "eqd2_dvh",
    "eqd2_gy",
    "gamma",
    "gamma_of_profiles",
    "homogeneity_index",
    "isodose",
    "lkb_ntcp",
    "parse_constraint",
    "parse_constraints",
    "parse_metric",
    "precision_of",
    "profile",
    "scaled",
]

__getattr__ = loader(
    __name__,
    {
        "Conformity": "kerma.dosimetry.dose_metrics",
        "ConstraintCheck": "kerma.dosimetry.constraints",
        "ConstraintList": "kerma.dosimetry.constraints",
        "DVH": "kerma.dosimetry.histograms",
        "DoseProfile": "kerma.dosimetry.profiles",
        "GammaAnalysis": "kerma.dosimetry.gamma_index",
        "GammaCriteria": "kerma.dosimetry.gamma_criteria",
        "GammaLimits": "kerma.dosimetry.gamma_criteria",
        "GammaResult": "kerma.dosimetry.gamma_result",
        "Sampling": "kerma.dosimetry.sampling",
        "accumulate": "kerma.dosimetry.accumulation",
        "bed": "kerma.dosimetry.fractionation",
        "bed_gy": "kerma.dosimetry.fractionation",
        "check_constraints": "kerma.dosimetry.constraints",
        "conformity": "kerma.dosimetry.dose_metrics",
        "dose_at": "kerma.dosimetry.profiles",
        "dvh": "kerma.dosimetry.histograms",
        "dvhs": "kerma.dosimetry.histograms",
        "eqd2": "kerma.dosimetry.fractionation",
        "eqd2_dvh": "kerma.dosimetry.fractionation",
        "eqd2_gy": "kerma.dosimetry.fractionation",
        "gamma": "kerma.dosimetry.gamma_index",
        "gamma_of_profiles": "kerma.dosimetry.gamma_index",
        "homogeneity_index": "kerma.dosimetry.dose_metrics",
        "isodose": "kerma.dosimetry.isodoses",
        "lkb_ntcp": "kerma.dosimetry.dose_metrics",
        "parse_constraint": "kerma.dosimetry.constraints",
        "parse_constraints": "kerma.dosimetry.constraints",
        "parse_metric": "kerma.dosimetry.dose_metrics",
        "precision_of": "kerma.dosimetry.histograms",
        "profile": "kerma.dosimetry.profiles",
        "scaled": "kerma.dosimetry.accumulation",
    },
)
