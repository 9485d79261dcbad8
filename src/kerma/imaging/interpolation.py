"""The three ways to interpolate: along common axes, on a lattice, at positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.transform import AffineTransform, Transform
from kerma.imaging.axis_weights import (
    COVERAGE_SLACK_MM,
    AxisWeights,
    Interpolation,
    axis_weights,
)
from kerma.imaging.lattice import Lattice, distances

__all__ = ["Source", "values_at", "values_on"]

_ORDERS = {"nearest": 0, "linear": 1, "cubic": 3}
_COARSER = 1.25  # a target voxel that much larger is averaged over
_CHUNK = 1 << 17  # positions at a time: some 30 MB with what a deformable field needs


@dataclass(frozen=True, eq=False)
class Source:
    """What is interpolated, and how.

    Parameters
    ----------
    array
        (nk, nj, ni) values.
    grid
        Where they lie.
    interpolation
        How values are found between them.
    """

    array: Any
    grid: Grid
    interpolation: Interpolation

    @property
    def order(self) -> int:
        """Order of the kernels for the interpolation."""
        return _ORDERS[self.interpolation]

    @cached_property
    def working(self) -> FloatArray:
        """The values as the kernels take them; every type up to 32 bits is exact."""
        return _contiguous(self.array)

    @cached_property
    def nodes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Distances of the voxels from the first along each axis, mm."""
        return distances(self.grid)

    @cached_property
    def bounds(self) -> FloatArray:
        """(2, 3) lowest and highest fractional index that the values reach."""
        shape, spacing = np.array(self.grid.shape), np.array(self.grid.spacing)
        beyond = COVERAGE_SLACK_MM / spacing + np.where(shape == 1, 0.5, 0.0)
        return np.stack([-beyond, shape - 1 + beyond])


def values_at(source: Source, positions: FloatArray, *, outside: float) -> FloatArray:
    """Values (n,) float64 at positions (n, 3) in mm."""
    from kerma.kernels.interpolation import interpolate_points

    values = np.full(len(positions), outside)
    index = np.ascontiguousarray(source.grid.to_index(positions))
    interpolate_points(
        source.working, source.nodes, source.order, source.bounds, index, values
    )
    return values


def values_on(
    onto: Grid,
    source: Source,
    *,
    back: Transform | None,
    antialias: bool,
    outside: float,
    dtype: np.dtype[Any],
) -> Any:
    """Values on a grid, of a type that holds them and the value outside.

    Parameters
    ----------
    onto
        The grid.
    source
        What is interpolated.
    back
        From positions on the grid to those of the source; ``None`` where they are one.
    antialias
        Average along axes where the grid is coarser than the source.
    outside, dtype
        Value where the source does not reach, and type of the result.
    """
    back = back or AffineTransform(np.eye(4), "", "")
    lattice = None
    if isinstance(back, AffineTransform):
        lattice = Lattice.of(onto, source.grid, back)
        order = lattice.common_axes()
        if order is not None:
            tables = _tables(onto, source, lattice, order, antialias=antialias)
            return _along_axes(onto, source, order, tables, outside, dtype)
    if antialias:
        source = _averaged(source, _footprint(source.grid, onto, back))
    if lattice is None:
        values = _by_positions(onto, source, back, outside)
    else:
        values = _on_lattice(onto, source, lattice, outside)
    return values.astype(dtype, copy=False)


def _contiguous(array: Any) -> FloatArray:
    """The values as the kernels take them: float32 where that is exact."""
    values = np.ascontiguousarray(array, dtype=np.result_type(array.dtype, np.float32))
    values.flags.writeable = False  # one type for the kernels, whatever the origin
    return values


def _filled(grid: Grid, value: float, dtype: Any) -> Any:
    # Zeros cost nothing until they are written, which most of them never are.
    return np.full(grid.shape, value, dtype) if value else np.zeros(grid.shape, dtype)


def _tables(
    onto: Grid,
    source: Source,
    lattice: Lattice,
    order: tuple[int, ...],
    *,
    antialias: bool,
) -> list[AxisWeights]:
    """Weights along each axis of the grid."""
    tables = []
    for axis, other in enumerate(order):
        scale = lattice.directions[axis, other]
        places = lattice.start[other] + scale * lattice.distances[axis]
        # The voxels of uneven slices reach half way to their neighbors.
        widths = np.full(places.size, abs(scale) * onto.spacing[axis])
        if places.size > 1:
            widths = np.abs(np.gradient(places))
        spacing = source.grid.spacing[other]
        averaging = antialias and np.median(widths) > _COARSER * spacing
        tables.append(
            axis_weights(
                source.nodes[other],
                places,
                source.interpolation,
                thickness=spacing,
                width=widths if averaging else None,
            )
        )
    return tables


