"""Write a dose as an RT Dose object (PS3.3, A.18.3)."""

from __future__ import annotations

from decimal import ROUND_CEILING, Context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from kerma.core.dose import Dose, DoseSummation, DoseType
from kerma.core.grid import Grid
from kerma.core.study import Study
from kerma.core.uids import is_uid
from kerma.errors import GeometryError, InputError
from kerma.io.dicom.writer import (
    Identity,
    decimal,
    decimals,
    file_bytes,
    identify,
    set_text,
    start_object,
)
from kerma.io.files import all_or_none, write_file
from kerma.io.rtdose.dvh import dvh_items
from kerma.io.rtdose.geometry import is_axial
from kerma.io.rtdose.reader import RT_DOSE

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["write_dose"]

Stored = NDArray[np.integer[Any]]

_RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
_RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_UNKNOWN = ("OperatorsName", "PositionReferenceIndicator")  # of type 2
_OF_BEAMS = (DoseSummation.BEAM, DoseSummation.BEAM_SESSION)
_OF_FRACTIONS = (*_OF_BEAMS, DoseSummation.FRACTION, DoseSummation.FRACTION_SESSION)
_WRITTEN = (DoseSummation.PLAN, DoseSummation.MULTI_PLAN, *_OF_FRACTIONS)


def write_dose(
    dose: Dose,
    file: Path,
    *,
    study: Study | None = None,
    uid_seed: str | None = None,
    bits: int = 32,
    offsets: Literal["relative", "absolute"] = "relative",
) -> Path:
    """Write a dose as one RT Dose file, implicit VR little endian.

    Values are rounded to whole multiples of the scaling: by at most the largest dose
    divided by 2 to the power of `bits`. Frames ascend along the normal of the slices.

    Parameters
    ----------
    dose
        The dose. Its UIDs are kept where it has any and no seed is given.
    file
        Where to write; its folder is made where it does not exist.
    study
        Patient and study to write; by default those of the dose.
    uid_seed
        Makes new UIDs for series and dose, the same ones from the same seed. Give one
        where the values differ from those of the file the dose was read from.
    bits
        Of a stored value, 16 or 32.
    offsets
        How Grid Frame Offset Vector (3004,000C) places the frames: relative to the
        first, or by their absolute z, which only an axial grid allows.

    Raises
    ------
    InputError
        The file exists or cannot be written; a value is not finite, or is negative
        and the dose is no difference; a plan, fraction group or beam that the
        summation type needs is not named; a text or UID is none that DICOM allows.
    GeometryError
        The slices are sheared, which an RT Dose cannot say.
    """
    if bits not in (16, 32):
        raise InputError(f"An RT Dose has 16 or 32 bits for each value, not {bits}.")
    identity = identify(
        study or dose.study,
        series=dose.series_instance_uid,
        instances=(dose.sop_instance_uid,),
        frame_of_reference=dose.grid.frame_of_reference,
        uid_seed=uid_seed,
    )
    data = _attributes(dose, identity)
    _place_frames(data, dose.grid, absolute=_is_absolute(offsets))
    _store(data, dose, bits)
    with all_or_none(file.parent, [file.name]) as temporary:
        write_file(temporary / file.name, file_bytes(data, explicit=False))
    return file


def _is_absolute(offsets: str) -> bool:
    if offsets not in ("relative", "absolute"):
        raise InputError(f"Offsets are 'relative' or 'absolute', not {offsets!r}.")
    return offsets == "absolute"


def _attributes(dose: Dose, identity: Identity) -> Dataset:
    """All but the pixels and their places."""
    data = start_object(RT_DOSE.sop_classes[0], RT_DOSE.modality, identity)
    data.FrameOfReferenceUID = identity.frame_of_reference
    for keyword in _UNKNOWN:
        setattr(data, keyword, "")
    data.DoseUnits = dose.units.value
    data.DoseType = dose.dose_type.value
    data.DoseSummationType = dose.summation.value
    if dose.description:
        set_text(data, "SeriesDescription", dose.description)
    if dose.comment:
        set_text(data, "DoseComment", dose.comment)
    if dose.heterogeneity:
        set_text(data, "TissueHeterogeneityCorrection", *dose.heterogeneity)
    data.ReferencedRTPlanSequence = _plans(dose)
    if dose.structure_set_uid:
        uid = _uid(dose.structure_set_uid, "structure set")
        data.ReferencedStructureSetSequence = [_reference(_RT_STRUCTURE_SET, uid)]
    if dose.dvhs:
        if not dose.structure_set_uid:
            raise InputError(
                "Histograms can be written only with a structure set. Set "
                "structure_set_uid, or leave the histograms out."
            )
        data.DVHSequence = dvh_items(
            dose.dvhs, units=dose.units.value, dose_type=dose.dose_type
        )
    return data


