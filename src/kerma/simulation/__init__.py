"""Digital phantoms and virtual scanners, whose right answer is known."""

from kerma.simulation.changes import InsertChange, Void, missing, swapped
from kerma.simulation.ct_phantom import SimulatedCT, TrueInsert, Truth, simulate_ct
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Artifacts, HUScale, Noise, Scanner, slice_stack

__all__ = [
    "Artifacts",
    "HUScale",
    "InsertChange",
    "Noise",
    "PhantomPlacement",
    "Scanner",
    "SimulatedCT",
    "TrueInsert",
    "Truth",
    "Void",
    "missing",
    "simulate_ct",
    "slice_stack",
    "swapped",
]
