"""Find and parse the one DICOM object of a kind in a file, folder or archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kerma.core.study import Study
from kerma.errors import DicomError, InputError
from kerma.io.dicom.damage import refuse_cut
from kerma.io.dicom.file import read_header, sop_classes
from kerma.io.dicom.gateway import parse
from kerma.io.dicom.header import Header, Tag
from kerma.io.dicom.item import Item
from kerma.io.dicom.source import Source, base_name, open_sources

__all__ = ["Kind", "read_object", "read_objects", "study_of"]

_LISTED = 8


@dataclass(frozen=True)
class Kind:
    """A kind of DICOM object.

    Parameters
    ----------
    name
        For messages, as "RT Dose".
    sop_classes
        Its SOP Class UIDs.
    modality
        By which it is known where a file names no class.
    """

    name: str
    sop_classes: tuple[str, ...]
    modality: str

    def matches(self, header: Header) -> bool:
        """Whether a file is of this kind."""
        named = sop_classes(header)
        if named:
            return not named.isdisjoint(self.sop_classes)
        return header.text(Tag.MODALITY) == self.modality


def read_object(
    source: Path | str | Sequence[Path | str],
    kind: Kind,
    *,
    sop_instance_uid: str | None = None,
) -> Item:
    """Parse the only object of a kind.

    Parameters
    ----------
    source
        A file, a folder, which is searched to its depth, a zip archive, or a list.
    kind
        What to look for; other files are left aside.
    sop_instance_uid
        Which one, where there are several.

    Raises
    ------
    InputError
        There is no such path, no object of the kind, or several and none was chosen.
    DicomError
        It is damaged.
    """
    found = read_objects(source, kind)
    name = base_name(source) if isinstance(source, Path | str) else "The list"
    if sop_instance_uid is not None:
        found = [i for i in found if i.text("SOPInstanceUID") == sop_instance_uid]
    if not found:
        which = f" with SOP Instance UID {sop_instance_uid}" if sop_instance_uid else ""
        raise InputError(f"{name}: holds no {kind.name}{which}.")
    if len(found) > 1:
        files = ", ".join(item.file for item in found[:_LISTED])
        more = ", ..." if len(found) > _LISTED else ""
        raise InputError(
            f"{name}: holds {len(found)} objects of kind {kind.name} ({files}{more}). "
            f"Give the one file, or its SOP Instance UID."
        )
    return found[0]


def read_objects(source: Path | str | Sequence[Path | str], kind: Kind) -> list[Item]:
    """Parse every object of a kind, in the order of the file names.

    Raises
    ------
    InputError
        There is no such path.
    DicomError
        One of them is damaged, or the only file given is no DICOM.
    """
    with open_sources(source) as files:
        chosen = [
            place for file in files if (place := _place(file, kind, len(files) == 1))
        ]
        for place in chosen:
            refuse_cut(place)
        return [Item(parse(place), place.name) for place in chosen]


def _place(file: Source, kind: Kind, is_alone: bool) -> Source | None:  # noqa: FBT001
    """The source to parse if the file is of the kind."""
    try:
        seen = read_header(file)
    except DicomError:
        if is_alone:
            raise
        return None  # a damaged file of another kind stops nothing
    if seen is None:
        if is_alone:
            raise DicomError(f"{file.name}: is no DICOM file.")
        return None
    return file if kind.matches(seen[1]) else None


def study_of(item: Item) -> Study:
    """Patient and study, as the object names them."""
    return Study(
        patient_name=item.text("PatientName"),
        patient_id=item.text("PatientID"),
        birth_date=item.text("PatientBirthDate"),
        sex=item.text("PatientSex"),
        study_instance_uid=item.text("StudyInstanceUID"),
        study_id=item.text("StudyID"),
        date=item.text("StudyDate"),
        time=item.text("StudyTime"),
        description=item.text("StudyDescription"),
        accession_number=item.text("AccessionNumber"),
        referring_physician=item.text("ReferringPhysicianName"),
    )
