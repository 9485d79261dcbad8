"""Surfaces of structures, finer than the voxels, and the distances between them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.core.mask import Mask
from kerma.kernels.piece_tree import (
    BLOCK,
    NODE,
    WIDE,
    box_blocks,
    distances_to_pieces,
    fill_blocks,
    space_codes,
)
from kerma.kernels.surface import (
    count_crossings,
    join_crossings,
    join_in_slices,
    place_crossings,
)
from kerma.kernels.surface_cases import CELL_EDGES, cell_triangles, square_lines
from kerma.kernels.surface_pieces import share_sizes

__all__ = [
    "Surface",
    "SurfaceDistances",
    "added_path_length_mm",
    "surface_distances",
    "surface_of",
]


@dataclass(frozen=True, eq=False)
class Surface:
    """The triangulated surface of a structure.

    Parameters
    ----------
    points
        (n, 3) corners of the triangles, ``(x, y, z)``, mm.
    area_mm2
        (n,) area that each point stands for: a third of the triangles around it.
    triangles
        (m, 3) numbers of points.
    in_slices
        (n, 3) the points in their slices: number of the slice, mm along the columns
        and mm along the rows.
    lines
        (l, 2) numbers of the points that the outlines in the slices join.
    """

    points: FloatArray
    area_mm2: FloatArray
    triangles: IntArray
    in_slices: FloatArray
    lines: IntArray

    @property
    def is_empty(self) -> bool:
        """Whether no voxel is half full, so that there is no surface."""
        return not len(self.points)


def surface_of(mask: Mask) -> Surface:
    """The surface at which the voxels of a mask are half full.

    Points lie where the lines between neighboring voxel centers leave the structure. The
    place comes from the fractions (`kerma.kernels.surface`), not from one half of a
    linear interpolation alone, which is off by up to 0.086 voxels. At the border of the
    grid the surface is closed.
    """
    grid = mask.grid
    field = np.zeros(np.add(mask.shape, 2), np.float32)
    for k, plane in enumerate(mask.voxels.slices(), start=1):
        field[k, 1:-1, 1:-1] = plane
    inside = (field >= 0.5).view(np.uint8)
    count = count_crossings(inside)
    numbers = np.empty((3, *field.shape), np.int32)
    index = np.empty((count, 3))
    pixel = grid.spacing[1], grid.spacing[2]
    place_crossings(field, inside, pixel, numbers, index)
    triangles = np.empty((4 * count, 3), np.int32)
    m = join_crossings(inside, numbers, cell_triangles(), CELL_EDGES, triangles)
    lines = np.empty((count, 2), np.int32)
    n = join_in_slices(inside, numbers, square_lines(), lines)
    index += np.array(mask.corner) - 1
    points = grid.to_patient(index)
    area = np.zeros(count)
    share_sizes(points, triangles[:m], area)
    in_slices = index * np.array([1.0, *pixel])
    return Surface(points, area, triangles[:m].copy(), in_slices, lines[:n].copy())


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """How far two surfaces lie from each other, point by point.

    Parameters
    ----------
    from_reference_mm
        (n,) distance of each point of the reference from the test surface, mm.
    reference_area_mm2
        (n,) area that each stands for.
    from_test_mm, test_area_mm2
        The same from the test to the reference.
    """

    from_reference_mm: FloatArray
    reference_area_mm2: FloatArray
    from_test_mm: FloatArray
    test_area_mm2: FloatArray

    @property
    def hausdorff_mm(self) -> float:
        """The largest distance in either direction, mm."""
        return float(max(self.from_reference_mm.max(), self.from_test_mm.max()))

    def pooled_percentile_mm(self, percent: float) -> float:
        """Distance that this much of the area of both surfaces does not exceed, mm."""
        return _percentile(*self._pooled(), percent)

    def directed_percentiles_mm(self, percent: float) -> tuple[float, float]:
        """The same for the reference alone and for the test alone, mm."""
        return (
            _percentile(self.from_reference_mm, self.reference_area_mm2, percent),
            _percentile(self.from_test_mm, self.test_area_mm2, percent),
        )

    @property
    def pooled_mean_mm(self) -> float:
        """Mean distance over the area of both surfaces, mm."""
        return float(np.average(self._pooled()[0], weights=self._pooled()[1]))

    @property
    def directed_means_mm(self) -> tuple[float, float]:
        """Mean distance of the reference from the test, and of the test from it, mm."""
        return (
            float(np.average(self.from_reference_mm, weights=self.reference_area_mm2)),
            float(np.average(self.from_test_mm, weights=self.test_area_mm2)),
        )

    def share_within(self, tolerance_mm: float) -> float:
        """Share of the area of both surfaces within a distance of the other, 0 to 1."""
        distances, areas = self._pooled()
        return float(areas[distances <= tolerance_mm].sum() / areas.sum())

    def _pooled(self) -> tuple[FloatArray, FloatArray]:
        return (
            np.concatenate([self.from_reference_mm, self.from_test_mm]),
            np.concatenate([self.reference_area_mm2, self.test_area_mm2]),
        )


def surface_distances(reference: Surface, test: Surface) -> SurfaceDistances:
    """Distances between two surfaces that are not empty, both ways.

    Each point of one is compared with the triangles of the other, not with its points.
    """
    return SurfaceDistances(
        _distances(reference.points, test.points, test.triangles),
        reference.area_mm2,
        _distances(test.points, reference.points, reference.triangles),
        test.area_mm2,
    )


def added_path_length_mm(
    reference: Surface, test: Surface, *, tolerance_mm: float
) -> float:
    """Length of the outline of the reference that the outline of the test misses, mm.

    In every slice, the parts of the outline of the reference that lie more than the
    tolerance from the outline of the test in the same slice: what has to be drawn to
    turn the test into the reference. What has to be erased does not count. Both are
    of one grid, and neither is empty.

    References
    ----------
    F. Vaassen et al., Phys Imaging Radiat Oncol 2020;13:1.
    """
    lengths = _line_lengths(reference)
    if not (len(reference.lines) and len(test.lines)):
        return float(lengths.sum())
    used = np.zeros(len(reference.points), bool)
    used[reference.lines] = True
    # From here on a whole line is missed, however far the outline of the test is.
    enough = tolerance_mm + lengths.max() + _line_lengths(test).max()
    # Slices are pulled so far apart that an outline of another one does not count.
    apart = np.array([enough, 1, 1])
    missed = np.full(len(used), enough)
    missed[used] = _distances(
        reference.in_slices[used] * apart, test.in_slices * apart, test.lines, enough
    )
    return float(lengths @ _share_above(missed[reference.lines], tolerance_mm))


def _line_lengths(surface: Surface) -> FloatArray:
    """(l,) lengths of the lines of the outlines, mm."""
    ends = surface.in_slices[surface.lines]
    return np.hypot(*(ends[:, 1, 1:] - ends[:, 0, 1:]).T)


def _share_above(ends: FloatArray, limit: float) -> FloatArray:
    """Share (n,) of lines above a limit whose values at both ends are (n, 2)."""
    low, high = np.minimum(*ends.T), np.maximum(*ends.T)
    part = (high - limit) / np.maximum(high - low, 1e-12)
    return np.where(low > limit, 1.0, np.clip(part, 0.0, 1.0))


def _distances(
    queries: FloatArray,
    points: FloatArray,
    pieces: IntArray,
    enough: float = math.inf,
) -> FloatArray:
    """Distances (q,) of positions from triangles or lines, mm, up to `enough`."""
    blocks, tree = _tree(points, pieces)
    order = _in_space(queries, np.arange(len(queries), dtype=np.int32)[:, None])
    distances = np.empty(len(queries))
    distances_to_pieces(queries, order, blocks, tree, enough, distances)
    return distances


def _tree(
    points: FloatArray, pieces: IntArray
) -> tuple[FloatArray, tuple[IntArray, FloatArray]]:
    """Blocks of pieces, and the boxes around them; see `kerma.kernels.piece_tree`."""
    count = math.ceil(len(pieces) / WIDE)
    blocks = np.empty((count, BLOCK))
    fill_blocks(points, pieces, _in_space(points, pieces), blocks)
    starts = [0]
    while len(starts) == 1 or count > 1:
        count = math.ceil(count / WIDE)
        starts.append(starts[-1] + count)
    boxes = np.empty((starts[-1], NODE))
    first_nodes = np.array(starts)
    box_blocks(blocks, first_nodes, boxes)
    return blocks, (first_nodes, boxes)


def _in_space(points: FloatArray, pieces: IntArray) -> IntArray:
    """Numbers of pieces, neighbors together."""
    codes = np.empty(len(pieces), np.int64)
    space_codes(points, pieces, codes)
    return np.argsort(codes)


def _percentile(distances: FloatArray, areas: FloatArray, percent: float) -> float:
    """Distance that a share of the area does not exceed, between points interpolated."""
    target, largest = percent / 100 * float(areas.sum()), float(areas.max())
    # Only the farthest points have to be put in order, if they are enough.
    rank = int((len(distances) - 1) * max(2 * percent - 100, 0) / 100)
    limit = np.partition(distances, rank)[rank]
    kept = distances >= limit
    before = float(areas[~kept].sum())
    if before + largest > target:
        kept, before = np.ones(len(distances), bool), 0.0
    far, parts = distances[kept], areas[kept]
    # Surfaces that coincide have many points as far away as each other.
    if (
        before + largest
        <= target
        <= before + float(parts[far == limit].sum()) - largest
    ):
        return float(limit)
    order = np.argsort(far)
    below = before + np.cumsum(parts[order]) - parts[order] / 2
    return float(np.interp(target, below, far[order]))
