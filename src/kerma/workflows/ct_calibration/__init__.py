"""HU-RED calibration of a CT from a phantom scan, and its monthly constancy."""

from kerma.workflows.ct_calibration.baseline import read_baseline
from kerma.workflows.ct_calibration.comparison import check_constancy
from kerma.workflows.ct_calibration.phantoms import (
    choose_phantoms,
    load_tolerances,
    shipped_phantoms,
)
from kerma.workflows.ct_calibration.procedure import calibrate
from kerma.workflows.ct_calibration.result import Calibration

__all__ = [
    "Calibration",
    "calibrate",
    "check_constancy",
    "choose_phantoms",
    "load_tolerances",
    "read_baseline",
    "shipped_phantoms",
]