def _along_axes(
    onto: Grid,
    source: Source,
    order: tuple[int, ...],
    tables: list[AxisWeights],
    outside: float,
    dtype: np.dtype[Any],
) -> Any:
    """Values on a grid whose axes are those of the source."""
    target = _filled(onto, outside, dtype)
    if any(table.taps.size == 0 for table in tables):
        return target
    low = [int(table.taps.min()) for table in tables]
    high = [int(table.taps.max()) + 1 for table in tables]
    box = source.array.transpose(order)[tuple(map(slice, low, high))]
    taps = [table.taps - start for table, start in zip(tables, low, strict=True)]
    first = tuple(table.first for table in tables)
    if source.interpolation == "nearest":
        ends = [start + len(tap) for start, tap in zip(first, taps, strict=True)]
        picked = box[np.ix_(*(tap[:, 0] for tap in taps))]
        target[tuple(map(slice, first, ends))] = picked
        return target
    from kerma.kernels.blending import blend

    weights = tuple(table.weights for table in tables)
    blend(_contiguous(box), tuple(taps), weights, first, target)
    return target


def _on_lattice(
    onto: Grid, source: Source, lattice: Lattice, outside: float
) -> FloatArray:
    """Values on a grid that is oblique to the source."""
    from kerma.kernels.interpolation import interpolate_lattice

    target = _filled(onto, outside, source.working.dtype)
    units, bounds = np.array(source.grid.spacing), source.bounds
    offsets: FloatArray = np.empty(0)
    if not source.grid.is_even and source.grid.shape[0] > 1:
        units[0], offsets = 1.0, source.nodes[0]  # mm instead of indices
        bounds = bounds.copy()
        bounds[:, 0] = -COVERAGE_SLACK_MM, offsets[-1] + COVERAGE_SLACK_MM
    slices = lattice.distances[0][:, None] * lattice.directions[0]
    rows_columns = lattice.directions[1:] * np.array(onto.spacing[1:])[:, None]
    interpolate_lattice(
        source.working,
        source.nodes,
        source.order,
        bounds,
        offsets,
        (lattice.start + slices) / units,
        rows_columns / units,
        target,
    )
    return target


def _by_positions(
    onto: Grid, source: Source, back: Transform, outside: float
) -> FloatArray:
    """Values on a grid, position by position, a few rows at a time."""
    target = _filled(onto, outside, source.working.dtype)
    slices, rows, columns = onto.shape
    block = max(1, _CHUNK // columns)
    for k in range(slices):
        for start in range(0, rows, block):
            part = target[k, start : start + block]
            index = np.empty((*part.shape, 3))
            index[..., 0] = k
            index[..., 1] = np.arange(start, start + len(part))[:, None]
            index[..., 2] = np.arange(columns)
            positions = back.apply(onto.to_patient(index)).reshape(-1, 3)
            values = values_at(source, positions, outside=outside)
            part[:] = values.reshape(part.shape)
    return target


def _footprint(grid: Grid, onto: Grid, back: Transform) -> FloatArray:
    """Width (3,) of a voxel of `onto` along the axes of `grid`, mm.

    The width of a box with the second moment of the voxel, that is the root of the
    sum of the squares of its three edges along the axis; the median over the grid.
    """
    axes = [np.linspace(0, n - 1, min(n, 5)) for n in onto.shape]
    probes = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 3)
    here, *there = (
        grid.to_index(back.apply(onto.to_patient(probes + step)))
        for step in (np.zeros(3), *np.eye(3))
    )
    squares = np.sum([np.square(index - here) for index in there], axis=0)
    widths = np.sqrt(squares[np.isfinite(squares).all(axis=1)]) * grid.spacing
    return np.median(widths, axis=0) if widths.size else np.zeros(3)


def _averaged(source: Source, widths: FloatArray) -> Source:
    """The source, each voxel replaced by the mean over a width about it."""
    coarser = widths > _COARSER * np.array(source.grid.spacing)
    if not coarser.any():
        return source
    from kerma.kernels.blending import blend

    tables = [
        axis_weights(
            nodes,
            nodes,
            "nearest",
            thickness=source.grid.spacing[axis],
            width=np.full(nodes.size, widths[axis]) if coarser[axis] else None,
        )
        for axis, nodes in enumerate(source.nodes)
    ]
    averaged = np.empty_like(source.working)
    taps, weights = zip(*((t.taps, t.weights) for t in tables), strict=True)
    blend(source.working, taps, weights, (0, 0, 0), averaged)
    return replace(source, array=averaged)
