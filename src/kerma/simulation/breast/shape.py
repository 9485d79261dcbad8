"""The shape of a simulated breast: surface, skin, axis and muscle."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import KDTree

from kerma.core.arrays import FloatArray
from kerma.kernels.breast import Meridian
from kerma.simulation.breast.design import BreastDesign, Implant

__all__ = [
    "NIPPLE_RADIUS_MM",
    "axis_at",
    "depth_at",
    "depth_below_skin",
    "mean_skin_mm",
    "meridian_of",
    "muscle_front",
]

NIPPLE_RADIUS_MM = 4.5
_AREOLA_MM, _AREOLA_FADES_MM = 14.0, 5.0  # radius, and width of its border
_PITCH_MM = 0.5
_MARGIN_MM = 4.0
_BEHIND_MM = 20.0  # to where the surface goes on behind the cut
_COAT_MM = 4.0  # of muscle, before an implant behind it
_UP_AND_OUT = np.deg2rad(-40.0)  # direction from the outer side towards the head


def axis_at(design: BreastDesign, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where the breast's axis runs at depths z from the cut, y and x, mm."""
    sag = design.sag_mm * np.clip(z / design.length_mm, 0.0, None) ** 2
    y, x = design.off_center_mm
    return y + sag, np.full_like(z, x, dtype=np.float64)


def meridian_of(design: BreastDesign) -> Meridian:
    """Depth below the surface and thickness of the skin about the axis.

    The sag shears the breast; depths are those before it, which errs by less than 2 %
    for a sag of a tenth of the length.
    """
    z = np.arange(-_MARGIN_MM, design.length_mm + _MARGIN_MM, _PITCH_MM)
    r = np.arange(0.0, design.radius_mm + _MARGIN_MM, _PITCH_MM)
    nodes = np.stack(np.meshgrid(z, r, indexing="ij"), axis=-1)
    distance, _ = KDTree(_outline(design)).query(nodes)
    inside = (nodes[..., 1] < _radius_at(design, nodes[..., 0])) & (
        nodes[..., 0] < design.length_mm
    )
    return Meridian(
        depth_mm=np.where(inside, distance, -distance).astype(np.float32),
        skin_mm=_skin_at(design, nodes[..., 0], nodes[..., 1]).astype(np.float32),
        first_z_mm=-_MARGIN_MM,
        pitch_mm=_PITCH_MM,
        skin_rise=design.skin_rise,
    )


def depth_at(
    design: BreastDesign, meridian: Meridian, points: FloatArray
) -> FloatArray:
    """(...) depth below the surface at (..., 3) points (z, y, x), mm."""
    _, nodes = _on_meridian(design, meridian, points)
    return _between(meridian.depth_mm, nodes)


def depth_below_skin(
    design: BreastDesign, meridian: Meridian, points: FloatArray
) -> FloatArray:
    """(...) depth below the inside of the skin at (..., 3) points (z, y, x), mm."""
    feetward, nodes = _on_meridian(design, meridian, points)
    thickness = _between(meridian.skin_mm, nodes) * (1 + meridian.skin_rise * feetward)
    return _between(meridian.depth_mm, nodes) - thickness


def mean_skin_mm(design: BreastDesign) -> float:
    """Thickness of the skin in the mean over the surface, areola and all, mm."""
    outline = _outline(design)
    outline = outline[outline[:, 0] >= 0]
    middle = (outline[1:] + outline[:-1]) / 2
    area = middle[:, 1] * np.linalg.norm(np.diff(outline, axis=0), axis=1)
    thickness = _skin_at(design, middle[:, 0], middle[:, 1])
    return float(np.sum(thickness * area) / np.sum(area))


