"""Every byte in or out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.io.ct.reader import read_ct as read_ct
    from kerma.io.ct.writer import write_ct as write_ct
    from kerma.io.deidentify import DeidentificationReport as DeidentificationReport
    from kerma.io.deidentify import deidentify as deidentify
    from kerma.io.files import make_folder as make_folder
    from kerma.io.files import write_file as write_file
    from kerma.io.indexing import Index as Index
    from kerma.io.indexing import index as index
    from kerma.io.records import read_record as read_record
    from kerma.io.records import read_text as read_text
    from kerma.io.registration.reader import read_registration as read_registration
    from kerma.io.registration.writer import write_registration as write_registration
    from kerma.io.report.reader import read_report as read_report
    from kerma.io.report.writer import write_measurements as write_measurements
    from kerma.io.rtdose.reader import read_dose as read_dose
    from kerma.io.rtdose.reader import read_doses as read_doses
    from kerma.io.rtdose.writer import write_dose as write_dose
    from kerma.io.rtimage.reader import read_portal_image as read_portal_image
    from kerma.io.rtimage.writer import write_portal_image as write_portal_image
    from kerma.io.rtplan.reader import read_plan as read_plan
    from kerma.io.rtplan.writer import write_plan as write_plan
    from kerma.io.rtstruct.reader import read_structures as read_structures
    from kerma.io.rtstruct.writer import write_structures as write_structures
    from kerma.io.segmentation.reader import read_segmentation as read_segmentation
    from kerma.io.segmentation.writer import SegmentationKind as SegmentationKind
    from kerma.io.segmentation.writer import write_segmentation as write_segmentation
    from kerma.io.volumes.files import read_volume as read_volume
    from kerma.io.volumes.files import write_volume as write_volume

__all__ = [
    "DeidentificationReport",
    "Index",
    "SegmentationKind",
    "deidentify",
    "index",
    "make_folder",
    "read_ct",
    "read_dose",
    "read_doses",
    "read_plan",
    "read_portal_image",
    "read_record",
    "read_registration",
    "read_report",
    "read_segmentation",
    "read_structures",
    "read_text",
    "read_volume",
    "write_ct",
    "write_dose",
    "write_file",
    "write_measurements",
    "write_plan",
    "write_portal_image",
    "write_registration",
    "write_segmentation",
    "write_structures",
    "write_volume",
]

_HOMES = {
    "DeidentificationReport": "kerma.io.deidentify",
    "Index": "kerma.io.indexing",
    "SegmentationKind": "kerma.io.segmentation.writer",
    "deidentify": "kerma.io.deidentify",
    "index": "kerma.io.indexing",
    "make_folder": "kerma.io.files",
    "read_ct": "kerma.io.ct.reader",
    "read_dose": "kerma.io.rtdose.reader",
    "read_doses": "kerma.io.rtdose.reader",
    "read_plan": "kerma.io.rtplan.reader",
    "read_portal_image": "kerma.io.rtimage.reader",
    "read_record": "kerma.io.records",
    "read_registration": "kerma.io.registration.reader",
    "read_report": "kerma.io.report.reader",
    "read_segmentation": "kerma.io.segmentation.reader",
    "read_structures": "kerma.io.rtstruct.reader",
    "read_text": "kerma.io.records",
    "read_volume": "kerma.io.volumes.files",
    "write_ct": "kerma.io.ct.writer",
    "write_dose": "kerma.io.rtdose.writer",
    "write_file": "kerma.io.files",
    "write_measurements": "kerma.io.report.writer",
    "write_plan": "kerma.io.rtplan.writer",
    "write_portal_image": "kerma.io.rtimage.writer",
    "write_registration": "kerma.io.registration.writer",
    "write_segmentation": "kerma.io.segmentation.writer",
    "write_structures": "kerma.io.rtstruct.writer",
    "write_volume": "kerma.io.volumes.files",
}

__getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
