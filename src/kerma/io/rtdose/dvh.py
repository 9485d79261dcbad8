"""Dose-volume histograms stored with a dose (PS3.3, C.8.8.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kerma.core.arrays import FloatArray
from kerma.core.dose import DoseType, EmbeddedDVH
from kerma.errors import DicomError, InputError
from kerma.io.dicom.item import Item, element_name
from kerma.io.dicom.writer import decimal, decimals
from kerma.io.rtdose.stated import with_true_statistics

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["dvh_items", "read_dvhs"]

_VOLUME_UNITS = ("CM3", "PERCENT", "PER_U")
_TYPES = {"CUMULATIVE": True, "DIFFERENTIAL": False}


def read_dvhs(
    item: Item, dose_type: DoseType
) -> tuple[tuple[EmbeddedDVH, ...], tuple[str, ...]]:
    """Histograms in the units of the dose, and what to note.

    One that is damaged, or that a dose of these units and type cannot own, is left
    out with a note: the dose itself does not depend on it.

    Parameters
    ----------
    item
        The dose object.
    dose_type
        Its type, to which that of each histogram has to be the same.
    """
    units = item.text("DoseUnits").upper()
    dvhs: list[EmbeddedDVH] = []
    notes: list[str] = []
    try:
        items = item.items("DVHSequence")
    except DicomError as error:
        return (), (f"No stored histogram could be read: {error}",)
    for one in items:
        try:
            dvhs.append(_read_dvh(one, units, dose_type))
        except DicomError as error:
            notes.append(f"A stored histogram was left out: {error}")
    kept, odd = with_true_statistics(dvhs, units)
    if units == "CGY":
        kept = [_scaled(dvh, 0.01) for dvh in kept]
    return tuple(kept), (*notes, *odd)


def _read_dvh(item: Item, units: str, dose_type: DoseType) -> EmbeddedDVH:
    _check_same(item, "DoseUnits", units)
    _check_same(item, "DoseType", dose_type)
    kind, volume_units = item.text("DVHType"), item.text("DVHVolumeUnits")
    if kind not in _TYPES:
        raise item.problem("DVHType", "is none of CUMULATIVE, DIFFERENTIAL")
    if volume_units not in _VOLUME_UNITS:
        raise item.problem("DVHVolumeUnits", f"is none of {', '.join(_VOLUME_UNITS)}")
    edges, volume = _bins(item)
    return EmbeddedDVH(
        structure_numbers=_structures(item),
        cumulative=_TYPES[kind],
        dose=edges,
        volume=volume,
        volume_units=volume_units,
        minimum=item.number("DVHMinimumDose"),
        mean=item.number("DVHMeanDose"),
        maximum=item.number("DVHMaximumDose"),
    )


def _check_same(item: Item, keyword: str, of_dose: str) -> None:
    own = item.text(keyword).upper()
    if own not in ("", of_dose):
        raise item.problem(keyword, "is not that of the dose")


def _bins(item: Item) -> tuple[FloatArray, FloatArray]:
    """Edges of the dose bins, and their volumes.

    The data are pairs of the width of a bin and its volume; the first bin starts at 0.
    """
    data = item.required_numbers("DVHData")
    count = item.integer("DVHNumberOfBins")
    if data.size % 2 or (count is not None and count != data.size // 2):
        raise item.problem(
            "DVHData",
            f"has {data.size} values, but {element_name('DVHNumberOfBins')} is {count}",
        )
    scaling = item.number("DVHDoseScaling")
    widths = data[0::2] * (1.0 if scaling is None else scaling)
    if widths.min() <= 0:
        raise item.problem("DVHData", f"has a bin {widths.min():g} wide")
    return np.concatenate([[0.0], np.cumsum(widths)]), data[1::2].copy()


def _structures(item: Item) -> tuple[int, ...]:
    numbers = []
    for one in item.required_items("DVHReferencedROISequence"):
        if one.text("DVHROIContributionType") == "EXCLUDED":
            raise one.problem(
                "DVHROIContributionType", "is EXCLUDED, which is not kept"
            )
        numbers.append(one.required_integer("ReferencedROINumber"))
    return tuple(numbers)


def _scaled(dvh: EmbeddedDVH, unit: float) -> EmbeddedDVH:
    """The histogram in other units of dose."""

    def convert(dose: float | None) -> float | None:
        return None if dose is None else dose * unit

    return replace(
        dvh,
        dose=dvh.dose * unit,
        minimum=convert(dvh.minimum),
        mean=convert(dvh.mean),
        maximum=convert(dvh.maximum),
    )


def dvh_items(
    dvhs: Sequence[EmbeddedDVH], *, units: str, dose_type: DoseType
) -> list[Dataset]:
    """Histograms as items of DVH Sequence (3004,0050).

    Raises
    ------
    InputError
        One does not start at zero dose, names no structure, is not finite, or has
        volume units that DICOM does not have.
    """
    return [_dvh_item(dvh, units, dose_type) for dvh in dvhs]


def _dvh_item(dvh: EmbeddedDVH, units: str, dose_type: DoseType) -> Dataset:
    from pydicom import Dataset

    _check_writable(dvh)
    item = Dataset()
    item.DVHReferencedROISequence = [_reference(n) for n in dvh.structure_numbers]
    item.DVHType = "CUMULATIVE" if dvh.cumulative else "DIFFERENTIAL"
    item.DoseUnits = units
    item.DoseType = dose_type.value
    item.DVHDoseScaling = "1"
    item.DVHVolumeUnits = dvh.volume_units
    item.DVHNumberOfBins = dvh.volume.size
    pairs = np.stack([np.diff(dvh.dose), dvh.volume], axis=1)
    item.DVHData = decimals(pairs.ravel().tolist())
    statistics = {
        "DVHMinimumDose": dvh.minimum,
        "DVHMaximumDose": dvh.maximum,
        "DVHMeanDose": dvh.mean,
    }
    for keyword, number in statistics.items():
        if number is not None:
            setattr(item, keyword, decimal(number))
    return item


def _reference(structure_number: int) -> Dataset:
    from pydicom import Dataset

    item = Dataset()
    item.ReferencedROINumber = structure_number
    item.DVHROIContributionType = "INCLUDED"
    return item


def _check_writable(dvh: EmbeddedDVH) -> None:
    which = f"The histogram of structures {dvh.structure_numbers}"
    stated = [n for n in (dvh.minimum, dvh.mean, dvh.maximum) if n is not None]
    if not np.isfinite([*dvh.dose, *dvh.volume, *stated]).all():
        raise InputError(f"{which} is not finite. Leave it out.")
    if dvh.dose[0] != 0 or np.diff(dvh.dose).min(initial=1) <= 0:
        raise InputError(
            f"{which} has dose bins from {dvh.dose[0]:g}; DICOM has them ascend from "
            f"0. Leave it out or rebin it."
        )
    if not dvh.structure_numbers or not dvh.volume.size:
        raise InputError(f"{which} is of no structure or has no bins. Leave it out.")
    if dvh.volume_units not in _VOLUME_UNITS:
        raise InputError(
            f"{which} has volumes in {dvh.volume_units!r}; DICOM has "
            f"{', '.join(_VOLUME_UNITS)}."
        )