def muscle_front(design: BreastDesign, y: FloatArray, x: FloatArray) -> FloatArray:
    """(ny, nx) float32 z of the muscle's front over positions y and x, mm; 0 for none."""
    v = (y - design.off_center_mm[0])[:, None] / design.radius_mm
    u = (x - design.off_center_mm[1])[None, :] / design.radius_mm
    front: FloatArray = np.zeros((v.size, u.size))
    if design.muscle is not None:
        share = {"layer": _layer, "wedge": _wedge, "U": _crescent}[design.muscle.shape]
        front = design.muscle.thickness_mm * share(v, u)
    if design.implant is not None and design.implant.place == "submuscular":
        reach = np.hypot(v, u) * design.radius_mm
        front = np.maximum(front, _coat(design.implant, reach))
    return front.astype(np.float32)


def _on_meridian(
    design: BreastDesign, meridian: Meridian, points: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Share of y in the distance from the axis, and (2, ...) place in the tables."""
    axis_y, axis_x = axis_at(design, points[..., 0])
    y, x = points[..., 1] - axis_y, points[..., 2] - axis_x
    r = np.hypot(y, x)
    nodes = np.stack([points[..., 0] - meridian.first_z_mm, r]) / meridian.pitch_mm
    return y / np.maximum(r, 1e-6), nodes


def _between(table: FloatArray, nodes: FloatArray) -> FloatArray:
    return np.asarray(map_coordinates(table, nodes, order=1, mode="nearest"))


def _radius_at(design: BreastDesign, z: FloatArray) -> FloatArray:
    """Radius of the breast at depths z from the cut, mm."""
    along = np.clip((z - design.slab_mm) / (design.length_mm - design.slab_mm), 0, 1)
    return design.radius_mm * np.sqrt(1 - along**2)


def _outline(design: BreastDesign) -> FloatArray:
    """(n, 2) points (z, r) of the surface, from behind the cut to the nipple, mm."""
    straight = np.arange(-_BEHIND_MM, design.slab_mm, 0.05)
    angle = np.linspace(0.0, np.pi / 2, 4000)
    dome = design.slab_mm + (design.length_mm - design.slab_mm) * np.sin(angle)
    return np.concatenate(
        [
            np.column_stack([straight, np.full(straight.size, design.radius_mm)]),
            np.column_stack([dome, design.radius_mm * np.cos(angle)]),
        ]
    )


def _skin_at(design: BreastDesign, z: FloatArray, r: FloatArray) -> FloatArray:
    areola = np.clip((_AREOLA_MM - r) / _AREOLA_FADES_MM + 0.5, 0.0, 1.0)
    areola = np.where(z > design.length_mm / 2, areola, 0.0)
    return design.skin_mm + (design.areola_mm - design.skin_mm) * areola


def _layer(v: FloatArray, u: FloatArray) -> FloatArray:
    lens = np.sqrt(np.clip(1 - (np.hypot(v, u) / 0.88) ** 4, 0.0, 1.0))
    return np.asarray(lens * (0.9 + 0.1 * np.cos(5 * u) * np.cos(4 * v)))


def _wedge(v: FloatArray, u: FloatArray) -> FloatArray:
    along = u * np.cos(_UP_AND_OUT) + v * np.sin(_UP_AND_OUT)
    return np.clip(0.4 + 0.6 * along, 0.0, 1.0)


def _crescent(v: FloatArray, u: FloatArray) -> FloatArray:
    """Two horns, of which the middle lies in the hole between them."""
    ring = np.clip(1 - ((np.hypot(v, u) - 0.72) / 0.24) ** 2, 0.0, 1.0)
    turn = np.angle(np.exp(1j * (np.arctan2(v, u) - _UP_AND_OUT)))
    horns = np.clip((np.deg2rad(130) - np.abs(turn)) / np.deg2rad(25), 0.0, 1.0)
    return np.asarray(np.sqrt(ring) * horns)


def _coat(implant: Implant, reach: FloatArray) -> FloatArray:
    """Front of the muscle that an implant lifts, by the distance from the axis, mm."""
    wide, half = implant.radius_mm + _COAT_MM, implant.thickness_mm / 2 + _COAT_MM
    rise = half * np.sqrt(np.clip(1 - (reach / wide) ** 2, 0.0, 1.0))
    middle = implant.back_mm + implant.thickness_mm / 2
    return np.where(reach < wide, middle + rise, 0.0)
