"""Every byte in or out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.lazy import loader

if TYPE_CHECKING:
    from kerma.io.ct_reader import read_ct as read_ct
    from kerma.io.ct_writer import write_ct as write_ct
    from kerma.io.deidentify import DeidentificationReport as DeidentificationReport
    from kerma.io.deidentify import deidentify as deidentify
    from kerma.io.files import make_folder as make_folder
    from kerma.io.files import write_file as write_file
    from kerma.io.indexing import Index as Index
    from kerma.io.indexing import index as index
    from kerma.io.records import read_record as read_record
    from kerma.io.records import read_text as read_text
    from kerma.io.registration_reader import read_registration as read_registration
    from kerma.io.registration_writer import write_registration as write_registration
    from kerma.io.rtdose_reader import read_dose as read_dose
    from kerma.io.rtdose_reader import read_doses as read_doses
    from kerma.io.rtdose_writer import write_dose as write_dose
    from kerma.io.rtimage_reader import read_portal_image as read_portal_image
    from kerma.io.rtimage_writer import write_portal_image as write_portal_image
    from kerma.io.rtplan_reader import read_plan as read_plan
    from kerma.io.rtplan_writer import write_plan as write_plan
    from kerma.io.rtstruct_reader import read_structures as read_structures
    from kerma.io.rtstruct_writer import write_structures as write_structures
    from kerma.io.seg_reader import read_segmentation as read_segmentation
    from kerma.io.seg_writer import SegmentationKind as SegmentationKind
    from kerma.io.seg_writer import write_segmentation as write_segmentation
    from kerma.io.sr_reader import read_report as read_report
    from kerma.io.sr_writer import write_measurements as write_measurements
    from kerma.io.volume_files import read_volume as read_volume
    from kerma.io.volume_files import write_volume as write_volume

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
    "SegmentationKind": "kerma.io.seg_writer",
    "deidentify": "kerma.io.deidentify",
    "index": "kerma.io.indexing",
    "make_folder": "kerma.io.files",
    "read_ct": "kerma.io.ct_reader",
    "read_dose": "kerma.io.rtdose_reader",
    "read_doses": "kerma.io.rtdose_reader",
    "read_plan": "kerma.io.rtplan_reader",
    "read_portal_image": "kerma.io.rtimage_reader",
    "read_record": "kerma.io.records",
    "read_registration": "kerma.io.registration_reader",
    "read_report": "kerma.io.sr_reader",
    "read_segmentation": "kerma.io.seg_reader",
    "read_structures": "kerma.io.rtstruct_reader",
    "read_text": "kerma.io.records",
    "read_volume": "kerma.io.volume_files",
    "write_ct": "kerma.io.ct_writer",
    "write_dose": "kerma.io.rtdose_writer",
    "write_file": "kerma.io.files",
    "write_measurements": "kerma.io.sr_writer",
    "write_plan": "kerma.io.rtplan_writer",
    "write_portal_image": "kerma.io.rtimage_writer",
    "write_registration": "kerma.io.registration_writer",
    "write_segmentation": "kerma.io.seg_writer",
    "write_structures": "kerma.io.rtstruct_writer",
    "write_volume": "kerma.io.volume_files",
}

__getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
