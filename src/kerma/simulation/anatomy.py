"""A patient of ellipsoids: every contour and every volume known in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, HUArray, Vec3
from kerma.core.grid import Grid
from kerma.core.structures import Contour, Structure
from kerma.errors import GeometryError

__all__ = ["THORAX", "Organ", "contours_of", "hu_of", "structure_of"]

_POINTS = 180  # of a contour; an inscribed polygon of so many loses 0.02 % of the area
_EDGE_MM = 1.5  # over which one organ goes over into the next


@dataclass(frozen=True)
class Organ:
    """An ellipsoid; a semi-axis without end makes it a cylinder.

    Parameters
    ----------
    name
        As it stands in the structure set.
    center_mm
        ``(x, y, z)``.
    semi_axes_mm
        Along ``(x, y, z)``; ``math.inf`` for an axis along which it has no end.
    hu
        CT number.
    interpreted_type
        RT ROI Interpreted Type.
    color
        Display color.
    """

    name: str
    center_mm: Vec3
    semi_axes_mm: Vec3
    hu: float
    interpreted_type: str
    color: tuple[int, int, int]

    def __post_init__(self) -> None:
        if not min(self.semi_axes_mm) > 0:
            raise GeometryError(f"{self.name}: semi-axes have to be positive.")

    @property
    def volume_mm3(self) -> float:
        """Volume of the ellipsoid, mm³."""
        return 4 / 3 * math.pi * math.prod(self.semi_axes_mm)

    @property
    def form(self) -> FloatArray:
        """(3, 3) matrix A of the surface (r - c)ᵀ A (r - c) = 1."""
        return np.diag([1 / axis**2 for axis in self.semi_axes_mm])


_BODY = Organ("BODY", (0, 0, 0), (180, 115, math.inf), 20, "EXTERNAL", (255, 190, 120))
THORAX = (
    _BODY,
    Organ("Lung right", (-85, -5, 0), (55, 75, 110), -750, "ORGAN", (90, 150, 255)),
    Organ("Lung left", (85, -5, 0), (55, 75, 110), -750, "ORGAN", (60, 110, 220)),
    Organ("Heart", (20, -35, -40), (45, 40, 50), 45, "ORGAN", (230, 80, 80)),
    Organ("Spine", (0, 75, 0), (22, 20, math.inf), 350, "ORGAN", (230, 220, 160)),
    Organ("Cord", (0, 75, 0), (7, 7, math.inf), 30, "ORGAN", (240, 220, 60)),
    Organ("GTV", (-75, 10, 15), (18, 16, 20), 40, "GTV", (255, 60, 160)),
    Organ("PTV", (-75, 10, 15), (26, 24, 28), math.nan, "PTV", (220, 30, 30)),
)
"""A chest in the order in which the organs replace each other; a CT number that is NaN
leaves what is there."""


def hu_of(organs: tuple[Organ, ...], grid: Grid) -> HUArray:
    """(nk, nj, ni) CT numbers, int16, of organs in air; edges fade over 1.5 mm."""
    hu = np.full(grid.shape, -1000.0, dtype=np.float32)
    rows, columns = (np.arange(n) for n in grid.shape[1:])
    index = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    for k in range(grid.shape[0]):
        places = np.full((*index.shape[:2], 3), float(k))
        places[..., 1:] = index
        position = grid.to_patient(places)
        for organ in organs:
            if not math.isnan(organ.hu):
                inside = _inside(organ, position).astype(np.float32)
                hu[k] += inside * (np.float32(organ.hu) - hu[k])
    return np.rint(hu).astype(np.int16)


def _inside(organ: Organ, position: FloatArray) -> FloatArray:
    """Share of each position that lies inside, from the distance to first order."""
    away = position - np.array(organ.center_mm)
    scaled = away @ organ.form
    size = np.sqrt(np.einsum("...c,...c", scaled, away))
    slope = np.linalg.norm(scaled, axis=-1) / np.maximum(size, 1e-9)
    distance = (size - 1) / np.maximum(slope, 1e-9)
    return np.clip(0.5 - distance / _EDGE_MM, 0, 1)


def contours_of(
    organ: Organ, grid: Grid, image_uids: tuple[str, ...] = ()
) -> tuple[Contour, ...]:
    """The ellipses in which an organ cuts the slices of a grid, as polygons.

    The slices may lie in any direction; a polygon of 180 points has the area of the
    ellipse but for 0.02 %.
    """
    contours = []
    for k in range(grid.shape[0]):
        points = _cut(organ, grid, k)
        if points is not None:
            uid = image_uids[k] if image_uids else ""
            contours.append(Contour(points, image_uid=uid))
    return tuple(contours)


def _cut(organ: Organ, grid: Grid, k: int) -> FloatArray | None:
    """(180, 3) points of the ellipse in slice k; ``None`` where it does not reach.

    With r = p + B q, the columns of B the directions of the slice, the surface is the
    quadratic form (q - m)ᵀ M (q - m) = s with M = Bᵀ A B, m = -M⁻¹ Bᵀ A (p - c).
    """
    base = np.array([grid.axes[2], grid.axes[1]]).T
    away = grid.to_patient(np.array([k, 0.0, 0.0])) - np.array(organ.center_mm)
    form = base.T @ organ.form @ base
    middle = -np.linalg.solve(form, base.T @ organ.form @ away)
    nearest = away + base @ middle
    size = 1 - nearest @ organ.form @ nearest
    if size <= 1e-6:
        return None
    angle = 2 * np.pi * np.arange(_POINTS) / _POINTS
    circle = np.stack([np.cos(angle), np.sin(angle)])
    around = np.linalg.solve(np.linalg.cholesky(form).T, circle) * np.sqrt(size)
    return np.asarray((base @ around).T + nearest + np.array(organ.center_mm))


def structure_of(
    organ: Organ, number: int, grid: Grid, image_uids: tuple[str, ...] = ()
) -> Structure:
    """An organ as it is drawn on the slices of a CT."""
    return Structure(
        number=number,
        name=organ.name,
        contours=contours_of(organ, grid, image_uids),
        interpreted_type=organ.interpreted_type,
        color=organ.color,
        generation_algorithm="AUTOMATIC",
        frame_of_reference=grid.frame_of_reference,
    )
