"""The cross-sections of a structure on a lattice of fine cells in its own planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.grid import Grid
from kerma.core.structures import Contour, Structure
from kerma.errors import GeometryError, InputError
from kerma.imaging.between_planes import plane_distances
from kerma.imaging.contour_planes import ContourPlanes, are_parallel, planes_of
from kerma.imaging.masks import Between
from kerma.imaging.plane_coverage import plane_coverage
from kerma.imaging.signed_distance import filled
from kerma.imaging.slabs import EndCap, slabs_of

__all__ = ["CrossSections", "Layer", "Outline", "cross_sections", "outline_of"]

_LARGEST_LATTICE = 30_000_000  # cells of one plane; a patient of 0.5 m at 0.1 mm has 25
_RIM = 2  # cells around the outermost points, so that the rim is empty


@dataclass(frozen=True, eq=False)
class Outline:
    """Extent of a structure in the directions of its own planes.

    Parameters
    ----------
    axes
        (3, 3) unit vectors: normal, row and column direction, each ``(x, y, z)``.
    box
        (2, 3) lowest and highest place of any point along them, mm.
    volume_mm3
        Rough volume, for the choice of a step.
    """

    axes: FloatArray
    box: FloatArray
    volume_mm3: float


@dataclass(frozen=True)
class Layer:
    """A piece of a structure along the normal with one cross-section.

    Parameters
    ----------
    low, high
        Where it begins and ends, mm.
    lower, upper
        The planes between which it lies; the same where it is a slab of one plane.
    share
        How far its middle is from the lower to the upper plane, 0 to 1.
    """

    low: float
    high: float
    lower: int
    upper: int
    share: float = 0.0


class CrossSections:
    """Layers of a structure, and how much of each cell of the lattice they fill.

    What belongs to the planes last asked for is remembered, so layers are best asked
    for in their order.
    """

    def __init__(
        self,
        lattice: Grid,
        planes: ContourPlanes,
        layers: tuple[Layer, ...],
        notes: tuple[str, ...],
    ) -> None:
        self.lattice, self.planes = lattice, planes
        self.layers, self.notes = layers, notes
        self._cover: dict[int, FloatArray] = {}
        self._distance: dict[int, FloatArray] = {}

    def of(self, layer: Layer) -> FloatArray:
        """(nj, ni) share of each cell that lies inside, 0 to 1; 0 along the rim."""
        if layer.lower == layer.upper:
            return self._cover_of(layer.lower)
        lower, upper = self._distance_of(layer.lower), self._distance_of(layer.upper)
        between = (1 - layer.share) * lower + layer.share * upper
        cover = filled(between[np.newaxis])[0]
        cover[[0, -1]] = 0
        cover[:, [0, -1]] = 0
        return cover

    def corners(self) -> FloatArray:
        """(n, 3) positions of the corners of all contours, at the ends of their slabs."""
        normal, offsets = np.array(self.lattice.axes[0]), self.planes.offsets_mm
        contours, depths = [], []
        for layer in self.layers:
            for plane, at in ((layer.lower, layer.low), (layer.upper, layer.high)):
                if layer.lower != layer.upper and at != offsets[plane]:
                    continue  # in the middle of a shape there are no corners
                for contour in self.planes.planes[plane].contours:
                    contours.append(contour)
                    depths.append(at)
        lattice = self.lattice
        # In one step from rows and columns: there are very many corners.
        onto = np.array(lattice.axes[1:]) * np.array(lattice.spacing[1:])[:, np.newaxis]
        positions = np.concatenate(contours) @ onto
        starts = np.array(depths)[:, np.newaxis] * normal + lattice.origin
        positions += np.repeat(starts, [len(contour) for contour in contours], axis=0)
        return positions

    def box_of(self, layers: Sequence[Layer]) -> tuple[slice, slice]:
        """Rows and columns of all cells that successive layers fill, and of those around.

        Between two planes a shape lies within the two together, but for half a cell.
        """
        planes = self.planes.planes[layers[0].lower : layers[-1].upper + 1]
        touched = ContourPlanes(planes).index_box(self.lattice)
        rows, columns = (
            slice(max(0, cells.start - _RIM), min(count, cells.stop + _RIM))
            for cells, count in zip(touched, self.lattice.shape[1:], strict=True)
        )
        return rows, columns

    def _cover_of(self, plane: int) -> FloatArray:
        if plane not in self._cover:
            contours = self.planes.planes[plane].contours
            shape = self.lattice.shape[1:]
            self._cover = {plane: plane_coverage(contours, shape)}
        return self._cover[plane]

    def _distance_of(self, plane: int) -> FloatArray:
        if plane not in self._distance:
            kept = {n: d for n, d in self._distance.items() if n == plane - 1}
            cover = self._cover_of(plane)[np.newaxis]
            distance = plane_distances(cover, self.lattice.spacing[1:])[0]
            self._distance = kept | {plane: distance}
        return self._distance[plane]


def outline_of(structure: Structure, guide: Grid) -> Outline:
    """Directions and extent of a structure.

    Parameters
    ----------
    structure
        With closed contours.
    guide
        Grid whose directions are kept as far as the planes of the contours allow.

    Raises
    ------
    InputError
        No contour encloses an area.
    GeometryError
        The contours do not lie in parallel planes.
    """
    closed = structure.closed_contours
    areas = _area_vectors(closed)
    sizes = np.linalg.norm(areas, axis=1)
    if not sizes.max(initial=0) > 1e-6:
        raise InputError(
            f"{structure.name!r} has no closed contour that encloses an area, so it "
            f"has no volume."
        )
    axes = _axes(areas[int(sizes.argmax())], np.array(guide.axes))
    if not are_parallel(structure, axes[0]):
        raise GeometryError(
            f"The contours of {structure.name!r} do not lie in parallel planes; give "
            f"the structure as it was drawn."
        )
    places = np.concatenate([contour.points for contour in closed]) @ axes.T
    box = np.stack([places.min(axis=0), places.max(axis=0)])
    depths = np.unique(np.round([(c.points[0] @ axes[0]) for c in closed], 1))
    gap = float(np.median(np.diff(depths))) if depths.size > 1 else guide.spacing[0]
    return Outline(axes, box, float(sizes.sum()) * gap)


def cross_sections(
    structure: Structure,
    outline: Outline,
    guide: Grid,
    *,
    step_mm: float,
    end_cap: EndCap,
    between: Between,
    fill_gaps: int,
) -> CrossSections:
    """Cut a structure into layers on a lattice of square cells.

    Parameters
    ----------
    structure, outline
        The structure, and what `outline_of` says of it.
    guide
        The dose; the distance of its slices tells how thick a single plane is.
    step_mm
        Edge of the cells, and largest thickness of a layer between two planes.
    end_cap, between, fill_gaps
        As for `kerma.imaging.masks.mask_of`.

    Raises
    ------
    InputError
        The structure has too many cells, or no thickness.
    GeometryError
        It lies in another frame of reference.
    """
    lattice = _lattice(structure.name, outline, guide, step_mm)
    planes = planes_of(structure, lattice)
    slabs = slabs_of(planes.offsets_mm, lattice, end_cap=end_cap, fill_gaps=fill_gaps)
    offsets, bounds = planes.offsets_mm, slabs.bounds_mm
    layers = [
        Layer(float(low), float(high), n, n) for n, (low, high) in enumerate(bounds)
    ]
    if between == "shape":
        layers = []
        for first, stop in slabs.parts:
            last = stop - 1
            layers.append(Layer(float(bounds[first, 0]), offsets[first], first, first))
            for n in range(first, last):
                layers += _cut(offsets, n, step_mm)
            layers.append(Layer(offsets[last], float(bounds[last, 1]), last, last))
    layers = [layer for layer in layers if layer.high - layer.low > 1e-9]
    if not layers:
        raise InputError(
            f"{structure.name!r} is drawn on one plane only, so it has no volume "
            f"without end caps."
        )
    return CrossSections(lattice, planes, tuple(layers), planes.notes + slabs.notes)


def _area_vectors(contours: Sequence[Contour]) -> FloatArray:
    """(n, 3) normals of contours, each as long as its area, mm²."""
    if not contours:
        return np.zeros((0, 3))
    sizes = [len(contour.points) for contour in contours]
    starts = np.cumsum([0, *sizes[:-1]])
    points = np.concatenate([contour.points for contour in contours])
    x, y, z = (points - np.repeat(points[starts], sizes, axis=0)).T
    # After the last point comes the first, and that is zero.
    x1, y1, z1 = (np.append(axis[1:], 0.0) for axis in (x, y, z))
    doubled = np.stack([y * z1 - z * y1, z * x1 - x * z1, x * y1 - y * x1], axis=1)
    return np.asarray(np.add.reduceat(doubled, starts) / 2)


def _axes(area: FloatArray, guide: FloatArray) -> FloatArray:
    """Directions with the normal of a contour, as near to others as can be."""
    normal = area / np.linalg.norm(area)
    along = guide @ normal
    nearest = int(np.abs(along).argmax())
    normal = normal * np.sign(along[nearest])
    if abs(along[nearest]) > 1 - 1e-6:  # rounding of the points; 1 mm in 0.7 m
        normal = guide[nearest] / np.linalg.norm(guide[nearest])
    column = guide[(nearest + 2) % 3]
    column = column - (column @ normal) * normal
    column = column / np.linalg.norm(column)
    return np.stack([normal, np.cross(normal, column), column])


def _lattice(name: str, outline: Outline, guide: Grid, step: float) -> Grid:
    """Square cells over a structure, one slice thick, at 0 mm along the normal."""
    low, high = outline.box[:, 1:]
    count = np.ceil((high - low) / step) + 2 * _RIM - 1
    if count.prod() > _LARGEST_LATTICE:
        size = " x ".join(f"{extent:.0f}" for extent in high - low)
        raise InputError(
            f"{name!r} spans {size} mm, too much for cells of {step:g} mm; give a larger "
            f"spacing, or see whether its contours are right."
        )
    x, y, z = ((low + high - (count - 1) * step) / 2 @ outline.axes[1:]).tolist()
    normal, row, column = (_vector(axis) for axis in outline.axes)
    nearest = int(np.abs(np.array(guide.axes) @ outline.axes[0]).argmax())
    return Grid(
        (1, int(count[0]), int(count[1])),
        (x, y, z),
        (guide.spacing[nearest], step, step),
        (normal, row, column),
        guide.frame_of_reference,
    )


def _cut(offsets: FloatArray, lower: int, step_mm: float) -> list[Layer]:
    """What lies between two planes in thin layers."""
    low, high = offsets[lower], offsets[lower + 1]
    count = int(np.ceil((high - low) / step_mm - 1e-6))
    edges = np.linspace(low, high, count + 1)
    return [
        Layer(float(edges[n]), float(edges[n + 1]), lower, lower + 1, (n + 0.5) / count)
        for n in range(count)
    ]


def _vector(direction: FloatArray) -> tuple[float, float, float]:
    x, y, z = (float(part) for part in direction)
    return x, y, z
