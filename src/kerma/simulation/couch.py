"""What a phantom lies on."""

from __future__ import annotations

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.phantom import Outline
from kerma.simulation.changes import AIR_HU
from kerma.simulation.cuts import Plane
from kerma.simulation.placement import PhantomPlacement
from kerma.simulation.scanner import Scanner
from kerma.simulation.shapes import blurred_disc
from kerma.simulation.solids import Blur, Section, patch_of

__all__ = ["couch_plane"]

# Carbon fiber on foam, and plywood: what these usually show in a scan, rounded.
_SKIN_HU, _CORE_HU, _WOOD_HU = 100.0, -930.0, -400.0
_SKIN_MM = 2.0
_WIDTH_MM, _THICKNESS_MM = 530.0, 25.0
_GAP_MM = 10.0
_CRADLE_RADIUS_MM, _CRADLE_HALF_WIDTH_MM = 260.0, 200.0
_BOARD_MM, _BOX_HEIGHT_MM, _CLEARANCE_MM = 12.0, 130.0, 15.0


def couch_plane(
    scanner: Scanner, *, outline: Outline, placement: PhantomPlacement
) -> FloatArray:
    """What the couch adds to the air in every slice, HU.

    It lies under the lowest point of the phantom, where down is down in the image,
    whatever the position of the patient.
    """
    kind = scanner.artifacts.couch
    hu = np.zeros(scanner.matrix, dtype=np.float32)
    if kind == "none":
        return hu
    image = _image_plane(scanner)
    foot = _foot(scanner, outline, placement)
    if kind == "curved":
        return hu + _cradle(image, foot, scanner.blur)
    if kind == "box":
        half_width = _reach(outline, placement, scanner.axes[2])
        parts = _box(foot, width=2 * (half_width + _CLEARANCE_MM + _BOARD_MM))
    else:
        parts = _slab(foot, gap=_GAP_MM if kind == "flat" else 0.0)
    for section, contrast in parts:
        piece = patch_of(section, image, blur=scanner.blur)
        hu[piece.rows, piece.columns] += np.float32(contrast) * piece.coverage
    return hu


def _image_plane(scanner: Scanner) -> Plane:
    """The image in its own coordinates: right and down from its middle, mm."""
    (rows, columns), (dr, dc) = scanner.matrix, scanner.pixel_mm
    return Plane(
        base=(-(columns - 1) / 2 * dc, -(rows - 1) / 2 * dr),
        down=(0.0, dr),
        right=(dc, 0.0),
        matrix=scanner.matrix,
    )


def _foot(
    scanner: Scanner, outline: Outline, placement: PhantomPlacement
) -> tuple[float, float]:
    """Point below the middle of the phantom, level with its lowest point, mm."""
    _, down, right = (np.array(axis) for axis in scanner.axes)
    shift = np.subtract(placement.center_mm, (*scanner.field_center_mm, 0.0))
    depth = _reach(outline, placement, scanner.axes[1])
    return float(shift @ right), float(shift @ down) + depth


def _reach(outline: Outline, placement: PhantomPlacement, direction: Vec3) -> float:
    """How far a phantom extends from its middle in a direction, mm."""
    d_p, d_q, _ = np.array(direction) @ placement.rotation * placement.scale
    a, b = outline.width_mm / 2 * d_p, outline.height_mm / 2 * d_q
    return float(np.hypot(a, b) if outline.shape == "ellipse" else abs(a) + abs(b))


def _slab(foot: tuple[float, float], *, gap: float) -> list[tuple[Section, float]]:
    center = (foot[0], foot[1] + gap + _THICKNESS_MM / 2)
    outer = Section("rectangle", _WIDTH_MM, _THICKNESS_MM, center)
    core = Section(
        "rectangle", _WIDTH_MM - 2 * _SKIN_MM, _THICKNESS_MM - 2 * _SKIN_MM, center
    )
    return [(outer, _SKIN_HU - AIR_HU), (core, _CORE_HU - _SKIN_HU)]


def _box(foot: tuple[float, float], *, width: float) -> list[tuple[Section, float]]:
    base = Section("rectangle", width, _BOARD_MM, (foot[0], foot[1] + _BOARD_MM / 2))
    sides = [
        Section(
            "rectangle",
            _BOARD_MM,
            _BOX_HEIGHT_MM,
            (foot[0] + side * (width - _BOARD_MM) / 2, foot[1] - _BOX_HEIGHT_MM / 2),
        )
        for side in (-1, 1)
    ]
    return [(part, _WOOD_HU - AIR_HU) for part in (base, *sides)]


def _cradle(image: Plane, foot: tuple[float, float], blur: Blur) -> FloatArray:
    """A sandwich of two skins around foam, bent to a part of a circle."""
    x, y = image.positions(*image.whole)
    x, y = x - foot[0], y - (foot[1] + _GAP_MM - _CRADLE_RADIUS_MM)
    radius = np.hypot(x, y)

    def shell(inner: float, outer: float) -> FloatArray:
        total = np.zeros(radius.shape)
        for weight, sigma in blur:
            total += weight * blurred_disc(radius, radius=outer, sigma=sigma)
            total -= weight * blurred_disc(radius, radius=inner, sigma=sigma)
        return total

    first, last = _CRADLE_RADIUS_MM, _CRADLE_RADIUS_MM + _THICKNESS_MM
    hu = (_SKIN_HU - AIR_HU) * shell(first, last)
    hu += (_CORE_HU - _SKIN_HU) * shell(first + _SKIN_MM, last - _SKIN_MM)
    below = (y > 0) & (np.abs(x) <= _CRADLE_HALF_WIDTH_MM)
    return np.where(below, hu, 0.0)
