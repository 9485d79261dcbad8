"""The attributes of a written CT image (PS3.3, A.3.3)."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kerma.core.grid import Grid
from kerma.core.volume import CT, Acquisition
from kerma.io.dicom.writer import (
    Identity,
    decimal,
    decimals,
    set_text,
    start_object,
)

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["common_attributes", "image_attributes"]

_CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
_UNKNOWN = (  # of type 2: they have to be there, but may be blank
    "AcquisitionNumber",
    "Laterality",
    "PatientPosition",
    "PositionReferenceIndicator",
)


def common_attributes(ct: CT, identity: Identity) -> Dataset:
    """What all images share: types 1 and 2, and what else is known.

    Raises
    ------
    InputError
        A text is not as DICOM allows.
    """
    data = start_object(_CT_IMAGE_STORAGE, "CT", identity)
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.FrameOfReferenceUID = identity.frame_of_reference
    for keyword in _UNKNOWN:
        setattr(data, keyword, "")
    _describe_scan(data, ct.acquisition)
    _describe_pixels(data, ct)
    return data


def _describe_scan(data: Dataset, acquisition: Acquisition) -> None:
    """Acquisition fields; those of type 2 stay blank where nothing is known.

    The equipment is the scanner, also where it is unknown: not what wrote the file.
    """
    data.Manufacturer = ""
    del data.ManufacturerModelName, data.SoftwareVersions
    data.KVP = None if acquisition.kv is None else decimal(acquisition.kv)
    texts = {
        "StudyDate": acquisition.study_date,
        "StudyTime": acquisition.study_time,
        "PatientPosition": acquisition.patient_position,
        "Laterality": acquisition.laterality,
        "Manufacturer": acquisition.manufacturer,
        "ManufacturerModelName": acquisition.model,
        "StationName": acquisition.station,
        "DeviceSerialNumber": acquisition.serial_number,
        "ProtocolName": acquisition.protocol,
        "SeriesDescription": acquisition.series_description,
    }
    for keyword, text in texts.items():
        if text:
            set_text(data, keyword, text)
    if acquisition.kernel:
        set_text(data, "ConvolutionKernel", *acquisition.kernel.split("\\"))


def _describe_pixels(data: Dataset, ct: CT) -> None:
    grid = ct.grid
    thickness = ct.acquisition.slice_thickness_mm
    if thickness is None and grid.shape[0] == 1:
        thickness = grid.spacing[0]  # nothing else says how far the slice extends
    data.SliceThickness = None if thickness is None else decimal(thickness)
    data.PixelSpacing = decimals(grid.spacing[1:])
    data.ImageOrientationPatient = decimals([*grid.axes[2], *grid.axes[1]])
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    _, data.Rows, data.Columns = grid.shape
    data.BitsAllocated = 16
    data.BitsStored = 16
    data.HighBit = 15
    data.PixelRepresentation = 1
    data.RescaleIntercept = "0"
    data.RescaleSlope = "1"
    data.RescaleType = "HU"


def image_attributes(
    common: Dataset, grid: Grid, k: int, stored: NDArray[np.int16], uid: str
) -> Dataset:
    """One slice: what all share, its place and its pixels."""
    data = copy.copy(common)
    data.SOPInstanceUID = uid
    data.InstanceNumber = k + 1
    position = grid.to_patient(np.array([k, 0, 0]))
    data.ImagePositionPatient = decimals(position.tolist())
    data.PixelData = stored.astype("<i2").tobytes()
    data["PixelData"].VR = "OW"
    return data
