"""The grid of displacements of a deformable registration (PS3.3, C.20.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray, Vec3
from kerma.core.grid import Grid
from kerma.core.transform import DeformableTransform
from kerma.errors import DicomError, GeometryError
from kerma.io.dicom.item import Item
from kerma.io.dicom.orientation import row_and_column
from kerma.io.dicom.writer import decimals

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["grid_item", "read_deformation"]

_BYTES = 12  # three float32
_FARTHEST = 1e5  # mm from the origin of patient coordinates
_ALONG = 1e-6  # sine between the stacking of slices and their normal


def read_deformation(
    item: Item, frame_of_reference: str
) -> tuple[Grid, FloatArray, tuple[str, ...]]:
    """Grid, displacements (nk, nj, ni, 3) in mm, and what was odd.

    Raises
    ------
    DicomError
        Dimensions, resolution, place or data are missing or do not fit each other.
    """
    columns, rows, slices = (
        int(n) for n in item.required_numbers("GridDimensions", 3).tolist()
    )
    resolution = item.required_numbers("GridResolution", 3)
    position = item.required_numbers("ImagePositionPatient", 3)
    if np.abs(position).max() > _FARTHEST or not 0 < resolution.max() < _FARTHEST:
        raise item.problem(
            "GridResolution",
            f"is {resolution.tolist()} mm and the grid starts at {position.tolist()} "
            f"mm, which lies beyond any patient",
        )
    across, down, notes = row_and_column(
        item.required_numbers("ImageOrientationPatient", 6), item.file
    )
    try:
        grid = Grid(
            shape=(slices, rows, columns),
            origin=_vec3(position),
            spacing=_vec3(resolution[::-1]),
            axes=(_vec3(np.cross(across, down)), _vec3(down), _vec3(across)),
            frame_of_reference=frame_of_reference,
        )
        displacements = _vectors(item, grid.shape)
        DeformableTransform(grid, displacements, "")  # checks the vectors
    except GeometryError as error:
        raise DicomError(
            f"{item.problem('VectorGridData', 'cannot be used')} {error}"
        ) from error
    return grid, displacements, notes


def _vectors(item: Item, shape: tuple[int, int, int]) -> FloatArray:
    raw = item.value("VectorGridData")
    if not isinstance(raw, bytes):
        raise item.problem("VectorGridData", "is missing")
    needed = _BYTES * int(np.prod([int(n) for n in shape], dtype=object))
    if len(raw) != needed:
        raise item.problem(
            "VectorGridData",
            f"has {len(raw)} bytes; a grid of {shape[2]} x {shape[1]} x {shape[0]} "
            f"needs {needed}",
        )
    order = "<" if item.data.original_encoding[1] is not False else ">"
    vectors = np.frombuffer(raw, dtype=f"{order}f4").reshape(*shape, 3)
    return vectors.astype(np.float32)


def grid_item(transform: DeformableTransform) -> Dataset:
    """The item that holds grid and displacements.

    Raises
    ------
    GeometryError
        The slices of the grid are uneven, or not stacked along their normal: such a
        grid cannot be said in DICOM.
    """
    from pydicom import Dataset

    grid, vectors = transform.grid, transform.displacements
    aside = np.linalg.norm(np.cross(grid.axes[0], grid.normal))
    if not grid.is_even or aside > _ALONG:
        raise GeometryError(
            "DICOM holds displacements only on even slices stacked along their normal; "
            "resample this field to such a grid."
        )
    first = np.array([0, 0, 0])
    if np.dot(grid.axes[0], grid.normal) < 0:
        first[0] = grid.shape[0] - 1  # DICOM stacks along row cross column
        vectors = vectors[::-1]
    item = Dataset()
    item.ImagePositionPatient = decimals(grid.to_patient(first).tolist())
    item.ImageOrientationPatient = decimals([*grid.axes[2], *grid.axes[1]])
    item.GridDimensions = list(grid.shape[::-1])
    item.GridResolution = list(grid.spacing[::-1])
    item.VectorGridData = np.ascontiguousarray(vectors, dtype="<f4").tobytes()
    return item


def _vec3(vector: FloatArray) -> Vec3:
    x, y, z = np.asarray(vector).tolist()
    return x, y, z
