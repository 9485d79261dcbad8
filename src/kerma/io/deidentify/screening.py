"""Objects whose pixels or documents may name the patient: these are not processed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerma.io.deidentify.elements import text_of
from kerma.io.deidentify.pseudonyms import is_registered

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["cautions", "document_refusal", "pixel_refusal"]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_DOCUMENTS = {  # kinds of objects by the beginning of their class
    "88.": "a structured report",
    "104.": "an encapsulated document",
    "11.": "a presentation state",
    "9.": "a waveform",
}
_DOCUMENT_PARTS = {
    "DirectoryRecordSequence": "a DICOMDIR, which lists files; make a new one",
    "ContentSequence": "a structured report",
    "EncapsulatedDocument": "an encapsulated document",
}
_RAW_DATA = f"{_STORAGE}66"
_PHOTOGRAPHS = (  # secondary capture, ultrasound, visible light
    ("7", "a secondary capture"),
    ("3.1", "an ultrasound image"),
    ("6.", "an ultrasound image"),
    ("77.1.", "a photograph or video"),
)
_OVERLAY_BITS, _OVERLAY_PLACE = 0x0100, 0x0102
_HEAD = ("HEAD", "BRAIN", "SKULL", "FACE", "NECK", "ORBIT", "SINUS", "JAW", "TMJ")
_TOMOGRAPHY = ("CT", "MR", "PT")


def document_refusal(data: Dataset) -> str:
    """Why an object cannot be de-identified at all; empty where it can."""
    sop_class = _text(data, "SOPClassUID")
    reasons = [what for keyword, what in _DOCUMENT_PARTS.items() if keyword in data]
    if not sop_class or not _text(data, "SOPInstanceUID"):
        reasons.append("an object without SOP class or SOP instance UID")
    if not is_registered(sop_class):
        reasons.append("an object of a private or unknown kind")
    if sop_class == _RAW_DATA:
        reasons.append("raw data, whose content only its maker knows")
    kind = sop_class.removeprefix(_STORAGE)
    reasons += [what for root, what in _DOCUMENTS.items() if kind.startswith(root)]
    return reasons[0] if reasons else ""


def pixel_refusal(data: Dataset) -> str:
    """Why the pixels of an object may name or show the patient; empty if nothing says so."""
    if _text(data, "BurnedInAnnotation") == "YES":
        return "text burned into the image (Burned In Annotation (0028,0301) is YES)"
    if _text(data, "RecognizableVisualFeatures") == "YES":
        return "a recognizable face (Recognizable Visual Features (0028,0302) is YES)"
    sop_class = _text(data, "SOPClassUID").removeprefix(_STORAGE)
    for root, what in _PHOTOGRAPHS:
        if sop_class == root or sop_class.startswith(root.rstrip(".") + "."):
            return f"{what}, which often has text burned in"
    if "SCREEN" in _text(data, "ImageType") or _text(data, "ConversionType"):
        return "a captured screen or film, which often has text burned in"
    if any(_is_in_pixels(data, group) for group in range(0x6000, 0x6020, 2)):
        return "an overlay kept in the bits of the pixels"
    return ""


def _is_in_pixels(data: Dataset, group: int) -> bool:
    """Overlays of old used the bits of Pixel Data that the image leaves free."""
    tags = (group << 16 | _OVERLAY_BITS, group << 16 | _OVERLAY_PLACE)
    expected = (1, 0)
    return any(
        tag in data and data[tag].value not in (None, value)
        for tag, value in zip(tags, expected, strict=True)
    )


def cautions(data: Dataset) -> tuple[str, ...]:
    """What a person should look at before the object is given away."""
    notes = []
    if "Rows" in data and not _text(data, "BurnedInAnnotation"):
        notes.append(
            "Images that do not say whether text is burned in (Burned In Annotation "
            "(0028,0301) is missing): look at them before they are given away."
        )
    part = _text(data, "BodyPartExamined").upper()
    is_head = not part or any(word in part for word in _HEAD)
    if _text(data, "Modality") in _TOMOGRAPHY and is_head:
        notes.append(
            "Images that may show the head: a face can be made from the slices, and "
            "recognized. No pixel was changed."
        )
    return tuple(notes)


def _text(data: Dataset, keyword: str) -> str:
    from pydicom.datadict import tag_for_keyword

    tag = tag_for_keyword(keyword)
    return text_of(data, tag).strip(" \0") if tag is not None and tag in data else ""
