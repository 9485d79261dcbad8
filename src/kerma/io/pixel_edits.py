"""Edits of the pixels of written files: another coding of the same image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.edit import Action, EditValue

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["PIXEL_EDITS"]


def _words(data: Dataset) -> NDArray[Any]:
    """(frames, rows, columns) stored numbers."""
    kind = "i" if data.PixelRepresentation else "u"
    words = np.frombuffer(data.PixelData, f"<{kind}{data.BitsAllocated // 8}")
    shape = int(data.get("NumberOfFrames") or 1), int(data.Rows), int(data.Columns)
    return words[: np.prod(shape)].reshape(shape)


def _put(data: Dataset, words: NDArray[Any]) -> None:
    data.PixelData = words.tobytes()
    data["PixelData"].VR = "OW"


def _list(value: EditValue) -> list[float]:
    return np.atleast_1d(np.array(value, float)).tolist()


def _rescale(data: Dataset, value: EditValue) -> None:
    slope, intercept, *unsigned = _list(value)
    hu = _words(data) * float(data.RescaleSlope) + float(data.RescaleIntercept)
    data.RescaleSlope, data.RescaleIntercept = slope, intercept
    data.PixelRepresentation = 0 if unsigned else 1
    _put(data, np.rint((hu - intercept) / slope).astype("<u2" if unsigned else "<i2"))


def _pad(data: Dataset, value: EditValue) -> None:
    columns, padding = (int(number) for number in _list(value))
    words = _words(data).copy()
    words[..., :columns] = words[..., -columns:] = padding
    data.add_new(0x00280120, "SS" if data.PixelRepresentation else "US", padding)
    _put(data, words)


def _normal(data: Dataset) -> NDArray[np.float64]:
    rows, columns = np.reshape(data.ImageOrientationPatient, (2, 3)).astype(float)
    return np.asarray(np.cross(rows, columns))


def _backward(data: Dataset, _: EditValue) -> None:
    _put(data, _words(data)[::-1])
    offsets = np.array(data.GridFrameOffsetVector, float)
    last = np.array(data.ImagePositionPatient, float) + offsets[-1] * _normal(data)
    data.ImagePositionPatient = last.tolist()
    data.GridFrameOffsetVector = (offsets[::-1] - offsets[-1]).tolist()


def _absolute(data: Dataset, _: EditValue) -> None:
    z = float(data.ImagePositionPatient[2])
    offsets = np.array(data.GridFrameOffsetVector, float)
    data.GridFrameOffsetVector = (z + offsets).tolist()


def _drop(data: Dataset, value: EditValue) -> None:
    """Leave out frames, but not the first, from which the positions count."""
    dropped = [int(number) for number in _list(value)]
    words = np.delete(_words(data), dropped, axis=0)
    offsets = np.delete(np.array(data.GridFrameOffsetVector, float), dropped)
    data.NumberOfFrames = len(words)
    data.GridFrameOffsetVector = offsets.tolist()
    _put(data, words)


def _trim(data: Dataset, value: EditValue) -> None:
    count = int(data.NumberOfFrames)
    _drop(data, tuple(range(int(_list(value)[0] * count), count)))


PIXEL_EDITS: dict[Action, Callable[[Dataset, EditValue], None]] = {
    Action.RESCALE: _rescale,
    Action.PAD: _pad,
    Action.BACKWARD: _backward,
    Action.ABSOLUTE: _absolute,
    Action.DROP: _drop,
    Action.TRIM: _trim,
}
"""By action; each changes the object in place."""
