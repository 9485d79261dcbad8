"""A builder of folders with the files of a treatment, and any defect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

_STORAGE = "1.2.840.10008.5.1.4.1.1."
CLASSES = {
    "CT": "2",
    "REG": "66.1",
    "SEG": "66.4",
    "RTIMAGE": "481.1",
    "RTDOSE": "481.2",
    "RTSTRUCT": "481.3",
    "RTRECORD": "481.4",
    "RTPLAN": "481.5",
}
SLICES = 5


def item(**elements: Any) -> Dataset:
    """An item of a sequence; a list of items is one."""
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


class Folder:
    """A folder to which files of one patient at a time are written.

    All UIDs start with `root`; a file is `PATIENT/NAME.dcm`.
    """

    def __init__(self, path: Path, *, root: str = "1.2.3", patient: str = "A") -> None:
        self.path, self.root, self.patient = path, root, patient

    def uid(self, word: str) -> str:
        """Always the same for the same words."""
        return f"{self.root}.{int.from_bytes(word.encode(), 'big') % 10**15}"

    def write(self, name: str, kind: str, **elements: Any) -> Path:
        """Write one file; an element that is ``None`` is left out."""
        values = {
            "SOPClassUID": _STORAGE + CLASSES[kind],
            "SOPInstanceUID": self.uid(name),
            "Modality": kind,
            "PatientID": self.patient,
            "PatientName": f"{self.patient}^Name",
            "StudyInstanceUID": self.uid("study"),
            "SeriesInstanceUID": self.uid(f"series {name}"),
            "FrameOfReferenceUID": self.uid("frame"),
        } | elements
        kept = {
            keyword: value for keyword, value in values.items() if value is not None
        }
        return self.save(name, item(**kept))

    def save(self, name: str, data: Dataset, *, implicit: bool = False) -> Path:
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        )
        data.file_meta.MediaStorageSOPInstanceUID = UID("1.2")  # nobody reads it
        file = self.path / self.patient / f"{name}.dcm"
        file.parent.mkdir(parents=True, exist_ok=True)
        dcmwrite(file, data, enforce_file_format=True)
        return file

    def ct(self, series: str = "ct", *, count: int = SLICES, **elements: Any) -> None:
        """Axial slices 2 mm apart, from z = 0."""
        for k in range(count):
            self.slice(k, series, **elements)

    def slice(self, k: int, series: str = "ct", **elements: Any) -> Path:
        values: dict[str, Any] = {
            "SeriesInstanceUID": self.uid(series),
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "ImagePositionPatient": [-1.0, -2.0, 2.0 * k],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [0.5, 0.5],
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": 2,
            "Columns": 3,
            "BitsAllocated": 16,
            "BitsStored": 16,
            "HighBit": 15,
            "PixelRepresentation": 1,
            "PixelData": bytes(12),
        }
        return self.write(f"{series}{k}", "CT", **(values | elements))

    def structures(self, name: str = "rs", *, of: str = "ct", **elements: Any) -> Path:
        images = [
            item(ReferencedSOPInstanceUID=self.uid(f"{of}{k}")) for k in range(SLICES)
        ]
        series = item(SeriesInstanceUID=self.uid(of), ContourImageSequence=images)
        study = item(RTReferencedSeriesSequence=[series])
        frame = item(
            FrameOfReferenceUID=self.uid("frame"), RTReferencedStudySequence=[study]
        )
        contour = item(ContourData=["1.5"] * 300, NumberOfContourPoints=100)
        values = {
            "StructureSetLabel": "Structures",
            "ReferencedFrameOfReferenceSequence": [frame],
            "StructureSetROISequence": [
                item(ROINumber=1, ReferencedFrameOfReferenceUID=self.uid("frame"))
            ],
            "ROIContourSequence": [item(ContourSequence=[contour] * 20)],
        }
        return self.write(name, "RTSTRUCT", **(values | elements))

    def plan(self, name: str = "rp", *, of: str = "rs", **elements: Any) -> Path:
        points = [item(ControlPointIndex=0), item(ControlPointIndex=1)]
        values = {
            "RTPlanLabel": "Plan",
            "FrameOfReferenceUID": None,
            "BeamSequence": [
                item(BeamNumber=n, ControlPointSequence=points) for n in (1, 2)
            ],
            "ReferencedStructureSetSequence": [self.to(of)],
        }
        return self.write(name, "RTPLAN", **(values | elements))

    def dose(self, name: str = "rd", *, of: str = "rp", **elements: Any) -> Path:
        values = {
            "NumberOfFrames": 3,
            "DoseSummationType": "PLAN",
            "ReferencedRTPlanSequence": [self.to(of)],
            "BitsAllocated": 16,
            "PixelData": bytes(24),
        }
        return self.write(name, "RTDOSE", **(values | elements))

    def beam_dose(self, number: int, *, of: str = "rp") -> Path:
        beam = item(ReferencedBeamNumber=number)
        group = item(ReferencedBeamSequence=[beam])
        plan = self.to(of)
        plan.ReferencedFractionGroupSequence = [group]
        return self.dose(
            f"rd{number}", ReferencedRTPlanSequence=[plan], DoseSummationType="BEAM"
        )

    def to(self, name: str) -> Dataset:
        return item(ReferencedSOPInstanceUID=self.uid(name))

    def everything(self) -> Folder:
        """A CT, structure set, plan and dose that belong together."""
        self.ct()
        self.structures()
        self.plan()
        self.dose()
        return self
