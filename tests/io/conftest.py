"""A builder of CT images with any defect."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ROWS, COLUMNS = 4, 6


def _image(k: int = 0, *, stored: Any = None, **elements: Any) -> Dataset:
    """A small axial slice at z = 2 k mm whose values start at 1000 + 100 k.

    Elements are given by keyword: a value replaces it, ``None`` removes it, a pair of
    VR and text writes what pydicom itself would refuse.
    """
    if stored is None:
        stored = 1000 + 100 * k + np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    words = np.asarray(stored).astype("<i2")
    data = Dataset()
    values: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CT_IMAGE,
        "SOPInstanceUID": f"1.2.3.4.{k + 1}",
        "Modality": "CT",
        "SeriesInstanceUID": "1.2.3.4",
        "SliceThickness": "3",
        "ImagePositionPatient": [-10.0, -20.0, 2.0 * k],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "FrameOfReferenceUID": "1.2.3",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": words.shape[-2],
        "Columns": words.shape[-1],
        "PixelSpacing": [1.5, 0.5],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
        "RescaleType": "HU",
        "PixelData": words.tobytes(),
    }
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


def _encode(
    data: Dataset, syntax: str = ExplicitVRLittleEndian, *, meta: bool = True
) -> bytes:
    """Bytes of a file, with or without preamble and file meta."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if meta:
            data.file_meta = FileMetaDataset()
            data.file_meta.TransferSyntaxUID = syntax  # type: ignore[assignment]  # a plain string does
            dcmwrite(content, data, enforce_file_format=True)
        else:
            implicit = syntax == "1.2.840.10008.1.2"
            dcmwrite(content, data, implicit_vr=implicit, little_endian=True)
    return content.getvalue()


@pytest.fixture(scope="session")
def image() -> Callable[..., Dataset]:
    """Make one CT image; see `_image`."""
    return _image


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encode a data set as a DICOM file; see `_encode`."""
    return _encode


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write images to one folder, under names that sort backwards; the folder."""

    def write(*images: Dataset, **options: Any) -> Path:
        for number, data in enumerate(images):
            name = f"{999 - number}.dcm"
            (tmp_path / name).write_bytes(_encode(data, **options))
        return tmp_path

    return write
