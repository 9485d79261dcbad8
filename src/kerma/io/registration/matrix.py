"""Matrices of spatial registrations (PS3.3, C.20.2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.transform import AffineTransform
from kerma.errors import DicomError, GeometryError
from kerma.io.dicom.item import Item
from kerma.io.dicom.writer import decimals

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["matrix_item", "matrix_type", "read_matrices"]

_SQUARE = 1e-4  # cosine between two columns that counts as a right angle
_MATRIX = "FrameOfReferenceTransformationMatrix"
_TYPE = "FrameOfReferenceTransformationMatrixType"
_FREEDOM = {"RIGID": 0, "RIGID_SCALE": 1, "AFFINE": 2}


def read_matrices(items: Iterable[Item]) -> tuple[FloatArray, tuple[str, ...]]:
    """The product of matrices of which the first is applied first, and what was odd.

    Raises
    ------
    DicomError
        One is missing or no affine matrix.
    """
    read = [_read_matrix(item) for item in items]
    product = reduce(lambda done, part: part[0] @ done, read, np.eye(4))
    return product, tuple(note for _, note in read if note)


def _read_matrix(item: Item) -> tuple[FloatArray, str]:
    matrix = item.required_numbers(_MATRIX, 16).reshape(4, 4)
    try:
        AffineTransform(matrix, "", "")
    except GeometryError as error:
        raise DicomError(
            f"{item.problem(_MATRIX, 'is no transform')} {error}"
        ) from error
    declared, found = item.text(_TYPE), matrix_type(matrix)
    if declared in _FREEDOM and _FREEDOM[found] <= _FREEDOM[declared]:
        return matrix, ""
    called = declared if declared in _FREEDOM else "nothing that DICOM knows"
    return matrix, f"A matrix is called {called} but is {found}; it is used as it is."


def matrix_type(matrix: FloatArray) -> str:
    """RIGID, RIGID_SCALE or AFFINE (PS3.3, C.20.2.1.2): the narrowest that fits."""
    if AffineTransform(matrix, "", "").is_rigid:
        return "RIGID"
    columns = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    square = np.abs(columns.T @ columns - np.eye(3)).max() < _SQUARE
    return "RIGID_SCALE" if square and np.linalg.det(columns) > 0 else "AFFINE"


def matrix_item(matrix: FloatArray) -> Dataset:
    """An item with a matrix and its type."""
    from pydicom import Dataset

    item = Dataset()
    item.FrameOfReferenceTransformationMatrixType = matrix_type(matrix)
    item.FrameOfReferenceTransformationMatrix = decimals(matrix.ravel().tolist())
    return item
