"""What is in a folder, read from each file with pydicom, with what it refers to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom

from benchmarks.workers.meter import measure

# What an index says of an object: whose it is, where it lies, what it refers to.
_FACTS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "PatientID",
    "PatientName",
    "StudyDate",
    "Modality",
    "SeriesDescription",
    "StudyDescription",
    "InstanceNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "Rows",
    "Columns",
]


def _read(folder: Path) -> list[dict[str, Any]]:
    return [_facts(pydicom.dcmread(file)) for file in sorted(folder.rglob("*.dcm"))]


def _facts(data: pydicom.Dataset) -> dict[str, Any]:
    facts: dict[str, Any] = {name: data.get(name) for name in _FACTS}
    sequences = [element for element in data if element.VR == "SQ"]
    facts["references"] = {
        item.ReferencedSOPInstanceUID
        for sequence in sequences
        for item in _items(sequence.value)
        if "ReferencedSOPInstanceUID" in item
    }
    return facts


def _items(sequence: Any) -> Any:
    """Items of a sequence and of those inside it."""
    for item in sequence:
        yield item
        for element in item:
            if element.VR == "SQ":
                yield from _items(element.value)


def _instances(facts: list[dict[str, Any]]) -> float:
    return float(len(facts))


if __name__ == "__main__":
    measure(_read, _instances, name="pydicom, same facts", version=pydicom.__version__)
