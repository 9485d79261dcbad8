"""RT Dose objects of any form, made by hand with pydicom alone."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom import Dataset, dcmwrite
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from kerma.core.grid import Grid

__all__ = [
    "dose_object",
    "encoded",
    "item",
    "sampled",
    "save",
    "true_dose",
    "voxel_positions",
]

RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def true_dose(positions: ArrayLike) -> NDArray[np.float64]:
    """D = 40 + 0.11 x + 0.07 y + 0.13 z Gy at positions (..., 3) in mm."""
    return 40 + np.asarray(positions) @ np.array([0.11, 0.07, 0.13])


def sampled(
    position: ArrayLike,
    orientation: ArrayLike,
    places: ArrayLike,
    *,
    spacing: tuple[float, float] = (2.0, 2.5),
    matrix: tuple[int, int] = (4, 5),
) -> NDArray[np.float64]:
    """(nk, nj, ni) true dose of frames at `places` mm along the normal."""
    rows, columns = np.reshape(np.asarray(orientation, float), (2, 3))
    normal = np.cross(rows, columns)
    frames = np.multiply.outer(np.asarray(places, float), normal)[:, None, None]
    down = np.multiply.outer(np.arange(matrix[0]) * spacing[0], columns)[:, None]
    along = np.multiply.outer(np.arange(matrix[1]) * spacing[1], rows)
    return true_dose(np.asarray(position) + frames + down + along)


def voxel_positions(grid: Grid) -> NDArray[np.float64]:
    """(nk, nj, ni, 3) positions of the voxels of a grid, mm."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    return np.asarray(grid.to_patient(index.astype(np.float64)))


def dose_object(stored: NDArray[Any] | None = None, **elements: Any) -> Dataset:
    """A dose whose stored values are given; by default 0, 1, 2, ... in 3 frames.

    Elements are given by keyword: a value replaces it, ``None`` removes it, a pair of
    VR and value writes what pydicom itself would refuse.
    """
    words = np.arange(60, dtype="<u2").reshape(3, 4, 5) if stored is None else stored
    bits = 8 * words.dtype.itemsize
    values: dict[str, Any] = {
        "SOPClassUID": RT_DOSE,
        "SOPInstanceUID": "1.2.3.4.5",
        "Modality": "RTDOSE",
        "SeriesInstanceUID": "1.2.3.4",
        "StudyInstanceUID": "1.2.3",
        "FrameOfReferenceUID": "1.2.9",
        "ImagePositionPatient": [-10.0, -20.0, 30.0],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "PixelSpacing": [2.0, 2.5],
        "NumberOfFrames": words.shape[0],
        "FrameIncrementPointer": 0x3004000C,
        "GridFrameOffsetVector": [3.0 * k for k in range(words.shape[0])],
        "Rows": words.shape[1],
        "Columns": words.shape[2],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(words.dtype.kind == "i"),
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DoseSummationType": "PLAN",
        "DoseGridScaling": "0.001",
        "PixelData": words.tobytes(),
    }
    data = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for keyword, value in (values | elements).items():
            if isinstance(value, tuple):
                data.add_new(tag_for_keyword(keyword) or 0, *value)
            elif value is not None:
                setattr(data, keyword, value)
    if "PixelData" in data:
        data["PixelData"].VR = "OW"
    return data


def item(**elements: Any) -> Dataset:
    """An item of a sequence."""
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def encoded(data: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Bytes of the file."""
    content = io.BytesIO()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax  # type: ignore[assignment]  # a plain string does
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(content, data, enforce_file_format=True)
    return content.getvalue()


def save(
    data: Dataset, folder: Path, name: str = "dose.dcm", *, syntax: str | None = None
) -> Path:
    """Write the file."""
    file = folder / name
    file.write_bytes(encoded(data, syntax or ExplicitVRLittleEndian))
    return file
