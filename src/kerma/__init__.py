"""The physics of CT in radiotherapy: from the CT number to the patient's dose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.core.grid import Grid as Grid
    from kerma.core.volume import CT as CT
    from kerma.io import read_ct as read_ct
    from kerma.io import write_ct as write_ct
    from kerma.service.procedures import ct_calibration as ct_calibration
    from kerma.simulation.ct_phantom import simulate_ct as simulate_ct

__version__ = "0.1.0.dev0"

__all__ = [
    "CT",
    "Grid",
    "__version__",
    "ct_calibration",
    "read_ct",
    "simulate_ct",
    "write_ct",
]

_HOMES = {
    "CT": "kerma.core.volume",
    "Grid": "kerma.core.grid",
    "ct_calibration": "kerma.service.procedures",
    "read_ct": "kerma.io",
    "simulate_ct": "kerma.simulation.ct_phantom",
    "write_ct": "kerma.io",
}


__getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
