"""The dose in a structure, as a fine histogram.

In each plane of contours the exact share of every cell of a lattice is known, along the
normal the layers are cut into sub-layers, and the dose is interpolated on the faces of
these. No mask is made and the dose is not resampled to another image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import Dose
from kerma.core.grid import Grid
from kerma.core.structures import Structure
from kerma.core.volume import Volume
from kerma.dosimetry.cross_sections import (
    CrossSections,
    Layer,
    Outline,
    cross_sections,
    outline_of,
)
from kerma.errors import GeometryError, InputError
from kerma.imaging import resample, sample
from kerma.imaging.contour_planes import check_frames
from kerma.imaging.masks import Between
from kerma.imaging.slabs import EndCap

__all__ = ["Samples", "Sampling", "samples_of", "step_for"]

_BINS = 16384  # 0.4 cGy where doses differ by 70 Gy; within a bin they are spread
_BLOCK = 2_000_000  # cells at a time: 8 MB of doses
_MANY = 1e6  # cells; with more of them a histogram gains nothing
_FEW = 3e4  # cells that a small structure has at least


@dataclass(frozen=True)
class Sampling:
    """How contours are understood and sampled.

    Parameters
    ----------
    end_cap
        What a structure has beyond its first and last plane: "half" the distance to
        the neighboring plane, "none", or a number of mm.
    between
        What lies between two planes: each plane's "slab" up to half way, or a "shape"
        that goes over from one to the other.
    fill_gaps
        As many planes missing in a row are bridged; where more are missing, the
        structure ends and begins anew.
    spacing_mm
        Largest edge of a cell; ``None`` for a choice by the dose and the structure.
    """

    end_cap: EndCap = "half"
    between: Between = "slab"
    fill_gaps: int = 1
    spacing_mm: float | None = None

    def __post_init__(self) -> None:
        cap, spacing = self.end_cap, self.spacing_mm
        # NaN fails the comparisons.
        known = cap in ("half", "none")
        if not known and (isinstance(cap, str) or not 0 <= cap < 1000):
            raise InputError(
                f"An end cap is 'half', 'none' or a number of mm; got {cap!r}."
            )
        if self.between not in ("slab", "shape"):
            raise InputError(
                f"Between planes is 'slab' or 'shape'; got {self.between!r}."
            )
        if spacing is not None and not 0.01 <= spacing <= 100:
            raise InputError(f"A spacing is 0.01 to 100 mm; got {spacing} mm.")


@dataclass(frozen=True, eq=False)
class Samples:
    """What the cells add up to.

    Parameters
    ----------
    edges_gy
        (n + 1,) edges of the dose bins, from the smallest to the largest dose.
    bins_mm3
        (n,) volume of each bin, mm³.
    outside_mm3
        Volume for which there is no dose, mm³.
    mean_gy
        Mean dose, Gy.
    step_mm
        Edge of the cells.
    notes
        What the reader should know.
    """

    edges_gy: FloatArray
    bins_mm3: FloatArray
    outside_mm3: float
    mean_gy: float
    step_mm: float
    notes: tuple[str, ...]


def step_for(outline: Outline, dose: Grid) -> float:
    """Edge of the cells that is fine enough for a structure, mm.

    A quarter of the spacing of the dose, a twentieth of the structure and at least
    30,000 cells; but no more than a million cells unless the edge would exceed half the
    spacing of the dose: between its voxels the dose is interpolated anyway.
    """
    volume, spacing = outline.volume_mm3, min(dose.spacing)
    extent = np.ptp(outline.box, axis=0)
    size = float(extent[extent > 0].min())
    fine = min(spacing / 4, size / 20, (volume / _FEW) ** (1 / 3))
    return max(fine, min(spacing / 2, (volume / _MANY) ** (1 / 3)))


def samples_of(dose: Dose, structure: Structure, sampling: Sampling) -> Samples:
    """Histogram of the dose in a structure.

    Raises
    ------
    GeometryError
        Dose and structure lie in different frames of reference, the contours are not
        planar and parallel, or the whole structure lies outside the dose.
    InputError
        The structure has no volume, or is too large for the spacing asked for.
    ScopeError
        The dose is relative.
    """
    gy = Volume(dose.gy, dose.grid)
    check_frames(structure, dose.grid)
    outline = outline_of(structure, dose.grid)
    step = sampling.spacing_mm or step_for(outline, dose.grid)
    solid = cross_sections(
        structure,
        outline,
        dose.grid,
        step_mm=step,
        end_cap=sampling.end_cap,
        between=sampling.between,
        fill_gaps=sampling.fill_gaps,
    )
    low, high = _dose_range(gy, solid)
    bins, totals = _add_up(gy, solid, (low, (high - low) / _BINS))
    if not totals[0] > 0:
        raise GeometryError(
            f"{structure.name!r} lies outside the dose grid, so its dose is not known."
        )
    # The extremes often lie on the surface, between the centers of the cells.
    surface = sample(gy, solid.corners())
    known = surface[np.isfinite(surface)]
    smallest = min(totals[3], known.min(initial=np.inf))
    largest = max(totals[4], known.max(initial=-np.inf))
    every = np.linspace(low, high, _BINS + 1)
    edges, bins = _between(every, bins, float(smallest), float(largest))
    mean = float(np.clip(totals[2] / totals[0], edges[0], edges[-1]))
    return Samples(edges, bins, float(totals[1]), mean, step, solid.notes)


def _dose_range(gy: Volume, solid: CrossSections) -> tuple[float, float]:
    """Doses between which all cells lie, with a little room."""
    lattice = solid.lattice
    ends = [(0, n - 1) for n in lattice.shape[1:]]
    flat = np.stack(np.meshgrid(0, *ends), axis=-1).reshape(-1, 3)
    corners = lattice.to_patient(flat.astype(float))
    normal = np.array(lattice.axes[0])
    depths = solid.layers[0].low, solid.layers[-1].high
    index = gy.grid.to_index(
        np.concatenate([corners + depth * normal for depth in depths])
    )
    first = np.clip(np.floor(index.min(axis=0)), 0, None).astype(int)
    last = np.clip(np.ceil(index.max(axis=0)), -1, None).astype(int)
    part = gy.array[tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))]
    low, high = (
        (0.0, 0.0)
        if not part.size
        else (float(np.nanmin(part)), float(np.nanmax(part)))
    )
    room = max(1e-3 * (high - low), 1e-6, 1e-6 * abs(high))
    return low - room, high + room


def _add_up(
    gy: Volume, solid: CrossSections, scale: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Volume of each bin, and the totals of `kerma.kernels.dvh.add_cells`."""
    from kerma.kernels.dvh import add_cells

    changes = np.zeros(_BINS + 1)
    totals = np.array([0.0, 0.0, 0.0, np.inf, -np.inf])
    lattice = solid.lattice
    step = lattice.spacing[1]
    for block in _blocks(solid):
        cuts = [_faces(layer, step) for layer in block]
        faces = np.concatenate([cuts[0][:1], *(cut[1:] for cut in cuts)])
        box = solid.box_of(block)
        doses = _doses_on(gy, lattice, box, faces)
        at = 0
        for layer, cut in zip(block, cuts, strict=True):
            weights = (cut[1:] - cut[:-1]) * step**2
            cells = doses[at : at + cut.size]
            cover = np.ascontiguousarray(solid.of(layer)[box])
            add_cells(cover, cells, weights, scale, changes, totals)
            at += cut.size - 1
    # What rounding leaves of a difference may lie below zero.
    return np.maximum(np.cumsum(changes[:-1]), 0), totals


