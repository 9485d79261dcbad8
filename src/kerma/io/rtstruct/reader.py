"""Read an RT structure set (PS3.3, A.19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kerma.core.structures import Structure, StructureSet
from kerma.errors import DicomError
from kerma.io.dicom.damage import refuse_damage
from kerma.io.dicom.item import Item
from kerma.io.dicom.objects import Kind, read_object, study_of
from kerma.io.rtstruct.contours import read_contours

__all__ = ["read_structures"]

_KIND = Kind("RT Structure Set", ("1.2.840.10008.5.1.4.1.1.481.3",), "RTSTRUCT")


def read_structures(
    source: Path | str | Sequence[Path | str], *, sop_instance_uid: str | None = None
) -> StructureSet:
    """Read the structures of a plan.

    What would change a contour is refused; what was odd but changes none stands in the
    notes, which call structures by their ROI number. A closed contour loses a repeated
    last point, and one that encloses no area is left out with a note.

    Parameters
    ----------
    source
        An RTSTRUCT file, or a folder, zip archive or list of files that holds one
        among others.
    sop_instance_uid
        Which one, where there are several.

    Raises
    ------
    InputError
        There is no structure set, or several and none was chosen.
    DicomError
        The file is damaged or cut off, two ROIs have one number, or a contour is of no
        known kind or has bad positions.
    """
    item = read_object(source, _KIND, sop_instance_uid=sop_instance_uid)
    refuse_damage(item)
    notes: list[str] = []
    described = _described(item)
    drawn = _by_roi(item, "ROIContourSequence", described, notes)
    contours, odd = read_contours({number: some[0] for number, some in drawn.items()})
    notes += odd
    observed = _by_roi(item, "RTROIObservationsSequence", described, notes)
    reference = _reference(item, notes)
    structures = tuple(
        Structure(
            number=number,
            name=roi.text("ROIName"),
            contours=contours.get(number, ()),
            interpreted_type=_interpreted_type(number, observed, notes),
            color=_color(number, drawn, notes),
            generation_algorithm=roi.text("ROIGenerationAlgorithm"),
            description=roi.text("ROIDescription"),
            frame_of_reference=_frame(number, roi, reference, notes),
        )
        for number, roi in described.items()
    )
    return StructureSet(
        structures=structures,
        frame_of_reference=_shared_frame(structures, reference, notes),
        label=item.text("StructureSetLabel"),
        name=item.text("StructureSetName"),
        date=item.text("StructureSetDate"),
        time=item.text("StructureSetTime"),
        ct_series_uid=reference.series,
        ct_image_uids=reference.images,
        sop_instance_uid=item.text("SOPInstanceUID"),
        series_instance_uid=item.text("SeriesInstanceUID"),
        study=study_of(item),
        notes=tuple(notes),
    )


def _described(item: Item) -> dict[int, Item]:
    """Items of the Structure Set ROI Sequence by ROI number."""
    described: dict[int, Item] = {}
    for roi in _present_items(item, "StructureSetROISequence"):
        refuse_damage(roi)
        number = roi.required_integer("ROINumber")
        if number in described:
            raise roi.problem(
                "ROINumber",
                f"is {number}, as that of an ROI before it, so contours cannot be told "
                f"apart. Renumber the ROIs and export again",
            )
        described[number] = roi
    return described


def _present_items(item: Item, keyword: str) -> tuple[Item, ...]:
    """Items of a sequence that may be empty, but where it is missing the end is."""
    from pydicom.datadict import tag_for_keyword

    if (tag_for_keyword(keyword) or 0) not in item.data:
        raise item.problem(keyword, "is missing, so the file may be cut off")
    return item.items(keyword)


def _by_roi(
    item: Item, keyword: str, described: Mapping[int, Item], notes: list[str]
) -> dict[int, list[Item]]:
    """Items of a sequence by the ROI they refer to; the order says nothing."""
    is_contours = keyword == "ROIContourSequence"
    items = _present_items(item, keyword) if is_contours else item.items(keyword)
    if not is_contours and described and not items:
        notes.append("No ROI says what it is: RT ROI Observations are missing.")
    found: dict[int, list[Item]] = {}
    for one in items:
        refuse_damage(one)
        number = one.required_integer("ReferencedROINumber")
        if number not in described:
            what = "Contours" if is_contours else "An observation"
            notes.append(f"{what} of ROI {number}, which does not exist; left out.")
        elif is_contours and number in found:
            raise one.problem(
                "ReferencedROINumber",
                f"is {number}, as that of an item before it, so its contours cannot be "
                f"told from the others. Export it again",
            )
        else:
            found.setdefault(number, []).append(one)
    return found


def _interpreted_type(
    number: int, observed: Mapping[int, Sequence[Item]], notes: list[str]
) -> str:
    """The type of an ROI; the first, where several observations differ."""
    types = [one.text("RTROIInterpretedType") for one in observed.get(number, ())]
    given = list(dict.fromkeys(filter(None, types)))
    if len(given) > 1:
        notes.append(f"ROI {number} has {len(given)} interpreted types; the first is.")
    return given[0] if given else ""


def _color(
    number: int, drawn: Mapping[int, Sequence[Item]], notes: list[str]
) -> tuple[int, int, int] | None:
    """Display color; a bad one changes nothing."""
    if number not in drawn:
        return None
    try:
        color = drawn[number][0].numbers("ROIDisplayColor", 3)
    except DicomError:
        color = None
        notes.append(f"ROI {number} has a display color that is none; left out.")
    if color is None:
        return None
    red, green, blue = (int(min(max(part, 0), 255)) for part in color)
    return red, green, blue


@dataclass(frozen=True)
class _Reference:
    """What the structures were drawn on; empty where the file does not say."""

    frame: str
    series: str
    images: tuple[str, ...]


def _reference(item: Item, notes: list[str]) -> _Reference:
    """The first frame of reference, and the first series in it."""
    frames = item.items("ReferencedFrameOfReferenceSequence")
    series = [
        one
        for frame in frames
        for study in frame.items("RTReferencedStudySequence")
        for one in study.items("RTReferencedSeriesSequence")
    ]
    if len(series) > 1:
        notes.append(f"Refers to {len(series)} series of images; the first is taken.")
    images = series[0].items("ContourImageSequence") if series else ()
    return _Reference(
        frame=(frames[0] if frames else item).text("FrameOfReferenceUID"),
        series=series[0].text("SeriesInstanceUID") if series else "",
        images=tuple(image.text("ReferencedSOPInstanceUID") for image in images),
    )


def _frame(number: int, roi: Item, reference: _Reference, notes: list[str]) -> str:
    frame = roi.text("ReferencedFrameOfReferenceUID")
    if not frame:
        notes.append(
            f"ROI {number} names no frame of reference; "
            + ("that of the set is taken." if reference.frame else "nor does the set.")
        )
    return frame or reference.frame


def _shared_frame(
    structures: Sequence[Structure], reference: _Reference, notes: list[str]
) -> str:
    """The frame of reference of the set: that of its ROIs, where they agree."""
    frames = list(dict.fromkeys(one.frame_of_reference for one in structures))
    if len(frames) > 1:
        notes.append(f"The ROIs lie in {len(frames)} frames of reference.")
    if reference.frame in frames or not frames:
        return reference.frame
    if reference.frame:
        notes.append(
            "The ROIs lie in another frame of reference than the images of the set; "
            "theirs is taken."
        )
    return frames[0]
