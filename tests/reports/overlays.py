"""Small patients whose doses and structures are known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kerma.core.arrays import FloatArray
from kerma.core.structures import Contour, Structure
from kerma.simulation.dose_field import LinearDose
from kerma.simulation.rt_set import Layout, RTSet, simulate_rt_set

LINEAR = LinearDose(50.0, (0.12, -0.08, 0.15))
# Axes of the patient across and upright in each view, and the one looked along.
SIDES = {"axial": (0, 1, 2), "coronal": (0, 2, 1), "sagittal": (1, 2, 0)}


def small_set(position: str = "HFS", tilt_deg: float = 0.0) -> RTSet:
    """A coarse patient with an evenly rising dose."""
    layout = Layout(
        position=position,
        tilt_deg=tilt_deg,
        matrix=40,
        slices=24,
        pixel_mm=10.0,
        slice_mm=8.0,
        dose_mm=9.0,
    )
    made = simulate_rt_set(layout, dose=LINEAR)
    return replace(made, dose=replace(made.dose, plan_uid="1.2.3.5"))


def panel_of(figure: Figure, view: str) -> Axes:
    (found,) = [ax for ax in figure.axes if ax.get_gid() == view]
    return found


def key_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in panel_of(figure, "key").texts]


def in_patient(points: FloatArray, view: str, at_mm: float) -> FloatArray:
    """(n, 3) positions of points (n, 2) in a panel."""
    positions = np.empty((len(points), 3))
    across, upright, along = SIDES[view]
    positions[:, across], positions[:, upright] = points.T
    positions[:, along] = at_mm
    return positions


def prism(
    low: tuple[float, float],
    high: tuple[float, float],
    heights: FloatArray,
    *,
    frame: str = "1.2.3",
) -> Structure:
    """A rectangle (x, y) drawn at some heights."""
    (x0, y0), (x1, y1) = low, high
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=float)
    contours = tuple(
        Contour(np.column_stack([corners, np.full(4, z, dtype=float)])) for z in heights
    )
    return Structure(1, "Prism", contours, frame_of_reference=frame)
