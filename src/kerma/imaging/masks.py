"""From contours to masks."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.mask import Mask, slice_borders
from kerma.core.packed_fractions import PackedFractions, Packer
from kerma.core.structures import Structure
from kerma.errors import InputError
from kerma.imaging.between_planes import fractions_between
from kerma.imaging.contour_planes import (
    ContourPlanes,
    are_parallel,
    check_frames,
    planes_of,
)
from kerma.imaging.oblique_planes import mask_across
from kerma.imaging.plane_coverage import Overlap, PlaneArea, area_of_plane
from kerma.imaging.slabs import EndCap, Slabs, slabs_of

__all__ = ["Between", "mask_of"]

Between: TypeAlias = Literal["slab", "shape"]

_DOUBTFUL = 1e-4  # of the volume: what is less is not worth a note


def mask_of(
    structure: Structure,
    grid: Grid,
    *,
    end_cap: EndCap = "half",
    between: Between = "slab",
    overlap: Overlap = "xor",
    fill_gaps: int = 1,
) -> Mask:
    """How much of each voxel of a grid a structure fills.

    Within a plane the share of each pixel is exact. Contours stay where they were
    drawn: a slice between two planes has its part of each.

    Parameters
    ----------
    structure
        Its closed contours count; points and open contours enclose nothing.
    grid
        Of a CT, a dose or any other, in the same frame of reference.
    end_cap
        What the structure has beyond its first and last plane: "half" the distance to
        the neighboring plane, "none", or a number of mm.
    between
        "slab": each plane reaches half way to its neighbors, so that the volume is the
        sum of area times thickness. "shape": from plane to plane one outline goes over
        into the next (the distance from the outline is interpolated).
    overlap
        Where contours of one plane overlap without one lying within the other: "xor"
        leaves out what lies in both, "union" takes it in.
    fill_gaps
        As many contour planes missing in a row are bridged; where more are missing, the
        structure ends and begins anew.

    Returns
    -------
    Mask
        With notes on what was left out, cut off or bridged. Contours whose planes are
        not parallel to the slices are sampled on half-size voxels; the volume is then
        right to about 1 %.

    Raises
    ------
    GeometryError
        The frames of reference differ; or the contours are neither parallel to the
        slices nor to each other.
    InputError
        An end cap, way or number that is none of those above.
    """
    if between not in ("slab", "shape"):
        raise InputError(f"Between planes is 'slab' or 'shape'; got {between!r}.")
    check_frames(structure, grid)

    def on(one_grid: Grid) -> Mask:
        planes = planes_of(structure, one_grid)
        slabs = slabs_of(
            planes.offsets_mm, one_grid, end_cap=end_cap, fill_gaps=fill_gaps
        )
        return _drawn(structure.name, planes, slabs, one_grid, between, overlap)

    if not structure.closed_contours:
        return Mask.of(
            np.zeros((0, 0, 0)),
            grid,
            name=structure.name,
            notes=(*planes_of(structure, grid).notes, "It has no closed contours."),
        )
    if are_parallel(structure, grid.normal):
        return on(grid)
    return mask_across(structure, grid, on)


def _drawn(
    name: str,
    planes: ContourPlanes,
    slabs: Slabs,
    grid: Grid,
    between: Between,
    overlap: Overlap,
) -> Mask:
    areas = _Areas(planes, planes.index_box(grid), overlap)
    borders = slice_borders(grid)
    low = max(0, int(np.searchsorted(borders, slabs.bounds_mm[0, 0], side="right")) - 1)
    high = int(np.searchsorted(borders, slabs.bounds_mm[-1, 1]))
    borders = borders[low : max(low, min(high, grid.shape[0])) + 1]
    if between == "slab":
        voxels = _stacked(areas, slabs, borders)
    else:
        voxels = _interpolated(areas, planes, slabs, borders, grid.spacing[1:])
    notes = (
        *planes.notes,
        *slabs.notes,
        *_cut_off(planes, grid),
        *_doubtful(areas, slabs),
    )
    return Mask(name, grid, voxels, (low, *areas.corner), notes)


class _Areas:
    """The areas of the planes, within the box of the structure.

    They are made one after the other and not kept: on fine grids together they take
    more memory than the mask.
    """

    def __init__(
        self, planes: ContourPlanes, box: tuple[slice, slice], overlap: Overlap
    ) -> None:
        rows, columns = box
        self.planes, self.overlap = planes.planes, overlap
        self.corner = rows.start, columns.start
        self.shape = rows.stop - rows.start, columns.stop - columns.start
        self.doubtful_pixels = np.zeros(len(self.planes))

    def of(self, plane: int) -> PlaneArea:
        area = area_of_plane(
            self.planes[plane].contours,
            self.shape,
            first=self.corner,
            overlap=self.overlap,
        )
        self.doubtful_pixels[plane] = area.doubtful_pixels
        return area


def _stacked(areas: _Areas, slabs: Slabs, borders: FloatArray) -> PackedFractions:
    """Mean over each slice of the slabs in it."""
    packer = Packer((len(borders) - 1, *areas.shape))
    held: dict[int, PlaneArea] = {}
    for weights in _weights(slabs, borders):
        held = {n: held.get(n) or areas.of(n) for n, _ in weights}
        if len(weights) == 1:
            ((n, weight),) = weights
            packer.add_changes(held[n].changes, weight, held[n].corner)
            continue
        plane = np.zeros(areas.shape, np.float32)
        for n, weight in weights:
            held[n].add_to(plane, weight)
        packer.add(plane)
    return PackedFractions(packer.shape, *packer.packed())


def _weights(slabs: Slabs, borders: FloatArray) -> list[list[tuple[int, float]]]:
    """Slabs in each slice, and which share of the slice each of them takes."""
    weights: list[list[tuple[int, float]]] = [[] for _ in borders[1:]]
    for n, (low, high) in enumerate(slabs.bounds_mm):
        inside = np.minimum(borders[1:], high) - np.maximum(borders[:-1], low)
        for k in np.flatnonzero(inside > 0):
            weight = float(inside[k] / (borders[k + 1] - borders[k]))
            # Borders half way between planes and slices are rounded apart.
            if weight > 1e-9:
                weights[k].append((n, weight))
    return weights


def _interpolated(
    areas: _Areas,
    planes: ContourPlanes,
    slabs: Slabs,
    borders: FloatArray,
    pixel_mm: tuple[float, float],
) -> PackedFractions:
    # Outlines end within the box, also where they fill it.
    rows, columns = areas.shape
    covers = np.zeros((len(planes.planes), rows + 2, columns + 2), np.float32)
    for n, cover in enumerate(covers):
        areas.of(n).add_to(cover[1:-1, 1:-1])
    fraction = fractions_between(covers, planes.offsets_mm, slabs, borders, pixel_mm)
    return PackedFractions.of(fraction[:, 1:-1, 1:-1])


def _cut_off(planes: ContourPlanes, grid: Grid) -> tuple[str, ...]:
    borders = slice_borders(grid)
    limits = np.array(grid.shape[1:]) - 0.5
    beyond = total = 0
    for plane in planes.planes:
        off_slices = not borders[0] <= plane.offset_mm <= borders[-1]
        for contour in plane.contours:
            total += 1
            off_rows = (contour < -0.5).any() or (contour > limits).any()
            beyond += bool(off_slices or off_rows)
    if not beyond:
        return ()
    return (f"{beyond} of {total} contours reach beyond the grid and were cut off.",)


def _doubtful(areas: _Areas, slabs: Slabs) -> tuple[str, ...]:
    count = np.count_nonzero(areas.doubtful_pixels)
    if not count:
        return ()
    thickness = slabs.bounds_mm[:, 1] - slabs.bounds_mm[:, 0]
    doubtful = float(areas.doubtful_pixels @ thickness)
    counted = sum(areas.of(n).pixels * high for n, high in enumerate(thickness))
    if doubtful <= _DOUBTFUL * counted:
        return ()
    how = (
        "left out" if areas.overlap == "xor" else "taken in where two contours overlap"
    )
    share = 100 * doubtful / max(counted, doubtful)
    note = (
        f"On {count} planes contours cross themselves or each other; what they enclose "
        f"twice, {share:.2g} % of the volume, was {how}."
    )
    return (note,)
