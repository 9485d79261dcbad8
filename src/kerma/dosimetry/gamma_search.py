"""Prepare two doses for the compiled search, and run it."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product

import numpy as np

from kerma.core.arrays import BoolArray, FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.volume import Volume
from kerma.dosimetry.gamma_criteria import GammaCriteria
from kerma.errors import GeometryError
from kerma.kernels.gamma import gammas
from kerma.kernels.gamma_cells import (
    BLOCK,
    block_ranges,
    cell_bends,
    cell_ranges,
    spread,
)
from kerma.kernels.gamma_pieces import DEEPEST, STATE
from kerma.kernels.gamma_walk import Field

__all__ = ["Searched", "check_geometry", "gamma_map", "prepare"]

_CHUNKS_PER_THREAD = 16  # so that no thread waits long for the last one
_ON_PLANE = 1e-6  # mm; rounding of positions


@dataclass(frozen=True, eq=False)
class Searched:
    """The part of an evaluated dose that can matter, ready to be searched.

    Its axes are those of its grid, the ones with a single voxel first.

    Parameters
    ----------
    dose
        (na, nb, nc) evaluated dose, C-contiguous.
    nodes
        Coordinates of its voxels along each axis, mm, ascending.
    steps
        Distance of its voxels along each axis, mm; 0 where uneven or there is one.
    ranges, blocks
        Lowest and highest dose of cells and of blocks.
    bends, bend_size
        How much the dose bends at most in a block and up to 1, 2 ... around it, and how
        many cells along each axis a block has.
    box
        Slices, rows and columns of the reference around its points.
    start
        (3,) coordinates of the first voxel of the reference in the box, mm.
    directions
        (3, 3) whose columns are what a mm along the slices of the reference, a row and
        a column of it add to the coordinates, mm.
    thickness
        (3,) half the thickness along axes with one voxel, elsewhere inf, mm.
    """

    dose: FloatArray
    nodes: tuple[FloatArray, ...]
    steps: Vec3
    ranges: FloatArray
    blocks: FloatArray
    bends: FloatArray
    bend_size: tuple[int, int, int]
    box: tuple[slice, slice, slice]
    start: FloatArray
    directions: FloatArray
    thickness: FloatArray


def check_geometry(reference: Grid, evaluated: Grid) -> None:
    """Refuse two grids that cannot be compared.

    Raises
    ------
    GeometryError
        The frames of reference differ, or the evaluated grid is sheared.
    """
    here, there = reference.frame_of_reference, evaluated.frame_of_reference
    if here != there:
        raise GeometryError(
            f"The reference dose lies in the frame of reference {here or '(unknown)'} "
            f"and the evaluated one in {there or '(unknown)'}, so their positions "
            f"cannot be compared; resample one through the registration of the two."
        )
    if evaluated.is_sheared:
        raise GeometryError(
            "The slices of the evaluated dose are sheared, so that its voxels are no "
            "boxes; resample it to an upright grid first."
        )


def prepare(
    reference: Grid,
    points: BoolArray,
    evaluated: Volume,
    *,
    reach_mm: float,
    distance_mm: float,
    threads: int = 1,
) -> Searched:
    """Cut the evaluated dose to what the points can reach, and look at its cells.

    Parameters
    ----------
    reference
        Grid of the reference.
    points
        (nk, nj, ni) which of its voxels are points.
    evaluated
        The evaluated dose.
    reach_mm
        Distance from a point beyond which no dose matters; may be infinite.
    distance_mm
        The largest distance criterion: how far most searches go.
    threads
        How many to use.
    """
    grid = evaluated.grid
    inward = np.linalg.inv(np.array(grid.axes))
    axes = sorted(range(3), key=lambda axis: grid.shape[axis] > 1)
    along = np.array(reference.axes) * [
        [1],
        [reference.spacing[1]],
        [reference.spacing[2]],
    ]
    start = ((np.array(reference.origin) - grid.origin) @ inward)[axes]
    directions = (along @ inward)[:, axes].T
    box = _box(points)
    low, high = _extent(start, directions, reference, box)
    everything = (
        grid.slice_offsets,
        np.arange(grid.shape[1]) * grid.spacing[1],
        np.arange(grid.shape[2]) * grid.spacing[2],
    )
    parts = [
        _reached(everything[axis], low[n] - reach_mm, high[n] + reach_mm)
        for n, axis in enumerate(axes)
    ]
    # Always the same type of array, so that the search, long to compile, is compiled
    # once: a volume may be of either precision, and cannot be written.
    part = evaluated.array.transpose(axes)[tuple(parts)]
    dose = np.array(part, np.float64, order="C")
    ranges, blocks = _ranges(dose, threads)
    spacing = np.array(grid.spacing)[axes]
    is_single = np.array(grid.shape)[axes] == 1
    is_uneven = np.array([not grid.is_even, False, False])[axes] & ~is_single
    # Most searches go less far than half the criterion: what bends nearby is enough.
    # Small blocks leave less to be searched, but there are more of them.
    size = np.maximum(np.ceil(distance_mm / 4 / spacing), 2).astype(int).tolist()
    wide = (np.array(size) * spacing)[~is_single]
    around = math.ceil(distance_mm / wide.min()) if wide.size else 1
    return Searched(
        dose=dose,
        nodes=tuple(
            everything[axis][part] for axis, part in zip(axes, parts, strict=True)
        ),
        steps=tuple(np.where(is_single | is_uneven, 0.0, spacing).tolist()),
        ranges=ranges,
        blocks=blocks,
        bends=_bends(dose, tuple(size), around, is_uneven=is_uneven, threads=threads),
        bend_size=tuple(size),
        box=box,
        start=start + directions @ [0, box[1].start, box[2].start],
        directions=directions,
        thickness=np.where(is_single, spacing / 2 + _ON_PLANE, np.inf),
    )


def gamma_map(
    reference: Volume,
    searched: Searched,
    criteria: GammaCriteria,
    *,
    norm_gy: float,
    points: BoolArray,
    pass_fail: bool,
    threads: int,
) -> FloatArray:
    """Gamma at the points of the reference.

    Returns
    -------
    FloatArray
        (nk, nj, ni) float32; NaN where there is no point, or one not evaluable.
    """
    distance = criteria.distance_mm
    a, b, c = (distance / step if step else 0.0 for step in searched.steps)
    axes = np.empty((3, max(nodes.size for nodes in searched.nodes) + 1))
    for axis, nodes in zip(axes, searched.nodes, strict=True):
        axis[: nodes.size], axis[nodes.size :] = nodes / distance, nodes[-1] / distance
    cells = np.empty((3, axes.shape[1] - 1, 3))
    cells[..., 0] = (axes[:, :-1] + axes[:, 1:]) / 2
    cells[..., 1] = half = np.diff(axes) / 2
    cells[..., 2] = np.divide(1, half, out=np.zeros_like(half), where=half > 0)
    field: Field = (
        searched.dose,
        axes,
        cells,
        (a, b, c),
        searched.ranges,
        searched.blocks,
        searched.bends,
        searched.bend_size,
    )
    placement = (
        searched.start / distance,
        np.ascontiguousarray(searched.directions / distance),
        np.array(reference.grid.slice_offsets[searched.box[0]], np.float64),
        searched.thickness / distance,
        tuple(part.start for part in searched.box),
    )
    is_local = criteria.normalization == "local"
    share = criteria.dose_percent / 100
    limits = (
        1 / share if is_local else 1 / (share * norm_gy),
        is_local,
        math.inf if criteria.max_gamma is None else criteria.max_gamma,
        pass_fail,
    )
    dose = np.array(reference.array[searched.box], np.float64, order="C")
    points = np.ascontiguousarray(points)
    gamma = np.full(points.shape, np.nan, np.float32)

    def run(rows: tuple[int, int]) -> None:
        scratch = np.zeros(STATE), np.empty((DEEPEST, 6))
        gammas(field, dose, points, placement, limits, rows, scratch, gamma)

    chunks = _chunks(points[searched.box], threads)
    if threads == 1:
        for rows in chunks:
            run(rows)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, chunks))
    return gamma


def _box(points: BoolArray) -> tuple[slice, slice, slice]:
    """The slices, rows and columns that hold all points."""
    rows = np.asarray(points.any(axis=2))
    along = rows.any(axis=1), rows.any(axis=0), points.any(axis=(0, 1))
    k, j, i = (
        slice(int(found[0]), int(found[-1]) + 1) for found in map(np.flatnonzero, along)
    )
    return k, j, i


def _extent(
    start: FloatArray,
    directions: FloatArray,
    reference: Grid,
    box: tuple[slice, slice, slice],
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest coordinates (3,) of a box of voxels."""
    ends = [[one.start, one.stop - 1] for one in box]
    corners = np.array(list(product(*ends)), np.float64)
    corners[:, 0] = reference.slice_offsets[corners[:, 0].astype(np.intp)]
    places = start + corners @ directions.T
    return places.min(axis=0), places.max(axis=0)


