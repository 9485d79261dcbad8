"""The attributes of a written CT image (PS3.3, A.3.3)."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.grid import Grid
from kerma.core.volume import CT, Acquisition
from kerma.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Identity", "common_attributes", "image_attributes"]

_CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
_TEXT_OF_VR = {
    "CS": r"[A-Z0-9_ ]{1,16}",
    "DA": r"\d{8}",
    "LO": r"[^\\\x00-\x1f]{0,64}",
    "PN": r"[^\\\x00-\x1f]{0,64}",
    "SH": r"[^\\\x00-\x1f]{0,16}",
    "TM": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
}
_UNKNOWN = (  # of type 2: they have to be there, but may be blank
    "AccessionNumber",
    "AcquisitionNumber",
    "Manufacturer",
    "PatientBirthDate",
    "PatientPosition",
    "PatientSex",
    "PositionReferenceIndicator",
    "ReferringPhysicianName",
    "StudyDate",
    "StudyID",
    "StudyTime",
)


@dataclass(frozen=True)
class Identity:
    """Whose series this is.

    Parameters
    ----------
    patient_name, patient_id
        The patient.
    study, series, frame_of_reference
        UIDs that all images share.
    instances
        SOP Instance UID of each image.
    """

    patient_name: str
    patient_id: str
    study: str
    series: str
    frame_of_reference: str
    instances: tuple[str, ...]


def common_attributes(ct: CT, identity: Identity) -> Dataset:
    """What all images share: types 1 and 2, and what else is known.

    Raises
    ------
    InputError
        A text is not as DICOM allows.
    """
    from pydicom import Dataset

    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.SOPClassUID = _CT_IMAGE_STORAGE
    _set_text(data, "PatientName", identity.patient_name)
    _set_text(data, "PatientID", identity.patient_id)
    data.StudyInstanceUID = identity.study
    data.SeriesInstanceUID = identity.series
    data.FrameOfReferenceUID = identity.frame_of_reference
    data.Modality = "CT"
    data.SeriesNumber = "1"
    for keyword in _UNKNOWN:
        setattr(data, keyword, "")
    _describe_scan(data, ct.acquisition)
    _describe_pixels(data, ct)
    return data


def _describe_scan(data: Dataset, acquisition: Acquisition) -> None:
    """Acquisition fields; those of type 2 stay blank where nothing is known."""
    data.KVP = None if acquisition.kv is None else _decimal(acquisition.kv)
    texts = {
        "StudyDate": acquisition.study_date,
        "StudyTime": acquisition.study_time,
        "PatientPosition": acquisition.patient_position,
        "Manufacturer": acquisition.manufacturer,
        "ManufacturerModelName": acquisition.model,
        "StationName": acquisition.station,
        "DeviceSerialNumber": acquisition.serial_number,
        "ProtocolName": acquisition.protocol,
        "SeriesDescription": acquisition.series_description,
    }
    for keyword, text in texts.items():
        if text:
            _set_text(data, keyword, text)
    if acquisition.kernel:
        _set_text(data, "ConvolutionKernel", *acquisition.kernel.split("\\"))


def _set_text(data: Dataset, keyword: str, *values: str) -> None:
    """Set an element whose text fits its VR (PS3.5, 6.2)."""
    from pydicom.datadict import dictionary_VR

    pattern = _TEXT_OF_VR[dictionary_VR(keyword)]
    for value in values:
        if not re.fullmatch(pattern, value):
            raise InputError(
                f"{keyword} cannot be written as DICOM ({len(value)} characters, to "
                f"match {pattern}). Shorten or correct it."
            )
    setattr(data, keyword, list(values) if len(values) > 1 else values[0])


def _describe_pixels(data: Dataset, ct: CT) -> None:
    grid = ct.grid
    thickness = ct.acquisition.slice_thickness_mm
    if thickness is None and grid.shape[0] == 1:
        thickness = grid.spacing[0]  # nothing else says how far the slice extends
    data.SliceThickness = None if thickness is None else _decimal(thickness)
    data.PixelSpacing = _decimals(grid.spacing[1:])
    data.ImageOrientationPatient = _decimals([*grid.axes[2], *grid.axes[1]])
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
    data.ImagePositionPatient = _decimals(position.tolist())
    data.PixelData = stored.astype("<i2").tobytes()
    data["PixelData"].VR = "OW"
    return data


def _decimals(numbers: Sequence[float]) -> list[Any]:
    return [_decimal(number) for number in numbers]


def _decimal(number: float) -> Any:
    """A number as VR DS, which has at most 16 characters."""
    from pydicom.valuerep import DS

    return DS(float(number) + 0.0, auto_format=True)  # + 0.0: no minus zero
