"""Conversion curves: CT number to electron density, mass density, stopping power."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.workflows.ct_calibration.curves.conversion import (
        ConversionCurve as ConversionCurve,
    )
    from kerma.workflows.ct_calibration.curves.installed import (
        read_installed as read_installed,
    )
    from kerma.workflows.ct_calibration.curves.procedure import (
        compare_with_installed as compare_with_installed,
    )
    from kerma.workflows.ct_calibration.curves.procedure import fit_curves as fit_curves
    from kerma.workflows.ct_calibration.curves.procedure import (
        with_hu_changes as with_hu_changes,
    )
    from kerma.workflows.ct_calibration.curves.result import CurveSet as CurveSet

__all__ = [
    "ConversionCurve",
    "CurveSet",
    "compare_with_installed",
    "fit_curves",
    "read_installed",
    "with_hu_changes",
]

_HOME = "kerma.workflows.ct_calibration.curves"

__getattr__ = loader(
    __name__,
    {
        "ConversionCurve": f"{_HOME}.conversion",
        "CurveSet": f"{_HOME}.result",
        "compare_with_installed": f"{_HOME}.procedure",
        "fit_curves": f"{_HOME}.procedure",
        "read_installed": f"{_HOME}.installed",
        "with_hu_changes": f"{_HOME}.procedure",
    },
)
