"""Write a CT as a DICOM series."""

from __future__ import annotations

import copy
import io
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerma.core.grid import Grid
from kerma.core.volume import CT, Acquisition
from kerma.errors import InputError
from kerma.io.files import make_folder, write_file

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_ct"]

_CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
_NAMESPACE = uuid.UUID("6b1a5d0e-0d39-4c55-9a5c-8f6f1f6c2a4e")  # of UIDs made here
_UID = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
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


def write_ct(
    ct: CT,
    folder: Path,
    *,
    patient_name: str = "Kerma^Phantom",
    patient_id: str = "KERMA",
    study_instance_uid: str | None = None,
    uid_seed: str | None = None,
) -> list[Path]:
    """Write a CT as CT Image Storage, one file for each slice, all or none.

    The files are ``ct_0001.dcm`` and so on in slice order: explicit VR little endian,
    int16, slope 1, intercept 0. A float32 CT is rounded to whole HU, that is by at
    most 0.5 HU. Reading them back gives the same CT numbers, grid and acquisition, save
    that the rescale type is always stated. Slices come back ascending along their
    normal.

    Parameters
    ----------
    ct
        The CT. Its UIDs are kept where it has any and no seed is given.
    folder
        Made where it does not exist; other files in it are left alone.
    patient_name, patient_id
        Written to every file.
    study_instance_uid
        The study that the series belongs to; by default one made from the series UID.
    uid_seed
        Makes new UIDs for series and images, the same ones from the same seed. Give
        one where the CT numbers differ from those of the images the CT was read from.

    Returns
    -------
    list of Path
        The files, in slice order.

    Raises
    ------
    InputError
        A file of that name exists, the folder cannot be written, CT numbers are not
        finite or do not fit int16, a text of the acquisition is none that DICOM allows.
    """
    stored = _whole_hu(ct)
    identity = _identify(ct, study_instance_uid, uid_seed)
    common = _common(ct, identity)
    _set_text(common, "PatientName", patient_name)
    _set_text(common, "PatientID", patient_id)
    names = [f"ct_{k + 1:04d}.dcm" for k in range(len(stored))]
    with _all_or_none(folder, names) as temporary:
        for k, name in enumerate(names):
            image = _image(common, ct.grid, k, stored[k], identity.instances[k])
            write_file(temporary / name, _encoded(image))
    return [folder / name for name in names]


@dataclass(frozen=True)
class _Identity:
    """The UIDs of a series."""

    study: str
    series: str
    frame_of_reference: str
    instances: tuple[str, ...]


def _identify(ct: CT, study: str | None, seed: str | None) -> _Identity:
    count = ct.grid.shape[0]
    keep = seed is None and _is_uid(ct.series_instance_uid)
    series = ct.series_instance_uid
    if not keep:
        series = _uid_from("series", seed or uuid.uuid4().hex)
    instances = ct.sop_instance_uids
    distinct = len(set(instances)) == len(instances) == count
    if not keep or not distinct or not all(map(_is_uid, instances)):
        instances = tuple(_uid_from("image", series, str(k)) for k in range(count))
    if study is not None and not _is_uid(study):
        raise InputError(f"study_instance_uid is {study!r}, which is no DICOM UID.")
    frame = ct.grid.frame_of_reference
    return _Identity(
        study=study or _uid_from("study", series),
        series=series,
        frame_of_reference=frame if _is_uid(frame) else _uid_from("frame", series),
        instances=instances,
    )


def _is_uid(text: str) -> bool:
    return _UID.fullmatch(text) is not None


def _uid_from(*words: str) -> str:
    """A UID that the same words always give (PS3.5, B.2)."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, ' '.join(words)).int}"


def _whole_hu(ct: CT) -> NDArray[np.int16]:
    """CT numbers as int16, float ones rounded."""
    if ct.array.dtype == np.int16:
        return np.asarray(ct.array, np.int16)
    lowest, highest = float(ct.array.min()), float(ct.array.max())
    limits = np.iinfo(np.int16)
    # Not the opposite comparison: NaN has to fail it too.
    if not (limits.min - 0.5 <= lowest and highest < limits.max + 0.5):
        raise InputError(
            f"CT numbers from {lowest:g} to {highest:g} HU do not fit the 16 bits of "
            f"a CT image ({limits.min} to {limits.max}). Clip them first."
        )
    return np.rint(ct.array).astype(np.int16)


def _common(ct: CT, identity: _Identity) -> Dataset:
    """What all images share (PS3.3, A.3.3: types 1 and 2, and what is known)."""
    from pydicom import Dataset

    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    data.SOPClassUID = _CT_IMAGE_STORAGE
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


def _image(
    common: Dataset, grid: Grid, k: int, stored: NDArray[np.int16], uid: str
) -> Dataset:
    """One slice."""
    data = copy.copy(common)
    data.SOPInstanceUID = uid
    data.InstanceNumber = k + 1
    position = grid.to_patient(np.array([k, 0, 0]))
    data.ImagePositionPatient = _decimals(position.tolist())
    data.PixelData = stored.astype("<i2").tobytes()
    data["PixelData"].VR = "OW"
    return data


def _encoded(image: Dataset) -> bytes:
    """A DICOM file: preamble, file meta, data set."""
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    content = io.BytesIO()
    dcmwrite(content, image, enforce_file_format=True)
    return content.getvalue()


def _decimals(numbers: Sequence[float]) -> list[Any]:
    return [_decimal(number) for number in numbers]


def _decimal(number: float) -> Any:
    """A number as VR DS, which has at most 16 characters."""
    from pydicom.valuerep import DS

    return DS(float(number) + 0.0, auto_format=True)  # + 0.0: no minus zero


@contextmanager
def _all_or_none(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """A temporary folder whose files move to their place once all are written."""
    taken = [name for name in names if (folder / name).exists()]
    if taken:
        raise InputError(
            f"{folder.name}: {taken[0]} is there already; nothing was written. Choose "
            f"an empty folder."
        )
    make_folder(folder)
    moved: list[Path] = []
    try:
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
    except OSError as error:
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    try:
        yield temporary
        for name in names:
            moved.append((temporary / name).rename(folder / name))  # noqa: PERF401  (kept for the way back)
    except OSError as error:
        for file in moved:
            file.unlink(missing_ok=True)
        raise InputError(
            f"{folder.name}: cannot be written ({error.strerror})."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
