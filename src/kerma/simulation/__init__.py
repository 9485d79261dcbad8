"""Digital phantoms and virtual scanners, whose right answer is known."""

from kerma.simulation.assembly import phantom_scene
from kerma.simulation.changes import InsertChange, Void, missing, swapped
from kerma.simulation.ct_phantom import SimulatedCT, TrueInsert, Truth, simulate_ct
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scan import scan
from kerma.simulation.scanner import Artifacts, HUScale, Noise, Scanner, slice_stack
from kerma.simulation.scenes import (
    crude_patient,
    empty_field,
    end_to_end,
    hollow_cube,
    rod_cylinder,
    water_cylinder,
)
from kerma.simulation.solids import Scene

__all__ = [
    "Artifacts",
    "HUScale",
    "InsertChange",
    "Noise",
    "PhantomPlacement",
    "Scanner",
    "Scene",
    "SimulatedCT",
    "TrueInsert",
    "Truth",
    "Void",
    "crude_patient",
    "empty_field",
    "end_to_end",
    "hollow_cube",
    "missing",
    "phantom_scene",
    "rod_cylinder",
    "scan",
    "simulate_ct",
    "slice_stack",
    "swapped",
    "water_cylinder",
]
