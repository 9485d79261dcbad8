"""Files of one patient, with identifiers wherever they can stand."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

NAME = "Zaphodius^Quillermina"
ID = "PX-7734-2211"
BIRTH_DATE = "19511231"
ACCESSION = "ACC9988776"
PHYSICIAN = "Wolkenstein^Oda"
SECRETS = (
    b"zaphodius", b"quillermina", b"7734-2211", b"77342211", b"19511231", b"acc9988776", b"wolkenstein",
)  # fmt: skip

STUDY, FRAME = "1.2.3.4.5.100", "1.2.3.4.5.200"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
RT = "1.2.840.10008.5.1.4.1.1.481."
REGISTRATION = "1.2.840.10008.5.1.4.1.1.66.1"


def item(**elements: Any) -> Dataset:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def patient(sop_class: str, modality: str, uid: str, **elements: Any) -> Dataset:
    """An object of the patient."""
    return item(
        SOPClassUID=sop_class,
        SOPInstanceUID=uid,
        StudyDate="20240105",
        StudyTime="101112",
        AccessionNumber=ACCESSION,
        Modality=modality,
        ReferringPhysicianName=PHYSICIAN,
        StudyDescription="Bladder, for Dr Wolkenstein",
        PatientName=NAME,
        PatientID=ID,
        PatientBirthDate=BIRTH_DATE,
        PatientSex="F",
        PatientAge="072Y",
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=f"{uid}.1",
        FrameOfReferenceUID=FRAME,
        StudyID="S1",
        **elements,
    )


def ct_slice(k: int) -> Dataset:
    stored = (1000 + 10 * k + np.arange(24)).astype("<i2")
    data = patient(
        CT,
        "CT",
        f"1.2.3.4.5.1.{k + 1}",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        BodyPartExamined="PELVIS",
        BurnedInAnnotation="NO",
        InstitutionName="Wolkenstein Institute",
        DeviceSerialNumber="SN445566",
        SliceThickness="3",
        PatientPosition="HFS",
        ImagePositionPatient=[-10.0, -20.0, 3.0 * k],
        ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        Rows=4,
        Columns=6,
        PixelSpacing=[1.5, 1.5],
        BitsAllocated=16,
        BitsStored=16,
        HighBit=15,
        PixelRepresentation=1,
        RescaleIntercept="-1000",
        RescaleSlope="1",
        RescaleType="HU",
    )
    data.SeriesInstanceUID = "1.2.3.4.5.1"
    data.add_new(0x7FE00010, "OW", stored.tobytes())
    return data


def structures() -> Dataset:
    names = ("PTV_60Gy", "Bladder Zaphodius", "Rectum_7734-2211", "ctv quillerMINA")
    images = [
        item(
            ReferencedSOPClassUID=CT,
            ReferencedSOPInstanceUID=ct_slice(k).SOPInstanceUID,
        )
        for k in range(3)
    ]
    return patient(
        RT + "3",
        "RTSTRUCT",
        "1.2.3.4.5.3",
        StructureSetLabel="Zaphodius",
        StructureSetName="plan of 31.12.1951",
        StructureSetDate="20240105",
        ReferencedFrameOfReferenceSequence=[item(FrameOfReferenceUID=FRAME)],
        StructureSetROISequence=[
            item(
                ROINumber=k,
                ReferencedFrameOfReferenceUID=FRAME,
                ROIName=name,
                ROIDescription=NAME,
                ROIGenerationAlgorithm="MANUAL",
            )
            for k, name in enumerate(names, start=1)
        ],
        ROIContourSequence=[
            item(
                ReferencedROINumber=1,
                ContourSequence=[
                    item(
                        ContourImageSequence=[image],
                        ContourGeometricType="CLOSED_PLANAR",
                        NumberOfContourPoints=3,
                        ContourData=[0.5, 0, 3.0 * k, 1, 0, 3.0 * k, 1, 1, 3.0 * k],
                    )
                    for k, image in enumerate(images)
                ],
            )
        ],
    )


def plan() -> Dataset:
    return patient(
        RT + "5",
        "RTPLAN",
        "1.2.3.4.5.5",
        OperatorsName="Quast^Ida",
        RTPlanLabel="Prostate",
        RTPlanName="Zaphodius boost",
        RTPlanDate="20240108",
        ReferencedStructureSetSequence=[
            item(ReferencedSOPClassUID=RT + "3", ReferencedSOPInstanceUID="1.2.3.4.5.3")
        ],
        BeamSequence=[
            item(BeamNumber=1, BeamName="ap Quast", TreatmentMachineName="LA1"),
            item(BeamNumber=2, BeamName="pa", TreatmentMachineName="LA1"),
        ],
    )


def dose() -> Dataset:
    data = patient(
        RT + "2",
        "RTDOSE",
        "1.2.3.4.5.6",
        DoseUnits="GY",
        DoseComment=f"for {NAME}",
        ReferencedRTPlanSequence=[
            item(ReferencedSOPClassUID=RT + "5", ReferencedSOPInstanceUID="1.2.3.4.5.5")
        ],
    )
    data.add_new(0x7FE00010, "OW", b"Zaphodius 19511231")  # pixels are not searched
    return data


def registration() -> Dataset:
    return patient(
        REGISTRATION,
        "REG",
        "1.2.3.4.5.7",
        RegistrationSequence=[item(FrameOfReferenceUID=FRAME)],
    )


def with_private(data: Dataset) -> Dataset:
    """With private blocks that name the patient, one of them of unknown VR."""
    block = data.private_block(0x0029, "SECRET VENDOR", create=True)
    block.add_new(1, "LO", NAME)
    block.add_new(2, "UN", NAME.encode())
    block.add_new(3, "SQ", Sequence([item(PatientName=NAME)]))
    return data


def write(data: Dataset, file: Path, *, preamble: bytes = bytes(128)) -> Path:
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data.file_meta.SourceApplicationEntityTitle = "ZAPHODIUS"
    content = io.BytesIO()
    dcmwrite(content, data, enforce_file_format=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(preamble + content.getvalue()[128:])
    return file


def write_patient(folder: Path) -> list[Path]:
    """CT, structures, plan, dose and registration, in files called by the name."""
    objects = [*(with_private(ct_slice(k)) for k in range(3)), structures()]
    objects += [plan(), dose(), registration()]
    return [
        write(
            data, folder / f"{NAME}-{k}.dcm", preamble=NAME.encode().ljust(128, b"\0")
        )
        for k, data in enumerate(objects)
    ]


def implicit(elements: Mapping[int, bytes]) -> bytes:
    """A data set in implicit little endian, of any bytes."""
    return b"".join(
        struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value
        for tag, value in sorted(elements.items())
    )
