"""The physics of CT in radiotherapy: from the CT number to the patient's dose."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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


def __getattr__(name: str) -> object:
    """Load a public name on first use, so that the package itself loads at once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'kerma' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
