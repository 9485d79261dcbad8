"""NumPy arrays, with a file beside them that says where the voxels lie."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from kerma.core.arrays import Vec3
from kerma.core.grid import Grid
from kerma.core.label_map import Label
from kerma.core.volume import Volume
from kerma.errors import InputError
from kerma.io.records import read_record
from kerma.io.volumes.file_bytes import byte_count
from kerma.io.volumes.stored_volume import (
    AnyArray,
    Quantity,
    Stored,
    labels_of,
    quantity_of,
)

__all__ = ["Sidecar", "numpy_bytes", "plain_array", "read_numpy"]

# What numpy raises on a damaged header, the parser of Python among it.
_DAMAGED = (
    ValueError,
    TypeError,
    EOFError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    MemoryError,
    OverflowError,
)


@dataclass(frozen=True)
class Sidecar:
    """What ``name.json`` says of the array in ``name.npy``.

    Parameters
    ----------
    shape
        Number of voxels along ``(k, j, i)`` = slice, row, column.
    origin_mm
        Position of the first voxel, ``(x, y, z)``.
    spacing_mm
        Distance between voxels along ``(k, j, i)``.
    axes
        Unit vectors along ``(k, j, i)``, each ``(x, y, z)``.
    slice_offsets_mm
        Distance of each slice from the first, where they are unevenly spaced.
    quantity
        "HU", "Gy", "relative dose", "labels", or empty.
    labels
        What label numbers stand for.
    coordinates
        +x to the patient's left, +y posterior, +z superior.
    """

    shape: tuple[int, int, int]
    origin_mm: Vec3
    spacing_mm: Vec3
    axes: tuple[Vec3, Vec3, Vec3]
    slice_offsets_mm: tuple[float, ...] | None = None
    quantity: Quantity = Quantity.UNKNOWN
    labels: tuple[Label, ...] = ()
    coordinates: Literal["LPS"] = "LPS"

    @property
    def grid(self) -> Grid:
        """Where the voxels lie, without frame of reference."""
        return Grid(
            shape=self.shape,
            origin=self.origin_mm,
            spacing=self.spacing_mm,
            axes=self.axes,
            frame_of_reference="",
            offsets=self.slice_offsets_mm,
        )


def read_numpy(file: Path) -> Stored:
    """Read an array, and the geometry in the .json beside it where there is one.

    Nothing is unpickled.

    Raises
    ------
    InputError
        It is no array of three dimensions, is cut off, or does not fit its .json.
    GeometryError
        No grid can say where its voxels lie.
    """
    array = plain_array(file)
    if array.ndim != 3:
        raise InputError(f"it has {array.ndim} dimensions; a volume has three.")
    beside_it = file.with_suffix(".json")
    if not beside_it.is_file():
        return Stored(array, None)
    try:
        said = read_record(beside_it, Sidecar)
    except InputError as error:  # it names the file by its path, which may be a name
        raise InputError(str(error).replace(str(beside_it), beside_it.name)) from error
    if said.shape != array.shape:
        raise InputError(
            f"it is of shape {array.shape}, but {beside_it.name} says {said.shape}."
        )
    return Stored(array, said.grid, said.quantity, said.labels)


def plain_array(file: Path) -> AnyArray:
    """An array of any number of dimensions, C order.

    Nothing is unpickled.

    Raises
    ------
    InputError
        It is no plain array, damaged, cut off, or too large.
    """
    try:
        # Mapped first: numpy then holds the declared shape against the size of the file.
        mapped = np.lib.format.open_memmap(file, mode="r")
    except OSError as error:
        raise InputError(f"it cannot be read ({error.strerror}).") from error
    except _DAMAGED as error:
        raise InputError(
            "it is no plain array of NumPy, or it is damaged or cut off."
        ) from error
    byte_count(mapped.dtype, mapped.shape)
    array: AnyArray = np.array(mapped, order="C")
    return array


def numpy_bytes(volume: Volume, name: str) -> dict[str, bytes]:
    """The array, C order and little endian, and its geometry in a .json."""
    from pydantic import TypeAdapter

    grid = volume.grid
    sidecar = Sidecar(
        shape=grid.shape,
        origin_mm=grid.origin,
        spacing_mm=grid.spacing,
        axes=grid.axes,
        slice_offsets_mm=grid.offsets,
        quantity=quantity_of(volume),
        labels=labels_of(volume),
    )
    stream = io.BytesIO()
    little = volume.array.dtype.newbyteorder("<")
    np.save(stream, np.ascontiguousarray(volume.array, little), allow_pickle=False)
    text = TypeAdapter(Sidecar).dump_json(sidecar, indent=2)
    return {name: stream.getvalue(), f"{name[:-4]}.json": text}
