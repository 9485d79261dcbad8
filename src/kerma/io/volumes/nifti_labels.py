"""Names of labels in NIfTI: the Caret extension, which Connectome Workbench defines."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from kerma.core.label_map import Label
from kerma.errors import InputError
from kerma.io.dicom.header import plain

__all__ = ["CARET", "caret_extension", "read_caret"]

CARET = 30  # NIFTI_ECODE_CARET of nifti1.h
_BEGIN, _END = b"<CaretExtension", b"</CaretExtension>"
_CHANNELS = ("Red", "Green", "Blue")


def caret_extension(labels: Sequence[Label]) -> bytes:
    """XML that names the labels."""
    root = ET.Element("CaretExtension")
    volume = ET.SubElement(root, "VolumeInformation", Index="0")
    table = ET.SubElement(volume, "LabelTable")
    for label in labels:
        entry = ET.SubElement(table, "Label", Key=str(label.number))
        if label.color is not None:
            for channel, part in zip(_CHANNELS, label.color, strict=True):
                entry.set(channel, repr(part / 255))
            entry.set("Alpha", "1.0")
        entry.text = label.name
    ET.SubElement(volume, "VolumeType").text = "Label"
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def read_caret(extensions: bytes) -> tuple[Label, ...]:
    """Labels named in the extensions of a file; none where there is no such table.

    The code of the extension is not asked: TotalSegmentator writes 0.

    Raises
    ------
    InputError
        The table is damaged or declares entities.
    """
    begin, end = extensions.find(_BEGIN), extensions.rfind(_END)
    if begin < 0 or end < begin:
        return ()
    xml = extensions[begin : end + len(_END)]
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:  # how XML explodes
        raise InputError("its label table declares entities, so it was left unread.")
    try:
        root = ET.fromstring(xml.decode("utf-8"))
        found = [_label(entry) for entry in root.iter("Label")]
    except (ET.ParseError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("its label table is damaged.") from error
    return tuple(label for label in found if label is not None)


def _label(entry: ET.Element) -> Label | None:
    number = int(entry.get("Key", ""))
    if number == 0:  # Workbench names the background "???"
        return None
    try:
        parts = [round(255 * float(entry.get(channel, ""))) for channel in _CHANNELS]
    except (ValueError, OverflowError):
        parts = []
    usable = len(parts) == 3 and all(0 <= part <= 255 for part in parts)
    color = (parts[0], parts[1], parts[2]) if usable else None
    return Label(number, plain((entry.text or "").strip()), color)