def _plans(dose: Dose) -> list[Dataset]:
    """What the summation type has to refer to (PS3.3, C.8.8.3)."""
    if dose.summation not in _WRITTEN:
        raise InputError(
            f"A dose of summation type {dose.summation} cannot be written, since not "
            f"all that it has to refer to is known. Types written are "
            f"{', '.join(_WRITTEN)}."
        )
    uids = (dose.plan_uid, *dose.other_plan_uids)
    if (dose.summation is DoseSummation.MULTI_PLAN) != (len(uids) > 1):
        raise InputError(
            f"A dose of summation type {dose.summation} names {len(uids)} plan(s); "
            f"MULTI_PLAN has at least two, every other type has one."
        )
    if not dose.plan_uid:
        raise InputError(
            f"A dose of summation type {dose.summation} has to name its plan. Set "
            f"plan_uid to the SOP Instance UID of the plan."
        )
    plans = [_reference(_RT_PLAN, _uid(uid, "plan")) for uid in uids]
    if dose.summation in _OF_FRACTIONS:
        plans[0].ReferencedFractionGroupSequence = [_fraction_group(dose)]
    return plans


def _fraction_group(dose: Dose) -> Dataset:
    from pydicom import Dataset

    if dose.fraction_group is None:
        raise InputError(
            f"A dose of summation type {dose.summation} has to name its fraction "
            f"group. Set fraction_group."
        )
    group = Dataset()
    group.ReferencedFractionGroupNumber = dose.fraction_group
    if dose.summation in _OF_BEAMS:
        if not dose.beam_numbers:
            raise InputError(
                f"A dose of summation type {dose.summation} has to name its beams. "
                f"Set beam_numbers."
            )
        group.ReferencedBeamSequence = [_beam(n) for n in dose.beam_numbers]
    return group


def _beam(number: int) -> Dataset:
    from pydicom import Dataset

    beam = Dataset()
    beam.ReferencedBeamNumber = number
    return beam


def _reference(sop_class: str, uid: str) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def _uid(uid: str, what: str) -> str:
    if not is_uid(uid):
        raise InputError(f"The UID of the {what} is {uid!r}, which is no DICOM UID.")
    return uid


def _place_frames(data: Dataset, grid: Grid, *, absolute: bool) -> None:
    if grid.is_sheared:
        raise GeometryError(
            "An RT Dose cannot say that slices are stacked obliquely. Resample the "
            "dose to a grid whose slices are stacked along their normal first."
        )
    rows, columns = np.array(grid.axes[2]), np.array(grid.axes[1])
    if absolute and not is_axial(rows, columns):
        raise InputError(
            f"Absolute offsets are for rows along x and columns along y; here they run "
            f"along {grid.axes[2]} and {grid.axes[1]}. Write relative offsets."
        )
    count, data.Rows, data.Columns = grid.shape
    offsets = grid.slice_offsets
    first = 0
    if _is_downward(grid):
        first, offsets = count - 1, offsets[-1] - offsets[::-1]
    position = grid.to_patient(np.array([first, 0, 0]))
    data.ImagePositionPatient = decimals(position.tolist())
    data.ImageOrientationPatient = decimals([*rows, *columns])
    data.PixelSpacing = decimals(grid.spacing[1:])
    data.SliceThickness = None
    if count == 1:  # nothing else says how far the plane extends
        data.SliceThickness = decimal(grid.spacing[0])
        return
    data.NumberOfFrames = count
    data.FrameIncrementPointer = 0x3004000C  # Grid Frame Offset Vector
    start = float(position[2]) if absolute else 0.0
    data.GridFrameOffsetVector = decimals((offsets + start).tolist())


def _is_downward(grid: Grid) -> bool:
    """Whether slices ascend against the normal; the file has them along it."""
    return bool(np.dot(grid.axes[0], grid.normal) < 0)


def _store(data: Dataset, dose: Dose, bits: int) -> None:
    """Pixel data and scaling; a difference of doses is signed, others are not."""
    signed = dose.dose_type is DoseType.ERROR
    lowest, highest = float(dose.array.min()), float(dose.array.max())
    if not np.isfinite([lowest, highest]).all():
        raise InputError(
            "A dose that is not finite everywhere cannot be written. Set what is not "
            "known, such as voxels outside of the original grid, to 0 first."
        )
    if lowest < 0 and not signed:
        raise InputError(
            f"A {dose.dose_type} dose cannot be negative; this one goes down to "
            f"{lowest:g}. A difference of doses has the type ERROR."
        )
    limit = (1 << (bits - signed)) - 1
    scaling = _scaling(max(abs(lowest), abs(highest)), limit)
    data.DoseGridScaling = scaling
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = bits
    data.BitsStored = bits
    data.HighBit = bits - 1
    data.PixelRepresentation = int(signed)
    array = dose.array[::-1] if _is_downward(dose.grid) else dose.array
    stored = np.empty(array.shape, f"<{'i' if signed else 'u'}{bits // 8}")
    for k, plane in enumerate(array):
        stored[k] = np.rint(plane.astype(np.float64) / float(scaling))
    content = stored.tobytes()
    data.PixelData = content + b"\0" * (len(content) % 2)
    data["PixelData"].VR = "OW"


def _scaling(largest: float, limit: int) -> str:
    """Dose of a stored 1, as a decimal string of at most 16 characters.

    It is rounded up to ten digits: rounded down, the largest dose would not fit.
    """
    if largest == 0:
        return "1"
    digits = Context(prec=10, rounding=ROUND_CEILING).create_decimal(largest / limit)
    return f"{digits:.9E}"
