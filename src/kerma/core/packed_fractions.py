"""Fractions of the voxels of a box, packed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np

from kerma.core.arrays import FloatArray, IntArray
from kerma.errors import InputError

__all__ = ["PackedFractions", "Packer"]

A = TypeVar("A", FloatArray, IntArray)


@dataclass(frozen=True, eq=False)
class PackedFractions:
    """Filled fractions of a box of voxels, exactly, in little memory.

    The values are float32. Where many neighbors along the rows have the same value, as
    inside and outside a structure, it is kept once: what counts is the surface of the
    structure, about 6 bytes for each voxel there, not its volume.

    Parameters
    ----------
    shape
        Voxels of the box, ``(nk, nj, ni)``.
    starts
        (nk + 1, 2) number of the first piece and of the first value of each slice, and
        how many there are in all.
    lengths
        (p, 2) uint16 lengths of the pieces; see `kerma.kernels.packing`.
    values
        (v,) float32 values of the pieces.
    """

    shape: tuple[int, int, int]
    starts: IntArray
    lengths: IntArray
    values: FloatArray

    def __post_init__(self) -> None:
        for array in (self.starts, self.lengths, self.values):
            array.flags.writeable = False

    @classmethod
    def of(cls, array: FloatArray) -> Self:
        """Pack an array (nk, nj, ni) of float32.

        Raises
        ------
        InputError
            It has other dimensions, or is of another type.
        """
        if array.ndim != 3 or array.dtype != np.float32:
            raise InputError(
                f"A mask is an array (nk, nj, ni) of float32; this one is "
                f"{array.ndim}-dimensional, {array.dtype}."
            )
        nk, nj, ni = array.shape
        packer = Packer((nk, nj, ni))
        for plane in array:
            packer.add(plane)
        return cls(packer.shape, *packer.packed())

    @property
    def bytes_held(self) -> int:
        """Memory that it takes, bytes."""
        return self.starts.nbytes + self.lengths.nbytes + self.values.nbytes

    def array(self) -> FloatArray:
        """(nk, nj, ni) fractions, unpacked anew each time, float32."""
        from kerma.kernels.packing import unpack_values

        array = np.empty(self.shape, np.float32)
        unpack_values(self.lengths, self.values, array.reshape(-1))
        return array

    def slices(self, wanted: slice = slice(None)) -> Iterator[FloatArray]:
        """Unpack one slice (nj, ni) after the other; each overwrites the one before."""
        from kerma.kernels.packing import unpack_values

        plane = np.empty(self.shape[1:], np.float32)
        for k in range(*wanted.indices(self.shape[0])):
            unpack_values(*self.pieces(k), plane.reshape(-1))
            yield plane

    def pieces(self, k: int) -> tuple[IntArray, FloatArray]:
        """Lengths and values of the pieces of a slice."""
        (piece, value), (next_piece, next_value) = self.starts[k : k + 2]
        return self.lengths[piece:next_piece], self.values[value:next_value]

    def moments(self) -> FloatArray:
        """(nk, 4) sums over each slice.

        Of the fractions, alone, times the row, and times the column, both counted from
        the first voxel of the box; and of the voxels at least half full.
        """
        from kerma.kernels.packing import add_moments

        moments = np.zeros((self.shape[0], 4))
        for k, sums in enumerate(moments):
            add_moments(*self.pieces(k), self.shape[2], sums)
        return moments


class Packer:
    """Packs a box of voxels slice by slice, so that it never lies open as a whole."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self._starts = np.zeros((shape[0] + 1, 2), np.int64)
        self._used = np.zeros(2, np.int64)
        self._lengths: IntArray = np.empty((0, 2), np.uint16)
        self._values: FloatArray = np.empty(0, np.float32)
        self._slices = 0

    def add(self, plane: FloatArray) -> None:
        """Append a slice (nj, ni) of float32."""
        from kerma.kernels.packing import pack_values

        pack_values(np.ascontiguousarray(plane).reshape(-1), self._room())
        self._ended()

    def add_changes(
        self, changes: FloatArray, weight: float, corner: tuple[int, int]
    ) -> None:
        """Append a slice of changes along its rows; see `kernels.packing.pack_changes`."""
        from kerma.kernels.packing import pack_changes

        pack_changes(changes, weight, corner, self.shape[1:], self._room())
        self._ended()

    def packed(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Starts, lengths and values of all slices, for `PackedFractions`."""
        pieces, values = self._used
        return (
            self._starts,
            self._lengths[:pieces].copy(),
            self._values[:values].copy(),
        )

    def _room(self) -> tuple[IntArray, FloatArray, IntArray]:
        """The arrays, with room for one slice however it looks."""
        pieces, values = (self._used + self.shape[1] * self.shape[2]).tolist()
        if len(self._lengths) < pieces:
            self._lengths = _longer(self._lengths, 2 * pieces)
        if len(self._values) < values:
            self._values = _longer(self._values, 2 * values)
        return self._lengths, self._values, self._used

    def _ended(self) -> None:
        self._slices += 1
        self._starts[self._slices] = self._used


def _longer(array: A, length: int) -> A:
    longer = np.empty((length, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
