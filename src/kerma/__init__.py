"""The physics of CT in radiotherapy: from the CT number to the patient's dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.core.dose import Dose as Dose
    from kerma.core.grid import Grid as Grid
    from kerma.core.structures import StructureSet as StructureSet
    from kerma.core.volume import CT as CT
    from kerma.imaging import resample as resample
    from kerma.io import index as index
    from kerma.io import read_ct as read_ct
    from kerma.io import read_dose as read_dose
    from kerma.io import read_plan as read_plan
    from kerma.io import read_structures as read_structures
    from kerma.io import read_volume as read_volume
    from kerma.io import write_ct as write_ct
    from kerma.io import write_volume as write_volume
    from kerma.service.procedures import ct_calibration as ct_calibration
    from kerma.simulation.ct_phantom import simulate_ct as simulate_ct

__version__ = "0.1.0.dev0"

__all__ = [
    "CT",
    "Dose",
    "Grid",
    "StructureSet",
    "__version__",
    "ct_calibration",
    "index",
    "read_ct",
    "read_dose",
    "read_plan",
    "read_structures",
    "read_volume",
    "resample",
    "simulate_ct",
    "write_ct",
    "write_volume",
]

_HOMES = {
    "CT": "kerma.core.volume",
    "Dose": "kerma.core.dose",
    "Grid": "kerma.core.grid",
    "StructureSet": "kerma.core.structures",
    "ct_calibration": "kerma.service.procedures",
    "index": "kerma.io",
    "read_ct": "kerma.io",
    "read_dose": "kerma.io",
    "read_plan": "kerma.io",
    "read_structures": "kerma.io",
    "read_volume": "kerma.io",
    "resample": "kerma.imaging",
    "simulate_ct": "kerma.simulation.ct_phantom",
    "write_ct": "kerma.io",
    "write_volume": "kerma.io",
}

__getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
