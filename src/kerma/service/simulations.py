"""Simulated scans from plain values, for the command line."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from kerma.errors import InputError
from kerma.io import write_ct
from kerma.simulation.changes import InsertChange, missing, swapped
from kerma.simulation.ct_phantom import simulate_ct
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import (
    Artifacts,
    Couch,
    HUScale,
    Noise,
    Scanner,
    slice_stack,
)
from kerma.workflows.ct_calibration.phantoms import choose_phantoms

__all__ = ["ct_phantom"]