def _doses_on(
    gy: Volume, lattice: Grid, box: tuple[slice, slice], faces: FloatArray
) -> FloatArray:
    """(n, nj, ni) dose at the cell centers of a box on faces across the normal.

    NaN outside the dose.
    """
    rows, columns = box
    corner = lattice.to_patient(np.array([0, rows.start, columns.start]))
    x, y, z = (corner + faces[0] * np.array(lattice.axes[0])).tolist()
    onto = replace(
        lattice,
        shape=(faces.size, rows.stop - rows.start, columns.stop - columns.start),
        origin=(x, y, z),
        spacing=(float(np.median(np.diff(faces))), *lattice.spacing[1:]),
        offsets=tuple((faces - faces[0]).tolist()),
    )
    moved = resample(gy, onto, antialias=False, outside=math.nan)
    return np.asarray(moved.array, dtype=np.float32)


def _faces(layer: Layer, step: float) -> FloatArray:
    count = math.ceil((layer.high - layer.low) / step - 1e-6)
    return np.linspace(layer.low, layer.high, max(1, count) + 1)


def _blocks(solid: CrossSections) -> Iterator[tuple[Layer, ...]]:
    """Layers without a gap, so many that their doses fit into memory."""
    layers, lattice = solid.layers, solid.lattice
    room = max(1.0, _BLOCK / math.prod(lattice.shape)) * lattice.spacing[1]
    start = 0
    for n, (layer, after) in enumerate(pairwise(layers), start=1):
        if after.low - layer.high > 1e-9 or after.high - layers[start].low > room:
            yield layers[start:n]
            start = n
    yield layers[start:]


def _between(
    edges: FloatArray, volumes: FloatArray, smallest: float, largest: float
) -> tuple[FloatArray, FloatArray]:
    """The bins from the smallest to the largest dose; what lies beyond moves in.

    Cells that the surface cuts have centers beyond it.
    """
    first = int(np.searchsorted(edges, smallest, side="right")) - 1
    last = int(np.searchsorted(edges, largest, side="left"))
    last = max(last, first + 1)
    kept = volumes[first:last].copy()
    kept[0] += volumes[:first].sum()
    kept[-1] += volumes[last:].sum()
    cut = edges[first : last + 1].copy()
    cut[0], cut[-1] = smallest, max(largest, np.nextafter(smallest, np.inf))
    return cut, kept
