"""Write an RT structure set (PS3.3, A.19)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.image_reference import ImageReference
from kerma.core.structures import Contour, Structure, StructureSet
from kerma.core.study import Study
from kerma.core.uids import is_uid
from kerma.core.volume import CT
from kerma.errors import GeometryError, InputError
from kerma.io.dicom.decimal_text import text_of
from kerma.io.dicom.references import instance_items
from kerma.io.dicom.writer import (
    Identity,
    file_bytes,
    identify,
    set_text,
    start_object,
)
from kerma.io.files import write_file
from kerma.io.rtstruct.images import ImagePlanes

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_structures"]

_RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_STUDY = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management, as PS3.3 wants it
_LONGEST_EXPLICIT = 0xFFFE  # bytes of an element of VR DS that names its VR
_FARTHEST = 1e6  # mm


def write_structures(
    structure_set: StructureSet,
    file: Path,
    *,
    study: Study | None = None,
    uid_seed: str | None = None,
    ct: CT | None = None,
) -> Path:
    """Write structures as RT Structure Set Storage, the whole file or nothing.

    Positions come back as they are where 16 characters hold them, else within 1e-4 mm;
    names, numbers, kinds, types and colors come back as they are. A blank label becomes
    "Structures".

    Parameters
    ----------
    structure_set
        What to write. Its UIDs are kept where it has any and no seed is given.
    file
        Where; replaced if it exists.
    study
        Patient and study to write; by default those of the set, or of the CT where the
        set names no study.
    uid_seed
        Makes new UIDs for series and object, the same ones from the same seed. Give
        one where the structures differ from those in the file the set was read from.
    ct
        What they were drawn on: then the set refers to its images, and each contour to
        the one in whose layer it lies. Without it the references of the set are kept.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        There is no structure, a text does not fit its element, a closed contour has
        fewer than three points, the CT has no UIDs, or the file cannot be written.
    GeometryError
        A structure lies in another frame of reference than the CT, in none, or over a
        kilometer away.
    """
    _check(structure_set)
    framed = _framed(structure_set, ct)
    whose = study or _study(framed, ct)
    identity = identify(
        whose,
        series=framed.series_instance_uid,
        instances=(framed.sop_instance_uid,),
        frame_of_reference=framed.frame_of_reference,
        uid_seed=uid_seed,
    )
    data = _attributes(framed, identity, _images(framed, identity, ct))
    planes = None if ct is None else ImagePlanes.of(ct)
    texts = [[text_of(c.points) for c in one.contours] for one in framed]
    data.ROIContourSequence = [
        _drawn(structure, some, planes)
        for structure, some in zip(framed, texts, strict=True)
    ]
    longest = max((len(text) for some in texts for text in some), default=0)
    content = file_bytes(data, explicit=longest <= _LONGEST_EXPLICIT)
    return write_file(file, content)


def _check(structure_set: StructureSet) -> None:
    if not len(structure_set):
        raise InputError(
            "A structure set without structures cannot be written as DICOM."
        )
    for structure in structure_set:
        for number, contour in enumerate(structure.contours, start=1):
            where = f"Contour {number} of structure {structure.number}"
            if contour.kind.is_closed and len(contour.points) < 3:
                raise InputError(
                    f"{where} is closed, but has {len(contour.points)} points; at "
                    f"least 3 are needed. Leave it out."
                )
            farthest = np.abs(contour.points).max()
            if farthest > _FARTHEST:
                raise GeometryError(
                    f"{where} reaches {farthest:g} mm away; positions lie within "
                    f"{_FARTHEST:g} mm. Are its units right?"
                )


def _framed(structure_set: StructureSet, ct: CT | None) -> StructureSet:
    """The set with a frame of reference for each structure."""
    shared = structure_set.frame_of_reference
    if ct is not None:
        shared = shared or ct.grid.frame_of_reference
    structures = tuple(
        replace(one, frame_of_reference=one.frame_of_reference or shared)
        for one in structure_set
    )
    for one in structures:
        if not is_uid(one.frame_of_reference):
            raise GeometryError(
                f"Structure {one.number} names no frame of reference (it is "
                f"{one.frame_of_reference!r}), so its positions mean nothing. Take "
                f"that of the CT it was drawn on."
            )
        if ct is not None and one.frame_of_reference != ct.grid.frame_of_reference:
            raise GeometryError(
                f"Structure {one.number} lies in the frame of reference "
                f"{one.frame_of_reference}, but the CT in "
                f"{ct.grid.frame_of_reference or '(none)'}. Map it to the CT first, or "
                f"give the CT it was drawn on."
            )
    return replace(
        structure_set,
        structures=structures,
        frame_of_reference=shared or structures[0].frame_of_reference,
    )


def _study(structure_set: StructureSet, ct: CT | None) -> Study:
    if ct is not None and not structure_set.study.study_instance_uid:
        return ct.study
    return structure_set.study


def _images(
    structure_set: StructureSet, identity: Identity, ct: CT | None
) -> ImageReference:
    """The images that the set refers to: those of the CT, or those it names itself."""
    if ct is None:
        uids = tuple(filter(is_uid, structure_set.ct_image_uids))
        reference = ImageReference(
            uids, series_instance_uid=structure_set.ct_series_uid
        )
    else:
        reference = ImageReference.to_ct(ct)
    study = reference.study_instance_uid or identity.study.study_instance_uid
    return replace(reference, study_instance_uid=study)


def _attributes(
    structure_set: StructureSet, identity: Identity, images: ImageReference
) -> Dataset:
    """All but the contours."""
    data = start_object(_RT_STRUCTURE_SET, "RTSTRUCT", identity)
    data.FrameOfReferenceUID = structure_set.frame_of_reference
    data.PositionReferenceIndicator = data.OperatorsName = ""  # of type 2
    set_text(data, "StructureSetLabel", structure_set.label or "Structures")
    if structure_set.name:
        set_text(data, "StructureSetName", structure_set.name)
    set_text(data, "StructureSetDate", structure_set.date)
    set_text(data, "StructureSetTime", structure_set.time)
    frames = dict.fromkeys(
        [
            structure_set.frame_of_reference,
            *(one.frame_of_reference for one in structure_set),
        ]
    )
    data.ReferencedFrameOfReferenceSequence = [
        _frame(frame, images if number == 0 else None)
        for number, frame in enumerate(frames)
    ]
    data.StructureSetROISequence = [_described(one) for one in structure_set]
    data.RTROIObservationsSequence = [
        _observed(one, number) for number, one in enumerate(structure_set, start=1)
    ]
    data.ApprovalStatus = "UNAPPROVED"
    return data


def _frame(frame: str, images: ImageReference | None) -> Dataset:
    """A frame of reference, and the images in it that were drawn on."""
    from pydicom import Dataset

    item = Dataset()
    item.FrameOfReferenceUID = frame
    if images is None or not images.sop_instance_uids:
        return item
    if not is_uid(images.series_instance_uid):
        return item
    series = Dataset()
    series.SeriesInstanceUID = images.series_instance_uid
    series.ContourImageSequence = instance_items([images])
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = _STUDY
    referenced.ReferencedSOPInstanceUID = images.study_instance_uid
    referenced.RTReferencedSeriesSequence = [series]
    item.RTReferencedStudySequence = [referenced]
    return item


def _described(structure: Structure) -> Dataset:
    """Number, name and origin of a structure."""
    from pydicom import Dataset

    item = Dataset()
    item.ROINumber = structure.number
    item.ReferencedFrameOfReferenceUID = structure.frame_of_reference
    set_text(item, "ROIName", structure.name)
    set_text(item, "ROIGenerationAlgorithm", structure.generation_algorithm)
    if structure.description:
        set_text(item, "ROIDescription", structure.description)
    return item


def _observed(structure: Structure, number: int) -> Dataset:
    """What a structure stands for."""
    from pydicom import Dataset

    item = Dataset()
    item.ObservationNumber = number
    item.ReferencedROINumber = structure.number
    set_text(item, "RTROIInterpretedType", structure.interpreted_type)
    item.ROIInterpreter = ""
    return item


def _drawn(
    structure: Structure, texts: Sequence[str], planes: ImagePlanes | None
) -> Dataset:
    """Color and contours of a structure."""
    from pydicom import Dataset

    item = Dataset()
    if structure.color is not None:
        item.ROIDisplayColor = list(structure.color)
    item.ReferencedROINumber = structure.number
    if structure.contours:
        item.ContourSequence = [
            _contour(contour, text, planes)
            for contour, text in zip(structure.contours, texts, strict=True)
        ]
    return item


def _contour(contour: Contour, text: str, planes: ImagePlanes | None) -> Dataset:
    from pydicom import DataElement, Dataset
    from pydicom.tag import Tag

    item = Dataset()
    uid = contour.image_uid if planes is None else planes.image_of(contour)
    if is_uid(uid):
        item.ContourImageSequence = instance_items([ImageReference((uid,))])
    item.ContourGeometricType = contour.kind.value
    item.NumberOfContourPoints = len(contour.points)
    # As one text: pydicom would make an object of each of a million numbers.
    tag = Tag("ContourData")
    item[tag] = DataElement(tag, "DS", text, already_converted=True)
    return item
