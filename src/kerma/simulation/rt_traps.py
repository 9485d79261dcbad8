"""Every trap that is known: sets of files that mislead, and what has to come of them."""

from __future__ import annotations

from kerma.simulation.ct_traps import CT_TRAPS
from kerma.simulation.dose_traps import DOSE_TRAPS
from kerma.simulation.file_traps import FILE_TRAPS
from kerma.simulation.plan_traps import PLAN_TRAPS
from kerma.simulation.structure_traps import STRUCTURE_TRAPS
from kerma.simulation.trap import Trap

__all__ = ["TRAPS", "Trap"]

TRAPS: tuple[Trap, ...] = (
    *CT_TRAPS,
    *STRUCTURE_TRAPS,
    *DOSE_TRAPS,
    *PLAN_TRAPS,
    *FILE_TRAPS,
)
"""By object: CT, structures, dose, plan, files."""
