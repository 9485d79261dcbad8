"""The glands and ligaments of a simulated breast, as level sets of smooth noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from kerma.core.arrays import FloatArray
from kerma.errors import InputError
from kerma.kernels.breast import Field, Interior, Meridian, field_at
from kerma.simulation.breast.design import BreastDesign
from kerma.simulation.breast.materials import Material
from kerma.simulation.breast.shape import depth_at, depth_below_skin, muscle_front
from kerma.simulation.breast.solids import Solid

__all__ = ["interior_of"]

_GLAND_STREAM, _LIGAMENT_STREAM = 2, 3
_PITCH_MM = 1.0
_MARGIN_MM = 2.0
_PROBE_MM = 0.71  # no multiple of the lattice, on whose nodes noise is strongest
_LIGAMENT_MM = 6.0  # grain of the noise; its zeros are sheets of about 0.3 mm
_BARRED = 6.0  # what takes any noise below the threshold


@dataclass(frozen=True)
class _Lattice:
    """Nodes of a field: z, y, x, mm."""

    z: FloatArray
    y: FloatArray
    x: FloatArray

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.z.size, self.y.size, self.x.size

    @property
    def points(self) -> FloatArray:
        """(nz, ny, nx, 3) positions, mm."""
        return np.stack(np.meshgrid(self.z, self.y, self.x, indexing="ij"), axis=-1)


def interior_of(
    design: BreastDesign,
    meridian: Meridian,
    large: tuple[Solid, ...],
    small: tuple[Solid, ...],
    *,
    seed: int,
) -> Interior:
    """Glands and ligaments that take the shares of volume that the design wants.

    Parameters
    ----------
    design, meridian
        The breast and its shape.
    large
        What leaves no room for gland and fat.
    small
        What lies among them; vessels count as gland.
    seed
        Of the texture.

    Raises
    ------
    InputError
        There is nothing between the skin and what lies within.
    """
    lattice = _lattice(design, _PITCH_MM)
    gland = _gland_noise(lattice, design, seed) + _preference(lattice, design, meridian)
    ligament = _noise(lattice, (_LIGAMENT_MM,) * 3, [seed, _LIGAMENT_STREAM])
    gland_field, ligament_field = _field(gland, lattice), _field(ligament, lattice)

    probes = _free_points(design, meridian, large)
    glandness = field_at(gland_field, probes)
    sheetness = np.abs(field_at(ligament_field, probes))
    below = float(np.quantile(sheetness, design.ligament_fraction))
    # Ligaments and vessels count as glands; so what is none has to hold all the fat.
    dense = sheetness < below
    for vessel in (solid for solid in small if solid.material is Material.VESSEL):
        dense |= vessel.holds(*probes.T)
    rest = glandness[~dense]
    fat = (1 - design.gland_fraction) * probes.shape[0]
    above = float(np.quantile(rest, min(fat / rest.size, 1.0)))
    return Interior(
        gland=gland_field,
        gland_above=above,
        ligament=ligament_field,
        ligament_below=below,
        materials=(
            Material.SKIN, Material.MUSCLE, Material.GLAND, Material.LIGAMENT,
            Material.FAT,
        ),
    )  # fmt: skip


def _lattice(design: BreastDesign, pitch_mm: float) -> _Lattice:
    reach = design.radius_mm + _MARGIN_MM
    y, x = design.off_center_mm
    sag = design.sag_mm
    return _Lattice(
        z=np.arange(-_MARGIN_MM, design.length_mm + _MARGIN_MM, pitch_mm),
        y=y + np.arange(-reach + min(sag, 0.0), reach + max(sag, 0.0), pitch_mm),
        x=x + np.arange(-reach, reach, pitch_mm),
    )


def _field(values: FloatArray, lattice: _Lattice) -> Field:
    first = (float(lattice.z[0]), float(lattice.y[0]), float(lattice.x[0]))
    return Field(values.astype(np.float32), first, _PITCH_MM)


def _noise(
    lattice: _Lattice, grain_mm: tuple[float, float, float], stream: list[int]
) -> FloatArray:
    white = np.random.default_rng(stream).standard_normal(lattice.shape, np.float32)
    sigma = [grain / _PITCH_MM for grain in grain_mm]
    smooth = gaussian_filter(white, sigma, mode="wrap", truncate=3.0)
    return np.asarray(smooth / smooth.std())


def _gland_noise(lattice: _Lattice, design: BreastDesign, seed: int) -> FloatArray:
    """Lobules that are drawn out towards the nipple, with finer ones on their edges."""
    grain = design.grain_mm
    coarse = _noise(lattice, (2 * grain, grain, grain), [seed, _GLAND_STREAM, 0])
    fine = _noise(
        lattice, (grain * 0.8, grain / 2, grain / 2), [seed, _GLAND_STREAM, 1]
    )
    return coarse + 0.7 * fine


def _preference(
    lattice: _Lattice, design: BreastDesign, meridian: Meridian
) -> FloatArray:
    """Where glands are: in a cone behind the nipple, upper outer more than inner."""
    points = lattice.points
    depth = depth_at(design, meridian, points)
    z = points[..., 0]
    y, x = points[..., 1] - design.off_center_mm[0], points[..., 2]
    outward = x - design.off_center_mm[1]
    r = np.hypot(y - design.sag_mm * np.clip(z / design.length_mm, 0, 1) ** 2, outward)
    cone = r / (design.radius_mm * np.clip(1.15 - z / design.length_mm, 0.15, 1.0))
    preference = -1.2 * np.clip(cone, 0.0, 2.0) ** 2
    preference += 0.6 * (outward - y) / design.radius_mm
    # Ducts lead to the nipple through the fat under the skin.
    tip = np.hypot(z - design.length_mm, r) < design.length_mm / 5
    preference += np.where(tip, 1.0, 0.0)
    fat = np.where(tip, 1.0, max(design.subcutaneous_mm, 1e-3))
    inner = np.clip((depth - meridian.skin_mm.min()) / fat, 0.0, 1.0)
    front = muscle_front(design, lattice.y, lattice.x)
    above = z - np.where(front > 0, front, -_MARGIN_MM)
    behind = np.clip(above / max(design.retromammary_mm, 1e-3), 0.0, 1.0)
    return np.asarray(preference - _BARRED * ((1 - inner) + (1 - behind)))


def _free_points(
    design: BreastDesign, meridian: Meridian, solids: tuple[Solid, ...]
) -> FloatArray:
    """(n, 3) points of an even lattice in what is gland or fat."""
    lattice = _lattice(design, _PROBE_MM)
    # The first plane stands for what lies between the cut and the next.
    lattice = replace(lattice, z=np.arange(_PROBE_MM / 2, design.length_mm, _PROBE_MM))
    points = lattice.points
    free = depth_below_skin(design, meridian, points) > 0
    free &= points[..., 0] > muscle_front(design, lattice.y, lattice.x)
    for solid in solids:
        free &= ~solid.holds(*np.moveaxis(points, -1, 0))
    if not free.any():
        raise InputError("This breast has no room for gland and fat.")
    return points[free]
