"""Read RT Dose objects (PS3.3, A.18.3)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from kerma.core.dose import Dose, DoseSummation, DoseType, DoseUnits
from kerma.errors import InputError
from kerma.io.dicom.item import Item, element_name
from kerma.io.dicom.objects import Kind, read_object, read_objects, study_of
from kerma.io.dicom.source import base_name
from kerma.io.rtdose.dvh import read_dvhs
from kerma.io.rtdose.geometry import read_planes
from kerma.io.rtdose.pixels import read_values

__all__ = ["RT_DOSE", "read_dose", "read_doses"]

RT_DOSE = Kind("RT Dose", ("1.2.840.10008.5.1.4.1.1.481.2",), "RTDOSE")

_CENTIGRAY = "CGY"  # not in DICOM, but written

C = TypeVar("C", bound=StrEnum)


def read_dose(
    source: Path | str | Sequence[Path | str], *, sop_instance_uid: str | None = None
) -> Dose:
    """Read the only dose in a file, folder, zip archive or list of files.

    Slices come back ascending along their normal, whatever the order of the frames.

    Parameters
    ----------
    source
        Where to look; a folder is searched to its depth, other objects are left aside.
    sop_instance_uid
        Which dose, where there are several.

    Raises
    ------
    InputError
        There is no dose, or several and none was chosen.
    DicomError
        The file is damaged, or what would decide a number is missing or wrong.
    """
    return _dose(read_object(source, RT_DOSE, sop_instance_uid=sop_instance_uid))


def read_doses(source: Path | str | Sequence[Path | str]) -> tuple[Dose, ...]:
    """Read every dose in a folder, zip archive or list of files.

    Raises
    ------
    InputError
        There is none.
    DicomError
        One is damaged, or what would decide a number is missing or wrong.
    """
    items = read_objects(source, RT_DOSE)
    if not items:
        name = base_name(source) if isinstance(source, Path | str) else "The list"
        raise InputError(f"{name}: holds no {RT_DOSE.name}.")
    return tuple(map(_dose, items))


def _dose(item: Item) -> Dose:
    if not item.has("PixelData"):
        raise item.problem(
            "PixelData", "is missing: this object holds no dose distribution"
        )
    dose_type = _one_of(item, "DoseType", DoseType)
    summation = _one_of(item, "DoseSummationType", DoseSummation)
    units, unit, unit_notes = _units(item)
    planes = read_planes(item)
    values, value_notes = read_values(item, planes, dose_type, unit=unit)
    plans, fraction_group, beams, plan_notes = _plans(item)
    dvhs, dvh_notes = read_dvhs(item, dose_type)
    return Dose(
        array=values,
        grid=planes.grid,
        units=units,
        dose_type=dose_type,
        summation=summation,
        plan_uid=plans[0] if plans else "",
        other_plan_uids=plans[1:],
        beam_numbers=beams,
        fraction_group=fraction_group,
        structure_set_uid=_structure_set(item),
        heterogeneity=item.texts("TissueHeterogeneityCorrection"),
        dvhs=dvhs,
        sop_instance_uid=item.text("SOPInstanceUID"),
        series_instance_uid=item.text("SeriesInstanceUID"),
        study=study_of(item),
        description=item.text("SeriesDescription"),
        comment=item.text("DoseComment"),
        notes=(
            *unit_notes,
            *planes.notes,
            *value_notes,
            *_rescale_notes(item),
            *plan_notes,
            *dvh_notes,
        ),
    )


def _one_of(item: Item, keyword: str, kinds: type[C]) -> C:
    text = item.required_text(keyword).upper()
    if text not in list(kinds):
        raise item.problem(keyword, f"is none of {', '.join(kinds)}")
    return kinds(text)


def _units(item: Item) -> tuple[DoseUnits, float, tuple[str, ...]]:
    """Units of the dose, how much of them one of the file is, and what to note."""
    if item.text("DoseUnits").upper() == _CENTIGRAY:
        note = (
            f"{element_name('DoseUnits')} is {_CENTIGRAY}, which DICOM does not have; "
            f"the dose was converted to Gy."
        )
        return DoseUnits.GY, 0.01, (note,)
    return _one_of(item, "DoseUnits", DoseUnits), 1.0, ()


def _rescale_notes(item: Item) -> tuple[str, ...]:
    slope, intercept = item.number("RescaleSlope"), item.number("RescaleIntercept")
    if slope in (None, 1.0) and intercept in (None, 0.0):
        return ()
    note = "A rescale slope or intercept was not used: a dose has Dose Grid Scaling."
    return (note,)


def _plans(
    item: Item,
) -> tuple[tuple[str, ...], int | None, tuple[int, ...], tuple[str, ...]]:
    """Plans, fraction group and beams that the dose is of, and what to note."""
    plans = item.items("ReferencedRTPlanSequence")
    uids = tuple(plan.text("ReferencedSOPInstanceUID") for plan in plans)
    groups = [
        group
        for plan in plans
        for group in plan.items("ReferencedFractionGroupSequence")
    ]
    if len(groups) > 1:  # beam numbers are unique in one plan only
        note = f"Refers to {len(groups)} fraction groups; their beams were left out."
        return uids, None, (), (note,)
    if not groups:
        return uids, None, (), ()
    beams = tuple(
        beam.required_integer("ReferencedBeamNumber")
        for beam in groups[0].items("ReferencedBeamSequence")
    )
    return uids, groups[0].integer("ReferencedFractionGroupNumber"), beams, ()


def _structure_set(item: Item) -> str:
    references = item.items("ReferencedStructureSetSequence")
    return references[0].text("ReferencedSOPInstanceUID") if references else ""
