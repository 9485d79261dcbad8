"""What a DICOM file is, by its SOP class, and what it can be expected to refer to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["EXPECTED", "IMAGES", "TARGETS", "WORDS", "kind_of"]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# PS3.4, annex B.5. A class that is not here goes by its modality.
_KINDS = {
    "2": "CT",
    "2.1": "CT",
    "2.2": "CT",
    "4": "MR",
    "4.1": "MR",
    "4.4": "MR",
    "128": "PT",
    "128.1": "PT",
    "130": "PT",
    "7": "SC",
    "7.1": "SC",
    "7.2": "SC",
    "7.3": "SC",
    "7.4": "SC",
    "66.1": "REG",
    "66.3": "REG",
    "66.4": "SEG",
    "66.7": "SEG",
    "481.1": "RTIMAGE",
    "481.2": "RTDOSE",
    "481.3": "RTSTRUCT",
    "481.4": "RTRECORD",
    "481.5": "RTPLAN",
    "481.6": "RTRECORD",
    "481.7": "RTRECORD",
    "481.8": "RTPLAN",
    "481.9": "RTRECORD",
}
_DIRECTORY = "1.2.840.10008.1.3.10"
_LONGEST = 16  # characters of a modality (VR CS)

IMAGES = frozenset({"CT", "MR", "PT"})
"""Kinds whose instances are slices of one series."""

TARGETS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "plan": frozenset({"RTPLAN"}),
        "structure set": frozenset({"RTSTRUCT"}),
        "dose": frozenset({"RTDOSE"}),
        "treatment record": frozenset({"RTRECORD"}),
    }
)
"""What a reference of each role may lead to; one to images leads to any."""

EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "RTPLAN": "structure set",
        "RTDOSE": "plan",
        "RTSTRUCT": "images",
        "RTIMAGE": "plan",
        "RTRECORD": "plan",
        "SEG": "images",
        "REG": "images",
    }
)
"""The reference without which an object of each kind is an orphan."""

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "RTPLAN": "plan",
        "RTDOSE": "dose",
        "RTSTRUCT": "structure set",
        "RTIMAGE": "RT image",
        "RTRECORD": "treatment record",
        "SEG": "segmentation",
        "REG": "registration",
    }
)
"""What a planner calls an object of each kind."""


def kind_of(sop_class: str, modality: str) -> str:
    """Kind of an object: by its class, else by its modality, else "other"."""
    if sop_class == _DIRECTORY:
        return "DICOMDIR"
    known = _KINDS.get(sop_class.removeprefix(_STORAGE))
    if known and sop_class.startswith(_STORAGE):
        return known
    if sop_class.startswith(f"{_STORAGE}88."):
        return "SR"
    letters = modality[:_LONGEST]
    if sop_class and letters in WORDS.keys() | IMAGES:
        return "other"  # it says what it is: none of these
    return letters if letters.isalnum() else "other"