def _reached(nodes: FloatArray, low: float, high: float) -> slice:
    """The voxels along an axis between whose first and last a range lies."""
    first = int(np.searchsorted(nodes, low, side="right")) - 1
    last = int(np.searchsorted(nodes, high, side="left"))
    # Out of reach altogether: one cell is left, for there is no empty dose.
    first = min(max(first, 0), max(nodes.size - 2, 0))
    return slice(first, max(last + 1, first + 2))


def _ranges(dose: FloatArray, threads: int) -> tuple[FloatArray, FloatArray]:
    """Ranges of the cells and of the blocks."""
    cells = tuple(max(size - 1, 1) for size in dose.shape)
    blocks = tuple(-(-size // BLOCK) for size in cells)
    ranges = np.empty((*cells, 2), np.float32)
    of_blocks = np.full((*blocks, 2), (np.inf, -np.inf), np.float32)
    _by_planes(lambda planes: cell_ranges(dose, ranges, planes), cells[0], threads)
    block_ranges(ranges, of_blocks)
    return ranges, of_blocks


def _bends(
    dose: FloatArray,
    size: tuple[int, int, int],
    around: int,
    *,
    is_uneven: BoolArray,
    threads: int,
) -> FloatArray:
    """How much the dose bends in each block and up to so many around it, float32."""
    cells = [max(count - 1, 1) for count in dose.shape]
    blocks = tuple(-(-count // one) for count, one in zip(cells, size, strict=True))
    bends = np.zeros((around + 1, *blocks, 9), np.float32)
    _by_planes(
        lambda planes: cell_bends(dose, size, bends[0], planes), blocks[0], threads
    )
    for axis in np.flatnonzero(is_uneven):  # slopes per voxel say nothing
        bends[0, ..., [axis, axis + 3]] = np.inf
    for n in range(around):
        one, wider = bends[n], bends[n + 1]
        _by_planes(partial(spread, one, wider), blocks[0], threads)
    return bends[1:]


def _by_planes(
    fill: Callable[[tuple[int, int]], None], planes: int, threads: int
) -> None:
    """Fill in all planes of an array, an even share of them in each thread."""
    if threads == 1:
        fill((0, planes))
        return
    cuts = np.linspace(0, planes, min(threads, planes) + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, pairwise(cuts)))


def _chunks(points: BoolArray, threads: int) -> list[tuple[int, int]]:
    """Rows from and to, with about as many points in each chunk.

    The rows are never cut, and each starts afresh: the chunks change no number.
    """
    if threads == 1:
        return [(0, points.shape[0] * points.shape[1])]
    counts = np.count_nonzero(points, axis=2).cumsum()
    pieces = _CHUNKS_PER_THREAD * threads
    shares = np.arange(1, pieces) / pieces * counts[-1]
    cuts = [0, *np.searchsorted(counts, shares).tolist(), counts.size]
    return [(a, b) for a, b in pairwise(cuts) if a < b]
