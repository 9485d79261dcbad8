"""Small simulated breasts, drawn once each."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from kerma.core.arrays import BoolArray, LabelArray
from kerma.simulation.breast import (
    BreastDesign,
    SimulatedBreast,
    VirtualBreastCT,
    simulate_breast,
)
from kerma.workflows.breast_ct.image import BreastImage
from kerma.workflows.breast_ct.scale import HUScale

SCALE = HUScale(-255.0, -41.0)
SMALL = {"diameter_mm": 60.0, "length_mm": 34.0, "slab_mm": 8.0, "sag_mm": 2.0}


def breast(scanner: VirtualBreastCT | None = None, **design: Any) -> SimulatedBreast:
    """A small breast without a muscle, at 0.5 mm unless the scanner says otherwise."""
    return _drawn(
        scanner or VirtualBreastCT(spacing_mm=(0.5, 0.5, 0.5)),
        BreastDesign(**{**SMALL, "muscle": None, "vessels": 0, **design}),
    )


@cache
def _drawn(scanner: VirtualBreastCT, design: BreastDesign) -> SimulatedBreast:
    return simulate_breast(design, scanner, seed=4)


def image_of(drawn: SimulatedBreast) -> BreastImage:
    return BreastImage(drawn.ct.hu, drawn.ct.grid.spacing)


def labels_of(drawn: SimulatedBreast) -> LabelArray:
    return drawn.truth.numbers


def dice(a: BoolArray, b: BoolArray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))
