"""What every written DICOM object shares: who it is, how text and numbers are put."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kerma.core.study import Study
from kerma.core.uids import is_uid, uid_from
from kerma.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "Identity",
    "decimal",
    "decimals",
    "file_bytes",
    "identify",
    "set_text",
    "start_object",
]

_TEXT_OF_VR = {  # PS3.5, 6.2
    "CS": r"[A-Z0-9_ ]{1,16}",
    "DA": r"\d{8}",
    "LO": r"[^\\\x00-\x1f]{0,64}",
    "LT": r"[^\x00-\x08\x0b\x0e-\x1f]{0,10240}",
    "PN": r"[^\\\x00-\x1f]{0,64}",
    "SH": r"[^\\\x00-\x1f]{0,16}",
    "ST": r"[^\x00-\x08\x0b\x0e-\x1f]{0,1024}",
    "TM": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
}


@dataclass(frozen=True)
class Identity:
    """The UIDs under which an object is written.

    Parameters
    ----------
    study
        Patient and study, the Study Instance UID always filled in.
    series, frame_of_reference
        UIDs of the series and of the frame of reference.
    instances
        SOP Instance UID of each file.
    """

    study: Study
    series: str
    frame_of_reference: str
    instances: tuple[str, ...]

    @property
    def instance(self) -> str:
        """The SOP Instance UID of an object of one file."""
        return self.instances[0]


def identify(
    study: Study,
    *,
    series: str = "",
    instances: Sequence[str] = ("",),
    frame_of_reference: str = "",
    uid_seed: str | None = None,
) -> Identity:
    """Keep the UIDs that an object has, and make the missing ones.

    Parameters
    ----------
    study
        Patient and study; a missing Study Instance UID is made from the series UID.
    series, instances
        Kept where they are valid, distinct UIDs and there is no seed. New instance
        UIDs follow from the series UID.
    frame_of_reference
        Kept where it is a valid UID, with a seed too: it says where positions are.
    uid_seed
        Makes new UIDs for series and instances, the same ones from the same seed.
        Without one, what is missing is made at random.

    Raises
    ------
    InputError
        The Study Instance UID is none that DICOM allows.
    """
    keep = uid_seed is None and is_uid(series)
    if not keep:
        series = uid_from("series", uid_seed or uuid.uuid4().hex)
    kept = tuple(instances)
    distinct = len(set(kept)) == len(kept) and all(map(is_uid, kept))
    if not keep or not distinct:
        kept = tuple(uid_from("image", series, str(k)) for k in range(len(kept)))
    uid = study.study_instance_uid or uid_from("study", series)
    if not is_uid(uid):
        raise InputError(f"The Study Instance UID is {uid!r}, which is no DICOM UID.")
    frame = frame_of_reference
    return Identity(
        study=replace(study, study_instance_uid=uid),
        series=series,
        frame_of_reference=frame if is_uid(frame) else uid_from("frame", series),
        instances=kept,
    )


def start_object(sop_class: str, modality: str, identity: Identity) -> Dataset:
    """A data set with the modules that all objects share (PS3.3, C.7.1 to C.7.5, C.12).

    Patient, general study, general series, general equipment and SOP common, with what
    is of type 1 or 2 in them. Of a several-file object the SOP Instance UID is that of
    the first file. Frame of Reference UID is left to the caller: not all have one.

    Raises
    ------
    InputError
        A text of the study is none that DICOM allows.
    """
    from pydicom import Dataset

    from kerma import __version__

    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = identity.instance
    data.StudyInstanceUID = identity.study.study_instance_uid
    data.SeriesInstanceUID = identity.series
    data.Modality = modality
    data.SeriesNumber = "1"
    data.InstanceNumber = "1"
    data.Manufacturer = "Kerma"
    data.ManufacturerModelName = "Kerma"
    data.SoftwareVersions = __version__
    _describe_study(data, identity.study)
    return data


def _describe_study(data: Dataset, study: Study) -> None:
    """Patient and study; all of these are of type 2, so they may be blank."""
    texts = {
        "PatientName": study.patient_name,
        "PatientID": study.patient_id,
        "PatientBirthDate": study.birth_date,
        "PatientSex": study.sex,
        "StudyID": study.study_id,
        "StudyDate": study.date,
        "StudyTime": study.time,
        "AccessionNumber": study.accession_number,
        "ReferringPhysicianName": study.referring_physician,
    }
    for keyword, text in texts.items():
        set_text(data, keyword, text)
    if study.description:
        set_text(data, "StudyDescription", study.description)


def set_text(data: Dataset, keyword: str, *values: str) -> None:
    """Set an element whose text fits its VR (PS3.5, 6.2); empty text leaves it blank.

    Raises
    ------
    InputError
        It does not fit. The message does not quote it, as it may be a name.
    """
    from pydicom.datadict import dictionary_VR

    pattern = _TEXT_OF_VR[dictionary_VR(keyword)]
    for value in values:
        if value and not re.fullmatch(pattern, value):
            raise InputError(
                f"{keyword} cannot be written as DICOM ({len(value)} characters, to "
                f"match {pattern}). Shorten or correct it."
            )
    setattr(data, keyword, list(values) if len(values) > 1 else values[0])


def decimals(numbers: Sequence[float]) -> list[Any]:
    """Numbers as VR DS."""
    return [decimal(number) for number in numbers]


def decimal(number: float) -> Any:
    """A number as VR DS, which has at most 16 characters: 10 digits or more."""
    from pydicom.valuerep import DS

    return DS(float(number) + 0.0, auto_format=True)  # + 0.0: no minus zero


def file_bytes(data: Dataset, *, explicit: bool = True) -> bytes:
    """A DICOM file: preamble, file meta, data set in little endian.

    Parameters
    ----------
    data
        The object; it gets a file meta.
    explicit
        Whether value representations are written. An element of text over 64 KiB
        cannot be written with them (PS3.5, 6.2.2), so long contours go implicit.
    """
    from pydicom import dcmwrite
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = (
        ExplicitVRLittleEndian if explicit else ImplicitVRLittleEndian
    )
    content = io.BytesIO()
    dcmwrite(content, data, enforce_file_format=True)
    return content.getvalue()
