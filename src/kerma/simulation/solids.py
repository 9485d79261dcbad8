"""Scenes as sums of simple solids, and one slice of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.phantom import Outline
from kerma.errors import InputError
from kerma.simulation.changes import AIR_HU
from kerma.simulation.cuts import Cut, Plane
from kerma.simulation.shapes import blurred_ellipse, blurred_rectangle, slab_fraction
from kerma.simulation.wires import Blur, Wire

__all__ = ["Blur", "Patch", "Scene", "Section", "Solid", "patch_of", "render"]

_WINDOW_SIGMAS = 6.0  # what the blur spreads beyond is 1e-9 of the contrast


@dataclass(frozen=True)
class Section:
    """Cross-section of a solid.

    Parameters
    ----------
    shape
        "ellipse" or "rectangle".
    width_mm, height_mm
        Full size along p and q.
    center_mm
        (p, q) of its center.
    """

    shape: Literal["ellipse", "rectangle"]
    width_mm: float
    height_mm: float
    center_mm: tuple[float, float] = (0.0, 0.0)

    @property
    def bound_mm(self) -> float:
        """Radius of a circle about its center that holds it, mm."""
        if self.shape == "ellipse":
            return max(self.width_mm, self.height_mm) / 2
        return float(np.hypot(self.width_mm, self.height_mm)) / 2


@dataclass(frozen=True)
class Solid:
    """A cylinder or prism along the axis of the phantom, or a ball.

    Parameters
    ----------
    section
        Its cross-section; that of a ball is its equator.
    first_mm, last_mm
        Extent along the axis.
    contrast_hu
        What it adds to what is there without it, HU.
    is_ball
        Whether it is a ball between its ends.
    is_body
        Whether it counts as a part of the body, which is what is shaded.
    """

    section: Section
    first_mm: float
    last_mm: float
    contrast_hu: float
    is_ball: bool = False
    is_body: bool = False

    def __post_init__(self) -> None:
        if self.last_mm <= self.first_mm:
            raise InputError(
                f"A solid must end behind its beginning; got {self.first_mm} to "
                f"{self.last_mm} mm."
            )


@dataclass(frozen=True)
class Scene:
    """Something to scan, as a sum of solids in air.

    Parameters
    ----------
    name
        What it is.
    outline
        Outer contour across its axis.
    solids, wires
        What it is made of, in phantom coordinates.
    """

    name: str
    outline: Outline
    solids: tuple[Solid, ...]
    wires: tuple[Wire, ...] = ()


@dataclass(frozen=True, eq=False)
class Patch:
    """A section in one slice: which pixels, and how much of each, 0 to 1."""

    rows: slice
    columns: slice
    coverage: FloatArray


def patch_of(section: Section, plane: Plane, *, blur: Blur) -> Patch:
    """How much of each pixel a section covers, blurred."""
    reach = section.bound_mm + _WINDOW_SIGMAS * max(sigma for _, sigma in blur)
    rows, columns = plane.window(section.center_mm, reach=reach)
    p, q = plane.positions(rows, columns)
    p, q = p - section.center_mm[0], q - section.center_mm[1]
    blurred = blurred_ellipse if section.shape == "ellipse" else blurred_rectangle
    coverage = sum(
        weight
        * blurred(p, q, width=section.width_mm, height=section.height_mm, sigma=sigma)
        for weight, sigma in blur
    )
    return Patch(rows, columns, np.asarray(coverage, dtype=np.float32))


def render(
    solids: Iterable[Solid], cut: Cut, *, patch: Callable[[Section, Plane], Patch]
) -> tuple[FloatArray, FloatArray]:
    """One slice of a scene, and how much of each pixel is body.

    Parameters
    ----------
    solids
        The scene.
    cut
        The slice.
    patch
        Blurs a section, see `patch_of`; it may remember what it has done.

    Returns
    -------
    tuple of FloatArray
        CT numbers, HU, and the share of the body, 0 to 1.
    """
    hu = np.full(cut.plane.matrix, AIR_HU, dtype=np.float32)
    body = np.zeros(cut.plane.matrix, dtype=np.float32)
    for solid in solids:
        section = _section_in(solid, cut)
        if section is None:
            continue
        piece = patch(section, cut.plane)
        window = (piece.rows, piece.columns)
        fraction = slab_fraction(
            cut.along(*window),
            first=solid.first_mm,
            last=solid.last_mm,
            thickness=cut.thickness,
        )
        if not fraction.any():
            continue
        share = piece.coverage * fraction.astype(np.float32)
        hu[window] += np.float32(solid.contrast_hu) * share
        if solid.is_body:
            body[window] += share
    return hu, body


def _section_in(solid: Solid, cut: Cut) -> Section | None:
    r"""Cross-section of a solid in a slice; ``None`` for a ball that is not in it.

    The disc of a ball has the mean area :math:`\pi (R^2 - w^2)` of the part that
    lies in the slice, so that its volume is kept whatever the slices.
    """
    if not solid.is_ball:
        return solid.section
    radius = (solid.last_mm - solid.first_mm) / 2
    w = cut.depth_at(solid.section.center_mm) - solid.first_mm - radius
    bottom = max(w - cut.thickness / 2, -radius)
    top = min(w + cut.thickness / 2, radius)
    if bottom >= top:
        return None
    mean_square = (top**2 + top * bottom + bottom**2) / 3
    shrunk = float(np.sqrt(1 - mean_square / radius**2))
    return replace(
        solid.section,
        width_mm=solid.section.width_mm * shrunk,
        height_mm=solid.section.height_mm * shrunk,
    )
